#include <fmt/format.h>

#include "api/ecs/task_definition_rules.h"
#include "api/test_world.h"

namespace weir::api {
namespace {

class TaskDefinitions : public TestWorld {
 protected:
  // A definition with `members` beside family and one small container.
  static std::string definition(const std::string& members = "", const std::string& of_container = "") {
    return fmt::format(
        R"({{"family":"web","containerDefinitions":[{{"name":"app","image":"web:1","memory":64{}}}]{}}})", of_container,
        members);
  }
  Json add(const std::string& family) {
    return ecs(
        "RegisterTaskDefinition",
        fmt::format(R"({{"family":"{}","containerDefinitions":[{{"name":"a","image":"i","memory":4}}]}})", family));
  }
};

TEST_F(TaskDefinitions, AreCompletedAsAwsCompletesThem) {
  const Json made = ecs("RegisterTaskDefinition", R"({"family":"web","networkMode":"awsvpc","cpu":".25 vCPU",
      "memory":"0.5 GB","requiresCompatibilities":["FARGATE"],"executionRoleArn":"r","taskRoleArn":"t",
      "containerDefinitions":[{"name":"app","image":"web:1","portMappings":[{"containerPort":8080}],
        "logConfiguration":{"logDriver":"awslogs","options":{"awslogs-group":"g","awslogs-region":"r",
          "awslogs-stream-prefix":"p"}}}],
      "tags":[{"key":"a","value":"b"}]})");
  const Json& task = made["taskDefinition"];
  EXPECT_EQ(task["taskDefinitionArn"].as_string(), "arn:aws:ecs:eu-central-1:000000000000:task-definition/web:1");
  EXPECT_EQ(task["revision"].as_int(), 1);
  EXPECT_EQ(task["status"].as_string(), "ACTIVE");
  EXPECT_EQ(task["cpu"].as_string(), "256");
  EXPECT_EQ(task["memory"].as_string(), "512");
  EXPECT_EQ(task["compatibilities"].dump(), R"(["EC2","FARGATE"])");
  EXPECT_EQ(task["volumes"].dump(), "[]");
  EXPECT_EQ(task["placementConstraints"].dump(), "[]");
  EXPECT_GT(task["requiresAttributes"].items().size(), 3u);
  const Json& container = task["containerDefinitions"].items()[0];
  EXPECT_EQ(container["cpu"].as_int(-1), 0);
  EXPECT_TRUE(container["essential"].as_bool());
  EXPECT_EQ(container["portMappings"].dump(), R"([{"containerPort":8080,"hostPort":8080,"protocol":"tcp"}])");
  for (const char* empty : {"environment", "mountPoints", "volumesFrom"}) EXPECT_EQ(container[empty].dump(), "[]");
  EXPECT_EQ(made["tags"].dump(), R"([{"key":"a","value":"b"}])");
}

TEST_F(TaskDefinitions, MayBeRegisteredAgainFromTheirDescription) {
  ecs("RegisterTaskDefinition", definition(R"(,"networkMode":"bridge")", R"(,"portMappings":[{"containerPort":80}])"));
  const Json described = ecs("DescribeTaskDefinition", R"({"taskDefinition":"web"})")["taskDefinition"];
  for (const char* left_out : {"registeredAt", "registeredBy", "deregisteredAt"}) {
    EXPECT_EQ(described.find(left_out), nullptr) << left_out;
  }
  Json again;
  for (const auto& [name, value] : described.members()) {
    const bool given = name == "status" || name == "compatibilities" || name == "taskDefinitionArn" ||
                       name == "requiresAttributes" || name == "revision";
    if (!given) again.set(name, value);
  }
  const Json second = ecs("RegisterTaskDefinition", again.dump())["taskDefinition"];
  EXPECT_EQ(second["revision"].as_int(), 2);
  EXPECT_EQ(second["containerDefinitions"], described["containerDefinitions"]);
}

TEST_F(TaskDefinitions, SayWhatTheyNeedOfAnInstance) {
  const Json made = ecs("RegisterTaskDefinition", R"({"family":"web","networkMode":"host","executionRoleArn":"r",
      "taskRoleArn":"t","containerDefinitions":[{"name":"app","image":"1.dkr.ecr.eu-west-1.amazonaws.com/web:1",
        "memory":64,"dependsOn":[{"containerName":"db","condition":"HEALTHY"}],
        "secrets":[{"name":"A","valueFrom":"a"},
          {"name":"B","valueFrom":"arn:aws:secretsmanager:eu-central-1:000000000000:secret:b-AbCdEf"}],
        "logConfiguration":{"logDriver":"awslogs","options":{"awslogs-group":"g","awslogs-region":"r"}}},
        {"name":"db","image":"db:1","memory":64,"healthCheck":{"command":["CMD","true"]}}]})");
  std::string names;
  for (const auto& one : made["taskDefinition"]["requiresAttributes"].items()) names += one["name"].as_string() + "\n";
  EXPECT_EQ(names,
            "com.amazonaws.ecs.capability.docker-remote-api.1.18\n"
            "com.amazonaws.ecs.capability.docker-remote-api.1.19\n"
            "com.amazonaws.ecs.capability.ecr-auth\n"
            "com.amazonaws.ecs.capability.logging-driver.awslogs\n"
            "com.amazonaws.ecs.capability.task-iam-role-network-host\n"
            "ecs.capability.container-health-check\n"
            "ecs.capability.container-ordering\n"
            "ecs.capability.execution-role-awslogs\n"
            "ecs.capability.execution-role-ecr-pull\n"
            "ecs.capability.secrets.asm.environment-variables\n"
            "ecs.capability.secrets.ssm.environment-variables\n");
  EXPECT_EQ(made["taskDefinition"]["compatibilities"].dump(), R"(["EXTERNAL","EC2"])");
}

