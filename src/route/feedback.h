// Feedback: what the proxy tells control: which table runs everywhere, how the backends are, what was counted.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "route/counters.h"

namespace weir::route {

enum class Health { unknown, healthy, unhealthy };

struct BackendStatus {
  std::string pool;
  std::string backend;
  Health health = Health::unknown;
  std::string reason;          // a word where unhealthy: "ResponseCodeMismatch", "Timeout", "FailedHealthChecks", …
  std::string description;     // a sentence for people
  std::uint32_t active = 0;    // exchanges in flight, over all workers
  std::uint64_t requests = 0;  // taken since the proxy started
  bool operator==(const BackendStatus&) const = default;
};

struct ListenerStatus {
  std::string listener;
  bool listening = false;
  std::string error;  // why it does not listen, or what of it does not work
  bool operator==(const ListenerStatus&) const = default;
};

// Since the proxy started; anew where it comes back into the table long after it left.
struct ListenerCounters {
  std::string listener;
  Counters counters;
  bool operator==(const ListenerCounters&) const = default;
};

struct PoolCounters {
  std::string pool;
  Counters counters;
  bool operator==(const PoolCounters&) const = default;
};

struct Feedback {
  std::int64_t acknowledged = 0;          // the newest version that all workers run
  std::vector<BackendStatus> backends;    // every backend of the running table
  std::vector<ListenerStatus> listeners;  // every listener of the running table
  // Every pool of the running table; and what has lately left it and still counts, or may not have been told of yet.
  std::vector<PoolCounters> pools;
  std::vector<ListenerCounters> listener_counters;  // of every listener that has counted anything, alike
  bool operator==(const Feedback&) const = default;
};

// Its JSON, written at once: it goes out each second, with thousands of backends.
std::string text_of(const Feedback& feedback);
Result<Feedback> feedback_from_json(const Json& json);

}  // namespace weir::route
