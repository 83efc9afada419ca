// Internet gateways and NAT gateways.
#include <fmt/format.h>

#include "api/ec2/service.h"
#include "api/recorded/selection.h"
#include "api/recorded/template.h"
#include "api/recorded/verbs.h"

namespace weir::api::ec2 {
namespace {

std::unexpected<Error> depended_on(const char* kind, const std::string& id) {
  return refusal("DependencyViolation", fmt::format("The {} '{}' has dependencies and cannot be deleted.", kind, id));
}

const std::string& gateway_id(const Json& gateway) { return gateway["internetGatewayId"].as_string(); }

}  // namespace

Result<> attach_gateway(Call& call, Json& gateway) {
  const std::string& vpc = call.text("VpcId");
  TRY(recorded::kept_one(call, recorded::kind_of(call, "vpc"), vpc));
  if (!gateway["attachmentSet"].items().empty()) {
    return refusal("Resource.AlreadyAssociated",
                   fmt::format("resource {} is already attached to network {}", gateway_id(gateway),
                               gateway["attachmentSet"].items().front()["vpcId"].as_string()));
  }
  for (const auto& other : TRY(call.shelf.all("internet-gateway"))) {
    if (!recorded::any_text(other, "attachmentSet.vpcId", [&](const std::string& one) { return one == vpc; })) continue;
    return refusal("InvalidParameterValue", fmt::format("Network {} already has an internet gateway attached", vpc));
  }
  Json attachment = Json::object();
  attachment.set("state", "available").set("vpcId", vpc);
  gateway.set("attachmentSet", Json::Array{std::move(attachment)});
  return {};
}

// Public addresses within the VPC are reached through it.
Result<> detach_gateway(Call& call, Json& gateway) {
  const std::string& vpc = call.text("VpcId");
  const auto& attached = gateway["attachmentSet"].items();
  if (attached.empty() || attached.front()["vpcId"].as_string() != vpc) {
    return refusal("Gateway.NotAttached",
                   fmt::format("resource {} is not attached to network {}", gateway_id(gateway), vpc));
  }
  for (const auto& nat : TRY(call.shelf.all("natgateway"))) {
    if (nat["vpcId"].as_string() != vpc || nat["connectivityType"].as_string() != "public") continue;
    return refusal("DependencyViolation",
                   fmt::format("Network {} has some mapped public address(es). Please unmap those "
                               "public address(es) before detaching the gateway.",
                               vpc));
  }
  gateway.set("attachmentSet", Json::array());
  return {};
}

Result<> before_delete_gateway(Call&, Json& gateway) {
  if (gateway["attachmentSet"].items().empty()) return {};
  return depended_on("internetGateway", gateway_id(gateway));
}

// Its address is taken by it, and it stands in its subnet with an interface of its own.
Result<> check_nat_gateway(Call& call, Json& gateway) {
  const std::string id = gateway["natGatewayId"].as_string();
  const std::string& connectivity = gateway["connectivityType"].as_string();
  const std::string interface = interface_of_nat_gateway(id);
  Json place = Json::object();
  place.set("networkInterfaceId", interface).set("privateIp", TRY(free_address(call, call.text("SubnetId"))));
  place.set("isPrimary", "true").set("status", "succeeded");
  if (connectivity == "public") {
    const std::string& allocation = call.text("AllocationId");
    if (allocation.empty()) return refusal("MissingParameter", "The request must include the AllocationId parameter.");
    const auto& addresses = recorded::kind_of(call, "elastic-ip");
    Json address = TRY(recorded::kept_one(call, addresses, allocation));
    if (!address["associationId"].is_null()) {
      return refusal("Resource.AlreadyAssociated",
                     fmt::format("Elastic IP address [{}] is already associated", allocation));
    }
    address.set("associationId", recorded::fresh_id(call, "eipassoc-"));
    address.set("networkInterfaceId", interface).set("networkInterfaceOwnerId", call.context.account);
    address.set("privateIpAddress", place["privateIp"]);
    place.set("allocationId", allocation).set("publicIp", address["publicIp"]);
    place.set("associationId", address["associationId"]);
    call.shelf.put(addresses.name, allocation, std::move(address));
  } else if (connectivity != "private") {
    return refusal("InvalidParameterValue", fmt::format("Invalid value for ConnectivityType: {}", connectivity));
  } else if (call.given("AllocationId")) {
    return refusal("InvalidParameterCombination", "A private NAT gateway takes no AllocationId");
  }
  gateway.set("natGatewayAddressSet", Json::Array{std::move(place)});
  return {};
}

// It is gone at once, where AWS shows it as deleted for an hour.
Result<> before_delete_nat_gateway(Call& call, Json& gateway) {
  for (const auto& place : gateway["natGatewayAddressSet"].items()) {
    const std::string& allocation = place["allocationId"].as_string();
    auto address = TRY(call.shelf.find("elastic-ip", allocation));
    if (!address) continue;
    clear_association(*address);
    call.shelf.put("elastic-ip", allocation, std::move(*address));
  }
  return {};
}

Result<Json> delete_nat_gateway(Call& call) {
  TRY(recorded::remove(call));
  Json reply = Json::object();
  reply.set("natGatewayId", call.input["NatGatewayId"]);
  return reply;
}

}  // namespace weir::api::ec2
