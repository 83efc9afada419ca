#include "runtime/process_runtime.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "runtime/files.h"
#include "runtime/oci_container.h"
#include "runtime/own_program.h"
#include "runtime/processes.h"
#include "runtime/shim_link.h"
#include "runtime/task_record.h"

namespace weir::runtime {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxTaskFileBytes = 64 << 20;
constexpr const char* kMetadataVariable = "ECS_CONTAINER_METADATA_URI_V4";
constexpr std::string_view kLoopback = "http://127.0.0.1:";
constexpr const char* kUnexpectedEnd = "the task's shim ended unexpectedly";

// Names become files and must not lead elsewhere.
Result<> check_names(const TaskSpec& spec) {
  if (!is_plain_name(spec.id)) return fail("Io", fmt::format("\"{}\" is no task id", spec.id), ErrorSource::runtime);
  if (spec.containers.empty() || spec.containers.size() > kMaxContainers) {
    return fail("Io", fmt::format("a task has 1 to {} containers", kMaxContainers), ErrorSource::runtime);
  }
  std::set<std::string> names;
  for (const auto& container : spec.containers) {
    if (!is_plain_name(container.name) || !names.insert(container.name).second) {
      return fail("Io", fmt::format("\"{}\" is no container name, or used twice", container.name),
                  ErrorSource::runtime);
    }
  }
  return {};
}

// Two runtimes would both adopt the tasks. Shims do not inherit the descriptor.
Result<net::Fd> lock(const std::string& path) {
  net::Fd fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) return fail_file("cannot open " + path, errno);
  if (flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return fd;
  return fail("Locked", "another weir serve runs the tasks of " + path, ErrorSource::runtime);
}

Result<TaskRecord> read_spec(const std::string& folder) {
  return read_task_record(TRY(read_json(folder + kSpecFile, kMaxTaskFileBytes)));
}

Result<TaskObservation> read_state(const std::string& folder) {
  return read_observation(TRY(read_json(folder + kStateFile, kMaxTaskFileBytes)));
}

}  // namespace

struct ProcessRuntime::Task {
  Task(net::Loop& loop, const TaskRecord& record, std::function<void(Task&)> sweep_again)
      : seen(observation_of(record)),
        spec(record.spec),
        group(record.group),
        sweep(loop, [this, again = std::move(sweep_again)] { again(*this); }) {}

  TaskObservation seen;
  TaskSpec spec;
  std::optional<TaskObservation> final;  // its end, told by a shim that is about to go
  std::vector<std::uint16_t> ports;      // that it holds
  std::optional<TaskNetwork> network;    // that it holds
  CgroupTrees group;
  std::unique_ptr<ShimLink> link;
  net::Timer sweep;  // looks again for processes that a killed shim left
};

// Where a task is to live, reserved for its shim: ports of the host, or a network of its own.
struct ProcessRuntime::Place {
  std::vector<std::uint16_t> ports;
  std::optional<TaskNetwork> network;
  std::vector<net::Fd> reservations;
  std::vector<int> descriptors() const {
    std::vector<int> all;
    for (const auto& reservation : reservations) all.push_back(reservation.get());
    return all;
  }
};

ProcessRuntime::ProcessRuntime(net::Loop& loop, Log& log, ProcessRuntimeOptions options)
    : loop_(loop),
      log_(log),
      options_(std::move(options)),
      logs_(options_.state_directory + "/logs"),
      ports_(options_.first_port, options_.last_port),
      network_(log, options_.state_directory, options_.network, {options_.name_port, options_.mesh_range}),
      groups_(log, options_.state_directory) {}

ProcessRuntime::~ProcessRuntime() = default;

