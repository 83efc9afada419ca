// NameService: Weir's DNS as `weir serve` sees it: where it answers, the process that does, and the zones that are
// written for it. It outlives the control process as the proxy does. One thread (the control thread); owned by Server.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/log.h"
#include "base/result.h"
#include "control/name_keeper.h"
#include "main/kept_process.h"
#include "main/zone_files.h"
#include "net/fd.h"
#include "net/loop.h"
#include "net/timer.h"
#include "store/store.h"

namespace weir {

class NameService {
 public:
  // `port`: the one that is wished for, 0 for any free one; none: kNamePort, or a free one where that is taken. One
  // that runs already keeps its port unless another is wished for. Errors: "Io" where the wished one is taken.
  static Result<std::unique_ptr<NameService>> open(net::Loop& loop, Log& log, const std::string& state_directory,
                                                   std::optional<std::uint16_t> port);

  // Writes what the store holds, then adopts or starts the process. `address`: where balancers are. Errors: "Io".
  Result<> start(store::Store& store, std::string address);
  // The store has changed: zones are written a moment later.
  void changed();
  // Told when names are answered as the store was at a revision. Where zones cannot be written for a while, of any.
  void on_followed(std::function<void(std::int64_t revision)> told) { told_ = std::move(told); }
  // Every virtual service of every mesh, with its addresses. After start().
  void set_virtual_services(control::VirtualServices services);

  // Asks the process to end; `ended` is called once it has.
  void stop(std::function<void()> ended) { process_->stop(std::move(ended)); }
  // Ends it at once.
  void kill() { process_->kill(); }

  std::uint16_t port() const { return port_; }
  // "127.0.0.1:4553"
  std::string address() const;

 private:
  NameService(net::Loop& loop, Log& log, const std::string& state_directory);
  Result<> choose_port(std::optional<std::uint16_t> wished);
  void follow();
  void on_follow_failed(const Error& error);
  void await_reading();
  void on_read();

  net::Loop& loop_;
  Log& log_;
  const std::string folder_, pid_file_, log_file_;
  std::uint16_t port_ = 0;
  net::Fd claim_;  // to the port, which its server may not have bound yet; none of one that ran already
  ZoneFiles files_;
  std::unique_ptr<control::NameKeeper> keeper_;
  std::unique_ptr<KeptProcess> process_;
  net::Timer next_follow_;
  net::Timer reading_;          // until the server has read what was written by
  std::int64_t promised_ = -1;  // this revision
  std::function<void(std::int64_t)> told_;
  std::optional<Instant> failing_since_;
};

}  // namespace weir
