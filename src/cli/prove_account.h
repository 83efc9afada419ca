// The account of a `weir prove`: every request appears in it once, as answered or as failed by a cause. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "base/clock.h"
#include "base/json.h"

namespace weir::cli {

// Counts of durations in buckets an eighth of a power of two wide or narrower: an error below 4 %. A value.
class LatencyHistogram {
 public:
  void add(Duration latency);
  // The latency that `share` (0 to 1) of the samples do not exceed; 0 without samples.
  Duration quantile(double share) const;
  Duration max() const { return max_; }
  std::uint64_t count() const { return count_; }
  void clear() { *this = {}; }

 private:
  static constexpr unsigned kSteps = 16;  // buckets per power of two
  static std::size_t bucket_of(std::uint64_t microseconds);
  static std::uint64_t top_of(std::size_t bucket);

  std::array<std::uint32_t, 64 * kSteps> counts_{};
  std::uint64_t count_ = 0;
  Duration max_{0};
};

// How one request went.
struct ProveOutcome {
  std::string cause;    // empty: as expected; otherwise a few words: "status 503", "timeout"
  std::string example;  // of a failure: what was seen
  std::string version;  // who answered; empty: unknown
};

class ProveAccount {
 public:
  void started() { ++sent_; }
  // `latency` from the intended send time; `at` is when.
  void finished(const ProveOutcome& outcome, Duration latency, Timestamp at);

  std::uint64_t sent() const { return sent_; }
  std::uint64_t ok() const { return ok_; }
  std::uint64_t failed() const { return failed_; }
  std::uint64_t open() const { return sent_ - ok_ - failed_; }

  // One line about what finished since the last call, with the split by version as a bar; begins the next period.
  std::string period_line(Duration since_start, Duration period);
  // The final table.
  std::string table(Duration lasted) const;
  // {"sent", "ok", "failed", "causes": [...], "versions": {...}, "latency_ms": {...}, "seconds"}
  Json json(Duration lasted) const;

 private:
  struct Failure {
    std::uint64_t count = 0;
    Timestamp first, last;
    std::string example;
  };
  using Versions = std::map<std::string, std::uint64_t>;

  std::uint64_t sent_ = 0, ok_ = 0, failed_ = 0;
  LatencyHistogram latency_;  // of what went as expected
  std::map<std::string, Failure> failures_;
  Versions versions_;

  struct Period {
    std::uint64_t finished = 0;
    LatencyHistogram latency;
    Versions versions;
  } period_;
};

}  // namespace weir::cli
