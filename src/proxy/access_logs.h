// AccessLogs: the files that listeners' access logs go to, and the thread that writes them: it looks into the workers'
// rings every kLogInterval, appends whole lines, and opens a file anew when it was moved away or when asked. A path
// that cannot be written is tried again every kLogRetry; its lines wait as long as there is room. Two listeners may
// share a path. Owned by the DataPlane; the main thread, except where said.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "proxy/log_ring.h"
#include "route/route_table.h"

namespace weir::proxy {

class AccessLogs {
 public:
  // `changed` is called on the writing thread when a path has begun to fail, or to work.
  AccessLogs(const Clock& clock, Log& log, std::size_t workers, std::function<void()> changed);
  // Writes what lies ready, as far as the files take it.
  ~AccessLogs();

  // Begins with the paths that the table asks for; leaves the others once nobody appends to them any more.
  void take_table(const route::RouteTable& table);
  // Where each worker appends.
  const LogRings& rings(std::size_t worker) const { return rings_[worker]; }
  // Opens every file anew.
  void reopen();
  // Why `path` cannot be written; empty: it can.
  std::string error(std::string_view path) const;

 private:
  struct File;
  void run();
  void write_all(const std::vector<std::shared_ptr<File>>& files, bool reopen);

  const Clock& clock_;
  Log& log_;
  std::function<void()> changed_;
  std::vector<LogRings> rings_;  // by worker
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::map<std::string, std::shared_ptr<File>, std::less<>> files_;  // guarded by mutex_
  bool reopen_ = false;                                              // likewise
  bool stopping_ = false;                                            // likewise
  std::thread thread_;                                               // from the first path on
};

}  // namespace weir::proxy
