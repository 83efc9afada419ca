// Checks that the nouns of elbv2 share: names, tags, pages. Pure functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/elbv2/errors.h"
#include "api/paging.h"
#include "model/elbv2/shapes.h"

namespace weir::api::elbv2 {

namespace shapes = model::elbv2;

// Up to 32 letters, digits and hyphens, no hyphen at either end. `noun`: "Load balancer", "Target group".
Result<> check_name(std::string_view noun, const std::string& name);
// Errors: DuplicateTagKeys, TooManyTags, ValidationError for a reserved key.
Result<> check_tags(const std::optional<std::vector<shapes::Tag>>& tags);

inline constexpr std::size_t kPage = 400;
inline constexpr unsigned kIdDigits = 16;  // at the end of an ARN

// The page of `all` that `marker` and `size` ask for. Errors: ValidationError for a bad marker.
template <class T>
Result<Page<T>> marked_page(std::vector<Positioned<T>> all, const std::optional<std::string>& marker,
                            const std::optional<std::int32_t>& size) {
  auto page = page_of(std::move(all), marker.value_or(""), static_cast<std::size_t>(size.value_or(kPage)));
  if (!page) return validation_error("The marker '" + *marker + "' is not valid");
  return std::move(*page);
}

}  // namespace weir::api::elbv2
