// One run of `weir prove`: a lane for each protocol, all at once, a line a second, and what is marked. One loop, one
// thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cli/prove_lane.h"
#include "net/timer.h"

namespace weir::cli {

class ProveRun {
 public:
  // `lines` is called with the line of every second; all must outlive the run.
  ProveRun(net::Loop& loop, const ProveOptions& options, const net::SocketAddress& address, ProveAccount& account,
           std::function<void(const std::string&)> lines);

  // Runs the loop until the duration is over or end() was called, and every request sent has been accounted for.
  void run();
  // Sends no more; a second time: does not wait for what is under way either.
  void end();
  // Something happens now: the account tells the time before it from that after it.
  void mark();
  Duration lasted() const { return lasted_; }

 private:
  void tick();
  void lane_is_done();

  net::Loop& loop_;
  const ProveOptions& options_;
  ProveAccount& account_;
  std::function<void(const std::string&)> lines_;
  net::Timer tick_;
  std::vector<std::unique_ptr<ProveLane>> lanes_;
  std::size_t done_ = 0;   // of the lanes
  std::size_t marks_ = 0;  // of the options' that have been
  std::size_t named_ = 0;  // marks without a name so far
  bool ended_ = false;     // by a file
  Instant start_, second_begin_;
  Duration lasted_{0};
};

}  // namespace weir::cli
