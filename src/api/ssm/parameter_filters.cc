#include "api/ssm/parameter_filters.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/ssm/errors.h"

namespace weir::api::ssm {

namespace {

using Filter = model::ssm::ParameterStringFilter;

struct Key {
  const char* name;
  const char* options;  // the first is the one meant where none is given
  bool by_path;         // GetParametersByPath takes it too
};
constexpr Key kKeys[] = {
    {"Name", "Equals BeginsWith Contains", false},
    {"Path", "OneLevel Recursive", false},
    {"Type", "Equals BeginsWith", true},
    {"KeyId", "Equals BeginsWith", true},
    {"Label", "Equals", true},
    {"Tier", "Equals", false},
    {"DataType", "Equals", false},
};

const Key* key_of(const Filter& filter) {
  static constexpr Key kTag{"tag:", "Equals", false};
  if (filter.Key.starts_with("tag:")) return &kTag;
  const auto found = std::ranges::find_if(kKeys, [&](const Key& key) { return filter.Key == key.name; });
  return found == std::end(kKeys) ? nullptr : &*found;
}

std::string option_of(const Filter& filter) {
  const std::string_view options = key_of(filter)->options;
  return filter.Option.value_or(std::string(options.substr(0, options.find(' '))));
}

bool fits_value(const std::string& text, const std::string& option, const std::string& value) {
  if (option == "Contains") return text.find(value) != std::string::npos;
  if (option == "BeginsWith") return text.starts_with(value);
  return text == value;
}

bool lies_below(const std::string& name, const std::string& option, const std::string& path) {
  const std::string folder = path.ends_with('/') ? path : path + "/";
  if (!name.starts_with(folder)) return false;
  return option == "Recursive" || name.find('/', folder.size()) == std::string::npos;
}

bool fits_one(const model::Parameter& parameter, const Filter& filter, const std::string& value) {
  const auto& newest = parameter.versions.back();
  const std::string option = option_of(filter);
  if (filter.Key == "Path") return lies_below(parameter.name, option, value);
  if (filter.Key == "Name") {
    // AWS passes over a leading slash here.
    const auto bare = [](const std::string& text) { return text.starts_with('/') ? text.substr(1) : text; };
    return fits_value(bare(parameter.name), option, bare(value));
  }
  if (filter.Key == "Type") return fits_value(parameter.type, option, value);
  if (filter.Key == "KeyId") return fits_value(newest.key_id, option, value);
  if (filter.Key == "Tier") return newest.tier == value;
  if (filter.Key == "DataType") return newest.data_type == value;
  if (!filter.Key.starts_with("tag:")) return false;  // Label
  const auto tag = parameter.tags.find(filter.Key.substr(4));
  return tag != parameter.tags.end() && tag->second == value;
}

}  // namespace

Result<> check_filters(const std::vector<Filter>& filters, FilterUse use) {
  for (const auto& filter : filters) {
    const Key* key = key_of(filter);
    if (!key || (use == FilterUse::by_path && !key->by_path)) {
      return fail_client("InvalidFilterKey", fmt::format("The following filter key is not valid: {}.", filter.Key));
    }
    const std::string option = option_of(filter);
    if (fmt::format(" {} ", key->options).find(fmt::format(" {} ", option)) == std::string::npos) {
      return fail_client("InvalidFilterOption",
                         fmt::format("The following filter option is not valid: {}. Valid options include: [{}].",
                                     option, key->options));
    }
    const bool any = filter.Values && !filter.Values->empty();
    if (!any && !filter.Key.starts_with("tag:")) {
      return fail_client("InvalidFilterValue",
                         fmt::format("The following filter values are missing : null for filter key {}.", filter.Key));
    }
  }
  return {};
}

bool fits(const model::Parameter& parameter, const std::vector<Filter>& filters) {
  return std::ranges::all_of(filters, [&](const Filter& filter) {
    if (!filter.Values || filter.Values->empty()) return parameter.tags.contains(filter.Key.substr(4));
    return std::ranges::any_of(*filter.Values,
                               [&](const std::string& value) { return fits_one(parameter, filter, value); });
  });
}

}  // namespace weir::api::ssm
