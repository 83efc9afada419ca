// SignalWatch: signals as events of a loop. They are blocked in the constructing thread; construct it before other
// threads start, so that they inherit the block.
#pragma once

#include <functional>
#include <initializer_list>

#include "net/fd.h"
#include "net/loop.h"

namespace weir::net {

class SignalWatch final : public FdHandler {
 public:
  // `seen` is called with the signal's number on the loop's thread.
  SignalWatch(Loop& loop, std::initializer_list<int> signals, std::function<void(int)> seen);
  ~SignalWatch() override;

 private:
  void on_ready(std::uint32_t events) override;

  Loop& loop_;
  std::function<void(int)> seen_;
  Fd fd_;
};

}  // namespace weir::net
