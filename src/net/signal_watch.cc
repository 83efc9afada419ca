#include "net/signal_watch.h"

#include <sys/signalfd.h>

#include <csignal>

#include "base/check.h"

namespace weir::net {

SignalWatch::SignalWatch(Loop& loop, std::initializer_list<int> signals, std::function<void(int)> seen)
    : loop_(loop), seen_(std::move(seen)) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  fd_.reset(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  check(fd_.valid(), "signals can be watched");
  loop_.watch(fd_.get(), kReadable, *this);
}

SignalWatch::~SignalWatch() { loop_.unwatch(fd_.get()); }

void SignalWatch::on_ready(std::uint32_t) {
  signalfd_siginfo seen;
  if (read(fd_.get(), &seen, sizeof seen) == static_cast<ssize_t>(sizeof seen)) {
    seen_(static_cast<int>(seen.ssi_signo));
  }
}

}  // namespace weir::net
