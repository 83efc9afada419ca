// CheckRun: one health check of one backend under way: connect, ask, judge the answer. One thread (the main loop);
// owned by a HealthChecks, which destroys it after `done`.
#pragma once

#include <functional>
#include <memory>

#include "net/loop.h"
#include "net/socket_address.h"
#include "net/tls.h"
#include "proxy/health_judge.h"

namespace weir::proxy {

class CheckRun {
 public:
  virtual ~CheckRun() = default;
};

struct CheckTarget {
  net::SocketAddress address;
  route::HealthCheck check;
  route::PoolProtocol protocol;
  bool secure = false;                        // over TLS
  std::string host;                           // the address without its port
  std::shared_ptr<const net::TlsClient> tls;  // null where the pool's files could not be used
};

// Starts a check. `done` is called once, later, on the loop's thread; not any more once the run is destroyed.
std::unique_ptr<CheckRun> start_check(net::Loop& loop, const CheckTarget& target,
                                      std::function<void(CheckOutcome)> done);

}  // namespace weir::proxy
