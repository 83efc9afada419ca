// Aggregate: what is kept of the values that a metric had in a stretch of time: how many, their sum, the smallest and
// the largest, and how they are distributed, as far as that is known. Adding two gives that of both. A value.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "observe/sketch.h"

namespace weir::observe {

struct Aggregate {
  double count = 0;
  double sum = 0;
  double min = 0;  // where count > 0
  double max = 0;
  // Empty where all values are the same. Where they are not: their distribution, but for `blurred`, in which case it
  // is not known: a statistic set of several values, or values below 0, of which there are no percentiles.
  Sketch sketch;
  bool blurred = false;

  static Aggregate of(double value, double count = 1);
  // Of a statistic set.
  static Aggregate of_set(double count, double sum, double min, double max);

  bool empty() const { return count == 0; }
  bool uniform() const { return min == max && !blurred; }
  void add(const Aggregate& other);
  bool operator==(const Aggregate&) const = default;
};

// A statistic by AWS's name: SampleCount, Average, Sum, Minimum, Maximum, p0 to p100 with up to ten decimals.
struct Statistic {
  enum class Kind : unsigned char { sample_count, average, sum, minimum, maximum, percentile };
  Kind kind = Kind::average;
  double percent = 0;

  // Errors: "Unsupported" for statistics that AWS has and Weir has not (trimmed means and the like), "Statistic" for
  // everything else.
  static Result<Statistic> parse(std::string_view name);
  // None where the aggregate cannot say: a percentile of a blurred one.
  std::optional<double> of(const Aggregate& values) const;
};

// One word for a line: "<count> <sum> <min> <max> <sketch, - or ?>", and back.
std::string text_of(const Aggregate& values);
std::optional<Aggregate> parse_aggregate(std::string_view text);

}  // namespace weir::observe
