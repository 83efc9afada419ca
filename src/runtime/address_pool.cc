#include "runtime/address_pool.h"

#include <fmt/format.h>

#include "runtime/links.h"
#include "runtime/name_claim.h"

namespace weir::runtime {

Result<ReservedAddress> AddressPool::take() {
  for (std::uint32_t tries = kLastTaskAddress - kFirstTaskAddress + 1; tries > 0; --tries) {
    const std::uint32_t address = next_;
    next_ = address == kLastTaskAddress ? kFirstTaskAddress : address + 1;
    if (held_.contains(address)) continue;
    net::Fd reservation = claim_name("weir-task-address-" + address_text(address));
    if (!reservation) continue;
    held_.insert(address);
    return ReservedAddress{address, std::move(reservation)};
  }
  return fail("NoAddress",
              fmt::format("every address from {} to {} is in use", address_text(kFirstTaskAddress),
                          address_text(kLastTaskAddress)),
              ErrorSource::runtime);
}

}  // namespace weir::runtime
