// Security groups: their permissions are their rules, put together.
#include <fmt/format.h>

#include <algorithm>

#include "api/ec2/service.h"
#include "api/recorded/selection.h"
#include "api/recorded/verbs.h"

namespace weir::api::ec2 {
namespace {

// Where a rule names its other side, and how a permission lists it.
constexpr struct {
  const char *in_rule, *list, *in_item;
} kPeers[] = {
    {"cidrIpv4", "ipRanges", "cidrIp"},
    {"cidrIpv6", "ipv6Ranges", "cidrIpv6"},
    {"prefixListId", "prefixListIds", "prefixListId"},
};

bool same_ports(const Json& permission, const Json& rule) {
  const bool all = rule["ipProtocol"].as_string() == "-1";
  return permission["ipProtocol"] == rule["ipProtocol"] &&
         (all || (permission["fromPort"] == rule["fromPort"] && permission["toPort"] == rule["toPort"]));
}

Json empty_permission(const Json& rule) {
  Json permission = Json::object();
  permission.set("ipProtocol", rule["ipProtocol"]);
  if (rule["ipProtocol"].as_string() != "-1") {
    permission.set("fromPort", rule["fromPort"]).set("toPort", rule["toPort"]);
  }
  permission.set("groups", Json::array());
  for (const auto& peer : kPeers) permission.set(peer.list, Json::array());
  return permission;
}

void add_peer(Json& permission, const char* list, Json item, const Json& rule) {
  if (!rule["description"].is_null()) item.set("description", rule["description"]);
  Json items = permission[list];
  items.push(std::move(item));
  permission.set(list, std::move(items));
}

void add_rule(Json::Array& permissions, const Json& rule) {
  auto found = std::ranges::find_if(permissions, [&](const Json& one) { return same_ports(one, rule); });
  if (found == permissions.end()) found = permissions.insert(permissions.end(), empty_permission(rule));
  for (const auto& peer : kPeers) {
    if (rule[peer.in_rule].is_null()) continue;
    Json item = Json::object();
    item.set(peer.in_item, rule[peer.in_rule]);
    add_peer(*found, peer.list, std::move(item), rule);
  }
  if (!rule["referencedGroupInfo"].is_null()) add_peer(*found, "groups", rule["referencedGroupInfo"], rule);
}

}  // namespace

Result<> show_permissions(Call& call, Json& group) {
  Json::Array in, out;
  for (const auto& rule : TRY(call.shelf.all("security-group-rule"))) {
    if (rule["groupId"] == group["groupId"]) add_rule(rule["isEgress"].as_string() == "true" ? out : in, rule);
  }
  group.set("ipPermissions", std::move(in)).set("ipPermissionsEgress", std::move(out));
  return {};
}

Result<> check_group(Call& call, Json& group) {
  if (!call.given("VpcId")) group.set("vpcId", TRY(default_vpc(call))["vpcId"]);
  const std::string& name = group["groupName"].as_string();
  if (name.empty() || name.size() > 255 || name.starts_with("sg-")) {
    return refusal("InvalidParameterValue",
                   fmt::format("Value ({}) for parameter GroupName is invalid. It has 1 to 255 characters and does not "
                               "begin with 'sg-'.",
                               name));
  }
  if (name == "default") return refusal("InvalidParameterValue", "Cannot use reserved security group name: default");
  for (const auto& other : TRY(call.shelf.all("security-group"))) {
    if (other["vpcId"] != group["vpcId"] || other["groupName"] != group["groupName"]) continue;
    return refusal("InvalidGroup.Duplicate", fmt::format("The security group '{}' already exists for VPC '{}'", name,
                                                         group["vpcId"].as_string()));
  }
  put_default_rules(call, group["groupId"].as_string(), DefaultRules::of_group);
  return {};
}

// A name is of the default VPC.
Result<Json> group_on(Call& call) {
  const auto& kind = recorded::kind_of(call, "security-group");
  const std::string &id = call.text("GroupId"), &name = call.text("GroupName");
  if (!id.empty()) return recorded::kept_one(call, kind, id);
  if (name.empty()) return refusal("MissingParameter", "The request must contain the parameter groupName or groupId");
  const Json vpc = TRY(default_vpc(call));
  for (auto& group : TRY(call.shelf.all(kind.name))) {
    if (group["vpcId"] == vpc["vpcId"] && group["groupName"].as_string() == name) return std::move(group);
  }
  return refusal("InvalidGroup.NotFound", fmt::format("The security group '{}' does not exist in default VPC '{}'",
                                                      name, vpc["vpcId"].as_string()));
}

// GroupName names those of the default VPC.
Result<Json> describe_groups(Call& call) {
  Json named = call.input, ids = call.input["GroupId"];
  for (const auto& name : call.input["GroupName"].items()) {
    Json one = Json::object();
    one.set("GroupName", name);
    Call by_name{call.context, call.service, call.operation, one, call.shelf};
    ids.push(TRY(group_on(by_name))["groupId"]);
  }
  named.set("GroupId", std::move(ids));
  Call by_id{call.context, call.service, call.operation, named, call.shelf};
  return recorded::describe(by_id);
}

Result<> before_delete_group(Call& call, Json& group) {
  const std::string& id = group["groupId"].as_string();
  if (group["groupName"].as_string() == "default") {
    return refusal("CannotDelete",
                   fmt::format("the specified group: \"{}\" name: \"default\" cannot be deleted by a user", id));
  }
  return erase_rules(call, id);
}

Result<Json> delete_group(Call& call) {
  const Json group = TRY(group_on(call));
  Json named = call.input;
  named.set("GroupId", group["groupId"]);
  Call by_id{call.context, call.service, call.operation, named, call.shelf};
  Json reply = TRY(recorded::remove(by_id));
  reply.set("groupId", group["groupId"]);
  return reply;
}

}  // namespace weir::api::ec2
