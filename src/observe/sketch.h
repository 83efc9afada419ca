// Sketch: how often values of each magnitude were seen, for percentiles with a relative error of 1 % (kSketchGrowth).
// Buckets grow by a factor and only those that hold something cost memory, eight bytes each; beyond kMostSketchBuckets
// the smallest magnitudes are put together, so that high percentiles stay as they are. Values are 0 or more. A value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::observe {

class Sketch {
 public:
  // `value` >= 0, `count` > 0.
  void add(double value, double count);
  void add(const Sketch& other);
  bool empty() const { return buckets_.empty(); }
  std::size_t buckets() const { return buckets_.size(); }
  // The value at or below which `percent` (0 to 100) of all lie; 0 where there are none.
  double percentile(double percent) const;

  // "index:count,index:count", and back; none where it cannot be read.
  std::string text() const;
  static std::optional<Sketch> parse(std::string_view text);

  bool operator==(const Sketch&) const = default;

 private:
  struct Bucket {
    std::int32_t index = 0;
    float count = 0;
    bool operator==(const Bucket&) const = default;
  };
  void add_bucket(std::int32_t index, float count);
  void keep_bounded();

  std::vector<Bucket> buckets_;  // by index
};

}  // namespace weir::observe
