// TableKeeper: writes tables to the disk on a thread of its own, because to sync a file takes as long as the disk
// likes: meanwhile workers take the table up. Of those that come while one is being written only the newest is written.
// Owned by the DataPlane.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "base/result.h"
#include "route/route_table.h"

namespace weir::proxy {

class TableKeeper {
 public:
  // Called on the keeper's thread when the table of `version` is on disk, or why it is not.
  using Kept = std::function<void(std::int64_t version, Result<void> written)>;
  TableKeeper(std::string path, Kept kept) : path_(std::move(path)), kept_(std::move(kept)) {}
  ~TableKeeper();  // after the newest table has been written

  // Any thread. The thread that writes begins with the first.
  void keep(route::RouteTablePointer table);
  // Waits until nothing is left to be written. Any thread but the keeper's.
  void finish();

 private:
  void run();

  const std::string path_;
  const Kept kept_;
  std::mutex mutex_;
  std::condition_variable changed_;
  route::RouteTablePointer next_;  // guarded by mutex_, as are the others; null: none waits
  bool writing_ = false;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace weir::proxy
