#include "observe/alarm_judge.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "base/json.h"
#include "observe/limits.h"

namespace weir::observe {

namespace cloudwatch = model::cloudwatch;

namespace {

struct Seen {
  std::int64_t at = 0;
  AlarmPoint point;
  bool breaching = false;
};

enum class Missing { missing, ignore, breaching, not_breaching };

Missing missing_of(const cloudwatch::MetricAlarm& alarm) {
  const std::string word = alarm.TreatMissingData.value_or("missing");
  if (word == "ignore") return Missing::ignore;
  if (word == "breaching") return Missing::breaching;
  return word == "notBreaching" ? Missing::not_breaching : Missing::missing;
}

std::int64_t needed(const cloudwatch::MetricAlarm& alarm) {
  return alarm.DatapointsToAlarm.value_or(alarm.EvaluationPeriods.value_or(1));
}

// A number as AWS writes it: with a decimal at least.
std::string number(double value) {
  if (value == std::floor(value) && std::abs(value) < 1e15) return fmt::format("{:.1f}", value);
  return fmt::format("{}", value);
}

std::string_view words_of(const std::string& comparison) {
  if (comparison == "GreaterThanOrEqualToThreshold") return "greater than or equal to";
  if (comparison == "GreaterThanThreshold") return "greater than";
  if (comparison == "LessThanThreshold") return "less than";
  return "less than or equal to";
}

// "21/11/26 18:40:00"
std::string short_time(std::int64_t at) { return fmt::format("{:%d/%m/%y %H:%M:%S}", fmt::gmtime(at)); }

// "2026-11-21T18:40:00.000+0000"
std::string long_time(std::int64_t millis) {
  std::string text = to_iso8601(Timestamp{millis});
  text.pop_back();
  return text + "+0000";
}

std::string plural(std::int64_t count, std::string_view word) {
  return fmt::format("{} {}{}", count, word, count == 1 ? "" : "s");
}

class Judge {
 public:
  Judge(const cloudwatch::MetricAlarm& alarm, const AlarmEvidence& evidence, Timestamp now)
      : alarm_(alarm),
        evidence_(evidence),
        now_(now),
        periods_(alarm.EvaluationPeriods.value_or(1)),
        needed_(needed(alarm)),
        missing_(missing_of(alarm)) {
    const std::int64_t begin = evidence.end - evaluation_range(alarm) * evidence.period;
    for (auto one = evidence.points.rbegin(); one != evidence.points.rend(); ++one) {
      if (one->first >= evidence.end || one->first < begin) continue;
      if (static_cast<std::int64_t>(seen_.size()) == periods_) break;
      const bool breaching = breaches(alarm.ComparisonOperator.value_or(""), one->second.value, threshold());
      seen_.push_back({one->first, one->second, breaching});
      breaching_ += breaching;
    }
  }

  std::optional<AlarmVerdict> verdict() const {
    const auto real = static_cast<std::int64_t>(seen_.size());
    const std::int64_t filled = periods_ - real;
    if (breaching_ >= needed_) return crossed("ALARM", 0);
    if (filled == 0) return crossed("OK", 0);
    switch (missing_) {
      case Missing::breaching:
        return breaching_ + filled >= needed_ ? crossed("ALARM", filled) : crossed("OK", filled);
      case Missing::not_breaching:
        return crossed("OK", filled);
      case Missing::ignore:
        if (real > breaching_) return crossed("OK", 0);
        return std::nullopt;
      case Missing::missing:
        if (real > breaching_) return crossed("OK", 0);
        if (real > 0) return old_enough() ? crossed("ALARM", 0) : std::optional<AlarmVerdict>();
        return insufficient();
    }
    return std::nullopt;
  }

 private:
  double threshold() const { return alarm_.Threshold.value_or(0); }

  // Nothing but breaching points is there: they count as an alarm once the oldest is as old as what is needed.
  bool old_enough() const {
    const std::int64_t age = (evidence_.end - seen_.back().at) / evidence_.period;
    return age >= needed_;
  }

  std::optional<AlarmVerdict> insufficient() const {
    return AlarmVerdict{
        "INSUFFICIENT_DATA",
        fmt::format("Insufficient Data: {} {} unknown.", plural(periods_, "datapoint"), periods_ == 1 ? "was" : "were"),
        data()};
  }

