// What ec2 keeps is consistent: what comes with what, what refers to what, what may go.
#include <fmt/format.h>

#include "api/ec2/service.h"
#include "api/elbv2/actions.h"
#include "api/recorded/test_service.h"
#include "model/documents.h"

namespace weir::api::ec2 {
namespace {

class Ec2Test : public recorded::RecordedWorld {
 protected:
  Ec2Test() : RecordedWorld(service()) {}

  // The text at the end of names and numbers: reply("…")["a"][0]["b"].
  static std::string first(const Json& reply, const char* list, const char* member) {
    return reply[list].items().empty() ? "" : reply[list].items().front()[member].as_string();
  }
  std::string vpc(const char* range = "10.0.0.0/16") {
    return reply("CreateVpc", fmt::format(R"({{"CidrBlock":"{}"}})", range))["vpc"]["vpcId"].as_string();
  }
  std::string subnet(const std::string& in, const char* range = "10.0.1.0/24") {
    return reply("CreateSubnet", fmt::format(R"({{"VpcId":"{}","CidrBlock":"{}"}})", in, range))["subnet"]["subnetId"]
        .as_string();
  }
  std::string group(const std::string& in, const char* name = "web") {
    return reply("CreateSecurityGroup",
                 fmt::format(R"({{"VpcId":"{}","GroupName":"{}","GroupDescription":"d"}})", in, name))["groupId"]
        .as_string();
  }
  std::size_t count(const char* operation, const char* list, const std::string& filter) {
    return reply(operation, fmt::format(R"({{"Filter":[{}]}})", filter))[list].items().size();
  }
  static std::string filter(const char* name, const std::string& value) {
    return fmt::format(R"({{"Name":"{}","Value":["{}"]}})", name, value);
  }
};

TEST_F(Ec2Test, an_account_begins_with_a_default_vpc) {
  const Json vpcs = reply("DescribeVpcs", "{}");
  ASSERT_EQ(vpcs["vpcSet"].items().size(), 1u);
  EXPECT_EQ(first(vpcs, "vpcSet", "isDefault"), "true");
  const std::string in = filter("vpc-id", first(vpcs, "vpcSet", "vpcId"));
  EXPECT_EQ(count("DescribeSubnets", "subnetSet", in), 3u);
  EXPECT_EQ(count("DescribeSecurityGroups", "securityGroupInfo", in), 1u);
  EXPECT_EQ(count("DescribeRouteTables", "routeTableSet", in + "," + filter("association.main", "true")), 1u);
  EXPECT_EQ(count("DescribeNetworkAcls", "networkAclSet", in + "," + filter("default", "true")), 1u);
  EXPECT_EQ(count("DescribeInternetGateways", "internetGatewaySet", filter("attachment.state", "available")), 1u);
  const auto revision = store.revision();
  reply("DescribeVpcs", "{}");
  EXPECT_EQ(store.revision(), revision) << "it begins once";
}

TEST_F(Ec2Test, accounts_do_not_see_each_other) {
  const std::string mine = vpc();
  const auto other = call("DescribeVpcs", fmt::format(R"({{"VpcId":["{}"]}})", mine), "111111111111");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, "InvalidVpcID.NotFound");
}

TEST_F(Ec2Test, a_vpc_goes_with_what_came_with_it_and_not_with_anything_else) {
  const std::string id = vpc();
  const std::string in = subnet(id);
  const std::string named = fmt::format(R"({{"VpcId":"{}"}})", id);
  refused("DeleteVpc", named, "DependencyViolation");
  reply("DeleteSubnet", fmt::format(R"({{"SubnetId":"{}"}})", in));
  const std::string web = group(id);
  refused("DeleteVpc", named, "DependencyViolation");
  reply("DeleteSecurityGroup", fmt::format(R"({{"GroupId":"{}"}})", web));
  reply("DeleteVpc", named);
  refused("DescribeVpcs", fmt::format(R"({{"VpcId":["{}"]}})", id), "InvalidVpcID.NotFound");
  for (const auto& [operation, list] : {std::pair{"DescribeSecurityGroups", "securityGroupInfo"},
                                        {"DescribeRouteTables", "routeTableSet"},
                                        {"DescribeNetworkAcls", "networkAclSet"}}) {
    EXPECT_EQ(count(operation, list, filter("vpc-id", id)), 0u) << operation;
  }
}

TEST_F(Ec2Test, ranges_lie_within_each_other) {
  const std::string id = vpc();
  subnet(id, "10.0.1.0/24");
  const auto asked = [&](const char* range) { return fmt::format(R"({{"VpcId":"{}","CidrBlock":"{}"}})", id, range); };
  refused("CreateSubnet", asked("10.0.1.128/25"), "InvalidSubnet.Conflict");
  refused("CreateSubnet", asked("10.1.0.0/24"), "InvalidSubnet.Range");
  refused("CreateSubnet", asked("10.0.2.0/29"), "InvalidSubnet.Range");
  refused("CreateSubnet", asked("ten"), "InvalidParameterValue");
  refused("CreateVpc", R"({"CidrBlock":"10.0.0.0/8"})", "InvalidVpc.Range");
  refused("CreateVpc", "{}", "MissingParameter");
  refused("CreateSubnet", R"({"VpcId":"vpc-0","CidrBlock":"10.0.0.0/24"})", "InvalidVpcID.NotFound");
  refused("CreateSubnet", R"({"VpcId":"main","CidrBlock":"10.0.0.0/24"})", "InvalidVpcID.Malformed");
  EXPECT_EQ(reply("CreateVpc", R"({"CidrBlock":"10.9.3.1/16"})")["vpc"]["cidrBlock"].as_string(), "10.9.0.0/16");
}

TEST_F(Ec2Test, attributes_are_set_where_they_are_shown) {
  const std::string id = vpc();
  const auto asked = [&](const char* name) {
    return reply("DescribeVpcAttribute", fmt::format(R"({{"VpcId":"{}","Attribute":"{}"}})", id, name))[name]["value"]
        .as_string();
  };
  EXPECT_EQ(asked("enableDnsSupport"), "true");
  EXPECT_EQ(asked("enableDnsHostnames"), "false");
  reply("ModifyVpcAttribute", fmt::format(R"({{"VpcId":"{}","EnableDnsHostnames":{{"Value":"true"}}}})", id));
  EXPECT_EQ(asked("enableDnsHostnames"), "true");
  refused("DescribeVpcAttribute", fmt::format(R"({{"VpcId":"{}","Attribute":"colour"}})", id), "InvalidParameterValue");

  const std::string in = subnet(id);
  reply("ModifySubnetAttribute", fmt::format(R"({{"SubnetId":"{}","MapPublicIpOnLaunch":{{"Value":"true"}},
      "PrivateDnsHostnameTypeOnLaunch":"resource-name"}})",
                                             in));
  const Json shown = reply("DescribeSubnets", fmt::format(R"({{"SubnetId":["{}"]}})", in))["subnetSet"].items().at(0);
  EXPECT_EQ(shown["mapPublicIpOnLaunch"].as_string(), "true");
  EXPECT_EQ(shown["privateDnsNameOptionsOnLaunch"]["hostnameType"].as_string(), "resource-name");
  EXPECT_EQ(shown["availableIpAddressCount"].as_string(), "251");
}

