// Sockets: opening, listening, connecting, accepting; always non-blocking and close-on-exec. Any thread.
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "net/fd.h"
#include "net/socket_address.h"

namespace weir::net {

struct ListenOptions {
  bool reuse_port = false;  // several sockets share the address, the kernel spreads the connections
};

// A listening stream socket. A Unix socket's path that exists already is an error (EADDRINUSE): the caller decides.
// Errors: "Io" with the kernel's words ("Address already in use").
Result<Fd> listen_stream(const SocketAddress& address, ListenOptions options = {});

// Starts connecting; the descriptor becomes writable when it is decided, then connect_error() says how.
// Errors: "Io" where it fails at once.
Result<Fd> connect_stream(const SocketAddress& address);
// 0 when connected, otherwise the errno of the failed connect.
int connect_error(int fd);

// The next waiting connection, with its peer; empty where none waits or the accept failed for a passing reason.
std::optional<Fd> accept_stream(int listening, SocketAddress* peer = nullptr);

// Sends small writes at once (TCP_NODELAY). No effect on Unix sockets.
void set_no_delay(int fd);
// Closing `fd` tells the peer of a reset, not of an orderly end; what it was not sent yet is dropped.
void reset_on_close(int fd);

}  // namespace weir::net
