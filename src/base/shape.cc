#include "base/shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <regex>

namespace weir {

const Field* Shape::field(std::string_view field_name) const {
  for (const auto& one : fields) {
    if (field_name == one.name) return &one;
  }
  return nullptr;
}

Json to_json(const Shape& shape, const void* value) {
  switch (shape.kind) {
    case ShapeKind::boolean:
      return *static_cast<const bool*>(value);
    case ShapeKind::integer:
      return *static_cast<const std::int32_t*>(value);
    case ShapeKind::long_int:
      return *static_cast<const std::int64_t*>(value);
    case ShapeKind::real:
      return *static_cast<const double*>(value);
    case ShapeKind::string:
      return *static_cast<const std::string*>(value);
    case ShapeKind::timestamp: {
      const std::int64_t millis = static_cast<const Timestamp*>(value)->millis;
      return millis % 1000 == 0 ? Json(millis / 1000) : Json(static_cast<double>(millis) / 1000.0);
    }
    case ShapeKind::json:
      return *static_cast<const Json*>(value);
    case ShapeKind::list: {
      Json::Array items;
      const std::size_t size = shape.size(value);
      items.reserve(size);
      for (std::size_t i = 0; i < size; ++i) items.push_back(to_json(shape.element(), shape.at(value, i)));
      return Json(std::move(items));
    }
    case ShapeKind::map: {
      struct Context {
        const Shape& element;
        Json object = Json::object();
      } context{shape.element()};
      shape.visit(value, &context, [](void* seen, const std::string& key, const void* held) {
        auto& to = *static_cast<Context*>(seen);
        to.object.set(key, to_json(to.element, held));
      });
      return std::move(context.object);
    }
    case ShapeKind::structure: {
      Json::Object object;
      object.reserve(shape.fields.size());
      for (const auto& field : shape.fields) {
        if (const void* held = field.find(value)) object.emplace_back(field.name, to_json(field.shape(), held));
      }
      return Json(std::move(object));
    }
  }
  return {};
}

namespace {

const char* kind_word(ShapeKind kind) {
  static constexpr const char* kWords[] = {"Boolean",   "Integer", "Long", "Double", "String",
                                           "Timestamp", "Json",    "List", "Map",    "Structure"};
  return kWords[static_cast<std::size_t>(kind)];
}

class JsonReader {
 public:
  explicit JsonReader(Unknown unknown) : unknown_(unknown) {}

  Result<> read(const Shape& shape, const Json& json, void* value) {
    switch (shape.kind) {
      case ShapeKind::boolean:
        if (!json.is_bool()) return wrong(shape);
        *static_cast<bool*>(value) = json.as_bool();
        return {};
      case ShapeKind::integer: {
        TRY(whole_number(shape, json));
        if (json.as_int() != static_cast<std::int32_t>(json.as_int())) return wrong(shape);
        *static_cast<std::int32_t*>(value) = static_cast<std::int32_t>(json.as_int());
        return {};
      }
      case ShapeKind::long_int:
        TRY(whole_number(shape, json));
        *static_cast<std::int64_t*>(value) = json.as_int();
        return {};
      case ShapeKind::real:
        if (!json.is_number()) return wrong(shape);
        *static_cast<double*>(value) = json.as_double();
        return {};
      case ShapeKind::string:
        if (!json.is_string()) return wrong(shape);
        *static_cast<std::string*>(value) = json.as_string();
        return {};
      case ShapeKind::timestamp:
        if (!json.is_number()) return wrong(shape);
        if (json.is_int()) {
          static_cast<Timestamp*>(value)->millis = json.as_int() * 1000;
        } else {
          static_cast<Timestamp*>(value)->millis = static_cast<std::int64_t>(std::llround(json.as_double() * 1000.0));
        }
        return {};
      case ShapeKind::json:
        *static_cast<Json*>(value) = json;
        return {};
      case ShapeKind::list:
        return read_list(shape, json, value);
      case ShapeKind::map:
        return read_map(shape, json, value);
      case ShapeKind::structure:
        return read_structure(shape, json, value);
    }
    return {};
  }

