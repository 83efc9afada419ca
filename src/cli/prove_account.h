// The account of a `weir prove`: every request appears in it once, as answered or as failed by a cause. One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/histogram.h"
#include "base/json.h"
#include "cli/prove_options.h"

namespace weir::cli {

// How one request went.
struct ProveOutcome {
  std::string cause;    // empty: as expected; otherwise a few words: "status 503", "timeout"
  std::string example;  // of a failure: what was seen
  std::string version;  // who answered; empty: unknown
};

// What ended in some time, or over some protocol.
struct ProveTally {
  std::uint64_t ok = 0, failed = 0;
  Histogram latency;  // microseconds, of what went as expected
  void add(bool ok, Duration latency);
  void add(const ProveTally& other);
};

class ProveAccount {
 public:
  // `wall` is the time of day at `start`; around each mark `window` is looked at three times: before it, from it on,
  // and after that.
  void begin(Instant start, Timestamp wall, Duration window = kProveMarkWindow);
  void started(ProveProtocol protocol);
  // `latency` from the intended send time; `now` is when.
  void finished(ProveProtocol protocol, const ProveOutcome& outcome, Duration latency, Instant now);
  // Something happens at `now` whose influence is to be told.
  void mark(const std::string& name, Instant now);

  std::uint64_t sent() const { return sent_; }
  std::uint64_t ok() const { return all_.ok; }
  std::uint64_t failed() const { return all_.failed; }
  std::uint64_t open() const { return sent_ - ok() - failed(); }

  // One line about what finished since the last call, with the split by version as a bar; begins the next period.
  std::string period_line(Duration since_start, Duration period);
  // The final table.
  std::string table(Duration lasted) const;
  // {"sent", "ok", "failed", "seconds", "causes": [...], "versions": {...}, "latency_ms": {...}, "protocols": {...},
  // "failures": [...], one by one up to kProveListed, "marks": [...]}
  Json json(Duration lasted) const;

 private:
  struct Failure {
    std::uint64_t count = 0;
    Timestamp first, last;
    std::string example;
  };
  struct Listed {
    ProveProtocol protocol;
    std::string cause;
    Instant intended, at;
  };
  struct Protocol {
    std::uint64_t sent = 0;
    ProveTally tally;
  };
  struct Slice {
    Instant begin;
    ProveTally tally;
  };
  struct Mark {
    std::string name;
    Instant at;
    ProveTally before, during, after;
  };
  using Versions = std::map<std::string, std::uint64_t>;

  Timestamp wall(Instant instant) const { return wall_ + (instant - start_); }
  void note_failure(ProveProtocol protocol, const ProveOutcome& outcome, Duration latency, Instant now);
  void note_time(bool ok, Duration latency, Instant now);
  std::string failures_text() const;
  std::string protocols_text() const;
  std::string marks_text() const;
  Json causes_json() const;
  Json failures_json() const;
  Json marks_json() const;

  Instant start_;
  Timestamp wall_;
  Duration window_ = kProveMarkWindow;
  std::uint64_t sent_ = 0;
  ProveTally all_;
  std::map<ProveProtocol, Protocol> protocols_;
  std::map<std::pair<ProveProtocol, std::string>, Failure> failures_;  // by cause
  std::vector<Listed> listed_;
  Versions versions_;
  std::deque<Slice> slices_;  // of the last window
  std::vector<Mark> marks_;

  struct Period {
    ProveTally tally;
    Versions versions;
  } period_;
};

}  // namespace weir::cli
