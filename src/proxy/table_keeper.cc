#include "proxy/table_keeper.h"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <utility>

#include "proxy/limits.h"
#include "proxy/table_file.h"

namespace weir::proxy {

TableKeeper::~TableKeeper() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void TableKeeper::keep(route::RouteTablePointer table) {
  {
    const std::lock_guard lock(mutex_);
    next_ = std::move(table);
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  }
  changed_.notify_all();
}

void TableKeeper::finish() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return next_ == nullptr && !writing_; });
}

void TableKeeper::run() {
  pthread_setname_np(pthread_self(), "table keeper");
  const auto self = static_cast<id_t>(gettid());
  setpriority(PRIO_PROCESS, self, getpriority(PRIO_PROCESS, self) + kKeeperNice);  // clients go first
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return next_ != nullptr || ending_; });
    if (next_ == nullptr) return;
    const route::RouteTablePointer table = std::exchange(next_, nullptr);
    writing_ = true;
    lock.unlock();
    kept_(table->version, write_table_file(path_, *table));
    lock.lock();
    writing_ = false;
    changed_.notify_all();
  }
}

}  // namespace weir::proxy
