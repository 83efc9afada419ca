#include "control/mesh_logs.h"

#include "base/log_format.h"
#include "control/table_compiler.h"
#include "net/socket_address.h"

namespace weir::control {

namespace {

namespace appmesh = model::appmesh;

// Nodes and gateways have shapes of their own that say the same.
template <class File>
void set_format(const File& file, route::TrafficLog& log) {
  if (file.format && file.format->json) {
    for (const auto& [key, value] : *file.format->json) log.fields.push_back({key, value});
    return;
  }
  log.format = file.format && file.format->text ? *file.format->text : std::string(kDefaultLogFormat);
  if (!log.format.ends_with('\n')) log.format += '\n';
}

}  // namespace

std::string sidecar_pipe(const std::string& access_logs, const std::string& task_id) {
  return access_logs + "/tasks/" + task_id + ".pipe";
}

void connect_sidecar(runtime::TaskSpec& task, const std::string& pipe) {
  for (auto& container : task.containers) {
    if (container.own_program) container.environment[kAccessLogVariable] = pipe;
  }
}

// What lies in no folder of the host would go with the container: its lines are not lost so, but in the task's log.
std::optional<route::TrafficLog> mesh_log(const model::VirtualNode& node, const model::Task& task,
                                          const FilePlaces& folders, const std::string& pipe) {
  const auto& logging = node.spec.logging;
  if (!logging || !logging->accessLog || !logging->accessLog->file) return std::nullopt;
  const auto& file = *logging->accessLog->file;
  route::TrafficLog log;
  const std::string place = place_of(folders, file.path);
  log.path = place == file.path ? pipe : place;
  set_format(file, log);
  if (log.format.empty() == log.fields.empty()) return std::nullopt;
  // On the host's network everybody has the same address: nobody is known by it.
  if (!task.address.starts_with("127.")) log.callers.push_back(task.address);
  for (const auto& target : task.targets) {
    if (in_table(target))
      log.backends.push_back(net::place_text(target.address, static_cast<std::uint16_t>(target.port)));
  }
  return log;
}

std::string gateway_log_folder(const std::string& access_logs) { return access_logs + "/gateways"; }

// On the host's network tasks have one address, that of everybody: the newest stands for them.
std::vector<route::TrafficLog> gateway_logs(const model::VirtualGateway& gateway, const std::vector<GatewayTask>& tasks,
                                            const std::vector<std::string>& listeners, const std::string& access_logs) {
  const auto& logging = gateway.spec.logging;
  if (!logging || !logging->accessLog || !logging->accessLog->file) return {};
  const auto& file = *logging->accessLog->file;
  route::TrafficLog log;
  set_format(file, log);
  if (log.format.empty() == log.fields.empty()) return {};
  log.listeners = listeners;
  log.path = gateway_log_folder(access_logs) + "/" + gateway.about.metadata.uid + ".log";
  const std::string place = tasks.empty() ? file.path : place_of(tasks.back().folders, file.path);
  if (place != file.path) {
    log.path = place;
    return {log};
  }
  std::vector<route::TrafficLog> logs;
  for (const auto& [task, folders] : tasks) {
    const std::string pipe = sidecar_pipe(access_logs, task->id);
    if (task->address.starts_with("127.")) {
      log.path = pipe;
      continue;
    }
    route::TrafficLog own = log;
    own.path = pipe;
    own.callers.push_back(task->address);
    logs.push_back(std::move(own));
  }
  logs.push_back(std::move(log));
  return logs;
}

}  // namespace weir::control
