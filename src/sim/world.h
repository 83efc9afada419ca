// World: one seed, one thread. It draws services, versions, balancers and their weights, sends requests, makes
// operations and breaks things over simulated time, with the real control, rollout, store and balancing under test;
// then it lets everything come to rest and compares facts with wishes. The same seed is the same world.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "sim/agenda.h"
#include "sim/control_life.h"
#include "sim/deployment_witness.h"
#include "sim/mesh_witness.h"
#include "sim/name_witness.h"
#include "sim/registry_witness.h"
#include "sim/row_witness.h"
#include "sim/sim_clock.h"
#include "sim/sim_proxy.h"
#include "sim/sim_runtime.h"
#include "sim/task_witness.h"
#include "sim/trace.h"
#include "sim/wishes.h"
#include "sim/witness.h"
#include "store/memory_store.h"

namespace weir::sim {

struct WorldOptions {
  std::uint64_t seed = 1;
  Mutation mutation = Mutation::none;
  Trace::Keep trace = Trace::Keep::nothing;
};

struct WorldResult {
  std::optional<Breach> breach;
  std::uint64_t events = 0;  // steps taken
  Duration simulated{};
  ProxyTally tally;
  unsigned control_lives = 0;
  unsigned operations = 0;
  unsigned faults = 0;
  std::uint64_t tasks = 0;
  std::set<std::string> visited;  // states, codes, stages that were come by
  std::deque<std::string> trace;
};

class World {
 public:
  explicit World(const WorldOptions& options);
  ~World();
  WorldResult run();

 private:
  struct ServicePlan {
    std::string name;
    std::string group;          // ARN; empty: no balancer
    std::string alternate;      // ARN, where it deploys in stages; with
    std::string listener;       // the listener that is its own, ARN
    std::string test_listener;  // the same for test traffic; empty for none
    std::int32_t revision = 0;
    std::int32_t grace = 0;  // seconds
    bool bad = false;        // the wished version is
    bool vacant = false;     // no task was wished at some time since it was deployed: then a bad one is done as well
    bool deleted = false;
    bool breaker = false;
    bool rolls_back = false;
    bool stopped = false;  // its deployment was, by hand
    bool hooked = false;   // its deployments in stages have lifecycle hooks
    std::string alarm;     // its name; empty for none
    bool alarmed = false;  // it went off since the service was deployed
    std::string registry;  // of Cloud Map, id; empty for none
    bool daemon = false;
    bool external = false;  // a script deploys it by task sets, to `group` and `alternate` behind `listener`
    bool meshed = false;    // its tasks stand behind virtual nodes
    bool misled = false;    // its rule leads to both groups, which a first deployment does not accept
  };
  struct ListenerPlan {
    std::string arn;
    std::int32_t port = 0;
    std::vector<Weight> weights;
    bool staged = false;     // a service parts the traffic itself
    bool meshed = false;     // of a virtual service; its groups are pools of nodes
    milliseconds pause{50};  // between requests, on average
  };
  struct MeshPlan {
    std::string name;                  // of its router; NAME.world.local is the virtual service
    std::string registry;              // of Cloud Map, its name
    std::vector<std::string> members;  // services
    std::vector<NodeWish> nodes;
    unsigned made = 0;      // nodes, ever
    unsigned siblings = 0;  // virtual services without a route, ever
    std::string sibling;    // that is there; empty for none
    std::size_t listener = 0;
  };
  // How rough this world is, in percent of chances.
  struct Temper {
    unsigned crash = 0;
    unsigned hang = 0;
    unsigned sick = 0;
    unsigned deaf = 0;
    unsigned leak = 0;  // of answers
    unsigned bad_version = 0;
    unsigned fault = 0;         // of what happens: faults rather than operations
    milliseconds pause{2'000};  // between two of them, on average
  };
  class PublishWatch;
  class TraceLog;
  struct Deed;

  // world.cc: life of the world and of control
  bool run_until(Instant until);
  void start_control();
  void kill_control(const char* how);
  void bury_control();
  void wake();
  void step_control();
  void wake_at(Instant when);

  // world_mesh.cc
  void add_mesh();
  bool add_node(MeshPlan& mesh);
  void tell_nodes();
  void route_mesh(const MeshPlan& mesh);
  bool change_mesh();
  void change_sibling(MeshPlan& mesh);
  std::optional<std::string> difference_of_meshes();

  // world_names.cc: names, and who asks for them
  std::string add_registry(const std::string& name);
  void names_changed();
  void follow_names();
  void tell_names();
  void ask_names();
  bool kill_names();