 private:
  Result<> whole_number(const Shape& shape, const Json& json) {
    if (json.is_int()) return {};
    if (json.is_double() && json.as_double() == std::floor(json.as_double()) && std::abs(json.as_double()) < 9e15) {
      return {};
    }
    return wrong(shape);
  }

  Result<> read_list(const Shape& shape, const Json& json, void* value) {
    if (!json.is_array()) return wrong(shape);
    shape.clear(value);
    const std::size_t length = path_.size();
    std::size_t i = 0;
    for (const auto& item : json.items()) {
      path_ += fmt::format("[{}]", i++);
      if (item.is_null()) return wrong(shape.element());
      TRY(read(shape.element(), item, shape.append(value)));
      path_.resize(length);
    }
    return {};
  }

  Result<> read_map(const Shape& shape, const Json& json, void* value) {
    if (!json.is_object()) return wrong(shape);
    shape.clear(value);
    const std::size_t length = path_.size();
    for (const auto& [name, item] : json.members()) {
      path_ += fmt::format("[{}]", name);
      TRY(read(shape.element(), item, shape.insert(value, name)));
      path_.resize(length);
    }
    return {};
  }

  Result<> read_structure(const Shape& shape, const Json& json, void* value) {
    if (!json.is_object()) return wrong(shape);
    const std::size_t length = path_.size();
    for (const auto& [name, item] : json.members()) {
      if (item.is_null()) continue;
      if (!path_.empty()) path_ += '.';
      path_ += name;
      if (const Field* field = shape.field(name)) {
        TRY(read(field->shape(), item, field->make(value)));
      } else if (unknown_ == Unknown::refuse) {
        return fail("Unknown", path_, ErrorSource::client);
      }
      path_.resize(length);
    }
    return {};
  }

  std::unexpected<Error> wrong(const Shape& shape) const {
    return fail("Serialization",
                fmt::format("{} must be of type {}", path_.empty() ? "the body" : path_, kind_word(shape.kind)),
                ErrorSource::client);
  }

  Unknown unknown_;
  std::string path_;
};

// std::regex recurses once a character: a longer text breaches its pattern unseen. No pattern allows as much.
constexpr std::size_t kMaxPatternText = 2048;

class Validator {
 public:
  void visit(const Shape& shape, const Limits& limits, const void* value) {
    switch (shape.kind) {
      case ShapeKind::string:
        visit_string(limits, *static_cast<const std::string*>(value));
        break;
      case ShapeKind::integer:
        visit_number(limits, *static_cast<const std::int32_t*>(value));
        break;
      case ShapeKind::long_int:
        visit_number(limits, *static_cast<const std::int64_t*>(value));
        break;
      case ShapeKind::list:
        visit_list(shape, limits, value);
        break;
      case ShapeKind::map:
        visit_map(shape, limits, value);
        break;
      case ShapeKind::structure:
        visit_structure(shape, value);
        break;
      default:
        break;
    }
  }
  std::vector<std::string> breaches;

