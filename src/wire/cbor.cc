#include "wire/cbor.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <set>
#include <utility>

#include "base/utf8.h"
#include "wire/limits.h"

namespace weir::wire {
namespace {

enum Major : std::uint8_t { kUnsigned, kNegative, kBytes, kText, kArray, kMap, kTag, kSimple };
constexpr std::uint8_t kIndefinite = 31;
constexpr std::uint8_t kBreak = 0xff;
constexpr std::uint64_t kEpochTag = 1;

double half_float(std::uint64_t bits) {
  const int exponent = static_cast<int>(bits >> 10 & 0x1f);
  const double fraction = static_cast<double>(bits & 0x3ff);
  const double size = exponent == 0    ? std::ldexp(fraction, -24)
                      : exponent != 31 ? std::ldexp(fraction + 1024, exponent - 25)
                      : fraction == 0  ? HUGE_VAL
                                       : NAN;
  return bits & 0x8000 ? -size : size;
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : all_(bytes) {}

  Result<Json> whole() {
    Json json = TRY(item(0));
    if (at_ != all_.size()) return wrong("extra data");
    return json;
  }

 private:
  struct Head {
    std::uint8_t major = 0;
    std::uint8_t info = 0;
    std::uint64_t number = 0;
    bool indefinite() const { return info == kIndefinite; }
  };

  std::unexpected<Error> wrong(std::string_view what) const {
    return fail("Cbor", fmt::format("{} at byte {}", what, at_), ErrorSource::client);
  }

  Result<Head> head() {
    if (at_ == all_.size()) return wrong("the item ends too early");
    const auto first = static_cast<std::uint8_t>(all_[at_++]);
    Head head{.major = static_cast<std::uint8_t>(first >> 5), .info = static_cast<std::uint8_t>(first & 31)};
    if (head.info < 24) {
      head.number = head.info;
    } else if (head.info < 28) {
      const std::size_t size = std::size_t{1} << (head.info - 24);
      if (all_.size() - at_ < size) return wrong("the item ends too early");
      for (std::size_t i = 0; i < size; ++i) head.number = head.number << 8 | static_cast<std::uint8_t>(all_[at_++]);
    } else if (!head.indefinite()) {
      return wrong("a length that is reserved");
    }
    return head;
  }

  bool take_break() {
    if (at_ == all_.size() || static_cast<std::uint8_t>(all_[at_]) != kBreak) return false;
    ++at_;
    return true;
  }

  Result<Json> item(std::size_t depth) {
    if (depth > kMaxCborDepth) return wrong("too deep");
    const Head first = TRY(head());
    switch (first.major) {
      case kUnsigned:
      case kNegative:
        return whole_number(first);
      case kBytes:
        return wrong("bytes, which no service here takes");
      case kText: {
        std::string held = TRY(text(first));
        if (!is_utf8(held)) return wrong("a text that is no UTF-8");
        return Json(std::move(held));
      }
      case kArray:
        return array(first, depth);
      case kMap:
        return map(first, depth);
      case kTag: {
        if (first.indefinite() || first.number != kEpochTag) return wrong("a tag that is not understood");
        Json held = TRY(item(depth + 1));
        if (!held.is_number()) return wrong("a timestamp that is no number");
        return held;
      }
      default:
        return simple(first);
    }
  }

  Result<Json> whole_number(const Head& first) {
    if (first.indefinite()) return wrong("a number without an end");
    const bool fits = first.number <= static_cast<std::uint64_t>(INT64_MAX);
    if (first.major == kUnsigned) {
      return fits ? Json(static_cast<std::int64_t>(first.number)) : Json(static_cast<double>(first.number));
    }
    return fits ? Json(-1 - static_cast<std::int64_t>(first.number)) : Json(-1.0 - static_cast<double>(first.number));
  }

  Result<std::string> text(const Head& first) {
    if (!first.indefinite()) return std::string(TRY(piece(first.number)));
    std::string whole;
    while (!take_break()) {
      const Head part = TRY(head());
      if (part.major != first.major || part.indefinite()) return wrong("a piece of another kind");
      whole += TRY(piece(part.number));
    }
    return whole;
  }

  Result<std::string_view> piece(std::uint64_t size) {
    if (size > all_.size() - at_) return wrong("the item ends too early");
    const std::string_view held = all_.substr(at_, size);
    at_ += size;
    return held;
  }

  Result<Json> array(const Head& first, std::size_t depth) {
    Json::Array items;
    for (std::uint64_t i = 0; first.indefinite() ? !take_break() : i < first.number; ++i) {
      items.push_back(TRY(item(depth + 1)));
    }
    return Json(std::move(items));
  }

  Result<Json> map(const Head& first, std::size_t depth) {
    Json::Object members;
    std::set<std::string> seen;
    for (std::uint64_t i = 0; first.indefinite() ? !take_break() : i < first.number; ++i) {
      const Head key = TRY(head());
      if (key.major != kText) return wrong("a key that is no text");
      std::string name = TRY(text(key));
      if (!is_utf8(name)) return wrong("a text that is no UTF-8");
      if (!seen.insert(name).second) return wrong("a key that was there before");
      Json held = TRY(item(depth + 1));
      members.emplace_back(std::move(name), std::move(held));
    }
    return Json(std::move(members));
  }

  Result<Json> simple(const Head& first) {
    switch (first.info) {
      case 20:
      case 21:
        return Json(first.info == 21);
      case 22:
      case 23:
        return Json();
      case 25:
        return Json(half_float(first.number));
      case 26:
        return Json(static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(first.number))));
      case 27:
        return Json(std::bit_cast<double>(first.number));
      default:
        return wrong("a value that is not understood");
    }
  }

