// The runtime's side of a shim: starting one, and the connection on which it tells how its task is. On the runtime's
// loop and thread.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/fd.h"
#include "net/loop.h"
#include "runtime/runtime.h"

namespace weir::runtime {

struct StartedShim {
  pid_t pid = 0;  // this process's to wait for
  net::Fd connection;
};

// Starts `command` + directory as the shim of the task in `directory`, which gets its socket there; the shim keeps
// `reservations` open. The connection stands before the shim runs, so that none can run unheard. Errors: "Io".
Result<StartedShim> start_shim(const std::vector<std::string>& command, const std::string& directory,
                               const std::vector<int>& reservations);

// A connection to the shim of a task. Errors: "NoShim" where surely none lives, "Io" where that is
// not known.
Result<net::Fd> connect_to_shim(const std::string& directory);

class ShimLink final : public net::FdHandler {
 public:
  // Calls `seen` for each state that the shim sends and `ended` once when it is gone; `ended` may destroy this.
  ShimLink(net::Loop& loop, net::Fd connection, std::function<void(TaskObservation)> seen, std::function<void()> ended);
  ~ShimLink() override;

  // Asks the shim to stop its task; repeats do nothing.
  void stop();

 private:
  void on_ready(std::uint32_t events) override;

  net::Loop& loop_;
  net::Fd connection_;
  std::function<void(TaskObservation)> seen_;
  std::function<void()> ended_;
  bool stop_sent_ = false;
};

// Waits for a child of this process, so that it leaves no zombie. Calls `done` (which may destroy this) when it has
// ended.
class ChildWatch final : public net::FdHandler {
 public:
  ChildWatch(net::Loop& loop, pid_t child, std::function<void()> done);
  ~ChildWatch() override;

 private:
  void on_ready(std::uint32_t events) override;

  net::Loop& loop_;
  pid_t child_;
  net::Fd pidfd_;
  std::function<void()> done_;
};

}  // namespace weir::runtime
