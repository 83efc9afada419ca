#include "observe/sketch.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <limits>

#include "observe/limits.h"

namespace weir::observe {
namespace {

// The bucket of 0 and of what is too small to tell from it.
constexpr std::int32_t kZero = std::numeric_limits<std::int32_t>::min();
constexpr double kSmallest = 1e-300;
const double kLogGrowth = std::log(kSketchGrowth);

std::int32_t index_of(double value) {
  if (value < kSmallest) return kZero;
  return static_cast<std::int32_t>(std::ceil(std::log(value) / kLogGrowth));
}

// In the middle of the bucket, so that both its ends are equally far in proportion.
double value_of(std::int32_t index) {
  if (index == kZero) return 0;
  return 2 * std::exp(index * kLogGrowth) / (kSketchGrowth + 1);
}

}  // namespace

void Sketch::add(double value, double count) {
  add_bucket(index_of(value), static_cast<float>(count));
  keep_bounded();
}

void Sketch::add(const Sketch& other) {
  for (const Bucket& bucket : other.buckets_) add_bucket(bucket.index, bucket.count);
  keep_bounded();
}

void Sketch::add_bucket(std::int32_t index, float count) {
  const auto found = std::ranges::lower_bound(buckets_, index, {}, &Bucket::index);
  if (found != buckets_.end() && found->index == index) {
    found->count += count;
  } else {
    buckets_.insert(found, {index, count});
  }
}

void Sketch::keep_bounded() {
  if (buckets_.size() <= kMostSketchBuckets) return;
  const auto excess = static_cast<std::ptrdiff_t>(buckets_.size() - kMostSketchBuckets);
  float count = 0;
  for (auto one = buckets_.begin(); one != buckets_.begin() + excess; ++one) count += one->count;
  buckets_.erase(buckets_.begin(), buckets_.begin() + excess);
  buckets_.front().count += count;
}

double Sketch::percentile(double percent) const {
  double all = 0;
  for (const Bucket& bucket : buckets_) all += bucket.count;
  const double rank = percent / 100 * all;
  double seen = 0;
  for (const Bucket& bucket : buckets_) {
    seen += bucket.count;
    if (seen >= rank) return value_of(bucket.index);
  }
  return buckets_.empty() ? 0 : value_of(buckets_.back().index);
}

std::string Sketch::text() const {
  std::string out;
  for (const Bucket& bucket : buckets_) {
    fmt::format_to(std::back_inserter(out), "{}{}:{}", out.empty() ? "" : ",", bucket.index, bucket.count);
  }
  return out;
}

std::optional<Sketch> Sketch::parse(std::string_view text) {
  Sketch sketch;
  const char* at = text.data();
  const char* const end = text.data() + text.size();
  while (at != end) {
    Bucket bucket;
    const auto index = std::from_chars(at, end, bucket.index);
    if (index.ec != std::errc() || index.ptr == end || *index.ptr != ':') return std::nullopt;
    const auto count = std::from_chars(index.ptr + 1, end, bucket.count);
    if (count.ec != std::errc() || !(bucket.count > 0)) return std::nullopt;
    if (!sketch.buckets_.empty() && sketch.buckets_.back().index >= bucket.index) return std::nullopt;
    if (sketch.buckets_.size() == kMostSketchBuckets) return std::nullopt;
    sketch.buckets_.push_back(bucket);
    at = count.ptr;
    if (at != end && *at++ != ',') return std::nullopt;
  }
  return sketch;
}

}  // namespace weir::observe
