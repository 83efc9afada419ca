// LogCourier: tells LogDeliveries when to look: soon after a container has written (inotify on the task's log folder),
// when a held back event is due, and once in a while. Owned by Server; control thread.
#pragma once

#include <map>
#include <set>
#include <string>

#include "base/log.h"
#include "net/fd.h"
#include "net/loop.h"
#include "net/timer.h"
#include "observe/log_deliveries.h"
#include "runtime/task_log.h"

namespace weir {

class LogCourier final : private net::FdHandler, private observe::LogSource {
 public:
  // All outlive this.
  LogCourier(net::Loop& loop, store::Store& store, observe::LogKeep& keep, const runtime::TaskLog& logs, Log& log);
  ~LogCourier() override;

  // Takes up what the store knows of. Errors: the store's.
  Result<> resume();
  // Takes up one whose document is in the store.
  void begin(const model::LogDelivery& delivery);

 private:
  void on_ready(std::uint32_t) override;
  Result<Chunk> read(const std::string& task, const std::string& container, std::int64_t offset) const override;
  void look();
  void look_at(const std::string& task);
  // Moves the next look at the task there where it was to be later.
  void look_by(const std::string& task, Instant at);
  void arm();

  // A task's folder. Where it cannot be watched, it is looked at each second.
  struct Folder {
    int watch = -1;
    Instant look;
  };

  net::Loop& loop_;
  const runtime::TaskLog& logs_;
  observe::LogDeliveries deliveries_;
  net::Fd inotify_;
  std::map<std::string, Folder> folders_;  // by task
  std::map<int, std::string> watches_;     // task by watch
  net::Timer timer_;
};

}  // namespace weir
