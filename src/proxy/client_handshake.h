// ClientHandshake: a connection from a client until its TLS handshake is done; then a ClientH1 or a ClientH2 takes over
// socket and session. One thread; owned by the Lane.
#pragma once

#include "net/fd.h"
#include "net/timer.h"
#include "proxy/client_connection.h"
#include "proxy/lane.h"

namespace weir::proxy {

class ClientHandshake final : public ClientConnection {
 public:
  // The entrance has a TlsServer.
  ClientHandshake(Lane& lane, Entrance& entrance, ClientOrigin origin, net::Fd socket);
  ~ClientHandshake() override;
  // The handshake goes on: whoever was let in gets an answer.
  void finish_soon(Duration) override {}
  void end() override { close(); }

 private:
  void on_ready(std::uint32_t events) override;
  void hand_over();
  void note_handshake(Duration time);
  template <class Client>
  void become();
  void close();

  Lane& lane_;
  net::Fd fd_;
  TlsPointer tls_;
  net::Timer timeout_;
  Instant began_;
};

}  // namespace weir::proxy
