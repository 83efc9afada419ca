#include "runtime/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "net/fd.h"

namespace weir::runtime {

std::unexpected<Error> fail_file(std::string what, int error_number) {
  const char* code = "Io";
  if (error_number == ENOSPC || error_number == EDQUOT || error_number == EFBIG) code = "Full";
  if (error_number == ENOENT) code = "NotFound";
  return fail(code, what + ": " + std::strerror(error_number), ErrorSource::runtime);
}

Result<std::string> read_file(const std::string& path, std::size_t max_bytes) {
  const net::Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_file("cannot read " + path, errno);
  std::string content;
  char buffer[65536];
  for (;;) {
    const ssize_t count = read(fd.get(), buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_file("cannot read " + path, errno);
    if (count == 0) return content;
    content.append(buffer, static_cast<std::size_t>(count));
    if (content.size() > max_bytes) return fail("TooLarge", fmt::format("{} is over {} bytes", path, max_bytes));
  }
}

namespace {

Result<> write_all(int fd, const std::string& path, std::string_view content) {
  while (!content.empty()) {
    const ssize_t count = write(fd, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_file("cannot write " + path, errno);
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

Result<> write_new(const std::string& path, std::string_view content, Durability durability) {
  const net::Fd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!fd) return fail_file("cannot write " + path, errno);
  TRY(write_all(fd.get(), path, content));
  if (durability == Durability::machine && fsync(fd.get()) != 0) return fail_file("cannot write " + path, errno);
  return {};
}

}  // namespace

Result<> write_file(const std::string& path, std::string_view content, Durability durability) {
  const std::string fresh = fmt::format("{}.{}.tmp", path, gettid());
  if (auto written = write_new(fresh, content, durability); !written) {
    unlink(fresh.c_str());
    return written;
  }
  if (rename(fresh.c_str(), path.c_str()) != 0) return fail_file("cannot write " + path, errno);
  if (durability == Durability::machine) {
    const auto folder = std::filesystem::path(path).parent_path();
    const net::Fd directory(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory || fsync(directory.get()) != 0) return fail_file("cannot write " + folder.string(), errno);
  }
  return {};
}

Result<Json> read_json(const std::string& path, std::size_t max_bytes) {
  auto json = Json::parse(TRY(read_file(path, max_bytes)));
  if (!json) json.error().message = path + ": " + json.error().message;
  return json;
}

Result<> make_directories(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return fail_file("cannot make the folder " + path, error.value());
  return {};
}

void remove_tree(const std::string& path) {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
}

}  // namespace weir::runtime
