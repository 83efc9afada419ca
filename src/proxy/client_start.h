// What becomes of a connection that has just been accepted: its PROXY protocol header, its TLS handshake, its protocol.
// One thread.
#pragma once

#include "net/fd.h"
#include "net/timer.h"
#include "proxy/client_connection.h"
#include "proxy/lane.h"

namespace weir::proxy {

// Takes in `socket` as `entrance` says.
void accept_client(Lane& lane, Entrance& entrance, net::Fd socket, const net::SocketAddress& peer);

// A connection whose PROXY protocol header has not come in full. Takes not a byte of what follows it. Closed where the
// header is malformed, or does not come in time. Owned by the Lane.
class ClientGreeting final : public ClientConnection {
 public:
  ClientGreeting(Lane& lane, Entrance& entrance, ClientOrigin origin, net::Fd socket);
  ~ClientGreeting() override;
  // Goes on: whoever was let in gets an answer.
  void finish_soon(Duration) override {}
  void end() override { close(); }

 private:
  void on_ready(std::uint32_t events) override;
  void hand_over(ClientOrigin origin);
  void close();

  Lane& lane_;
  net::Fd fd_;
  std::string header_;  // what has come of it
  net::Timer timeout_;
};

}  // namespace weir::proxy
