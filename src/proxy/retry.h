// Retries by a rule's policy: what an attempt's end counts as, when the next one may start, and how many retries a pool
// bears at a time. Pure; a RetryBudget belongs to one thread.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/clock.h"
#include "base/random.h"
#include "http/message.h"
#include "proxy/limits.h"
#include "proxy/streams.h"

namespace weir::proxy {

// The RetryOn values that a response's head counts as; 0: nothing that is ever tried again.
std::uint32_t retry_events(const http::ResponseHead& response);
// The same of a failure: its own kind, and those of the status that it would be answered with.
std::uint32_t retry_events(FailureCause cause);

// How long the `retry`th retry (from 1) waits: as Envoy has it, drawn from [0, (2^retry - 1) * kBackOffBase), at most
// kLongestBackOff, so that clients that failed together do not come back together.
Duration back_off(unsigned retry, Random& random);

// A pool's requests in flight on one worker, and how many of them are retries by policy.
class RetryBudget {
 public:
  void begin_request() { ++requests_; }
  void end_request() { --requests_; }
  std::uint32_t requests() const { return requests_; }

  // True: one more retry is in flight, until give_back(). `percent`: of the requests in flight.
  bool take(unsigned percent) {
    const std::uint64_t share = std::uint64_t{requests_} * percent / 100;
    if (retries_ >= std::max<std::uint64_t>(share, kRetriesAlways)) return false;
    ++retries_;
    return true;
  }
  void give_back() { --retries_; }

 private:
  std::uint32_t requests_ = 0;
  std::uint32_t retries_ = 0;
};

}  // namespace weir::proxy
