// ProcessRuntime: tasks as processes of this machine, on its network, each under a shim of its own that outlives the
// control process, or where the machine permits it in networks of their own. Everything that is known of a task lies in
// STATE/tasks/<id>/ (task_record.h), its logs in STATE/logs/<id>/ (task_log.h), images in STATE/images (image_store.h).
// Ports are the host's; containers learn theirs from PORT. On its loop's thread; nothing here waits for a disk longer
// than a small file takes.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/log.h"
#include "net/loop.h"
#include "runtime/host_network.h"
#include "runtime/limits.h"
#include "runtime/port_pool.h"
#include "runtime/runtime.h"
#include "runtime/task_groups.h"
#include "runtime/task_log.h"
#include "runtime/task_record.h"

namespace weir::runtime {

struct ProcessRuntimeOptions {
  std::string state_directory;
  // The program and first arguments of a shim; the task's folder is added. {"/proc/self/exe", "shim"} for weir itself.
  std::vector<std::string> shim_command;
  // Where host ports that are not wished for come from.
  std::uint16_t first_port = kFirstHostPort;
  std::uint16_t last_port = kLastHostPort;
  NetworkWish network = NetworkWish::automatic;
  // Of the host's loopback, where names are answered: tasks with networks of their own ask there. 0: nobody does, and
  // they ask whom the host asks.
  std::uint16_t name_port = 0;
  std::uint32_t mesh_range = 0;  // the first of the loopback addresses of virtual services; 0 for none
};

class ProcessRuntime final : public Runtime, private net::TurnTask {
 public:
  // Adopts the tasks in the state folder, makes it where it is absent. Errors: "Locked" where another process runs
  // them, "Io", "Full", "NotPermitted" where networks of their own are wished for and cannot be made.
  static Result<std::unique_ptr<ProcessRuntime>> open(net::Loop& loop, Log& log, ProcessRuntimeOptions options);
  ~ProcessRuntime() override;

  Result<> start(const TaskSpec& spec) override;
  void stop(const std::string& task_id) override;
  void forget(const std::string& task_id) override;
  std::vector<ContainerUse> stats(const std::string& task_id) const override;
  std::optional<TaskObservation> find(const std::string& task_id) const override;
  std::vector<std::string> list() const override;
  void on_change(std::function<void(const std::string& task_id)> told) override { told_ = std::move(told); }

 private:
  struct Task;
  struct Place;

  ProcessRuntime(net::Loop& loop, Log& log, ProcessRuntimeOptions options);
  Result<> adopt_all();
  Result<> adopt(const std::string& task_id);
  Result<> begin_again(Task& task, TaskRecord record);
  // Reserves an address or ports for the task and writes the true ones into its record.
  Result<> take_place(TaskRecord& record, Place& place);
  Result<> take_ports(TaskSpec& spec, Place& place);
  Result<> take_network(TaskRecord& record, Place& place);
  void launch(Task& task, Place place);
  Task& add(const TaskRecord& record);
  void hold(Task& task, const TaskRecord& record);
  void release(std::vector<std::uint16_t>& ports, std::optional<TaskNetwork>& network);
  void link(Task& task, net::Fd connection);
  void on_shim_ended(Task& task);
  // Ends what a killed shim left behind, then says that the task has stopped.
  void bury(Task& task);
  void end(Task& task, std::string failure);
  void changed(const std::string& task_id);
  void at_turn_end() override;
  std::string folder(const std::string& task_id) const { return options_.state_directory + "/tasks/" + task_id; }

  net::Loop& loop_;
  Log& log_;
  ProcessRuntimeOptions options_;
  net::Fd lock_;
  TaskLog logs_;
  PortPool ports_;
  HostNetwork network_;
  TaskGroups groups_;
  std::map<std::string, std::unique_ptr<Task>> tasks_;
  std::map<pid_t, std::unique_ptr<net::FdHandler>> children_;
  std::set<std::string> changed_;
  std::function<void(const std::string&)> told_;
};

}  // namespace weir::runtime
