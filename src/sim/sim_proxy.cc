#include "sim/sim_proxy.h"

#include <fmt/format.h>

#include <utility>

#include "base/result.h"

namespace weir::sim {

SimProxy::SimProxy(Agenda& agenda, Random& random, Trace& trace, SimRuntime& backends, ProxySettings& settings,
                   ProxyWitness& witness)
    : agenda_(agenda),
      random_(random),
      trace_(trace),
      backends_(backends),
      settings_(settings),
      witness_(witness),
      to_proxy_(agenda, random, delay),
      to_control_(agenda, random, delay) {
  start();
}

void SimProxy::start() {
  process_ = std::make_unique<SimProcess>(agenda_, random_, trace_, backends_, settings_, witness_, tally_);
  process_->changed = [this] { tell(); };
  tell_every_second(++life_);
  if (kept_ && settings_.mutation != Mutation::forgetful_proxy) {
    // As it lies on disk: through its text.
    const auto read = MUST(Json::parse(route::to_json(*kept_).dump()));
    process_->begin_with(std::make_shared<const route::RouteTable>(MUST(route::table_from_json(read))));
  }
  connect_later();
}

void SimProxy::kill() {
  if (!process_) return;
  if (trace_.on()) trace_.line("fault    the proxy is killed");
  disconnect();
  process_.reset();
  agenda_.after(milliseconds(random_.between(20, 800)), [this] {
    if (trace_.on()) trace_.line("proxy    starts again");
    start();
  });
}

void SimProxy::attach(Listener control) {
  control_ = std::move(control);
  attached_ = true;
  connect_later();
}

void SimProxy::detach() {
  attached_ = false;
  control_ = {};
  connected_ = false;
  ++attempt_;
  to_control_.cut();
  if (random_.chance(30)) to_proxy_.cut();
}

void SimProxy::cut() {
  if (!connected_) return;
  if (trace_.on()) trace_.line("fault    the connection between control and proxy is cut");
  disconnect();
  connect_later();
}

void SimProxy::disconnect() {
  connected_ = false;
  ++attempt_;
  to_proxy_.cut();
  to_control_.cut();
}

void SimProxy::connect_later() {
  const std::uint64_t attempt = ++attempt_;
  agenda_.after(milliseconds(random_.between(1, random_.chance(20) ? 1500 : 60)), [this, attempt] {
    if (attempt != attempt_ || !attached_ || !process_ || connected_) return;
    if (trace_.on()) trace_.line("link     control and proxy are connected");
    connected_ = true;
    control_.connected();
    tell();
  });
}

void SimProxy::publish(route::RouteTablePointer table) {
  if (!connected_) return;
  to_proxy_.send([this, life = life_, table = std::move(table)] {
    if (!process_ || life != life_) return;
    if (trace_.on()) trace_.line(fmt::format("proxy    receives table {}", table->version));
    if (!kept_ || kept_->version < table->version) kept_ = table;
    process_->receive(table);
  });
}

void SimProxy::tell() {
  if (!connected_ || !process_) return;
  to_control_.send([this, said = process_->feedback()] {
    if (!connected_) return;
    if (trace_.on() && told_ != said.acknowledged)
      trace_.line(fmt::format("control  hears that table {} runs", said.acknowledged));
    told_ = said.acknowledged;
    control_.feedback(said);
  });
}

void SimProxy::tell_every_second(std::uint64_t life) {
  agenda_.after(kFeedbackInterval, [this, life] {
    if (life != life_ || !process_) return;
    tell();
    tell_every_second(life);
  });
}

void SimProxy::request(std::uint16_t port) {
  if (settings_.mutation == Mutation::deaf_without_control && !attached_) return witness_.on_unheard(port);
  if (process_) process_->request(port);
}

void SimProxy::on_exit(const SimTask& task) {
  if (process_) process_->on_exit(task);
}

}  // namespace weir::sim