Result<std::unique_ptr<ProcessRuntime>> ProcessRuntime::open(net::Loop& loop, Log& log, ProcessRuntimeOptions options) {
  // A shim has no folder of its own to be relative to.
  std::error_code error;
  options.state_directory = fs::absolute(options.state_directory, error).lexically_normal().string();
  std::unique_ptr<ProcessRuntime> runtime(new ProcessRuntime(loop, log, std::move(options)));
  const auto& state = runtime->options_.state_directory;
  // Environments and logs are their owner's alone.
  for (const char* name : {"/tasks", "/logs"}) {
    TRY(make_directories(state + name));
    chmod((state + name).c_str(), 0700);
  }
  runtime->lock_ = TRY(lock(state + "/tasks/.lock"));
  if (runtime->options_.network == NetworkWish::own_or_fail) TRY(runtime->network_.check());
  TRY(runtime->adopt_all());
  return runtime;
}

// --- adoption ---------------------------------------------------------------------------------------------------

Result<> ProcessRuntime::adopt_all() {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder(""), error)) names.push_back(entry.path().filename());
  for (const auto& name : names) {
    if (name == ".lock") continue;
    if (name.starts_with('.')) {
      remove_tree(folder(name));  // begun to be made or to be forgotten
    } else {
      TRY(adopt(name));
    }
  }
  return {};
}

// What is not certain is an error, never taken for the end of a task: that would kill a healthy one.
Result<> ProcessRuntime::adopt(const std::string& task_id) {
  auto record = read_spec(folder(task_id));
  if (!record && record.error().code != "Json" && record.error().code != "NotFound") {
    return std::unexpected(record.error());
  }
  if (!record || record->spec.id != task_id) {
    log_.warning(fmt::format("the task folder {} is damaged and is dropped", folder(task_id)));
    remove_tree(folder(task_id));
    return {};
  }
  auto state = read_state(folder(task_id));
  auto connection = connect_to_shim(folder(task_id));
  if (!connection && connection.error().code != "NoShim") return std::unexpected(connection.error());
  Task& task = add(*record);
  if (state) task.seen = *state;
  if (task.seen.phase == TaskPhase::stopped) return {};
  if (!connection && !state && state.error().code == "NotFound") {
    return begin_again(task, std::move(*record));  // the wish was kept, and then there was no time to begin
  }
  hold(task, *record);
  if (connection) {
    link(task, std::move(*connection));
  } else {
    on_shim_ended(task);
  }
  return {};
}

void ProcessRuntime::hold(Task& task, const TaskRecord& record) {
  groups_.hold(record.group);
  if (record.network) {
    network_.hold(*record.network);
    task.network = record.network;
    return;
  }
  for (const auto& container : record.spec.containers) {
    for (const auto& port : container.ports) {
      ports_.hold(port.host_port);
      task.ports.push_back(port.host_port);
    }
  }
}

Result<> ProcessRuntime::begin_again(Task& task, TaskRecord record) {
  record.group = task.group = groups_.group_of(record.spec.id);
  Place place;
  const auto taken = take_place(record, place);
  const auto kept = write_file(folder(record.spec.id) + kSpecFile, to_json(record).dump(), Durability::process);
  if (!kept) {
    release(place.ports, place.network);
    return kept;
  }
  task.seen = observation_of(record);
  taken ? launch(task, std::move(place)) : end(task, taken.error().message);
  return {};
}

// --- starting ---------------------------------------------------------------------------------------------------

ProcessRuntime::Task& ProcessRuntime::add(const TaskRecord& record) {
  return *(tasks_[record.spec.id] = std::make_unique<Task>(loop_, record, [this](Task& task) { bury(task); }));
}

void ProcessRuntime::release(std::vector<std::uint16_t>& ports, std::optional<TaskNetwork>& network) {
  for (const auto port : ports) ports_.release(port);
  ports.clear();
  if (network) network_.release(*network);
  network.reset();
}

Result<> ProcessRuntime::take_place(TaskRecord& record, Place& place) {
  record.network.reset();
  return record.spec.own_network && network_.available() ? take_network(record, place) : take_ports(record.spec, place);
}

