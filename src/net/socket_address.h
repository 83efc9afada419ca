// SocketAddress: an IPv4, IPv6 or Unix socket address as a value. Any thread.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace weir::net {

// "10.0.0.1:80", "[::1]:80".
std::string place_text(std::string_view address, std::uint16_t port);

class SocketAddress {
 public:
  SocketAddress() = default;

  // From an IP literal. Errors: "Address" where it is none.
  static Result<SocketAddress> ip(std::string_view literal, std::uint16_t port);
  // From "127.0.0.1:80", "[::1]:80", ":80" (every IPv4 address). Errors: "Address".
  static Result<SocketAddress> parse(std::string_view text);
  // Errors: "Address" where the path is longer than a Unix socket's name may be (107 bytes).
  static Result<SocketAddress> unix_path(std::string_view path);
  // The local and the far end of a connected socket; an empty address where the kernel knows none.
  static SocketAddress local(int fd);
  static SocketAddress peer(int fd);

  int family() const { return storage_.any.sa_family; }
  std::uint16_t port() const;
  // "10.0.0.1", "::1", or the path.
  std::string host() const;
  // "10.0.0.1:80", "[::1]:80", "unix:PATH".
  std::string text() const;

  const sockaddr* data() const { return &storage_.any; }
  sockaddr* data() { return &storage_.any; }
  socklen_t size() const { return size_; }
  void set_size(socklen_t size) { size_ = size; }
  static constexpr socklen_t capacity() { return sizeof(Storage); }

 private:
  union Storage {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
    sockaddr_un local;
  };
  Storage storage_{.any = {}};
  socklen_t size_ = 0;
};

}  // namespace weir::net
