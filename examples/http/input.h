// The bytes of one connection: what was received and not yet understood, and how to get more.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace example {

class Input {
 public:
  static constexpr int kIdleMs = 120'000;  // longer than this nobody is waited for

  explicit Input(int socket) : socket_(socket) {}
  std::string bytes;
  // False: the connection ended.
  bool more();
  bool at_least(std::size_t size);
  // The next line without its end; none where it is longer than `max`, or the connection ended.
  std::optional<std::string> line(std::size_t max);

 private:
  int socket_;
};

void send_all(int socket, std::string_view bytes);

}  // namespace example
