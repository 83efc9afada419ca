#include "observe/aggregate.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace weir::observe {
namespace {

constexpr std::size_t kMostDecimals = 10;

bool take_number(std::string_view& text, double& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const auto length = static_cast<std::size_t>(end - text.data());
  if (error != std::errc() || length == text.size() || text[length] != ' ') return false;
  text.remove_prefix(length + 1);
  return true;
}

// The distribution of values that are all the same was left out so far.
Sketch spelled_out(const Aggregate& values) {
  if (!values.sketch.empty()) return values.sketch;
  Sketch sketch;
  sketch.add(values.min, values.count);
  return sketch;
}

}  // namespace

Aggregate Aggregate::of(double value, double count) {
  return {.count = count, .sum = value * count, .min = value, .max = value, .blurred = value < 0};
}

Aggregate Aggregate::of_set(double count, double sum, double min, double max) {
  return {.count = count, .sum = sum, .min = min, .max = max, .blurred = min < 0 || min != max};
}

void Aggregate::add(const Aggregate& other) {
  if (other.empty()) return;
  if (empty()) {
    *this = other;
    return;
  }
  blurred = blurred || other.blurred;
  if (blurred) {
    sketch = Sketch();
  } else if (min != other.min || max != other.max || min != max) {
    sketch = spelled_out(*this);
    sketch.add(spelled_out(other));
  }
  count += other.count;
  sum += other.sum;
  min = std::min(min, other.min);
  max = std::max(max, other.max);
}

Result<Statistic> Statistic::parse(std::string_view name) {
  static constexpr std::pair<std::string_view, Kind> kNames[] = {{"SampleCount", Kind::sample_count},
                                                                 {"Average", Kind::average},
                                                                 {"Sum", Kind::sum},
                                                                 {"Minimum", Kind::minimum},
                                                                 {"Maximum", Kind::maximum}};
  for (const auto& [word, kind] : kNames) {
    if (word == name) return Statistic{kind, 0};
  }
  if (name.starts_with('p') && name.size() > 1 && name[1] >= '0' && name[1] <= '9') {
    Statistic statistic{Kind::percentile, 0};
    const auto [end, error] = std::from_chars(name.data() + 1, name.data() + name.size(), statistic.percent);
    const std::size_t dot = name.find('.');
    const bool fine = dot == std::string_view::npos || name.size() - dot - 1 <= kMostDecimals;
    if (error == std::errc() && end == name.data() + name.size() && statistic.percent <= 100 && fine) return statistic;
  }
  for (const std::string_view other : {"tm", "wm", "tc", "ts", "TM(", "WM(", "TC(", "TS(", "PR(", "IQM"}) {
    if (name.starts_with(other)) {
      return fail("Unsupported", fmt::format("the statistic {} is not implemented by Weir", name), ErrorSource::client);
    }
  }
  return fail("Statistic", fmt::format("{} is not a statistic", name), ErrorSource::client);
}

std::optional<double> Statistic::of(const Aggregate& values) const {
  switch (kind) {
    case Kind::sample_count:
      return values.count;
    case Kind::average:
      return values.count > 0 ? std::optional(values.sum / values.count) : std::nullopt;
    case Kind::sum:
      return values.sum;
    case Kind::minimum:
      return values.min;
    case Kind::maximum:
      return values.max;
    case Kind::percentile:
      if (values.blurred) return std::nullopt;
      if (values.uniform() || percent == 0) return values.min;
      if (percent == 100) return values.max;
      return std::clamp(values.sketch.percentile(percent), values.min, values.max);
  }
  return std::nullopt;
}

std::string text_of(const Aggregate& values) {
  const std::string sketch = values.blurred ? "?" : values.sketch.empty() ? "-" : values.sketch.text();
  return fmt::format("{} {} {} {} {}", values.count, values.sum, values.min, values.max, sketch);
}

std::optional<Aggregate> parse_aggregate(std::string_view text) {
  Aggregate values;
  if (!take_number(text, values.count) || !take_number(text, values.sum) || !take_number(text, values.min) ||
      !take_number(text, values.max) || !(values.count > 0) || text.empty()) {
    return std::nullopt;
  }
  values.blurred = text == "?";
  if (text == "?" || text == "-") return values;
  auto sketch = Sketch::parse(text);
  if (!sketch) return std::nullopt;
  values.sketch = std::move(*sketch);
  return values;
}

}  // namespace weir::observe
