// KeptProcess: sees to it that one `weir proxy`, or one `weir names`, runs for a state directory. Each is a process and
// a crash domain of its own: it outlives the control process, and the next one adopts it by its pid file. One that ends
// is started again, with back-off, unless another has followed it: then the pid file names that one. One thread (the
// control thread); owned by `weir serve`.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "net/fd.h"
#include "net/loop.h"

namespace weir {

struct KeptProcessOptions {
  std::string what;                  // "proxy", for the log
  std::vector<std::string> command;  // argv; the first word is the program's path
  std::string pid_file;              // the one that serves; one that follows another writes itself into it
  std::string log_file;              // its standard error is appended here
};

class KeptProcess final : public net::FdHandler {
 public:
  KeptProcess(net::Loop& loop, Log& log, KeptProcessOptions options);
  ~KeptProcess() override;  // leaves it running

  // Adopts the one of the pid file where it still runs, otherwise starts one. Errors: "Io".
  Result<> start();
  // One has said hello: perhaps it has followed the one known here.
  void look_again();
  // Whether it runs another program than this process, or other arguments than it would be started with.
  bool outdated() const;
  // What one that is not would be started by.
  std::vector<std::string> up_to_date_command() const;
  // Starts another one beside the one that runs, and then asks that to end: for those that share their sockets with a
  // successor. Errors: "Io".
  Result<> replace();
  // Asks it to drain and end (SIGTERM), and does not start it again; `ended` is called once it is gone.
  void stop(std::function<void()> ended);
  // Ends it at once (SIGKILL).
  void kill();

  pid_t pid() const { return pid_; }

 private:
  void on_ready(std::uint32_t events) override;
  bool adopt();
  Result<> spawn();
  Result<> watch(pid_t pid);
  void gone();

  net::Loop& loop_;
  Log& log_;
  KeptProcessOptions options_;
  pid_t pid_ = 0;
  net::Fd pidfd_;
  bool stopping_ = false;
  unsigned failures_ = 0;  // in a row; grows the pause before the next start
  Instant started_at_;
  std::function<void()> ended_;
  std::unique_ptr<net::Timer> again_;
};

}  // namespace weir
