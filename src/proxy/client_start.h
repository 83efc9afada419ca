// What becomes of a connection that has just been accepted: its PROXY protocol header, whether it speaks TLS, its TLS
// handshake, its protocol.
// One thread.
#pragma once

#include "net/fd.h"
#include "net/timer.h"
#include "proxy/client_connection.h"
#include "proxy/lane.h"

namespace weir::proxy {

// Takes in `socket` as `entrance` says.
void accept_client(Lane& lane, Entrance& entrance, net::Fd socket, const net::SocketAddress& peer);

// A connection of which it is not known yet what is spoken on it. Closed where that does not become clear in time.
// Owned by the Lane.
class ClientPrelude : public ClientConnection {
 public:
  ClientPrelude(Lane& lane, Entrance& entrance, ClientOrigin origin, net::Fd socket, Duration patience);
  ~ClientPrelude() override;
  // Goes on: whoever was let in gets an answer.
  void finish_soon(Duration) override {}
  void end() override { close(); }

 protected:
  // The socket, for who comes after this one.
  net::Fd let_go();
  void close();

  Lane& lane_;
  net::Fd fd_;

 private:
  net::Timer timeout_;
};

// Until its PROXY protocol header has come in full. Takes not a byte of what follows it. Closed where the header is
// malformed.
class ClientGreeting final : public ClientPrelude {
 public:
  ClientGreeting(Lane& lane, Entrance& entrance, ClientOrigin origin, net::Fd socket);

 private:
  void on_ready(std::uint32_t events) override;

  std::string header_;  // what has come of it
};

// Until the first byte says whether a TLS handshake begins with it. Takes nothing.
class ClientFirstByte final : public ClientPrelude {
 public:
  ClientFirstByte(Lane& lane, Entrance& entrance, ClientOrigin origin, net::Fd socket);

 private:
  void on_ready(std::uint32_t events) override;
};

}  // namespace weir::proxy
