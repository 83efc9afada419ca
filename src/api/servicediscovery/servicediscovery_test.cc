#include <fmt/format.h>

#include <algorithm>

#include "api/limits.h"
#include "api/servicediscovery/actions.h"
#include "api/test_world.h"
#include "model/discovery_documents.h"

namespace weir::api {
namespace {

constexpr const char* kMap = "servicediscovery";

class CloudMap : public TestWorld {
 protected:
  CloudMap() { servicediscovery::add_actions(table); }

  Json map(const char* operation, std::string_view request) { return expect_reply(kMap, operation, request); }
  void refused(const char* operation, const std::string& request, const char* code, const char* message = "") {
    expect_refused(kMap, operation, {request.c_str(), code, message});
  }
  // The namespace's id, by the operation that made it.
  std::string made(const Json& reply) {
    const Json operation =
        map("GetOperation", fmt::format(R"({{"OperationId":"{}"}})", reply["OperationId"].as_string()))["Operation"];
    EXPECT_EQ(operation["Status"].as_string(), "SUCCESS");
    return operation["Targets"]["NAMESPACE"].as_string();
  }
  std::string http(const std::string& name) {
    return made(map("CreateHttpNamespace", fmt::format(R"({{"Name":"{}"}})", name)));
  }
  std::string dns(const std::string& name) {
    return made(map("CreatePrivateDnsNamespace", fmt::format(R"({{"Name":"{}","Vpc":"vpc-1"}})", name)));
  }
  std::string service(const std::string& name_space, const std::string& name, const std::string& more = "") {
    const Json reply =
        map("CreateService", fmt::format(R"({{"Name":"{}","NamespaceId":"{}"{}}})", name, name_space, more));
    return reply["Service"]["Id"].as_string();
  }
  static std::string records(const char* types, const char* policy = "MULTIVALUE") {
    return fmt::format(R"(,"DnsConfig":{{"RoutingPolicy":"{}","DnsRecords":{}}})", policy, types);
  }
  std::string enter(const std::string& service, const std::string& id, const std::string& attributes) {
    return fmt::format(R"({{"ServiceId":"{}","InstanceId":"{}","Attributes":{{{}}}}})", service, id, attributes);
  }
  std::vector<std::string> discovered(const std::string& names, const std::string& more = "") {
    const Json reply = map("DiscoverInstances", "{" + names + more + "}");
    std::vector<std::string> ids;
    for (const auto& one : reply["Instances"].items()) ids.push_back(one["InstanceId"].as_string());
    std::ranges::sort(ids);
    return ids;
  }
  std::int64_t revision(const std::string& names) {
    return map("DiscoverInstancesRevision", "{" + names + "}")["InstancesRevision"].as_int();
  }
};

constexpr const char* kA = R"([{"Type":"A","TTL":300}])";
using Ids = std::vector<std::string>;

TEST_F(CloudMap, a_private_namespace_is_made_by_an_operation_and_has_a_zone) {
  const std::string id = dns("echo.local.");
  const Json shown = map("GetNamespace", fmt::format(R"({{"Id":"{}"}})", id))["Namespace"];
  EXPECT_EQ(shown["Arn"].as_string(), "arn:aws:servicediscovery:eu-central-1:000000000000:namespace/" + id);
  EXPECT_EQ(shown["Name"].as_string(), "echo.local");
  EXPECT_EQ(shown["Type"].as_string(), "DNS_PRIVATE");
  EXPECT_EQ(shown["ServiceCount"].as_int(), 0);
  EXPECT_TRUE(shown["Properties"]["DnsProperties"]["HostedZoneId"].as_string().starts_with("Z"));
  EXPECT_EQ(shown["Properties"]["DnsProperties"]["SOA"]["TTL"].as_int(), 15);
  EXPECT_EQ(shown["Properties"]["HttpProperties"]["HttpName"].as_string(), "echo.local");
  map("UpdatePrivateDnsNamespace", fmt::format(R"({{"Id":"{}","Namespace":{{"Description":"d","Properties":
      {{"DnsProperties":{{"SOA":{{"TTL":60}}}}}}}}}})",
                                               id));
  const Json updated = map("GetNamespace", fmt::format(R"({{"Id":"{}"}})", shown["Arn"].as_string()))["Namespace"];
  EXPECT_EQ(updated["Properties"]["DnsProperties"]["SOA"]["TTL"].as_int(), 60);
  EXPECT_EQ(updated["Description"].as_string(), "d");
  refused("UpdateHttpNamespace", fmt::format(R"({{"Id":"{}","Namespace":{{"Description":"d"}}}})", id), "InvalidInput");
  refused("CreatePrivateDnsNamespace", R"({"Name":"a..b","Vpc":"v"})", "InvalidInput", "no DNS name");
  refused("CreateHttpNamespace", R"({"Name":"a b"})", "InvalidInput", "name");
  refused("CreateHttpNamespace", R"({"Name":"arn:a"})", "InvalidInput", "name");
  refused("GetOperation", R"({"OperationId":"x"})", "OperationNotFound");
}