TEST_F(Ec2Test, gateways_are_attached_to_one_vpc) {
  const std::string id = vpc(), other = vpc("10.1.0.0/16");
  const std::string gateway = reply("CreateInternetGateway", "{}")["internetGateway"]["internetGatewayId"].as_string();
  const auto on = [&](const std::string& network) {
    return fmt::format(R"({{"InternetGatewayId":"{}","VpcId":"{}"}})", gateway, network);
  };
  reply("AttachInternetGateway", on(id));
  refused("AttachInternetGateway", on(other), "Resource.AlreadyAssociated");
  refused("DetachInternetGateway", on(other), "Gateway.NotAttached");
  refused("DeleteInternetGateway", fmt::format(R"({{"InternetGatewayId":"{}"}})", gateway), "DependencyViolation");
  refused("DeleteVpc", fmt::format(R"({{"VpcId":"{}"}})", id), "DependencyViolation");
  reply("DetachInternetGateway", on(id));
  reply("DeleteInternetGateway", fmt::format(R"({{"InternetGatewayId":"{}"}})", gateway));
}

TEST_F(Ec2Test, routes_lead_to_what_exists_in_their_vpc) {
  const std::string id = vpc();
  const std::string table =
      reply("CreateRouteTable", fmt::format(R"({{"VpcId":"{}"}})", id))["routeTable"]["routeTableId"].as_string();
  const std::string gateway = reply("CreateInternetGateway", "{}")["internetGateway"]["internetGatewayId"].as_string();
  const std::string route =
      fmt::format(R"({{"RouteTableId":"{}","DestinationCidrBlock":"0.0.0.0/0","GatewayId":"{}"}})", table, gateway);
  refused("CreateRoute", route, "InvalidParameterValue");
  reply("AttachInternetGateway", fmt::format(R"({{"InternetGatewayId":"{}","VpcId":"{}"}})", gateway, id));
  reply("CreateRoute", route);
  refused("CreateRoute", route, "RouteAlreadyExists");
  EXPECT_EQ(count("DescribeRouteTables", "routeTableSet", filter("route.gateway-id", gateway)), 1u);
  const std::string there = fmt::format(R"({{"RouteTableId":"{}","DestinationCidrBlock":"0.0.0.0/0"}})", table);
  reply("DeleteRoute", there);
  refused("DeleteRoute", there, "InvalidRoute.NotFound");
  refused("DeleteRoute", fmt::format(R"({{"RouteTableId":"{}","DestinationCidrBlock":"10.0.0.0/16"}})", table),
          "InvalidParameterValue");
}