TEST_F(TaskDefinitions, FitFargateWhereTheyWantNothingOfAnInstance) {
  const auto compatible = [&](const std::string& members, const std::string& of_container) {
    const Json made = ecs("RegisterTaskDefinition",
                          definition(R"(,"networkMode":"awsvpc","cpu":"256","memory":"512")" + members, of_container));
    return made["taskDefinition"]["compatibilities"].dump();
  };
  EXPECT_EQ(compatible("", ""), R"(["EC2","FARGATE"])");
  EXPECT_EQ(compatible(R"(,"volumes":[{"name":"v"}])", ""), R"(["EC2","FARGATE"])");
  EXPECT_EQ(compatible(R"(,"volumes":[{"name":"v","host":{"sourcePath":"/srv"}}])", ""), R"(["EC2"])");
  EXPECT_EQ(compatible("", R"(,"ulimits":[{"name":"core","softLimit":0,"hardLimit":0}])"), R"(["EC2"])");
  EXPECT_EQ(compatible("", R"(,"logConfiguration":{"logDriver":"json-file"})"), R"(["EC2"])");
}

TEST_F(TaskDefinitions, AreFoundByFamilyRevisionAndArn) {
  for (int i = 0; i < 3; ++i) add("web");
  const auto revision = [&](const std::string& reference) {
    return ecs("DescribeTaskDefinition", R"({"taskDefinition":")" + reference + R"("})")["taskDefinition"]["revision"]
        .as_int();
  };
  EXPECT_EQ(revision("web"), 3);
  EXPECT_EQ(revision("web:1"), 1);
  EXPECT_EQ(revision("arn:aws:ecs:eu-central-1:000000000000:task-definition/web:2"), 2);
  ecs("DeregisterTaskDefinition", R"({"taskDefinition":"web:3"})");
  EXPECT_EQ(revision("web"), 2) << "the newest that is ACTIVE";
  EXPECT_EQ(revision("web:3"), 3) << "an INACTIVE one can still be looked at";
  EXPECT_EQ(add("web")["taskDefinition"]["revision"].as_int(), 4) << "numbers are never used again";
}

TEST_F(TaskDefinitions, AreListedByFamilyThenByRevisionAsANumber) {
  for (int i = 0; i < 11; ++i) add("web");
  add("web-2");
  add("a");
  const auto listed = [&](const std::string& request) {
    std::string all;
    const Json reply = ecs("ListTaskDefinitions", request);
    for (const Json& arn : reply["taskDefinitionArns"].items()) {
      all += arn.as_string().substr(arn.as_string().find('/') + 1) + " ";
    }
    return all;
  };
  EXPECT_EQ(listed("{}"), "a:1 web:1 web:2 web:3 web:4 web:5 web:6 web:7 web:8 web:9 web:10 web:11 web-2:1 ");
  EXPECT_EQ(listed(R"({"familyPrefix":"web","sort":"DESC","maxResults":3})"), "web:11 web:10 web:9 ");
  ecs("DeregisterTaskDefinition", R"({"taskDefinition":"web:11"})");
  EXPECT_EQ(listed(R"({"familyPrefix":"web","status":"INACTIVE"})"), "web:11 ");
  const Json page = ecs("ListTaskDefinitions", R"({"familyPrefix":"web","sort":"DESC","maxResults":1})");
  EXPECT_EQ(listed(R"({"familyPrefix":"web","sort":"DESC","maxResults":1,"nextToken":")" +
                   page["nextToken"].as_string() + R"("})"),
            "web:9 ");
}

