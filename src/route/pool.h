// Pool: backends that stand in for each other, and how requests are shared among them. Part of the RouteTable; constant
// once the table is made; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "route/members.h"
#include "route/tls.h"

namespace weir::route {

// What is spoken to a pool's backends. tcp: bytes as they come, for listeners of the protocols tcp and tls.
enum class PoolProtocol { http1, http2, grpc, tcp };

enum class BackendState {
  checking,  // health checks run, no request is sent
  serving,   // takes requests while its health checks pass, and until they say something
  draining,  // finishes what it has; takes nothing new
  entering,  // as checking until it has passed a check, then as serving: where control follows nobody's health
};

struct Backend {
  std::string id;       // unique within its pool; control's name for it (a task id and port)
  std::string address;  // IPv4 or IPv6 literal
  std::uint16_t port = 0;
  BackendState state = BackendState::checking;
  unsigned weight = 1;  // 1 to 999, relative to its siblings; every algorithm but least_outstanding heeds it
  bool operator==(const Backend&) const = default;
};

// https: as the pool's `tls` says, unverified where it has none; http is cleartext and grpc as the pool is. tcp: the
// connection stands.
enum class HealthProtocol { http, grpc, none, https, tcp };  // none: every backend counts as healthy

struct HealthCheck {
  HealthProtocol protocol = HealthProtocol::http;
  std::string path = "/";       // HTTP: the target; gRPC: "/package.service/method"
  std::string host;             // HTTP: the Host; empty: the backend's address and port
  std::string matcher = "200";  // "200", "200-299", "200,302"; for gRPC codes: "12", "0-99"
  bool serving = false;         // gRPC: the answer's message has to be a HealthCheckResponse that says SERVING as well
  std::uint16_t port = 0;       // 0: the backend's own
  milliseconds interval{30'000};
  milliseconds timeout{5'000};
  unsigned healthy_threshold = 5;    // passes in a row that make a backend healthy (the first check of a new
                                     // backend counts as enough, as ALB has it)
  unsigned unhealthy_threshold = 2;  // failures in a row that make it unhealthy
  bool operator==(const HealthCheck&) const = default;
};

enum class Algorithm {
  round_robin,        // smooth and weighted: the shares are exact
  least_outstanding,  // the fewest exchanges in flight; in turn among equals
  weighted_random,
  power_of_two,  // of two drawn by weight, the one with fewer exchanges in flight
};

// A client stays with one choice: the proxy sets a cookie that names it, and heeds it in later requests.
struct Stickiness {
  std::string cookie;        // the name of the proxy's cookie
  milliseconds duration{0};  // renewed by each response; 0: as long as the client keeps it
  // Not empty: the proxy's cookie is set whenever a backend sets the cookie of this name, and lives as long as that
  // one. Of pools only; the duration is 0.
  std::string application_cookie;
  bool operator==(const Stickiness&) const = default;
};

// Over all workers of a proxy.
struct PoolLimits {
  unsigned connections = 0;  // of one backend, open at a time; 0: no limit
  unsigned requests = 0;     // of one backend, in flight at a time; 0: no limit
  // Of the pool, requests and connections of bytes that wait because of the other two; more are answered 503, or reset.
  // 0: nobody waits; none: 1024.
  std::optional<unsigned> pending;
  bool operator==(const PoolLimits&) const = default;
};

// A backend that fails users is left out for a while, whatever its health checks say. Each worker judges by what it
// sees itself.
struct OutlierDetection {
  unsigned consecutive_5xx = 5;       // in a row, gRPC's equivalents too; 0: not looked at
  unsigned consecutive_failures = 5;  // connections refused, cut or timed out in a row; 0: not looked at
  milliseconds ejection{30'000};      // times how often it has been ejected lately
  milliseconds longest_ejection{300'000};
  unsigned max_ejected_percent = 10;  // of the serving backends; one may always be ejected where there are several
  bool operator==(const OutlierDetection&) const = default;
};

// When fewer backends are healthy than either says, all that serve take requests, healthy or not: better a chance than
// a certain 503. Both 0: never.
struct FailOpen {
  unsigned count = 1;
  unsigned percent = 0;
  bool operator==(const FailOpen&) const = default;
};

struct Pool {
  std::string id;
  PoolProtocol protocol = PoolProtocol::http1;
  std::optional<PoolTls> tls;  // none: cleartext
  Algorithm algorithm = Algorithm::round_robin;
  HealthCheck health;
  milliseconds drain_delay{300'000};  // how long a draining backend's exchanges may go on
  milliseconds slow_start{0};         // a backend's share grows to its full size over this time from when it is healthy
  std::optional<Stickiness> stickiness;
  PoolLimits limits;
  std::optional<OutlierDetection> outlier;
  FailOpen fail_open;
  unsigned retry_budget_percent = 20;  // retries by policy, of the pool's requests in flight; three are always allowed
  bool send_proxy_protocol = false;    // version 2, at the beginning of each connection; only of the protocol tcp
  // Its responses bear "server: envoy" and x-envoy-upstream-service-time, the whole milliseconds from the end of the
  // request to the head of the response, as those that pass a mesh's Envoy do. Not of the protocol tcp.
  bool envoy_headers = false;
  // Printable ASCII: told with the 503 where nobody serves, in place of a sentence of the proxy's own.
  std::string refusal;
  std::vector<Backend> backends;
  bool operator==(const Pool&) const = default;
};

Json to_json(const Pool& pool);
// `json` without its id, which the caller has read.
Pool read_pool(Members& m, Faults& faults);

Json to_json(const PoolLimits& limits);
PoolLimits read_pool_limits(const Json& json, std::string path, Faults& faults);

Json to_json(const Stickiness& stickiness);
Stickiness read_stickiness(const Json& json, std::string path, Faults& faults);

}  // namespace weir::route
