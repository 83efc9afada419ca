#include "main/log_courier.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <filesystem>

namespace weir {

namespace {

// From a container's line to its delivery, so that one that writes a lot costs no more than so many looks.
constexpr std::chrono::milliseconds kSoon{50};
constexpr std::chrono::seconds kUnwatched{1};
// Whether the task has ended meanwhile.
constexpr std::chrono::seconds kOnceInAWhile{5};

}  // namespace

LogCourier::LogCourier(net::Loop& loop, store::Store& store, observe::LogKeep& keep, const runtime::TaskLog& logs,
                       Log& log)
    : loop_(loop),
      logs_(logs),
      deliveries_(store, keep, *this, log),
      inotify_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)),
      timer_(loop, [this] { look(); }) {
  if (inotify_) loop_.watch(inotify_.get(), net::kReadable, *this);
}

LogCourier::~LogCourier() {
  if (inotify_) loop_.unwatch(inotify_.get());
}

Result<> LogCourier::resume() {
  TRY(deliveries_.resume());
  for (const auto& task : deliveries_.tasks()) look_at(task);
  arm();
  return {};
}

void LogCourier::begin(const model::LogDelivery& delivery) {
  deliveries_.begin(delivery);
  look_at(delivery.task);
  arm();
}

void LogCourier::look_at(const std::string& task) {
  const auto [place, fresh] = folders_.try_emplace(task);
  if (!fresh) return;
  place->second.look = loop_.now() + kSoon;
  const std::string folder = logs_.folder(task);
  std::error_code ignored;  // then it cannot be watched either
  std::filesystem::create_directories(folder, ignored);
  if (inotify_) place->second.watch = ::inotify_add_watch(inotify_.get(), folder.c_str(), IN_MODIFY);
  if (place->second.watch >= 0) watches_[place->second.watch] = task;
}

void LogCourier::look_by(const std::string& task, Instant at) {
  const auto found = folders_.find(task);
  if (found != folders_.end()) found->second.look = std::min(found->second.look, at);
}

void LogCourier::on_ready(std::uint32_t) {
  alignas(inotify_event) char buffer[16384];
  for (;;) {
    const ssize_t size = ::read(inotify_.get(), buffer, sizeof buffer);
    if (size <= 0) break;
    for (ssize_t at = 0; at < size;) {
      inotify_event event;
      std::memcpy(&event, buffer + at, sizeof event);
      at += static_cast<ssize_t>(sizeof event + event.len);
      const auto task = watches_.find(event.wd);
      if (task != watches_.end()) look_by(task->second, loop_.now() + kSoon);
      // What overflowed is not told: everything may have changed.
      if (event.mask & IN_Q_OVERFLOW) {
        for (auto& [each, folder] : folders_) look_by(each, loop_.now() + kSoon);
      }
    }
  }
  arm();
}

Result<observe::LogSource::Chunk> LogCourier::read(const std::string& task, const std::string& container,
                                                   std::int64_t offset) const {
  auto chunk = TRY(logs_.read(task, container, offset));
  return Chunk{std::move(chunk.text), chunk.next};
}

void LogCourier::look() {
  const Instant now = loop_.now();
  for (auto& [task, folder] : folders_) {
    if (folder.look > now) continue;
    const auto round = deliveries_.deliver(task, loop_.wall());
    folder.look = now + (folder.watch >= 0 && !round.failed ? kOnceInAWhile : kUnwatched);
    if (round.until) folder.look = std::min(folder.look, now + std::max(Duration(0), *round.until - loop_.wall()));
    if (round.more) folder.look = now;
  }
  const auto left = deliveries_.tasks();
  std::erase_if(folders_, [&](const auto& one) {
    if (left.contains(one.first)) return false;
    if (one.second.watch >= 0) {
      ::inotify_rm_watch(inotify_.get(), one.second.watch);
      watches_.erase(one.second.watch);
    }
    return true;
  });
  arm();
}

void LogCourier::arm() {
  timer_.cancel();
  if (folders_.empty()) return;
  const auto next = std::ranges::min_element(folders_, {}, [](const auto& one) { return one.second.look; });
  timer_.arm(next->second.look);
}

}  // namespace weir
