// The filters of the lists: a name, values and a condition; all of them have to hold. Pure; any thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace weir::api::servicediscovery {

struct Filter {
  std::string name;
  std::vector<std::string> values;
  std::string condition;  // EQ, IN, BETWEEN, BEGINS_WITH
};

// What of an item filters look at, by their names.
using Traits = std::map<std::string, std::string>;

// Errors: InvalidInput where a condition has not as many values as it takes, or BETWEEN what are no numbers.
Result<> check_filter(const Filter& filter);

template <class F>
Result<std::vector<Filter>> filters_of(const std::optional<std::vector<F>>& given) {
  std::vector<Filter> filters;
  if (!given) return filters;
  for (const auto& one : *given) {
    filters.push_back({one.Name, one.Values, one.Condition.value_or("EQ")});
    TRY(check_filter(filters.back()));
  }
  return filters;
}

bool fits(const std::vector<Filter>& filters, const Traits& traits);

}  // namespace weir::api::servicediscovery
