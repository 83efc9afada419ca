#include <fmt/format.h>

#include "api/test_world.h"
#include "model/record.h"

namespace weir::api {
namespace {

class BalancerNetwork : public TestWorld {
 protected:
  void keep_subnet(const char* id, const char* vpc, const char* zone) {
    Json document = Json::object();
    document.set("subnetId", id).set("vpcId", vpc).set("availabilityZone", zone);
    put(model::Record{{"000000000000", "eu-central-1"}, "subnet", id, document});
  }
  Json create(const char* subnets) {
    return elb("CreateLoadBalancer", fmt::format(R"({{"Name":"front","Subnets":[{}]}})", subnets))["LoadBalancers"]
        .items()
        .at(0);
  }
};

TEST_F(BalancerNetwork, IsThatOfItsSubnetsWhereTheyAreKept) {
  keep_subnet("subnet-a", "vpc-1", "eu-central-1c");
  const Json balancer = create(R"("subnet-a","subnet-unknown")");
  EXPECT_EQ(balancer["VpcId"].as_string(), "vpc-1");
  EXPECT_EQ(balancer["AvailabilityZones"].items().at(0)["ZoneName"].as_string(), "eu-central-1c");
  EXPECT_EQ(balancer["AvailabilityZones"].items().at(1)["ZoneName"].as_string(), "eu-central-1b");
}

TEST_F(BalancerNetwork, IsOfOneVpcAndOfDifferentZones) {
  keep_subnet("subnet-a", "vpc-1", "eu-central-1a");
  keep_subnet("subnet-b", "vpc-2", "eu-central-1b");
  keep_subnet("subnet-c", "vpc-1", "eu-central-1a");
  const Bad bad[] = {
      {R"({"Name":"x","Subnets":["subnet-a","subnet-b"]})", "InvalidConfigurationRequest", "same VPC"},
      {R"({"Name":"x","Subnets":["subnet-a","subnet-c"]})", "InvalidConfigurationRequest", "same Availability Zone"},
      {R"({"Name":"x","Subnets":["subnet-a","subnet-a"]})", "ValidationError", "more than once"},
  };
  for (const auto& one : bad) expect_refused("elbv2", "CreateLoadBalancer", one);
}

TEST_F(BalancerNetwork, IsChanged) {
  keep_subnet("subnet-a", "vpc-1", "eu-central-1c");
  const std::string arn = create(R"("subnet-1")")["LoadBalancerArn"].as_string();
  elb("SetSubnets", fmt::format(R"({{"LoadBalancerArn":"{}","Subnets":["subnet-a"]}})", arn));
  elb("SetSecurityGroups", fmt::format(R"({{"LoadBalancerArn":"{}","SecurityGroups":["sg-2"]}})", arn));
  const Json shown = elb("DescribeLoadBalancers", "{}")["LoadBalancers"].items().at(0);
  EXPECT_EQ(shown["AvailabilityZones"].items().at(0)["SubnetId"].as_string(), "subnet-a");
  EXPECT_EQ(shown["VpcId"].as_string(), "vpc-1");
  EXPECT_EQ(shown["SecurityGroups"].dump(), R"(["sg-2"])");
  EXPECT_EQ(elb("SetIpAddressType", fmt::format(R"({{"LoadBalancerArn":"{}","IpAddressType":"ipv4"}})", arn)).dump(),
            R"({"IpAddressType":"ipv4"})");
  EXPECT_EQ(elb("DescribeCapacityReservation", fmt::format(R"({{"LoadBalancerArn":"{}"}})", arn)).dump(),
            R"({"CapacityReservationState":[]})");
  const std::string dual = fmt::format(R"({{"LoadBalancerArn":"{}","IpAddressType":"dualstack"}})", arn);
  const std::string none = fmt::format(R"({{"LoadBalancerArn":"{}"}})", arn);
  expect_refused("elbv2", "SetIpAddressType", {dual.c_str(), "InvalidConfigurationRequest", "IpAddressType"});
  expect_refused("elbv2", "SetSubnets", {none.c_str(), "ValidationError", "At least one subnet"});
  expect_refused("elbv2", "SetSubnets", {R"({"LoadBalancerArn":"x","Subnets":["s"]})", "LoadBalancerNotFound", ""});
}

}  // namespace
}  // namespace weir::api
