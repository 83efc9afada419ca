// AddressPool: addresses for tasks that have networks of their own, out of those that ECS uses for them,
// 169.254.172.0/22. Each is given to one task at a time, across every `weir serve` of this machine: it is claimed by a
// socket that the task's shim keeps open. The one that was free longest is given first, so that nobody finds a new task
// where an old one was. One thread.
#pragma once

#include <cstdint>
#include <set>

#include "base/result.h"
#include "net/fd.h"

namespace weir::runtime {

inline constexpr std::uint32_t kTaskNetwork = 0xa9feac00;  // 169.254.172.0
inline constexpr std::uint32_t kTaskNetworkMask = 0xfffffc00;
inline constexpr std::uint32_t kTaskGateway = kTaskNetwork + 1;
inline constexpr std::uint32_t kFirstTaskAddress = kTaskNetwork + 2;
inline constexpr std::uint32_t kLastTaskAddress = (kTaskNetwork | ~kTaskNetworkMask) - 1;

struct ReservedAddress {
  std::uint32_t address = 0;
  net::Fd reservation;
};

class AddressPool {
 public:
  // Goes through the addresses from `start`, a number that differs between instances, so that they seldom meet.
  explicit AddressPool(std::uint32_t start)
      : next_(kFirstTaskAddress + start % (kLastTaskAddress - kFirstTaskAddress + 1)) {}

  // Errors: "NoAddress" where all are in use.
  Result<ReservedAddress> take();
  // Holds the address of a task that is adopted: its shim has the reservation.
  void hold(std::uint32_t address) { held_.insert(address); }
  void release(std::uint32_t address) { held_.erase(address); }

 private:
  std::uint32_t next_;
  std::set<std::uint32_t> held_;
};

}  // namespace weir::runtime
