#include "main/metric_upkeep.h"

#include <chrono>
#include <utility>

#include "observe/alarm_record.h"
#include "observe/limits.h"

namespace weir {

namespace {

constexpr auto kHistoryInterval = std::chrono::hours(1);

}  // namespace

MetricUpkeep::MetricUpkeep(net::Loop& loop, store::Store& store, observe::MetricKeep& keep, Log& log,
                           std::vector<Publish> published)
    : loop_(loop),
      store_(store),
      keep_(keep),
      log_(log),
      published_(std::move(published)),
      alarms_(store, keep),
      history_expired_(loop.wall()),
      timer_(loop, [this] { turn(); }) {
  timer_.arm(loop_.now() + observe::kMetricTurn);
}

MetricUpkeep::~MetricUpkeep() { note(keep_.flush(), "metrics could not be written"); }

void MetricUpkeep::turn() {
  const Timestamp now = loop_.wall();
  // What has been counted lately lies in the second that is over.
  const Timestamp past = now + -std::chrono::seconds(1);
  Result<> done;
  for (const auto& publish : published_) {
    if (done) done = publish(past);
  }
  note(done, "metrics could not be published");
  if (done) {
    done = keep_.tick(now);
    note(done, "metrics could not be written");
  }
  if (done) {
    done = alarms_.evaluate(now);
    note(done, "alarms could not be evaluated");
  }
  if (done) last_failure_.clear();
  if (now - history_expired_ >= kHistoryInterval) {
    history_expired_ = now;
    note(observe::expire_history(store_, now), "the history of alarms stays for now");
  }
  timer_.arm(loop_.now() + observe::kMetricTurn);
}

void MetricUpkeep::note(const Result<>& done, const char* what) {
  if (done || done.error().message == last_failure_) return;
  last_failure_ = done.error().message;
  log_.warning(std::string(what) + ": " + last_failure_);
}

}  // namespace weir
