#include "net/file_stamp.h"

#include <sys/stat.h>

namespace weir::net {
namespace {

std::int64_t nanoseconds(const timespec& time) { return time.tv_sec * 1'000'000'000 + time.tv_nsec; }

}  // namespace

FileStamp stamp_of(const std::string& path) {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0) return {};
  return {.there = true,
          .device = about.st_dev,
          .inode = about.st_ino,
          .size = about.st_size,
          .modified = nanoseconds(about.st_mtim),
          .changed = nanoseconds(about.st_ctim)};
}

}  // namespace weir::net
