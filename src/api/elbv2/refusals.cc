#include "api/elbv2/refusals.h"

#include "api/elbv2/actions.h"

namespace weir::api::elbv2 {

namespace {

constexpr Refused kCreateLoadBalancer[] = {
    {"Type", "application|network"},
    {"IpAddressType", "ipv4"},
    {"SubnetMappings.AllocationId"},
    {"SubnetMappings.PrivateIPv4Address"},
    {"SubnetMappings.IPv6Address"},
    {"SubnetMappings.SourceNatIpv6Prefix"},
    {"CustomerOwnedIpv4Pool"},
    {"EnablePrefixForIpv6SourceNat", "off"},
    {"IpamPools"},
};

constexpr Refused kSetSubnets[] = {
    {"SubnetMappings.AllocationId"}, {"SubnetMappings.PrivateIPv4Address"},
    {"SubnetMappings.IPv6Address"},  {"SubnetMappings.SourceNatIpv6Prefix"},
    {"IpAddressType", "ipv4"},       {"EnablePrefixForIpv6SourceNat", "off"},
};

constexpr Refused kSetSecurityGroups[] = {
    {"EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"},
};

constexpr Refused kSetIpAddressType[] = {
    {"IpAddressType", "ipv4"},
};

constexpr Refused kCreateTargetGroup[] = {
    {"Protocol", "HTTP|HTTPS|TCP|TLS"},
    {"HealthCheckProtocol", "HTTP|HTTPS|TCP"},
    {"TargetType", "ip|instance"},
    {"IpAddressType", "ipv4"},
    {"TargetControlPort"},
};

constexpr Refused kModifyTargetGroup[] = {
    {"HealthCheckProtocol", "HTTP|HTTPS|TCP"},
};

constexpr Refused kCreateListener[] = {
    {"Protocol", "HTTP|HTTPS|TCP|TLS"},
    {"Certificates.IsDefault"},
    {"DefaultActions.Type", "forward|fixed-response|redirect"},
    {"DefaultActions.AuthenticateOidcConfig"},
    {"DefaultActions.AuthenticateCognitoConfig"},
    {"DefaultActions.JwtValidationConfig"},
    {"AlpnPolicy", "None"},
    {"MutualAuthentication.IgnoreClientCertificateExpiry"},
    {"MutualAuthentication.TrustStoreAssociationStatus"},
    {"MutualAuthentication.AdvertiseTrustStoreCaNames", "off"},
};

constexpr Refused kCreateRule[] = {
    {"Actions.Type", "forward|fixed-response|redirect"},
    {"Actions.AuthenticateOidcConfig"},
    {"Actions.AuthenticateCognitoConfig"},
    {"Actions.JwtValidationConfig"},
    {"Transforms"},
};

constexpr Refused kModifyRule[] = {
    {"Actions.Type", "forward|fixed-response|redirect"},
    {"Actions.AuthenticateOidcConfig"},
    {"Actions.AuthenticateCognitoConfig"},
    {"Actions.JwtValidationConfig"},
    {"Transforms"},
    {"ResetTransforms"},
};

constexpr Refused kDescribeTargetHealth[] = {
    {"Targets.QuicServerId"},
    {"Include"},
};

constexpr Refused kRegisterTargets[] = {
    {"Targets.QuicServerId"},
};

constexpr Refused kCreateTrustStore[] = {
    {"CaCertificatesBundleS3ObjectVersion"},
};

constexpr RefusedOf kAll[] = {
    {"CreateLoadBalancer", kCreateLoadBalancer},
    {"SetSubnets", kSetSubnets},
    {"SetSecurityGroups", kSetSecurityGroups},
    {"SetIpAddressType", kSetIpAddressType},
    {"CreateTargetGroup", kCreateTargetGroup},
    {"ModifyTargetGroup", kModifyTargetGroup},
    {"CreateListener", kCreateListener},
    {"ModifyListener", kCreateListener},
    {"DescribeTargetHealth", kDescribeTargetHealth},
    {"RegisterTargets", kRegisterTargets},
    {"DeregisterTargets", kRegisterTargets},
    {"CreateTrustStore", kCreateTrustStore},
    {"ModifyTrustStore", kCreateTrustStore},
    {"CreateRule", kCreateRule},
    {"ModifyRule", kModifyRule},
};

}  // namespace

std::span<const Refused> refused_of_create_load_balancer() { return kCreateLoadBalancer; }
std::span<const Refused> refused_of_set_subnets() { return kSetSubnets; }
std::span<const Refused> refused_of_set_security_groups() { return kSetSecurityGroups; }
std::span<const Refused> refused_of_set_ip_address_type() { return kSetIpAddressType; }
std::span<const Refused> refused_of_create_target_group() { return kCreateTargetGroup; }
std::span<const Refused> refused_of_modify_target_group() { return kModifyTargetGroup; }
std::span<const Refused> refused_of_create_listener() { return kCreateListener; }
std::span<const Refused> refused_of_modify_listener() { return kCreateListener; }
std::span<const Refused> refused_of_create_trust_store() { return kCreateTrustStore; }
std::span<const Refused> refused_of_modify_trust_store() { return kCreateTrustStore; }
std::span<const Refused> refused_of_create_rule() { return kCreateRule; }
std::span<const Refused> refused_of_modify_rule() { return kModifyRule; }
std::span<const Refused> refused_of_describe_target_health() { return kDescribeTargetHealth; }
std::span<const Refused> refused_of_register_targets() { return kRegisterTargets; }
std::span<const Refused> refused_of_deregister_targets() { return kRegisterTargets; }

std::span<const RefusedOf> refused() { return kAll; }

}  // namespace weir::api::elbv2
