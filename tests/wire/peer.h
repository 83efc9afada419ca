// Peer: the test's end of one connection with the proxy, over HTTP/1.1 as raw bytes or over HTTP/2 as messages.
// Blocking, with a bound on every wait. One thread.
#pragma once

#include <yaml-cpp/yaml.h>

#include <memory>
#include <string>

#include "net/fd.h"

namespace weir::wire_test {

inline constexpr int kPatience = 5000;  // milliseconds: the longest that one expected thing may take

// Whether `fd` becomes readable (or is closed by the other side) within `millis`.
bool wait_readable(int fd, int millis);

class Peer {
 public:
  virtual ~Peer() = default;
  virtual void send(const YAML::Node& message) = 0;
  // What came, as text: as much as `expected` asks for, or what there was when patience ran out.
  virtual std::string receive(const YAML::Node& expected) = 0;
  // `expected` in the same form.
  virtual std::string text_of(const YAML::Node& expected) = 0;
  virtual int fd() const = 0;
  // Reads until the other side closes; what else it said, or "(still open)".
  std::string rest();
};

enum class PeerSide { client, backend };

// `protocol`: "h1", "h2", or "raw" (HTTP/1.1 whose line ends are not touched).
std::unique_ptr<Peer> make_peer(const std::string& protocol, PeerSide side, net::Fd socket);

}  // namespace weir::wire_test