TEST_F(CloudMap, a_name_belongs_to_one_namespace_and_a_repeat_answers_as_the_first) {
  const char* const request = R"({"Name":"one","CreatorRequestId":"r1"})";
  const Json first = map("CreateHttpNamespace", request);
  EXPECT_EQ(map("CreateHttpNamespace", request).dump(), first.dump());
  refused("CreateHttpNamespace", R"({"Name":"two","CreatorRequestId":"r1"})", "DuplicateRequest");
  refused("CreateHttpNamespace", R"({"Name":"ONE"})", "NamespaceAlreadyExists");
  refused("CreatePublicDnsNamespace", R"({"Name":"one","CreatorRequestId":"r2"})", "NamespaceAlreadyExists");
  EXPECT_EQ(map("ListNamespaces", "{}")["Namespaces"].items().size(), 1u);
}

TEST_F(CloudMap, lists_are_filtered_and_paged) {
  for (const char* name : {"b1", "a1", "a2"}) http(name);
  const std::string zone = dns("a.local");
  const auto names = [&](const std::string& request) {
    Ids found;
    const Json reply = map("ListNamespaces", request);
    for (const auto& one : reply["Namespaces"].items()) found.push_back(one["Name"].as_string());
    std::ranges::sort(found);
    return found;
  };
  EXPECT_EQ(names(R"({"Filters":[{"Name":"NAME","Values":["a"],"Condition":"BEGINS_WITH"},
                                 {"Name":"TYPE","Values":["HTTP"]}]})"),
            (Ids{"a1", "a2"}));
  EXPECT_EQ(names(R"({"Filters":[{"Name":"TYPE","Values":["DNS_PRIVATE","DNS_PUBLIC"],"Condition":"IN"}]})"),
            (Ids{"a.local"}));
  refused("ListNamespaces", R"({"Filters":[{"Name":"NAME","Values":["a","b"]}]})", "InvalidInput", "NAME");
  refused("ListOperations", R"({"Filters":[{"Name":"UPDATE_DATE","Values":["a","b"],"Condition":"BETWEEN"}]})",
          "InvalidInput", "seconds");
  const Json page = map("ListNamespaces", R"({"MaxResults":3})");
  EXPECT_EQ(page["Namespaces"].items().size(), 3u);
  EXPECT_EQ(names(fmt::format(R"({{"NextToken":"{}"}})", page["NextToken"].as_string())).size(), 1u);
  refused("ListNamespaces", R"({"NextToken":"x"})", "InvalidInput", "NextToken");
  EXPECT_EQ(map("ListOperations",
                fmt::format(R"({{"Filters":[{{"Name":"NAMESPACE_ID","Values":["{}"]}}]}})", zone))["Operations"]
                .items()
                .size(),
            1u);
  const std::int64_t now = clock.wall().millis / 1000;
  const Json during =
      map("ListOperations",
          fmt::format(R"({{"Filters":[{{"Name":"UPDATE_DATE","Values":["{}","{}"],"Condition":"BETWEEN"}}]}})", now,
                      now + 1));
  EXPECT_EQ(during["Operations"].items().size(), 4u);
}

