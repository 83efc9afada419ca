// Wishes: writes into the store what the façade writes when somebody creates, deploys, scales or deletes. One account,
// one region, one cluster. One thread; owned by the world.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "model/documents.h"
#include "store/store.h"

namespace weir::sim {

inline const model::Scope kScope{"000000000000", "eu-west-1"};
inline constexpr const char* kCluster = "world";
inline constexpr const char* kMesh = "world";
inline constexpr std::int32_t kNodePort = 8080;
inline constexpr const char* kNamespaceId = "ns-0123456789abcdef";
inline constexpr const char* kNamespace = "world.local";

struct GroupWish {
  std::string name;
  std::int32_t check_interval = 1;  // seconds
  std::int32_t check_timeout = 1;   // seconds
  std::int32_t healthy = 2;
  std::int32_t unhealthy = 2;
  std::int32_t drain_delay = 5;  // seconds
};

// Of a deployment in stages.
struct HookWish {
  std::string stage;
  bool pauses = true;               // otherwise a target is called
  std::int32_t timeout = 1;         // AWS minutes
  std::string action = "ROLLBACK";  // after that
};

struct ServiceWish {
  std::string name;
  std::string definition;  // ARN
  std::int32_t desired = 1;
  std::int32_t minimum_percent = 100;
  std::int32_t maximum_percent = 200;
  std::string group;       // ARN; empty: no balancer
  std::int32_t grace = 0;  // seconds in which failing health checks of a task do not count
  bool breaker = false;
  bool rolls_back = false;
  std::string strategy = "ROLLING";
  std::string alternate;      // of `group`, ARN, where the strategy is another; with
  std::string listener;       // the listener that is theirs, ARN
  std::string test_listener;  // the same for test traffic; empty for none
  std::vector<HookWish> hooks;
  std::string alarm;      // name; empty for none
  std::int32_t bake = 0;  // AWS minutes, of each step too
  std::string registry;   // of Cloud Map, id; empty for none
  bool daemon = false;
};

struct TaskSetWish {
  std::string service;
  std::string definition;  // ARN
  std::string group;       // ARN; empty: no balancer
  std::string registry;    // of Cloud Map, id; empty for none
  double percent = 100;
};

// A container beside the first one, which waits for it.
struct HelperWish {
  std::string name;
  std::string image;
  bool essential = false;
  std::string condition = "START";  // HEALTHY: it has a health check
  bool restarts = false;            // after any end that is not too soon
};

// A virtual node: the tasks of an ECS service by their attributes, or of any that no other node names.
struct NodeWish {
  std::string name;
  std::string registry;              // the name of the service of Cloud Map
  std::string service;               // empty: any
  std::vector<std::string> members;  // the ECS services that are registered there
};

struct NodeWeight {
  std::string node;
  std::int32_t weight = 1;
};

struct Weight {
  std::string group;  // ARN
  std::int32_t weight = 1;
};

class Wishes {
 public:
  Wishes(store::Store& store, const Clock& clock, Random& random) : store_(store), clock_(clock), random_(random) {}

  void create_cluster();
  // Returns ARNs.
  std::string create_balancer(const std::string& name);
  std::string create_group(const GroupWish& wish);
  std::string create_listener(const std::string& balancer, std::int32_t port, const std::vector<Weight>& weights);
  std::string register_definition(const std::string& family, std::int32_t revision, const std::string& image,
                                  std::int32_t stop_timeout, const std::vector<HelperWish>& helpers);
  // What RunTask writes.
  void run_task(const std::string& family, std::int32_t revision);

  // A service of Cloud Map, NAME.world.local, with a health check of its own. Returns its id.
  std::string create_registry(const std::string& name, bool weighted);

  void create_mesh();
  // A virtual service NAME.world.local with a router of its own, which listens there. It has no route yet.
  void create_virtual_service(const std::string& name, std::int32_t port);
  void delete_virtual_service(const std::string& name);
  void set_route(const std::string& router, const std::vector<NodeWeight>& weights);
  void put_node(const NodeWish& wish);
  void delete_node(const std::string& name);
  static std::string pool_of_node(const std::string& name);

  // In place of an INACTIVE one of that name, where there is one.
  void create_service(const ServiceWish& wish);
  // The service's next tasks belong to another target group: a new deployment.
  bool rehome(const std::string& service, const std::string& group);
  // False where there is no ACTIVE service of that name.
  bool deploy(const std::string& service, const std::string& definition);
  // Asks for the end of the deployment that goes on: it is left as it is, or the service goes back. False where none
  // goes on, or there is nothing to go back to.
  bool stop_deployment(const std::string& service, bool back);
  // Another strategy, with a new deployment.
  bool switch_strategy(const std::string& service, const std::string& strategy, std::int32_t bake);
  // Answers a hook that pauses the service's deployment, and returns its id. None where none waits.
  std::optional<std::string> answer_hook(const std::string& service, const std::string& action);
  // An alarm, and its state: OK, ALARM.
  void create_alarm(const std::string& name);
  void set_alarm(const std::string& name, const std::string& state);
  bool scale(const std::string& service, std::int32_t desired);
  bool set_percents(const std::string& service, std::int32_t minimum, std::int32_t maximum);
  bool delete_service(const std::string& service);
  void set_weights(const std::string& listener, const std::vector<Weight>& weights);
  std::vector<Weight> weights(const std::string& listener);
  // One without deployments, and its task sets. These return false where nothing could be done. `drawn`: which one, of
  // those that there are.
  void create_external_service(const std::string& name, std::int32_t desired);
  bool create_task_set(const TaskSetWish& wish);
  bool scale_task_set(const std::string& service, std::uint64_t drawn, double percent);
  bool make_primary(const std::string& service, std::uint64_t drawn);
  bool delete_task_set(const std::string& service, std::uint64_t drawn);
  // False where the task does not run or has been told to stop.
  bool stop_task(const std::string& id);

  std::optional<model::Service> service(const std::string& name);
  std::optional<model::ServiceState> service_state(const std::string& name);
  // What became of the service's last deployment.
  std::optional<model::ServiceDeployment> record(const model::Service& service);
  std::optional<model::Task> task(const std::string& id);
  std::vector<model::Service> services();
  std::vector<model::Task> tasks();
  static std::string in_cluster(const std::string& name) { return kScope.prefix() + kCluster + "/" + name; }

 private:
  template <class Change>
  bool change_service(const std::string& name, Change change);
  void write(const store::Write& write);
  static std::string ecs_arn(const std::string& resource);
  std::string digits(unsigned count);
  static void set_strategy(model::Service& service, const std::string& strategy, std::int32_t bake);
  static void enter_by(model::Service& service, const std::string& registry);
  bool change_task_sets(const std::string& service, const std::function<bool(model::Service&)>& change);
  bool change_task_set(const std::string& service, std::uint64_t drawn,
                       const std::function<void(model::Service&, model::TaskSet&)>& change);
  // Has the service deploy in stages.
  void stage(model::Service& service, const ServiceWish& wish);
  // A new deployment of what the service says: its writes, without the service's own.
  std::vector<store::Write> begin(model::Service& service);
  bool redeploy(const std::string& name, const std::function<void(model::Service&)>& change);

  store::Store& store_;
  const Clock& clock_;
  Random& random_;
};

}  // namespace weir::sim
