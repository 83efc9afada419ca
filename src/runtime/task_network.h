// A task's own network: a network namespace with one address, a pair of links into it, and a route from the host to
// that one address. It is held by nothing but the task's processes, so it is gone when they are. Made by the shim.
#pragma once

#include <string>

#include "base/result.h"
#include "runtime/links.h"

namespace weir::runtime {

struct TaskNetwork {
  std::string link;         // the host's end
  std::string address;      // "169.254.172.2"
  std::string gateway;      // the host, as the task sees it
  std::string mac;          // "0a:58:a9:fe:ac:02"
  std::string resolv_conf;  // what the task reads as /etc/resolv.conf
};

// The calling process's way back to the links of the host.
class HostEnd {
 public:
  HostEnd(Links links, std::string link) : links_(std::move(links)), link_(std::move(link)) {}

  // Takes the host's end away, and with it the task's. What is gone already is no error.
  void remove() { [[maybe_unused]] const auto gone = links_.remove(link_); }

 private:
  Links links_;
  std::string link_;
};

// Puts the calling process, which must have one thread, into a network and a mount namespace of its own. `folder` is
// the task's, for what is mounted. Errors: "ResourceInitializationError" with a sentence; what was made goes with the
// process.
Result<HostEnd> enter_network(const TaskNetwork& network, const std::string& folder);

// A mount namespace of its own for the calling process, which must have one thread. Errors as above.
Result<> enter_own_mounts();

// Whether this process may make such networks: tried out by a child. Errors: what the kernel said, with a sentence.
Result<> try_networks();

}  // namespace weir::runtime
