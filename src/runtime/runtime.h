// Runtime: starts tasks, tells how they are, stops them. It knows nothing of services or balancers. Calls return at
// once; what became of them is seen through find(). Tasks outlive the control process: after a restart the runtime
// finds them again (adopts them) before its constructor returns. One thread (the control thread).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "runtime/cgroups.h"

namespace weir::runtime {

struct PortMapping {
  std::uint16_t container_port = 0;  // the port that the task definition names
  std::uint16_t host_port = 0;       // in a spec: the wished one, 0 for any; in an observation: the true one
};

// What a container waits for before it starts; another of its task's containers has...
enum class DependencyCondition {
  start,     // started
  complete,  // ended
  success,   // ended with exit code 0
  healthy,   // passed its health check
};

struct Dependency {
  std::string container;
  DependencyCondition condition = DependencyCondition::start;
};

// Run inside of the container's environment and folder; exit code 0 is healthy.
struct HealthCheckSpec {
  std::vector<std::string> command;  // program and its words
  std::chrono::seconds interval{30};
  std::chrono::seconds timeout{5};
  int retries = 3;                       // failures in a row that make it unhealthy
  std::chrono::seconds start_period{0};  // failures that do not count
};

// A limit of setrlimit(2).
struct Ulimit {
  std::string name;        // as ECS has it: "nofile"
  std::int64_t soft = -1;  // -1: none
  std::int64_t hard = -1;
};

// A container that ends without ending its task is started again, where it ran for so long since its last start.
struct RestartPolicy {
  std::vector<std::int32_t> ignored_exit_codes;  // after these it is not
  std::chrono::seconds attempt_period{300};
};

// A folder that appears in a container.
struct MountSpec {
  std::string volume;     // the task's own, by name; it goes with the task
  std::string host_path;  // or, where not empty, a folder of the host, made where it is absent
  std::string container_path;
  bool read_only = false;
};

struct ContainerSpec {
  std::string name;
  std::string image;                     // "NAME:TAG"
  std::vector<std::string> entry_point;  // empty: the image's
  std::vector<std::string> command;      // empty: the image's
  std::map<std::string, std::string> environment;
  std::string working_directory;  // empty: the image's
  std::vector<PortMapping> ports;
  bool essential = true;  // its end ends the task
  std::chrono::seconds stop_timeout{30};
  std::vector<Dependency> depends_on;
  // How long others wait for this one to complete, succeed or be healthy once it has started; none: for ever.
  std::optional<std::chrono::seconds> start_timeout;
  std::optional<HealthCheckSpec> health_check;
  std::string user;  // "user", "uid", either with ":group"; empty: as who runs Weir
  std::vector<Ulimit> ulimits;
  std::optional<RestartPolicy> restart;
  std::vector<MountSpec> mounts;
  ResourceLimits limits;
  // Weir's own program takes the image's place: `command`, and that of the health check, are its words.
  bool own_program = false;
};

struct TaskSpec {
  std::string id;  // 32 hexadecimal digits
  std::vector<ContainerSpec> containers;
  // An address for the task alone, with the ports as its containers name them; where the machine does not permit that,
  // the host's network.
  bool own_network = false;
  ResourceLimits limits;  // of all its containers together
};

enum class TaskPhase {
  starting,   // asked for; image being unpacked, processes being made
  running,    // every container has started
  stopping,   // told to stop, or an essential container ended; some process is left
  releasing,  // no process of its containers is left; its network, mounts and cgroup are being given back
  stopped,    // all is given back, ports and addresses too; stays visible until forget()
};

enum class ContainerHealth {
  unchecked,  // it has no health check
  unknown,    // none has decided yet
  healthy,
  unhealthy,
};

struct ContainerObservation {
  std::string name;
  bool running = false;
  std::int64_t pid = 0;
  std::optional<std::int32_t> exit_code;  // 128 + signal where a signal ended it
  std::string reason;                     // "CannotPullContainerError: …", "OutOfMemoryError: …", or empty
  std::string image_digest;               // "sha256:…"
  std::vector<PortMapping> ports;
  ContainerHealth health = ContainerHealth::unchecked;
  std::int32_t restarts = 0;  // by its restart policy
};

struct ContainerUse {
  std::string name;
  ResourceUse use;
};

struct TaskObservation {
  std::string id;
  TaskPhase phase = TaskPhase::starting;
  std::string address = "127.0.0.1";  // where the host ports are
  std::string mac;                    // of the task's own network; empty on the host's
  std::vector<ContainerObservation> containers;
  // Why it could not start: an AWS word and a sentence, "CannotPullContainerError: …"; empty where it did.
  std::string failure;
};

class Runtime {
 public:
  virtual ~Runtime() = default;

  // Begins to start the task. A repeat for an id that is known does nothing. Errors: "Io" where not even the wish could
  // be kept; everything later (unknown image, no such program) is seen as phase stopped with a failure.
  virtual Result<> start(const TaskSpec& spec) = 0;
  // SIGTERM to every container, those first on which no other depends; SIGKILL to those left after their stop timeout.
  // Repeats and unknown ids do nothing.
  virtual void stop(const std::string& task_id) = 0;
  // Drops what is kept of a stopped task except its log. Repeats and unknown ids do nothing.
  virtual void forget(const std::string& task_id) = 0;

  // What its running containers use now, where that can be told. Reads a few of the kernel's files for each.
  virtual std::vector<ContainerUse> stats(const std::string& task_id) const = 0;
  virtual std::optional<TaskObservation> find(const std::string& task_id) const = 0;
  // Every task that is known: after a restart, those adopted.
  virtual std::vector<std::string> list() const = 0;
  // Called (later, from the loop) when an observation has changed.
  virtual void on_change(std::function<void(const std::string& task_id)> told) = 0;
};

}  // namespace weir::runtime