  // world_setup.cc
  void draw_temper();
  void build();
  void add_service();
  std::string add_group();
  void wish_service(ServicePlan& service);
  std::string new_definition(ServicePlan& service);
  // What runs beside the first container, by chance. Whether it lets the task start at all.
  bool draw_helpers(const std::string& name, std::vector<HelperWish>& helpers);
  std::string add_staged_listener(const ServicePlan& service);
  void add_listener(const std::vector<Weight>& weights);
  void send_requests(std::size_t listener);

  // world_deeds.cc: operations and faults
  void do_something();
  bool deploy();
  bool redeploy();
  bool stop_deployment();
  bool scale();
  bool set_percents();
  bool shift_weights();
  bool stop_task();
  bool run_task();
  bool delete_service();
  bool create_service();
  bool create_again();
  bool rehome();
  bool kill_control_now();
  bool kill_control_soon();
  bool cut_connection();
  bool kill_proxy();
  bool fill_disk();
  bool slow_down();
  bool refuse_starts();
  bool kill_shim();
  bool reboot();
  bool move_calendar();
  // Whether what control stored says where the line of time is.
  bool is_time_known();
  ServicePlan* any_service();
  void note_deployment(ServicePlan& service);
  bool is_parted(const ServicePlan& service);
  void lead_to_one_side(const ServicePlan& service);
  std::int32_t draw_count();

  // world_hooks.cc
  std::string draw_strategy();
  std::vector<HookWish> draw_hooks();
  void answer_call(const control::HookCall& call);
  bool continue_deployment();
  bool sound_alarm();
  bool switch_strategy();

  // world_task_sets.cc
  void add_external_service();
  bool change_task_sets();
  bool create_task_set(ServicePlan& service);
  std::optional<std::string> difference_of_external(const ServicePlan& plan, const model::Service& service,
                                                    const std::vector<model::Task>& tasks);
  std::optional<std::string> difference_of_set(const model::Service& service, const model::TaskSet& set,
                                               const model::TaskSetState& state, const std::vector<model::Task>& tasks);
  std::optional<std::string> difference_of_task(const model::Task& task, bool serves);

  // world_quiet.cc
  void make_peace();
  bool come_to_rest();
  bool take_up_newest_table();
  void let_time_pass();
  std::optional<std::string> difference();
  std::optional<std::string> difference_of(const model::Service& service, const std::vector<model::Task>& tasks);
  // Why the deployment may have failed; none where nothing is wrong with that.
  std::optional<std::string> difference_of_failed(const ServicePlan& plan, const model::ServiceState& state);
  std::optional<std::string> difference_of_record(const model::Service& service, const model::Deployment& primary);
  std::optional<std::string> difference_of_lone(const model::Task& task);
  std::optional<std::string> leak(const std::vector<model::Task>& tasks);
  void check_shares();

  const WorldOptions options_;
  SimClock clock_;
  MachineClock machine_;
  Random random_;
  Agenda agenda_;
  Trace trace_;
  std::unique_ptr<Log> log_;
  store::MemoryStore store_;
  Wishes wishes_;
  SimRuntime runtime_;
  Witness witness_;
  TaskWitness task_witness_;
  DeploymentWitness deployment_witness_;
  RegistryWitness registry_witness_;
  MeshWitness mesh_witness_;
  SimNames names_;
  NameWitness name_witness_;
  RowWitness row_witness_;
  ProxySettings proxy_settings_;
  std::unique_ptr<SimProxy> proxy_;
  std::unique_ptr<PublishWatch> publish_watch_;
  std::unique_ptr<ControlLife> life_;
  unsigned lives_ = 0;
  bool step_due_ = false;
  std::optional<Instant> alarm_;
  std::uint64_t alarms_ = 0;
  bool follow_due_ = false;
  std::map<std::string, std::int32_t> told_services_;  // by this life of control
  unsigned steps_at_once_ = 0;
  Instant last_step_;
  bool disk_full_ = false;

  Temper temper_;
  std::vector<ServicePlan> services_;
  std::vector<ListenerPlan> listeners_;
  std::vector<MeshPlan> meshes_;
  std::vector<std::string> balancers_;
  std::size_t most_services_ = 7;
  std::set<std::string> bad_;  // ARNs of the task definitions whose versions cannot serve
  unsigned groups_ = 0;
  std::int32_t batches_ = 0;  // definitions of tasks run by hand
  bool busy_ = true;          // operations and faults happen
  bool lonely_ = false;       // nobody asks for anything any more
  unsigned operations_ = 0;
  unsigned faults_ = 0;

  // Decoded once a revision.
  std::int64_t stored_at_ = -1;
  std::vector<model::Task> stored_tasks_;
  std::vector<model::Service> stored_services_;
};

WorldResult run_world(const WorldOptions& options);

}  // namespace weir::sim
