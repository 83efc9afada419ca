// The PROXY protocol: what a proxy says at the beginning of a connection of whom it speaks for, version 1 (a line) and
// version 2 (bytes); https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt, sections 2.1 and 2.2. Pure: bytes in,
// result out. Any thread.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "net/socket_address.h"

namespace weir::net {

struct ProxyHeader {
  enum class Status {
    more,       // what there is may be the beginning of a header: all of it belongs to one, come back with more
    done,       // the first `size` bytes are a header
    malformed,  // `reason` says why; nothing of this connection can be trusted
  };
  Status status = Status::more;
  const char* reason = "";
  std::size_t size = 0;
  // Where the client is, and where it meant to be. False: the proxy speaks for itself, or for something that has no IP
  // address (LOCAL, UNKNOWN, Unix sockets): the connection's own addresses count.
  bool has_addresses = false;
  SocketAddress source, destination;
};

// `bytes`: everything that has come so far, from the connection's first byte on. Never more than kMaxProxyHeader bytes
// are asked for.
ProxyHeader parse_proxy_header(std::string_view bytes);

inline constexpr std::size_t kProxyHeaderSize = 16 + 36;  // of the longest that is written
// Writes a header of version 2 for a TCP connection; how many bytes. Two IP addresses of different families become
// two of IPv6; where either is none the header says LOCAL.
std::size_t write_proxy_header(std::span<char, kProxyHeaderSize> out, const SocketAddress& source,
                               const SocketAddress& destination);

}  // namespace weir::net
