#include "api/elbv2/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "api/limits.h"

namespace weir::api::elbv2 {

namespace {

constexpr std::size_t kMaxName = 32;

bool is_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

}  // namespace

Result<> check_name(std::string_view noun, const std::string& name) {
  if (name.empty()) return validation_error(fmt::format("{} name cannot be empty", noun));
  if (name.size() > kMaxName) {
    return validation_error(fmt::format("{} name '{}' cannot be longer than '{}' characters", noun, name, kMaxName));
  }
  if (!std::all_of(name.begin(), name.end(), [](char c) { return is_alphanumeric(c) || c == '-'; })) {
    return validation_error(fmt::format(
        "{} name '{}' can only contain characters that are alphanumeric characters or hyphens(-)", noun, name));
  }
  if (name.front() == '-' || name.back() == '-') {
    return validation_error(fmt::format("{} name '{}' cannot begin or end with a hyphen(-)", noun, name));
  }
  return {};
}

Result<> check_tags(const std::optional<std::vector<shapes::Tag>>& tags) {
  if (!tags) return {};
  if (tags->size() > kMaxTags) {
    return client_error("TooManyTags", fmt::format("A resource has at most {} tags", kMaxTags));
  }
  std::set<std::string> keys;
  for (const auto& tag : *tags) {
    if (tag.Key.starts_with("aws:")) {
      return validation_error(fmt::format("The tag key '{}' cannot begin with 'aws:'", tag.Key));
    }
    if (!keys.insert(tag.Key).second) {
      return client_error("DuplicateTagKeys", fmt::format("Tag key '{}' was specified more than once", tag.Key));
    }
  }
  return {};
}

}  // namespace weir::api::elbv2
