"""What ec2 and iam keep as records, by boto3: the operations that ec2_test.py has no story for, each seen to change what
the next call reads."""

import json
import unittest

from weir_testing import Weir

TRUST = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]})
OTHER_TRUST = TRUST.replace("ecs-tasks", "ec2")
READ = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]})
WRITE = READ.replace("Get", "Put")
TAGS = [{"Key": "team", "Value": "a"}]


class Records(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.enterClassContext(weir := Weir())
        cls.weir = weir
        cls.ec2, cls.iam = weir.client("ec2"), weir.client("iam")
        cls.vpc = cls.ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
        cls.subnet = cls.ec2.create_subnet(VpcId=cls.vpc, CidrBlock="10.1.1.0/24")["Subnet"]["SubnetId"]

    def test_addresses_and_interfaces(self):
        ec2 = self.ec2
        interface = ec2.create_network_interface(SubnetId=self.subnet, Description="mine")["NetworkInterface"]
        name = interface["NetworkInterfaceId"]
        ec2.modify_network_interface_attribute(NetworkInterfaceId=name, Description={"Value": "yours"})
        seen = ec2.describe_network_interfaces(NetworkInterfaceIds=[name])["NetworkInterfaces"][0]
        self.assertEqual((seen["Description"], seen["SubnetId"]), ("yours", self.subnet))
        address = ec2.allocate_address(Domain="vpc")["AllocationId"]
        association = ec2.associate_address(AllocationId=address, NetworkInterfaceId=name)["AssociationId"]
        self.assertEqual(ec2.describe_addresses(AllocationIds=[address])["Addresses"][0]["AssociationId"], association)
        ec2.disassociate_address(AssociationId=association)
        self.assertNotIn("AssociationId", ec2.describe_addresses(AllocationIds=[address])["Addresses"][0])
        ec2.describe_addresses_attribute(AllocationIds=[address], Attribute="domain-name")
        ec2.release_address(AllocationId=address)
        ec2.delete_network_interface(NetworkInterfaceId=name)
        self.assertEqual(ec2.describe_network_interfaces(Filters=[
            {"Name": "description", "Values": ["yours"]}])["NetworkInterfaces"], [])

    def test_routes_and_subnets_are_changed(self):
        ec2 = self.ec2
        ec2.modify_subnet_attribute(SubnetId=self.subnet, MapPublicIpOnLaunch={"Value": True})
        self.assertIs(ec2.describe_subnets(SubnetIds=[self.subnet])["Subnets"][0]["MapPublicIpOnLaunch"], True)
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        tables = [ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"] for _ in range(2)]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=self.vpc)
        self.assertEqual(ec2.describe_internet_gateways(InternetGatewayIds=[gateway])["InternetGateways"][0]
                         ["Attachments"][0]["VpcId"], self.vpc)
        nat = ec2.create_nat_gateway(SubnetId=self.subnet, ConnectivityType="private")["NatGateway"]["NatGatewayId"]
        self.assertEqual(ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"][0]["SubnetId"], self.subnet)
        ec2.create_route(RouteTableId=tables[0], DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
        ec2.replace_route(RouteTableId=tables[0], DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
        routes = ec2.describe_route_tables(RouteTableIds=[tables[0]])["RouteTables"][0]["Routes"]
        self.assertEqual([one.get("NatGatewayId", one.get("GatewayId")) for one in routes], ["local", nat])
        first = ec2.associate_route_table(RouteTableId=tables[0], SubnetId=self.subnet)["AssociationId"]
        second = ec2.replace_route_table_association(AssociationId=first, RouteTableId=tables[1])["NewAssociationId"]
        self.assertNotEqual(first, second)
        ec2.disassociate_route_table(AssociationId=second)

    def test_rules_of_security_groups_are_changed(self):
        ec2 = self.ec2
        group = ec2.create_security_group(GroupName="rules", Description="d", VpcId=self.vpc)["GroupId"]
        web = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "a"}]}
        ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[web])
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[web])
        changed = {**web, "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "b"}]}
        ec2.update_security_group_rule_descriptions_egress(GroupId=group, IpPermissions=[changed])
        ec2.update_security_group_rule_descriptions_ingress(GroupId=group, IpPermissions=[changed])
        rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])["SecurityGroupRules"]
        self.assertEqual([rule["Description"] for rule in rules if rule.get("FromPort") == 80], ["b", "b"])
        inward = next(rule for rule in rules if not rule["IsEgress"])["SecurityGroupRuleId"]
        ec2.modify_security_group_rules(GroupId=group, SecurityGroupRules=[{
            "SecurityGroupRuleId": inward,
            "SecurityGroupRule": {"IpProtocol": "tcp", "FromPort": 81, "ToPort": 81, "CidrIpv4": "10.0.0.0/8"}}])
        ec2.revoke_security_group_egress(GroupId=group, IpPermissions=[web])
        seen = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
        self.assertEqual([one["FromPort"] for one in seen["IpPermissions"]], [81])
        self.assertEqual([one.get("FromPort") for one in seen["IpPermissionsEgress"]], [None])

    def test_endpoints_and_what_lies_about(self):
        ec2 = self.ec2
        endpoint = ec2.create_vpc_endpoint(VpcId=self.vpc, ServiceName="com.amazonaws.eu-west-1.s3")["VpcEndpoint"]
        name = endpoint["VpcEndpointId"]
        table = ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        ec2.modify_vpc_endpoint(VpcEndpointId=name, AddRouteTableIds=[table])
        self.assertEqual(ec2.describe_vpc_endpoints(VpcEndpointIds=[name])["VpcEndpoints"][0]["RouteTableIds"], [table])
        self.assertEqual(ec2.delete_vpc_endpoints(VpcEndpointIds=[name])["Unsuccessful"], [])
        ec2.create_tags(Resources=[self.vpc], Tags=TAGS)
        self.assertEqual(ec2.describe_vpcs(VpcIds=[self.vpc])["Vpcs"][0]["Tags"], TAGS)
        ec2.delete_tags(Resources=[self.vpc], Tags=[{"Key": "team"}])
        self.assertEqual(ec2.describe_vpcs(VpcIds=[self.vpc])["Vpcs"][0].get("Tags", []), [])
        self.assertTrue(ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [self.vpc]}])["NetworkAcls"])
        self.assertTrue(ec2.describe_dhcp_options()["DhcpOptions"])
        for call, member in ((ec2.describe_managed_prefix_lists, "PrefixLists"), (ec2.describe_prefix_lists, "PrefixLists")):
            self.assertIsInstance(call()[member], list)

    def test_users(self):
        iam = self.iam
        arn = iam.create_policy(PolicyName="of-users", PolicyDocument=READ)["Policy"]["Arn"]
        iam.create_user(UserName="ann")
        iam.tag_user(UserName="ann", Tags=TAGS)
        self.assertEqual(iam.list_user_tags(UserName="ann")["Tags"], TAGS)
        iam.untag_user(UserName="ann", TagKeys=["team"])
        iam.attach_user_policy(UserName="ann", PolicyArn=arn)
        self.assertEqual(iam.list_attached_user_policies(UserName="ann")["AttachedPolicies"][0]["PolicyArn"], arn)
        self.assertEqual(iam.list_entities_for_policy(PolicyArn=arn)["PolicyUsers"][0]["UserName"], "ann")
        iam.put_user_policy(UserName="ann", PolicyName="own", PolicyDocument=READ)
        self.assertEqual(iam.list_user_policies(UserName="ann")["PolicyNames"], ["own"])
        self.assertEqual(iam.get_user_policy(UserName="ann", PolicyName="own")["PolicyDocument"], json.loads(READ))
        iam.delete_user_policy(UserName="ann", PolicyName="own")
        iam.detach_user_policy(UserName="ann", PolicyArn=arn)
        self.assertEqual(iam.get_user(UserName="ann")["User"]["UserName"], "ann")
        iam.delete_user(UserName="ann")
        self.assertEqual(iam.list_users()["Users"], [])

    def test_policies_have_versions_and_tags(self):
        iam = self.iam
        arn = iam.create_policy(PolicyName="versions", PolicyDocument=READ)["Policy"]["Arn"]
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=WRITE)
        iam.set_default_policy_version(PolicyArn=arn, VersionId="v2")
        self.assertEqual({one["VersionId"]: one["IsDefaultVersion"]
                          for one in iam.list_policy_versions(PolicyArn=arn)["Versions"]}, {"v1": False, "v2": True})
        iam.delete_policy_version(PolicyArn=arn, VersionId="v1")
        iam.tag_policy(PolicyArn=arn, Tags=TAGS)
        self.assertEqual(iam.list_policy_tags(PolicyArn=arn)["Tags"], TAGS)
        iam.untag_policy(PolicyArn=arn, TagKeys=["team"])
        self.assertEqual(iam.list_policy_tags(PolicyArn=arn)["Tags"], [])

    def test_roles_and_instance_profiles(self):
        iam = self.iam
        arn = iam.create_policy(PolicyName="boundary", PolicyDocument=READ)["Policy"]["Arn"]
        iam.create_role(RoleName="web", AssumeRolePolicyDocument=TRUST)
        iam.update_assume_role_policy(RoleName="web", PolicyDocument=OTHER_TRUST)
        iam.update_role_description(RoleName="web", Description="serves")
        iam.put_role_permissions_boundary(RoleName="web", PermissionsBoundary=arn)
        role = iam.get_role(RoleName="web")["Role"]
        self.assertEqual((role["AssumeRolePolicyDocument"], role["Description"],
                          role["PermissionsBoundary"]["PermissionsBoundaryArn"]), (json.loads(OTHER_TRUST), "serves", arn))
        iam.delete_role_permissions_boundary(RoleName="web")
        iam.put_role_policy(RoleName="web", PolicyName="own", PolicyDocument=READ)
        self.assertEqual(iam.list_role_policies(RoleName="web")["PolicyNames"], ["own"])
        iam.delete_role_policy(RoleName="web", PolicyName="own")
        iam.tag_role(RoleName="web", Tags=TAGS)
        self.assertEqual(iam.list_role_tags(RoleName="web")["Tags"], TAGS)
        iam.untag_role(RoleName="web", TagKeys=["team"])

        iam.create_instance_profile(InstanceProfileName="machines")
        iam.add_role_to_instance_profile(InstanceProfileName="machines", RoleName="web")
        for seen in (iam.get_instance_profile(InstanceProfileName="machines")["InstanceProfile"],
                     iam.list_instance_profiles()["InstanceProfiles"][0],
                     iam.list_instance_profiles_for_role(RoleName="web")["InstanceProfiles"][0]):
            self.assertEqual([one["RoleName"] for one in seen["Roles"]], ["web"])
        iam.tag_instance_profile(InstanceProfileName="machines", Tags=TAGS)
        self.assertEqual(iam.list_instance_profile_tags(InstanceProfileName="machines")["Tags"], TAGS)
        iam.untag_instance_profile(InstanceProfileName="machines", TagKeys=["team"])
        iam.remove_role_from_instance_profile(InstanceProfileName="machines", RoleName="web")
        iam.delete_instance_profile(InstanceProfileName="machines")
        iam.delete_role(RoleName="web")

    def test_service_linked_roles(self):
        iam = self.iam
        name = iam.create_service_linked_role(AWSServiceName="ecs.amazonaws.com")["Role"]["RoleName"]
        self.assertTrue(name.startswith("AWSServiceRoleFor"))
        deletion = iam.delete_service_linked_role(RoleName=name)["DeletionTaskId"]
        self.assertEqual(iam.get_service_linked_role_deletion_status(DeletionTaskId=deletion)["Status"], "SUCCEEDED")


if __name__ == "__main__":
    unittest.main()
