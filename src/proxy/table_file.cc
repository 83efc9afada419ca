#include "proxy/table_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "net/fd.h"

namespace weir::proxy {
namespace {

Result<void> write_all(int fd, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail_errno("cannot write " + path, errno);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (fsync(fd) != 0) return fail_errno("cannot sync " + path, errno);
  return {};
}

}  // namespace

Result<std::optional<route::RouteTable>> read_table_file(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    if (errno == ENOENT) return std::optional<route::RouteTable>();
    return fail_errno("cannot read " + path, errno);
  }
  std::ostringstream text;
  text << file.rdbuf();
  const Json json = TRY(Json::parse(text.str()));
  return std::optional<route::RouteTable>(TRY(route::table_from_json(json)));
}

Result<void> write_table_file(const std::string& path, const route::RouteTable& table) {
  const std::string temporary = path + ".new";
  const net::Fd fd(open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd) return fail_errno("cannot create " + temporary, errno);
  const Result<void> written = write_all(fd.get(), to_json(table).dump() + "\n", temporary);
  if (!written) {
    unlink(temporary.c_str());
    return written;
  }
  if (rename(temporary.c_str(), path.c_str()) != 0) return fail_errno("cannot replace " + path, errno);
  const std::string folder = std::filesystem::path(path).parent_path().string();
  const net::Fd directory(open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory) fsync(directory.get());
  return {};
}

}  // namespace weir::proxy
