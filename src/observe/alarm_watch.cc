#include "observe/alarm_watch.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "observe/alarm_record.h"
#include "observe/metric_query.h"

namespace weir::observe {

namespace cloudwatch = model::cloudwatch;

namespace {

std::int64_t period_of_alarm(const cloudwatch::MetricAlarm& alarm) {
  if (alarm.Metrics && !alarm.Metrics->empty()) return period_of(*alarm.Metrics);
  return alarm.Period.value_or(60);
}

// How often an alarm is evaluated, in milliseconds.
std::int64_t interval_of(std::int64_t period) { return period < 10 ? 500 : period < 60 ? 10'000 : 60'000; }

// What is asked of: the one query that returns data.
std::string returned_id(const std::vector<cloudwatch::MetricDataQuery>& queries) {
  for (const auto& query : queries) {
    if (query.ReturnData.value_or(true)) return query.Id;
  }
  return "";
}

}  // namespace

Result<AlarmEvidence> evidence_of(MetricKeep& keep, const model::MetricAlarm& document, Timestamp now) {
  const auto& alarm = document.alarm;
  AlarmEvidence evidence{.period = period_of_alarm(alarm)};
  const std::int64_t step = std::min<std::int64_t>(evidence.period, 60);
  const std::int64_t second = now.millis / 1000;
  evidence.end = second - second % step;
  const std::int64_t from = evidence.end - evaluation_range(alarm) * evidence.period;
  if (alarm.Metrics && !alarm.Metrics->empty()) {
    // Expressions join series by time, so that their periods begin at multiples of themselves.
    evidence.end -= evidence.end % evidence.period;
    const auto results = TRY(run_queries(keep, document.scope, *alarm.Metrics, from, evidence.end, now));
    const auto found = results.find(returned_id(*alarm.Metrics));
    if (found == results.end()) return evidence;
    for (const auto& [at, value] : found->second.values) evidence.points[at] = {value, std::nullopt};
    return evidence;
  }
  const auto statistic =
      TRY(Statistic::parse(alarm.Statistic ? *alarm.Statistic : alarm.ExtendedStatistic.value_or("")));
  const MetricId id =
      metric_id(document.scope, alarm.Namespace.value_or(""), alarm.MetricName.value_or(""), alarm.Dimensions);
  for (const auto& point : TRY(keep.read(id, alarm.Unit, {from, evidence.end, evidence.period}, now))) {
    if (const auto value = statistic.of(point.values)) evidence.points[point.at] = {*value, point.values.count};
  }
  return evidence;
}

Result<> AlarmWatch::evaluate(Timestamp now) {
  const auto alarms = TRY(store::peek_all<model::MetricAlarm>(store_, ""));
  Result<> outcome;
  for (auto& [key, last] : last_) last.seen = false;
  for (const auto& alarm : alarms) {
    if (alarm->composite()) continue;
    Last& last = last_[alarm->key()];
    last.seen = true;
    const std::int64_t turn = now.millis / interval_of(period_of_alarm(alarm->alarm));
    if (last.revision == alarm.revision && last.turn == turn) continue;
    const auto done = evaluate_one(alarm, now);
    if (done) last = {alarm.revision, turn, true};
    if (!done && outcome) outcome = std::unexpected(done.error());
  }
  std::erase_if(last_, [](const auto& one) { return !one.second.seen; });
  // After the others, whose states these are made of. One that is made of composite ones follows at the next turn.
  const std::int64_t revision = store_.revision();
  if (revision == composed_at_) return outcome;
  std::set<std::string> composite;
  for (const auto& alarm : alarms) {
    if (!alarm->composite()) continue;
    composite.insert(alarm->key());
    const auto done = evaluate_composite(alarm, now);
    if (!done && outcome) outcome = std::unexpected(done.error());
  }
  std::erase_if(composed_, [&](const auto& one) { return !composite.contains(one.first); });
  if (outcome) composed_at_ = revision;
  return outcome;
}

Result<> AlarmWatch::evaluate_composite(const store::Snapshot<model::MetricAlarm>& alarm, Timestamp now) {
  Composed& composed = composed_[alarm->key()];
  if (!composed.rule || composed.revision != alarm.revision) {
    composed = {alarm.revision, TRY(AlarmRule::parse(alarm->rule))};
  }
  // The one that changed last is what made the difference.
  std::map<std::string, model::AlarmState> states;
  const model::AlarmState* newest = nullptr;
  for (const auto& name : composed.rule->alarms()) {
    const auto found = TRY(store::peek<model::AlarmState>(store_, alarm->scope.prefix() + name));
    if (!found) continue;
    const auto& state = states[name] = **found;
    if (!newest || state.transitioned > newest->transitioned) newest = &state;
  }
  const bool holds = composed.rule->holds([&](const std::string& name) {
    const auto found = states.find(name);
    return found == states.end() ? std::string() : found->second.value;
  });
  AlarmVerdict verdict{.state = holds ? "ALARM" : "OK", .reason = "The alarm rule holds whatever other alarms say"};
  if (newest) {
    const std::string own = alarm->alarm.AlarmArn.value_or("");
    const std::string arn = own.substr(0, own.find(":alarm:")) + ":alarm:" + newest->name;
    const std::string at = to_iso8601(newest->transitioned);
    verdict.reason = arn + " transitioned to " + newest->value + " at " + at;
    Json trigger = Json::object();
    trigger.set("arn", arn).set("state", Json::object().set("value", newest->value).set("timestamp", at));
    Json all = Json::array();
    all.push(std::move(trigger));
    verdict.reason_data = Json::object().set("triggeringAlarms", std::move(all)).dump();
  }
  return put(*alarm, std::move(verdict), now);
}

Result<> AlarmWatch::evaluate_one(const store::Snapshot<model::MetricAlarm>& alarm, Timestamp now) {
  const auto evidence = evidence_of(keep_, *alarm, now);
  std::optional<AlarmVerdict> verdict;
  if (evidence) {
    verdict = judge(alarm->alarm, *evidence, now);
  } else if (evidence.error().source == ErrorSource::client) {
    verdict = AlarmVerdict{"INSUFFICIENT_DATA", "Unable to evaluate the alarm: " + evidence.error().message, ""};
  } else {
    return std::unexpected(evidence.error());
  }
  return verdict ? put(*alarm, std::move(*verdict), now) : Result<>();
}

// Where the state becomes another one.
Result<> AlarmWatch::put(const model::MetricAlarm& alarm, AlarmVerdict verdict, Timestamp now) {
  auto state = TRY(store::load<model::AlarmState>(store_, alarm.key()));
  if (!state || verdict.state == state->document.value) return {};
  std::vector<store::Write> writes;
  TRY(change_state(store_, alarm, std::move(*state), std::move(verdict.state), std::move(verdict.reason),
                   std::move(verdict.reason_data), now, writes));
  TRY(store_.commit(writes));
  return {};
}

}  // namespace weir::observe