TEST_F(CloudMap, a_service_says_which_records_it_has) {
  const std::string zone = dns("echo.local");
  const std::string id =
      service(zone, "echo_server", records(kA) + R"(,"HealthCheckCustomConfig":{"FailureThreshold":1})");
  const Json shown = map("GetService", fmt::format(R"({{"Id":"{}"}})", id))["Service"];
  EXPECT_EQ(shown["Arn"].as_string(), "arn:aws:servicediscovery:eu-central-1:000000000000:service/" + id);
  EXPECT_EQ(shown["Type"].as_string(), "DNS_HTTP");
  EXPECT_EQ(shown["DnsConfig"]["DnsRecords"].dump(), kA);
  EXPECT_EQ(shown["HealthCheckCustomConfig"]["FailureThreshold"].as_int(), 1);
  refused("CreateService", fmt::format(R"({{"Name":"ECHO_server","NamespaceId":"{}"}})", zone), "ServiceAlreadyExists");
  refused("CreateService", R"({"Name":"x","NamespaceId":"ns-none"})", "NamespaceNotFound");
  refused("CreateService", R"({"Name":"x"})", "InvalidInput", "NamespaceId");
  refused("DeleteNamespace", fmt::format(R"({{"Id":"{}"}})", zone), "ResourceInUse");
  map("UpdateService",
      fmt::format(R"({{"Id":"{}","Service":{{"DnsConfig":{{"DnsRecords":[{{"Type":"A","TTL":9}}]}}}}}})", id));
  EXPECT_EQ(map("GetService", fmt::format(R"({{"Id":"{}"}})", id))["Service"]["DnsConfig"]["DnsRecords"].dump(),
            R"([{"Type":"A","TTL":9}])");
  map("DeleteService", fmt::format(R"({{"Id":"{}"}})", id));
  refused("GetService", fmt::format(R"({{"Id":"{}"}})", id), "ServiceNotFound");
  map("DeleteNamespace", fmt::format(R"({{"Id":"{}"}})", zone));
  refused("GetNamespace", fmt::format(R"({{"Id":"{}"}})", zone), "NamespaceNotFound");
}

TEST_F(CloudMap, what_a_service_cannot_be_is_refused) {
  const std::string zone = dns("z.local");
  const std::string web = http("web");
  const auto bad = [&](const std::string& space, const std::string& more, const char* message) {
    refused("CreateService", fmt::format(R"({{"Name":"s","NamespaceId":"{}"{}}})", space, more), "InvalidInput",
            message);
  };
  bad(web, records(kA), "HTTP namespace");
  for (const char* name : {"", "-", "a-", "_", "a..b", "a.", ".a", "a b", "a/b"}) {
    refused("CreateService", fmt::format(R"({{"Name":"{}","NamespaceId":"{}"}})", name, web), "InvalidInput", "name");
  }
  bad(zone, records("[]"), "type of record");
  bad(zone, records(R"([{"Type":"A","TTL":1},{"Type":"A","TTL":2}])"), "twice");
  bad(zone, records(R"([{"Type":"CNAME","TTL":1},{"Type":"A","TTL":2}])", "WEIGHTED"), "no other records");
  bad(zone, records(R"([{"Type":"CNAME","TTL":1}])"), "WEIGHTED");
  bad(zone, records(kA) + R"(,"Type":"HTTP")", "type HTTP");
  bad(zone, R"(,"HealthCheckConfig":{"Type":"TCP"})", "HealthCheckConfig");
}

