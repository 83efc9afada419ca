// Route tables: their routes, and the subnets that they are for.
#include <fmt/format.h>

#include <algorithm>

#include "api/ec2/service.h"
#include "api/recorded/selection.h"
#include "api/recorded/template.h"
#include "api/recorded/verbs.h"
#include "base/cidr.h"

namespace weir::api::ec2 {
namespace {

constexpr const char* kRouteTables = "route-table";

// What a route may lead to, by parameter.
constexpr struct {
  const char *parameter, *member, *kind;
} kTargets[] = {
    {"GatewayId", "gatewayId", "internet-gateway"},
    {"NatGatewayId", "natGatewayId", "natgateway"},
    {"NetworkInterfaceId", "networkInterfaceId", "network-interface"},
};

// The member that says where the route leads, and its value. Errors: InvalidParameterValue and the like.
Result<Json::Member> destination_of(const Call& call) {
  for (const auto& [parameter, member] : {std::pair{"DestinationCidrBlock", "destinationCidrBlock"},
                                          std::pair{"DestinationIpv6CidrBlock", "destinationIpv6CidrBlock"}}) {
    if (!call.given(parameter)) continue;
    const auto range = Cidr::parse(call.text(parameter));
    if (!range || range->is_ipv6() != (std::string_view(member) == "destinationIpv6CidrBlock")) {
      return refusal("InvalidParameterValue",
                     fmt::format("Value ({}) for parameter {} is invalid. This is not a valid CIDR block.",
                                 call.text(parameter), member));
    }
    return Json::Member(member, range->text());
  }
  if (call.given("DestinationPrefixListId")) {
    return Json::Member("destinationPrefixListId", call.input["DestinationPrefixListId"]);
  }
  return refusal("MissingParameter", "The request must contain the parameter destinationCidrBlock");
}

Result<Json> route_of_call(Call& call, const Json& table) {
  const auto [member, value] = TRY(destination_of(call));
  Json route = Json::object();
  route.set(member, value);
  for (const auto& target : kTargets) {
    if (!call.given(target.parameter)) continue;
    if (route.members().size() > 1) {
      return refusal("InvalidParameterCombination", "A route has one target");
    }
    const Json there =
        TRY(recorded::presented_one(call, recorded::kind_of(call, target.kind), call.text(target.parameter)));
    const bool here =
        recorded::any_text(there, "vpcId", [&](const std::string& vpc) { return Json(vpc) == table["vpcId"]; }) ||
        recorded::any_text(there, "attachmentSet.vpcId",
                           [&](const std::string& vpc) { return Json(vpc) == table["vpcId"]; });
    if (!here) {
      return refusal("InvalidParameterValue",
                     fmt::format("route table {} and network gateway {} belong to different networks",
                                 table["routeTableId"].as_string(), call.text(target.parameter)));
    }
    route.set(target.member, call.input[target.parameter]);
  }
  if (route.members().size() == 1) {
    return refusal("MissingParameter", "The request must contain exactly one target of the route");
  }
  route.set("state", "active").set("origin", "CreateRoute");
  return route;
}

auto find_route(Json::Array& routes, const Json::Member& destination) {
  return std::ranges::find_if(routes, [&](const Json& one) { return one[destination.first] == destination.second; });
}

std::unexpected<Error> no_route(const Json& table, const Json::Member& destination) {
  return refusal("InvalidRoute.NotFound",
                 fmt::format("no route with destination-cidr-block {} in route table {}",
                             destination.second.as_string(), table["routeTableId"].as_string()));
}

// The table that has the association, and the association. Errors: InvalidAssociationID.NotFound.
struct Association {
  Json table;
  Json association;
};
Result<Association> association_on(Call& call) {
  for (auto& table : TRY(call.shelf.all(kRouteTables))) {
    for (const auto& one : table["associationSet"].items()) {
      if (one["routeTableAssociationId"] == call.input["AssociationId"]) return Association{table, one};
    }
  }
  return refusal("InvalidAssociationID.NotFound",
                 fmt::format("The association ID '{}' does not exist", call.text("AssociationId")));
}

void put_associations(Call& call, Json table, Json::Array associations) {
  const std::string id = table["routeTableId"].as_string();
  table.set("associationSet", std::move(associations));
  call.shelf.put(kRouteTables, id, std::move(table));
}

void drop_association(Call& call, const Association& at) {
  auto associations = recorded::list_of(at.table, "associationSet");
  std::erase(associations, at.association);
  put_associations(call, at.table, std::move(associations));
}

Json associated() {
  Json state = Json::object();
  state.set("state", "associated");
  return state;
}

}  // namespace

Result<> after_create_route_table(Call& call, Json& table) {
  const Json vpc = TRY(recorded::kept_one(call, recorded::kind_of(call, "vpc"), table["vpcId"].as_string()));
  Json local = Json::object();
  local.set("destinationCidrBlock", vpc["cidrBlock"]).set("gatewayId", "local").set("state", "active");
  local.set("origin", "CreateRouteTable");
  table.set("routeSet", Json::Array{std::move(local)});
  return {};
}

Result<> before_delete_route_table(Call&, Json& table) {
  if (table["associationSet"].items().empty()) return {};
  return refusal("DependencyViolation", fmt::format("The routeTable '{}' has dependencies and cannot be deleted.",
                                                    table["routeTableId"].as_string()));
}

// A route whose target was deleted is a black hole.
Result<> show_route_states(Call& call, Json& table) {
  auto routes = recorded::list_of(table, "routeSet");
  for (auto& route : routes) {
    for (const auto& target : kTargets) {
      const std::string& id = route[target.member].as_string();
      if (id.empty() || id == "local") continue;
      if (!TRY(call.shelf.find(target.kind, id))) route.set("state", "blackhole");
    }
  }
  table.set("routeSet", std::move(routes));
  return {};
}

Result<> create_route(Call& call, Json& table) {
  Json route = TRY(route_of_call(call, table));
  auto routes = recorded::list_of(table, "routeSet");
  const auto destination = TRY(destination_of(call));
  if (find_route(routes, destination) != routes.end()) {
    return refusal("RouteAlreadyExists",
                   fmt::format("The route identified by {} already exists.", destination.second.as_string()));
  }
  routes.push_back(std::move(route));
  table.set("routeSet", std::move(routes));
  return {};
}

Result<> replace_route(Call& call, Json& table) {
  Json route = TRY(route_of_call(call, table));
  auto routes = recorded::list_of(table, "routeSet");
  const auto destination = TRY(destination_of(call));
  const auto found = find_route(routes, destination);
  if (found == routes.end()) return no_route(table, destination);
  *found = std::move(route);
  table.set("routeSet", std::move(routes));
  return {};
}

Result<> delete_route(Call& call, Json& table) {
  auto routes = recorded::list_of(table, "routeSet");
  const auto destination = TRY(destination_of(call));
  const auto found = find_route(routes, destination);
  if (found == routes.end()) return no_route(table, destination);
  if ((*found)["gatewayId"].as_string() == "local") {
    return refusal("InvalidParameterValue",
                   fmt::format("cannot remove local route {} in route table {}", destination.second.as_string(),
                               table["routeTableId"].as_string()));
  }
  routes.erase(found);
  table.set("routeSet", std::move(routes));
  return {};
}

Result<Json> associate_route_table(Call& call) {
  Json table = TRY(recorded::kept_one(call, call.kind(), call.text("RouteTableId")));
  const std::string& id = call.text("SubnetId");
  const Json subnet = TRY(recorded::kept_one(call, recorded::kind_of(call, "subnet"), id));
  if (subnet["vpcId"] != table["vpcId"]) {
    return refusal("InvalidParameterValue", fmt::format("Route table {} and subnet {} belong to different networks",
                                                        call.text("RouteTableId"), id));
  }
  for (const auto& other : TRY(call.shelf.all(kRouteTables))) {
    if (!recorded::any_text(other, "associationSet.subnetId", [&](const std::string& one) { return one == id; }))
      continue;
    return refusal("Resource.AlreadyAssociated",
                   fmt::format("the specified association for route table {} conflicts with an existing association",
                               call.text("RouteTableId")));
  }
  Json association = Json::object();
  association.set("routeTableAssociationId", recorded::fresh_id(call, "rtbassoc-"));
  association.set("routeTableId", table["routeTableId"]).set("subnetId", id).set("main", "false");
  association.set("associationState", associated());
  Json reply = Json::object();
  reply.set("associationId", association["routeTableAssociationId"]).set("associationState", associated());
  auto associations = recorded::list_of(table, "associationSet");
  associations.push_back(std::move(association));
  put_associations(call, std::move(table), std::move(associations));
  return reply;
}

Result<Json> disassociate_route_table(Call& call) {
  const auto at = TRY(association_on(call));
  if (at.association["main"].as_string() == "true") {
    return refusal("InvalidParameterValue",
                   fmt::format("cannot disassociate the main route table association {}", call.text("AssociationId")));
  }
  drop_association(call, at);
  return recorded::answer_true(call);
}

Result<Json> replace_association(Call& call) {
  auto at = TRY(association_on(call));
  TRY(recorded::kept_one(call, call.kind(), call.text("RouteTableId")));
  drop_association(call, at);
  Json to = TRY(recorded::kept_one(call, call.kind(), call.text("RouteTableId")));
  at.association.set("routeTableAssociationId", recorded::fresh_id(call, "rtbassoc-"));
  at.association.set("routeTableId", to["routeTableId"]);
  auto associations = recorded::list_of(to, "associationSet");
  associations.push_back(at.association);
  put_associations(call, std::move(to), std::move(associations));
  Json reply = Json::object();
  reply.set("newAssociationId", at.association["routeTableAssociationId"]).set("associationState", associated());
  return reply;
}

}  // namespace weir::api::ec2
