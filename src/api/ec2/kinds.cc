// The kinds of ec2, and what of them refuses the deletion of what.
#include "api/ec2/service.h"

namespace weir::api::ec2 {
namespace {

using recorded::Reference;

constexpr const char* kInUse = "resource {} has a dependent object";

constexpr Kind kKinds[] = {
    {"vpc", "vpcId", "vpc-", "vpcSet", "vpc", "InvalidVpcID.NotFound", "InvalidVpcID.Malformed",
     "The vpc ID '{}' does not exist",
     "vpc-id=vpcId cidr=cidrBlock cidr-block-association.cidr-block=cidrBlockAssociationSet.cidrBlock "
     "cidr-block-association.association-id=cidrBlockAssociationSet.associationId dhcp-options-id=dhcpOptionsId "
     "is-default=isDefault isDefault=isDefault owner-id=ownerId state=state",
     R"({"vpcId":"${id}","ownerId":"${account}","state":"available","cidrBlock":"${CidrBlock}",
         "cidrBlockAssociationSet":[{"associationId":"${new:vpc-cidr-assoc-}","cidrBlock":"${CidrBlock}",
           "cidrBlockState":{"state":"associated"}}],
         "dhcpOptionsId":"default","instanceTenancy":"${InstanceTenancy|default}","isDefault":"false",
         "tagSet":"${tags}","_enableDnsSupport":"true","_enableDnsHostnames":"false",
         "_enableNetworkAddressUsageMetrics":"false"})",
     &show_dhcp_options},
    {"subnet", "subnetId", "subnet-", "subnetSet", "subnet", "InvalidSubnetID.NotFound", "InvalidSubnetID.Malformed",
     "The subnet ID '{}' does not exist",
     "subnet-id=subnetId vpc-id=vpcId availability-zone=availabilityZone availabilityZone=availabilityZone "
     "availability-zone-id=availabilityZoneId available-ip-address-count=availableIpAddressCount "
     "cidr-block=cidrBlock cidr=cidrBlock cidrBlock=cidrBlock default-for-az=defaultForAz defaultForAz=defaultForAz "
     "map-public-ip-on-launch=mapPublicIpOnLaunch owner-id=ownerId state=state subnet-arn=subnetArn",
     R"({"subnetId":"${id}","subnetArn":"arn:${partition}:ec2:${region}:${account}:subnet/${id}",
         "ownerId":"${account}","state":"available","vpcId":"${VpcId}","cidrBlock":"${CidrBlock}",
         "ipv6CidrBlockAssociationSet":[],"availableIpAddressCount":"0","availabilityZone":"","availabilityZoneId":"",
         "defaultForAz":"false","mapPublicIpOnLaunch":"false","assignIpv6AddressOnCreation":"false",
         "enableDns64":"false","ipv6Native":"false","mapCustomerOwnedIpOnLaunch":"false",
         "privateDnsNameOptionsOnLaunch":{"hostnameType":"ip-name","enableResourceNameDnsARecord":"false",
           "enableResourceNameDnsAAAARecord":"false"},
         "tagSet":"${tags}"})",
     &count_addresses},
    {"internet-gateway", "internetGatewayId", "igw-", "internetGatewaySet", "internetGateway",
     "InvalidInternetGatewayID.NotFound", "InvalidInternetGatewayId.Malformed",
     "The internetGateway ID '{}' does not exist",
     "internet-gateway-id=internetGatewayId owner-id=ownerId attachment.vpc-id=attachmentSet.vpcId "
     "attachment.state=attachmentSet.state",
     R"({"internetGatewayId":"${id}","ownerId":"${account}","attachmentSet":[],"tagSet":"${tags}"})"},
    {"natgateway", "natGatewayId", "nat-", "natGatewaySet", "natGateway", "NatGatewayNotFound", "NatGatewayMalformed",
     "The Nat Gateway {} was not found", "nat-gateway-id=natGatewayId state=state subnet-id=subnetId vpc-id=vpcId",
     R"({"natGatewayId":"${id}","subnetId":"${SubnetId}","vpcId":"${SubnetId>vpcId}","state":"available",
         "createTime":"${now}","connectivityType":"${ConnectivityType|public}","natGatewayAddressSet":[],
         "tagSet":"${tags}"})"},
    {"route-table", "routeTableId", "rtb-", "routeTableSet", "routeTable", "InvalidRouteTableID.NotFound",
     "InvalidRouteTableId.Malformed", "The routeTable ID '{}' does not exist",
     "route-table-id=routeTableId vpc-id=vpcId owner-id=ownerId "
     "association.route-table-association-id=associationSet.routeTableAssociationId "
     "association.route-table-id=associationSet.routeTableId association.subnet-id=associationSet.subnetId "
     "association.main=associationSet.main route.destination-cidr-block=routeSet.destinationCidrBlock "
     "route.destination-ipv6-cidr-block=routeSet.destinationIpv6CidrBlock route.gateway-id=routeSet.gatewayId "
     "route.nat-gateway-id=routeSet.natGatewayId route.origin=routeSet.origin route.state=routeSet.state",
     R"({"routeTableId":"${id}","vpcId":"${VpcId}","ownerId":"${account}","routeSet":[],"associationSet":[],
         "propagatingVgwSet":[],"tagSet":"${tags}"})",
     &show_route_states},
    {"network-acl", "networkAclId", "acl-", "networkAclSet", "networkAcl", "InvalidNetworkAclID.NotFound",
     "InvalidNetworkAclId.Malformed", "The networkAcl ID '{}' does not exist",
     "network-acl-id=networkAclId vpc-id=vpcId owner-id=ownerId default=default "
     "association.association-id=associationSet.networkAclAssociationId "
     "association.network-acl-id=associationSet.networkAclId association.subnet-id=associationSet.subnetId",
     R"({"networkAclId":"${id}","vpcId":"${VpcId}","ownerId":"${account}","default":"true","entrySet":[
           {"ruleNumber":"100","protocol":"-1","ruleAction":"allow","egress":"true","cidrBlock":"0.0.0.0/0"},
           {"ruleNumber":"32767","protocol":"-1","ruleAction":"deny","egress":"true","cidrBlock":"0.0.0.0/0"},
           {"ruleNumber":"100","protocol":"-1","ruleAction":"allow","egress":"false","cidrBlock":"0.0.0.0/0"},
           {"ruleNumber":"32767","protocol":"-1","ruleAction":"deny","egress":"false","cidrBlock":"0.0.0.0/0"}],
         "associationSet":[],"tagSet":"${tags}"})",
     &show_acl_associations},
    {"vpc-endpoint", "vpcEndpointId", "vpce-", "vpcEndpointSet", "vpcEndpoint", "InvalidVpcEndpointId.NotFound",
     "InvalidVpcEndpointId.Malformed", "The Vpc Endpoint Id '{}' does not exist",
     "vpc-endpoint-id=vpcEndpointId vpc-id=vpcId service-name=serviceName vpc-endpoint-state=state "
     "vpc-endpoint-type=vpcEndpointType",
     R"({"vpcEndpointId":"${id}","vpcEndpointType":"${VpcEndpointType|Gateway}","vpcId":"${VpcId}",
         "serviceName":"${ServiceName}","state":"available","policyDocument":"${PolicyDocument}",
         "routeTableIdSet":[],"subnetIdSet":[],"privateDnsEnabled":"${PrivateDnsEnabled|false}",
         "requesterManaged":"false","networkInterfaceIdSet":[],"dnsEntrySet":[],"creationTimestamp":"${now}",
         "ownerId":"${account}","tagSet":"${tags}","_groups":[]})",
     &show_endpoint_groups},
    {"security-group", "groupId", "sg-", "securityGroupInfo", "", "InvalidGroup.NotFound", "InvalidGroupId.Malformed",
     "The security group '{}' does not exist",
     "group-id=groupId group-name=groupName description=groupDescription vpc-id=vpcId owner-id=ownerId "
     "ip-permission.cidr=ipPermissions.ipRanges.cidrIp ip-permission.from-port=ipPermissions.fromPort "
     "ip-permission.to-port=ipPermissions.toPort ip-permission.protocol=ipPermissions.ipProtocol "
     "ip-permission.group-id=ipPermissions.groups.groupId "
     "egress.ip-permission.cidr=ipPermissionsEgress.ipRanges.cidrIp "
     "egress.ip-permission.from-port=ipPermissionsEgress.fromPort "
     "egress.ip-permission.to-port=ipPermissionsEgress.toPort "
     "egress.ip-permission.protocol=ipPermissionsEgress.ipProtocol "
     "egress.ip-permission.group-id=ipPermissionsEgress.groups.groupId",
     R"({"groupId":"${id}","groupName":"${GroupName}","groupDescription":"${GroupDescription}",
         "ownerId":"${account}","vpcId":"${VpcId}",
         "securityGroupArn":"arn:${partition}:ec2:${region}:${account}:security-group/${id}","tagSet":"${tags}"})",
     &show_permissions},
    {"security-group-rule", "securityGroupRuleId", "sgr-", "securityGroupRuleSet", "",
     "InvalidSecurityGroupRuleId.NotFound", "InvalidSecurityGroupRuleId.Malformed",
     "The security group rule ID '{}' does not exist", "security-group-rule-id=securityGroupRuleId group-id=groupId",
     "{}"},
    {"elastic-ip", "allocationId", "eipalloc-", "addressesSet", "", "InvalidAllocationID.NotFound", "",
     "The allocation ID '{}' does not exist",
     "allocation-id=allocationId association-id=associationId domain=domain network-interface-id=networkInterfaceId "
     "private-ip-address=privateIpAddress public-ip=publicIp network-border-group=networkBorderGroup",
     R"({"publicIp":"","allocationId":"${id}","domain":"vpc","publicIpv4Pool":"amazon",
         "networkBorderGroup":"${region}","tagSet":"${tags}"})"},
    {"network-interface", "networkInterfaceId", "eni-", "networkInterfaceSet", "networkInterface",
     "InvalidNetworkInterfaceID.NotFound", "InvalidNetworkInterfaceId.Malformed",
     "The networkInterface ID '{}' does not exist",
     "network-interface-id=networkInterfaceId subnet-id=subnetId vpc-id=vpcId availability-zone=availabilityZone "
     "description=description group-id=groupSet.groupId group-name=groupSet.groupName interface-type=interfaceType "
     "mac-address=macAddress owner-id=ownerId private-ip-address=privateIpAddress "
     "addresses.private-ip-address=privateIpAddressesSet.privateIpAddress association.public-ip=association.publicIp "
     "requester-id=requesterId requester-managed=requesterManaged source-dest-check=sourceDestCheck status=status "
     "attachment.attachment-id=attachment.attachmentId attachment.instance-id=attachment.instanceId "
     "attachment.instance-owner-id=attachment.instanceOwnerId attachment.status=attachment.status",
     R"({"networkInterfaceId":"${id}","subnetId":"${SubnetId}","vpcId":"${SubnetId>vpcId}",
         "availabilityZone":"${SubnetId>availabilityZone}","description":"${Description|}","ownerId":"${account}",
         "requesterManaged":"false","status":"available","sourceDestCheck":"true","interfaceType":"interface",
         "groupSet":[],"tagSet":"${tags}"})",
     nullptr, &derived_interfaces},
    {"dhcp-options", "dhcpOptionsId", "", "dhcpOptionsSet", "", "InvalidDhcpOptionID.NotFound", "",
     "The dhcpOption ID '{}' does not exist", "dhcp-options-id=dhcpOptionsId owner-id=ownerId", "{}", nullptr,
     &all_dhcp_options},
    {"prefix-list", "prefixListId", "", "prefixListSet", "", "InvalidPrefixListID.NotFound", "",
     "The prefix list ID '{}' does not exist",
     "prefix-list-id=prefixListId prefix-list-name=prefixListName owner-id=ownerId", "{}", nullptr, &all_prefix_lists},
    {"availability-zone", "zoneName", "", "availabilityZoneInfo", "", "InvalidParameterValue", "",
     "Invalid availability zone: [{}]",
     "zone-name=zoneName zone-id=zoneId zone-type=zoneType state=zoneState region-name=regionName "
     "group-name=groupName opt-in-status=optInStatus",
     "{}", nullptr, &all_zones},
    {"region", "regionName", "", "regionInfo", "", "InvalidParameterValue", "", "Invalid region: [{}]",
     "region-name=regionName endpoint=regionEndpoint opt-in-status=optInStatus", "{}", nullptr, &all_regions},
    {"tag", "_id", "", "tagSet", "", "InvalidID", "", "The ID '{}' is not valid",
     "key=key value=value resource-id=resourceId resource-type=resourceType", "{}", nullptr, &all_tags},
};