TEST_F(CloudMap, an_instance_has_the_attributes_that_its_records_need) {
  const std::string zone = dns("z.local");
  const std::string a = service(zone, "a", records(kA));
  const std::string srv = service(zone, "srv", records(R"([{"Type":"SRV","TTL":10}])"));
  const std::string cname = service(zone, "cname", records(R"([{"Type":"CNAME","TTL":10}])", "WEIGHTED"));
  const std::string both =
      service(zone, "both", records(R"([{"Type":"A","TTL":1},{"Type":"AAAA","TTL":1}])", "WEIGHTED"));
  const auto bad = [&](const std::string& to, const std::string& attributes, const char* message) {
    refused("RegisterInstance", enter(to, "i", attributes), "InvalidInput", message);
  };
  bad(a, R"("k":"v")", "AWS_INSTANCE_IPV4 is required");
  bad(a, R"("AWS_INSTANCE_IPV4":"1.2.3.4","a b":"v")", "'a b' is no name of an attribute");
  bad(a, R"("AWS_INSTANCE_IPV4":"1.2.3.4","\u0007":"v")", "no name of an attribute");
  bad(a, fmt::format(R"("AWS_INSTANCE_IPV4":"1.2.3.4","{}":"v")", std::string(256, 'k')), "no name of an attribute");
  bad(a, R"("AWS_INSTANCE_IPV4":"1.2.3")", "IPv4");
  bad(a, R"("AWS_INSTANCE_IPV4":"1.2.3.4","AWS_INIT_HEALTH_STATUS":"HEALTHY")", "HealthCheckCustomConfig");
  bad(a, R"("AWS_EC2_INSTANCE_ID":"i-1")", "EC2");
  bad(a, R"("AWS_ALIAS_DNS_NAME":"lb")", "WEIGHTED");
  bad(srv, R"("AWS_INSTANCE_IPV4":"1.2.3.4")", "AWS_INSTANCE_PORT");
  bad(srv, R"("AWS_INSTANCE_PORT":"80")", "AWS_INSTANCE_IPV6");
  bad(srv, R"("AWS_INSTANCE_IPV4":"1.2.3.4","AWS_INSTANCE_PORT":"0")", "port");
  bad(cname, R"("AWS_INSTANCE_IPV4":"1.2.3.4")", "AWS_INSTANCE_CNAME");
  bad(both, R"("k":"v")", "AWS_INSTANCE_IPV4 or");
  bad(both, R"("AWS_ALIAS_DNS_NAME":"lb","AWS_INSTANCE_IPV4":"1.2.3.4")", "exclude");
  refused("RegisterInstance", enter("srv-none", "i", ""), "ServiceNotFound");
  map("RegisterInstance", enter(both, "i", R"("AWS_INSTANCE_IPV6":"::1")"));
  map("RegisterInstance", enter(both, "j", R"("AWS_ALIAS_DNS_NAME":"lb.elb.localhost")"));
  map("RegisterInstance", enter(srv, "i", R"("AWS_INSTANCE_IPV4":"1.2.3.4","AWS_INSTANCE_PORT":"80")"));
  map("RegisterInstance", enter(cname, "i", R"("AWS_INSTANCE_CNAME":"example.com")"));
}

TEST_F(CloudMap, an_instance_comes_is_replaced_and_goes) {
  const std::string id = service(http("web"), "shop");
  const std::string names = R"("NamespaceName":"web","ServiceName":"shop")";
  EXPECT_EQ(discovered(names), Ids{});
  const std::int64_t empty = revision(names);
  map("RegisterInstance", enter(id, "one", R"("k":"v1")"));
  const std::int64_t one = revision(names);
  EXPECT_GT(one, empty);
  map("RegisterInstance", enter(id, "one", R"("k":"v2")"));
  const std::int64_t replaced = revision(names);
  EXPECT_GT(replaced, one);
  const Json shown = map("GetInstance", fmt::format(R"({{"ServiceId":"{}","InstanceId":"one"}})", id));
  EXPECT_EQ(shown["Instance"]["Attributes"].dump(), R"({"k":"v2"})");
  refused("DeleteService", fmt::format(R"({{"Id":"{}"}})", id), "ResourceInUse",
          "Service contains registered instances");
  map("DeregisterInstance", fmt::format(R"({{"ServiceId":"{}","InstanceId":"one"}})", id));
  EXPECT_GT(revision(names), replaced);
  refused("DeregisterInstance", fmt::format(R"({{"ServiceId":"{}","InstanceId":"one"}})", id), "InstanceNotFound");
  EXPECT_EQ(map("ListInstances", fmt::format(R"({{"ServiceId":"{}"}})", id))["Instances"].dump(), "[]");
}