TEST_F(Ec2Test, a_subnet_has_one_route_table) {
  const std::string id = vpc(), in = subnet(id);
  const auto make = [&] {
    return reply("CreateRouteTable", fmt::format(R"({{"VpcId":"{}"}})", id))["routeTable"]["routeTableId"].as_string();
  };
  const std::string table = make(), second = make();
  const auto asked = fmt::format(R"({{"RouteTableId":"{}","SubnetId":"{}"}})", table, in);
  const std::string association = reply("AssociateRouteTable", asked)["associationId"].as_string();
  refused("AssociateRouteTable", asked, "Resource.AlreadyAssociated");
  refused("DeleteRouteTable", fmt::format(R"({{"RouteTableId":"{}"}})", table), "DependencyViolation");
  const std::string moved =
      reply("ReplaceRouteTableAssociation",
            fmt::format(R"({{"AssociationId":"{}","RouteTableId":"{}"}})", association, second))["newAssociationId"]
          .as_string();
  reply("DeleteRouteTable", fmt::format(R"({{"RouteTableId":"{}"}})", table));
  EXPECT_EQ(count("DescribeRouteTables", "routeTableSet", filter("association.route-table-association-id", moved)), 1u);
  reply("DisassociateRouteTable", fmt::format(R"({{"AssociationId":"{}"}})", moved));
  refused("DisassociateRouteTable", fmt::format(R"({{"AssociationId":"{}"}})", moved), "InvalidAssociationID.NotFound");
  reply("DeleteRouteTable", fmt::format(R"({{"RouteTableId":"{}"}})", second));
}

TEST_F(Ec2Test, a_nat_gateway_takes_an_address_and_gives_it_back) {
  const std::string in = subnet(vpc());
  const Json address = reply("AllocateAddress", R"({"Domain":"vpc"})");
  const std::string id = address["allocationId"].as_string();
  const std::string asked = fmt::format(R"({{"SubnetId":"{}","AllocationId":"{}","ClientToken":"t"}})", in, id);
  const Json gateway = reply("CreateNatGateway", asked)["natGateway"];
  EXPECT_EQ(gateway["state"].as_string(), "available");
  EXPECT_EQ(gateway["natGatewayAddressSet"].items().at(0)["publicIp"], address["publicIp"]);
  EXPECT_EQ(reply("CreateNatGateway", asked)["natGateway"]["natGatewayId"], gateway["natGatewayId"])
      << "the same token";
  refused("CreateNatGateway", fmt::format(R"({{"SubnetId":"{}","AllocationId":"{}"}})", in, id),
          "Resource.AlreadyAssociated");
  refused("ReleaseAddress", fmt::format(R"({{"AllocationId":"{}"}})", id), "InvalidIPAddress.InUse");
  refused("DeleteSubnet", fmt::format(R"({{"SubnetId":"{}"}})", in), "DependencyViolation");
  EXPECT_EQ(count("DescribeNetworkInterfaces", "networkInterfaceSet", filter("subnet-id", in)), 1u);
  const std::string named = gateway["natGatewayId"].as_string();
  reply("DeleteNatGateway", fmt::format(R"({{"NatGatewayId":"{}"}})", named));
  refused("DescribeNatGateways", fmt::format(R"({{"NatGatewayId":["{}"]}})", named), "NatGatewayNotFound");
  reply("ReleaseAddress", fmt::format(R"({{"AllocationId":"{}"}})", id));
  reply("DeleteSubnet", fmt::format(R"({{"SubnetId":"{}"}})", in));
}

