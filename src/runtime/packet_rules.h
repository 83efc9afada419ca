// PacketRules: this machine's packet filter (nf_tables) as far as tasks with networks of their own need it, in a table
// for each running `weir serve`, so that several do not meet. By netlink: no `nft` or `iptables` is needed. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/netlink.h"

namespace weir::runtime {

struct PacketPlan {
  std::string table;
  std::string links;      // what the names of this instance's links begin with
  std::string all_links;  // …and those of every instance's
  std::uint32_t gateway = 0;
  std::uint32_t network = 0;  // all tasks' addresses
  std::uint32_t mask = 0;
  std::uint16_t name_port = 0;  // of this host's loopback: what tasks send to port 53 of their gateway; 0: to 53 there
  std::uint32_t services = 0;   // the first of this instance's loopback addresses for virtual services; 0: none
};

class PacketRules {
 public:
  static Result<PacketRules> open();

  // Makes the table, or makes it anew: what tasks send to their gateway reaches this host's loopback; what they send to
  // other machines goes out under the host's address; what comes from other machines unasked does not reach them.
  // Errors: "NotPermitted", "Io" where the kernel has no nf_tables.
  Result<> make(const PacketPlan& plan);
  // A table without any rule: a note to those who come later.
  Result<> make_note(const std::string& table);
  // Errors: "NotFound".
  Result<> remove(const std::string& table);
  // Tables whose names begin so.
  Result<std::vector<std::string>> list(const std::string& prefix);

 private:
  explicit PacketRules(Netlink netlink) : netlink_(std::move(netlink)) {}

  Netlink netlink_;
};

}  // namespace weir::runtime
