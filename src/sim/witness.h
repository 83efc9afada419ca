// Witness: sees everything that happens in a world at the moment it happens, as it truly is, and holds it against the
// order of life (DESIGN §5). The first breach is kept; the world then ends. One thread; owned by the world.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "route/feedback.h"
#include "route/route_table.h"
#include "runtime/runtime.h"
#include "sim/mesh_witness.h"
#include "sim/sim_proxy.h"
#include "sim/sim_runtime.h"
#include "sim/task_witness.h"
#include "sim/wishes.h"

namespace weir::sim {

struct Breach {
  std::string invariant;  // one of the words below
  std::string what;
};

// No request reaches a task that is not ready for it, as long as another one is; none is lost but by its own task.
inline constexpr const char* kRequestInvariant = "request";
// SIGTERM comes after all workers have let go of the task and its requests have ended or had their time.
inline constexpr const char* kSigtermInvariant = "sigterm";
// Control itself never takes a service below its minimum, nor above its maximum.
inline constexpr const char* kCountInvariant = "count";
// After quiet, facts equal wishes.
inline constexpr const char* kQuietInvariant = "quiet";
// No task runs that the store does not know, nor the other way round.
inline constexpr const char* kLeakInvariant = "leak";

class Witness final : public ProxyWitness {
 public:
  Witness(const Clock& clock, SimRuntime& runtime, Wishes& wishes)
      : clock_(clock), runtime_(runtime), wishes_(wishes) {}
  void watch(const SimProxy& proxy, const TaskWitness& tasks, MeshWitness& mesh) {
    proxy_ = &proxy;
    tasks_ = &tasks;
    mesh_ = &mesh;
  }

  const std::optional<Breach>& breach() const { return breach_; }
  void breach(const char* invariant, std::string what);

  // The target groups between which a service shifts its requests.
  void on_staged(const std::string& group, const std::string& alternate) {
    staged_groups_.emplace_back(group, alternate);
    staged_groups_.emplace_back(alternate, group);
  }
  // The listener by which it does.
  void on_staged_listener(std::int32_t port) { staged_ports_.insert(static_cast<std::uint16_t>(port)); }
  // Control's deeds, before they take effect.
  void on_publish(const route::RouteTable& table);
  void on_start(const runtime::TaskSpec& spec);
  void on_sigterm(const SimTask& task);
  // It was written that the task is to stop.
  void on_end_wished(const model::Task& document);
  // What control learns.
  void on_feedback(const route::Feedback& feedback);
  void on_control_started();
  // Something was broken on purpose: the times until control must have acted begin anew.
  void on_fault() { calm_since_ = clock_.now(); }

  void on_applied(const route::RouteTable& table) override;
  void on_picked(proxy::LivePool& pool, proxy::LiveBackend& backend, SimTask* task, std::size_t attempt) override;
  void on_routed(std::uint16_t port, std::size_t worker, const std::string& pool) override {
    ++routed_[{port, worker}][pool];
  }
  void on_unheard(std::uint16_t port) override;
  void on_unled(std::uint16_t port) override;
  void on_unserved(const std::string& pool, std::size_t attempts) override;
  void on_lost(const SimTask& task, const std::string& pool) override;
  void on_acknowledged(const route::RouteTable& table) override;

  // How often each pool was chosen by each worker for each port since forget_routed().
  using Routed = std::map<std::pair<std::uint16_t, std::size_t>, std::map<std::string, std::uint64_t>>;
  const Routed& routed() const { return routed_; }
  void forget_routed() { routed_.clear(); }

  // Every worker (or, where the proxy is dead, the table it will start with) sends requests to this port.
  bool serves_everywhere(std::uint16_t port) const;

 private:
  // What is remembered of a task that was in a pool of a table.
  struct Place {
    Duration drain_delay{};
    bool served_everywhere = false;         // at some time
    std::optional<Instant> draining_since;  // published as draining
    std::int64_t serving_version = 0;       // the first table in which it serves
    bool known = false;                     // control knows that every worker runs such a table
    bool removed = false;                   // published without it after that or instead of it
    bool delay_over = false;                // it got its SIGTERM with requests in flight, rightly
  };

  std::string name_of(const SimTask& task) const;
  std::string service_of(const SimTask& task);
  // Control has seen no health check of a container pass: it failed, or the container runs again.
  static bool is_ill(const SimTask& task);
  // As far as control can know it is up; without a balancer that is all there is to know.
  static bool runs(const SimTask& task);
  // It counts as serving as far as control can know.
  bool counts(const SimTask& task) const;
  void check_sigterm(const SimTask& task);
  void check_shift(const route::RouteTable& table);
  void check_emptied(const route::RouteTable& table);
  bool is_let_go(const SimTask& task, const std::string& pool);
  void check_removal(const SimTask& task, const std::string& pool, const route::RouteTable& table);
  void check_stop_without_balancer(const SimTask& task, const model::Task& document);
  void check_set(const SimTask& task, const model::Task& document);

  const Clock& clock_;
  SimRuntime& runtime_;
  Wishes& wishes_;
  const SimProxy* proxy_ = nullptr;
  const TaskWitness* tasks_ = nullptr;
  MeshWitness* mesh_ = nullptr;
  std::optional<Breach> breach_;
  std::map<std::uint16_t, std::map<std::string, Place>> places_;  // by port and pool
  std::map<std::string, std::string> services_;                   // by task
  route::RouteTable published_;
  std::map<std::string, route::Health> told_health_;                // by backend, in this life of control
  std::vector<std::pair<std::string, std::string>> staged_groups_;  // to, from
  std::set<std::uint16_t> staged_ports_;
  Instant calm_since_;
  Routed routed_;
  std::set<std::uint16_t> heard_;  // ports of listeners that every worker has had
};

}  // namespace weir::sim
