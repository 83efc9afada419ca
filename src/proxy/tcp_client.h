// TcpClient: a client of a listener for bytes as they come, until a backend's connection stands; then a Tunnel takes
// over. Nothing is read from the client before, so that nothing is lost however many backends refuse. Where all are at
// their limit it waits in line, as a request does; where none takes it the client's connection is reset, as a Network
// Load Balancer does it. One thread; owned by the Lane.
#pragma once

#include <array>
#include <memory>
#include <span>

#include "proxy/backend_dial.h"
#include "proxy/client_connection.h"
#include "proxy/flow_record.h"
#include "proxy/limits.h"

namespace weir::proxy {

class TcpClient final : public ClientConnection, private Waiter {
 public:
  // `tls`: an established session, or null.
  TcpClient(Lane& lane, Entrance& entrance, ClientOrigin origin, net::Fd socket, TlsPointer tls = nullptr);
  ~TcpClient() override;
  // Finds its backend. Call once, after the Lane has adopted it.
  void take_over();
  // Goes on: whoever was let in is served.
  void finish_soon(Duration) override {}
  void end() override { close(); }

 private:
  void on_ready(std::uint32_t events) override;
  void attempt();
  void dial(TunnelSocket socket);
  void wait();
  void stop_waiting();
  void waited_too_long();
  bool try_again() override;
  bool choosy() const override { return attempts_ > 0; }
  void fail(FailureCause cause);
  void dialed(bool stands);
  void leave_backend();
  void end_backend();
  void become_tunnel(TunnelSocket backend);
  void close();
  std::string first_bytes() const;

  Lane& lane_;
  net::Fd fd_;
  TlsPointer tls_;
  LivePool* pool_ = nullptr;
  Duration patience_{};  // of the tunnel, and for a place at a backend
  net::Timer waiting_;
  bool in_line_ = false;
  std::unique_ptr<FlowRecord> record_;  // from take_over() on
  std::unique_ptr<BackendDial> dial_;
  std::array<LiveBackend*, kMaxAttempts> tried_{};
  unsigned attempts_ = 0;
  bool holds_backend_ = false;  // the last of `tried_` is begun and not ended
};

}  // namespace weir::proxy