TEST_F(TaskDefinitions, HaveFamilies) {
  for (const char* family : {"web", "web-2", "api"}) add(family);
  ecs("DeregisterTaskDefinition", R"({"taskDefinition":"web-2:1"})");
  EXPECT_EQ(ecs("ListTaskDefinitionFamilies", "{}")["families"].dump(), R"(["api","web","web-2"])");
  EXPECT_EQ(ecs("ListTaskDefinitionFamilies", R"({"familyPrefix":"web","status":"ACTIVE"})")["families"].dump(),
            R"(["web"])");
  EXPECT_EQ(ecs("ListTaskDefinitionFamilies", R"({"status":"INACTIVE"})")["families"].dump(), R"(["web-2"])");
}

TEST_F(TaskDefinitions, RefuseWhatIsNotValid) {
  struct Row {
    std::string request;
    const char* message;
  };
  const std::string fargate = R"(,"requiresCompatibilities":["FARGATE"])";
  std::string many = R"({"type":"s3","value":"arn:aws:s3:::conf/app.env"})";
  for (int i = 0; i < 10; ++i) many += R"(,{"type":"s3","value":"arn:aws:s3:::conf/app.env"})";
  const Row rows[] = {
      {R"({"family":"","containerDefinitions":[]})", "Family should not be null or empty."},
      {R"({"family":"a b","containerDefinitions":[]})", "Family contains invalid characters."},
      {R"({"family":"a","containerDefinitions":[]})", "Container list cannot be empty."},
      {R"({"family":"a","containerDefinitions":[{"image":"i"}]})", "Container.name should not be null or empty."},
      {R"({"family":"a","containerDefinitions":[{"name":"a b","image":"i"}]})",
       "Container.name contains invalid characters."},
      {R"({"family":"a","containerDefinitions":[{"name":"a"}]})", "Container.image should not be null or empty."},
      {R"({"family":"a","containerDefinitions":[{"name":"a","image":"i"}]})", "At least one of 'memory'"},
      {R"({"family":"a","memory":"64","containerDefinitions":[{"name":"a","image":"i"},{"name":"a","image":"i"}]})",
       "Duplicate container name: a."},
      {definition("", R"(,"essential":false)"), "does not have an essential container"},
      {definition("", R"(,"portMappings":[{"containerPort":0}])"), "Invalid container port"},
      {definition("", R"(,"portMappings":[{"containerPort":1,"hostPort":65536}])"), "Invalid host port"},
      {definition(R"(,"networkMode":"awsvpc")", R"(,"portMappings":[{"containerPort":1,"hostPort":2}])"),
       "When networkMode=awsvpc, the host ports and container ports in port mappings must match."},
      {definition("", R"(,"memoryReservation":64)"), "memory must be greater than the memoryReservation"},
      {definition(R"(,"cpu":"much")"), "Invalid 'cpu' setting for task."},
      {definition(R"(,"memory":"-1")"), "Invalid 'memory' setting for task."},
      {definition(R"(,"cpu":"256")", R"(,"cpu":512)"), "The sum of all container 'cpu' values"},
      {definition(fargate), "Fargate only supports network mode"},
      {definition(fargate + R"(,"networkMode":"awsvpc")"), "Fargate requires that 'cpu' be defined"},
      {definition(fargate + R"(,"networkMode":"awsvpc","cpu":"256")"), "Fargate requires that 'memory' be defined"},
      {definition(fargate + R"(,"networkMode":"awsvpc","cpu":"512","memory":"512")"),
       "No Fargate configuration exists for given values: 512 CPU, 512 memory."},
      {definition(fargate + R"(,"networkMode":"awsvpc","cpu":"256","memory":"512")", R"(,"stopTimeout":121)"),
       "stopTimeout"},
      {definition("", R"(,"logConfiguration":{"logDriver":"awslogs","options":{"awslogs-group":"g"}})"),
       "Log driver awslogs requires options: awslogs-region"},
      {definition("", R"(,"restartPolicy":{"enabled":true,"restartAttemptPeriod":30})"),
       "restartAttemptPeriod must be between 60 and 1800 seconds."},
      {definition("", R"(,"ulimits":[{"name":"nofile","softLimit":9,"hardLimit":8}])"),
       "the softLimit must not be greater than the hardLimit."},
      {definition("", R"(,"user":"a b")"), "Invalid user 'a b'"},
      {definition("", R"(,"mountPoints":[{"sourceVolume":"v","containerPath":"/v"}])"), "Unknown volume 'v'."},
      {definition(R"(,"volumes":[{"name":"v"}])", R"(,"mountPoints":[{"sourceVolume":"v","containerPath":"v"}])"),
       "Invalid container path 'v' of a mount point: it must be absolute."},
      {definition(R"(,"volumes":[{"name":"v"},{"name":"v"}])"), "Duplicate volume name: v."},
      {definition(R"(,"volumes":[{"name":"v","efsVolumeConfiguration":{"fileSystemId":"fs-1"}}])"),
       "The parameter 'volumes[0].efsVolumeConfiguration' is not supported by Weir."},
      {definition("", R"(,"volumesFrom":[{"sourceContainer":"b"}])"), "there is no container 'b'."},
      {definition("", R"(,"environmentFiles":[{"type":"s3","value":"arn:aws:s3:::conf/app.txt"}])"),
       "Invalid environment file 'arn:aws:s3:::conf/app.txt'."},
      {definition("", R"(,"environmentFiles":[{"type":"s3","value":"arn:aws:s3:::conf/../app.env"}])"),
       "Invalid environment file"},
      {definition("", R"(,"environmentFiles":[)" + many + "]"), "at most 10"},
      {definition("", R"(,"secrets":[{"name":"A","valueFrom":"a"}])"),
       "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'."},
      {definition("", R"(,"secrets":[{"name":"A","valueFrom":"a"}],"environment":[{"name":"A","value":"a"}])"),
       "The secret name must be unique and not shared with any new or existing environment variables set on the "
       "container, such as 'A'."},
      {definition(
           fargate + R"(,"networkMode":"awsvpc","cpu":"256","memory":"512")",
           R"(,"logConfiguration":{"logDriver":"awslogs","options":{"awslogs-group":"g","awslogs-region":"r"}})"),
       "Fargate requires task definition to have execution role ARN to support log driver awslogs."},
      {definition(
           fargate + R"(,"networkMode":"awsvpc","cpu":"256","memory":"512","executionRoleArn":"r")",
           R"(,"logConfiguration":{"logDriver":"awslogs","options":{"awslogs-group":"g","awslogs-region":"r"}})"),
       "Log driver awslogs requires options: awslogs-stream-prefix"},
      {definition("", R"(,"logConfiguration":{"logDriver":"json-file","options":{"max-size":"1m"}})"),
       "Log driver json-file disallows options: max-size"},
      {definition("", R"(,"logConfiguration":{"logDriver":"splunk"})"),
       "The value 'splunk' of the parameter 'containerDefinitions[0].logConfiguration.logDriver' is not supported"},
      {definition("", R"(,"environment":[{"value":"v"}])"), "Environment variable name"},
  };
  for (const auto& row : rows) {
    expect_refused("ecs", "RegisterTaskDefinition", {row.request.c_str(), "ClientException", row.message});
  }
}