TEST_F(Ec2Test, permissions_are_rules_put_together) {
  const std::string id = vpc(), web = group(id), tasks = group(id, "tasks");
  const std::string permission = R"("IpPermissions":[{"IpProtocol":"TCP","FromPort":"80","ToPort":"80",
      "IpRanges":[{"CidrIp":"0.0.0.0/0","Description":"all"},{"CidrIp":"10.0.0.1/8"}]}])";
  const std::string asked = fmt::format(R"({{"GroupId":"{}",{}}})", web, permission);
  EXPECT_EQ(reply("AuthorizeSecurityGroupIngress", asked)["securityGroupRuleSet"].items().size(), 2u);
  refused("AuthorizeSecurityGroupIngress", asked, "InvalidPermission.Duplicate");
  Json shown =
      reply("DescribeSecurityGroups", fmt::format(R"({{"GroupId":["{}"]}})", web))["securityGroupInfo"].items().at(0);
  ASSERT_EQ(shown["ipPermissions"].items().size(), 1u);
  EXPECT_EQ(shown["ipPermissions"].items()[0]["ipRanges"].items().size(), 2u);
  EXPECT_EQ(shown["ipPermissionsEgress"].items().size(), 1u) << "a new group lets everything out";
  EXPECT_EQ(count("DescribeSecurityGroups", "securityGroupInfo", filter("ip-permission.cidr", "10.0.0.0/8")), 1u);

  reply("RevokeSecurityGroupIngress", asked);
  refused("RevokeSecurityGroupIngress", asked, "InvalidPermission.NotFound");
  refused("RevokeSecurityGroupIngress", fmt::format(R"({{"GroupId":"{}"}})", web), "MissingParameter");

  const std::string peer = fmt::format(R"({{"GroupId":"{}","IpPermissions":[{{"IpProtocol":"tcp","FromPort":"1",
      "ToPort":"2","Groups":[{{"GroupId":"{}"}}]}}]}})",
                                       tasks, web);
  const Json rule = reply("AuthorizeSecurityGroupIngress", peer)["securityGroupRuleSet"].items().at(0);
  refused("DeleteSecurityGroup", fmt::format(R"({{"GroupId":"{}"}})", web), "DependencyViolation");
  reply("ModifySecurityGroupRules", fmt::format(R"({{"GroupId":"{}","SecurityGroupRule":[{{"SecurityGroupRuleId":"{}",
      "SecurityGroupRule":{{"IpProtocol":"udp","FromPort":"5","ToPort":"6","CidrIpv4":"10.0.0.0/8"}}}}]}})",
                                                tasks, rule["securityGroupRuleId"].as_string()));
  reply("DeleteSecurityGroup", fmt::format(R"({{"GroupId":"{}"}})", web));
  EXPECT_EQ(count("DescribeSecurityGroupRules", "securityGroupRuleSet", filter("group-id", tasks)), 2u);
  EXPECT_EQ(count("DescribeSecurityGroupRules", "securityGroupRuleSet", filter("group-id", web)), 0u);
}

TEST_F(Ec2Test, security_groups_are_named_once_in_a_vpc) {
  const std::string id = vpc();
  group(id);
  const auto asked = [&](const char* name) {
    return fmt::format(R"({{"VpcId":"{}","GroupName":"{}","GroupDescription":"d"}})", id, name);
  };
  refused("CreateSecurityGroup", asked("web"), "InvalidGroup.Duplicate");
  refused("CreateSecurityGroup", asked("sg-1"), "InvalidParameterValue");
  refused("CreateSecurityGroup", asked("default"), "InvalidParameterValue");
  refused("AuthorizeSecurityGroupEgress", R"({"GroupId":"sg-0","IpProtocol":"tcp","CidrIp":"0.0.0.0/0"})",
          "InvalidGroup.NotFound");
  const Json own = reply("DescribeSecurityGroups",
                         fmt::format(R"({{"Filter":[{},{}]}})", filter("vpc-id", id), filter("group-name", "default")));
  refused("DeleteSecurityGroup", fmt::format(R"({{"GroupId":"{}"}})", first(own, "securityGroupInfo", "groupId")),
          "CannotDelete");
}

