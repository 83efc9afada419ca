// Ports: the listening sockets that a table asks for: one socket per worker and address, opened by the main thread so
// that it knows which could not be. They may come from a proxy before this one and go on to the next: connections that
// wait in them are lost to nobody. One thread (the main loop); owned by the DataPlane.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/log.h"
#include "net/file_stamp.h"
#include "net/loop.h"
#include "net/timer.h"
#include "proxy/worker.h"
#include "route/feedback.h"

namespace weir::proxy {

class Ports {
 public:
  // `changed` is called when a port that could not be opened has been, or fails for another reason.
  Ports(net::Loop& loop, Log& log, std::vector<std::unique_ptr<Worker>>& workers, std::function<void()> changed);

  // Closes what the table does not have any more, and brings new certificates where it stays. Call before the workers
  // apply the table.
  void close_others(const route::RouteTable& table);
  // Reads again what has changed of the files that are to be read at once. Call now and then.
  void look_at_files(const route::RouteTable& table);
  // Opens what is missing. Call after the workers apply it.
  void open_missing(const route::RouteTable& table);
  route::ListenerStatus status(const route::Listener& listener) const;

  using Sockets = std::map<std::string, std::vector<SharedFd>>;  // by place
  // What open_missing() finds instead of opening sockets of its own. What the table does not ask for is closed then.
  void inherit(Sockets sockets) { inherited_ = std::move(sockets); }
  // The keys of session tickets, which change every kTicketKeyTime, and how long these have still to go until then.
  struct Tickets {
    std::shared_ptr<const net::TicketKeys> keys;  // null: none
    Duration left{};
  };
  Tickets tickets() const { return {tickets_, rotation_.deadline() - loop_.now()}; }
  // Those of another proxy, from the next open_missing() on.
  void inherit(Tickets tickets);
  // Every socket that is open.
  Sockets sockets() const;
  // Forgets them all: others accept from them, and the workers have been told otherwise.
  void leave();

 private:
  struct Port {
    bool listening = false;
    std::string listener;  // whose it is, where two listeners ask for one address
    std::string error;
    TlsServerPointer tls;
    std::vector<SharedFd> sockets;  // those that workers accept from, or will again
  };
  Result<void> open(const std::string& place, const route::Listener& listener, Port& port);
  Result<std::vector<SharedFd>> sockets_for(const std::string& place, const net::SocketAddress& address, Port& port);
  void close(const std::string& place);
  void renew_certificates(const route::RouteTable& table);
  void retry();
  void rotate_tickets();

  net::Loop& loop_;
  Log& log_;
  std::vector<std::unique_ptr<Worker>>& workers_;
  std::function<void()> changed_;
  net::Timer retry_;
  net::Timer rotation_;
  std::shared_ptr<const net::TicketKeys> tickets_;
  std::map<std::string, Port> ports_;  // by place
  net::FileStamps stamps_;             // of the files that are looked at
  std::vector<route::Listener> wanted_;
  Sockets inherited_;
};

}  // namespace weir::proxy
