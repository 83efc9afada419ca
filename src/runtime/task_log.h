// What a task's containers wrote, on disk: DIR/<task>/<container>.<place>.log, segments whose names say at which byte
// of the whole log they begin. A line is "<RFC 3339 time> <stdout|stderr> <text>". LogWriter is the shim's; TaskLog
// reads, in any process, while it is being written. One thread each.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/fd.h"

namespace weir::runtime {

enum class LogStream { out, error };

// Whether the word may name a file: letters, digits, "-" and "_", 1 to 255 of them.
bool is_plain_name(std::string_view name);

class LogWriter {
 public:
  // Writes to `directory`, which exists. Where there is no room, lines are dropped and counted, never waited for.
  LogWriter(std::string directory, std::string container, const Clock& clock);

  void write(LogStream stream, std::string_view bytes);
  // Writes what is left of unfinished lines.
  void finish();

 private:
  void add_line(LogStream stream, std::string_view text);
  void flush();
  void next_segment();

  std::string prefix_;  // of the segments' paths
  const Clock& clock_;
  net::Fd segment_;
  std::int64_t begin_ = 0;  // of the segment in the whole log
  std::int64_t size_ = 0;   // of the segment
  std::vector<std::int64_t> segments_;
  std::array<std::string, 2> partial_;
  std::string lines_;
  std::int64_t lost_ = 0;  // bytes dropped
};

class TaskLog {
 public:
  explicit TaskLog(std::string directory) : directory_(std::move(directory)) {}

  struct Chunk {
    std::string text;       // whole lines
    std::int64_t next = 0;  // the offset to read on from
  };

  // The task's containers that have a log, by name.
  std::vector<std::string> containers(std::string_view task) const;
  // Lines from `offset` on (0: the first that is kept), at most kLogChunkBytes; empty text where there is nothing more
  // yet: ask again later with `next`. Errors: "NotFound" where that container has no log, "Io".
  Result<Chunk> read(std::string_view task, std::string_view container, std::int64_t offset) const;
  // The folder in which the segments of a task's logs are.
  std::string folder(std::string_view task) const { return directory_ + "/" + std::string(task); }
  // The offset at which the last `lines` lines begin. Errors: as read.
  Result<std::int64_t> tail(std::string_view task, std::string_view container, std::size_t lines) const;

  // Removes the oldest logs beyond `kept`, but those of tasks that `in_use` names.
  void trim(std::size_t kept, const std::vector<std::string>& in_use) const;

 private:
  struct Segment {
    std::int64_t begin = 0;
    std::string path;
  };
  Result<std::vector<Segment>> segments(std::string_view task, std::string_view container) const;

  std::string directory_;
};

}  // namespace weir::runtime
