#include "api/refused.h"

#include <fmt/format.h>

namespace weir::api {

namespace {

bool asks(const Shape& shape, const void* value) {
  switch (shape.kind) {
    case ShapeKind::boolean:
      return *static_cast<const bool*>(value);
    case ShapeKind::integer:
      return *static_cast<const std::int32_t*>(value) != 0;
    case ShapeKind::long_int:
      return *static_cast<const std::int64_t*>(value) != 0;
    case ShapeKind::real:
      return *static_cast<const double*>(value) != 0;
    case ShapeKind::string:
      return !static_cast<const std::string*>(value)->empty();
    case ShapeKind::list:
    case ShapeKind::map:
      return shape.size(value) > 0;
    case ShapeKind::structure:
      for (const auto& field : shape.fields) {
        const void* held = field.find(value);
        if (held && asks(field.shape(), held)) return true;
      }
      return false;
    case ShapeKind::timestamp:
    case ShapeKind::json:
      return true;
  }
  return true;
}

std::string shown(const Shape& shape, const void* value) {
  if (shape.kind == ShapeKind::string) return *static_cast<const std::string*>(value);
  return to_json(shape, value).dump();
}

bool is_among(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const auto bar = words.find('|');
    if (words.substr(0, bar) == word) return true;
    if (bar == std::string_view::npos) return false;
    words.remove_prefix(bar + 1);
  }
  return false;
}

// Walks one path of the table into a request.
class Walk {
 public:
  Walk(const Refused& refused, const char* code) : refused_(refused), code_(code) {}

  Result<> into(const Shape& shape, const void* value, std::string_view rest, const std::string& where) {
    if (shape.kind == ShapeKind::list && (!rest.empty() || *refused_.allowed)) {
      for (std::size_t i = 0; i < shape.size(value); ++i) {
        TRY(into(shape.element(), shape.at(value, i), rest, fmt::format("{}[{}]", where, i)));
      }
      return {};
    }
    if (rest.empty()) return at_end(shape, value, where);
    const auto dot = rest.find('.');
    const std::string_view name = rest.substr(0, dot);
    const Field* field = shape.field(name);
    const void* held = field ? field->find(value) : nullptr;
    if (!held) return {};
    return into(field->shape(), held, dot == std::string_view::npos ? "" : rest.substr(dot + 1),
                where.empty() ? std::string(name) : fmt::format("{}.{}", where, name));
  }

 private:
  Result<> at_end(const Shape& shape, const void* value, const std::string& where) const {
    if (!asks(shape, value)) return {};
    if (!*refused_.allowed) {
      return fail(code_, fmt::format("The parameter '{}' is not supported by Weir.", where), ErrorSource::client);
    }
    const std::string word = shown(shape, value);
    if (is_among(refused_.allowed, word)) return {};
    return fail(code_, fmt::format("The value '{}' of the parameter '{}' is not supported by Weir.", word, where),
                ErrorSource::client);
  }

  const Refused& refused_;
  const char* code_;
};

}  // namespace

Result<> refuse(const Shape& shape, const void* value, std::span<const Refused> table, const char* code) {
  for (const auto& refused : table) TRY(Walk(refused, code).into(shape, value, refused.path, ""));
  return {};
}

}  // namespace weir::api
