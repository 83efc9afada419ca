// Resolvers: the name servers that this host itself asks, from its resolv.conf, read again when that has changed. One
// thread.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "net/socket_address.h"

namespace weir::dns {

// The first kMostResolvers of a resolv.conf's text; "[ADDRESS]:PORT" names another port than 53. What is no address is
// left out.
std::vector<net::SocketAddress> resolvers_in(const std::string& text);

class Resolvers {
 public:
  // `own`: where this server answers itself; it is not asked.
  Resolvers(std::string path, const net::SocketAddress& own) : path_(std::move(path)), own_(own.text()) {}

  // Looks at the file again where what is known of it is older than kResolvConfAge.
  const std::vector<net::SocketAddress>& at(Instant now);

 private:
  const std::string path_;
  const std::string own_;
  bool read_ = false;
  Instant read_at_;
  std::vector<net::SocketAddress> servers_;
};

}  // namespace weir::dns
