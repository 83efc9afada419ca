#include "api/elbv2/actions.h"

namespace weir::api::elbv2 {

void add_actions(ActionTable& table, Host& host, CertificateKeep& keep) {
  table.add("elbv2", "CreateLoadBalancer", &create_load_balancer);
  table.add("elbv2", "DescribeLoadBalancers", &describe_load_balancers);
  table.add("elbv2", "DeleteLoadBalancer", &delete_load_balancer);
  table.add<shapes::ModifyLoadBalancerAttributesInput, shapes::ModifyLoadBalancerAttributesOutput>(
      "elbv2", "ModifyLoadBalancerAttributes",
      [&host](Context& context, const shapes::ModifyLoadBalancerAttributesInput& input)
          -> Result<shapes::ModifyLoadBalancerAttributesOutput> {
        return modify_load_balancer_attributes(context, host, input);
      });
  table.add("elbv2", "DescribeLoadBalancerAttributes", &describe_load_balancer_attributes);
  table.add("elbv2", "CreateTargetGroup", &create_target_group);
  table.add("elbv2", "DescribeTargetGroups", &describe_target_groups);
  table.add("elbv2", "DeleteTargetGroup", &delete_target_group);
  table.add("elbv2", "ModifyTargetGroup", &modify_target_group);
  table.add("elbv2", "ModifyTargetGroupAttributes", &modify_target_group_attributes);
  table.add("elbv2", "DescribeTargetGroupAttributes", &describe_target_group_attributes);
  table.add("elbv2", "DescribeTargetHealth", &describe_target_health);
  table.add<shapes::CreateListenerInput, shapes::CreateListenerOutput>(
      "elbv2", "CreateListener",
      [&host](Context& context, const shapes::CreateListenerInput& input) -> Result<shapes::CreateListenerOutput> {
        return create_listener(context, host, input);
      });
  table.add<shapes::ModifyListenerInput, shapes::ModifyListenerOutput>(
      "elbv2", "ModifyListener",
      [&host](Context& context, const shapes::ModifyListenerInput& input) -> Result<shapes::ModifyListenerOutput> {
        return modify_listener(context, host, input);
      });
  table.add("elbv2", "DescribeListeners", &describe_listeners);
  table.add("elbv2", "DeleteListener", &delete_listener);
  table.add("elbv2", "AddListenerCertificates", &add_listener_certificates);
  table.add("elbv2", "RemoveListenerCertificates", &remove_listener_certificates);
  table.add("elbv2", "DescribeListenerCertificates", &describe_listener_certificates);
  table.add<shapes::CreateTrustStoreInput, shapes::CreateTrustStoreOutput>(
      "elbv2", "CreateTrustStore",
      [&host, &keep](Context& context, const auto& input) { return create_trust_store(context, host, keep, input); });
  table.add<shapes::ModifyTrustStoreInput, shapes::ModifyTrustStoreOutput>(
      "elbv2", "ModifyTrustStore",
      [&host, &keep](Context& context, const auto& input) { return modify_trust_store(context, host, keep, input); });
  table.add<shapes::DeleteTrustStoreInput, shapes::DeleteTrustStoreOutput>(
      "elbv2", "DeleteTrustStore",
      [&keep](Context& context, const auto& input) { return delete_trust_store(context, keep, input); });
  table.add("elbv2", "DescribeTrustStores", &describe_trust_stores);
  table.add("elbv2", "DescribeTrustStoreAssociations", &describe_trust_store_associations);
  table.add("elbv2", "CreateRule", &create_rule);
  table.add("elbv2", "ModifyRule", &modify_rule);
  table.add("elbv2", "DeleteRule", &delete_rule);
  table.add("elbv2", "SetRulePriorities", &set_rule_priorities);
  table.add("elbv2", "DescribeRules", &describe_rules);
  table.add("elbv2", "DescribeTags", &describe_tags);
  table.add("elbv2", "AddTags", &add_tags);
  table.add("elbv2", "RemoveTags", &remove_tags);
  table.add("elbv2", "RegisterTargets", &register_targets);
  table.add("elbv2", "DeregisterTargets", &deregister_targets);
  table.add("elbv2", "SetSubnets", &set_subnets);
  table.add("elbv2", "SetSecurityGroups", &set_security_groups);
  table.add("elbv2", "SetIpAddressType", &set_ip_address_type);
  table.add("elbv2", "DescribeCapacityReservation", &describe_capacity_reservation);
  table.add("elbv2", "DescribeAccountLimits", &describe_account_limits);
  table.add("elbv2", "DescribeSSLPolicies", &describe_ssl_policies);
  table.add("elbv2", "DescribeListenerAttributes", &describe_listener_attributes);
  table.add("elbv2", "ModifyListenerAttributes", &modify_listener_attributes);
}

}  // namespace weir::api::elbv2
