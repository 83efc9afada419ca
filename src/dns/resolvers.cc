#include "dns/resolvers.h"

#include <fstream>
#include <sstream>

#include "dns/limits.h"

namespace weir::dns {

namespace {

constexpr std::uint16_t kNamePort = 53;

}  // namespace

std::vector<net::SocketAddress> resolvers_in(const std::string& text) {
  std::vector<net::SocketAddress> servers;
  std::istringstream lines(text);
  std::string line, key, value;
  while (servers.size() < kMostResolvers && std::getline(lines, line)) {
    std::istringstream words(line);
    if (!(words >> key >> value) || key != "nameserver") continue;
    // A link-local address has its link after a percent sign, which no socket address here has: it is left out.
    auto server = net::SocketAddress::ip(value, kNamePort);
    if (!server && value.starts_with('[')) server = net::SocketAddress::parse(value);
    if (server) servers.push_back(*server);
  }
  return servers;
}

const std::vector<net::SocketAddress>& Resolvers::at(Instant now) {
  if (read_ && now - read_at_ < kResolvConfAge) return servers_;
  read_ = true;
  read_at_ = now;
  std::ifstream file(path_);
  std::ostringstream text;
  text << file.rdbuf();
  servers_ = resolvers_in(text.str());
  std::erase_if(servers_, [&](const auto& server) { return server.text() == own_; });
  return servers_;
}

}  // namespace weir::dns
