// Inheritance: what a proxy leaves to the one that follows it: its sockets with the connections that wait in them, the
// table in force, what it knows of its backends' health. One thread (the main loop).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "net/tls_tickets.h"
#include "proxy/health_checks.h"
#include "proxy/kin_link.h"
#include "route/route_table.h"

namespace weir::proxy {

struct Inheritance {
  std::map<std::string, std::vector<SharedFd>> sockets;  // listening; by place: "127.0.0.1:80", or one of the two below
  route::RouteTablePointer table;                        // null: the heir reads the file
  std::int64_t persisted = -1;                           // version on disk
  std::vector<KnownHealth> health;
  std::shared_ptr<const net::TicketKeys> tickets;  // null: unknown; then clients make a full handshake once
  Duration tickets_left{};                         // until they change
};

// The places of the sockets that are no listener's.
std::string control_place(const std::string& path);
std::string admin_place(const std::string& address);

// Several messages; the last one is {"inherit": …}.
void send_inheritance(KinLink& link, const Inheritance& inheritance);

// Puts an Inheritance together from the messages that it came in.
class InheritanceReader {
 public:
  // Takes one message of `link`. Empty where it is not the last. Errors: "Inheritance", "RouteTable".
  Result<std::optional<Inheritance>> take(const Json& message, KinLink& link);

 private:
  Inheritance gathered_;
};

}  // namespace weir::proxy
