// MetricKeep: where the values of metrics live. What is put is kept by the second or by the minute in memory for three
// hours, and by the minute for 15 days in files, DIR/<number>/<day>.points, of lines "<minute> <aggregate>" to be added
// up, so that a minute may be written in parts and a torn last line is dropped. DIR/index names the metrics, a line of
// JSON each (docs/decisions/0014). What clients put is in the file when put() returns; what Weir itself publishes
// is written when its minute is over. After a restart what is older is there by the minute. One thread (the control
// thread).
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/documents.h"
#include "observe/aggregate.h"
#include "observe/limits.h"

namespace weir::observe {

// A metric by its name. Two with other dimensions are two metrics.
struct MetricId {
  model::Scope scope;
  std::string name_space;  // "AWS/ApplicationELB"
  std::string name;
  std::vector<std::pair<std::string, std::string>> dimensions;  // by name
  auto operator<=>(const MetricId&) const = default;
};

// What of a metric lay in one period; `at` is the period's first second since 1970.
struct MetricPoint {
  std::int64_t at = 0;
  Aggregate values;
};

// Seconds since 1970: from `from` on, before `to`, in periods that begin at `from`.
struct MetricRange {
  std::int64_t from = 0;
  std::int64_t to = 0;
  std::int64_t period = 60;  // >= 1
};

enum class Resolution { second, minute };

class MetricKeep {
 public:
  // An empty `directory` keeps everything in memory. It is made when first needed.
  explicit MetricKeep(std::string directory, std::size_t most_series = kMostSeries);
  ~MetricKeep();
  MetricKeep(const MetricKeep&) = delete;
  MetricKeep& operator=(const MetricKeep&) = delete;

  // What a client says. Errors: "Throttling" where there are kMostSeries, "Full", "Io".
  Result<> put(const MetricId& id, const std::string& unit, Timestamp at, const Aggregate& values,
               Resolution resolution, Timestamp now);
  // What Weir itself publishes: by the second, on disk when its minute is over. Errors: "Throttling".
  Result<> feed(const MetricId& id, const std::string& unit, const Aggregate& values, Timestamp now);

  // The periods of the range that hold something, ascending. Without a unit what was put with any. Errors: "Io".
  Result<std::vector<MetricPoint>> read(const MetricId& id, const std::optional<std::string>& unit,
                                        const MetricRange& range, Timestamp now);
  // The units that the metric was put with, in order.
  std::vector<std::string> units(const MetricId& id) const;
  // The metrics of a scope, in order; with `active_since` those that got something since then.
  std::vector<MetricId> list(const model::Scope& scope, const std::optional<std::string>& name_space,
                             std::optional<Timestamp> active_since, Timestamp now);
  // Every metric with what came of it since the process began and what came last, for monitoring.
  struct Seen {
    const MetricId* id = nullptr;
    const std::string* unit = nullptr;
    double count = 0;  // of values
    double sum = 0;    // of values
    Aggregate last;    // of the last second, or minute, that got something
    std::int64_t last_at = 0;
  };
  std::vector<Seen> seen() const;

  // Once a second: writes minutes that are over, forgets what is too old. Errors: "Full", "Io"; what could not be
  // written is tried again.
  Result<> tick(Timestamp now);
  // Writes everything. Before the process ends.
  Result<> flush();

  std::size_t series() const { return count_; }

 private:
  struct Series;
  using Units = std::map<std::string, std::unique_ptr<Series>>;
  Result<Series*> open(const MetricId& id, const std::string& unit, Timestamp now);
  void load_index();
  Result<> load(Series& series, Timestamp now);
  void note(Series& series, std::int64_t second, const Aggregate& values, bool by_second);
  Result<> write(Series& series, std::int64_t minute, const Aggregate& values);
  Result<> write_pending(Series& series);
  void age(Series& series, std::int64_t now);
  void expire(Series& series, std::int64_t now);
  Result<> write_index();
  std::string folder(const Series& series) const;
  Result<> read_files(const Series& series, std::int64_t from, std::int64_t to,
                      std::map<std::int64_t, Aggregate>& minutes) const;

  const std::string directory_;
  const std::size_t most_series_;
  std::map<MetricId, Units> metrics_;
  std::vector<Series*> all_;  // in no order
  std::set<Series*> pending_;
  std::size_t count_ = 0;
  std::int64_t next_number_ = 1;
  std::size_t second_points_ = 0;
  std::int64_t keep_seconds_ = kMemorySeconds;  // less where there are too many points
  std::size_t next_to_expire_ = 0;
  std::int64_t aged_ = 0;
};

}  // namespace weir::observe
