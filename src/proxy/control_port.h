// ControlPort: the Unix socket at which control hands tables over and hears back, one JSON text a line. The newest
// connection is the one that counts. The socket may come from a proxy before this one and go on to the next: who
// connects in between waits and is not refused. One thread (the main loop); owned by the DataPlane.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/json.h"
#include "base/log.h"
#include "net/loop.h"
#include "net/socket_address.h"
#include "proxy/kin_link.h"

namespace weir::proxy {

class ControlPort final : private net::FdHandler {
 public:
  struct Calls {
    std::function<void()> connected;                   // a new peer: it wants to know where things stand
    std::function<Result<void>(const Json&)> message;  // an error ends the connection
  };
  // Errors: "ControlSocket" where another process listens there, "Io", "Address".
  static Result<std::unique_ptr<ControlPort>> open(net::Loop& loop, Log& log, const std::string& path, Calls calls);
  // With `socket`, which listens at `path` already.
  static std::unique_ptr<ControlPort> take(net::Loop& loop, Log& log, const std::string& path, SharedFd socket,
                                           Calls calls);
  ~ControlPort() override;  // removes `path`, unless another process has the socket now

  bool has_peer() const { return peer_ != nullptr; }
  const SharedFd& socket() const { return fd_; }
  // Hangs up, and lets who connects wait until resume(), or for the process that has the socket too.
  void pause();
  void resume();
  // The socket is another process's from now on.
  void leave() { left_ = true; }
  // Sends a JSON text, of one line, to the peer. Dropped where there is none, or where it does not keep up (a newer one
  // follows).
  void send(std::string message);

 private:
  class Peer;
  ControlPort(net::Loop& loop, Log& log, std::string path, SharedFd socket, Calls calls);
  void on_ready(std::uint32_t events) override;
  void drop_peer();

  net::Loop& loop_;
  Log& log_;
  std::string path_;
  SharedFd fd_;
  Calls calls_;
  bool left_ = false;
  std::shared_ptr<Peer> peer_;
};

}  // namespace weir::proxy
