#include "observe/metric_keep.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "observe/metric_files.h"

namespace weir::observe {

struct MetricKeep::Series {
  MetricId id;
  std::string unit;
  std::int64_t number = 0;  // of its folder
  bool loaded = false;      // the files' last hours are in memory
  bool written = false;     // it is in the index
  bool fed = false;         // by Weir itself

  // In memory is all at or after this; what is older is in the files, or in `old` where there are none.
  std::int64_t from = 0;
  // Before this by the minute, from this on as it came.
  std::int64_t seconds_from = 0;
  std::deque<MetricPoint> minutes;
  std::deque<MetricPoint> seconds;
  std::map<std::int64_t, Aggregate> old;

  // Fed and not written yet.
  std::int64_t pending_minute = 0;
  Aggregate pending;

  std::int64_t last_at = 0;
  Aggregate last;
  double count = 0;
  double sum = 0;
};

namespace {

constexpr std::int64_t kMinute = 60;

std::int64_t second_of(Timestamp at) { return at.millis / 1000; }
std::int64_t minute_of(std::int64_t second) { return second - second % kMinute; }

// Adds to the point of that time, which is mostly the last.
void add_point(std::deque<MetricPoint>& points, std::int64_t at, const Aggregate& values) {
  auto place = points.end();
  if (!points.empty() && points.back().at >= at) place = std::ranges::lower_bound(points, at, {}, &MetricPoint::at);
  if (place != points.end() && place->at == at) {
    place->values.add(values);
  } else {
    points.insert(place, {at, values});
  }
}

// What a point costs, in points without a distribution.
std::size_t weight(const MetricPoint& point) { return 1 + point.values.sketch.buckets() / 8; }

Json index_line(const MetricId& id, const std::string& unit, std::int64_t number) {
  Json dimensions = Json::array();
  for (const auto& [name, value] : id.dimensions) dimensions.push(name).push(value);
  return std::move(Json::object()
                       .set("number", number)
                       .set("account", id.scope.account)
                       .set("region", id.scope.region)
                       .set("namespace", id.name_space)
                       .set("name", id.name)
                       .set("dimensions", std::move(dimensions))
                       .set("unit", unit));
}

MetricId index_id(const Json& line) {
  MetricId id{{line["account"].as_string(), line["region"].as_string()},
              line["namespace"].as_string(),
              line["name"].as_string(),
              {}};
  const auto& dimensions = line["dimensions"].items();
  for (std::size_t i = 0; i + 1 < dimensions.size(); i += 2) {
    id.dimensions.emplace_back(dimensions[i].as_string(), dimensions[i + 1].as_string());
  }
  return id;
}

}  // namespace

MetricKeep::MetricKeep(std::string directory, std::size_t most_series)
    : directory_(std::move(directory)), most_series_(most_series) {
  if (!directory_.empty()) load_index();
}

MetricKeep::~MetricKeep() = default;

// --- the index --------------------------------------------------------------------------------------------------

std::string MetricKeep::folder(const Series& series) const { return fmt::format("{}/{}", directory_, series.number); }

void MetricKeep::load_index() {
  const auto text = read_small_file(directory_ + "/index");
  if (!text) return;
  std::string_view rest = *text;
  for (std::size_t end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
    const auto line = Json::parse(rest.substr(0, end));
    rest.remove_prefix(end + 1);
    if (!line || !(*line)["number"].is_int() || count_ == most_series_) continue;
    auto series = std::make_unique<Series>();
    series->id = index_id(*line);
    series->unit = (*line)["unit"].as_string();
    series->number = (*line)["number"].as_int();
    series->written = true;
    next_number_ = std::max(next_number_, series->number + 1);
    auto& place = metrics_[series->id][series->unit];
    if (place) continue;
    all_.push_back(series.get());
    place = std::move(series);
    ++count_;
  }
}

Result<> MetricKeep::write_index() {
  std::string text;
  for (const Series* series : all_) {
    if (!series->written) continue;
    index_line(series->id, series->unit, series->number).dump_to(text);
    text += '\n';
  }
  return replace_file(directory_ + "/index", text);
}

Result<MetricKeep::Series*> MetricKeep::open(const MetricId& id, const std::string& unit, Timestamp now) {
  const auto metric = metrics_.find(id);
  Series* series = nullptr;
  if (metric != metrics_.end()) {
    const auto found = metric->second.find(unit);
    if (found != metric->second.end()) series = found->second.get();
  }
  if (!series) {
    if (count_ >= most_series_) {
      return fail("Throttling", fmt::format("there are {} metrics, and no more are kept", most_series_),
                  ErrorSource::client);
    }
    auto fresh = std::make_unique<Series>();
    fresh->id = id;
    fresh->unit = unit;
    fresh->number = next_number_++;
    series = fresh.get();
    metrics_[id][unit] = std::move(fresh);
    all_.push_back(series);
    ++count_;
  }
  if (!series->loaded) TRY(load(*series, now));
  return series;
}

// The last hours come into memory, so that what is there is there as a whole.
Result<> MetricKeep::load(Series& series, Timestamp now) {
  series.from = minute_of(second_of(now) - kMemorySeconds);
  series.seconds_from = series.from;
  if (series.written) {
    Minutes minutes;
    TRY(read_minutes(folder(series), series.from, second_of(now) + kSecondsPerDay, minutes));
    for (auto& [minute, values] : minutes) {
      series.last_at = minute;
      series.last = values;
      series.minutes.push_back({minute, std::move(values)});
    }
    series.seconds_from = series.minutes.empty() ? series.from : series.minutes.back().at + kMinute;
  }
  series.loaded = true;
  return {};
}

// --- writing ----------------------------------------------------------------------------------------------------

void MetricKeep::note(Series& series, std::int64_t second, const Aggregate& values, bool by_second) {
  series.count += values.count;
  series.sum += values.sum;
  const std::int64_t at = by_second ? second : minute_of(second);
  if (at > series.last_at) {
    series.last_at = at;
    series.last = values;
  } else if (at == series.last_at) {
    series.last.add(values);
  }
  if (at < series.from) {
    if (directory_.empty()) series.old[minute_of(second)].add(values);
    return;  // the file has it
  }
  if (by_second && at >= series.seconds_from) {
    const std::size_t before = series.seconds.size();
    add_point(series.seconds, at, values);
    if (series.seconds.size() != before) second_points_ += weight({at, values});
  } else {
    add_point(series.minutes, minute_of(second), values);
  }
}

Result<> MetricKeep::write(Series& series, std::int64_t minute, const Aggregate& values) {
  if (directory_.empty()) return {};
  if (!series.written) {
    TRY(append_line(directory_ + "/index", index_line(series.id, series.unit, series.number).dump() + "\n"));
    series.written = true;
  }
  return append_minute(folder(series), minute, values);
}

Result<> MetricKeep::write_pending(Series& series) {
  if (!series.pending.empty()) TRY(write(series, series.pending_minute, series.pending));
  series.pending = Aggregate();
  pending_.erase(&series);
  return {};
}

Result<> MetricKeep::put(const MetricId& id, const std::string& unit, Timestamp at, const Aggregate& values,
                         Resolution resolution, Timestamp now) {
  if (values.empty()) return {};
  Series& series = *TRY(open(id, unit, now));
  TRY(write(series, minute_of(second_of(at)), values));
  note(series, second_of(at), values, resolution == Resolution::second);
  return {};
}

Result<> MetricKeep::feed(const MetricId& id, const std::string& unit, const Aggregate& values, Timestamp now) {
  if (values.empty()) return {};
  Series& series = *TRY(open(id, unit, now));
  const std::int64_t minute = minute_of(second_of(now));
  // A minute that could not be written, for want of space, is let go: what comes is worth more than what was.
  if (series.pending_minute != minute && !series.pending.empty() && !write_pending(series)) {
    series.pending = Aggregate();
  }
  series.fed = true;
  series.pending_minute = minute;
  series.pending.add(values);
  if (!directory_.empty()) pending_.insert(&series);
  note(series, second_of(now), values, true);
  return {};
}

// --- reading ----------------------------------------------------------------------------------------------------

Result<> MetricKeep::read_files(const Series& series, std::int64_t from, std::int64_t to,
                                std::map<std::int64_t, Aggregate>& minutes) const {
  to = std::min(to, series.from);
  if (from >= to) return {};
  if (series.written) return read_minutes(folder(series), minute_of(from), to, minutes);
  for (auto one = series.old.lower_bound(minute_of(from)); one != series.old.end() && one->first < to; ++one) {
    minutes[one->first].add(one->second);
  }
  return {};
}

Result<std::vector<MetricPoint>> MetricKeep::read(const MetricId& id, const std::optional<std::string>& unit,
                                                  const MetricRange& range, Timestamp now) {
  const auto metric = metrics_.find(id);
  std::map<std::int64_t, Aggregate> periods;
  if (metric == metrics_.end()) return std::vector<MetricPoint>();
  const auto take = [&](std::int64_t at, const Aggregate& values) {
    if (at < range.from || at >= range.to) return;
    periods[range.from + (at - range.from) / range.period * range.period].add(values);
  };
  const std::int64_t oldest = second_of(now) - kMetricDays * kSecondsPerDay;
  for (auto& [its_unit, held] : metric->second) {
    if (unit && *unit != its_unit) continue;
    Series& series = *held;
    if (!series.loaded) TRY(load(series, now));
    Minutes minutes;
    TRY(read_files(series, std::max(range.from, oldest), range.to, minutes));
    for (const auto& [minute, values] : minutes) take(minute, values);
    for (const auto* points : {&series.minutes, &series.seconds}) {
      for (auto one = std::ranges::lower_bound(*points, range.from, {}, &MetricPoint::at);
           one != points->end() && one->at < range.to; ++one) {
        take(one->at, one->values);
      }
    }
  }
  std::vector<MetricPoint> points;
  points.reserve(periods.size());
  for (auto& [at, values] : periods) points.push_back({at, std::move(values)});
  return points;
}

std::vector<std::string> MetricKeep::units(const MetricId& id) const {
  std::vector<std::string> units;
  const auto metric = metrics_.find(id);
  if (metric == metrics_.end()) return units;
  for (const auto& [unit, series] : metric->second) units.push_back(unit);
  return units;
}

std::vector<MetricId> MetricKeep::list(const model::Scope& scope, const std::optional<std::string>& name_space,
                                       std::optional<Timestamp> active_since, Timestamp now) {
  std::vector<MetricId> ids;
  for (auto one = metrics_.lower_bound(MetricId{.scope = scope, .name_space = name_space.value_or("")});
       one != metrics_.end() && one->first.scope == scope; ++one) {
    if (name_space && one->first.name_space != *name_space) break;
    const auto active = [&](const auto& unit) {
      if (!active_since) return true;
      if (!unit.second->loaded && !load(*unit.second, now)) return false;
      return unit.second->last_at >= second_of(*active_since);
    };
    if (std::ranges::any_of(one->second, active)) ids.push_back(one->first);
  }
  return ids;
}

std::vector<MetricKeep::Seen> MetricKeep::seen() const {
  std::vector<Seen> all;
  for (const auto& [id, units] : metrics_) {
    for (const auto& [unit, series] : units) {
      if (series->count == 0) continue;
      all.push_back({&id, &unit, series->count, series->sum, series->last, series->last_at});
    }
  }
  return all;
}

// --- upkeep -----------------------------------------------------------------------------------------------------

// What is old enough becomes minutes, and what is older than that is in the files.
void MetricKeep::age(Series& series, std::int64_t now) {
  const std::int64_t keep = series.fed ? std::min(kFeedSeconds, keep_seconds_) : keep_seconds_;
  const std::int64_t seconds_from = std::max(series.seconds_from, minute_of(now - keep));
  while (!series.seconds.empty() && series.seconds.front().at < seconds_from) {
    const MetricPoint& oldest = series.seconds.front();
    second_points_ -= std::min(second_points_, weight(oldest));
    add_point(series.minutes, minute_of(oldest.at), oldest.values);
    series.seconds.pop_front();
  }
  series.seconds_from = seconds_from;
  const std::int64_t from = std::max(series.from, minute_of(now - kMemorySeconds));
  while (!series.minutes.empty() && series.minutes.front().at < from) {
    if (directory_.empty()) series.old[series.minutes.front().at].add(series.minutes.front().values);
    series.minutes.pop_front();
  }
  series.from = from;
}

void MetricKeep::expire(Series& series, std::int64_t now) {
  const std::int64_t before = now - kMetricDays * kSecondsPerDay;
  series.old.erase(series.old.begin(), series.old.lower_bound(before));
  const bool gone = series.written ? remove_days(folder(series), before) : series.old.empty();
  if (!gone || !series.minutes.empty() || !series.seconds.empty() || !series.pending.empty()) return;
  if (!series.loaded && !series.written) return;
  const bool was_written = series.written;
  std::erase(all_, &series);
  const MetricId id = series.id;
  auto metric = metrics_.find(id);
  metric->second.erase(std::string(series.unit));
  if (metric->second.empty()) metrics_.erase(metric);
  --count_;
  if (was_written) (void)write_index();  // what stays in it costs a name, and goes with the next
}

Result<> MetricKeep::tick(Timestamp now) {
  const std::int64_t second = second_of(now);
  Result<> written;
  std::size_t flushes = 0;
  for (auto one = pending_.begin(); one != pending_.end() && flushes < kFlushesPerTick && written;) {
    Series& series = **one++;
    if (series.pending_minute >= minute_of(second)) continue;
    ++flushes;
    written = write_pending(series);
  }
  if (second_points_ > kMostSecondPoints) {
    keep_seconds_ = std::max(kMinute, keep_seconds_ / 2);
  } else if (second_points_ < kMostSecondPoints / 4) {
    keep_seconds_ = std::min(kMemorySeconds, keep_seconds_ * 2);
  }
  if (second - aged_ >= kMinute / 6) {
    aged_ = second;
    for (Series* series : all_) {
      if (series->loaded) age(*series, second);
    }
  }
  for (std::size_t i = 0; i < kExpiriesPerTick && !all_.empty(); ++i) {
    next_to_expire_ = (next_to_expire_ + 1) % all_.size();
    expire(*all_[next_to_expire_], second);
  }
  return written;
}

Result<> MetricKeep::flush() {
  while (!pending_.empty()) TRY(write_pending(**pending_.begin()));
  return {};
}

}  // namespace weir::observe