// Of a first container that depends on a second one; what is said of the second.
std::string pair(const std::string& condition, const std::string& second) {
  return R"({"family":"a","memory":"64","containerDefinitions":[{"name":"app","image":"i","dependsOn":[
      {"containerName":"two","condition":")" +
         condition + R"("}]},{"name":"two","image":"i")" + second + "}]}";
}

TEST_F(TaskDefinitions, MayLetContainersWaitForEachOther) {
  const std::string check = R"(,"healthCheck":{"command":["CMD-SHELL","true"]})";
  const struct {
    const char* condition;
    std::string second;
    const char* refusal;  // empty: registered
  } rows[] = {
      {"START", "", ""},
      {"COMPLETE", R"(,"essential":false)", ""},
      {"SUCCESS", R"(,"essential":false)", ""},
      {"HEALTHY", check, ""},
      {"COMPLETE", "", "A dependency container with SUCCESS or COMPLETE condition cannot be an essential container"},
      {"SUCCESS", "", "A dependency container with SUCCESS or COMPLETE condition cannot be an essential container"},
      {"HEALTHY", "", "Container 'two' has no health check"},
      {"HEALTHY", R"(,"healthCheck":{"command":["NONE"]})", "Container 'two' has no health check"},
      {"START", R"(,"dependsOn":[{"containerName":"app","condition":"START"}])", "should not have a cycle"},
      {"START", R"(,"dependsOn":[{"containerName":"two","condition":"START"}])", "should not have a cycle"},
      {"START", R"(,"dependsOn":[{"containerName":"no","condition":"START"}])",
       "Cannot depend on container + 'no' because it does not exist"},
      {"START", R"(,"startTimeout":1)", "startTimeout"},
  };
  for (const auto& row : rows) {
    const std::string request = pair(row.condition, row.second);
    if (*row.refusal) {
      expect_refused("ecs", "RegisterTaskDefinition", {request.c_str(), "ClientException", row.refusal});
    } else {
      const Json made = ecs("RegisterTaskDefinition", request)["taskDefinition"]["containerDefinitions"];
      EXPECT_EQ(made.items()[0]["dependsOn"].items()[0]["condition"].as_string(), row.condition);
    }
  }
}

