// The operations of ec2. tools/coverage reads the rows.
#include "api/ec2/service.h"
#include "api/recorded/verbs.h"

#define FILTER "Filter[Name Value[]] "
#define PAGES "MaxResults:int NextToken "
#define TAGS "TagSpecification[ResourceType Tag[Key Value]] "
#define DRY "DryRun:bool"
#define PERMISSIONS                                                                                         \
  "IpPermissions[IpProtocol FromPort:int ToPort:int Groups[Description UserId GroupName GroupId] "          \
  "IpRanges[Description CidrIp] Ipv6Ranges[Description CidrIpv6] PrefixListIds[Description PrefixListId]] " \
  "IpProtocol FromPort:int ToPort:int CidrIp SourceSecurityGroupName SourceSecurityGroupOwnerId "
#define DESTINATION "DestinationCidrBlock DestinationIpv6CidrBlock DestinationPrefixListId "

namespace weir::api::ec2 {
namespace {

using namespace recorded;  // NOLINT: the verbs

constexpr Operation kOperations[] = {
    // --- VPCs and subnets
    {"CreateVpc", &create, "vpc", "", "CidrBlock InstanceTenancy AmazonProvidedIpv6CidrBlock:bool " TAGS DRY, "",
     &after_create_vpc},
    {"DescribeVpcs", &describe, "vpc", "VpcId", "VpcId[] " FILTER PAGES DRY},
    {"DeleteVpc", &remove, "vpc", "VpcId", "VpcId! " DRY, "", &before_delete_vpc},
    {"DescribeVpcAttribute", &describe_vpc_attribute, "vpc", "VpcId", "VpcId! Attribute! " DRY},
    {"ModifyVpcAttribute", &modify, "vpc", "VpcId",
     "VpcId! EnableDnsSupport{Value:bool} EnableDnsHostnames{Value:bool} "
     "EnableNetworkAddressUsageMetrics{Value:bool}"},
    {"CreateSubnet", &create, "subnet", "", "VpcId! CidrBlock AvailabilityZone AvailabilityZoneId " TAGS DRY,
     "VpcId=vpc", &check_subnet},
    {"DescribeSubnets", &describe, "subnet", "SubnetId", "SubnetId[] " FILTER PAGES DRY},
    {"DeleteSubnet", &remove, "subnet", "SubnetId", "SubnetId! " DRY, "", &before_delete_subnet},
    {"ModifySubnetAttribute", &modify, "subnet", "SubnetId",
     "SubnetId! MapPublicIpOnLaunch{Value:bool} AssignIpv6AddressOnCreation{Value:bool} EnableDns64{Value:bool} "
     "PrivateDnsHostnameTypeOnLaunch EnableResourceNameDnsARecordOnLaunch{Value:bool} "
     "EnableResourceNameDnsAAAARecordOnLaunch{Value:bool}",
     "PrivateDnsHostnameTypeOnLaunch=privateDnsNameOptionsOnLaunch.hostnameType "
     "EnableResourceNameDnsARecordOnLaunch=privateDnsNameOptionsOnLaunch.enableResourceNameDnsARecord "
     "EnableResourceNameDnsAAAARecordOnLaunch=privateDnsNameOptionsOnLaunch.enableResourceNameDnsAAAARecord"},

    // --- gateways
    {"CreateInternetGateway", &create, "internet-gateway", "", TAGS DRY},
    {"DescribeInternetGateways", &describe, "internet-gateway", "InternetGatewayId",
     "InternetGatewayId[] " FILTER PAGES DRY},
    {"DeleteInternetGateway", &remove, "internet-gateway", "InternetGatewayId", "InternetGatewayId! " DRY, "",
     &before_delete_gateway},
    {"AttachInternetGateway", &change, "internet-gateway", "InternetGatewayId", "InternetGatewayId! VpcId! " DRY, "",
     &attach_gateway},
    {"DetachInternetGateway", &change, "internet-gateway", "InternetGatewayId", "InternetGatewayId! VpcId! " DRY, "",
     &detach_gateway},
    {"CreateNatGateway", &create, "natgateway", "", "SubnetId! AllocationId ConnectivityType ClientToken " TAGS DRY,
     "SubnetId=subnet", &check_nat_gateway},
    {"DescribeNatGateways", &describe, "natgateway", "NatGatewayId", "NatGatewayId[] " FILTER PAGES DRY},
    {"DeleteNatGateway", &delete_nat_gateway, "natgateway", "NatGatewayId", "NatGatewayId! " DRY, "",
     &before_delete_nat_gateway},

    // --- route tables
    {"CreateRouteTable", &create, "route-table", "", "VpcId! ClientToken " TAGS DRY, "VpcId=vpc",
     &after_create_route_table},
    {"DescribeRouteTables", &describe, "route-table", "RouteTableId", "RouteTableId[] " FILTER PAGES DRY},
    {"DeleteRouteTable", &remove, "route-table", "RouteTableId", "RouteTableId! " DRY, "", &before_delete_route_table},
    {"CreateRoute", &change, "route-table", "RouteTableId",
     "RouteTableId! " DESTINATION "GatewayId NatGatewayId NetworkInterfaceId " DRY, "", &create_route},
    {"ReplaceRoute", &change, "route-table", "RouteTableId",
     "RouteTableId! " DESTINATION "GatewayId NatGatewayId NetworkInterfaceId " DRY, "", &replace_route},
    {"DeleteRoute", &change, "route-table", "RouteTableId", "RouteTableId! " DESTINATION DRY, "", &delete_route},
    {"AssociateRouteTable", &associate_route_table, "route-table", "RouteTableId", "RouteTableId! SubnetId! " DRY},
    {"DisassociateRouteTable", &disassociate_route_table, "route-table", "", "AssociationId! " DRY},
    {"ReplaceRouteTableAssociation", &replace_association, "route-table", "", "AssociationId! RouteTableId! " DRY},
    {"DescribeNetworkAcls", &describe, "network-acl", "NetworkAclId", "NetworkAclId[] " FILTER PAGES DRY},

    // --- endpoints
    {"CreateVpcEndpoint", &create, "vpc-endpoint", "",
     "VpcId! ServiceName! VpcEndpointType PolicyDocument RouteTableId[] SubnetId[] SecurityGroupId[] "
     "PrivateDnsEnabled:bool ClientToken " TAGS DRY,
     "VpcId=vpc", &check_endpoint},
    {"DescribeVpcEndpoints", &describe, "vpc-endpoint", "VpcEndpointId", "VpcEndpointId[] " FILTER PAGES DRY},
    {"ModifyVpcEndpoint", &change, "vpc-endpoint", "VpcEndpointId",
     "VpcEndpointId! PolicyDocument PrivateDnsEnabled:bool AddRouteTableId[] RemoveRouteTableId[] AddSubnetId[] "
     "RemoveSubnetId[] AddSecurityGroupId[] RemoveSecurityGroupId[] " DRY,
     "", &modify_endpoint},
    {"DeleteVpcEndpoints", &delete_endpoints, "vpc-endpoint", "VpcEndpointId", "VpcEndpointId[]! " DRY},

    // --- security groups
    {"CreateSecurityGroup", &create, "security-group", "", "GroupName! GroupDescription! VpcId " TAGS DRY, "VpcId=vpc",
     &check_group},
    {"DescribeSecurityGroups", &describe_groups, "security-group", "GroupId",
     "GroupId[] GroupName[] " FILTER PAGES DRY},
    {"DeleteSecurityGroup", &delete_group, "security-group", "GroupId", "GroupId GroupName " DRY, "",
     &before_delete_group},
    {"AuthorizeSecurityGroupIngress", &authorize_ingress, "security-group", "GroupId",
     "GroupId GroupName " PERMISSIONS TAGS DRY},
    {"AuthorizeSecurityGroupEgress", &authorize_egress, "security-group", "GroupId", "GroupId! " PERMISSIONS TAGS DRY},
    {"RevokeSecurityGroupIngress", &revoke_ingress, "security-group", "GroupId",
     "GroupId GroupName SecurityGroupRuleId[] " PERMISSIONS DRY},
    {"RevokeSecurityGroupEgress", &revoke_egress, "security-group", "GroupId",
     "GroupId! SecurityGroupRuleId[] " PERMISSIONS DRY},
    {"UpdateSecurityGroupRuleDescriptionsIngress", &describe_in_ingress, "security-group", "GroupId",
     "GroupId GroupName SecurityGroupRuleDescription[SecurityGroupRuleId Description] " PERMISSIONS DRY},
    {"UpdateSecurityGroupRuleDescriptionsEgress", &describe_in_egress, "security-group", "GroupId",
     "GroupId GroupName SecurityGroupRuleDescription[SecurityGroupRuleId Description] " PERMISSIONS DRY},
    {"DescribeSecurityGroupRules", &describe, "security-group-rule", "SecurityGroupRuleId",
     "SecurityGroupRuleId[] " FILTER PAGES DRY},
    {"ModifySecurityGroupRules", &modify_rules, "security-group", "GroupId",
     "GroupId! SecurityGroupRule[SecurityGroupRuleId! SecurityGroupRule{IpProtocol FromPort:int ToPort:int CidrIpv4 "
     "CidrIpv6 PrefixListId ReferencedGroupId Description}]! " DRY},

    // --- addresses and interfaces
    {"AllocateAddress", &create, "elastic-ip", "", "Domain NetworkBorderGroup " TAGS DRY, "", &choose_address},
    {"DescribeAddresses", &describe_addresses, "elastic-ip", "AllocationId", "AllocationId[] PublicIp[] " FILTER DRY},
    {"DescribeAddressesAttribute", &describe_addresses_attribute, "elastic-ip", "AllocationId",
     "AllocationId[] Attribute " PAGES DRY},
    {"ReleaseAddress", &release_address, "elastic-ip", "AllocationId", "AllocationId PublicIp NetworkBorderGroup " DRY},
    {"AssociateAddress", &associate_address, "elastic-ip", "AllocationId",
     "AllocationId PublicIp NetworkInterfaceId PrivateIpAddress AllowReassociation:bool " DRY},
    {"DisassociateAddress", &disassociate_address, "elastic-ip", "", "AssociationId PublicIp " DRY},
    {"CreateNetworkInterface", &create, "network-interface", "",
     "SubnetId! Description PrivateIpAddress SecurityGroupId[] ClientToken " TAGS DRY, "SubnetId=subnet",
     &check_interface},
    {"DescribeNetworkInterfaces", &describe, "network-interface", "NetworkInterfaceId",
     "NetworkInterfaceId[] " FILTER PAGES DRY},
    {"ModifyNetworkInterfaceAttribute", &modify, "network-interface", "NetworkInterfaceId",
     "NetworkInterfaceId! Description{Value} SourceDestCheck{Value:bool} SecurityGroupId[] " DRY,
     "SecurityGroupId=_groups", &set_interface_groups},
    {"DeleteNetworkInterface", &remove, "network-interface", "NetworkInterfaceId", "NetworkInterfaceId! " DRY, "",
     &before_delete_interface},

    // --- places and tags
    {"DescribeAvailabilityZones", &describe, "availability-zone", "ZoneName",
     "ZoneName[] AllAvailabilityZones:bool " FILTER DRY},
    {"DescribeRegions", &describe, "region", "RegionName", "RegionName[] AllRegions:bool " FILTER DRY},
    {"DescribeAccountAttributes", &describe_account_attributes, "", "", "AttributeName[] " DRY},
    {"DescribeDhcpOptions", &describe, "dhcp-options", "DhcpOptionsId", "DhcpOptionsId[] " FILTER PAGES DRY},
    {"DescribePrefixLists", &describe, "prefix-list", "PrefixListId", "PrefixListId[] " FILTER PAGES DRY},
    {"DescribeManagedPrefixLists", &describe, "prefix-list", "PrefixListId", "PrefixListId[] " FILTER PAGES DRY},
    {"CreateTags", &create_tags, "", "", "ResourceId[]! Tag[Key Value]! " DRY},
    {"DeleteTags", &delete_tags, "", "", "ResourceId[]! Tag[Key Value] " DRY},
    {"DescribeTags", &describe, "tag", "", FILTER PAGES DRY},
};

constexpr model::ModelledError kErrors[] = {{"AuthFailure", 403}, {"DryRunOperation", 412}};

}  // namespace

std::span<const Operation> operations() { return kOperations; }

const recorded::Service& service() {
  static const recorded::Service kService{
      .model = {.name = "ec2",
                .signing_name = "ec2",
                .api_version = "2016-11-15",
                .protocol = model::Protocol::query,
                .xml_namespace = "http://ec2.amazonaws.com/doc/2016-11-15/",
                .errors = kErrors},
      .style = recorded::Style::ec2,
      .kinds = kinds(),
      .references = references(),
      .operations = operations(),
      .in_use = "DependencyViolation",
      .exists = "ResourceAlreadyExists",
      .full = "ResourceLimitExceeded",
      .begin = &begin,
  };
  return kService;
}

}  // namespace weir::api::ec2
