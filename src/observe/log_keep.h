// LogKeep: where log events live: per stream a folder of append-only segments, DIR/<stream id>/<first sequence>.log,
// or the same in memory. A segment begins with a line "weir-log 1 <source>", where `source` is how far a container's
// log was taken over before it; an event is a line "<time> <ingestion> <source> <message as JSON>". A line and the
// place in the source that it came from are one write, so that after a crash nothing is delivered twice or skipped; a
// torn last line is dropped. Closed segments carry their index in their names (<first>-<count>-<from>-<to>.log), so
// that opening a stream reads its last segment alone. One thread (the control thread).
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "observe/limits.h"

namespace weir::observe {

// Times are milliseconds since 1970.
struct NewLogEvent {
  std::int64_t timestamp = 0;
  std::string_view message;
  std::int64_t source = 0;  // how far the container's log is taken over with this event
};

struct LogEvent {
  std::int64_t timestamp = 0;
  std::int64_t ingested = 0;
  std::int64_t sequence = 0;  // counts the stream's events as they came, from 0
  std::string message;
};

// A place between events in the order of (timestamp, sequence): just before the event of that name.
struct LogPlace {
  std::int64_t timestamp = 0;
  std::int64_t sequence = 0;
  auto operator<=>(const LogPlace&) const = default;
};

// What to read of a stream: events at or after `from` and before `to`.
struct LogRange {
  LogPlace from;
  LogPlace to{std::numeric_limits<std::int64_t>::max(), 0};
  std::size_t most = 10'000;
  std::size_t most_bytes = 1 << 20;  // of messages, at least one event is given
  bool newest = false;               // the last `most` of the range rather than the first
};

struct LogStreamFigures {
  std::int64_t events = 0;
  std::int64_t bytes = 0;  // as kept
  std::int64_t first = 0;  // time of the oldest and of the newest event; 0 without events
  std::int64_t last = 0;
  std::int64_t ingested = -1;  // when the last came, since this was opened or as its last segment says; -1: never
  std::int64_t source = 0;     // how far the container's log was taken over
};

enum class Durable { process, machine };

class LogKeep {
 public:
  // An empty `directory` keeps everything in memory. The directory is made when first needed. A stream keeps at most
  // `segments` segments of about `segment_bytes`; beyond them the oldest go.
  explicit LogKeep(std::string directory, std::size_t segments = kLogSegments,
                   std::int64_t segment_bytes = kLogSegmentBytes);
  ~LogKeep();
  LogKeep(const LogKeep&) = delete;
  LogKeep& operator=(const LogKeep&) = delete;

  // Adds events, all or none. With Durable::machine they are on the disk when it returns. Errors: "Full", "Io".
  Result<> append(const std::string& stream, std::span<const NewLogEvent> events, std::int64_t now,
                  Durable durable = Durable::process);
  // In order of (timestamp, sequence), always ascending. Empty for a stream that nothing was added to. Errors: "Io".
  Result<std::vector<LogEvent>> read(const std::string& stream, const LogRange& range);
  // No event of the range is older than this; none where there is none.
  Result<std::optional<std::int64_t>> earliest(const std::string& stream, const LogRange& range);
  Result<LogStreamFigures> figures(const std::string& stream);

  // Forgets segments whose events are all older than `before`.
  void expire(const std::string& stream, std::int64_t before);
  void remove(const std::string& stream);
  // Removes every stream but these: what a crash has left behind.
  void keep_only(const std::set<std::string>& streams);

 private:
  struct Segment;
  struct Stream;
  Result<Stream*> open(const std::string& stream);
  Result<> load(Stream& stream);
  Result<> begin_segment(Stream& stream, std::int64_t source);
  void close_segment(Stream& stream);
  void drop_oldest(Stream& stream);
  Result<std::string> text_of(const Segment& segment) const;

  const std::string directory_;
  const std::size_t most_segments_;
  const std::int64_t segment_bytes_;
  std::map<std::string, std::unique_ptr<Stream>> streams_;
};

}  // namespace weir::observe
