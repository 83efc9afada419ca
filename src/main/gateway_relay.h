// GatewayRelay: what a task that would be the Envoy of a virtual gateway has of it: its ports, relayed byte by byte to
// the gateway's listeners, which are Weir's proxy's (decision 0022). A `weir proxy` of its own, whose table does
// nothing else, carries the bytes. One thread.
#pragma once

#include <sys/types.h>

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/fd.h"
#include "route/route_table.h"

namespace weir {

struct RelayedPort {
  std::uint16_t port = 0;  // as the task definition names it
  std::string at_host;     // "127.72.0.5:8080": where it leads, from the host's network ...
  std::string at_twin;     // ... and from the network of a task
};

// The words after "--relay", three for each. Errors: "Usage".
Result<RelayedPort> parse_relayed_port(std::span<const std::string> words);

// `own_network`: the task has an address of its own, at which every port is what it is called; otherwise the
// environment says which port of the host stands for it. Errors: "Usage".
Result<route::RouteTable> relay_table(std::span<const RelayedPort> ports, bool own_network);

class GatewayRelay {
 public:
  // Errors: the kernel's.
  Result<> start(const route::RouteTable& table);
  bool running() const { return pid_ > 0; }
  // Lets what is under way finish; it has ended once reap() says so.
  void stop();
  // Whether it has ended since it was last asked, after SIGCHLD.
  bool reap();

 private:
  pid_t pid_ = 0;
  net::Fd table_;
};

}  // namespace weir
