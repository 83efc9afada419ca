#include "control/mesh_logs.h"

#include <gtest/gtest.h>

#include "base/log_format.h"
#include "control/mesh_test_documents.h"

namespace weir::control {
namespace {

using namespace test_mesh;

model::VirtualNode logging_to(const std::string& path) {
  auto made = node("old");
  made.spec.logging.emplace().accessLog.emplace().file.emplace().path = path;
  return made;
}

model::Task task_at(const std::string& address) {
  model::Task task;
  task.id = "t1";
  task.address = address;
  task.targets.push_back({.target_group = kPools + "old:8080", .address = address, .port = 8080, .state = "serving"});
  task.targets.push_back({.target_group = "gone", .address = address, .port = 9090, .state = "gone"});
  return task;
}

TEST(MeshLogs, a_node_without_logging_has_none) {
  EXPECT_FALSE(mesh_log(node("old"), task_at("169.254.172.8"), {}, "/p.pipe"));
}

TEST(MeshLogs, the_proxys_output_is_a_pipe_and_a_hosts_volume_a_file) {
  const FilePlaces folders{{"/logs", "/srv/logs"}};
  const auto log = mesh_log(logging_to("/dev/stdout"), task_at("169.254.172.8"), folders, "/p.pipe");
  ASSERT_TRUE(log);
  EXPECT_EQ(log->path, "/p.pipe");
  EXPECT_TRUE(route::is_pipe(log->path));
  EXPECT_EQ(log->format, kDefaultLogFormat);
  EXPECT_EQ(log->callers, std::vector<std::string>{"169.254.172.8"});
  EXPECT_EQ(log->backends, std::vector<std::string>{"169.254.172.8:8080"});
  EXPECT_EQ(mesh_log(logging_to("/logs/a.log"), task_at("127.0.0.1"), folders, "/p.pipe")->path, "/srv/logs/a.log");
  EXPECT_EQ(mesh_log(logging_to("/tmp/a.log"), task_at("127.0.0.1"), folders, "/p.pipe")->path, "/p.pipe")
      << "it would go with the container";
  EXPECT_TRUE(mesh_log(logging_to("/dev/stdout"), task_at("127.0.0.1"), folders, "/p.pipe")->callers.empty())
      << "on the host's network nobody is known by the address";
}

TEST(MeshLogs, formats_are_lines_or_objects) {
  auto text = logging_to("/dev/stdout");
  text.spec.logging->accessLog->file->format.emplace().text = "%PROTOCOL%";
  EXPECT_EQ(mesh_log(text, task_at("169.254.172.8"), {}, "/p.pipe")->format, "%PROTOCOL%\n");
  auto json = logging_to("/dev/stdout");
  json.spec.logging->accessLog->file->format.emplace().json.emplace().push_back({"a", "%PROTOCOL%"});
  const auto log = mesh_log(json, task_at("169.254.172.8"), {}, "/p.pipe");
  EXPECT_TRUE(log->format.empty());
  ASSERT_EQ(log->fields.size(), 1u);
  EXPECT_EQ(log->fields[0], (route::LogField{"a", "%PROTOCOL%"}));
}

TEST(MeshLogs, a_gateway_has_one_for_each_task_and_one_for_the_rest) {
  auto gateway = resource<model::VirtualGateway>("virtualGateway/", "gate");
  gateway.about.metadata.uid = "uid-1";
  const std::vector<std::string> listeners{"gate:80", "gate:80@host"};
  model::Task old = task_at("169.254.172.8"), newer = task_at("169.254.172.9"), host = task_at("127.0.0.1");
  newer.id = "t2";
  host.id = "t3";
  const FilePlaces folders{{"/logs", "/srv/logs"}};
  const std::vector<GatewayTask> tasks{{&old, folders}, {&newer, folders}};
  EXPECT_TRUE(gateway_logs(gateway, tasks, listeners, "/access-logs").empty()) << "it names none";

  auto& file = gateway.spec.logging.emplace().accessLog.emplace().file.emplace();
  file.path = "/dev/stdout";
  auto logs = gateway_logs(gateway, tasks, listeners, "/access-logs");
  ASSERT_EQ(logs.size(), 3u);
  EXPECT_EQ(logs[0].path, "/access-logs/tasks/t1.pipe");
  EXPECT_EQ(logs[0].callers, std::vector<std::string>{"169.254.172.8"});
  EXPECT_EQ(logs[0].listeners, listeners);
  EXPECT_EQ(logs[1].path, "/access-logs/tasks/t2.pipe");
  EXPECT_EQ(logs[2].path, "/access-logs/gateways/uid-1.log");
  EXPECT_TRUE(logs[2].callers.empty());
  EXPECT_EQ(logs[2].format, kDefaultLogFormat);

  logs = gateway_logs(gateway, {{&host, folders}}, listeners, "/access-logs");
  ASSERT_EQ(logs.size(), 1u) << "on the host's network nobody is known by the address";
  EXPECT_EQ(logs[0].path, "/access-logs/tasks/t3.pipe");

  file.path = "/logs/gate.log";
  logs = gateway_logs(gateway, tasks, listeners, "/access-logs");
  ASSERT_EQ(logs.size(), 1u);
  EXPECT_EQ(logs[0].path, "/srv/logs/gate.log");
  EXPECT_TRUE(logs[0].callers.empty());
}

TEST(MeshLogs, only_the_sidecar_is_told_of_its_pipe) {
  runtime::TaskSpec spec;
  spec.containers.resize(2);
  spec.containers[1].own_program = true;
  connect_sidecar(spec, sidecar_pipe("/access-logs", "t1"));
  EXPECT_TRUE(spec.containers[0].environment.empty());
  EXPECT_EQ(spec.containers[1].environment[kAccessLogVariable], "/access-logs/tasks/t1.pipe");
}

}  // namespace
}  // namespace weir::control
