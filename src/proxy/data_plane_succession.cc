// How one data plane follows another with no connection refused or reset: the part of DataPlane that leaves, and the
// part that inherits. docs/decisions/0009 tells the order of events.
#include <algorithm>
#include <map>
#include <utility>

#include "proxy/admin_port.h"
#include "proxy/data_plane.h"
#include "proxy/limits.h"
#include "proxy/table_file.h"

namespace weir::proxy {

void DataPlane::follow(std::vector<std::string> command) {
  if (life_ != Life::serving) return log_.warning("another process serves already, or none shall any more");
  if (successor_) log_.info("asked for a successor while one starts: another one is to follow it");
  if (command.empty()) return log_.error("no program is known that could follow this process");
  if (draining() >= kMaxDraining) log_.warning("too many processes finish what is under way: the next one waits");
  next_command_ = std::move(command);
  start_successor();
}

void DataPlane::start_successor() {
  if (next_command_.empty() || successor_ || life_ != Life::serving || draining() >= kMaxDraining) return;
  const std::vector<std::string> command = std::exchange(next_command_, {});
  log_.info("starting a successor: " + command.front());
  auto started = Successor::start(
      loop_, command,
      {.inheritance = [this] { return inheritance(); },
       .current = [this](std::int64_t version) { return options_.control.empty() || version == table_->version; },
       .about_to_serve =
           [this] {
             if (control_) control_->pause();
             keeper_.finish();  // what it writes from now on is the successor's
             successor_->tell(R"({"serve":true,)" + last_words());
           },
       .serves = [this] { followed(); },
       .failed = [this](const std::string& why) { not_followed(why); },
       .message = [this](const Json& message) { take_from_successor(message); },
       .gone = [this] {  // nobody waits for what is under way here, but its clients do
         shutdown_limit_.arm(std::min(shutdown_limit_.deadline(), loop_.now() + Duration(kShutdownLimit)));
       }});
  if (started) {
    successor_ = std::move(*started);
  } else {
    log_.error("no successor, this process goes on: " + started.error().message);
  }
}

Inheritance DataPlane::inheritance() const {
  Inheritance left{.sockets = ports_.sockets(), .persisted = persisted_, .health = checks_.known()};
  if (!options_.control.empty()) left.table = table_;
  const Ports::Tickets tickets = ports_.tickets();
  left.tickets = tickets.keys;
  left.tickets_left = tickets.left;
  if (control_) left.sockets[control_place(options_.control)] = {control_->socket()};
  if (admin_) left.sockets[admin_place(options_.admin)] = {admin_->socket()};
  return left;
}

// The rest of a message to the successor.
std::string DataPlane::last_words() const {
  return R"("feedback":)" + text_of(feedback()) + R"(,"draining":)" + std::to_string(draining() + 1) + "}";
}

void DataPlane::followed() {
  log_.info("process " + std::to_string(successor_->pid()) + " serves now; finishing what is under way");
  life_ = Life::followed;
  if (control_) control_->leave();
  control_.reset();
  admin_.reset();
  if (!std::exchange(next_command_, {}).empty()) successor_->hang_up();
  ports_.leave();
  Duration limit = kShutdownLimit;
  for (const route::Pool& pool : table_->pools) limit = std::max<Duration>(limit, pool.drain_delay);
  end_workers(kFollowedGrace, limit + kLingerTime);  // the workers end what outlives its delay
  feedback_soon();
}

void DataPlane::not_followed(const std::string& why) {
  log_.error("the successor, process " + std::to_string(successor_->pid()) +
             ", is given up, this process goes on: " + why);
  loop_.post([gone = std::shared_ptr<Successor>(std::move(successor_))] {});  // it is on the stack
  if (control_) control_->resume();
  if (options_.serving) options_.serving();
  start_successor();
}

void DataPlane::take_from_successor(const Json& message) {
  if (message.find("hurry") != nullptr) {
    if (life_ == Life::followed) finish();
    return;
  }
  const auto taken = take_message(message);
  if (!taken) log_.error("what the successor said is not understood: " + taken.error().message);
}

void DataPlane::await_inheritance() {
  life_ = Life::heir;
  predecessor_ = std::make_shared<Predecessor>(
      loop_, std::move(options_.predecessor),
      Predecessor::Calls{.inherit =
                             [this](Inheritance left) {
                               if (const auto taken = inherit(std::move(left)); !taken) give_up(taken.error());
                             },
                         .serve = [this] { begin_to_serve(); },
                         .news =
                             [this] {
                               before_ = predecessor_->feedback();
                               feedback_soon();
                             },
                         .gone =
                             [this] {
                               for (route::BackendStatus& each : before_.backends) each.active = 0;
                               loop_.post([gone = std::move(predecessor_)] {});  // it is on the stack
                               feedback_soon();
                               stop_when_finished();
                             },
                         .unusable = [this](const Error& why) { give_up(why); }});
}

Result<void> DataPlane::inherit(Inheritance left) {
  if (left.table == nullptr) {
    auto stored = TRY(read_table_file(options_.table));
    if (!stored) return fail("Io", options_.table + " does not exist");
    left.table = std::make_shared<const route::RouteTable>(std::move(*stored));
  }
  persisted_ = left.persisted;
  left_ = std::move(left.sockets);
  tickets_ = {std::move(left.tickets), left.tickets_left};
  ready_to_say_ = true;
  take_table(std::move(left.table));
  checks_.recall(left.health);
  return {};
}

void DataPlane::say_ready_when_applied() {
  if (!ready_to_say_ || !runs_everywhere()) return;
  ready_to_say_ = false;
  predecessor_->say_ready(table_->version);
}

void DataPlane::begin_to_serve() {
  Ports::Sockets left = std::exchange(left_, {});
  if (const auto opened = open_ports(left); !opened) return give_up(opened.error());
  life_ = Life::serving;
  ports_.inherit(std::move(left));
  if (tickets_.keys) ports_.inherit(std::move(tickets_));
  ports_.open_missing(*table_);
  persist();
  if (options_.serving) options_.serving();
  predecessor_->say_serving();
  log_.info("serving, with the sockets of the process before");
}

void DataPlane::give_up(const Error& why) {
  failed_ = why;
  loop_.stop();
}

void DataPlane::add_predecessor(route::Feedback& feedback) const {
  if (before_.pools.empty()) return;
  std::map<std::pair<std::string_view, std::string_view>, const route::BackendStatus*> backends;
  for (const route::BackendStatus& each : before_.backends) backends[{each.pool, each.backend}] = &each;
  for (route::BackendStatus& sum : feedback.backends) {
    const auto found = backends.find({sum.pool, sum.backend});
    if (found == backends.end()) continue;
    sum.active += found->second->active;
    sum.requests += found->second->requests;
  }
  std::map<std::string_view, const route::PoolCounters*> pools;
  for (const route::PoolCounters& each : before_.pools) pools[each.pool] = &each;
  for (route::PoolCounters& sum : feedback.pools) {
    const auto found = pools.find(sum.pool);
    if (found == pools.end()) continue;
    sum.counters.add(found->second->counters);
  }
  std::map<std::string_view, const route::ListenerCounters*> listeners;
  for (const route::ListenerCounters& each : before_.listener_counters) listeners[each.listener] = &each;
  for (route::ListenerCounters& sum : feedback.listener_counters) {
    const auto found = listeners.find(sum.listener);
    if (found != listeners.end()) sum.counters.add(found->second->counters);
  }
}

}  // namespace weir::proxy