TEST_F(CloudMap, the_same_registration_is_made_once) {
  const std::string id = service(http("web"), "shop");
  const std::string request =
      fmt::format(R"({{"ServiceId":"{}","InstanceId":"one","CreatorRequestId":"r","Attributes":{{"k":"v"}}}})", id);
  const Json first = map("RegisterInstance", request);
  EXPECT_EQ(map("RegisterInstance", request).dump(), first.dump());
  refused("RegisterInstance",
          fmt::format(R"({{"ServiceId":"{}","InstanceId":"two","CreatorRequestId":"r","Attributes":{{}}}})", id),
          "DuplicateRequest");
}

TEST_F(CloudMap, discovery_looks_at_attributes_and_health) {
  const std::string id = service(http("web"), "shop", R"(,"HealthCheckCustomConfig":{})");
  map("RegisterInstance", enter(id, "blue", R"("color":"blue","size":"s")"));
  map("RegisterInstance", enter(id, "green", R"("color":"green","size":"s","AWS_INIT_HEALTH_STATUS":"UNHEALTHY")"));
  const std::string names = R"("NamespaceName":"WEB","ServiceName":"shop")";
  EXPECT_EQ(discovered(names), (Ids{"blue"}));
  EXPECT_EQ(discovered(names, R"(,"HealthStatus":"ALL")"), (Ids{"blue", "green"}));
  EXPECT_EQ(discovered(names, R"(,"HealthStatus":"UNHEALTHY")"), (Ids{"green"}));
  EXPECT_EQ(discovered(names, R"(,"QueryParameters":{"color":"green"})"), Ids{});
  EXPECT_EQ(discovered(names, R"(,"QueryParameters":{"color":"green"},"HealthStatus":"HEALTHY_OR_ELSE_ALL")"),
            (Ids{"green"}));
  EXPECT_EQ(discovered(names, R"(,"HealthStatus":"ALL","OptionalParameters":{"color":"blue"})"), (Ids{"blue"}));
  EXPECT_EQ(discovered(names, R"(,"HealthStatus":"ALL","OptionalParameters":{"color":"red"})"), (Ids{"blue", "green"}));
  EXPECT_EQ(discovered(names, R"(,"HealthStatus":"ALL","MaxResults":1)").size(), 1u);
  const auto health = [&](const char* status, const char* instance) {
    return fmt::format(R"({{"ServiceId":"{}","InstanceId":"{}","Status":"{}"}})", id, instance, status);
  };
  map("UpdateInstanceCustomHealthStatus", health("UNHEALTHY", "blue"));
  EXPECT_EQ(discovered(names), Ids{});
  const Json seen = map("GetInstancesHealthStatus", fmt::format(R"({{"ServiceId":"{}"}})", id));
  EXPECT_EQ(seen["Status"].dump(), R"({"blue":"UNHEALTHY","green":"UNHEALTHY"})");
  map("UpdateInstanceCustomHealthStatus", health("HEALTHY", "green"));
  EXPECT_EQ(discovered(names), (Ids{"green"}));
  refused("UpdateInstanceCustomHealthStatus", health("HEALTHY", "red"), "InstanceNotFound");
  refused("GetInstancesHealthStatus", fmt::format(R"({{"ServiceId":"{}","Instances":["red"]}})", id),
          "InstanceNotFound");
  refused("DiscoverInstances", R"({"NamespaceName":"none","ServiceName":"shop"})", "NamespaceNotFound");
  refused("DiscoverInstances", R"({"NamespaceName":"web","ServiceName":"none"})", "ServiceNotFound");
  refused("DiscoverInstances", R"({"NamespaceName":"web","ServiceName":"no ne"})", "InvalidInput", "'no ne'");
  for (const char* member : {"QueryParameters", "OptionalParameters"}) {
    refused("DiscoverInstances",
            fmt::format(R"({{"NamespaceName":"web","ServiceName":"shop","{}":{{"a b":"c"}}}})", member), "InvalidInput",
            member);
  }
}

