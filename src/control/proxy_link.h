// ProxyLink: the way to the real proxy: a client of its Unix socket on control's loop. Each message is one line of
// JSON:
// {"table": …} and {"upgrade": …} to the proxy, {"feedback": …} from it. A connection that is lost is made again, for
// ever. Of tables that wait behind a slow reader only the newest is kept. One thread (the loop's); owned by main.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "control/control.h"
#include "net/fd.h"
#include "net/loop.h"
#include "net/timer.h"

namespace weir::control {

struct ProxyLinkCalls {
  std::function<void()> on_connected;                // Control::on_connected
  std::function<void(route::Feedback)> on_feedback;  // Control::on_feedback, then a step
};

class ProxyLink final : public DataPlane, private net::FdHandler {
 public:
  // `socket_path`: where the proxy listens, or will. It connects from the first turn of the loop on.
  ProxyLink(net::Loop& loop, std::string socket_path, Log& log, ProxyLinkCalls calls);
  ~ProxyLink() override;

  void publish(route::RouteTablePointer table) override;
  // Another process shall follow the proxy: one that `command`, program and arguments, starts. While connected.
  void ask_to_be_followed(std::vector<std::string> command);
  bool connected() const { return connected_; }

 private:
  void on_ready(std::uint32_t events) override;
  void connect();
  void lose(const std::string& why);
  void finish_connecting();
  void read();
  void take_lines(std::string_view chunk);
  bool take_message(std::string_view line);
  void write();

  net::Loop& loop_;
  const std::string path_;
  Log& log_;
  const ProxyLinkCalls calls_;
  net::Timer reconnect_;
  net::Fd socket_;
  bool connected_ = false;
  unsigned failures_ = 0;  // to connect, in a row
  std::string incoming_;   // the beginning of a line
  std::string outgoing_;   // a line of which `sent_` bytes are on their way
  std::size_t sent_ = 0;
  route::RouteTablePointer waiting_;  // the newest table, to be sent after `outgoing_`
};

}  // namespace weir::control
