// Shape: a struct's members as a table, so that one declaration serves JSON, Query XML, validation and the store.
// A struct opts in with `const Shape& describe(const T*)`, declared beside it and defined in a .cc that includes
// base/describe.h. Codecs walk the table; nothing here is a template of the struct, so they compile once.
// Shapes are constant after first use; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"

namespace weir {

enum class ShapeKind : std::uint8_t {
  boolean,    // bool
  integer,    // std::int32_t
  long_int,   // std::int64_t
  real,       // double
  string,     // std::string
  timestamp,  // Timestamp
  json,       // Json: a document without a fixed form
  list,       // std::vector<T>
  map,        // std::map<std::string, T>
  structure,
};

// What a value must keep to. Strings count characters, lists and maps count elements, numbers their value.
struct Limits {
  bool required = false;
  std::int64_t min = std::numeric_limits<std::int64_t>::min();
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
  const char* pattern = nullptr;       // ECMAScript, must match the whole string
  const char* const* words = nullptr;  // null-terminated: the words an enum allows
  const Limits* element = nullptr;     // for a list's elements and a map's values
  const char* wire_name = nullptr;     // the name on the wire where it is not the member's
  bool flattened = false;              // Query XML: list without a "member" level
};

struct Shape;

struct Field {
  const char* name;
  const Shape& (*shape)();
  Limits limits;
  // The member's value within `owner`, or null where the optional is empty.
  const void* (*find)(const void* owner);
  // The member's value, made where the optional was empty.
  void* (*make)(void* owner);
};

struct Shape {
  ShapeKind kind;
  const char* name = "";
  // structure
  std::vector<Field> fields = {};
  // list and map
  const Shape& (*element)() = nullptr;
  std::size_t (*size)(const void*) = nullptr;
  const void* (*at)(const void* list, std::size_t) = nullptr;
  void* (*append)(void* list) = nullptr;
  void (*visit)(const void* map, void* context, void (*)(void* context, const std::string& key, const void*)) = nullptr;
  void* (*insert)(void* map, std::string key) = nullptr;
  void (*clear)(void*) = nullptr;  // list and map

  const Field* field(std::string_view field_name) const;
};

template <class T>
const Shape& shape_of() {
  return describe(static_cast<const T*>(nullptr));
}

// --- JSON -------------------------------------------------------------------------------------------------------

// What reading does with a member that the shape does not have.
enum class Unknown { ignore, refuse };

// Members in the shape's order; empty optionals are left out. Timestamps are seconds since 1970 as a number with
// milliseconds, as JSON 1.1 has them.
Json to_json(const Shape& shape, const void* value);
// Reads `json` into `value`. Errors: "Serialization" for a wrong type, "Unknown" for a member that the shape lacks; the
// message names the path ("containerDefinitions[0].cpu"). JSON null counts as absent.
Result<> from_json(const Shape& shape, const Json& json, void* value, Unknown unknown);
// Errors: "Validation"; the message lists every breach, with paths.
Result<> validate(const Shape& shape, const void* value);

template <class T>
Json to_json_shape(const T& value) {
  return to_json(shape_of<T>(), &value);
}

template <class T>
Result<T> from_json_shape(const Json& json, Unknown unknown = Unknown::ignore) {
  T value{};
  if (auto read = from_json(shape_of<T>(), json, &value, unknown); !read) return std::unexpected(read.error());
  return value;
}

}  // namespace weir
