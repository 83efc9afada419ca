#include "cli/prove_run.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "cli/prove_h1.h"
#include "cli/prove_h2.h"

namespace weir::cli {

class ProveRun::Alarm final : public net::FdHandler {
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

ProveRun::ProveRun(net::Loop& loop, const ProveOptions& options, const net::SocketAddress& address,
                   ProveAccount& account, std::function<void(const std::string&)> lines)
    : loop_(loop),
      options_(options),
      address_(address),
      account_(account),
      lines_(std::move(lines)),
      judge_(options),
      tick_(loop, [this] { tick(); }) {
  if (options.protocol == ProveProtocol::h1) {
    h1_request_ = prove_h1_request(options);
  } else {
    h2_request_ = prove_h2_request(options);
  }
}

ProveRun::~ProveRun() = default;

Instant ProveRun::intended(std::uint64_t index) const {
  return start_ + Duration(static_cast<std::int64_t>(1e9 * static_cast<double>(index) / options_.rate));
}

void ProveRun::run() {
  start_ = second_begin_ = reopen_at_ = loop_.clock().now();
  alarm_ = std::make_unique<Alarm>(loop_, [this] { arrivals(); });
  for (std::size_t i = 0; i < options_.connections; ++i) open_connection();
  // The first request leaves a moment later, when the connections have had time to open.
  start_ += kProveTick;
  alarm_->set(start_);
  tick_.arm(start_);
  loop_.run();
  lasted_ = loop_.clock().now() - start_;
  tick_.cancel();
  alarm_.reset();
}

void ProveRun::end() {
  if (std::exchange(ending_, true)) {
    for (const auto& call : calls_) give_up(*call, "unfinished at the end", "unfinished at the end");
  }
  stop_when_done();
}

// Everything that is due by now, also when the loop came late: the schedule does not move.
void ProveRun::arrivals() {
  while (!ending_) {
    const Instant due = intended(arrived_);
    if (options_.duration && due >= start_ + *options_.duration) {
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
    account_.started();
    ++arrived_;
  }
  dispatch();
}

void ProveRun::dispatch() {
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
  while (opening < waiting_.size() && usable_connections() < options_.connections) {
    open_connection();
    ++opening;
  }
}

// In a turn of its own, when no connection's code is under way.
void ProveRun::dispatch_soon() { alarm_->set(loop_.now()); }

// Connections take turns, so that every one of them is in use and would show a fault.
ProveConnection* ProveRun::free_connection() {
  for (std::size_t i = 0; i < connections_.size(); ++i) {
    ProveConnection& one = *connections_[next_connection_++ % connections_.size()];
    if (one.can_take()) return &one;
  }
  return nullptr;
}

std::size_t ProveRun::usable_connections() const {
  return static_cast<std::size_t>(std::ranges::count_if(connections_, [](const auto& one) {
    return one->phase() == ProveConnection::Phase::opening || one->phase() == ProveConnection::Phase::open;
  }));
}

void ProveRun::open_connection() {
  ProveCalls& calls = *this;
  if (options_.protocol == ProveProtocol::h1) {
    connections_.push_back(std::make_unique<ProveH1>(loop_, options_, calls, h1_request_));
  } else {
    connections_.push_back(std::make_unique<ProveH2>(loop_, options_, calls, h2_request_));
  }
  connections_.back()->open(address_);
}

void ProveRun::on_answer(ProveCall& call) { finish(call, judge_.judge(call.answer)); }

void ProveRun::on_failure(ProveCall& call, std::string cause, std::string example) {
  finish(call, {.cause = std::move(cause), .example = std::move(example)});
}

void ProveRun::on_unsent(ProveCall& call) {
  call.state = ProveCall::State::waiting;
  call.connection = nullptr;
  waiting_.push_front(&call);
  dispatch_soon();
}

void ProveRun::on_gone(ProveConnection& connection, std::string refused) {
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

void ProveRun::finish(ProveCall& call, const ProveOutcome& outcome) {
  check(call.state != ProveCall::State::done, "a request is accounted for twice");
  call.state = ProveCall::State::done;
  call.connection = nullptr;
  call.answer = {};
  account_.finished(outcome, loop_.now() - call.intended, loop_.wall());
  stop_when_done();
}

void ProveRun::stop_when_done() {
  if (ending_ && account_.open() == 0) loop_.stop();
}

void ProveRun::tick() {
  gone_.clear();
  expire();
  while (!ending_ && loop_.now() >= reopen_at_ && usable_connections() < options_.connections) open_connection();
  dispatch();
  if (loop_.now() >= second_begin_ + std::chrono::seconds(1)) end_of_second();
  if (!options_.until_file.empty() && !ending_ && ::access(options_.until_file.c_str(), F_OK) == 0) end();
  tick_.arm(loop_.now() + kProveTick);
}

// Every call has the same time allowed, so the oldest run out first.
void ProveRun::expire() {
  while (!calls_.empty()) {
    ProveCall& call = *calls_.front();
    if (call.state != ProveCall::State::done) {
      if (loop_.now() < call.intended + options_.timeout) break;
      give_up(call, "no free connection", "timeout");
    }
    calls_.pop_front();
  }
}

void ProveRun::give_up(ProveCall& call, const char* waiting, const char* under_way) {
  if (call.state == ProveCall::State::done) return;
  if (call.state == ProveCall::State::waiting) {
    std::erase(waiting_, &call);
    on_failure(call, waiting, "");
    return;
  }
  call.connection->abandon(call);
  on_failure(call, under_way, "");
}

void ProveRun::end_of_second() {
  lines_(account_.period_line(loop_.now() - start_, loop_.now() - second_begin_));
  second_begin_ = loop_.now();
}

}  // namespace weir::cli
