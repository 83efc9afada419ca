#include "net/socket_address.h"

#include <arpa/inet.h>

#include <charconv>
#include <cstddef>
#include <cstring>

namespace weir::net {
namespace {

Result<std::uint16_t> parse_port(std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || text.empty() || port > 65535) {
    return fail("Address", "'" + std::string(text) + "' is no port (0 to 65535)", ErrorSource::client);
  }
  return static_cast<std::uint16_t>(port);
}

}  // namespace

Result<SocketAddress> SocketAddress::ip(std::string_view literal, std::uint16_t port) {
  const std::string text(literal);
  SocketAddress address;
  if (inet_pton(AF_INET, text.c_str(), &address.storage_.v4.sin_addr) == 1) {
    address.storage_.v4.sin_family = AF_INET;
    address.storage_.v4.sin_port = htons(port);
    address.size_ = sizeof(sockaddr_in);
    return address;
  }
  address.storage_.v6 = {};
  if (inet_pton(AF_INET6, text.c_str(), &address.storage_.v6.sin6_addr) == 1) {
    address.storage_.v6.sin6_family = AF_INET6;
    address.storage_.v6.sin6_port = htons(port);
    address.size_ = sizeof(sockaddr_in6);
    return address;
  }
  return fail("Address", "'" + text + "' is no IPv4 or IPv6 address", ErrorSource::client);
}

Result<SocketAddress> SocketAddress::parse(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return fail("Address", "'" + std::string(text) + "' is not ADDRESS:PORT", ErrorSource::client);
  }
  const std::uint16_t port = TRY(parse_port(text.substr(colon + 1)));
  std::string_view host = text.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  return ip(host.empty() ? "0.0.0.0" : host, port);
}

Result<SocketAddress> SocketAddress::unix_path(std::string_view path) {
  SocketAddress address;
  auto& local = address.storage_.local;
  local = {};
  if (path.empty() || path.size() >= sizeof(local.sun_path)) {
    return fail("Address", "a Unix socket's path has 1 to 107 bytes: '" + std::string(path) + "'", ErrorSource::client);
  }
  local.sun_family = AF_UNIX;
  std::memcpy(local.sun_path, path.data(), path.size());
  address.size_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return address;
}

SocketAddress SocketAddress::local(int fd) {
  SocketAddress address;
  socklen_t size = capacity();
  if (getsockname(fd, address.data(), &size) == 0) address.size_ = size;
  return address;
}

SocketAddress SocketAddress::peer(int fd) {
  SocketAddress address;
  socklen_t size = capacity();
  if (getpeername(fd, address.data(), &size) == 0) address.size_ = size;
  return address;
}

std::uint16_t SocketAddress::port() const {
  if (family() == AF_INET) return ntohs(storage_.v4.sin_port);
  if (family() == AF_INET6) return ntohs(storage_.v6.sin6_port);
  return 0;
}

std::string SocketAddress::host() const {
  char text[INET6_ADDRSTRLEN] = "";
  if (family() == AF_INET) inet_ntop(AF_INET, &storage_.v4.sin_addr, text, sizeof text);
  if (family() == AF_INET6) inet_ntop(AF_INET6, &storage_.v6.sin6_addr, text, sizeof text);
  if (family() == AF_UNIX && size_ > offsetof(sockaddr_un, sun_path)) return storage_.local.sun_path;
  return text;
}

std::string place_text(std::string_view address, std::uint16_t port) {
  const bool v6 = address.find(':') != std::string_view::npos;
  std::string text(v6 ? "[" : "");
  return text.append(address).append(v6 ? "]:" : ":").append(std::to_string(port));
}

std::string SocketAddress::text() const { return family() == AF_UNIX ? "unix:" + host() : place_text(host(), port()); }

}  // namespace weir::net
