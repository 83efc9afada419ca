// elbv2: load balancers, target groups, listeners, rules. Each function is one operation as AWS documents it, over the
// store: it writes wishes and reads facts. Control thread.
#pragma once

#include <span>

#include "api/acm/certificate_keep.h"
#include "api/action.h"
#include "api/host.h"
#include "api/refused.h"
#include "model/elbv2/shapes.h"

namespace weir::api::elbv2 {

namespace shapes = model::elbv2;

Result<shapes::CreateLoadBalancerOutput> create_load_balancer(Context&, const shapes::CreateLoadBalancerInput&);
Result<shapes::DescribeLoadBalancersOutput> describe_load_balancers(Context&,
                                                                    const shapes::DescribeLoadBalancersInput&);
// Deletes its listeners with it.
Result<shapes::DeleteLoadBalancerOutput> delete_load_balancer(Context&, const shapes::DeleteLoadBalancerInput&);
// `host` makes room for access logs.
Result<shapes::ModifyLoadBalancerAttributesOutput> modify_load_balancer_attributes(
    Context&, Host& host, const shapes::ModifyLoadBalancerAttributesInput&);
Result<shapes::DescribeLoadBalancerAttributesOutput> describe_load_balancer_attributes(
    Context&, const shapes::DescribeLoadBalancerAttributesInput&);

Result<shapes::SetSubnetsOutput> set_subnets(Context&, const shapes::SetSubnetsInput&);
Result<shapes::SetSecurityGroupsOutput> set_security_groups(Context&, const shapes::SetSecurityGroupsInput&);
Result<shapes::SetIpAddressTypeOutput> set_ip_address_type(Context&, const shapes::SetIpAddressTypeInput&);
Result<shapes::DescribeCapacityReservationOutput> describe_capacity_reservation(
    Context&, const shapes::DescribeCapacityReservationInput&);

Result<shapes::CreateTargetGroupOutput> create_target_group(Context&, const shapes::CreateTargetGroupInput&);
Result<shapes::DescribeTargetGroupsOutput> describe_target_groups(Context&, const shapes::DescribeTargetGroupsInput&);
Result<shapes::DeleteTargetGroupOutput> delete_target_group(Context&, const shapes::DeleteTargetGroupInput&);
Result<shapes::ModifyTargetGroupOutput> modify_target_group(Context&, const shapes::ModifyTargetGroupInput&);
Result<shapes::ModifyTargetGroupAttributesOutput> modify_target_group_attributes(
    Context&, const shapes::ModifyTargetGroupAttributesInput&);
Result<shapes::DescribeTargetGroupAttributesOutput> describe_target_group_attributes(
    Context&, const shapes::DescribeTargetGroupAttributesInput&);
Result<shapes::DescribeTargetHealthOutput> describe_target_health(Context&, const shapes::DescribeTargetHealthInput&);

// Targets by hand; those of tasks come and go with their service.
Result<shapes::RegisterTargetsOutput> register_targets(Context&, const shapes::RegisterTargetsInput&);
Result<shapes::DeregisterTargetsOutput> deregister_targets(Context&, const shapes::DeregisterTargetsInput&);

// `host` says whether the listener's port can be had.
Result<shapes::CreateListenerOutput> create_listener(Context&, Host& host, const shapes::CreateListenerInput&);
Result<shapes::ModifyListenerOutput> modify_listener(Context&, Host& host, const shapes::ModifyListenerInput&);
Result<shapes::DescribeListenersOutput> describe_listeners(Context&, const shapes::DescribeListenersInput&);
Result<shapes::DeleteListenerOutput> delete_listener(Context&, const shapes::DeleteListenerInput&);

Result<shapes::AddListenerCertificatesOutput> add_listener_certificates(Context&,
                                                                        const shapes::AddListenerCertificatesInput&);
Result<shapes::RemoveListenerCertificatesOutput> remove_listener_certificates(
    Context&, const shapes::RemoveListenerCertificatesInput&);
Result<shapes::DescribeListenerCertificatesOutput> describe_listener_certificates(
    Context&, const shapes::DescribeListenerCertificatesInput&);

// Whom HTTPS listeners believe that clients are who they say. `host` reads the authorities, `keep` keeps them.
Result<shapes::CreateTrustStoreOutput> create_trust_store(Context&, Host& host, CertificateKeep& keep,
                                                          const shapes::CreateTrustStoreInput&);
Result<shapes::ModifyTrustStoreOutput> modify_trust_store(Context&, Host& host, CertificateKeep& keep,
                                                          const shapes::ModifyTrustStoreInput&);
Result<shapes::DeleteTrustStoreOutput> delete_trust_store(Context&, CertificateKeep& keep,
                                                          const shapes::DeleteTrustStoreInput&);
Result<shapes::DescribeTrustStoresOutput> describe_trust_stores(Context&, const shapes::DescribeTrustStoresInput&);
Result<shapes::DescribeTrustStoreAssociationsOutput> describe_trust_store_associations(
    Context&, const shapes::DescribeTrustStoreAssociationsInput&);

Result<shapes::CreateRuleOutput> create_rule(Context&, const shapes::CreateRuleInput&);
Result<shapes::ModifyRuleOutput> modify_rule(Context&, const shapes::ModifyRuleInput&);
Result<shapes::DeleteRuleOutput> delete_rule(Context&, const shapes::DeleteRuleInput&);
Result<shapes::SetRulePrioritiesOutput> set_rule_priorities(Context&, const shapes::SetRulePrioritiesInput&);
// A listener's default rule is the last of its rules.
Result<shapes::DescribeRulesOutput> describe_rules(Context&, const shapes::DescribeRulesInput&);

Result<shapes::DescribeTagsOutput> describe_tags(Context&, const shapes::DescribeTagsInput&);
Result<shapes::AddTagsOutput> add_tags(Context&, const shapes::AddTagsInput&);
Result<shapes::RemoveTagsOutput> remove_tags(Context&, const shapes::RemoveTagsInput&);

Result<shapes::DescribeAccountLimitsOutput> describe_account_limits(Context&,
                                                                    const shapes::DescribeAccountLimitsInput&);
Result<shapes::DescribeSSLPoliciesOutput> describe_ssl_policies(Context&, const shapes::DescribeSSLPoliciesInput&);
Result<shapes::DescribeListenerAttributesOutput> describe_listener_attributes(
    Context&, const shapes::DescribeListenerAttributesInput&);
Result<shapes::ModifyListenerAttributesOutput> modify_listener_attributes(Context&,
                                                                          const shapes::ModifyListenerAttributesInput&);

// `host` outlives the table.
void add_actions(ActionTable& table, Host& host, CertificateKeep& keep);

// What each operation refuses by name; an operation that is not here refuses nothing.
std::span<const RefusedOf> refused();

}  // namespace weir::api::elbv2
