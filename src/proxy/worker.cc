#include "proxy/worker.h"

#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

#include "net/socket.h"
#include "proxy/backend_link.h"
#include "proxy/client_start.h"
#include "proxy/exchange.h"
#include "proxy/limits.h"

namespace weir::proxy {

namespace {

// struct sched_attr in its first version, as sched_setattr(2) has it; the kernel's header and the C library's exclude
// one another.
struct SchedAttributes {
  std::uint32_t size, policy;
  std::uint64_t flags;
  std::int32_t nice;
  std::uint32_t priority;
  std::uint64_t runtime, deadline, period;
};

// Whoever asks the scheduler for short turns has them sooner when it wakes: a client does not wait for what the main
// thread is doing on the same core. Linux 6.12 and later; before, it has no effect.
void take_short_turns() {
  SchedAttributes attributes{};
  if (syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0) return;
  if (attributes.policy != SCHED_OTHER) return;  // somebody knows better
  attributes.runtime = static_cast<std::uint64_t>(std::chrono::nanoseconds(kWorkerSlice).count());
  syscall(SYS_sched_setattr, 0, &attributes, 0);
}

}  // namespace

// One listening socket of this worker.
class Worker::Acceptor final : public net::FdHandler {
 public:
  Acceptor(Worker& worker, std::unique_ptr<Entrance> opened, SharedFd socket)
      : entrance(std::move(opened)),
        worker_(worker),
        fd_(std::move(socket)),
        pause_(worker.loop_, [this] { worker_.loop_.change(fd_->get(), net::kReadable); }) {
    worker_.loop_.watch(fd_->get(), net::kReadable, *this);
  }
  ~Acceptor() override { worker_.loop_.unwatch(fd_->get()); }

  void on_ready(std::uint32_t) override { accept(kAcceptsPerTurn); }
  // At most `limit` connections.
  void accept(int limit) {
    for (int i = 0; i < limit; ++i) {
      net::SocketAddress peer;
      std::optional<net::Fd> socket = net::accept_stream(fd_->get(), &peer);
      if (socket) {
        worker_.accepted(*entrance, std::move(*socket), peer);
        continue;
      }
      if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) pause();
      if (errno != ECONNABORTED && errno != EINTR) return;
    }
  }
  void pause() {
    worker_.log_.warning("out of file descriptors: new connections wait");
    worker_.loop_.change(fd_->get(), net::kNothing);
    pause_.arm(worker_.loop_.now() + kAcceptPause);
  }

  std::unique_ptr<Entrance> entrance;

 private:
  Worker& worker_;
  SharedFd fd_;
  net::Timer pause_;
};

std::string place_of(const route::Listener& listener) { return net::place_text(listener.address, listener.port); }

Worker::Worker(const Clock& clock, Log& log, std::uint64_t seed, SharedLoads& shared, ReportTo report, CallOthers call)
    : log_(log),
      report_to_(std::move(report)),
      loop_(clock),
      lane_(loop_, log, seed, shared),
      tick_(loop_, [this] { on_tick(); }),
      overdue_(loop_, [this] { end_overdue(); }),
      finish_tick_(loop_, [this] { check_finished(); }) {
  lane_.drained = [this] { on_drained(); };
  lane_.lines().call_others = std::move(call);
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "worker");
    take_short_turns();
    tick_.arm(loop_.now() + kFeedbackInterval);
    loop_.run();
  });
}

Worker::~Worker() { stop(); }

void Worker::stop() {
  if (!thread_.joinable()) return;
  loop_.stop();
  thread_.join();
  lane_.lines().call_others = nullptr;  // the others may be gone
}

void Worker::apply(CompiledTablePointer table, std::vector<FreshBackends> fresh) {
  auto shared = std::make_shared<std::vector<FreshBackends>>(std::move(fresh));  // a posted function must be copyable
  loop_.post([this, table = std::move(table), shared] { run_apply(table, std::move(*shared)); });
}

void Worker::open(std::string place, std::string port, SharedFd socket, TlsServerPointer tls) {
  loop_.post([this, place = std::move(place), port = std::move(port), tls = std::move(tls), socket] {
    auto entrance = std::make_unique<Entrance>();
    entrance->place = place;
    entrance->serial = lane_.random().next();
    entrance->port = port;
    entrance->tls = tls;
    enter(*entrance);
    acceptors_.push_back(std::make_unique<Acceptor>(*this, std::move(entrance), socket));
  });
}