TEST_F(CloudMap, without_a_health_check_everything_is_found) {
  const std::string id = service(http("web"), "shop");
  map("RegisterInstance", enter(id, "one", ""));
  EXPECT_EQ(discovered(R"("NamespaceName":"web","ServiceName":"shop","HealthStatus":"UNHEALTHY")"), (Ids{"one"}));
  EXPECT_EQ(map("GetInstancesHealthStatus", fmt::format(R"({{"ServiceId":"{}"}})", id))["Status"].dump(),
            R"({"one":"UNKNOWN"})");
  refused("UpdateInstanceCustomHealthStatus",
          fmt::format(R"({{"ServiceId":"{}","InstanceId":"one","Status":"HEALTHY"}})", id), "CustomHealthNotFound");
}

TEST_F(CloudMap, services_have_attributes_and_everything_has_tags) {
  const std::string space = http("web");
  const std::string id = service(space, "shop", R"(,"Tags":[{"Key":"a","Value":"1"}])");
  map("UpdateServiceAttributes", fmt::format(R"({{"ServiceId":"{}","Attributes":{{"x":"1","y":"2"}}}})", id));
  refused("UpdateServiceAttributes",
          fmt::format(R"({{"ServiceId":"{}","Attributes":{{"{}":"1"}}}})", id, std::string(256, 'k')), "InvalidInput");
  map("DeleteServiceAttributes", fmt::format(R"({{"ServiceId":"{}","Attributes":["x"]}})", id));
  EXPECT_EQ(
      map("GetServiceAttributes", fmt::format(R"({{"ServiceId":"{}"}})", id))["ServiceAttributes"]["Attributes"].dump(),
      R"({"y":"2"})");
  const std::string arn = "arn:aws:servicediscovery:eu-central-1:000000000000:";
  for (const auto& one : {arn + "service/" + id, arn + "namespace/" + space}) {
    map("TagResource", fmt::format(R"({{"ResourceARN":"{}","Tags":[{{"Key":"b","Value":"2"}}]}})", one));
    map("UntagResource", fmt::format(R"({{"ResourceARN":"{}","TagKeys":["a"]}})", one));
    EXPECT_EQ(map("ListTagsForResource", fmt::format(R"({{"ResourceARN":"{}"}})", one))["Tags"].dump(),
              R"([{"Key":"b","Value":"2"}])");
  }
  refused("ListTagsForResource", fmt::format(R"({{"ResourceARN":"{}service/srv-none"}})", arn),
          "ResourceNotFoundException");
  refused("TagResource", R"({"ResourceARN":"x","Tags":[]})", "InvalidInput");
}

TEST_F(CloudMap, only_the_newest_operations_are_kept) {
  const std::string id = service(http("web"), "shop");
  const Json first = map("RegisterInstance", enter(id, "one", ""));
  for (std::size_t i = 0; i < kMaxDiscoveryOperations; ++i) {
    clock.advance(std::chrono::milliseconds(1));
    map("RegisterInstance", enter(id, "one", ""));
  }
  refused("GetOperation", fmt::format(R"({{"OperationId":"{}"}})", first["OperationId"].as_string()),
          "OperationNotFound");
  EXPECT_EQ(MUST(store.list(model::DiscoveryOperation::kKind, "")).size(), kMaxDiscoveryOperations);
}

}  // namespace
}  // namespace weir::api
