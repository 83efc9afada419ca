#include "proxy/data_plane.h"

#include <algorithm>
#include <csignal>
#include <map>
#include <utility>

#include "proxy/admin_port.h"
#include "proxy/limits.h"
#include "proxy/table_file.h"
#include "proxy/tls_files.h"

namespace weir::proxy {

DataPlane::DataPlane(const Clock& clock, Log& log, Random& random, DataPlaneOptions options)
    : log_(log),
      options_(std::move(options)),
      loop_(clock),
      reports_(options_.workers),
      ports_(loop_, log, workers_, [this] { feedback_soon(); }),
      checks_(loop_, random,
              [this](const std::string& pool, const std::string& backend, route::Health health, std::size_t place) {
                for (const auto& worker : workers_) worker->set_health(pool, backend, health, place);
                feedback_soon();
              }),
      tick_(loop_, [this] { on_tick(); }),
      shutdown_limit_(loop_, [this] { loop_.stop(); }),
      table_(std::make_shared<const route::RouteTable>()) {
  signals_ = std::make_unique<net::SignalWatch>(loop_, std::initializer_list<int>{SIGTERM, SIGINT, SIGHUP},
                                                [this](int signal) {
                                                  if (signal != SIGHUP) return finish();
                                                  follow(options_.command);
                                                });
  for (WorkerReport& report : reports_) report.version = -1;
  for (std::size_t i = 0; i < options_.workers; ++i) {
    const auto take = [this, i](WorkerReport report) {
      loop_.post([this, i, report = std::move(report)]() mutable { take_report(i, std::move(report)); });
    };
    const auto call_others = [this, i](const std::string& pool) {
      for (std::size_t other = 0; other < workers_.size(); ++other) {
        if (other != i) workers_[other]->called(pool);
      }
    };
    workers_.push_back(std::make_unique<Worker>(clock, log, random.next(), loads_, take, call_others));
  }
}

DataPlane::~DataPlane() {
  for (const auto& worker : workers_) worker->stop();  // none may post to the loop once it is gone
}

Result<void> DataPlane::start() {
  tick_.arm(loop_.now() + kFeedbackInterval);
  if (options_.predecessor) {
    await_inheritance();
    return {};
  }
  auto stored = read_table_file(options_.table);
  if (!stored && options_.control.empty()) {
    return fail(stored.error().code, options_.table + ": " + stored.error().message);
  }
  if (!stored) log_.error("the table file is not used: " + options_.table + ": " + stored.error().message);
  if (stored && *stored) {
    persisted_ = (*stored)->version;
    take_table(std::make_shared<const route::RouteTable>(std::move(**stored)));
  } else if (options_.control.empty()) {
    return fail("Io", options_.table + " does not exist, and no control socket is given");
  }
  TRY(open_ports({}));
  if (options_.serving) options_.serving();
  return {};
}

// Those for control and for the figures: `left` by a proxy before, or new ones.
Result<void> DataPlane::open_ports(Ports::Sockets left) {
  if (!options_.control.empty()) {
    ControlPort::Calls calls{[this] { feedback_soon(); },
                             [this](const Json& message) { return take_message(message); }};
    const auto found = left.find(control_place(options_.control));
    control_ = found == left.end()
                   ? TRY(ControlPort::open(loop_, log_, options_.control, std::move(calls)))
                   : ControlPort::take(loop_, log_, options_.control, found->second.front(), std::move(calls));
  }
  if (!options_.admin.empty()) {
    const auto text = [this] { return figures(); };
    const auto found = left.find(admin_place(options_.admin));
    admin_ = found == left.end() ? TRY(AdminPort::open(loop_, options_.admin, text))
                                 : AdminPort::take(loop_, found->second.front(), text);
  }
  return {};
}

Result<void> DataPlane::run() {
  loop_.run();
  if (failed_) return std::unexpected(*failed_);
  return {};
}

Result<void> DataPlane::take_message(const Json& message) {
  if (const Json* upgrade = message.find("upgrade")) {
    std::vector<std::string> command;
    for (const Json& word : (*upgrade)["command"].items()) command.push_back(word.as_string());
    follow(std::move(command));
    return {};
  }
  const Json* table = message.find("table");
  if (table == nullptr) return fail("Control", "the message has no table");
  route::RouteTable next = TRY(route::table_from_json(*table));
  if (life_ == Life::finishing) return {};
  if (next.version > table_->version) {
    take_table(std::make_shared<const route::RouteTable>(std::move(next)));
  } else {
    feedback_soon();  // says which version runs
  }
  return {};
}

// The ports are those of the process that serves.
void DataPlane::take_table(route::RouteTablePointer table) {
  table_ = std::move(table);
  // What a worker lets go of last would be taken apart by it, while clients wait: it goes here, when all are past it.
  retired_.push_back(std::exchange(compiled_, compile(table_, compiled_.get())));
  if (life_ == Life::serving) ports_.close_others(*table_);
  pool_clients_ = load_pool_clients(*table_, pool_clients_, log_);
  for (const auto& worker : workers_) {
    worker->set_pool_clients(pool_clients_);
    worker->apply(compiled_, make_fresh(*compiled_, &loads_));
  }
  checks_.update(*table_, pool_clients_);
  if (life_ == Life::serving) ports_.open_missing(*table_);
  if (predecessor_ && life_ != Life::heir && !options_.control.empty()) predecessor_->pass_on(*table_);
  persist();
}

void DataPlane::persist() {
  if (options_.control.empty() || life_ != Life::serving || persisted_ == table_->version) return;
  const auto written = write_table_file(options_.table, *table_);
  if (written) {
    persisted_ = table_->version;
  } else {
    log_.error("the table is not on disk, so it is not acknowledged: " + written.error().message);
  }
}

void DataPlane::take_report(std::size_t worker, WorkerReport report) {
  const bool prompt = report.prompt;
  reports_[worker] = std::move(report);
  const auto current = [this](const WorkerReport& each) { return each.version == table_->version; };
  if (std::ranges::all_of(reports_, current)) retired_.clear();
  if (life_ == Life::heir) return say_ready_when_applied();
  if (prompt) feedback_soon();
}

std::int64_t DataPlane::acknowledged() const {
  const bool kept = options_.control.empty() || life_ == Life::followed;  // not ours to keep
  std::int64_t version = kept ? table_->version : persisted_;
  for (const WorkerReport& report : reports_) version = std::min(version, report.version);
  if (predecessor_ && !options_.control.empty()) version = std::min(version, before_.acknowledged);
  return std::max<std::int64_t>(version, 0);
}

route::Feedback DataPlane::feedback() const {
  route::Feedback feedback;
  feedback.acknowledged = acknowledged();
  std::map<std::pair<std::string_view, std::string_view>, route::BackendStatus> counts;
  std::map<std::string_view, route::PoolCounters> pools;
  for (const WorkerReport& report : reports_) {
    for (const auto& line : report.backends) {
      route::BackendStatus& sum = counts[{line.pool, line.backend}];
      sum.active += line.active;
      sum.requests += line.requests;
    }
    for (const route::PoolCounters& each : report.pools) {
      route::PoolCounters& sum = pools[each.pool];
      sum.requests += each.requests;
      sum.status_2xx += each.status_2xx;
      sum.status_3xx += each.status_3xx;
      sum.status_4xx += each.status_4xx;
      sum.status_5xx += each.status_5xx;
      sum.failed += each.failed;
    }
  }
  for (const route::Pool& pool : table_->pools) {
    for (const route::Backend& backend : pool.backends) {
      route::BackendStatus status = counts[{pool.id, backend.id}];
      status.pool = pool.id;
      status.backend = backend.id;
      if (const HealthJudge* judge = checks_.verdict(pool.id, backend.id)) {
        status.health = judge->health();
        status.reason = judge->reason();
        status.description = judge->description();
      }
      feedback.backends.push_back(std::move(status));
    }
    route::PoolCounters sum = pools[pool.id];
    sum.pool = pool.id;
    feedback.pools.push_back(std::move(sum));
  }
  for (const route::Listener& listener : table_->listeners) feedback.listeners.push_back(ports_.status(listener));
  add_predecessor(feedback);
  return feedback;
}

void DataPlane::at_turn_end() {
  if (control_ && control_->has_peer()) control_->send(Json::object().set("feedback", to_json(feedback())));
  if (successor_ && life_ != Life::serving) {
    successor_->tell(Json::object().set("feedback", to_json(feedback())).set("draining", draining() + 1));
  }
}

void DataPlane::on_tick() {
  tick_.arm(loop_.now() + kFeedbackInterval);
  persist();
  feedback_soon();
  start_successor();
}

// The Prometheus text format, version 0.0.4.
std::string DataPlane::figures() const {
  const route::Feedback now = feedback();
  std::string text = "# TYPE weir_table_version gauge\nweir_table_version " + std::to_string(now.acknowledged) + "\n";
  const auto line = [&text](std::string name, const std::string& labels, std::uint64_t value) {
    text += std::move(name) + "{" + labels + "} " + std::to_string(value) + "\n";
  };
  text += "# TYPE weir_pool_responses_total counter\n# TYPE weir_pool_requests_total counter\n";
  for (const route::PoolCounters& pool : now.pools) {
    const std::string label = "pool=\"" + pool.pool + "\"";
    line("weir_pool_requests_total", label, pool.requests);
    line("weir_pool_responses_total", label + ",class=\"2xx\"", pool.status_2xx);
    line("weir_pool_responses_total", label + ",class=\"3xx\"", pool.status_3xx);
    line("weir_pool_responses_total", label + ",class=\"4xx\"", pool.status_4xx);
    line("weir_pool_responses_total", label + ",class=\"5xx\"", pool.status_5xx);
    line("weir_pool_failed_total", label, pool.failed);
  }
  for (const route::BackendStatus& backend : now.backends) {
    const std::string label = "pool=\"" + backend.pool + "\",backend=\"" + backend.backend + "\"";
    line("weir_backend_requests_total", label, backend.requests);
    line("weir_backend_active", label, backend.active);
    line("weir_backend_healthy", label, backend.health == route::Health::healthy);
  }
  return text;
}

void DataPlane::finish() {
  // Asked twice, or with nothing under way: at once.
  if (life_ == Life::finishing || life_ == Life::heir) return loop_.stop();
  log_.info("finishing what is under way");
  if (life_ == Life::serving) successor_.reset();
  if (predecessor_) predecessor_->hurry();
  life_ = Life::finishing;
  end_workers(kFinishGrace, kShutdownLimit);
}

void DataPlane::end_workers(Duration grace, Duration limit) {
  shutdown_limit_.arm(loop_.now() + limit);
  unfinished_ = workers_.size();
  const unsigned round = ++finish_round_;
  for (const auto& worker : workers_) {
    worker->finish(grace, [this, round] {
      loop_.post([this, round] {
        if (round == finish_round_) --unfinished_;
        stop_when_finished();
      });
    });
  }
}

// Who comes after this process counts on hearing of those before it as long as they last.
void DataPlane::stop_when_finished() {
  const bool ending = life_ == Life::followed || life_ == Life::finishing;
  if (ending && unfinished_ == 0 && !predecessor_) loop_.stop();
}

}  // namespace weir::proxy
