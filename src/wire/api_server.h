// ApiServer: HTTP/1.1 in front of the Facade and the routes, on one loop. Keep-alive, one request of a connection at a
// time (further ones wait unread), Expect: 100-continue, bodies within limits in memory or spooled to a file, answers
// whole or streamed. A slow or silent client costs a timer, never the loop. The loop's thread; owned by main/.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "net/fd.h"
#include "net/loop.h"
#include "net/socket_address.h"
#include "net/timer.h"
#include "wire/facade.h"
#include "wire/limits.h"
#include "wire/route.h"

namespace weir::wire {

class Connection;

struct ApiServerOptions {
  std::string spool_directory;  // exists, writable; needed for routes with Body::spooled only
  std::size_t max_connections = kMaxConnections;
  std::uint64_t max_body = kMaxBody;
  std::uint64_t max_bodies = kMaxBodies;
  Duration head_timeout = kHeadTimeout;
  Duration body_timeout = kBodyTimeout;
  Duration write_timeout = kWriteTimeout;
  Duration idle_timeout = kIdleTimeout;
  Duration patience = kPatience;
};

class ApiServer final : private net::FdHandler, private net::TurnTask {
 public:
  // `listening` is a listening stream socket (net::listen_stream). Paths that start with "/_weir/" go to `routes`,
  // every other to `facade`.
  ApiServer(net::Loop& loop, net::Fd listening, Facade& facade, std::vector<Route> routes, ApiServerOptions options,
            Log& log);
  // Closes every connection; handlers that still hold a stream find it closed.
  ~ApiServer() override;
  ApiServer(const ApiServer&) = delete;
  ApiServer& operator=(const ApiServer&) = delete;

  net::SocketAddress address() const { return net::SocketAddress::local(listening_.get()); }
  std::size_t connections() const { return connections_.size(); }

 private:
  friend class Connection;
  void on_ready(std::uint32_t events) override;
  void at_turn_end() override;  // frees the connections that closed in this turn
  void accept_all();
  bool make_room();
  void refuse_connection(int fd);
  void retire(Connection& connection);

  net::Loop& loop_;
  net::Fd listening_;
  Facade& facade_;
  std::vector<Route> routes_;
  ApiServerOptions options_;
  Log& log_;
  std::uint64_t bodies_ = 0;  // bytes of bodies being received, in memory
  net::Timer accept_again_;   // where the process has no descriptor left
  std::map<Connection*, std::unique_ptr<Connection>> connections_;
  std::vector<std::unique_ptr<Connection>> retired_;
};

}  // namespace weir::wire
