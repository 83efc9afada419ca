// BackendDial: a connection to a backend for bytes as they come, until it stands: connected, its first bytes said, its
// TLS session agreed. One thread; owned by whoever waits for it, and buried by the Lane afterwards.
#pragma once

#include <functional>
#include <string>

#include "net/loop.h"
#include "net/timer.h"
#include "proxy/tunnel_socket.h"

namespace weir::proxy {

class BackendDial final : public net::FdHandler {
 public:
  // `first`: said before anything else, TLS too; less than a fresh socket takes at once. `done` is called once, later:
  // whether the connection stands.
  BackendDial(Lane& lane, TunnelSocket socket, std::string first, std::function<void(bool)> done);
  ~BackendDial() override;

  // Nobody waits any more: `done` is not called.
  void cancel();
  // After done(true).
  TunnelSocket take();

 private:
  void on_ready(std::uint32_t events) override;
  bool say_first();
  void finish(bool stands);

  Lane& lane_;
  TunnelSocket socket_;
  std::string first_;
  std::function<void(bool)> done_;
  net::Timer timeout_;
  bool watched_ = true;
};

}  // namespace weir::proxy