void Worker::set_tls(std::string place, TlsServerPointer tls) {
  loop_.post([this, place = std::move(place), tls = std::move(tls)] {
    for (const auto& acceptor : acceptors_) {
      if (acceptor->entrance->place == place) acceptor->entrance->tls = tls;
    }
  });
}

void Worker::close(std::string place) {
  loop_.post([this, place = std::move(place)] { run_close(place, {}); });
}

void Worker::set_logs(LogRings logs) {
  loop_.post([this, logs = std::move(logs)] { lane_.logs = logs; });
}

void Worker::set_pool_clients(PoolClients clients) {
  loop_.post([this, clients = std::move(clients)] { lane_.set_pool_clients(clients); });
}

void Worker::called(std::string pool) {
  loop_.post([this, pool = std::move(pool)] { lane_.lines().called(pool); });
}

void Worker::set_health(std::string pool, std::string backend, route::Health health, std::size_t place) {
  loop_.post([this, pool = std::move(pool), backend = std::move(backend), health, place] {
    lane_.table().set_health(pool, backend, health, place);
    lane_.table().take_stock(loop_.now());
  });
}

void Worker::finish(Duration grace, std::function<void()> done) {
  loop_.post([this, grace, done = std::move(done)] {
    while (!acceptors_.empty()) run_close(std::string(acceptors_.back()->entrance->place), grace);
    finished_ = done;
    finish_tick_.arm(loop_.now() + kFinishTick);
  });
}

// Finds the entrance's listener in the table in force.
void Worker::enter(Entrance& entrance) {
  entrance.listener = nullptr;
  if (lane_.table().table() == nullptr) return;
  for (const route::Listener& spec : lane_.table().table()->listeners) {
    if (place_of(spec) != entrance.place) continue;
    entrance.listener = lane_.table().find_listener(spec.id);
    if (entrance.listener_id != spec.id) change_tally(entrance, spec.id);
    entrance.listener_id = spec.id;
    enter_log(entrance, spec);
    entrance.protocol = spec.protocol;
    entrance.proxy_protocol = spec.proxy_protocol;
    entrance.permissive = spec.tls && spec.tls->permissive;
    entrance.tells_certificates =
        spec.tls && !spec.tls->as_envoy && spec.tls->client_certificates != route::ClientCertificates::off;
    entrance.idle_timeout = spec.idle_timeout;
    return;
  }
}

void Worker::run_apply(const CompiledTablePointer& table, std::vector<FreshBackends> fresh) {
  lane_.table().apply(table, std::move(fresh));
  lane_.table().take_stock(loop_.now());
  lane_.drains().renew();
  lane_.traffic_logs = TrafficLogs::of(*lane_.table().table(), lane_.logs);
  // Who came in through a listener that has gone may still ask, within the time that its connection ends in.
  for (const auto& entrance : closed_entrances_) {
    LiveListener* parted = lane_.table().find_parted(entrance->listener_id);
    entrance->listener = parted != nullptr ? parted : lane_.table().find_listener(entrance->listener_id);
  }
  for (const auto& acceptor : acceptors_) enter(*acceptor->entrance);
  report(true);
}

void Worker::run_close(const std::string& place, Duration grace) {
  for (std::size_t i = 0; i < acceptors_.size();) {
    if (acceptors_[i]->entrance->place != place) {
      ++i;
      continue;
    }
    acceptors_[i]->accept(INT_MAX);  // who has been let in by the kernel gets an answer
    std::unique_ptr<Entrance> entrance = std::move(acceptors_[i]->entrance);
    acceptors_.erase(acceptors_.begin() + static_cast<std::ptrdiff_t>(i));
    entrance->closing = true;
    // Not before who waits has had its chance to ask, and GOAWAY its two steps.
    entrance->end_at = loop_.now() + std::max<Duration>(longest_delay(*entrance), grace + kFinishGrace);
    if (!overdue_.armed() || overdue_.deadline() > entrance->end_at) overdue_.arm(entrance->end_at);
    std::vector<ClientConnection*> clients;
    for (const auto& client : lane_.clients()) {
      if (&client->entrance() == entrance.get()) clients.push_back(client.get());
    }
    closed_entrances_.push_back(std::move(entrance));
    for (ClientConnection* client : clients) client->finish_soon(grace);
  }
}

