// NameStream: one TCP connection of a client that asks for names: queries with their lengths before them, any number
// one after another, answered as the answers come (RFC 7766). A client that is slow, silent or takes no answers loses
// its connection. The NameServer's loop; owned by it.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "net/fd.h"
#include "net/loop.h"
#include "net/timer.h"

namespace weir::dns {

struct NameStreamCalls {
  // Has a query answered: say() is called once for it, before this returns or later.
  std::function<void(std::string_view)> ask;
  // It has ended, and may be destroyed.
  std::function<void()> ended;
};

class NameStream final : private net::FdHandler, private net::TurnTask {
 public:
  NameStream(net::Loop& loop, net::Fd socket, NameStreamCalls calls);
  ~NameStream() override;

  // The answer to one of its queries; an empty one: it was none, and the connection ends.
  void say(std::string reply);
  // When it ends unless it moves on.
  Instant deadline() const { return patience_.deadline(); }

 private:
  void on_ready(std::uint32_t events) override;
  void at_turn_end() override;
  void add(const std::string& reply);
  bool receive();
  bool parse();
  bool send_out();
  void settle();

  net::Loop& loop_;
  net::Fd socket_;
  NameStreamCalls calls_;
  net::Timer patience_;
  std::string in_, out_;
  std::size_t outstanding_ = 0;
  bool parsing_ = false;
  bool failed_ = false;
  bool peer_done_ = false;
};

}  // namespace weir::dns
