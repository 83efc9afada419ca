#include "wire/route.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/json.h"

namespace weir::wire {

SpooledFile::SpooledFile(SpooledFile&& other) noexcept
    : fd_(std::move(other.fd_)), path_(std::exchange(other.path_, {})) {}

SpooledFile& SpooledFile::operator=(SpooledFile&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(path_, other.path_);
  return *this;
}

SpooledFile::~SpooledFile() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

Result<SpooledFile> SpooledFile::create(const std::string& directory) {
  std::string path = directory + "/upload-XXXXXX";
  const int fd = ::mkostemp(path.data(), O_CLOEXEC);
  if (fd < 0) return fail_errno("creating a file in " + directory, errno);
  return SpooledFile(net::Fd(fd), std::move(path));
}

Result<> SpooledFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && (errno == ENOSPC || errno == EDQUOT)) return fail("Full", "No space is left on the disk");
    if (written < 0) return fail_errno("writing " + path_, errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Route plain_route(std::string method, std::string prefix, std::function<Reply(const RouteRequest&)> answer) {
  return {.method = std::move(method),
          .prefix = std::move(prefix),
          .handle = [answer = std::move(answer)](RouteRequest request, std::shared_ptr<ResponseStream> stream) {
            stream->reply(answer(request));
          }};
}

Reply route_error(std::uint16_t status, std::string_view message) {
  Json body = Json::object();
  body.set("message", message);
  return {status, {{"content-type", "application/json"}}, body.dump() + "\n"};
}

const Route* find_route(const std::vector<Route>& routes, std::string_view method, std::string_view path,
                        bool* other_method) {
  const Route* found = nullptr;
  *other_method = false;
  for (const auto& route : routes) {
    if (!path.starts_with(route.prefix)) continue;
    if (route.method != method) {
      *other_method = true;
    } else if (!found || route.prefix.size() > found->prefix.size()) {
      found = &route;
    }
  }
  return found;
}

}  // namespace weir::wire