 private:
  void breach(std::string_view value, std::string_view constraint) {
    breaches.push_back(fmt::format("Value {} at '{}' failed to satisfy constraint: {}", value, path_, constraint));
  }
  void length(const Limits& limits, std::size_t size, std::string_view shown) {
    if (static_cast<std::int64_t>(size) < limits.min) {
      breach(shown, fmt::format("Member must have length greater than or equal to {}", limits.min));
    }
    if (static_cast<std::int64_t>(size) > limits.max) {
      breach(shown, fmt::format("Member must have length less than or equal to {}", limits.max));
    }
  }
  void visit_string(const Limits& limits, const std::string& text) {
    const std::string shown = fmt::format("'{}'", text.size() > 64 ? start_of(text, 64) + "…" : text);
    length(limits, static_cast<std::size_t>(std::ranges::count_if(text, starts_character)), shown);
    if (limits.words) {
      std::string all;
      for (const char* const* word = limits.words; *word; ++word) {
        if (text == *word) return;
        all += fmt::format("{}{}", all.empty() ? "" : ", ", *word);
      }
      breach(shown, fmt::format("Member must satisfy enum value set: [{}]", all));
    }
    if (limits.pattern && (text.size() > kMaxPatternText || !matches(limits.pattern, text))) {
      breach(shown, fmt::format("Member must satisfy regular expression pattern: {}", limits.pattern));
    }
  }
  // Of a character in UTF-8: every byte but the continuing ones.
  static bool starts_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }
  // At most `size` bytes, whole characters.
  static std::string start_of(const std::string& text, std::size_t size) {
    while (size > 0 && !starts_character(text[size])) --size;
    return text.substr(0, size);
  }
  static bool matches(const char* pattern, const std::string& text) {
    try {
      return std::regex_match(text, std::regex(pattern));
    } catch (const std::regex_error&) {
      return true;  // a pattern beyond ECMAScript is not checked
    }
  }
  void visit_number(const Limits& limits, std::int64_t number) {
    if (number < limits.min) {
      breach(fmt::format("'{}'", number),
             fmt::format("Member must have value greater than or equal to {}", limits.min));
    }
    if (number > limits.max) {
      breach(fmt::format("'{}'", number), fmt::format("Member must have value less than or equal to {}", limits.max));
    }
  }
  void visit_list(const Shape& shape, const Limits& limits, const void* value) {
    static constexpr Limits kNone{};
    const std::size_t size = shape.size(value);
    length(limits, size, "of the list");
    const std::size_t before = path_.size();
    for (std::size_t i = 0; i < size; ++i) {
      path_ += fmt::format(".{}.member", i + 1);
      visit(shape.element(), limits.element ? *limits.element : kNone, shape.at(value, i));
      path_.resize(before);
    }
  }
  void visit_map(const Shape& shape, const Limits& limits, const void* value) {
    struct Context {
      Validator* self;
      const Shape& element;
      const Limits* limits;
    } context{this, shape.element(), limits.element};
    length(limits, shape.size(value), "of the map");
    shape.visit(value, &context, [](void* seen, const std::string& key, const void* held) {
      static constexpr Limits kNone{};
      auto& to = *static_cast<Context*>(seen);
      const std::size_t before = to.self->path_.size();
      to.self->path_ += fmt::format(".{}.member", key);
      to.self->visit(to.element, to.limits ? *to.limits : kNone, held);
      to.self->path_.resize(before);
    });
  }
  void visit_structure(const Shape& shape, const void* value) {
    const std::size_t before = path_.size();
    for (const auto& field : shape.fields) {
      if (!path_.empty()) path_ += '.';
      path_ += field.name;
      const void* held = field.find(value);
      if (held && field.limits.required && field.limits.min != 0 && empty(field.shape(), held)) held = nullptr;
      if (held) {
        visit(field.shape(), field.limits, held);
      } else if (field.limits.required) {
        breach("null", "Member must not be null");
      }
      path_.resize(before);
    }
  }
  // A required member is a plain one; text that was never given is empty, where the model does not allow that (min 0).
  static bool empty(const Shape& shape, const void* held) {
    return shape.kind == ShapeKind::string && static_cast<const std::string*>(held)->empty();
  }

  std::string path_;
};

}  // namespace

Result<> from_json(const Shape& shape, const Json& json, void* value, Unknown unknown) {
  return JsonReader(unknown).read(shape, json, value);
}

Result<> validate(const Shape& shape, const void* value) {
  Validator validator;
  validator.visit(shape, {}, value);
  const auto& breaches = validator.breaches;
  if (breaches.empty()) return {};
  std::string all;
  for (const auto& one : breaches) all += (all.empty() ? "" : "; ") + one;
  return fail("Validation",
              fmt::format("{} validation error{} detected: {}", breaches.size(), breaches.size() == 1 ? "" : "s", all),
              ErrorSource::client);
}

}  // namespace weir
