// Feedback: what the proxy tells control: which table runs everywhere, how the backends are, what was counted.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

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
  std::string error;  // why it does not listen
  bool operator==(const ListenerStatus&) const = default;
};

struct PoolCounters {
  std::string pool;
  std::uint64_t requests = 0;  // all counters since the proxy started
  std::uint64_t status_2xx = 0, status_3xx = 0, status_4xx = 0, status_5xx = 0;
  std::uint64_t failed = 0;  // answered by the proxy itself for want of a backend's answer (502, 503, 504)
  bool operator==(const PoolCounters&) const = default;
};

struct Feedback {
  std::int64_t acknowledged = 0;          // the newest version that all workers run
  std::vector<BackendStatus> backends;    // every backend of the running table
  std::vector<ListenerStatus> listeners;  // every listener of the running table
  std::vector<PoolCounters> pools;
  bool operator==(const Feedback&) const = default;
};

Json to_json(const Feedback& feedback);
Result<Feedback> feedback_from_json(const Json& json);

}  // namespace weir::route