TEST_F(Ec2Test, rules_have_ports_and_peers_that_exist) {
  const std::string id = group(vpc());
  for (const char* bad : {R"("IpProtocol":"tcp","CidrIp":"0.0.0.0/0")", R"("IpProtocol":"sctpx","CidrIp":"0.0.0.0/0")",
                          R"("IpProtocol":"tcp","FromPort":"9","ToPort":"8","CidrIp":"0.0.0.0/0")",
                          R"("IpProtocol":"tcp","FromPort":"1","ToPort":"1","CidrIp":"0.0.0.0")"}) {
    refused("AuthorizeSecurityGroupIngress", fmt::format(R"({{"GroupId":"{}",{}}})", id, bad), "InvalidParameterValue");
  }
}

TEST_F(Ec2Test, tags_are_found_by_filters) {
  const std::string id =
      reply("CreateVpc", R"({"CidrBlock":"10.0.0.0/16","TagSpecification":[{"ResourceType":"vpc","Tag":[
          {"Key":"Name","Value":"main"}]}]})")["vpc"]["vpcId"]
          .as_string();
  EXPECT_EQ(count("DescribeVpcs", "vpcSet", filter("tag:Name", "ma*")), 1u);
  EXPECT_EQ(count("DescribeVpcs", "vpcSet", filter("tag:Name", "other")), 0u);
  reply("CreateTags", fmt::format(R"({{"ResourceId":["{}"],"Tag":[{{"Key":"team","Value":"a"}}]}})", id));
  EXPECT_EQ(count("DescribeTags", "tagSet", filter("resource-id", id)), 2u);
  reply("DeleteTags", fmt::format(R"({{"ResourceId":["{}"],"Tag":[{{"Key":"Name"}}]}})", id));
  EXPECT_EQ(count("DescribeVpcs", "vpcSet", filter("tag-key", "Name")), 0u);
  refused("CreateTags", fmt::format(R"({{"ResourceId":["{}"],"Tag":[{{"Key":"aws:x","Value":"a"}}]}})", id),
          "InvalidParameterValue");
  refused("CreateTags", R"({"ResourceId":["x-1"],"Tag":[{"Key":"x","Value":"a"}]})", "InvalidID");
  refused("CreateVpc", R"({"CidrBlock":"10.0.0.0/16","TagSpecification":[{"ResourceType":"subnet"}]})",
          "InvalidParameterValue");
  refused("DescribeVpcs", R"({"Filter":[{"Name":"colour","Value":["red"]}]})", "InvalidParameterValue");
}

TEST_F(Ec2Test, lists_come_in_pages) {
  for (int i = 0; i < 8; ++i) reply("AllocateAddress", "{}");
  for (int i = 0; i < 8; ++i) vpc();
  std::size_t seen = 0;
  std::string token;
  do {
    const Json page = reply("DescribeVpcs", fmt::format(R"({{"MaxResults":"5","NextToken":"{}"}})", token));
    EXPECT_LE(page["vpcSet"].items().size(), 5u);
    seen += page["vpcSet"].items().size();
    token = page["nextToken"].as_string();
  } while (!token.empty());
  EXPECT_EQ(seen, 9u);
  refused("DescribeVpcs", R"({"MaxResults":"4"})", "InvalidParameterValue");
  refused("DescribeVpcs", R"({"NextToken":"nonsense"})", "InvalidNextToken");
  refused("DescribeVpcs", R"({"MaxResults":"5","VpcId":["vpc-1"]})", "InvalidParameterCombination");
}

TEST_F(Ec2Test, a_dry_run_does_nothing) {
  reply("DescribeVpcs", "{}");
  refused("CreateVpc", R"({"CidrBlock":"10.0.0.0/16","DryRun":"true"})", "DryRunOperation");
  refused("DeleteVpc", R"({"VpcId":"vpc-0","DryRun":"true"})", "InvalidVpcID.NotFound");
}

TEST_F(Ec2Test, a_balancer_holds_its_subnets_and_groups) {
  const std::string id = vpc(), in = subnet(id), web = group(id);
  model::LoadBalancer balancer{.scope = {"000000000000", "eu-central-1"}};
  balancer.balancer.LoadBalancerArn = "arn:aws:elasticloadbalancing:eu-central-1:000000000000:loadbalancer/app/front/1";
  balancer.balancer.LoadBalancerName = "front";
  balancer.balancer.SecurityGroups = std::vector<std::string>{web};
  balancer.balancer.AvailabilityZones = std::vector<model::elbv2::AvailabilityZone>{{.SubnetId = in}};
  const store::Write write = store::put(balancer, store::Expect::kAny);
  MUST(store.commit({&write, 1}));
  const Json shown = reply("DescribeNetworkInterfaces", fmt::format(R"({{"Filter":[{}]}})", filter("group-id", web)));
  EXPECT_EQ(first(shown, "networkInterfaceSet", "description"), "ELB app/front/1");
  refused("DeleteSubnet", fmt::format(R"({{"SubnetId":"{}"}})", in), "DependencyViolation");
  refused("DeleteSecurityGroup", fmt::format(R"({{"GroupId":"{}"}})", web), "DependencyViolation");
}

