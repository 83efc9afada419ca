// FileStamp: how a file is told from what it was, without reading it. Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace weir::net {

struct FileStamp {
  bool there = false;
  std::uint64_t device = 0, inode = 0;
  std::int64_t size = 0, modified = 0, changed = 0;  // bytes; nanoseconds
  bool operator==(const FileStamp&) const = default;
};

using FileStamps = std::map<std::string, FileStamp>;  // by path

// Of what is at the path now, links followed.
FileStamp stamp_of(const std::string& path);

}  // namespace weir::net