constexpr const char* kVpc = "The vpc '{}' has dependencies and cannot be deleted.";
constexpr const char* kSubnet = "The subnet '{}' has dependencies and cannot be deleted.";
constexpr Reference kReferences[] = {
    {"subnet", "vpcId", "vpc", kVpc},
    {"internet-gateway", "attachmentSet.vpcId", "vpc", kVpc},
    {"natgateway", "vpcId", "vpc", kVpc},
    {"route-table", "vpcId", "vpc", kVpc},
    {"security-group", "vpcId", "vpc", kVpc},
    {"network-interface", "vpcId", "vpc", kVpc},
    {"vpc-endpoint", "vpcId", "vpc", kVpc},
    {"vpc-endpoint", "subnetIdSet", "subnet", kSubnet},
    {"vpc-endpoint", "_groups", "security-group", kInUse},
    {"natgateway", "subnetId", "subnet", kSubnet},
    {"network-interface", "subnetId", "subnet", kSubnet},
    {"security-group-rule", "referencedGroupInfo.groupId", "security-group", kInUse},
    {"network-interface", "groupSet.groupId", "security-group", kInUse},
};

}  // namespace

std::span<const Kind> kinds() { return kKinds; }
std::span<const Reference> references() { return kReferences; }

}  // namespace weir::api::ec2
