#include <fmt/format.h>

#include "api/servicediscovery/actions.h"
#include "api/test_world.h"

namespace weir::api {
namespace {

class Registries : public TestWorld {
 protected:
  Registries() {
    servicediscovery::add_actions(table);
    const auto map = [&](const char* operation, const std::string& request) {
      return expect_reply("servicediscovery", operation, request);
    };
    const Json made = map("CreatePrivateDnsNamespace", R"({"Name":"echo.local","Vpc":"vpc-1"})");
    const std::string space =
        map("GetOperation", fmt::format(R"({{"OperationId":"{}"}})",
                                        made["OperationId"].as_string()))["Operation"]["Targets"]["NAMESPACE"]
            .as_string();
    for (const char* type : {"A", "SRV", "AAAA", "CNAME"}) {
      arns[type] =
          map("CreateService", fmt::format(
                                   R"({{"Name":"{0}","NamespaceId":"{1}","DnsConfig":{{"RoutingPolicy":"WEIGHTED",
              "DnsRecords":[{{"Type":"{0}","TTL":9}}]}}}})",
                                   type, space))["Service"]["Arn"]
              .as_string();
    }
    ecs("CreateCluster", "{}");
    for (const char* mode : {"bridge", "awsvpc"}) {
      ecs("RegisterTaskDefinition", fmt::format(R"({{"family":"{0}","networkMode":"{0}","containerDefinitions":[
          {{"name":"app","image":"i:1","memory":64,"portMappings":[{{"containerPort":80}}]}}]}})",
                                                mode));
    }
  }
  std::string request(const char* mode, const std::string& registries) {
    const char* const network = mode == std::string_view("awsvpc")
                                    ? R"(,"networkConfiguration":{"awsvpcConfiguration":{"subnets":["subnet-1"]}})"
                                    : "";
    return fmt::format(R"({{"serviceName":"web","taskDefinition":"{}","desiredCount":1,"serviceRegistries":{}{}}})",
                       mode, registries, network);
  }
  std::string one(const char* type, const std::string& more = "") {
    return fmt::format(R"([{{"registryArn":"{}"{}}}])", arns[type], more);
  }
  std::map<std::string, std::string> arns;  // by type of record
};

TEST_F(Registries, are_shown_as_they_were_given_and_changed_by_a_new_deployment) {
  const Json made = ecs("CreateService", request("awsvpc", one("A")))["service"];
  EXPECT_EQ(made["serviceRegistries"].dump(), one("A"));
  const Json same =
      ecs("UpdateService", fmt::format(R"({{"service":"web","serviceRegistries":{}}})", one("A")))["service"];
  EXPECT_EQ(same["deployments"].items()[0]["id"].as_string(), made["deployments"].items()[0]["id"].as_string());
  const std::string with_port = one("SRV", R"(,"port":80)");
  const Json other =
      ecs("UpdateService", fmt::format(R"({{"service":"web","serviceRegistries":{}}})", with_port))["service"];
  EXPECT_EQ(other["serviceRegistries"].items()[0]["port"].as_int(), 80);
  EXPECT_NE(other["deployments"].items()[0]["id"].as_string(), made["deployments"].items()[0]["id"].as_string());
  EXPECT_EQ(ecs("UpdateService", R"({"service":"web","serviceRegistries":[]})")["service"]["serviceRegistries"].dump(),
            "[]");
}

TEST_F(Registries, that_tasks_cannot_fill_are_refused) {
  const auto bad = [&](const char* mode, const std::string& registries, const char* message) {
    const std::string wish = request(mode, registries);
    expect_refused("ecs", "CreateService", {wish.c_str(), "InvalidParameterException", message});
  };
  bad("awsvpc", R"([{"registryArn":"web"}])", "ARN");
  bad("awsvpc", R"([{}])", "ARN");
  bad("awsvpc", R"([{"registryArn":"arn:aws:servicediscovery:eu-central-1:000000000000:service/srv-none"}])",
      "does not exist");
  bad("awsvpc", R"([{"registryArn":"arn:aws:servicediscovery:us-east-1:000000000000:service/srv-none"}])",
      "does not exist");
  bad("awsvpc", fmt::format(R"([{{"registryArn":"{0}"}},{{"registryArn":"{0}"}}])", arns["A"]), "at most 1");
  bad("awsvpc", one("A", R"(,"port":80,"containerName":"app")"), "but not both");
  bad("awsvpc", one("A", R"(,"containerPort":80)"), "containerName");
  bad("awsvpc", one("A", R"(,"containerName":"none")"), "does not exist in the task definition");
  bad("awsvpc", one("A", R"(,"containerName":"app","containerPort":81)"), "container port 81");
  bad("awsvpc", one("A", R"(,"port":0)"), "1 to 65535");
  bad("awsvpc", one("SRV"), "SRV records needs");
  bad("awsvpc", one("AAAA"), "IPv4");
  bad("awsvpc", one("CNAME"), "CNAME");
  bad("bridge", one("SRV", R"(,"port":80)"), "bridge or host");
  bad("bridge", one("A", R"(,"containerName":"app","containerPort":80)"), "SRV records");
}

}  // namespace
}  // namespace weir::api
