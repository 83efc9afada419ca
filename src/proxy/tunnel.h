// Tunnel: bytes as they come, both ways between one client and one backend: behind a 101 (Switching Protocols), and on
// listeners of the protocols tcp and tls once the backend's connection stands. Each side is paused while the other is
// slow; the end of one direction is carried over, the other goes on; a reset is carried over once what came before it
// has been delivered. One thread; owned by the Lane.
#pragma once

#include <cstddef>
#include <memory>

#include "net/timer.h"
#include "proxy/client_connection.h"
#include "proxy/flow_record.h"
#include "proxy/lane.h"
#include "proxy/tunnel_socket.h"

namespace weir::proxy {

// The place on a backend that a tunnel takes over: its pool has begun() it, the tunnel ends it.
struct TunnelPlace {
  LivePool& pool;
  LiveBackend& backend;
  Duration patience;                   // neither side says anything for so long: closed
  std::unique_ptr<FlowRecord> record;  // ends with the tunnel
};

class Tunnel final : public ClientConnection {
 public:
  Tunnel(Lane& lane, Entrance& entrance, ClientOrigin origin, TunnelPlace place, TunnelSocket client,
         TunnelSocket backend);
  ~Tunnel() override;

  // Passes on what lies ready. Call once, after the Lane has adopted it.
  void start();
  // Goes on: who came in through a listener that has gone stays until end().
  void finish_soon(Duration) override {}
  // Closes both sides at once.
  void end() override;

 private:
  friend class BackendLink;
  class End;

  void on_ready(std::uint32_t) override {}  // its two ends are told
  void moved();
  void passed(const End& from, std::size_t size);
  void push_idle();
  void close(bool reset);
  void leave_backend();

  Lane& lane_;
  TunnelPlace place_;
  net::Timer idle_timer_;
  std::unique_ptr<End> client_, backend_;
  bool open_ = true;
  std::size_t link_slot_ = 0;  // its place in the BackendLink's list
};

}  // namespace weir::proxy
