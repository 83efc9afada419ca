// VPCs and subnets: what comes with them and what goes with them.
#include <fmt/format.h>

#include "api/arn.h"
#include "api/ec2/service.h"
#include "api/recorded/selection.h"
#include "api/recorded/template.h"
#include "api/recorded/verbs.h"
#include "base/check.h"
#include "base/cidr.h"

namespace weir::api::ec2 {
namespace {

constexpr unsigned kLeastBits = 16, kMostBits = 28;  // of a VPC and of a subnet
constexpr unsigned kReserved = 5;                    // addresses of a subnet that AWS keeps
constexpr const char* kDefaultRange = "172.31.0.0/16";

Json input(std::initializer_list<std::pair<const char*, std::string>> members) {
  Json object = Json::object();
  for (const auto& [name, value] : members) object.set(name, value);
  return object;
}

std::optional<Cidr> ipv4_range(const std::string& text) {
  const auto range = Cidr::parse(text);
  if (!range || range->is_ipv6() || range->bits() < kLeastBits || range->bits() > kMostBits) return std::nullopt;
  return range;
}

// Main route table, default group and default network ACL of a VPC that is on the shelf.
Result<> furnish(Call& call, const std::string& vpc) {
  const auto& tables = recorded::kind_of(call, "route-table");
  const Json in_vpc = input({{"VpcId", vpc}});
  Json table = TRY(recorded::make(call, tables, {in_vpc, "", &after_create_route_table}));
  const std::string& id = table["routeTableId"].as_string();
  Json association = input(
      {{"routeTableAssociationId", recorded::fresh_id(call, "rtbassoc-")}, {"routeTableId", id}, {"main", "true"}});
  association.set("associationState", input({{"state", "associated"}}));
  Json main = table;
  main.set("associationSet", Json::Array{std::move(association)});
  call.shelf.put(tables.name, id, std::move(main));

  const Json named =
      input({{"VpcId", vpc}, {"GroupName", "default"}, {"GroupDescription", "default VPC security group"}});
  const Json group = TRY(recorded::make(call, recorded::kind_of(call, "security-group"), {named}));
  put_default_rules(call, group["groupId"].as_string(), DefaultRules::of_default_group);
  TRY(recorded::make(call, recorded::kind_of(call, "network-acl"), {in_vpc}));
  return {};
}

Result<Json> make_default_vpc(Call& call) {
  const Json asked = input(
      {{"_id", "vpc-" + stable_hex(call.context.account + call.context.region, 17)}, {"CidrBlock", kDefaultRange}});
  Json vpc = TRY(recorded::make(call, recorded::kind_of(call, "vpc"), {asked}));
  vpc.set("isDefault", "true").set("_enableDnsHostnames", "true");
  call.shelf.put("vpc", vpc["vpcId"].as_string(), vpc);
  TRY(furnish(call, vpc["vpcId"].as_string()));
  return vpc;
}

Result<> make_default_subnets(Call& call, const std::string& vpc) {
  unsigned third = 0;
  for (const auto& zone : TRY(all_zones(call))) {
    const std::string& name = zone["zoneName"].as_string();
    const Json asked = input({{"_id", "subnet-" + stable_hex(call.context.account + name, 17)},
                              {"VpcId", vpc},
                              {"CidrBlock", fmt::format("172.31.{}.0/20", third)}});
    third += 16;
    Json subnet = TRY(recorded::make(call, recorded::kind_of(call, "subnet"), {asked}));
    subnet.set("availabilityZone", name).set("availabilityZoneId", zone["zoneId"]);
    subnet.set("defaultForAz", "true").set("mapPublicIpOnLaunch", "true");
    call.shelf.put("subnet", subnet["subnetId"].as_string(), subnet);
  }
  return {};
}

Result<> make_default_gateway(Call& call, const std::string& vpc) {
  const Json nothing = Json::object();
  Json gateway = TRY(recorded::make(call, recorded::kind_of(call, "internet-gateway"), {nothing}));
  const std::string id = gateway["internetGatewayId"].as_string();
  gateway.set("attachmentSet", Json::Array{input({{"vpcId", vpc}, {"state", "available"}})});
  call.shelf.put("internet-gateway", id, gateway);
  for (Json& table : TRY(call.shelf.all("route-table"))) {
    if (table["vpcId"].as_string() != vpc) continue;
    auto routes = recorded::list_of(table, "routeSet");
    routes.push_back(input(
        {{"destinationCidrBlock", "0.0.0.0/0"}, {"gatewayId", id}, {"state", "active"}, {"origin", "CreateRoute"}}));
    table.set("routeSet", std::move(routes));
    call.shelf.put("route-table", table["routeTableId"].as_string(), table);
  }
  return {};
}

// The zone that is asked for by name or id, or the first.
Result<Json> zone_for(Call& call) {
  const std::string &name = call.text("AvailabilityZone"), &id = call.text("AvailabilityZoneId");
  auto zones = TRY(all_zones(call));
  for (auto& zone : zones) {
    const bool right = !name.empty() ? zone["zoneName"] == Json(name) : id.empty() || zone["zoneId"] == Json(id);
    if (right) return std::move(zone);
  }
  return refusal("InvalidParameterValue",
                 fmt::format("Value ({}) for parameter availabilityZone is invalid. Subnets can currently only be "
                             "created in the following availability zones: {}.",
                             name.empty() ? id : name, fmt::join(zones_of(call.context), ", ")));
}

}  // namespace

Result<Json> default_vpc(Call& call) {
  for (auto& vpc : TRY(call.shelf.all("vpc"))) {
    if (vpc["isDefault"].as_string() == "true") return std::move(vpc);
  }
  return refusal("VPCIdNotSpecified", "No default VPC for this user");
}

Result<> begin(Call& call) {
  if (TRY(call.shelf.find("begun", "begun"))) return {};
  call.shelf.put("begun", "begun", Json::object());
  const Json vpc = TRY(make_default_vpc(call));
  TRY(make_default_subnets(call, vpc["vpcId"].as_string()));
  return make_default_gateway(call, vpc["vpcId"].as_string());
}

Result<> after_create_vpc(Call& call, Json& vpc) {
  const std::string& asked = call.text("CidrBlock");
  if (asked.empty()) return refusal("MissingParameter", "Either 'cidrBlock' or 'ipv4IpamPoolId' should be provided.");
  if (call.text("AmazonProvidedIpv6CidrBlock") == "true") {
    return refusal("UnsupportedOperation", "AmazonProvidedIpv6CidrBlock: VPCs of Weir have no IPv6 addresses");
  }
  const auto range = Cidr::parse(asked);
  if (!range || range->is_ipv6()) {
    return refusal(
        "InvalidParameterValue",
        fmt::format("Value ({}) for parameter cidrBlock is invalid. This is not a valid CIDR block.", asked));
  }
  if (!ipv4_range(asked)) return refusal("InvalidVpc.Range", fmt::format("The CIDR '{}' is invalid.", asked));
  vpc.set("cidrBlock", range->text());
  auto associations = recorded::list_of(vpc, "cidrBlockAssociationSet");
  for (auto& one : associations) one.set("cidrBlock", range->text());
  vpc.set("cidrBlockAssociationSet", std::move(associations));
  const std::string& tenancy = vpc["instanceTenancy"].as_string();
  if (tenancy != "default" && tenancy != "dedicated") {
    return refusal("InvalidParameterValue",
                   fmt::format("Value ({}) for parameter instanceTenancy is invalid.", tenancy));
  }
  call.shelf.put("vpc", vpc["vpcId"].as_string(), vpc);
  return furnish(call, vpc["vpcId"].as_string());
}

// What came with it goes with it; the reference table refuses for all else.
Result<> before_delete_vpc(Call& call, Json& vpc) {
  const struct {
    const char *kind, *path, *value;
  } kOwn[] = {{"security-group", "groupName", "default"},
              {"network-acl", "default", "true"},
              {"route-table", "associationSet.main", "true"}};
  for (const auto& own : kOwn) {
    const auto is_own = [&](const std::string& text) { return text == own.value; };
    for (const auto& one : TRY(call.shelf.all(own.kind))) {
      if (one["vpcId"] != vpc["vpcId"] || !recorded::any_text(one, own.path, is_own)) continue;
      const std::string& name = one[recorded::kind_of(call, own.kind).id].as_string();
      call.shelf.erase(own.kind, name);
      TRY(erase_rules(call, name));
    }
  }
  return {};
}

Result<> check_subnet(Call& call, Json& subnet) {
  const std::string& asked = call.text("CidrBlock");
  if (asked.empty()) return refusal("MissingParameter", "Either 'cidrBlock' or 'ipv6CidrBlock' should be provided.");
  const auto range = Cidr::parse(asked);
  if (!range || range->is_ipv6()) {
    return refusal(
        "InvalidParameterValue",
        fmt::format("Value ({}) for parameter cidrBlock is invalid. This is not a valid CIDR block.", asked));
  }
  const Json vpc = TRY(recorded::kept_one(call, recorded::kind_of(call, "vpc"), call.text("VpcId")));
  const auto whole = Cidr::parse(vpc["cidrBlock"].as_string());
  if (!ipv4_range(asked) || !whole->contains(*range)) {
    return refusal("InvalidSubnet.Range", fmt::format("The CIDR '{}' is invalid.", asked));
  }
  for (const auto& other : TRY(call.shelf.all("subnet"))) {
    if (other["vpcId"] != subnet["vpcId"]) continue;
    if (!Cidr::parse(other["cidrBlock"].as_string())->overlaps(*range)) continue;
    return refusal("InvalidSubnet.Conflict", fmt::format("The CIDR '{}' conflicts with another subnet", asked));
  }
  const Json zone = TRY(zone_for(call));
  subnet.set("cidrBlock", range->text());
  subnet.set("availabilityZone", zone["zoneName"]).set("availabilityZoneId", zone["zoneId"]);
  return {};
}

Result<> count_addresses(Call& call, Json& subnet) {
  const auto range = Cidr::parse(subnet["cidrBlock"].as_string());
  check(range.has_value(), "a subnet's range was read before it was kept");
  std::uint64_t used = kReserved;
  for (const auto& one : TRY(call.shelf.all("network-interface"))) used += one["subnetId"] == subnet["subnetId"];
  for (const auto& one : TRY(derived_interfaces(call))) used += one["subnetId"] == subnet["subnetId"];
  const std::uint64_t size = std::uint64_t{1} << (32 - range->bits());
  subnet.set("availableIpAddressCount", std::to_string(size > used ? size - used : 0));
  return {};
}

// Its association with a route table goes with it.
Result<> before_delete_subnet(Call& call, Json& subnet) {
  for (Json& table : TRY(call.shelf.all("route-table"))) {
    auto associations = recorded::list_of(table, "associationSet");
    if (std::erase_if(associations, [&](const Json& one) { return one["subnetId"] == subnet["subnetId"]; }) == 0) {
      continue;
    }
    table.set("associationSet", std::move(associations));
    call.shelf.put("route-table", table["routeTableId"].as_string(), table);
  }
  return {};
}

Result<Json> describe_vpc_attribute(Call& call) {
  const Json vpc = TRY(recorded::kept_one(call, call.kind(), recorded::name_on(call)));
  const std::string& name = call.text("Attribute");
  const Json* held = vpc.find("_" + name);
  if (!held) {
    return refusal("InvalidParameterValue", fmt::format("Value ({}) for parameter attribute is invalid. ", name));
  }
  Json value = Json::object(), reply = Json::object();
  value.set("value", *held);
  reply.set("vpcId", vpc["vpcId"]).set(name, std::move(value));
  return reply;
}

// Every VPC has the options that the region begins with.
Result<> show_dhcp_options(Call& call, Json& vpc) {
  vpc.set("dhcpOptionsId", TRY(all_dhcp_options(call)).front()["dhcpOptionsId"]);
  return {};
}

// The default ACL of a VPC is that of all its subnets: others cannot be made here.
Result<> show_acl_associations(Call& call, Json& acl) {
  Json::Array associations;
  for (const auto& subnet : TRY(call.shelf.all("subnet"))) {
    if (subnet["vpcId"] != acl["vpcId"]) continue;
    const std::string& id = subnet["subnetId"].as_string();
    associations.push_back(input({{"networkAclAssociationId", "aclassoc-" + stable_hex(id, 17)},
                                  {"networkAclId", acl["networkAclId"].as_string()},
                                  {"subnetId", id}}));
  }
  acl.set("associationSet", std::move(associations));
  return {};
}

}  // namespace weir::api::ec2
