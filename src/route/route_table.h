// RouteTable: the contract between control and proxy. An immutable value with a version that says which listeners
// there are, where each request goes and which backends may take it. It knows nothing of AWS. Control compiles it;
// the proxy runs it; `weir route` prints it; its text form is JSON. Made once, then shared as const between threads.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "route/action.h"
#include "route/match.h"
#include "route/pool.h"
#include "route/rewrite.h"
#include "route/tls.h"
#include "route/traffic_log.h"

namespace weir::route {

// What is spoken on a listener's client side.
enum class ListenerProtocol {
  http,   // HTTP/1.1, and HTTP/2 with prior knowledge, on one port
  https,  // the same two over TLS, chosen by ALPN
  tcp,    // bytes as they come, to pools of the protocol tcp
  tls,    // the same, out of TLS
};

// What is told to backends in X-Forwarded-For, -Proto and -Port.
struct Forwarded {
  enum class Mode {
    append,    // the peer's address after those that the request has; -Proto and -Port as this listener knows them
    preserve,  // as the request has it
    remove,    // nothing
  };
  Mode mode = Mode::append;
  bool client_port = false;  // "192.0.2.1:4711" rather than "192.0.2.1"
  bool operator==(const Forwarded&) const = default;
};

struct AccessLog {
  // Lines in the field order of ALB's access logs, or of NLB's (only of the protocols tcp and tls); or objects.
  enum class Format { alb, json, nlb };
  std::string path;  // appended to
  Format format = Format::alb;
  bool operator==(const AccessLog&) const = default;
};

struct Rule {
  std::string id;
  Match match;
  Action action;
  std::optional<Rewrite> rewrite = {};  // of what is forwarded, or enters another listener
  bool operator==(const Rule&) const = default;
};

struct Listener {
  std::string id;
  std::string address = "127.0.0.1";  // IPv4 or IPv6 literal
  std::uint16_t port = 0;
  ListenerProtocol protocol = ListenerProtocol::http;
  std::optional<ListenerTls> tls;  // there exactly where the protocol is https or tls
  std::vector<Rule> rules;         // the first that matches decides; none: 404, or the connection is closed. Those of
                                   // the protocols tcp and tls look at sources only, and forward
  milliseconds idle_timeout{60'000};
  bool proxy_protocol = false;  // each connection begins with a PROXY protocol header, version 1 or 2; without: closed
  Forwarded forwarded;
  bool trace = false;  // X-Amzn-Trace-Id is added, or continued
  // Of what comes in here, at each pool that it is led to, over all workers: `connections` is for HTTP/1.1 backends,
  // and means a request each; both are those of the whole pool, not of one backend. None: no limit.
  std::optional<PoolLimits> pool_limits;
  std::uint64_t max_request_body = 0;  // bytes; more are answered 413; 0: no limit
  std::optional<AccessLog> access_log;
  bool operator==(const Listener&) const = default;
};

struct RouteTable {
  std::int64_t version = 0;  // grows with every change; a proxy never goes back
  std::vector<Listener> listeners;
  std::vector<Pool> pools;
  std::vector<TrafficLog> traffic_logs;
  bool operator==(const RouteTable&) const = default;

  const Pool* find_pool(std::string_view id) const;
};

using RouteTablePointer = std::shared_ptr<const RouteTable>;

Json to_json(const RouteTable& table);
// Errors: "RouteTable", naming the member: unknown member or word, number out of range, a rule's pool that does not
// exist, an id that repeats, an address that is no IP literal.
Result<RouteTable> table_from_json(const Json& json);

}  // namespace weir::route
