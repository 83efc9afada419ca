// LogOutlet: where the lines of one listener's access log go, at one worker. One thread; owned by the Entrance.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "proxy/access_line.h"
#include "proxy/log_ring.h"
#include "proxy/tally.h"
#include "route/route_table.h"

namespace weir::proxy {

class LogOutlet {
 public:
  using Format = route::AccessLog::Format;
  LogOutlet(std::shared_ptr<LogRing> ring, Format format) : ring_(std::move(ring)), format_(format) {}

  // Never waits: where there is no room the line is dropped, and counted as that.
  void write(const AccessFacts& facts, Tally& tally) {
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

 private:
  std::shared_ptr<LogRing> ring_;
  Format format_;
  std::string line_;
};

}  // namespace weir::proxy