// Of the pools that its rules lead to.
Duration Worker::longest_delay(const Entrance& entrance) {
  Duration longest(0);
  if (entrance.listener == nullptr) return longest;
  for (const auto& rule : entrance.listener->rules) {
    const auto* forward = std::get_if<route::Forward>(&rule->spec->action);
    if (forward == nullptr) continue;
    for (const route::WeightedPool& to : forward->pools) {
      const LivePool* pool = lane_.table().find_pool(to.pool);
      if (pool != nullptr) longest = std::max<Duration>(longest, pool->spec().drain_delay);
    }
  }
  return longest;
}

void Worker::end_overdue() {
  std::vector<ClientConnection*> late;
  for (const auto& client : lane_.clients()) {
    if (client->entrance().end_at <= loop_.now()) late.push_back(client.get());
  }
  for (ClientConnection* client : late) client->end();
  for (const auto& entrance : closed_entrances_) {
    const bool waits = entrance->end_at > loop_.now();
    if (waits && (!overdue_.armed() || overdue_.deadline() > entrance->end_at)) overdue_.arm(entrance->end_at);
  }
  lane_.flush();
}

void Worker::accepted(Entrance& entrance, net::Fd socket, const net::SocketAddress& peer) {
  ++entrance.accepted;
  entrance.tally->count(Count::connections);
  accept_client(lane_, entrance, std::move(socket), peer);
}

void Worker::report(bool prompt) {
  WorkerReport report;
  report.prompt = prompt;
  report.version = lane_.table().version();
  for (const auto& acceptor : acceptors_) count_connections(*acceptor->entrance);
  for (const auto& entrance : closed_entrances_) count_connections(*entrance);
  lane_.listener_tallies.collect(report.tallies);
  lane_.table().collect(report.tallies);
  report_to_(std::move(report));
}

void Worker::enter_log(Entrance& entrance, const route::Listener& spec) {
  const auto ring = spec.access_log ? lane_.logs.find(spec.access_log->path) : lane_.logs.end();
  const auto own = ring == lane_.logs.end() ? nullptr : ring->second;
  const auto format = spec.access_log ? spec.access_log->format : LogOutlet::Format{};
  if (!own && !lane_.traffic_logs) {
    entrance.log.reset();
  } else if (!entrance.log || entrance.log->ring() != own || entrance.log->format() != format ||
             entrance.log->traffic() != lane_.traffic_logs) {
    entrance.log = std::make_unique<LogOutlet>(own, format, lane_.traffic_logs);
  }
}

// The connections go with the entrance.
void Worker::change_tally(Entrance& entrance, const std::string& listener) {
  count_connections(entrance);
  entrance.tally->count(Count::connections_closed, entrance.connections);
  entrance.tally = lane_.listener_tallies.of(listener);
  entrance.tally->count(Count::connections, entrance.connections);
}

void Worker::count_connections(Entrance& entrance) {
  const std::uint64_t ended = entrance.accepted - entrance.connections;
  if (ended == entrance.told_ended) return;
  entrance.tally->count(Count::connections_closed, ended - std::exchange(entrance.told_ended, ended));
}

void Worker::on_drained() {
  if (std::exchange(drained_reported_, true)) return;
  loop_.post([this] {
    drained_reported_ = false;
    report(true);
  });
}

void Worker::on_tick() {
  tick_.arm(loop_.now() + kFeedbackInterval);
  for (const auto& pool : lane_.table().pools()) {
    for (const auto& backend : pool->backends()) {
      if (backend->attachment) static_cast<BackendLink&>(*backend->attachment).sweep(loop_.now());
    }
  }
  report(false);
  lane_.table().sweep();
  lane_.gates().sweep();
  lane_.lines().try_all();
  std::erase_if(closed_entrances_, [](const auto& entrance) { return entrance->connections == 0; });
  if (closed_entrances_.empty()) lane_.table().forget_parted();
}

void Worker::check_finished() {
  if (!lane_.clients().empty()) return finish_tick_.arm(loop_.now() + kFinishTick);
  report(true);  // what was counted since the last one would end with this process
  finished_();
}

}  // namespace weir::proxy
