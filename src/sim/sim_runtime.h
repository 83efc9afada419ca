// SimRuntime: tasks that are only pretended to run, each with a fate drawn from the seed: slow to start, crashing,
// hanging, failing its health checks, deaf to SIGTERM. Their containers start and stop in the runtime's real order. It
// outlives control, as tasks do. What control sees of a task (find) lags behind what it truly is (SimTask). One thread;
// owned by the world.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "runtime/runtime.h"
#include "runtime/start_order.h"
#include "sim/agenda.h"
#include "sim/limits.h"
#include "sim/trace.h"

namespace weir::sim {

// How the tasks of one image behave. Percentages are of tasks.
struct ImageBehaviour {
  bool pullable = true;
  bool crash_loop = false;     // ends soon after its start, every time
  bool never_healthy = false;  // serves, but fails its health checks
  milliseconds slowest_start{500};
  unsigned crash_percent = 0;
  unsigned hang_percent = 0;
  unsigned sick_percent = 0;  // fails health checks for a while
  unsigned deaf_percent = 0;  // ignores SIGTERM
  unsigned leak_percent = 0;  // of its answers: never finished, with the connection kept
  bool eats_memory = false;   // where it crashes, then because its memory is at an end
  // It has work to do and then ends with this code.
  std::optional<std::int32_t> ends_with;
  unsigned unhealthy_percent = 0;  // its own health check fails for good after a while
  bool bad() const { return crash_loop || never_healthy; }
};

// A task as it truly is. What is said of requests is of its first container, which takes them.
struct SimTask {
  runtime::TaskSpec spec;
  ImageBehaviour behaviour;
  std::vector<runtime::ContainerObservation> containers;  // in the order of the wished ones
  std::unique_ptr<runtime::StartOrder> order;
  std::vector<Instant> started_at;  // of each container, last
  std::set<std::size_t> signalled;  // containers with a SIGTERM
  std::uint16_t port = 0;           // where it listens, on 127.0.0.1; 0 before it is started
  bool started = false;             // its process exists or existed
  bool listening = false;           // takes connections
  bool was_ready = false;           // has listened
  bool hanging = false;             // takes connections, never answers
  bool sick = false;                // answers health checks with an error
  bool deaf = false;
  bool told_to_stop = false;  // SIGTERM, by control
  bool failing = false;       // it ends by itself: an essential container has, or it cannot start
  bool exited = false;        // no process is left
  bool released = false;      // nor anything else that it had
  bool failing_told = false;  // control has been told
  bool exit_told = false;     // of that too
  bool gone_with_host = false;
  Instant exit_told_at;
  bool forgotten = false;
  unsigned incarnation = 0;  // grows where a task that is forgotten is started anew
  std::int32_t exit_code = 0;
  std::string failure;
  runtime::TaskObservation observed;

  // Of its own; that of the machine before it is started.
  const std::string& address() const { return observed.address; }
  bool answers() const { return listening && !hanging; }
  bool passes_checks() const { return answers() && !sick && !behaviour.never_healthy; }
  bool stops() const { return told_to_stop || failing; }
  bool crashed() const { return (exited || failing) && !told_to_stop; }
};

class SimRuntime final : public runtime::Runtime {
 public:
  SimRuntime(Agenda& agenda, Random& random, Trace& trace) : agenda_(agenda), random_(random), trace_(trace) {}

  // Told before a SIGTERM, with the task as it is; when a start is asked for; and when a task's last process has ended.
  std::function<void(const SimTask&)> on_sigterm;
  std::function<void(const runtime::TaskSpec&)> on_start;
  std::function<void(SimTask&)> on_exit;
  // The world's way into images: by "NAME:TAG".
  std::map<std::string, ImageBehaviour> images;
  // Whether tasks meet their fates (crash, hang, sicken) now.
  bool mischief = true;
  // A broken runtime, for the tests of the invariants: exits are never told.
  bool hides_exits = false;
  bool hides_restarts = false;  // those of containers
  // Starts are refused with an error, as on a machine without a free process.
  bool refuses_starts = false;

  Result<> start(const runtime::TaskSpec& spec) override;
  void stop(const std::string& task_id) override;
  void forget(const std::string& task_id) override;
  std::vector<runtime::ContainerUse> stats(const std::string&) const override { return {}; }
  std::optional<runtime::TaskObservation> find(const std::string& task_id) const override;
  std::vector<std::string> list() const override;
  void on_change(std::function<void(const std::string& task_id)> told) override { told_ = std::move(told); }

  // The parent of the task's processes is killed, and they with it.
  void kill_shim(const std::string& task_id);
  // The machine starts anew: no process is left, and nothing is known of any.
  void reboot();
  // Control has started anew: it finds every task as it is now.
  void adopt();
  // The task that has (or had) this port, or null.
  SimTask* at_port(std::uint16_t port);
  SimTask* find_task(const std::string& id);
  // The same by its address.
  SimTask* at_address(const std::string& address);
  // Every task ever, by id.
  const std::map<std::string, SimTask>& tasks() const { return tasks_; }
  // Ends what hangs or is sick by chance, so that a world can come to rest: sick tasks recover, hanging ones stay.
  void recover();

 private:
  void make_processes(const std::string& id);
  void advance(SimTask& task);
  void start_container(SimTask& task, std::size_t at);
  void restart(SimTask& task, std::size_t at);
  void start_app(SimTask& task);
  void start_helper(SimTask& task, std::size_t at);
  void draw_fate(SimTask& task);
  void give_up(SimTask& task, std::string why);
  void heal_helpers(SimTask& task);
  void stop_next(SimTask& task);
  void end_container(SimTask& task, std::size_t at, std::int32_t code);
  void end_app(SimTask& task, std::int32_t code) { end_container(task, 0, code); }
  void finish(SimTask& task);
  void release(SimTask& task);
  void tell(const std::string& id);
  void refresh(SimTask& task);
  void later_unless_over(const std::string& id, Duration delay, std::function<void(SimTask&)> what);
  Duration draw(milliseconds least, milliseconds most);

  Agenda& agenda_;
  Random& random_;
  Trace& trace_;
  std::map<std::string, SimTask> tasks_;
  std::map<std::uint16_t, std::string> ports_;
  std::map<std::string, std::string> addresses_;
  std::function<void(const std::string&)> told_;
  unsigned next_port_ = kFirstPort;
};

}  // namespace weir::sim
