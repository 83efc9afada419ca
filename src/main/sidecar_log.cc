#include "main/sidecar_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <utility>

namespace weir {

namespace {

constexpr std::size_t kMostAtOnce = 64 * 1024;  // the room of a pipe

void write_out(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

// It is open for writing too, so that it has no end where the proxy comes and goes.
Result<std::unique_ptr<SidecarLog>> SidecarLog::open(net::Loop& loop, const std::string& path) {
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
  std::filesystem::remove(path, ignored);
  if (::mkfifo(path.c_str(), 0600) != 0) return fail_errno("cannot make the pipe " + path, errno);
  net::Fd fd(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!fd) return fail_errno("cannot open the pipe " + path, errno);
  return std::unique_ptr<SidecarLog>(new SidecarLog(loop, path, std::move(fd)));
}

SidecarLog::SidecarLog(net::Loop& loop, std::string path, net::Fd fd)
    : loop_(loop), path_(std::move(path)), fd_(std::move(fd)) {
  loop_.watch(fd_.get(), net::kReadable, *this);
}

// What lies in it still counts: lines of the last requests.
SidecarLog::~SidecarLog() {
  on_ready(0);
  loop_.unwatch(fd_.get());
  ::unlink(path_.c_str());
}

void SidecarLog::on_ready(std::uint32_t) {
  static char buffer[kMostAtOnce];
  const ssize_t size = ::read(fd_.get(), buffer, sizeof buffer);
  if (size > 0) write_out({buffer, static_cast<std::size_t>(size)});
}

}  // namespace weir
