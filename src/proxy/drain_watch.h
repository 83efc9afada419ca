// DrainWatch: the backends of one worker that take nothing new, and until when what they still do may go on (their
// pool's drain_delay). One timer for all of them. One thread; owned by the Lane.
#pragma once

#include <vector>

#include "net/timer.h"

namespace weir::proxy {

class BackendLink;

class DrainWatch {
 public:
  explicit DrainWatch(net::Loop& loop);

  // `link`'s backend drains, or has left the table; said once.
  void add(BackendLink& link);
  // It serves again, or is gone.
  void remove(BackendLink& link);
  // The delays may have changed.
  void renew();

 private:
  void on_due();

  net::Loop& loop_;
  net::Timer timer_;
  std::vector<BackendLink*> links_;
};

}  // namespace weir::proxy
