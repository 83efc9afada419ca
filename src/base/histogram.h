// Histogram: how often each magnitude was seen, with a bounded relative error. Values below 32 are counted exactly;
// above, each power of two is divided into 32 buckets, so that a bucket is at most 1/32 (3.2 %) as wide as the values
// in it. Memory is taken for a power of two when it is first seen, 256 bytes each, 7 KiB at the most: recording
// allocates nothing but then. Adding two gives what one would have seen. One thread.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace weir {

class Histogram {
 public:
  static constexpr unsigned kSubBits = 5;
  static constexpr unsigned kSub = 1u << kSubBits;                         // buckets a power of two
  static constexpr std::uint64_t kLargest = (std::uint64_t{1} << 32) - 1;  // larger values count as this
  static constexpr unsigned kPages = 33 - kSubBits;
  static constexpr unsigned kBuckets = kPages * kSub;

  Histogram() = default;
  Histogram(const Histogram& other) { *this = other; }
  Histogram& operator=(const Histogram& other);
  Histogram(Histogram&&) = default;
  Histogram& operator=(Histogram&&) = default;

  void record(std::uint64_t value) {
    const unsigned bucket = bucket_of(value);
    ++page(bucket / kSub)[bucket % kSub];
    ++count_;
    sum_ += value;
  }
  void add(const Histogram& other);
  // What a codec has read: `count` values in `bucket` (below kBuckets), without their sum.
  void add(unsigned bucket, std::uint64_t count);
  void add_sum(std::uint64_t sum) { sum_ += sum; }
  // Forgets the values, keeps the memory.
  void reset();

  std::uint64_t count() const { return count_; }
  std::uint64_t sum() const { return sum_; }  // exact
  // Calls `see(bucket, count)` for every bucket that is not empty, in ascending order.
  template <class See>
  void each(See see) const {
    for (unsigned i = 0; i < kPages; ++i) {
      if (!pages_[i]) continue;
      for (unsigned j = 0; j < kSub; ++j) {
        if ((*pages_[i])[j] != 0) see(i * kSub + j, (*pages_[i])[j]);
      }
    }
  }
  // The value below or at which `percent` (0 to 100) of all values lie, within 1.6 %; 0 where there are none.
  std::uint64_t percentile(double percent) const;
  // How many values are less than `bound`, which is a power of two, or 0 to 32.
  std::uint64_t count_below(std::uint64_t bound) const;

  static constexpr unsigned bucket_of(std::uint64_t value) {
    if (value > kLargest) value = kLargest;
    if (value < kSub) return static_cast<unsigned>(value);
    const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - kSubBits - 1;
    return shift * kSub + static_cast<unsigned>(value >> shift);
  }
  // The smallest value of a bucket, and how many values it stands for.
  static constexpr std::uint64_t low(unsigned bucket) {
    return bucket < kSub ? bucket : std::uint64_t{bucket % kSub + kSub} << (bucket / kSub - 1);
  }
  static constexpr std::uint64_t width(unsigned bucket) {
    return bucket < kSub ? 1 : std::uint64_t{1} << (bucket / kSub - 1);
  }

  bool operator==(const Histogram& other) const;

 private:
  using Page = std::array<std::uint64_t, kSub>;
  Page& page(unsigned index) {
    if (!pages_[index]) [[unlikely]]
      pages_[index] = std::make_unique<Page>();
    return *pages_[index];
  }

  std::array<std::unique_ptr<Page>, kPages> pages_;
  std::uint64_t count_ = 0;
  std::uint64_t sum_ = 0;
};

}  // namespace weir
