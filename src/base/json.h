// Json: a small value for documents and messages at the edges. Parsing is Boost.JSON's, hidden in json.cc.
// Object members keep the order in which they were set; a repeated name in a text keeps its last value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace weir {

class Json {
 public:
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;

  Json() = default;  // null
  Json(std::nullptr_t) {}
  Json(bool value) : value_(value) {}
  Json(int value) : value_(static_cast<std::int64_t>(value)) {}
  Json(unsigned value) : value_(static_cast<std::int64_t>(value)) {}
  Json(std::int64_t value) : value_(value) {}
  Json(std::uint64_t value) : value_(static_cast<std::int64_t>(value)) {}
  Json(double value) : value_(value) {}
  Json(const char* value) : value_(std::string(value)) {}
  Json(std::string value) : value_(std::move(value)) {}
  Json(std::string_view value) : value_(std::string(value)) {}
  Json(Array value) : value_(std::move(value)) {}
  Json(Object value) : value_(std::move(value)) {}
  static Json array() { return Json(Array{}); }
  static Json object() { return Json(Object{}); }

  bool is_null() const { return std::holds_alternative<std::nullptr_t>(value_); }
  bool is_bool() const { return std::holds_alternative<bool>(value_); }
  bool is_int() const { return std::holds_alternative<std::int64_t>(value_); }
  bool is_double() const { return std::holds_alternative<double>(value_); }
  bool is_number() const { return is_int() || is_double(); }
  bool is_string() const { return std::holds_alternative<std::string>(value_); }
  bool is_array() const { return std::holds_alternative<Array>(value_); }
  bool is_object() const { return std::holds_alternative<Object>(value_); }

  // The value where it has that type, else what is given as `otherwise`.
  bool as_bool(bool otherwise = false) const;
  std::int64_t as_int(std::int64_t otherwise = 0) const;  // a double is truncated
  double as_double(double otherwise = 0) const;
  const std::string& as_string() const;  // "" where it is no string
  const Array& items() const;            // empty where it is no array
  const Object& members() const;         // empty where it is no object

  // The member `name`, or null where there is none.
  const Json& operator[](std::string_view name) const;
  const Json* find(std::string_view name) const;
  // Sets a member; a null value becomes an object first.
  Json& set(std::string name, Json value);
  // Appends an item; a null value becomes an array first.
  Json& push(Json value);

  bool operator==(const Json&) const = default;

  // One line, UTF-8, members in order.
  std::string dump() const;
  void dump_to(std::string& out) const;

  // Errors: "Json", with the place. Depth over `kMaxJsonDepth` and invalid UTF-8 are errors. Any thread.
  static Result<Json> parse(std::string_view text);

 private:
  std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, Array, Object> value_;
};

inline constexpr std::size_t kMaxJsonDepth = 64;

}  // namespace weir
