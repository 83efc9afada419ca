// Control makes wishes true: it reconciles every service, task and balancer in the store with what the runtime and
// the proxy report, compiles the RouteTable and keeps the order of life (DESIGN §5). Decisions are pure functions in
// rollout/ and beside this file; Control only gathers their inputs and carries out their actions. It may be destroyed
// between any two writes and made anew on the same store: nothing that matters lives only here. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "control/hook_runs.h"
#include "control/preparation.h"
#include "model/documents.h"
#include "route/feedback.h"
#include "route/route_table.h"
#include "runtime/runtime.h"
#include "store/store.h"

namespace weir::control {

// The way to the proxy.
class DataPlane {
 public:
  virtual ~DataPlane() = default;
  // Sends a table; versions grow. Lost where no proxy is connected: it is published again when one connects.
  virtual void publish(route::RouteTablePointer table) = 0;
};

struct ControlOptions {
  std::string listen_address = "127.0.0.1";   // where balancers' listeners are bound
  unsigned port_offset = 0;                   // added to listener ports below 1024: 8000 for an ordinary user
  std::string access_logs = "access-logs";    // balancers' access logs: BUCKET/PREFIX/NAME.log below it
  std::string certificates = "certificates";  // the folder of certificates and their keys
  Preparation* preparation = nullptr;         // outlives control; null: tasks need none
  std::uint32_t mesh_range = 0;               // where virtual services are: 1024 addresses of loopback; 0: nowhere
  Duration pace{};                            // how long a task is in each state on its way to RUNNING, at least
  Duration minute = std::chrono::minutes(1);  // how long an AWS minute lasts
  std::string boot;                           // the machine's boot id: whose monotonic clock this is
  bool awaits_names = false;  // on_names_followed() is called: no task gets SIGTERM while a name leads to it
};

class Control {
 public:
  Control(store::Store& store, runtime::Runtime& runtime, DataPlane& data_plane, const Clock& clock, Random& random,
          Log& log, ControlOptions options);
  ~Control();
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;

  // Reconciles until there is nothing to do now. Returns the instant of the next thing that time alone brings
  // (back-off, drain delay, clean-up), or none. Call it when the store, the runtime or the feedback has changed.
  std::optional<Instant> step();

  // A task is another in the runtime than it was. Where nobody ever says so, each step looks at every task that the
  // runtime knows; with this only at those named.
  void on_runtime_change(const std::string& task_id);

  // What the proxy says. `on_connected` when a proxy is (again) there, before its first feedback.
  void on_connected();
  void on_feedback(route::Feedback feedback);

  // How the targets of lifecycle hooks are called; whoever is called answers with on_hook_reply(). Without it they
  // fail.
  void on_hook_call(std::function<void(const HookCall&)> call);
  void on_hook_reply(const HookCall& call, HookReply reply);

  // Whoever answers names does so as the store was at `revision`.
  void on_names_followed(std::int64_t revision);

  // The task as control last saw it, good until the next step; null where there is none.
  const model::Task* task(std::string_view id) const;
  // A task's definition, good until the next call of anything; null where it is gone. Errors: the store's.
  Result<const model::TaskDefinition*> definition(const model::Task& task);

  // Where the virtual services of all meshes are: name, in lower case, to the place within the range of this instance.
  const std::map<std::string, std::int32_t>& virtual_services() const;

  // The newest of the store's revisions of which every worker of the proxy runs everything; -1: none, or no proxy has
  // said.
  std::int64_t in_force() const;

  // The table last published (null before the first) and the newest feedback.
  route::RouteTablePointer table() const;
  const route::Feedback& feedback() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace weir::control
