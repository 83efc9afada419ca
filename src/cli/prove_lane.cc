#include "cli/prove_lane.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "cli/prove_h1.h"
#include "cli/prove_h2.h"
#include "cli/prove_websocket.h"

namespace weir::cli {

class ProveLane::Alarm final : public net::FdHandler {
 public:
  Alarm(net::Loop& loop, std::function<void()> ring)
      : loop_(loop), ring_(std::move(ring)), fd_(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)) {
    check(fd_.valid(), "no timer descriptor");
    loop_.watch(fd_.get(), net::kReadable, *this);
  }
  ~Alarm() override { loop_.unwatch(fd_.get()); }

  void set(Instant at) {
    const auto nanoseconds = std::max<std::int64_t>(at.time_since_epoch().count(), 1);
    const itimerspec when{.it_interval = {},
                          .it_value = {.tv_sec = nanoseconds / 1'000'000'000, .tv_nsec = nanoseconds % 1'000'000'000}};
    timerfd_settime(fd_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
  }

 private:
  void on_ready(std::uint32_t) override {
    std::uint64_t expirations = 0;
    if (::read(fd_.get(), &expirations, sizeof expirations) > 0) ring_();
  }

  net::Loop& loop_;
  std::function<void()> ring_;
  net::Fd fd_;
};

ProveLane::ProveLane(net::Loop& loop, const ProveLoad& load, const net::SocketAddress& address, ProveAccount& account,
                     std::function<void()> done)
    : loop_(loop), load_(load), address_(address), account_(account), done_(std::move(done)), judge_(load) {
  switch (load.protocol) {
    case ProveProtocol::h1:
    case ProveProtocol::h1_close:
      h1_request_ = prove_h1_request(load);
      break;
    case ProveProtocol::h2:
    case ProveProtocol::grpc:
    case ProveProtocol::grpc_stream:
      h2_request_ = prove_h2_request(load);
      break;
    case ProveProtocol::websocket:
      break;
  }
}

ProveLane::~ProveLane() = default;

Instant ProveLane::intended(std::uint64_t index) const {
  return start_ + Duration(static_cast<std::int64_t>(1e9 * static_cast<double>(index) / load_.rate));
}

void ProveLane::start(Instant first, std::optional<Instant> end) {
  start_ = first;
  end_ = end;
  reopen_at_ = loop_.clock().now();
  alarm_ = std::make_unique<Alarm>(loop_, [this] { arrivals(); });
  if (!is_one_shot(load_.protocol)) open_all();
  alarm_->set(start_);
}

void ProveLane::open_all() {
  while (usable_connections() < load_.connections && loop_.now() >= reopen_at_) open_connection();
}

void ProveLane::end() {
  if (std::exchange(ending_, true)) {
    for (const auto& call : calls_) give_up(*call, "unfinished at the end", "unfinished at the end");
  }
  stop_when_done();
}

// Everything that is due by now, also when the loop came late: the schedule does not move.
void ProveLane::arrivals() {
  while (!ending_) {
    const Instant due = intended(arrived_);
    if (end_ && due >= *end_) {
      end();
      return;
    }
    if (due > loop_.now()) {
      alarm_->set(due);
      break;
    }
    calls_.push_back(std::make_unique<ProveCall>());
    calls_.back()->intended = due;
    waiting_.push_back(calls_.back().get());
    account_.started(load_.protocol);
    ++arrived_;
  }
  dispatch();
}

void ProveLane::dispatch() {
  while (!waiting_.empty()) {
    ProveConnection* connection = free_connection();
    if (connection == nullptr) break;
    ProveCall& call = *waiting_.front();
    waiting_.pop_front();
    call.state = ProveCall::State::under_way;
    call.connection = connection;
    if (!connection->take(call)) on_unsent(call);
  }
  std::size_t opening = 0;
  for (const auto& one : connections_) opening += one->phase() == ProveConnection::Phase::opening;
  while (opening < waiting_.size() && usable_connections() < load_.connections) {
    open_connection();
    ++opening;
  }
}

// In a turn of its own, when no connection's code is under way.
void ProveLane::dispatch_soon() { alarm_->set(loop_.now()); }

// Connections take turns, so that every one of them is in use and would show a fault.
ProveConnection* ProveLane::free_connection() {
  for (std::size_t i = 0; i < connections_.size(); ++i) {
    ProveConnection& one = *connections_[next_connection_++ % connections_.size()];
    if (one.can_take()) return &one;
  }
  return nullptr;
}

std::size_t ProveLane::usable_connections() const {
  return static_cast<std::size_t>(std::ranges::count_if(connections_, [](const auto& one) {
    return one->phase() == ProveConnection::Phase::opening || one->phase() == ProveConnection::Phase::open;
  }));
}

std::unique_ptr<ProveConnection> ProveLane::make_connection() {
  ProveCalls& calls = *this;
  switch (load_.protocol) {
    case ProveProtocol::h1:
    case ProveProtocol::h1_close:
      return std::make_unique<ProveH1>(loop_, load_, calls, h1_request_);
    case ProveProtocol::h2:
    case ProveProtocol::grpc:
    case ProveProtocol::grpc_stream:
      return std::make_unique<ProveH2>(loop_, load_, calls, h2_request_);
    case ProveProtocol::websocket:
      break;
  }
  return std::make_unique<ProveWebSocket>(loop_, load_, calls, opened_++);
}

void ProveLane::open_connection() {
  connections_.push_back(make_connection());
  connections_.back()->open(address_);
}

void ProveLane::on_answer(ProveCall& call) { finish(call, judge_.judge(call.answer)); }

void ProveLane::on_failure(ProveCall& call, std::string cause, std::string example) {
  finish(call, {.cause = std::move(cause), .example = std::move(example)});
}

void ProveLane::on_unsent(ProveCall& call) {
  call.state = ProveCall::State::waiting;
  call.connection = nullptr;
  waiting_.push_front(&call);
  dispatch_soon();
}

void ProveLane::on_gone(ProveConnection& connection, std::string refused) {
  const auto found = std::ranges::find(connections_, &connection, &std::unique_ptr<ProveConnection>::get);
  check(found != connections_.end(), "a connection that is not ours is gone");
  gone_.push_back(std::move(*found));
  connections_.erase(found);
  if (refused.empty()) {
    if (!waiting_.empty()) dispatch_soon();
    return;
  }
  reopen_at_ = loop_.now() + kProveReconnect;
  if (waiting_.empty()) return;
  // It was opened for the one that waits longest.
  ProveCall& call = *waiting_.front();
  waiting_.pop_front();
  on_failure(call, std::move(refused), address_.text());
}

void ProveLane::finish(ProveCall& call, const ProveOutcome& outcome) {
  check(call.state != ProveCall::State::done, "a request is accounted for twice");
  call.state = ProveCall::State::done;
  call.connection = nullptr;
  call.answer = {};
  call.incoming.clear();
  account_.finished(load_.protocol, outcome, loop_.now() - call.intended, loop_.now());
  ++ended_;
  stop_when_done();
}

void ProveLane::stop_when_done() {
  if (!ending_ || ended_ < arrived_ || !done_) return;
  std::exchange(done_, nullptr)();
}

void ProveLane::tick() {
  gone_.clear();
  expire();
  if (!ending_ && !is_one_shot(load_.protocol)) open_all();
  dispatch();
}

// Every call has the same time allowed, so the oldest run out first.
void ProveLane::expire() {
  while (!calls_.empty()) {
    ProveCall& call = *calls_.front();
    if (call.state != ProveCall::State::done) {
      if (loop_.now() < call.intended + load_.timeout) break;
      give_up(call, "no free connection", "timeout");
    }
    calls_.pop_front();
  }
}

void ProveLane::give_up(ProveCall& call, const char* waiting, const char* under_way) {
  if (call.state == ProveCall::State::done) return;
  if (call.state == ProveCall::State::waiting) {
    std::erase(waiting_, &call);
    on_failure(call, waiting, "");
    return;
  }
  call.connection->abandon(call);
  on_failure(call, under_way, "");
}

}  // namespace weir::cli
