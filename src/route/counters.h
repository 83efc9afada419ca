// Counters: what the data plane counts of one listener, pool or backend, and how long it took. The same type in a
// worker (since its last report), in the main thread (since the proxy started) and in the Feedback. A value.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/histogram.h"
#include "base/json.h"
#include "route/members.h"

namespace weir::route {

// Of a backend, "request" is a try: a request that is sent to three backends is one of its pool and one of each.
enum class Count : std::uint8_t {
  requests,  // whose head is complete; of a pool: for which it was chosen
  finished,  // of these, those that are over: the others are in flight
  // Answered by a backend, by hundreds of the status.
  answered_1xx,
  answered_2xx,
  answered_3xx,
  answered_4xx,
  answered_5xx,
  // Answered by the proxy itself: redirects, fixed responses, refusals, and for want of a backend's answer.
  own_2xx,
  own_3xx,
  own_4xx,
  own_5xx,
  own_502,
  own_503,
  own_504,
  redirects,
  fixed_responses,
  // No backend's answer, by cause, in the order of the data plane's FailureCause; of a backend: tries that failed.
  failed_none_in_service,
  failed_crowded,
  failed_refused,
  failed_drained,
  failed_connect_timeout,
  failed_handshake,
  failed_response_timeout,
  failed_try_timeout,
  failed_request_timeout,
  failed_client_silent,
  failed_too_large,
  failed_closed,
  failed_malformed,
  retries,
  ejections,      // of a backend
  client_aborts,  // the client left before its answer was complete
  bytes_in,       // of requests: heads as HTTP/1.1 writes them, and bodies without framing
  bytes_out,      // of responses, alike
  connections,    // of clients, accepted; of a backend: begun
  connections_closed,
  connections_failed,  // of a backend: of those begun, refused or not agreed in time
  tls_failures,        // of clients' handshakes
  // Of clients over HTTP/2: streams reset before they were a request ...
  refused_malformed,
  refused_too_many,
  refused_too_large,
  protocol_faults,  // ... and connections ended because the client broke the protocol, or flooded
  log_lines,        // access log
  log_dropped,      // lines for which there was no room
  count_,
};
inline constexpr std::size_t kCounts = static_cast<std::size_t>(Count::count_);

// "requests", "answered_2xx", …: as in JSON.
std::string_view name_of(Count count);

struct Counters {
  std::array<std::uint64_t, kCounts> counts{};
  Histogram duration;       // microseconds from a request's complete head to the end of its response
  Histogram response_time;  // microseconds from when a backend was sent the request until its response began

  std::uint64_t& operator[](Count count) { return counts[static_cast<std::size_t>(count)]; }
  std::uint64_t operator[](Count count) const { return counts[static_cast<std::size_t>(count)]; }
  std::uint64_t active() const { return (*this)[Count::requests] - (*this)[Count::finished]; }
  std::uint64_t failed() const;
  void add(const Counters& other);
  // Forgets all, keeps the memory.
  void reset();
  bool operator==(const Counters&) const = default;
};

// Sets members of `json`: only counts that are not 0, and histograms that are not empty
// ({"sum": …, "buckets": [bucket, count, bucket, count, …]}).
void set_counters(Json& json, const Counters& counters);
Counters read_counters(Members& m);

}  // namespace weir::route
