// LogPipe: one of a container's pipes, read into its log. In the shim, on its loop and thread.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <utility>

#include "net/loop.h"
#include "runtime/limits.h"
#include "runtime/task_log.h"

namespace weir::runtime {

class LogPipe final : public net::FdHandler {
 public:
  LogPipe(net::Loop& loop, net::Fd fd, LogStream stream, LogWriter& log)
      : loop_(loop), fd_(std::move(fd)), stream_(stream), log_(log) {
    loop_.watch(fd_.get(), net::kReadable, *this);
  }
  ~LogPipe() override { close(); }

  // Reads what is there without waiting.
  void drain() {
    while (fd_ && read_once()) continue;
  }

 private:
  void on_ready(std::uint32_t) override { read_once(); }
  void close() {
    if (!fd_) return;
    loop_.unwatch(fd_.get());
    fd_.reset();
  }
  bool read_once() {
    static thread_local char buffer[kLogReadBytes];
    const ssize_t count = read(fd_.get(), buffer, sizeof buffer);
    if (count > 0) log_.write(stream_, {buffer, static_cast<std::size_t>(count)});
    if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) close();
    return count > 0;
  }

  net::Loop& loop_;
  net::Fd fd_;
  LogStream stream_;
  LogWriter& log_;
};

}  // namespace weir::runtime
