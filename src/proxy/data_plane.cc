#include "proxy/data_plane.h"

#include <algorithm>
#include <csignal>
#include <utility>

#include "proxy/admin_port.h"
#include "proxy/limits.h"
#include "proxy/metrics.h"
#include "proxy/table_file.h"
#include "proxy/tls_files.h"

namespace weir::proxy {

DataPlane::DataPlane(const Clock& clock, Log& log, Random& random, DataPlaneOptions options)
    : log_(log),
      options_(std::move(options)),
      loop_(clock),
      versions_(options_.workers, -1),
      logs_(clock, log, options_.workers, [this] { loop_.post([this] { feedback_soon(); }); }),
      ports_(loop_, log, workers_, [this] { feedback_soon(); }),
      checks_(loop_, random,
              [this](const std::string& pool, const std::string& backend, route::Health health, std::size_t place) {
                for (const auto& worker : workers_) worker->set_health(pool, backend, health, place);
                feedback_soon();
              }),
      keeper_(options_.table,
              [this](std::int64_t version, Result<void> written) {
                loop_.post([this, version, written = std::move(written)] { kept(version, written); });
              }),
      tick_(loop_, [this] { on_tick(); }),
      shutdown_limit_(loop_, [this] { loop_.stop(); }),
      table_(std::make_shared<const route::RouteTable>()) {
  signals_ = std::make_unique<net::SignalWatch>(loop_, std::initializer_list<int>{SIGTERM, SIGINT, SIGHUP, SIGUSR1},
                                                [this](int signal) {
                                                  if (signal == SIGUSR1) return logs_.reopen();
                                                  if (signal == SIGHUP) return follow(options_.command);
                                                  finish();
                                                });
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
    const auto answer = [this](std::string_view path) { return admin(path); };
    const auto found = left.find(admin_place(options_.admin));
    admin_ = found == left.end() ? TRY(AdminPort::open(loop_, options_.admin, answer))
                                 : AdminPort::take(loop_, found->second.front(), answer);
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
  persist();  // the disk takes its time while the workers take the table up
  // What a worker lets go of last would be taken apart by it, while clients wait: it goes here, when all are past it.
  retired_.push_back(std::exchange(compiled_, compile(table_, compiled_.get())));
  books_.take_table(table_, loop_.now());
  if (life_ == Life::serving) ports_.close_others(*table_);
  pool_clients_ = load_pool_clients(*table_, pool_clients_, log_);
  logs_.take_table(*table_);
  for (std::size_t i = 0; i < workers_.size(); ++i) workers_[i]->set_logs(logs_.rings(i));
  for (const auto& worker : workers_) {
    worker->set_pool_clients(pool_clients_);
    worker->apply(compiled_, make_fresh(*compiled_, &loads_));
  }
  checks_.update(*table_, pool_clients_);
  if (life_ == Life::serving) ports_.open_missing(*table_);
  if (predecessor_ && life_ != Life::heir && !options_.control.empty()) predecessor_->pass_on(*table_);
}

void DataPlane::persist() {
  if (options_.control.empty() || life_ != Life::serving || persisted_ == table_->version) return;
  if (std::exchange(given_to_keep_, table_->version) != table_->version) keeper_.keep(table_);
}

void DataPlane::kept(std::int64_t version, const Result<void>& written) {
  if (written) {
    persisted_ = version;
  } else {
    log_.error("the table is not on disk, so it is not acknowledged: " + written.error().message);
    if (given_to_keep_ == version) given_to_keep_ = -1;  // the next tick tries again
  }
  if (runs_everywhere()) feedback_soon();  // otherwise a worker has yet to report
}

bool DataPlane::runs_everywhere() const {
  return std::ranges::all_of(versions_, [this](std::int64_t running) { return running == table_->version; });
}

void DataPlane::take_report(std::size_t worker, WorkerReport report) {
  versions_[worker] = report.version;
  books_.add(report.tallies, loop_.now());
  if (runs_everywhere()) retired_.clear();
  if (life_ == Life::heir) return say_ready_when_applied();
  const bool being_kept = given_to_keep_ == table_->version && persisted_ != table_->version;
  if (report.prompt && !being_kept) feedback_soon();  // otherwise once it is on disk
}

std::int64_t DataPlane::acknowledged() const {
  const bool kept = options_.control.empty() || life_ == Life::followed;  // not ours to keep
  std::int64_t version = kept ? table_->version : persisted_;
  for (const std::int64_t running : versions_) version = std::min(version, running);
  if (predecessor_ && !options_.control.empty()) version = std::min(version, before_.acknowledged);
  return std::max<std::int64_t>(version, 0);
}

route::Feedback DataPlane::feedback() const {
  route::Feedback feedback;
  feedback.acknowledged = acknowledged();
  std::size_t backends = 0;
  for (const route::Pool& pool : table_->pools) backends += pool.backends.size();
  feedback.backends.reserve(backends);
  for (const route::Pool& pool : table_->pools) {
    const Books::PoolEntry& entry = books_.pool_entry(pool.id);
    for (std::size_t place = 0; place < pool.backends.size(); ++place) {
      const route::Counters& counters = entry.backend(pool.backends[place].id);
      route::BackendStatus status{.pool = pool.id, .backend = pool.backends[place].id};
      status.active = static_cast<std::uint32_t>(counters.active());
      status.requests = counters[Count::requests];
      if (const HealthJudge* judge = checks_.verdict(pool.id, place)) {
        status.health = judge->health();
        status.reason = judge->reason();
        status.description = judge->description();
      }
      feedback.backends.push_back(std::move(status));
    }
    feedback.pools.push_back({pool.id, entry.counters});
  }
  for (const auto& [id, pool] : books_.pools()) {  // what is told of a pool ends only after its last exchange
    if (!pool.listed) feedback.pools.push_back({id, pool.counters});
  }
  for (const route::Listener& listener : table_->listeners) {
    feedback.listeners.push_back(status(listener));
  }
  for (const auto& [id, listener] : books_.listeners()) feedback.listener_counters.push_back({id, listener.counters});
  add_predecessor(feedback);
  return feedback;
}

void DataPlane::at_turn_end() {
  if (control_ && control_->has_peer()) control_->send(R"({"feedback":)" + text_of(feedback()) + "}");
  if (successor_ && life_ != Life::serving) successor_->tell("{" + last_words());
}

// A listener whose access log cannot be written serves all the same.
route::ListenerStatus DataPlane::status(const route::Listener& listener) const {
  route::ListenerStatus status = ports_.status(listener);
  if (!status.error.empty() || !listener.access_log) return status;
  const std::string error = logs_.error(listener.access_log->path);
  if (!error.empty()) status.error = "its access log " + listener.access_log->path + " cannot be written: " + error;
  return status;
}

void DataPlane::say_dropped() {
  std::uint64_t dropped = 0;
  for (const auto& [id, listener] : books_.listeners()) dropped += listener.counters[Count::log_dropped];
  if (dropped <= dropped_lines_ || loop_.now() < next_drop_notice_) return;
  log_.warning(std::to_string(dropped - dropped_lines_) + " lines of access logs were dropped for want of room");
  dropped_lines_ = dropped;
  next_drop_notice_ = loop_.now() + kDropNotice;
}

void DataPlane::on_tick() {
  tick_.arm(loop_.now() + kFeedbackInterval);
  persist();
  if (life_ == Life::serving) ports_.look_at_files(*table_);
  books_.sweep(loop_.now());
  say_dropped();
  feedback_soon();
  start_successor();
}

AdminAnswer DataPlane::admin(std::string_view path) const {
  if (path == "/metrics" || path == "/") return {200, metrics_text(*table_, feedback(), books_, logs_), kMetricsType};
  if (path == "/live") return {200, "live\n"};
  if (path == "/ready") {
    const std::string why = unready();
    return {why.empty() ? 200u : 503u, why.empty() ? "ready\n" : why};
  }
  return {404, "/metrics, /ready and /live are served here.\n"};
}

// Why new clients are better sent elsewhere, a line a reason; empty: they are welcome.
std::string DataPlane::unready() const {
  std::string why;
  if (life_ == Life::finishing) why += "It is finishing.\n";
  if (acknowledged() < table_->version || table_->listeners.empty()) why += "No table with listeners runs yet.\n";
  for (const route::Listener& listener : table_->listeners) {
    const route::ListenerStatus status = ports_.status(listener);
    if (!status.listening) why += "The listener " + listener.id + " does not listen: " + status.error + "\n";
  }
  return why;
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