Result<> ProcessRuntime::take_network(TaskRecord& record, Place& place) {
  auto reserved = network_.take();
  if (!reserved) {
    return fail("NoAddress",
                "ResourceInitializationError: unable to set up the task's network: " + reserved.error().message);
  }
  record.network = place.network = std::move(reserved->network);
  place.reservations.push_back(std::move(reserved->reservation));
  for (auto& container : record.spec.containers) {
    for (auto& port : container.ports) port.host_port = port.container_port;
    if (container.own_program) container.environment[kTaskAddressVariable] = record.network->address;
    // It listens on the host's loopback.
    const auto metadata = container.environment.find(kMetadataVariable);
    if (metadata == container.environment.end() || !metadata->second.starts_with(kLoopback)) continue;
    metadata->second.replace(0, kLoopback.size(), "http://" + record.network->gateway + ":");
  }
  return {};
}

Result<> ProcessRuntime::take_ports(TaskSpec& spec, Place& place) {
  for (auto& container : spec.containers) {
    for (auto& port : container.ports) {
      auto reserved = ports_.take(port.host_port);
      if (!reserved) {
        release(place.ports, place.network);
        place.reservations.clear();
        return fail("PortTaken", "CannotStartContainerError: Ports are not available: " + reserved.error().message);
      }
      port.host_port = reserved->port;
      place.ports.push_back(reserved->port);
      place.reservations.push_back(std::move(reserved->reservation));
    }
  }
  return {};
}

Result<> ProcessRuntime::start(const TaskSpec& spec) {
  if (tasks_.contains(spec.id)) return {};
  TRY(check_names(spec));
  TaskRecord record{spec, options_.state_directory + "/images", options_.state_directory + "/logs/" + spec.id};
  record.group = groups_.group_of(spec.id);
  Place place;
  const auto taken = take_place(record, place);
  const std::string fresh = folder(".new-" + spec.id);
  const auto kept = [&]() -> Result<> {
    remove_tree(fresh);
    TRY(make_directories(fresh));
    TRY(write_file(fresh + kSpecFile, to_json(record).dump(), Durability::process));
    if (rename(fresh.c_str(), folder(spec.id).c_str()) != 0) return fail_file("cannot make " + folder(spec.id), errno);
    return {};
  }();
  if (!kept) {
    remove_tree(fresh);
    release(place.ports, place.network);
    return kept;
  }
  Task& task = add(record);
  if (taken) {
    launch(task, std::move(place));
  } else {
    end(task, taken.error().message);
  }
  changed(spec.id);
  return {};
}

void ProcessRuntime::launch(Task& task, Place place) {
  task.ports = std::move(place.ports);
  task.network = std::move(place.network);
  const std::string path = folder(task.seen.id);
  auto shim = start_shim(options_.shim_command, path, place.descriptors());
  if (!shim) return end(task, "CannotStartContainerError: " + shim.error().message);
  const pid_t pid = shim->pid;
  children_[pid] = std::make_unique<ChildWatch>(loop_, pid, [this, pid] { children_.erase(pid); });
  link(task, std::move(shim->connection));
}

void ProcessRuntime::link(Task& task, net::Fd connection) {
  task.link = std::make_unique<ShimLink>(
      loop_, std::move(connection),
      [this, &task](TaskObservation seen) {
        // Its ports are free only when its shim is gone too: that is told by on_shim_ended.
        if (seen.phase == TaskPhase::stopped) {
          task.final = std::move(seen);
          return;
        }
        task.seen = std::move(seen);
        changed(task.seen.id);
      },
      [this, &task] { on_shim_ended(task); });
}

// --- ending -----------------------------------------------------------------------------------------------------

