#include "net/loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "base/check.h"
#include "net/limits.h"

namespace weir::net {
namespace {

static_assert(kReadable == int{EPOLLIN} && kWritable == int{EPOLLOUT} && kError == int{EPOLLERR} &&
              kHangUp == int{EPOLLHUP});

// A descriptor's number is used again soon after it is closed; the generation tells its events from its successor's.
std::uint64_t tag(int fd, std::uint32_t generation) {
  return static_cast<std::uint64_t>(generation) << 32 | static_cast<std::uint32_t>(fd);
}

}  // namespace

TurnTask::~TurnTask() {
  if (loop_ != nullptr) loop_->turn_tasks_[place_] = nullptr;
}

Loop::Loop(const Clock& clock)
    : clock_(clock), epoll_(epoll_create1(EPOLL_CLOEXEC)), wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  check(epoll_.valid() && wake_.valid(), "a loop needs an epoll instance and an eventfd");
  now_ = clock_.now();
  epoll_event event{EPOLLIN, {.u64 = tag(wake_.get(), 0)}};
  epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event);
}

Loop::~Loop() {
  for (TurnTask* task : turn_tasks_) {
    if (task != nullptr) task->loop_ = nullptr;
  }
}

void Loop::watch(int fd, std::uint32_t events, FdHandler& handler) {
  if (static_cast<std::size_t>(fd) >= watches_.size()) watches_.resize(static_cast<std::size_t>(fd) * 2 + 16);
  Watch& watch = watches_[static_cast<std::size_t>(fd)];
  check(watch.handler == nullptr, "a descriptor is watched once");
  watch.handler = &handler;
  watch.events = events;
  ++watch.generation;
  epoll_event event{events, {.u64 = tag(fd, watch.generation)}};
  check(epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0, "a watched descriptor is open and pollable");
}

void Loop::change(int fd, std::uint32_t events) {
  Watch& watch = watches_[static_cast<std::size_t>(fd)];
  check(watch.handler != nullptr, "only a watched descriptor can change");
  if (watch.events == events) return;
  watch.events = events;
  epoll_event event{events, {.u64 = tag(fd, watch.generation)}};
  epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

void Loop::unwatch(int fd) {
  Watch& watch = watches_[static_cast<std::size_t>(fd)];
  check(watch.handler != nullptr, "only a watched descriptor can be forgotten");
  watch.handler = nullptr;
  ++watch.generation;
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

void Loop::at_turn_end(TurnTask& task) {
  if (task.loop_ != nullptr) return;
  task.loop_ = this;
  task.place_ = turn_tasks_.size();
  turn_tasks_.push_back(&task);
}

void Loop::post(std::function<void()> function) {
  bool first;
  {
    std::lock_guard lock(mutex_);
    first = posted_.empty();
    posted_.push_back(std::move(function));
  }
  if (first) eventfd_write(wake_.get(), 1);
}

void Loop::stop() {
  post([this] { stopping_ = true; });
}

void Loop::run() {
  stopping_ = false;
  while (!stopping_) run_once();
}

int Loop::wait_millis(Duration timeout) const {
  if (!turn_tasks_.empty()) return 0;
  Duration wait = timeout < Duration(0) ? Duration::max() : timeout;
  if (!timers_.empty()) wait = std::min(wait, timers_.next() - clock_.now());
  if (wait == Duration::max()) return -1;
  if (wait <= Duration(0)) return 0;
  const auto millis = std::chrono::ceil<std::chrono::milliseconds>(wait).count();
  return static_cast<int>(std::min<std::int64_t>(millis, INT_MAX));
}

void Loop::run_once(Duration timeout) {
  epoll_event events[kEventsPerTurn];
  const int count = epoll_wait(epoll_.get(), events, kEventsPerTurn, wait_millis(timeout));
  check(count >= 0 || errno == EINTR, "epoll_wait fails only when interrupted");
  now_ = clock_.now();
  for (int i = 0; i < count; ++i) {
    const auto fd = static_cast<std::uint32_t>(events[i].data.u64);
    if (static_cast<int>(fd) == wake_.get()) {
      run_posted();
      continue;
    }
    const Watch& watch = watches_[fd];
    if (watch.handler == nullptr || watch.generation != events[i].data.u64 >> 32) continue;
    watch.handler->on_ready(events[i].events);
  }
  timers_.run_due(now_);
  run_turn_tasks();
}

void Loop::run_posted() {
  eventfd_t ignored;
  eventfd_read(wake_.get(), &ignored);
  std::vector<std::function<void()>> functions;
  {
    std::lock_guard lock(mutex_);
    functions.swap(posted_);
  }
  for (auto& function : functions) function();
}

void Loop::run_turn_tasks() {
  // Tasks may queue further ones; those run too, in the same turn.
  for (std::size_t i = 0; i < turn_tasks_.size(); ++i) {
    TurnTask* task = turn_tasks_[i];
    if (task == nullptr) continue;
    task->loop_ = nullptr;
    turn_tasks_[i] = nullptr;
    task->at_turn_end();
  }
  turn_tasks_.clear();
}

}  // namespace weir::net
