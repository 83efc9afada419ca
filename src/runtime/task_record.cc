#include "runtime/task_record.h"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace weir::runtime {
namespace {

constexpr std::array<std::pair<const char*, TaskPhase>, 5> kPhases{{{"starting", TaskPhase::starting},
                                                                    {"running", TaskPhase::running},
                                                                    {"stopping", TaskPhase::stopping},
                                                                    {"releasing", TaskPhase::releasing},
                                                                    {"stopped", TaskPhase::stopped}}};

constexpr std::array<std::pair<const char*, DependencyCondition>, 4> kConditions{
    {{"START", DependencyCondition::start},
     {"COMPLETE", DependencyCondition::complete},
     {"SUCCESS", DependencyCondition::success},
     {"HEALTHY", DependencyCondition::healthy}}};

constexpr std::array<std::pair<const char*, ContainerHealth>, 4> kHealths{{{"UNCHECKED", ContainerHealth::unchecked},
                                                                           {"UNKNOWN", ContainerHealth::unknown},
                                                                           {"HEALTHY", ContainerHealth::healthy},
                                                                           {"UNHEALTHY", ContainerHealth::unhealthy}}};

// The value of a word; the first where it is none of them.
template <class T, std::size_t N>
T named(const std::array<std::pair<const char*, T>, N>& table, const std::string& word) {
  for (const auto& [name, value] : table) {
    if (word == name) return value;
  }
  return table.front().second;
}

std::unexpected<Error> wrong(const char* what) { return fail("Json", std::string("a task's file has no ") + what); }

Json words(const std::vector<std::string>& list) {
  Json json = Json::array();
  for (const auto& word : list) json.push(word);
  return json;
}

std::vector<std::string> read_words(const Json& json) {
  std::vector<std::string> list;
  for (const auto& word : json.items()) list.push_back(word.as_string());
  return list;
}

Json to_json(const std::vector<PortMapping>& ports) {
  Json json = Json::array();
  for (const auto& port : ports) {
    json.push(Json::object().set("container", int{port.container_port}).set("host", int{port.host_port}));
  }
  return json;
}

std::vector<PortMapping> read_ports(const Json& json) {
  std::vector<PortMapping> ports;
  for (const auto& port : json.items()) {
    ports.push_back(
        {static_cast<std::uint16_t>(port["container"].as_int()), static_cast<std::uint16_t>(port["host"].as_int())});
  }
  return ports;
}

Json to_json(const std::vector<Dependency>& dependencies) {
  Json json = Json::array();
  for (const auto& [container, condition] : dependencies) {
    const char* word = kConditions[static_cast<std::size_t>(condition)].first;
    json.push(Json::object().set("container", container).set("condition", word));
  }
  return json;
}

std::vector<Dependency> read_dependencies(const Json& json) {
  std::vector<Dependency> all;
  for (const auto& one : json.items()) {
    all.push_back({one["container"].as_string(), named(kConditions, one["condition"].as_string())});
  }
  return all;
}

Json to_json(const HealthCheckSpec& check) {
  return Json::object()
      .set("command", words(check.command))
      .set("interval", std::int64_t{check.interval.count()})
      .set("timeout", std::int64_t{check.timeout.count()})
      .set("retries", check.retries)
      .set("startPeriod", std::int64_t{check.start_period.count()});
}

HealthCheckSpec read_health_check(const Json& json) {
  return {.command = read_words(json["command"]),
          .interval = std::chrono::seconds(json["interval"].as_int(30)),
          .timeout = std::chrono::seconds(json["timeout"].as_int(5)),
          .retries = static_cast<int>(json["retries"].as_int(3)),
          .start_period = std::chrono::seconds(json["startPeriod"].as_int(0))};
}

Json to_json(const std::vector<Ulimit>& limits) {
  Json json = Json::array();
  for (const auto& [name, soft, hard] : limits) {
    json.push(Json::object().set("name", name).set("soft", soft).set("hard", hard));
  }
  return json;
}

std::vector<Ulimit> read_ulimits(const Json& json) {
  std::vector<Ulimit> limits;
  for (const auto& one : json.items()) {
    limits.push_back({one["name"].as_string(), one["soft"].as_int(-1), one["hard"].as_int(-1)});
  }
  return limits;
}

Json to_json(const RestartPolicy& policy) {
  Json codes = Json::array();
  for (const auto code : policy.ignored_exit_codes) codes.push(code);
  return Json::object()
      .set("ignoredExitCodes", codes)
      .set("attemptPeriod", std::int64_t{policy.attempt_period.count()});
}

RestartPolicy read_restart(const Json& json) {
  RestartPolicy policy{.attempt_period = std::chrono::seconds(json["attemptPeriod"].as_int(300))};
  for (const auto& code : json["ignoredExitCodes"].items()) {
    policy.ignored_exit_codes.push_back(static_cast<std::int32_t>(code.as_int()));
  }
  return policy;
}

Json to_json(const std::vector<MountSpec>& mounts) {
  Json json = Json::array();
  for (const auto& mount : mounts) {
    json.push(Json::object()
                  .set("volume", mount.volume)
                  .set("hostPath", mount.host_path)
                  .set("containerPath", mount.container_path)
                  .set("readOnly", mount.read_only));
  }
  return json;
}

std::vector<MountSpec> read_mounts(const Json& json) {
  std::vector<MountSpec> mounts;
  for (const auto& one : json.items()) {
    mounts.push_back({one["volume"].as_string(), one["hostPath"].as_string(), one["containerPath"].as_string(),
                      one["readOnly"].as_bool()});
  }
  return mounts;
}

Json to_json(const ResourceLimits& limits) {
  return Json::object()
      .set("memory", limits.memory)
      .set("reservation", limits.reservation)
      .set("cpuShares", limits.cpu_shares)
      .set("cpuQuota", limits.cpu_quota);
}

ResourceLimits read_limits(const Json& json) {
  return {.memory = json["memory"].as_int(),
          .reservation = json["reservation"].as_int(),
          .cpu_shares = json["cpuShares"].as_int(),
          .cpu_quota = json["cpuQuota"].as_int()};
}

Json to_json(const CgroupTrees& group) {
  return Json::object()
      .set("version", group.version)
      .set("memory", group.memory)
      .set("cpu", group.cpu)
      .set("accounting", group.accounting);
}

CgroupTrees read_group(const Json& json) {
  return {.version = static_cast<int>(json["version"].as_int()),
          .memory = json["memory"].as_string(),
          .cpu = json["cpu"].as_string(),
          .accounting = json["accounting"].as_string()};
}

Json to_json(const ContainerSpec& container) {
  Json environment = Json::object();
  for (const auto& [name, value] : container.environment) environment.set(name, value);
  Json json = Json::object();
  if (!container.user.empty()) json.set("user", container.user);
  if (!container.ulimits.empty()) json.set("ulimits", to_json(container.ulimits));
  if (container.restart) json.set("restart", to_json(*container.restart));
  if (!container.mounts.empty()) json.set("mounts", to_json(container.mounts));
  if (container.own_program) json.set("ownProgram", true);
  if (container.start_timeout) json.set("startTimeout", std::int64_t{container.start_timeout->count()});
  if (container.health_check) json.set("healthCheck", to_json(*container.health_check));
  return json.set("dependsOn", to_json(container.depends_on))
      .set("limits", to_json(container.limits))
      .set("name", container.name)
      .set("image", container.image)
      .set("entryPoint", words(container.entry_point))
      .set("command", words(container.command))
      .set("environment", environment)
      .set("workingDirectory", container.working_directory)
      .set("ports", to_json(container.ports))
      .set("essential", container.essential)
      .set("stopTimeout", std::int64_t{container.stop_timeout.count()});
}

ContainerSpec read_container(const Json& json) {
  ContainerSpec container{.name = json["name"].as_string(), .image = json["image"].as_string()};
  container.entry_point = read_words(json["entryPoint"]);
  container.command = read_words(json["command"]);
  for (const auto& [name, value] : json["environment"].members()) container.environment[name] = value.as_string();
  container.working_directory = json["workingDirectory"].as_string();
  container.ports = read_ports(json["ports"]);
  container.essential = json["essential"].as_bool(true);
  container.stop_timeout = std::chrono::seconds(json["stopTimeout"].as_int(30));
  container.depends_on = read_dependencies(json["dependsOn"]);
  container.user = json["user"].as_string();
  container.ulimits = read_ulimits(json["ulimits"]);
  if (json["restart"].is_object()) container.restart = read_restart(json["restart"]);
  container.mounts = read_mounts(json["mounts"]);
  container.own_program = json["ownProgram"].as_bool();
  container.limits = read_limits(json["limits"]);
  if (json["startTimeout"].is_int()) container.start_timeout = std::chrono::seconds(json["startTimeout"].as_int());
  if (json["healthCheck"].is_object()) container.health_check = read_health_check(json["healthCheck"]);
  return container;
}

Json to_json(const ContainerObservation& container) {
  Json json = Json::object();
  json.set("name", container.name).set("running", container.running).set("pid", container.pid);
  if (container.exit_code) json.set("exitCode", *container.exit_code);
  if (container.restarts > 0) json.set("restarts", container.restarts);
  json.set("reason", container.reason).set("imageDigest", container.image_digest);
  json.set("health", kHealths[static_cast<std::size_t>(container.health)].first);
  return json.set("ports", to_json(container.ports));
}

ContainerObservation read_seen(const Json& json) {
  ContainerObservation container{.name = json["name"].as_string()};
  container.running = json["running"].as_bool();
  container.pid = json["pid"].as_int();
  if (json["exitCode"].is_int()) container.exit_code = static_cast<std::int32_t>(json["exitCode"].as_int());
  container.reason = json["reason"].as_string();
  container.image_digest = json["imageDigest"].as_string();
  container.restarts = static_cast<std::int32_t>(json["restarts"].as_int(0));
  container.health = named(kHealths, json["health"].as_string());
  container.ports = read_ports(json["ports"]);
  return container;
}

Json to_json(const TaskNetwork& network) {
  return Json::object()
      .set("link", network.link)
      .set("address", network.address)
      .set("gateway", network.gateway)
      .set("mac", network.mac)
      .set("resolvConf", network.resolv_conf);
}

TaskNetwork read_network(const Json& json) {
  return {.link = json["link"].as_string(),
          .address = json["address"].as_string(),
          .gateway = json["gateway"].as_string(),
          .mac = json["mac"].as_string(),
          .resolv_conf = json["resolvConf"].as_string()};
}

}  // namespace

