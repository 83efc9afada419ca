// Elastic addresses, of a range that is for documentation and leads nowhere.
#include <fmt/format.h>

#include <set>

#include "api/ec2/service.h"
#include "api/recorded/selection.h"
#include "api/recorded/verbs.h"

namespace weir::api::ec2 {
namespace {

constexpr const char* kElasticIps = "elastic-ip";
constexpr unsigned kAddresses = 254;  // of 198.51.100.0/24 (RFC 5737)

// The address that a parameter names by `member`. Errors: `code`.
Result<Json> address_with(Call& call, const char* member, const std::string& value, const char* code) {
  for (auto& one : TRY(call.shelf.all(kElasticIps))) {
    if (one[member].as_string() == value) return std::move(one);
  }
  return refusal(code, fmt::format("The address '{}' does not exist", value));
}

// The one that AllocationId or PublicIp names.
Result<Json> address_on(Call& call) {
  if (call.given("AllocationId")) return recorded::kept_one(call, call.kind(), call.text("AllocationId"));
  if (call.given("PublicIp")) return address_with(call, "publicIp", call.text("PublicIp"), "InvalidAddress.NotFound");
  return refusal("MissingParameter", "The request must contain the parameter allocationId");
}

// A region is its own border group; it has no others.
Result<> check_border_group(const Call& call) {
  const std::string& group = call.text("NetworkBorderGroup");
  if (group.empty() || group == call.context.region) return {};
  return refusal("InvalidParameterValue", fmt::format("The network border group '{}' does not exist", group));
}

}  // namespace

void clear_association(Json& address) {
  for (const char* member : {"associationId", "networkInterfaceId", "networkInterfaceOwnerId", "privateIpAddress"}) {
    address.set(member, Json());
  }
}

Result<> choose_address(Call& call, Json& address) {
  if (call.given("Domain") && call.text("Domain") != "vpc") {
    return refusal("InvalidParameterValue", fmt::format("Invalid value '{}' for domain.", call.text("Domain")));
  }
  TRY(check_border_group(call));
  std::set<std::string> taken;
  for (const auto& one : TRY(call.shelf.all(kElasticIps))) taken.insert(one["publicIp"].as_string());
  for (unsigned last = 1; last <= kAddresses; ++last) {
    std::string literal = fmt::format("198.51.100.{}", last);
    if (taken.contains(literal)) continue;
    address.set("publicIp", std::move(literal));
    return {};
  }
  return refusal("AddressLimitExceeded", "The maximum number of addresses has been reached.");
}

// PublicIp names them as AllocationId does.
Result<Json> describe_addresses(Call& call) {
  Json named = call.input, ids = call.input["AllocationId"];
  for (const auto& literal : call.input["PublicIp"].items()) {
    ids.push(TRY(address_with(call, "publicIp", literal.as_string(), "InvalidAddress.NotFound"))["allocationId"]);
  }
  named.set("AllocationId", std::move(ids));
  Call by_id{call.context, call.service, call.operation, named, call.shelf};
  return recorded::describe(by_id);
}

Result<Json> release_address(Call& call) {
  TRY(check_border_group(call));
  const Json address = TRY(address_on(call));
  if (!address["associationId"].is_null()) {
    return refusal("InvalidIPAddress.InUse", fmt::format("Address {} is in use.", address["publicIp"].as_string()));
  }
  call.shelf.erase(kElasticIps, address["allocationId"].as_string());
  return recorded::answer_true(call);
}

Result<Json> associate_address(Call& call) {
  Json address = TRY(address_on(call));
  const std::string& id = call.text("NetworkInterfaceId");
  if (id.empty()) return refusal("MissingParameter", "Either 'InstanceId' or 'NetworkInterfaceId' must be specified");
  const Json interface = TRY(recorded::kept_one(call, recorded::kind_of(call, "network-interface"), id));
  if (!address["associationId"].is_null() && call.text("AllowReassociation") == "false") {
    return refusal("Resource.AlreadyAssociated",
                   fmt::format("resource {} is already associated", address["allocationId"].as_string()));
  }
  address.set("associationId", recorded::fresh_id(call, "eipassoc-")).set("networkInterfaceId", id);
  address.set("networkInterfaceOwnerId", call.context.account);
  address.set("privateIpAddress",
              call.given("PrivateIpAddress") ? call.input["PrivateIpAddress"] : interface["privateIpAddress"]);
  Json reply = recorded::answer_true(call);
  reply.set("associationId", address["associationId"]);
  const std::string name = address["allocationId"].as_string();
  call.shelf.put(kElasticIps, name, std::move(address));
  return reply;
}

Result<Json> disassociate_address(Call& call) {
  const bool by_id = call.given("AssociationId");
  if (!by_id && !call.given("PublicIp")) {
    return refusal("MissingParameter", "The request must contain the parameter associationId");
  }
  Json address =
      TRY(by_id ? address_with(call, "associationId", call.text("AssociationId"), "InvalidAssociationID.NotFound")
                : address_with(call, "publicIp", call.text("PublicIp"), "InvalidAddress.NotFound"));
  for (const auto& nat : TRY(call.shelf.all("natgateway"))) {
    for (const auto& place : nat["natGatewayAddressSet"].items()) {
      if (place["allocationId"] != address["allocationId"]) continue;
      return refusal("AuthFailure", fmt::format("You do not have permission to access the specified resource: {} is of "
                                                "the NAT gateway {}.",
                                                address["allocationId"].as_string(), nat["natGatewayId"].as_string()));
    }
  }
  clear_association(address);
  const std::string name = address["allocationId"].as_string();
  call.shelf.put(kElasticIps, name, std::move(address));
  return recorded::answer_true(call);
}

// No address here has a name of its own to be looked up by.
Result<Json> describe_addresses_attribute(Call& call) {
  for (const auto& id : call.input["AllocationId"].items()) TRY(recorded::kept_one(call, call.kind(), id.as_string()));
  return recorded::paged(call, "addressSet", {}, [](const Json& one) { return one["allocationId"].as_string(); });
}

}  // namespace weir::api::ec2
