// HostNetwork: whether tasks can have networks of their own on this machine, and what the host needs for it: addresses,
// packet rules, forwarding. Nothing is looked at or made before a task wants it, and the last of it is removed when the
// instance ends without tasks; what a killed one left behind, the next removes. One thread (the runtime's).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/log.h"
#include "base/result.h"
#include "net/fd.h"
#include "runtime/address_pool.h"
#include "runtime/task_network.h"

namespace weir::runtime {

// Where tasks whose network mode is awsvpc live.
enum class NetworkWish {
  automatic,   // in networks of their own where this process may make them
  host,        // on the host's network
  own_or_fail  // in networks of their own; what cannot be done is an error
};

struct ReservedNetwork {
  TaskNetwork network;
  net::Fd reservation;
};

// What tasks find at addresses that are no machine's.
struct HostServices {
  // Of the host's loopback, where tasks ask for names at port 53 of their gateway; 0: nobody answers there.
  std::uint16_t name_port = 0;
  std::uint32_t mesh_range = 0;  // the first of the loopback addresses of virtual services (mesh_range.h); 0: none
};

class HostNetwork {
 public:
  // `state_directory` is what an instance is known by.
  HostNetwork(Log& log, const std::string& state_directory, NetworkWish wish, HostServices services);
  ~HostNetwork();  // removes all that was made, unless tasks still hold addresses

  // Whether tasks get networks of their own; why not is said once, in the log.
  bool available();
  // What available() would complain of. Errors: "NotPermitted" with a sentence.
  Result<> check();
  // Errors: "NoAddress".
  Result<ReservedNetwork> take();
  // Of a task that is adopted.
  void hold(const TaskNetwork& network);
  // Its task has ended: takes away what a killed shim left.
  void release(const TaskNetwork& network);

 private:
  void prepare();
  void remove();
  void sweep();
  Result<> set_rules();
  void choose_resolv_conf(bool names_are_reached);
  void forward_on_uplinks();
  void stop_forwarding();

  Log& log_;
  const NetworkWish wish_;
  const HostServices services_;
  const std::string instance_;  // six hexadecimal digits
  AddressPool addresses_;
  std::size_t in_use_ = 0;
  std::optional<bool> available_;
  bool prepared_ = false;
  net::Fd alive_;            // tells other instances that this one's rules are in use
  std::string resolv_conf_;  // of tasks
};

// What a task is to read as /etc/resolv.conf where the host reads `content`: Weir's own names are answered at its
// gateway, and those of the host by it too; what else the file says (search, options) stays.
std::string resolv_conf_for_names(const std::string& content, const std::string& gateway);
// The same where Weir answers no names: a server on the host's loopback is reached by the task at its gateway.
std::string resolv_conf_for_task(const std::string& content, const std::string& gateway);
// The links by which the host reaches the rest of the world, from /proc/net/route.
std::vector<std::string> uplinks(const std::string& routes);

}  // namespace weir::runtime
