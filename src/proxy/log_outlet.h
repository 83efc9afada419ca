// LogOutlet: where the lines of what comes through one listener go, at one worker: its access log, and the logs of who
// has its traffic. One thread; owned by the Entrance.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "proxy/access_line.h"
#include "proxy/log_ring.h"
#include "proxy/tally.h"
#include "proxy/traffic_logs.h"
#include "route/route_table.h"

namespace weir::proxy {

class LogOutlet {
 public:
  using Format = route::AccessLog::Format;
  // Either may be null.
  LogOutlet(std::shared_ptr<LogRing> ring, Format format, std::shared_ptr<const TrafficLogs> traffic)
      : ring_(std::move(ring)), format_(format), traffic_(std::move(traffic)) {}

  // Never waits: where there is no room the line is dropped, and counted as that.
  void write(const AccessFacts& facts, Tally& tally) {
    if (traffic_) traffic_->write(facts, tally);
    if (!ring_) return;
    line_.clear();
    switch (format_) {
      case Format::alb:
        write_alb_line(line_, facts);
        break;
      case Format::json:
        write_json_line(line_, facts);
        break;
      case Format::nlb:
        write_nlb_line(line_, facts);
        break;
    }
    tally.count(ring_->append(line_) ? Count::log_lines : Count::log_dropped);
  }
  const std::shared_ptr<LogRing>& ring() const { return ring_; }
  Format format() const { return format_; }
  const std::shared_ptr<const TrafficLogs>& traffic() const { return traffic_; }

 private:
  std::shared_ptr<LogRing> ring_;
  Format format_;
  std::shared_ptr<const TrafficLogs> traffic_;
  std::string line_;
};

}  // namespace weir::proxy