TEST_F(TaskDefinitions, MayCheckTheHealthOfContainers) {
  const auto with = [](const std::string& check) {
    return definition("", R"(,"healthCheck":{"command":)" + check + "}");
  };
  const Json made = ecs("RegisterTaskDefinition", with(R"(["CMD","/check","-v"],"startPeriod":9)"))["taskDefinition"];
  EXPECT_EQ(made["containerDefinitions"].items()[0]["healthCheck"].dump(),
            R"({"command":["CMD","/check","-v"],"interval":30,"timeout":5,"retries":3,"startPeriod":9})");
  const struct {
    const char* check;
    const char* message;
  } rows[] = {
      {"[]", "command must not be empty"},
      {R"(["true"])", "command must begin with CMD, CMD-SHELL or NONE"},
      {R"(["CMD"])", "command must name a program after CMD"},
      {R"(["CMD-SHELL"])", "command must be one line after CMD-SHELL"},
      {R"(["CMD","a"],"interval":4)", "interval must be between 5 and 300"},
      {R"(["CMD","a"],"timeout":61)", "timeout must be between 2 and 60"},
      {R"(["CMD","a"],"retries":0)", "retries must be between 1 and 10"},
      {R"(["CMD","a"],"startPeriod":301)", "startPeriod must be between 0 and 300"},
  };
  for (const auto& row : rows) {
    const std::string request = with(row.check);
    expect_refused("ecs", "RegisterTaskDefinition", {request.c_str(), "ClientException", row.message});
  }
}

TEST_F(TaskDefinitions, RefuseReferencesToNothing) {
  add("web");
  const Bad describe[] = {
      {R"({"taskDefinition":"none"})", "ClientException", "Unable to describe task definition."},
      {R"({"taskDefinition":"web:2"})", "ClientException", "Unable to describe task definition."},
      {R"({"taskDefinition":"web:x"})", "ClientException", "Invalid revision number. Number: x"},
      {R"({"taskDefinition":"web:0"})", "ClientException", "Invalid revision number"},
      {R"({"taskDefinition":"arn:aws:ecs:us-east-1:000000000000:task-definition/web:1"})", "ClientException",
       "Invalid task definition identifier"},
  };
  for (const auto& bad : describe) expect_refused("ecs", "DescribeTaskDefinition", bad);
  const Bad deregister[] = {
      {R"({"taskDefinition":"web"})", "ClientException", "Invalid revision number"},
      {R"({"taskDefinition":"web:7"})", "ClientException", "The specified task definition does not exist."},
  };
  for (const auto& bad : deregister) expect_refused("ecs", "DeregisterTaskDefinition", bad);
}

TEST(TaskSizes, AreUnitsAndMebibytesInEitherNotation) {
  EXPECT_EQ(ecs::cpu_units("256"), 256);
  EXPECT_EQ(ecs::cpu_units("0.5 vCPU"), 512);
  EXPECT_EQ(ecs::cpu_units("1vcpu"), 1024);
  EXPECT_EQ(ecs::memory_mib("2 GB"), 2048);
  EXPECT_EQ(ecs::memory_mib("0.5GB"), 512);
  for (const char* bad : {"", "x", "-1", "0", "1.5", "vCPU", "1 vCPU 2"}) EXPECT_FALSE(ecs::cpu_units(bad)) << bad;
}

TEST(TaskSizes, AreThoseOfFargate) {
  struct Row {
    int cpu, memory;
    bool is;
  };
  constexpr Row kRows[] = {{256, 512, true},    {256, 1024, true},    {256, 1536, false}, {256, 2048, true},
                           {512, 1024, true},   {512, 4096, true},    {512, 5120, false}, {1024, 8192, true},
                           {8192, 16384, true}, {8192, 18432, false}, {300, 512, false},  {16384, 122880, true}};
  for (const auto& row : kRows)
    EXPECT_EQ(ecs::is_fargate_size(row.cpu, row.memory), row.is) << row.cpu << "/" << row.memory;
}

}  // namespace
}  // namespace weir::api
