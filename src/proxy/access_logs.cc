#include "proxy/access_logs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <set>
#include <system_error>
#include <utility>

#include "net/fd.h"
#include "proxy/limits.h"

namespace weir::proxy {
namespace {

std::string reason(int error) { return std::error_code(error, std::generic_category()).message(); }

}  // namespace

// One path. The writing thread's, but for `error` and `wanted`, which the mutex guards.
struct AccessLogs::File {
  std::string path;
  std::vector<std::shared_ptr<LogRing>> rings;
  net::Fd fd;
  Instant next_look{};               // whether the file is still the one at the path, or can be opened
  std::size_t unfinished = 0;        // the ring of which a line is written in part ...
  std::uint64_t unfinished_end = 0;  // ... up to where; 0: none
  std::string error;
  bool wanted = true;
  bool is_pipe = false;  // its reader makes it, and comes and goes: that is no news

  // The reason, empty where it went well.
  std::string open() {
    const int make = is_pipe ? 0 : O_CREAT;
    fd = net::Fd(::open(path.c_str(), O_WRONLY | O_APPEND | make | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, 0640));
    return fd ? "" : reason(errno);
  }
  bool moved() const {
    struct stat ours {
    }, theirs{};
    if (fstat(fd.get(), &ours) != 0 || stat(path.c_str(), &theirs) != 0) return true;
    return ours.st_dev != theirs.st_dev || ours.st_ino != theirs.st_ino;
  }
  // False: the file takes no more; errno says why.
  bool write_ring(std::size_t index, std::uint64_t end) {
    LogRing& ring = *rings[index];
    while (ring.begin() != end) {
      const std::string_view piece = ring.piece(end);
      const ssize_t written = write(fd.get(), piece.data(), piece.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return false;
      ring.consume(static_cast<std::size_t>(written));
      unfinished = index;
      unfinished_end = ring.begin() == end ? 0 : end;
    }
    return true;
  }
  // A line is finished before another ring has its turn: lines are never mixed.
  std::string write_rings() {
    if (unfinished_end != 0 && !write_ring(unfinished, unfinished_end)) return errno == EAGAIN ? "" : reason(errno);
    for (std::size_t i = 0; i < rings.size(); ++i) {
      if (!write_ring(i, rings[i]->end())) return errno == EAGAIN ? "" : reason(errno);
    }
    return "";
  }
  std::string step(Instant now, bool reopen) {
    const bool look = reopen || now >= next_look;
    if (look) next_look = now + kLogRetry;
    if (!fd && !look) return error;
    if (fd && look && unfinished_end == 0 && (reopen || moved())) {
      const std::string last = write_rings();
      if (unfinished_end == 0) fd.reset();
      if (!last.empty()) return last;
    }
    if (!fd) {
      if (std::string why = open(); !why.empty()) return why;
    }
    return write_rings();
  }
  // Nobody appends any more, and all is written, or can not be.
  bool done() const {
    for (const auto& ring : rings) {
      if (ring.use_count() > 1) return false;
      std::atomic_thread_fence(std::memory_order_acquire);
      if (!ring->empty() && error.empty()) return false;
    }
    return true;
  }
};

AccessLogs::AccessLogs(const Clock& clock, Log& log, std::size_t workers, std::function<void()> changed)
    : clock_(clock), log_(log), changed_(std::move(changed)), rings_(workers) {}

AccessLogs::~AccessLogs() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void AccessLogs::take_table(const route::RouteTable& table) {
  std::set<std::string_view> wanted;
  for (const route::Listener& listener : table.listeners) {
    if (listener.access_log) wanted.insert(listener.access_log->path);
  }
  for (const route::TrafficLog& log : table.traffic_logs) wanted.insert(log.path);
  const std::lock_guard lock(mutex_);
  for (auto& [path, file] : files_) file->wanted = wanted.contains(path);
  for (LogRings& rings : rings_) std::erase_if(rings, [&](const auto& each) { return !wanted.contains(each.first); });
  for (const std::string_view path : wanted) {
    auto& file = files_[std::string(path)];
    if (file == nullptr) {
      file = std::make_shared<File>();
      file->path = path;
      file->is_pipe = route::is_pipe(file->path);
      for (std::size_t i = 0; i < rings_.size(); ++i) file->rings.push_back(std::make_shared<LogRing>(kLogRing));
    }
    for (std::size_t i = 0; i < rings_.size(); ++i) rings_[i][std::string(path)] = file->rings[i];
  }
  if (!wanted.empty() && !thread_.joinable()) thread_ = std::thread([this] { run(); });
  wake_.notify_one();
}

void AccessLogs::reopen() {
  const std::lock_guard lock(mutex_);
  reopen_ = true;
  wake_.notify_one();
}

std::string AccessLogs::error(std::string_view path) const {
  const std::lock_guard lock(mutex_);
  const auto found = files_.find(path);
  return found == files_.end() ? "" : found->second->error;
}

// The workers never wake this thread: that would cost them a system call.
void AccessLogs::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    const bool last = stopping_;
    std::erase_if(files_, [](const auto& each) { return !each.second->wanted && each.second->done(); });
    std::vector<std::shared_ptr<File>> files;
    for (const auto& [path, file] : files_) files.push_back(file);
    const bool reopen = std::exchange(reopen_, false);
    lock.unlock();
    write_all(files, reopen);
    files.clear();
    lock.lock();
    if (last) return;
    if (stopping_ || reopen_) continue;
    if (files_.empty()) {
      wake_.wait(lock);
    } else {
      wake_.wait_for(lock, kLogInterval);
    }
  }
}

void AccessLogs::write_all(const std::vector<std::shared_ptr<File>>& files, bool reopen) {
  const Instant now = clock_.now();
  for (const auto& file : files) {
    std::string error = file->step(now, reopen);
    if (error == file->error) continue;
    const bool told = !file->is_pipe;
    if (told && !error.empty()) log_.warning("the access log " + file->path + " cannot be written: " + error);
    if (told && error.empty()) log_.info("the access log " + file->path + " is written again");
    {
      const std::lock_guard lock(mutex_);
      file->error = std::move(error);
    }
    if (told) changed_();
  }
}

}  // namespace weir::proxy
