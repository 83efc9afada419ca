// KinLink: the connection between a proxy and the one that follows it: JSON texts, one a line, and descriptors with
// them, over a pair of Unix sockets. One thread (the main loop).
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "net/fd.h"
#include "net/loop.h"

namespace weir::proxy {

// A socket that several hold: it closes with the last of them.
using SharedFd = std::shared_ptr<const net::Fd>;

class KinLink final : private net::FdHandler {
 public:
  struct Calls {
    std::function<void(const Json&)> message;  // may destroy the link in a later turn, not in this one
    std::function<void()> closed;              // once, by the other side or for its nonsense; no message follows
  };
  KinLink(net::Loop& loop, net::Fd socket, Calls calls);
  ~KinLink() override;

  // Two connected ends, closed on exec. Errors: "Io".
  static Result<std::pair<net::Fd, net::Fd>> pair();

  // Sends in order, however long the other side takes. At most kMaxDescriptors of `descriptors`.
  void send(const Json& message, std::span<const SharedFd> descriptors = {}) { send(message.dump(), descriptors); }
  // The same, of a JSON text that is one line.
  void send(std::string message, std::span<const SharedFd> descriptors = {});
  // The oldest `count` descriptors that have come and were not taken; fewer where they have not.
  std::vector<SharedFd> take(std::size_t count);
  bool open() const { return fd_.valid(); }

 private:
  struct Outgoing {
    std::string bytes;
    std::vector<SharedFd> descriptors;  // they leave with the first byte
  };
  void on_ready(std::uint32_t events) override;
  void flush();
  ssize_t send_front();
  void read();
  void take_lines(std::size_t seen);
  void close();

  net::Loop& loop_;
  net::Fd fd_;
  Calls calls_;
  std::string in_;
  std::deque<SharedFd> received_;
  std::deque<Outgoing> out_;
};

}  // namespace weir::proxy
