// Network interfaces: those made by hand, and those that load balancers, NAT gateways and tasks have in their subnets.
#include <fmt/format.h>

#include <set>

#include "api/arn.h"
#include "api/ec2/service.h"
#include "api/ecs/task_view.h"
#include "api/recorded/selection.h"
#include "api/recorded/verbs.h"
#include "base/check.h"
#include "base/cidr.h"
#include "model/documents.h"
#include "store/store.h"

namespace weir::api::ec2 {
namespace {

constexpr const char* kInterfaces = "network-interface";
constexpr unsigned kFirstFree = 4;  // of a subnet; AWS keeps those before

struct Owner {
  std::string id;  // the interface's
  std::string subnet;
  std::string description;
  std::string requester;  // "amazon-elb"
  const char* type;
  std::vector<std::string> groups = {};
  std::string address = {};
  std::string mac = {};  // empty: one that follows from the id
  bool public_address = false;
};

std::string mac_of(const std::string& id) {
  const std::string digits = stable_hex(id, 10);
  std::string mac = "0a";
  for (std::size_t i = 0; i < digits.size(); i += 2) mac += ":" + digits.substr(i, 2);
  return mac;
}

Result<Json> groups_of(Call& call, const std::vector<std::string>& ids) {
  Json set = Json::array();
  for (const auto& id : ids) {
    const auto group = TRY(call.shelf.find("security-group", id));
    Json one = Json::object();
    one.set("groupId", id).set("groupName", group ? (*group)["groupName"] : Json());
    set.push(std::move(one));
  }
  return set;
}

// Those that the call names. Errors: InvalidGroup.NotFound.
Result<Json> groups_of_call(Call& call) {
  std::vector<std::string> groups;
  for (const auto& id : call.input["SecurityGroupId"].items()) {
    TRY(recorded::kept_one(call, recorded::kind_of(call, "security-group"), id.as_string()));
    groups.push_back(id.as_string());
  }
  return groups_of(call, groups);
}

void set_address(Json& interface, const std::string& address, bool is_public) {
  if (address.empty()) return;
  Json place = Json::object();
  place.set("privateIpAddress", address).set("primary", "true");
  if (is_public) {
    Json association = Json::object();
    association.set("publicIp", address).set("ipOwnerId", "amazon");
    interface.set("association", association);
    place.set("association", std::move(association));
  }
  interface.set("privateIpAddress", address).set("privateIpAddressesSet", Json::Array{std::move(place)});
}

Result<Json> interface_of(Call& call, const Owner& owner) {
  const auto subnet = TRY(call.shelf.find("subnet", owner.subnet));
  Json interface = Json::object();
  interface.set("networkInterfaceId", owner.id).set("subnetId", owner.subnet);
  if (subnet) {
    interface.set("vpcId", (*subnet)["vpcId"]).set("availabilityZone", (*subnet)["availabilityZone"]);
  }
  interface.set("description", owner.description).set("ownerId", call.context.account);
  interface.set("requesterId", owner.requester).set("requesterManaged", "true").set("status", "in-use");
  interface.set("macAddress", owner.mac.empty() ? mac_of(owner.id) : owner.mac)
      .set("sourceDestCheck", "true")
      .set("interfaceType", owner.type);
  set_address(interface, owner.address, owner.public_address);
  interface.set("groupSet", TRY(groups_of(call, owner.groups)));
  Json attachment = Json::object();
  attachment.set("attachmentId", "eni-attach-" + stable_hex(owner.id + "#attachment", 17));
  attachment.set("instanceOwnerId", owner.requester).set("deviceIndex", "1").set("status", "attached");
  attachment.set("deleteOnTermination", "false");
  interface.set("attachment", std::move(attachment)).set("tagSet", Json::array());
  return interface;
}

// One in each subnet that is known.
Result<> add_balancers(Call& call, std::vector<Owner>& owners) {
  for (const auto& one :
       TRY(store::peek_all<model::LoadBalancer>(call.context.store, scope_of(call.context).prefix()))) {
    const auto& balancer = one->balancer;
    const std::string arn = balancer.LoadBalancerArn.value_or("");
    for (const auto& zone : balancer.AvailabilityZones.value_or(std::vector<model::elbv2::AvailabilityZone>{})) {
      const std::string subnet = zone.SubnetId.value_or("");
      if (!TRY(call.shelf.find("subnet", subnet))) continue;
      const auto path = arn.find("loadbalancer/");
      owners.push_back({.id = "eni-" + stable_hex(arn + subnet, 17),
                        .subnet = subnet,
                        .description = "ELB " + arn.substr(path == std::string::npos ? 0 : path + 13),
                        .requester = "amazon-elb",
                        .type = balancer.Type == "network" ? "network_load_balancer" : "interface",
                        .groups = balancer.SecurityGroups.value_or(std::vector<std::string>{})});
    }
  }
  return {};
}

Result<> add_nat_gateways(Call& call, std::vector<Owner>& owners) {
  for (const auto& gateway : TRY(call.shelf.all("natgateway"))) {
    const std::string& id = gateway["natGatewayId"].as_string();
    const auto& places = gateway["natGatewayAddressSet"].items();
    owners.push_back({.id = interface_of_nat_gateway(id),
                      .subnet = gateway["subnetId"].as_string(),
                      .description = "Interface for NAT Gateway " + id,
                      .requester = call.context.account,
                      .type = "nat_gateway",
                      .address = places.empty() ? "" : places.front()["privateIp"].as_string()});
  }
  return {};
}

// Those of DescribeTasks. A task that asked for a public address is reached from this machine where it listens.
Result<> add_tasks(Call& call, std::vector<Owner>& owners) {
  auto& store = call.context.store;
  const auto scope = scope_of(call.context);
  for (const auto& task : TRY(store::peek_all<model::Task>(store, scope.prefix()))) {
    if (task->last_status == "STOPPED" || task->address.empty()) continue;
    const auto service = TRY(store::peek<model::Service>(store, scope.prefix() + task->cluster + "/" + task->service));
    const bool has_own = task->network_configuration || !service;
    const auto& network = has_own ? task->network_configuration : (*service)->network_configuration;
    if (!network || !network->awsvpcConfiguration || network->awsvpcConfiguration->subnets.empty()) continue;
    const auto& vpc = *network->awsvpcConfiguration;
    owners.push_back({.id = ecs::interface_id(*task),
                      .subnet = vpc.subnets.front(),
                      .description = ecs::interface_attachment_arn(call.context, *task),
                      .requester = call.context.account,
                      .type = "interface",
                      .groups = vpc.securityGroups.value_or(std::vector<std::string>{}),
                      .address = task->address,
                      .mac = ecs::interface_mac(*task),
                      .public_address = vpc.assignPublicIp == "ENABLED"});
  }
  return {};
}

}  // namespace

std::string interface_of_nat_gateway(std::string_view nat_gateway) { return "eni-" + stable_hex(nat_gateway, 17); }

Result<std::vector<Json>> derived_interfaces(Call& call) {
  std::vector<Owner> owners;
  TRY(add_balancers(call, owners));
  TRY(add_nat_gateways(call, owners));
  TRY(add_tasks(call, owners));
  std::vector<Json> interfaces;
  for (const auto& owner : owners) interfaces.push_back(TRY(interface_of(call, owner)));
  return interfaces;
}

Result<std::string> free_address(Call& call, const std::string& subnet) {
  const Json document = TRY(recorded::kept_one(call, recorded::kind_of(call, "subnet"), subnet));
  const auto range = Cidr::parse(document["cidrBlock"].as_string());
  check(range.has_value(), "a subnet's range was read before it was kept");
  std::set<std::string> taken;
  for (const auto& one : TRY(recorded::presented(call, recorded::kind_of(call, kInterfaces)))) {
    if (one["subnetId"].as_string() == subnet) taken.insert(one["privateIpAddress"].as_string());
  }
  const unsigned size = 1U << (32 - range->bits());
  for (unsigned n = kFirstFree; n + 1 < size; ++n) {
    if (std::string address = range->address(n); !taken.contains(address)) return address;
  }
  return refusal("InsufficientFreeAddressesInSubnet", fmt::format("The subnet '{}' has no free address", subnet));
}

Result<> check_interface(Call& call, Json& interface) {
  const std::string& subnet = call.text("SubnetId");
  const std::string& asked = call.text("PrivateIpAddress");
  if (!asked.empty()) {
    const Json document = TRY(recorded::kept_one(call, recorded::kind_of(call, "subnet"), subnet));
    if (!Cidr::parse(document["cidrBlock"].as_string())->contains(asked)) {
      return refusal("InvalidParameterValue",
                     fmt::format("invalid value for parameter address: [{}]. Address does not fall within the subnet's "
                                 "address range",
                                 asked));
    }
  }
  set_address(interface, asked.empty() ? TRY(free_address(call, subnet)) : asked, false);
  interface.set("macAddress", mac_of(interface["networkInterfaceId"].as_string()));
  interface.set("groupSet", TRY(groups_of_call(call)));
  return {};
}

// An address that was associated with it is free again.
Result<> before_delete_interface(Call& call, Json& interface) {
  for (Json& address : TRY(call.shelf.all("elastic-ip"))) {
    if (address["networkInterfaceId"] != interface["networkInterfaceId"]) continue;
    clear_association(address);
    const std::string id = address["allocationId"].as_string();
    call.shelf.put("elastic-ip", id, std::move(address));
  }
  return {};
}

Result<> set_interface_groups(Call& call, Json& interface) {
  if (!call.given("SecurityGroupId")) return {};
  interface.set("_groups", Json()).set("groupSet", TRY(groups_of_call(call)));
  return {};
}

}  // namespace weir::api::ec2
