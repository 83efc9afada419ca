#include "http/input.h"

#include <poll.h>
#include <sys/socket.h>

namespace example {

bool Input::more() {
  char chunk[16 * 1024];
  pollfd wait{socket_, POLLIN, 0};
  if (poll(&wait, 1, kIdleMs) <= 0) return false;
  ssize_t n = recv(socket_, chunk, sizeof chunk, 0);
  if (n <= 0) return false;
  bytes.append(chunk, static_cast<std::size_t>(n));
  return true;
}

bool Input::at_least(std::size_t size) {
  while (bytes.size() < size)
    if (!more()) return false;
  return true;
}

std::optional<std::string> Input::line(std::size_t max) {
  std::size_t end;
  while ((end = bytes.find("\r\n")) == std::string::npos)
    if (bytes.size() > max || !more()) return std::nullopt;
  std::string line = bytes.substr(0, end);
  bytes.erase(0, end + 2);
  return line;
}

void send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t n = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

}  // namespace example
