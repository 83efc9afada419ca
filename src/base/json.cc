#include "base/json.h"

#include <fmt/format.h>

#include <boost/json/basic_parser_impl.hpp>
#include <cmath>
#include <limits>
#include <optional>

namespace weir {

namespace {

// Builds a Json from Boost.JSON's parser events.
struct Builder {
  static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_array_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_key_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_string_size = std::numeric_limits<std::size_t>::max();
  using error_code = boost::json::error_code;
  using view = boost::json::string_view;

  struct Level {
    Json value;
    std::string name;  // the member being read
  };
  std::vector<Level> levels;
  std::string text;
  Json root;

  bool add(Json value) {
    if (levels.empty()) {
      root = std::move(value);
    } else if (levels.back().value.is_array()) {
      levels.back().value.push(std::move(value));
    } else {
      levels.back().value.set(std::move(levels.back().name), std::move(value));
    }
    return true;
  }
  bool open(Json value) {
    levels.push_back({std::move(value), {}});
    return true;
  }
  bool close() {
    Json value = std::move(levels.back().value);
    levels.pop_back();
    return add(std::move(value));
  }

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_array_begin(error_code&) { return open(Json::array()); }
  bool on_array_end(std::size_t, error_code&) { return close(); }
  bool on_object_begin(error_code&) { return open(Json::object()); }
  bool on_object_end(std::size_t, error_code&) { return close(); }
  bool on_string_part(view part, std::size_t, error_code&) {
    text.append(part.data(), part.size());
    return true;
  }
  bool on_string(view part, std::size_t, error_code&) {
    if (text.empty()) return add(Json(std::string_view(part.data(), part.size())));
    text.append(part.data(), part.size());
    return add(Json(std::exchange(text, {})));
  }
  bool on_key_part(view part, std::size_t, error_code&) {
    text.append(part.data(), part.size());
    return true;
  }
  bool on_key(view part, std::size_t, error_code&) {
    std::string& name = levels.back().name;
    name = std::exchange(text, {});
    name.append(part.data(), part.size());
    return true;
  }
  bool on_number_part(view, error_code&) { return true; }
  bool on_int64(std::int64_t value, view, error_code&) { return add(Json(value)); }
  bool on_uint64(std::uint64_t value, view, error_code&) { return add(Json(static_cast<double>(value))); }
  bool on_double(double value, view, error_code&) { return add(Json(value)); }
  bool on_bool(bool value, error_code&) { return add(Json(value)); }
  bool on_null(error_code&) { return add(Json()); }
  bool on_comment_part(view, error_code&) { return true; }
  bool on_comment(view, error_code&) { return true; }
};

void dump_string(std::string_view text, std::string& out) {
  out += '"';
  const char* run = text.data();  // what stands as it is, up to what does not
  for (const char& c : text) {
    if (static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\') continue;
    out.append(run, &c);
    run = &c + 1;
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    }
  }
  out.append(run, text.data() + text.size());
  out += '"';
}

template <class T>
const T& held_or_empty(const T* held) {
  static const T kEmpty{};
  return held ? *held : kEmpty;
}

}  // namespace

bool Json::as_bool(bool otherwise) const {
  const auto* held = std::get_if<bool>(&value_);
  return held ? *held : otherwise;
}

std::int64_t Json::as_int(std::int64_t otherwise) const {
  if (const auto* held = std::get_if<std::int64_t>(&value_)) return *held;
  if (const auto* held = std::get_if<double>(&value_); held && std::abs(*held) < 9.2e18) {
    return static_cast<std::int64_t>(*held);
  }
  return otherwise;
}

double Json::as_double(double otherwise) const {
  if (const auto* held = std::get_if<double>(&value_)) return *held;
  if (const auto* held = std::get_if<std::int64_t>(&value_)) return static_cast<double>(*held);
  return otherwise;
}

const std::string& Json::as_string() const { return held_or_empty(std::get_if<std::string>(&value_)); }
const Json::Array& Json::items() const { return held_or_empty(std::get_if<Array>(&value_)); }
const Json::Object& Json::members() const { return held_or_empty(std::get_if<Object>(&value_)); }

const Json* Json::find(std::string_view name) const {
  for (const auto& member : members()) {
    if (member.first == name) return &member.second;
  }
  return nullptr;
}

const Json& Json::operator[](std::string_view name) const { return held_or_empty(find(name)); }

Json& Json::set(std::string name, Json value) {
  if (!is_object()) value_ = Object{};
  auto& object = std::get<Object>(value_);
  for (auto& member : object) {
    if (member.first == name) {
      member.second = std::move(value);
      return *this;
    }
  }
  if (object.empty()) object.reserve(4);  // few have less
  object.emplace_back(std::move(name), std::move(value));
  return *this;
}

Json& Json::push(Json value) {
  if (!is_array()) value_ = Array{};
  std::get<Array>(value_).push_back(std::move(value));
  return *this;
}

std::string Json::dump() const {
  std::string out;
  dump_to(out);
  return out;
}

void Json::dump_to(std::string& out) const {
  if (is_null()) {
    out += "null";
  } else if (is_bool()) {
    out += as_bool() ? "true" : "false";
  } else if (is_int()) {
    const fmt::format_int digits(as_int());
    out.append(digits.data(), digits.size());
  } else if (is_double()) {
    const double value = as_double();
    if (std::isfinite(value)) {
      fmt::format_to(std::back_inserter(out), "{}", value);
    } else {
      out += "null";
    }
  } else if (is_string()) {
    dump_string(as_string(), out);
  } else if (is_array()) {
    out += '[';
    bool first = true;
    for (const auto& item : items()) {
      if (!std::exchange(first, false)) out += ',';
      item.dump_to(out);
    }
    out += ']';
  } else {
    out += '{';
    bool first = true;
    for (const auto& [name, value] : members()) {
      if (!std::exchange(first, false)) out += ',';
      dump_string(name, out);
      out += ':';
      value.dump_to(out);
    }
    out += '}';
  }
}

Result<Json> Json::parse(std::string_view text) {
  boost::json::parse_options options;
  options.max_depth = kMaxJsonDepth;
  boost::json::basic_parser<Builder> parser(options);
  boost::json::error_code error;
  const std::size_t read = parser.write_some(false, text.data(), text.size(), error);
  if (error) return fail("Json", fmt::format("{} at byte {}", error.message(), read), ErrorSource::client);
  for (const char c : text.substr(read)) {
    if (c != ' ' && c != '\n' && c != '\r' && c != '\t') {
      return fail("Json", fmt::format("extra data at byte {}", read), ErrorSource::client);
    }
  }
  if (!parser.done()) return fail("Json", "the text ends too early", ErrorSource::client);
  return std::move(parser.handler().root);
}

}  // namespace weir