void ProcessRuntime::on_shim_ended(Task& task) {
  task.link.reset();
  if (task.final) {
    task.seen = *task.final;
  } else if (auto state = read_state(folder(task.seen.id))) {
    task.seen = std::move(*state);
  }
  if (task.seen.phase == TaskPhase::stopped) return end(task, task.seen.failure);
  if (task.seen.phase != TaskPhase::releasing) task.seen.phase = TaskPhase::stopping;
  bury(task);
}

void ProcessRuntime::bury(Task& task) {
  changed(task.seen.id);
  if (kill_processes_of_task(task.seen.id) > 0) {
    task.sweep.arm(loop_.clock().now() + kSweepInterval);
    return;
  }
  if (task.seen.phase == TaskPhase::releasing) return end(task, task.seen.failure);  // it had ended as it should
  bool started = true;
  for (auto& container : task.seen.containers) {
    started = started && container.pid != 0;
    if (!container.running) continue;
    container.running = false;
    container.exit_code = 128 + SIGKILL;
    container.reason = kUnexpectedEnd;
  }
  if (started) return end(task, "");
  const auto words = read_file(folder(task.seen.id) + kErrorFile, kMaxTaskFileBytes);
  const std::string last = words ? words->substr(0, words->find('\n')).substr(0, kMaxReasonBytes) : "";
  end(task, fmt::format("CannotStartContainerError: {}{}{}", kUnexpectedEnd, last.empty() ? "" : ": ", last));
}

void ProcessRuntime::end(Task& task, std::string failure) {
  task.seen.phase = TaskPhase::stopped;
  task.seen.failure = std::move(failure);
  release(task.ports, task.network);
  // Its shim did, where it could.
  clean_after_runc(folder(task.seen.id), task.spec);
  remove_cgroup(task.group);
  const std::string path = folder(task.seen.id) + kStateFile;
  if (auto written = write_file(path, to_json(task.seen).dump(), Durability::process); !written) {
    log_.error(written.error().message);
  }
  changed(task.seen.id);
}

void ProcessRuntime::stop(const std::string& task_id) {
  const auto found = tasks_.find(task_id);
  if (found != tasks_.end() && found->second->link) found->second->link->stop();
}

void ProcessRuntime::forget(const std::string& task_id) {
  const auto found = tasks_.find(task_id);
  if (found == tasks_.end() || found->second->seen.phase != TaskPhase::stopped) return;
  tasks_.erase(found);
  changed_.erase(task_id);
  const std::string gone = folder(".gone-" + task_id);
  if (rename(folder(task_id).c_str(), gone.c_str()) == 0) remove_tree(gone);
  logs_.trim(kLogsKept, list());
}

// --- looking ----------------------------------------------------------------------------------------------------

std::optional<TaskObservation> ProcessRuntime::find(const std::string& task_id) const {
  const auto found = tasks_.find(task_id);
  if (found == tasks_.end()) return std::nullopt;
  return found->second->seen;
}

std::vector<ContainerUse> ProcessRuntime::stats(const std::string& task_id) const {
  const auto found = tasks_.find(task_id);
  if (found == tasks_.end()) return {};
  const Task& task = *found->second;
  std::vector<ContainerUse> all;
  for (const auto& container : task.seen.containers) {
    if (!container.running) continue;
    auto use = task.group.version != 0 ? resource_use(task.group / container.name)
                                       : use_of_processes(static_cast<pid_t>(container.pid));
    if (use) all.push_back({container.name, *use});
  }
  return all;
}

std::vector<std::string> ProcessRuntime::list() const {
  std::vector<std::string> ids;
  for (const auto& [id, task] : tasks_) ids.push_back(id);
  return ids;
}

void ProcessRuntime::changed(const std::string& task_id) {
  changed_.insert(task_id);
  loop_.at_turn_end(*this);
}

void ProcessRuntime::at_turn_end() {
  const auto ids = std::move(changed_);
  changed_.clear();
  for (const auto& id : ids) {
    if (told_) told_(id);
  }
}

}  // namespace weir::runtime
