#include "proxy/tcp_facts.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>

namespace weir::proxy {

std::optional<std::uint64_t> acknowledged_bytes(int fd) {
  tcp_info facts{};
  socklen_t size = sizeof facts;
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &facts, &size) != 0) return std::nullopt;
  if (size < offsetof(tcp_info, tcpi_bytes_acked) + sizeof facts.tcpi_bytes_acked) return std::nullopt;
  // The kernel counts the SYN as one byte.
  return facts.tcpi_bytes_acked > 0 ? facts.tcpi_bytes_acked - 1 : 0;
}

}  // namespace weir::proxy
