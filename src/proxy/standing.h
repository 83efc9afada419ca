// Standing: what one worker holds against one backend: failures in a row, and whether it is ejected for them. Pure:
// time is a parameter. One thread; part of a LiveBackend.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "http/header.h"
#include "http/message.h"
#include "route/pool.h"

namespace weir::proxy {

// What came of one attempt at a backend.
enum class Outcome : std::uint8_t {
  answered,
  server_error,  // it answered 5xx, or what gRPC has for that
  failed,        // no connection, or one that was cut, timed out or was not understood
};

// The outcome that a complete answer is. Of gRPC the status counts, in `trailers` (null: none) or in the head of an
// answer without body. As Envoy maps them, UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE and
// DATA_LOSS are the backend's errors; the others are the caller's.
Outcome outcome_of(const http::ResponseHead& head, const http::HeaderBlock* trailers, bool grpc);

class Standing {
 public:
  // True: the backend has failed often enough to be ejected. The rows begin anew then, whether it is or not.
  bool note(Outcome outcome, const route::OutlierDetection& rules);
  // For as long as the rules say, times how often it has been ejected lately: each ejection that it has not earned for
  // one ejection time is forgotten.
  void eject(const route::OutlierDetection& rules, Instant now);
  void pardon() { ejected_ = false; }

  bool ejected() const { return ejected_; }
  Instant until() const { return until_; }  // when the newest ejection ends, or has ended
  std::uint64_t ejections() const { return ejections_; }

 private:
  unsigned errors_ = 0;    // in a row
  unsigned failures_ = 0;  // in a row
  unsigned lately_ = 0;    // ejections that lengthen the next one
  bool ejected_ = false;
  Instant until_{};
  std::uint64_t ejections_ = 0;  // since the backend was first seen
};

}  // namespace weir::proxy
