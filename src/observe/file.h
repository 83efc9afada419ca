// A file that closes itself, and what is said where a disk refuses. Any thread.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "base/result.h"

namespace weir::observe {

// Errors: "Full" where there is no room, else "Io". `number` is an errno.
inline std::unexpected<Error> fail_io(const std::string& what, int number) {
  const char* code = number == ENOSPC || number == EDQUOT ? "Full" : "Io";
  return fail(code, what + ": " + std::generic_category().message(number), ErrorSource::store);
}

class File {
 public:
  File(const std::string& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

}  // namespace weir::observe
