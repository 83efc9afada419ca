#include "observe/metric_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <vector>

#include "base/label_value.h"

namespace weir::observe {
namespace {

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Dimensions whose names become the same label are told apart by their number.
std::string labels_of(const MetricKeep::Seen& seen) {
  std::string labels = fmt::format("account=\"{}\",region=\"{}\"", label_value(seen.id->scope.account),
                                   label_value(seen.id->scope.region));
  std::map<std::string, int> used{{"account", 1}, {"region", 1}, {"unit", 1}};
  for (const auto& [name, value] : seen.id->dimensions) {
    std::string label = prometheus_name(name);
    if (const int before = used[label]++; before > 0) label += fmt::format("_{}", before + 1);
    labels += fmt::format(",{}=\"{}\"", label, label_value(value));
  }
  return labels + fmt::format(",unit=\"{}\"", label_value(*seen.unit));
}

}  // namespace

std::string prometheus_name(std::string_view name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (!is_lower(c) && !is_upper(c) && !is_digit(c)) {
      if (!out.empty() && out.back() != '_') out += '_';
      continue;
    }
    // A word begins at a capital after a small letter, and at the last of several capitals before a small one.
    const bool after_small = i > 0 && is_lower(name[i - 1]);
    const bool before_small = i > 0 && is_upper(name[i - 1]) && i + 1 < name.size() && is_lower(name[i + 1]);
    if (is_upper(c) && (after_small || before_small) && out.back() != '_') out += '_';
    out += is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
  }
  if (out.empty() || is_digit(out[0])) out.insert(0, "_");
  return out;
}

std::string prometheus_text(const MetricKeep& keep) {
  std::map<std::string, std::vector<MetricKeep::Seen>> families;
  for (auto& seen : keep.seen()) {
    families[prometheus_name(seen.id->name_space) + "_" + prometheus_name(seen.id->name)].push_back(std::move(seen));
  }
  std::string out;
  const auto to = std::back_inserter(out);
  for (const auto& [name, all] : families) {
    const std::string shown = fmt::format("{} {}", all[0].id->name_space, all[0].id->name);
    std::vector<std::string> labels;
    for (const auto& seen : all) labels.push_back(labels_of(seen));
    fmt::format_to(to, "# HELP {} The average of the last values of {}.\n# TYPE {} gauge\n", name, label_value(shown),
                   name);
    for (std::size_t i = 0; i < all.size(); ++i) {
      fmt::format_to(to, "{}{{{}}} {}\n", name, labels[i], all[i].last.sum / all[i].last.count);
    }
    fmt::format_to(to, "# HELP {0}_samples_total How many values {1} had.\n# TYPE {0}_samples_total counter\n", name,
                   label_value(shown));
    for (std::size_t i = 0; i < all.size(); ++i) {
      fmt::format_to(to, "{}_samples_total{{{}}} {}\n", name, labels[i], all[i].count);
    }
    fmt::format_to(to, "# HELP {0}_sum_total The sum of the values of {1}.\n# TYPE {0}_sum_total counter\n", name,
                   label_value(shown));
    for (std::size_t i = 0; i < all.size(); ++i) {
      fmt::format_to(to, "{}_sum_total{{{}}} {}\n", name, labels[i], all[i].sum);
    }
  }
  return out;
}

}  // namespace weir::observe
