#include "api/servicediscovery/filters.h"

#include <algorithm>
#include <charconv>

#include "api/servicediscovery/errors.h"

namespace weir::api::servicediscovery {

namespace {

std::optional<std::int64_t> number_of(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool holds(const Filter& filter, const std::string& value) {
  if (filter.condition == "BEGINS_WITH") return value.starts_with(filter.values[0]);
  if (filter.condition == "BETWEEN") {
    const auto number = number_of(value);
    return number && *number_of(filter.values[0]) <= *number && *number <= *number_of(filter.values[1]);
  }
  return std::ranges::find(filter.values, value) != filter.values.end();
}

}  // namespace

Result<> check_filter(const Filter& filter) {
  const std::size_t most = filter.condition == "IN" ? filter.values.size() : filter.condition == "BETWEEN" ? 2 : 1;
  if (filter.values.empty() || filter.values.size() != most) {
    return invalid_input("The filter " + filter.name + " has another number of values than " + filter.condition +
                         " takes.");
  }
  const bool numbers =
      std::ranges::all_of(filter.values, [](const auto& value) { return number_of(value).has_value(); });
  if (filter.condition == "BETWEEN" && !numbers) {
    return invalid_input("The filter " + filter.name + " takes seconds since 1970 with BETWEEN.");
  }
  return {};
}

bool fits(const std::vector<Filter>& filters, const Traits& traits) {
  return std::ranges::all_of(filters, [&](const Filter& filter) {
    const auto trait = traits.find(filter.name);
    return trait != traits.end() && holds(filter, trait->second);
  });
}

}  // namespace weir::api::servicediscovery
