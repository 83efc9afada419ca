// ec2: VPCs and what lies in them, as records. Security groups guard nothing, routes lead nowhere and addresses are of
// a range for documentation (198.51.100.0/24); what refers to what, and what may go, is as AWS has it.
#pragma once

#include "api/recorded/service.h"

namespace weir::api::ec2 {

using recorded::Call;
using recorded::Hook;
using recorded::Kind;
using recorded::Operation;
using recorded::refusal;

// Constant after its first use; any thread.
const recorded::Service& service();

// The tables.
std::span<const Kind> kinds();
std::span<const recorded::Reference> references();
std::span<const Operation> operations();

// Every account and region begins with a default VPC that has a subnet in each zone and an internet gateway.
Result<> begin(Call& call);

// --- vpcs.cc
Result<> after_create_vpc(Call& call, Json& vpc);
Result<> before_delete_vpc(Call& call, Json& vpc);
Result<> check_subnet(Call& call, Json& subnet);
Result<> count_addresses(Call& call, Json& subnet);
Result<> before_delete_subnet(Call& call, Json& subnet);
Result<Json> describe_vpc_attribute(Call& call);
Result<> show_dhcp_options(Call& call, Json& vpc);
Result<> show_acl_associations(Call& call, Json& acl);
// The account's default VPC in the region. Errors: VPCIdNotSpecified where it was deleted.
Result<Json> default_vpc(Call& call);

// --- gateways.cc
Result<> attach_gateway(Call& call, Json& gateway);
Result<> detach_gateway(Call& call, Json& gateway);
Result<> before_delete_gateway(Call& call, Json& gateway);
Result<> check_nat_gateway(Call& call, Json& gateway);
Result<> before_delete_nat_gateway(Call& call, Json& gateway);
Result<Json> delete_nat_gateway(Call& call);

// --- routes.cc
Result<> after_create_route_table(Call& call, Json& table);
Result<> before_delete_route_table(Call& call, Json& table);
Result<> create_route(Call& call, Json& table);
Result<> replace_route(Call& call, Json& table);
Result<> delete_route(Call& call, Json& table);
Result<Json> associate_route_table(Call& call);
Result<Json> disassociate_route_table(Call& call);
Result<Json> replace_association(Call& call);
Result<> show_route_states(Call& call, Json& table);

// --- endpoints.cc
Result<> check_endpoint(Call& call, Json& endpoint);
Result<> modify_endpoint(Call& call, Json& endpoint);
Result<> show_endpoint_groups(Call& call, Json& endpoint);
Result<Json> delete_endpoints(Call& call);

// --- addresses.cc
Result<> choose_address(Call& call, Json& address);
Result<Json> describe_addresses(Call& call);
Result<Json> release_address(Call& call);
Result<Json> associate_address(Call& call);
Result<Json> disassociate_address(Call& call);
Result<Json> describe_addresses_attribute(Call& call);
void clear_association(Json& address);

// --- interfaces.cc
// Those of load balancers, NAT gateways and tasks.
Result<std::vector<Json>> derived_interfaces(Call& call);
Result<> check_interface(Call& call, Json& interface);
Result<> before_delete_interface(Call& call, Json& interface);
Result<> set_interface_groups(Call& call, Json& interface);
// One of the subnet's addresses that no interface has. Errors: InsufficientFreeAddressesInSubnet.
Result<std::string> free_address(Call& call, const std::string& subnet);
std::string interface_of_nat_gateway(std::string_view nat_gateway);

// --- security_groups.cc
Result<> check_group(Call& call, Json& group);
Result<Json> describe_groups(Call& call);
Result<> show_permissions(Call& call, Json& group);
Result<Json> delete_group(Call& call);
Result<> before_delete_group(Call& call, Json& group);
// The group that GroupId or GroupName names.
Result<Json> group_on(Call& call);

// --- security_group_rules.cc
Result<Json> authorize_ingress(Call& call);
Result<Json> authorize_egress(Call& call);
Result<Json> revoke_ingress(Call& call);
Result<Json> revoke_egress(Call& call);
Result<Json> describe_in_ingress(Call& call);
Result<Json> describe_in_egress(Call& call);
Result<Json> modify_rules(Call& call);
// What a group begins with: everything is let out; the default group of a VPC lets in its own members besides.
enum class DefaultRules { of_group, of_default_group };
void put_default_rules(Call& call, const std::string& group, DefaultRules which);
// The rules of `group`; nothing where it is none.
Result<> erase_rules(Call& call, const std::string& group);

// --- places.cc
std::vector<std::string> zones_of(const Context& context);
Result<std::vector<Json>> all_zones(Call& call);
Result<std::vector<Json>> all_regions(Call& call);
Result<std::vector<Json>> all_dhcp_options(Call& call);
Result<std::vector<Json>> all_prefix_lists(Call& call);
Result<Json> describe_account_attributes(Call& call);

// --- tags.cc
Result<Json> create_tags(Call& call);
Result<Json> delete_tags(Call& call);
Result<std::vector<Json>> all_tags(Call& call);

}  // namespace weir::api::ec2