Json to_json(const TaskRecord& record) {
  Json containers = Json::array();
  for (const auto& container : record.spec.containers) containers.push(to_json(container));
  Json json = Json::object();
  if (record.network) json.set("network", to_json(*record.network));
  if (record.group.version != 0) json.set("group", to_json(record.group));
  return json.set("id", record.spec.id)
      .set("limits", to_json(record.spec.limits))
      .set("ownNetwork", record.spec.own_network)
      .set("images", record.images)
      .set("logs", record.logs)
      .set("containers", containers);
}

Result<TaskRecord> read_task_record(const Json& json) {
  TaskRecord record{.images = json["images"].as_string(), .logs = json["logs"].as_string()};
  record.spec.id = json["id"].as_string();
  record.spec.own_network = json["ownNetwork"].as_bool(false);
  record.spec.limits = read_limits(json["limits"]);
  if (json["group"].is_object()) record.group = read_group(json["group"]);
  if (json["network"].is_object()) record.network = read_network(json["network"]);
  if (record.spec.id.empty()) return wrong("id");
  if (!json["containers"].is_array()) return wrong("containers");
  for (const auto& container : json["containers"].items()) {
    record.spec.containers.push_back(read_container(container));
  }
  return record;
}

Json to_json(const TaskObservation& observation) {
  Json containers = Json::array();
  for (const auto& container : observation.containers) containers.push(to_json(container));
  return Json::object()
      .set("id", observation.id)
      .set("phase", kPhases[static_cast<std::size_t>(observation.phase)].first)
      .set("address", observation.address)
      .set("mac", observation.mac)
      .set("failure", observation.failure)
      .set("containers", containers);
}

Result<TaskObservation> read_observation(const Json& json) {
  TaskObservation observation{.id = json["id"].as_string()};
  bool known = false;
  for (const auto& [word, phase] : kPhases) {
    if (json["phase"].as_string() != word) continue;
    observation.phase = phase;
    known = true;
  }
  if (!known) return wrong("phase");
  observation.address = json["address"].as_string();
  observation.mac = json["mac"].as_string();
  observation.failure = json["failure"].as_string();
  for (const auto& container : json["containers"].items()) observation.containers.push_back(read_seen(container));
  return observation;
}

std::size_t reservations_of(const TaskRecord& record) {
  if (record.network) return 1;
  std::size_t ports = 0;
  for (const auto& container : record.spec.containers) ports += container.ports.size();
  return ports;
}

TaskObservation observation_of(const TaskRecord& record) {
  TaskObservation observation{.id = record.spec.id};
  if (record.network) {
    observation.address = record.network->address;
    observation.mac = record.network->mac;
  }
  for (const auto& container : record.spec.containers) {
    observation.containers.push_back(
        {.name = container.name,
         .ports = container.ports,
         .health = container.health_check ? ContainerHealth::unknown : ContainerHealth::unchecked});
  }
  return observation;
}

}  // namespace weir::runtime
