#include "runtime/port_pool.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>

#include "runtime/name_claim.h"

namespace weir::runtime {
namespace {

std::unexpected<Error> taken(std::uint16_t port) {
  return fail("PortTaken", fmt::format("host port {} is already in use", port), ErrorSource::runtime);
}

// Whether a server could bind the port on every address now. Connections of a former server that are still closing do
// not count, as for a server that sets SO_REUSEADDR.
template <class Address>
bool can_bind(int family, const Address& address) {
  const net::Fd fd(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return true;  // a machine without that family
  const int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (family == AF_INET6) setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  return bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 || errno == EADDRNOTAVAIL;
}

bool can_bind(std::uint16_t port) {
  const sockaddr_in v4{.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {}, .sin_zero = {}};
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  return can_bind(AF_INET, v4) && can_bind(AF_INET6, v6);
}

}  // namespace

Result<ReservedPort> PortPool::reserve(std::uint16_t port) {
  if (held_.contains(port)) return taken(port);
  net::Fd reservation = claim_name("weir-host-port-" + std::to_string(port));
  if (!reservation || !can_bind(port)) return taken(port);
  held_.insert(port);
  return ReservedPort{port, std::move(reservation)};
}

Result<ReservedPort> PortPool::take(std::uint16_t wished) {
  if (wished != 0) return reserve(wished);
  for (int tries = last_ - first_ + 1; tries > 0; --tries) {
    const std::uint16_t port = next_;
    next_ = port == last_ ? first_ : static_cast<std::uint16_t>(port + 1);
    if (auto reserved = reserve(port)) return reserved;
  }
  return fail("PortTaken", fmt::format("every host port from {} to {} is in use", first_, last_), ErrorSource::runtime);
}

}  // namespace weir::runtime
