#include "proxy/data_plane.h"

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
              [this](const std::string& pool, const std::string& backend, route::Health health) {
                for (const auto& worker : workers_) worker->set_health(pool, backend, health);
                feedback_soon();
              }),
      tick_(loop_, [this] { on_tick(); }),
      shutdown_limit_(loop_, [this] { loop_.stop(); }),
      table_(std::make_shared<const route::RouteTable>()) {
  signals_ =
      std::make_unique<net::SignalWatch>(loop_, std::initializer_list<int>{SIGTERM, SIGINT}, [this](int) { finish(); });
  for (std::size_t i = 0; i < options_.workers; ++i) {
    workers_.push_back(std::make_unique<Worker>(clock, log, random.next(), loads_, [this, i](WorkerReport report) {
      loop_.post([this, i, report = std::move(report)]() mutable { take_report(i, std::move(report)); });
    }));
  }
}

DataPlane::~DataPlane() {
  for (const auto& worker : workers_) worker->stop();  // none may post to the loop once it is gone
}

Result<void> DataPlane::start() {
  auto stored = read_table_file(options_.table);
  if (!stored && options_.control.empty()) {
    return fail(stored.error().code, options_.table + ": " + stored.error().message);
  }
  if (!stored) log_.error("the table file is not used: " + options_.table + ": " + stored.error().message);
  if (stored && *stored) {
    persisted_ = (*stored)->version;
    take_table(std::move(**stored));
  } else if (options_.control.empty()) {
    return fail("Io", options_.table + " does not exist, and no control socket is given");
  }
  if (!options_.control.empty()) {
    control_ = TRY(ControlPort::open(
        loop_, log_, options_.control,
        {[this] { feedback_soon(); }, [this](const Json& message) { return take_message(message); }}));
  }
  if (!options_.admin.empty()) {
    admin_ = TRY(AdminPort::open(loop_, options_.admin, [this] { return figures(); }));
  }
  tick_.arm(loop_.now() + kFeedbackInterval);
  return {};
}

void DataPlane::run() { loop_.run(); }

Result<void> DataPlane::take_message(const Json& message) {
  const Json* table = message.find("table");
  if (table == nullptr) return fail("Control", "the message has no table");
  route::RouteTable next = TRY(route::table_from_json(*table));
  if (finishing_) return {};
  if (next.version > table_->version) {
    take_table(std::move(next));
  } else {
    feedback_soon();  // says which version runs
  }
  return {};
}

void DataPlane::take_table(route::RouteTable table) {
  table_ = std::make_shared<const route::RouteTable>(std::move(table));
  ports_.close_others(*table_);
  pool_clients_ = load_pool_clients(*table_, pool_clients_, log_);
  for (const auto& worker : workers_) {
    worker->set_pool_clients(pool_clients_);
    worker->apply(table_);
  }
  checks_.update(*table_, pool_clients_);
  for (const route::Pool& pool : table_->pools) {
    if (pool.health.protocol != route::HealthProtocol::none) continue;
    for (const route::Backend& backend : pool.backends) {
      for (const auto& worker : workers_) worker->set_health(pool.id, backend.id, route::Health::healthy);
    }
  }
  ports_.open_missing(*table_);
  persist();
}

void DataPlane::persist() {
  if (options_.control.empty() || persisted_ == table_->version) return;
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
  if (prompt) feedback_soon();
}

std::int64_t DataPlane::acknowledged() const {
  std::int64_t version = options_.control.empty() ? table_->version : persisted_;
  for (const WorkerReport& report : reports_) version = std::min(version, report.version);
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
  return feedback;
}

void DataPlane::at_turn_end() {
  if (control_ && control_->has_peer()) control_->send(Json::object().set("feedback", to_json(feedback())));
}

void DataPlane::on_tick() {
  tick_.arm(loop_.now() + kFeedbackInterval);
  persist();
  feedback_soon();
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
  if (std::exchange(finishing_, true)) return loop_.stop();  // asked twice: at once
  log_.info("finishing what is under way");
  unfinished_ = workers_.size();
  shutdown_limit_.arm(loop_.now() + kShutdownLimit);
  for (const auto& worker : workers_) {
    worker->finish([this] {
      loop_.post([this] {
        if (--unfinished_ == 0) loop_.stop();
      });
    });
  }
}

}  // namespace weir::proxy
