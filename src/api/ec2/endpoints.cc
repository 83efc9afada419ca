// VPC endpoints: which route tables, subnets and groups they are for.
#include <fmt/format.h>

#include <algorithm>

#include "api/ec2/service.h"
#include "api/recorded/selection.h"
#include "api/recorded/verbs.h"

namespace weir::api::ec2 {
namespace {

constexpr const char* kKind = "vpc-endpoint";

// What an endpoint lists, by the parameter that names it; with Add and Remove before it in ModifyVpcEndpoint.
constexpr struct {
  const char *parameter, *member, *kind;
} kLists[] = {
    {"RouteTableId", "routeTableIdSet", "route-table"},
    {"SubnetId", "subnetIdSet", "subnet"},
    {"SecurityGroupId", "_groups", "security-group"},
};

// What a policy says that nobody gave, as AWS has it.
constexpr const char* kFullAccess =
    R"({"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]})";

// Adds and removes what the call names. Errors: the not_found of what is added.
Result<> change_lists(Call& call, Json& endpoint, std::string_view add) {
  for (const auto& list : kLists) {
    auto ids = recorded::list_of(endpoint, list.member);
    for (const auto& id : call.input[fmt::format("{}{}", add, list.parameter)].items()) {
      TRY(recorded::kept_one(call, recorded::kind_of(call, list.kind), id.as_string()));
      if (std::ranges::find(ids, id) == ids.end()) ids.push_back(id);
    }
    for (const auto& id : call.input[fmt::format("Remove{}", list.parameter)].items()) std::erase(ids, id);
    endpoint.set(list.member, std::move(ids));
  }
  return {};
}

}  // namespace

Result<> check_endpoint(Call& call, Json& endpoint) {
  const std::string& type = endpoint["vpcEndpointType"].as_string();
  if (type != "Gateway" && type != "Interface") {
    return refusal("UnsupportedOperation", fmt::format("VpcEndpointType {}: Weir records Gateway and Interface", type));
  }
  if (!call.text("ServiceName").starts_with("com.amazonaws.")) {
    return refusal("InvalidServiceName",
                   fmt::format("The Vpc Endpoint Service '{}' does not exist", call.text("ServiceName")));
  }
  if (!call.given("PolicyDocument")) endpoint.set("policyDocument", kFullAccess);
  return change_lists(call, endpoint, "");
}

Result<> modify_endpoint(Call& call, Json& endpoint) {
  for (const auto& [parameter, member] :
       {std::pair{"PolicyDocument", "policyDocument"}, std::pair{"PrivateDnsEnabled", "privateDnsEnabled"}}) {
    if (call.given(parameter)) endpoint.set(member, call.input[parameter]);
  }
  return change_lists(call, endpoint, "Add");
}

Result<> show_endpoint_groups(Call& call, Json& endpoint) {
  Json groups = Json::array();
  for (const auto& id : endpoint["_groups"].items()) {
    const auto group = TRY(call.shelf.find("security-group", id.as_string()));
    Json one = Json::object();
    one.set("groupId", id).set("groupName", group ? (*group)["groupName"] : Json());
    groups.push(std::move(one));
  }
  endpoint.set("groupSet", std::move(groups));
  return {};
}

// Each by itself: what cannot be deleted is told, and the others go.
Result<Json> delete_endpoints(Call& call) {
  Json unsuccessful = Json::array();
  for (const auto& id : call.input["VpcEndpointId"].items()) {
    if (const auto kept = recorded::kept_one(call, call.kind(), id.as_string()); !kept) {
      Json error = Json::object(), one = Json::object();
      error.set("code", kept.error().code).set("message", kept.error().message);
      unsuccessful.push(one.set("error", std::move(error)).set("resourceId", id));
    } else {
      call.shelf.erase(kKind, id.as_string());
    }
  }
  Json reply = Json::object();
  reply.set("unsuccessful", std::move(unsuccessful));
  return reply;
}

}  // namespace weir::api::ec2