  std::string_view all_;
  std::size_t at_ = 0;
};

// --- writing ----------------------------------------------------------------------------------------------------

void put_head(std::string& out, Major major, std::uint64_t number) {
  const auto first = [&](unsigned info) { out += static_cast<char>(major << 5 | info); };
  if (number < 24) return first(static_cast<unsigned>(number));
  const unsigned size = number <= 0xff ? 1 : number <= 0xffff ? 2 : number <= 0xffffffff ? 4 : 8;
  first(24 + static_cast<unsigned>(std::countr_zero(size)));
  for (unsigned i = size; i-- > 0;) out += static_cast<char>(number >> (8 * i) & 0xff);
}

void put_text(std::string& out, std::string_view text) {
  put_head(out, kText, text.size());
  out += text;
}

void put_whole(std::string& out, std::int64_t number) {
  if (number >= 0) {
    put_head(out, kUnsigned, static_cast<std::uint64_t>(number));
  } else {
    put_head(out, kNegative, static_cast<std::uint64_t>(-1 - number));
  }
}

void put_real(std::string& out, double number) {
  out += static_cast<char>(kSimple << 5 | 27);
  const auto bits = std::bit_cast<std::uint64_t>(number);
  for (unsigned i = 8; i-- > 0;) out += static_cast<char>(bits >> (8 * i) & 0xff);
}

void put_bool(std::string& out, bool value) { put_head(out, kSimple, value ? 21 : 20); }

void put_timestamp(std::string& out, Timestamp at) {
  put_head(out, kTag, kEpochTag);
  if (at.millis % 1000 == 0) {
    put_whole(out, at.millis / 1000);
  } else {
    put_real(out, static_cast<double>(at.millis) / 1000.0);
  }
}

void put_structure(std::string& out, const Shape& shape, const void* value) {
  std::size_t members = 0;
  for (const auto& field : shape.fields) members += field.find(value) != nullptr;
  put_head(out, kMap, members);
  for (const auto& field : shape.fields) {
    const void* held = field.find(value);
    if (!held) continue;
    put_text(out, field.name);
    write_cbor(out, field.shape(), held);
  }
}

void put_map(std::string& out, const Shape& shape, const void* value) {
  struct Seen {
    std::string& out;
    const Shape& element;
  } seen{out, shape.element()};
  put_head(out, kMap, shape.size(value));
  shape.visit(value, &seen, [](void* context, const std::string& key, const void* held) {
    auto& to = *static_cast<Seen*>(context);
    put_text(to.out, key);
    write_cbor(to.out, to.element, held);
  });
}

}  // namespace

Result<Json> read_cbor(std::string_view bytes) { return Reader(bytes).whole(); }

void write_cbor(std::string& out, const Shape& shape, const void* value) {
  switch (shape.kind) {
    case ShapeKind::boolean:
      return put_bool(out, *static_cast<const bool*>(value));
    case ShapeKind::integer:
      return put_whole(out, *static_cast<const std::int32_t*>(value));
    case ShapeKind::long_int:
      return put_whole(out, *static_cast<const std::int64_t*>(value));
    case ShapeKind::real:
      return put_real(out, *static_cast<const double*>(value));
    case ShapeKind::string:
      return put_text(out, *static_cast<const std::string*>(value));
    case ShapeKind::timestamp:
      return put_timestamp(out, *static_cast<const Timestamp*>(value));
    case ShapeKind::json:
      return write_cbor(out, *static_cast<const Json*>(value));
    case ShapeKind::list: {
      const std::size_t size = shape.size(value);
      put_head(out, kArray, size);
      for (std::size_t i = 0; i < size; ++i) write_cbor(out, shape.element(), shape.at(value, i));
      return;
    }
    case ShapeKind::map:
      return put_map(out, shape, value);
    case ShapeKind::structure:
      return put_structure(out, shape, value);
  }
}

void write_cbor(std::string& out, const Json& json) {
  if (json.is_null()) {
    put_head(out, kSimple, 22);
  } else if (json.is_bool()) {
    put_bool(out, json.as_bool());
  } else if (json.is_int()) {
    put_whole(out, json.as_int());
  } else if (json.is_double()) {
    put_real(out, json.as_double());
  } else if (json.is_string()) {
    put_text(out, json.as_string());
  } else if (json.is_array()) {
    put_head(out, kArray, json.items().size());
    for (const auto& item : json.items()) write_cbor(out, item);
  } else {
    put_head(out, kMap, json.members().size());
    for (const auto& [name, held] : json.members()) {
      put_text(out, name);
      write_cbor(out, held);
    }
  }
}

}  // namespace weir::wire
