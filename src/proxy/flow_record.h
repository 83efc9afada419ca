// FlowRecord: counts one connection of a client whose bytes are passed on as they come, from when its pool is chosen
// to its end: at its listener and its pool it is one request. One thread; owned by the TcpClient, then by the Tunnel.
#pragma once

#include "base/clock.h"
#include "net/loop.h"
#include "proxy/client_connection.h"
#include "proxy/exchange_meter.h"
#include "proxy/live_pool.h"

namespace weir::proxy {

class FlowRecord {
 public:
  // All three outlive the record.
  FlowRecord(const net::Loop& loop, const Entrance& entrance, LivePool& pool)
      : loop_(loop), entrance_(entrance), pool_(pool), began_(loop.now()) {
    count(Count::requests);
  }
  ~FlowRecord() {
    count(Count::finished);
    const std::uint64_t time = in_micros(loop_.now() - began_);
    entrance_.tally->duration(time);
    pool_.tally.duration(time);
  }
  FlowRecord(const FlowRecord&) = delete;
  FlowRecord& operator=(const FlowRecord&) = delete;

  void failed(FailureCause cause) { count(count_of(cause)); }
  // A backend beside the first.
  void retried() { count(Count::retries); }

 private:
  void count(Count what) {
    entrance_.tally->count(what);
    pool_.tally.count(what);
  }

  const net::Loop& loop_;
  const Entrance& entrance_;
  LivePool& pool_;
  Instant began_;
};

}  // namespace weir::proxy
