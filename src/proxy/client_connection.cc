#include "proxy/client_connection.h"

namespace weir::proxy {

ClientOrigin::ClientOrigin(const Entrance& entrance, const net::SocketAddress& peer) : address(peer.host()) {
  lines = "X-Forwarded-For: " + address + "\r\nX-Forwarded-Proto: " + std::string(entrance.scheme()) +
          "\r\nX-Forwarded-Port: " + entrance.port + "\r\n";
}

}  // namespace weir::proxy
