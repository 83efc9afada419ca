// PortPool: host ports for tasks, each given to one task at a time. A port is reserved across all processes of this
// network namespace by a socket in the abstract Unix namespace, which the task's shim keeps open: so it is free again
// exactly when the shim is gone. One thread.
#pragma once

#include <cstdint>
#include <set>

#include "base/result.h"
#include "net/fd.h"

namespace weir::runtime {

struct ReservedPort {
  std::uint16_t port = 0;
  net::Fd reservation;
};

class PortPool {
 public:
  // Ports that are not wished for come from first to last, both included.
  PortPool(std::uint16_t first, std::uint16_t last) : first_(first), last_(last), next_(first) {}

  // Reserves `wished`, or any where that is 0, and holds it. Errors: "PortTaken".
  Result<ReservedPort> take(std::uint16_t wished);
  // Holds a port of a task that is adopted: it has its reservation already.
  void hold(std::uint16_t port) { held_.insert(port); }
  void release(std::uint16_t port) { held_.erase(port); }

 private:
  Result<ReservedPort> reserve(std::uint16_t port);

  std::uint16_t first_, last_, next_;
  std::set<std::uint16_t> held_;
};

}  // namespace weir::runtime