TEST_F(Ec2Test, an_address_is_associated_with_an_interface) {
  const std::string in = subnet(vpc());
  const Json interface = reply("CreateNetworkInterface", fmt::format(R"({{"SubnetId":"{}"}})", in))["networkInterface"];
  EXPECT_EQ(interface["privateIpAddress"].as_string(), "10.0.1.4");
  const std::string id = reply("AllocateAddress", "{}")["allocationId"].as_string();
  const std::string association =
      reply("AssociateAddress", fmt::format(R"({{"AllocationId":"{}","NetworkInterfaceId":"{}"}})", id,
                                            interface["networkInterfaceId"].as_string()))["associationId"]
          .as_string();
  refused("ReleaseAddress", fmt::format(R"({{"AllocationId":"{}"}})", id), "InvalidIPAddress.InUse");
  reply("DisassociateAddress", fmt::format(R"({{"AssociationId":"{}"}})", association));
  refused("DisassociateAddress", fmt::format(R"({{"AssociationId":"{}"}})", association),
          "InvalidAssociationID.NotFound");
  refused("ReleaseAddress", fmt::format(R"({{"AllocationId":"{}","NetworkBorderGroup":"other"}})", id),
          "InvalidParameterValue");
  reply("ReleaseAddress", fmt::format(R"({{"AllocationId":"{}","NetworkBorderGroup":"eu-central-1"}})", id));
}

TEST_F(Ec2Test, an_endpoint_is_for_tables_subnets_and_groups_that_exist) {
  const std::string id = vpc(), in = subnet(id), web = group(id);
  const std::string table =
      reply("CreateRouteTable", fmt::format(R"({{"VpcId":"{}"}})", id))["routeTable"]["routeTableId"].as_string();
  const auto asked = [&](const char* more) {
    return fmt::format(R"({{"VpcId":"{}","ServiceName":"com.amazonaws.eu-central-1.s3"{}}})", id, more);
  };
  const Json gateway = reply("CreateVpcEndpoint", asked(""))["vpcEndpoint"];
  const std::string named = gateway["vpcEndpointId"].as_string();
  reply("ModifyVpcEndpoint", fmt::format(R"({{"VpcEndpointId":"{}","AddRouteTableId":["{}"],"AddSubnetId":["{}"],
      "AddSecurityGroupId":["{}"]}})",
                                         named, table, in, web));
  const Json shown =
      reply("DescribeVpcEndpoints", fmt::format(R"({{"VpcEndpointId":["{}"]}})", named))["vpcEndpointSet"].items().at(
          0);
  EXPECT_EQ(shown["routeTableIdSet"].dump(), fmt::format(R"(["{}"])", table));
  EXPECT_EQ(shown["groupSet"].items().at(0)["groupName"].as_string(), "web");
  refused("DeleteSubnet", fmt::format(R"({{"SubnetId":"{}"}})", in), "DependencyViolation");
  refused("DeleteSecurityGroup", fmt::format(R"({{"GroupId":"{}"}})", web), "DependencyViolation");
  refused("CreateVpcEndpoint", asked(R"(,"RouteTableId":["rtb-0"])"), "InvalidRouteTableID.NotFound");
  refused("CreateVpcEndpoint", asked(R"(,"VpcEndpointType":"GatewayLoadBalancer")"), "UnsupportedOperation");
  const Json gone = reply("DeleteVpcEndpoints", fmt::format(R"({{"VpcEndpointId":["{}","vpce-0"]}})", named));
  EXPECT_EQ(gone["unsuccessful"].items().at(0)["error"]["code"].as_string(), "InvalidVpcEndpointId.NotFound");
  EXPECT_EQ(count("DescribeVpcEndpoints", "vpcEndpointSet", filter("vpc-id", id)), 0u);
  reply("DeleteSubnet", fmt::format(R"({{"SubnetId":"{}"}})", in));
}

}  // namespace
}  // namespace weir::api::ec2