  std::string listed() const {
    std::string text;
    const std::size_t shown = std::min<std::size_t>(seen_.size(), 5);
    for (std::size_t i = 0; i < shown; ++i) {
      text += fmt::format("{}{} ({})", i == 0 ? "" : ", ", number(seen_[i].point.value), short_time(seen_[i].at));
    }
    if (shown < seen_.size()) text += ", …";
    return text;
  }

  std::optional<AlarmVerdict> crossed(std::string state, std::int64_t filled) const {
    const bool alarm = state == "ALARM";
    std::string reason = "Threshold Crossed: ";
    if (seen_.empty()) {
      reason += fmt::format("no datapoints were received for {} and {} treated as [{}].", plural(periods_, "period"),
                            plural(filled, "missing datapoint") + (filled == 1 ? " was" : " were"), treated());
      return AlarmVerdict{std::move(state), std::move(reason), data()};
    }
    const auto real = static_cast<std::int64_t>(seen_.size());
    const std::int64_t count = alarm ? breaching_ : real - breaching_;
    reason += fmt::format("{} out of the last {} [{}] {} {}{} the threshold ({})", count, plural(real, "datapoint"),
                          listed(), count == 1 ? "was" : "were", alarm ? "" : "not ",
                          words_of(alarm_.ComparisonOperator.value_or("")), number(threshold()));
    if (filled > 0) {
      reason += fmt::format(" and {} {} treated as [{}]", plural(filled, "missing datapoint"),
                            filled == 1 ? "was" : "were", treated());
    }
    const std::int64_t minimum = alarm ? needed_ : periods_ - needed_ + 1;
    reason += fmt::format(" (minimum {} for {} transition).", plural(minimum, "datapoint"),
                          alarm ? "OK -> ALARM" : "ALARM -> OK");
    return AlarmVerdict{std::move(state), std::move(reason), data()};
  }

  std::string_view treated() const { return missing_ == Missing::breaching ? "Breaching" : "NonBreaching"; }

  std::string data() const {
    Json json = Json::object();
    Json recent = Json::array(), evaluated = Json::array();
    for (auto one = seen_.rbegin(); one != seen_.rend(); ++one) recent.push(one->point.value);
    json.set("version", "1.0").set("queryDate", long_time(now_.millis));
    if (!seen_.empty()) json.set("startDate", long_time(seen_.back().at * 1000));
    if (alarm_.Statistic) json.set("statistic", *alarm_.Statistic);
    if (alarm_.ExtendedStatistic) json.set("statistic", *alarm_.ExtendedStatistic);
    if (alarm_.Unit) json.set("unit", *alarm_.Unit);
    json.set("period", evidence_.period).set("recentDatapoints", std::move(recent)).set("threshold", threshold());
    for (const Seen& one : seen_) {
      Json point = Json::object();
      point.set("timestamp", long_time(one.at * 1000));
      if (one.point.samples) point.set("sampleCount", *one.point.samples);
      point.set("value", one.point.value);
      evaluated.push(std::move(point));
      if (evaluated.items().size() == kMostReasonPoints) break;
    }
    json.set("evaluatedDatapoints", std::move(evaluated));
    return json.dump();
  }

  const cloudwatch::MetricAlarm& alarm_;
  const AlarmEvidence& evidence_;
  const Timestamp now_;
  const std::int64_t periods_;
  const std::int64_t needed_;
  const Missing missing_;
  std::vector<Seen> seen_;  // newest first, not more than the evaluation periods
  std::int64_t breaching_ = 0;
};

}  // namespace

std::int64_t evaluation_range(const cloudwatch::MetricAlarm& alarm) {
  return alarm.EvaluationPeriods.value_or(1) + kMorePeriods;
}

bool breaches(const std::string& comparison, double value, double threshold) {
  if (comparison == "GreaterThanOrEqualToThreshold") return value >= threshold;
  if (comparison == "GreaterThanThreshold") return value > threshold;
  if (comparison == "LessThanThreshold") return value < threshold;
  if (comparison == "LessThanOrEqualToThreshold") return value <= threshold;
  return false;
}

std::optional<AlarmVerdict> judge(const cloudwatch::MetricAlarm& alarm, const AlarmEvidence& evidence, Timestamp now) {
  return Judge(alarm, evidence, now).verdict();
}

}  // namespace weir::observe
