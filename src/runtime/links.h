// Links, addresses and routes of one network namespace, by rtnetlink: what a task's own network is made of. Addresses
// are numbers of the host's byte order. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/netlink.h"

namespace weir::runtime {

class Links {
 public:
  // Of the calling thread's network namespace, also when the thread has left it.
  static Result<Links> open();

  // A pair of links, each the other's far end: `name` here, `far_name` with that `mac` ("0a:58:…") in the network
  // namespace that the descriptor stands for. Errors: "Exists", "NotPermitted", "Io".
  Result<> make_pair(const std::string& name, const std::string& far_name, const std::string& mac, int far_namespace);
  // Takes the link, and what ends at it, away. Errors: "NotFound".
  Result<> remove(const std::string& name);
  Result<> set_up(const std::string& name);
  // Lets packets that arrive there be passed on, also to this host's loopback.
  Result<> let_pass(const std::string& name);
  Result<> add_address(const std::string& name, std::uint32_t address);
  // To one address, by a link, as `source` where that is not 0. Errors: "Exists" where there is one.
  Result<> add_route(const std::string& name, std::uint32_t address, std::uint32_t source);
  Result<> add_default_route(const std::string& name, std::uint32_t gateway);
  // The names that begin so.
  Result<std::vector<std::string>> list(const std::string& prefix);

 private:
  explicit Links(Netlink netlink) : netlink_(std::move(netlink)) {}
  Result<int> index_of(const std::string& name);

  Netlink netlink_;
};

std::string address_text(std::uint32_t address);        // "169.254.172.2"
std::uint32_t address_number(const std::string& text);  // 0 where it is none

}  // namespace weir::runtime
