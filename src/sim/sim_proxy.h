// SimProxy: the proxy as control and the users see it: it can be killed and starts again from the table it kept, its
// connection to control can be cut and comes back. What it does inside is SimProcess. One thread; owned by the world.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "control/control.h"
#include "sim/sim_process.h"

namespace weir::sim {

class SimProxy final : public control::DataPlane {
 public:
  SimProxy(Agenda& agenda, Random& random, Trace& trace, SimRuntime& backends, ProxySettings& settings,
           ProxyWitness& witness);

  // Control's end of the connection. What a control process that has ended had sent may still arrive.
  struct Listener {
    std::function<void()> connected;
    std::function<void(route::Feedback)> feedback;
  };
  void attach(Listener control);
  void detach();
  void publish(route::RouteTablePointer table) override;

  // Breaks the connection; it comes back by itself.
  void cut();
  // Ends the process; it starts again by itself.
  void kill();
  // Messages to and from control; the world may slow them down.
  Delay delay{milliseconds(2), milliseconds(60), 5};

  bool connected() const { return connected_; }
  // Null while it is dead.
  const SimProcess* process() const { return process_.get(); }
  // What it would start with.
  const route::RouteTablePointer& kept() const { return kept_; }

  // A request comes to the listener on `port`; lost where the proxy is dead.
  void request(std::uint16_t port);
  void on_exit(const SimTask& task);
  // Exchanges in flight on the task that has this port.
  std::uint32_t active(std::uint16_t port, const std::string& pool) const {
    return process_ ? process_->active(port, pool) : 0;
  }
  const ProxyTally& tally() const { return tally_; }

 private:
  void start();
  void connect_later();
  void disconnect();
  void tell();
  void tell_every_second(std::uint64_t life);

  Agenda& agenda_;
  Random& random_;
  Trace& trace_;
  SimRuntime& backends_;
  const ProxySettings& settings_;
  ProxyWitness& witness_;
  ProxyTally tally_;
  std::unique_ptr<SimProcess> process_;
  std::uint64_t life_ = 0;
  route::RouteTablePointer kept_;
  Listener control_;
  bool attached_ = false;
  bool connected_ = false;
  std::int64_t told_ = 0;      // the version that control heard of last
  std::uint64_t attempt_ = 0;  // to connect
  SimLink to_proxy_;
  SimLink to_control_;
};

}  // namespace weir::sim
