// Datagram sockets: always non-blocking and close-on-exec. Any thread.
#pragma once

#include "base/result.h"
#include "net/fd.h"
#include "net/socket_address.h"

namespace weir::dns {

enum class Sharing { alone, with_a_successor };

// Errors: "Io" with the kernel's words ("Address already in use").
Result<net::Fd> bind_datagram(const net::SocketAddress& address, Sharing sharing);
// From a port that the kernel chooses by chance; only what comes from `address` is received. Errors: "Io".
Result<net::Fd> connect_datagram(const net::SocketAddress& address);

// Both sockets of a name server at `address`; of port 0: at a port that is free for both. Errors: "Io".
struct NameSockets {
  net::Fd datagrams, streams;
  net::SocketAddress address;
};
Result<NameSockets> listen_for_names(const net::SocketAddress& address, Sharing sharing);

}  // namespace weir::dns
