#include "wire/scalar_text.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "wire/timestamp_text.h"

namespace weir::wire {

Result<Json> scalar_of(const Shape& shape, const std::string& text, std::string_view path) {
  const char* const end = text.data() + text.size();
  switch (shape.kind) {
    case ShapeKind::boolean:
      if (text == "true") return Json(true);
      if (text == "false") return Json(false);
      return wrong_type(path, "Boolean");
    case ShapeKind::integer:
    case ShapeKind::long_int: {
      std::int64_t number = 0;
      const auto [stop, error] = std::from_chars(text.data(), end, number);
      if (error != std::errc() || stop != end) return wrong_type(path, "Integer");
      return Json(number);
    }
    case ShapeKind::real: {
      double number = 0;
      const auto [stop, error] = std::from_chars(text.data(), end, number);
      if (error != std::errc() || stop != end || !std::isfinite(number)) return wrong_type(path, "Double");
      return Json(number);
    }
    case ShapeKind::timestamp: {
      const auto at = read_timestamp(text);
      if (!at) return wrong_type(path, "Timestamp");
      return at->millis % 1000 == 0 ? Json(at->millis / 1000) : Json(static_cast<double>(at->millis) / 1000.0);
    }
    default:
      return Json(text);
  }
}

std::unexpected<Error> wrong_type(std::string_view path, std::string_view type) {
  return fail("Serialization", fmt::format("{} must be of type {}", path, type), ErrorSource::client);
}

}  // namespace weir::wire
