"""ec2 and iam as boto3 and the aws CLI read it: shapes, errors, paginators, waiters."""

import json
import unittest

import botocore.exceptions

from weir_testing import Weir


class Ec2(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.enterClassContext(weir := Weir())
        cls.weir = weir
        cls.ec2 = cls.weir.client("ec2")

    def refused(self, code, call, **parameters):
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            call(**parameters)
        self.assertEqual(caught.exception.response["Error"]["Code"], code)
        return caught.exception.response

    def test_a_network_from_its_first_call_to_its_last(self):
        ec2 = self.ec2
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=[
            {"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": "<main> & co"}]}])["Vpc"]
        self.assertEqual(vpc["Tags"], [{"Key": "Name", "Value": "<main> & co"}])
        self.assertIs(vpc["IsDefault"], False)
        ec2.get_waiter("vpc_available").wait(VpcIds=[vpc["VpcId"]])
        ec2.modify_vpc_attribute(VpcId=vpc["VpcId"], EnableDnsHostnames={"Value": True})
        self.assertEqual(ec2.describe_vpc_attribute(VpcId=vpc["VpcId"], Attribute="enableDnsHostnames")
                         ["EnableDnsHostnames"], {"Value": True})
        subnet = ec2.create_subnet(VpcId=vpc["VpcId"], CidrBlock="10.0.1.0/24", AvailabilityZone="eu-west-1b")["Subnet"]
        self.assertEqual((subnet["AvailableIpAddressCount"], subnet["AvailabilityZone"]), (251, "eu-west-1b"))
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc["VpcId"])
        table = ec2.create_route_table(VpcId=vpc["VpcId"])["RouteTable"]["RouteTableId"]
        self.assertIs(ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)["Return"], True)
        association = ec2.associate_route_table(RouteTableId=table, SubnetId=subnet["SubnetId"])["AssociationId"]
        routes = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
        self.assertEqual([one["GatewayId"] for one in routes], ["local", gateway])
        address = ec2.allocate_address(Domain="vpc")["AllocationId"]
        nat = ec2.create_nat_gateway(SubnetId=subnet["SubnetId"], AllocationId=address)["NatGateway"]["NatGatewayId"]
        ec2.get_waiter("nat_gateway_available").wait(NatGatewayIds=[nat])
        self.refused("DependencyViolation", ec2.delete_vpc, VpcId=vpc["VpcId"])

        self.assertEqual(ec2.delete_nat_gateway(NatGatewayId=nat)["NatGatewayId"], nat)
        ec2.release_address(AllocationId=address)
        ec2.disassociate_route_table(AssociationId=association)
        ec2.delete_route_table(RouteTableId=table)
        ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc["VpcId"])
        ec2.delete_internet_gateway(InternetGatewayId=gateway)
        ec2.delete_subnet(SubnetId=subnet["SubnetId"])
        ec2.delete_vpc(VpcId=vpc["VpcId"])
        self.refused("InvalidVpcID.NotFound", ec2.describe_vpcs, VpcIds=[vpc["VpcId"]])

    def test_security_groups_and_their_rules(self):
        ec2 = self.ec2
        group = ec2.create_security_group(GroupName="web", Description="d")["GroupId"]
        made = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[{
            "IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "all"}],
            "UserIdGroupPairs": [{"GroupId": group}]}])["SecurityGroupRules"]
        self.assertEqual([(one["FromPort"], one["IsEgress"]) for one in made], [(80, False)] * 2)
        shown = ec2.describe_security_groups(GroupNames=["web"])["SecurityGroups"][0]
        self.assertEqual(shown["IpPermissions"][0]["IpRanges"], [{"CidrIp": "0.0.0.0/0", "Description": "all"}])
        self.assertEqual(shown["IpPermissions"][0]["UserIdGroupPairs"][0]["GroupId"], group)
        self.assertEqual(shown["IpPermissionsEgress"][0]["IpProtocol"], "-1")
        self.assertNotIn("FromPort", shown["IpPermissionsEgress"][0])
        ids = [one["SecurityGroupRuleId"] for one in made]
        self.assertIs(ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=ids)["Return"], True)
        rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])["SecurityGroupRules"]
        self.assertEqual([one["IsEgress"] for one in rules], [True])
        self.refused("InvalidGroup.Duplicate", ec2.create_security_group, GroupName="web", Description="d")
        ec2.delete_security_group(GroupName="web")

    def test_places_and_paginators(self):
        zones = self.ec2.describe_availability_zones(Filters=[{"Name": "state", "Values": ["available"]}])
        self.assertEqual([one["ZoneName"] for one in zones["AvailabilityZones"]],
                         ["eu-west-1a", "eu-west-1b", "eu-west-1c"])
        self.assertIn("eu-west-1", [one["RegionName"] for one in self.ec2.describe_regions()["Regions"]])
        self.assertEqual(self.ec2.describe_account_attributes(AttributeNames=["supported-platforms"])
                         ["AccountAttributes"][0]["AttributeValues"], [{"AttributeValue": "VPC"}])
        tags = [{"ResourceType": "elastic-ip", "Tags": [{"Key": "many", "Value": "1"}]}]
        for _ in range(7):
            self.ec2.allocate_address(TagSpecifications=tags)
        pages = list(self.ec2.get_paginator("describe_tags").paginate(
            Filters=[{"Name": "key", "Values": ["many"]}], PaginationConfig={"PageSize": 5}))
        self.assertEqual([len(page["Tags"]) for page in pages], [5, 2])
        for address in self.ec2.describe_addresses(Filters=[{"Name": "tag:many", "Values": ["1"]}])["Addresses"]:
            self.ec2.release_address(AllocationId=address["AllocationId"])

    def test_what_is_not_there_is_refused_by_name(self):
        reply = self.refused("InvalidAction", self.ec2.describe_instances)
        self.assertIn("DescribeInstances", reply["Error"]["Message"])
        reply = self.refused("UnknownParameter", self.ec2.create_vpc, CidrBlock="10.0.0.0/16", Ipv4IpamPoolId="ipam-1")
        self.assertIn("Ipv4IpamPoolId", reply["Error"]["Message"])
        reply = self.refused("DryRunOperation", self.ec2.create_vpc, CidrBlock="10.0.0.0/16", DryRun=True)
        self.assertEqual(reply["ResponseMetadata"]["HTTPStatusCode"], 412)

    def test_the_aws_cli_reads_it(self):
        vpcs = self.weir.aws("ec2", "describe-vpcs", "--filters", "Name=is-default,Values=true")["Vpcs"]
        self.assertEqual([one["CidrBlock"] for one in vpcs], ["172.31.0.0/16"])
        said = self.weir.aws("ec2", "delete-subnet", "--subnet-id", "subnet-00000000000000000", fails=True)
        self.assertIn("InvalidSubnetID.NotFound", said)


class Iam(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.enterClassContext(weir := Weir())
        cls.weir, cls.iam = weir, weir.client("iam")

    def test_roles_policies_and_profiles(self):
        iam, trust = self.iam, {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
        role = iam.create_role(RoleName="task", AssumeRolePolicyDocument=json.dumps(trust),
                               Tags=[{"Key": "a", "Value": "b"}])["Role"]
        self.assertEqual(role["Arn"], "arn:aws:iam::000000000000:role/task")
        self.assertEqual(iam.get_role(RoleName="task")["Role"]["AssumeRolePolicyDocument"], trust)
        iam.get_waiter("role_exists").wait(RoleName="task")
        # SDKs that are stricter than boto3 want the node of a result that has no members.
        reply = self.weir.query("iam", "2010-05-08", "UpdateRole", {"RoleName": "task", "Description": "d"})
        self.assertIn("<UpdateRoleResult></UpdateRoleResult>", reply)
        reply = self.weir.query("iam", "2010-05-08", "TagRole", {
            "RoleName": "task", "Tags.member.1.Key": "a", "Tags.member.1.Value": "c"})
        self.assertNotIn("Result>", reply)
        policy = iam.create_policy(PolicyName="own", PolicyDocument=json.dumps(trust))["Policy"]["Arn"]
        self.assertEqual(iam.get_policy_version(PolicyArn=policy, VersionId="v1")["PolicyVersion"]["Document"], trust)
        iam.attach_role_policy(RoleName="task", PolicyArn=policy)
        iam.put_role_policy(RoleName="task", PolicyName="in", PolicyDocument=json.dumps(trust))
        self.assertEqual(iam.get_role_policy(RoleName="task", PolicyName="in")["PolicyDocument"], trust)
        self.assertEqual(iam.list_attached_role_policies(RoleName="task")["AttachedPolicies"],
                         [{"PolicyName": "own", "PolicyArn": policy}])
        with self.assertRaises(iam.exceptions.DeleteConflictException):
            iam.delete_role(RoleName="task")
        with self.assertRaises(iam.exceptions.EntityAlreadyExistsException):
            iam.create_role(RoleName="task", AssumeRolePolicyDocument=json.dumps(trust))
        with self.assertRaises(iam.exceptions.NoSuchEntityException):
            iam.get_role(RoleName="other")
        iam.detach_role_policy(RoleName="task", PolicyArn=policy)
        iam.delete_role_policy(RoleName="task", PolicyName="in")
        iam.delete_role(RoleName="task")
        iam.delete_policy(PolicyArn=policy)
        names = [f"r{number}" for number in range(5)]
        for name in names:
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
        pages = iam.get_paginator("list_roles").paginate(PaginationConfig={"PageSize": 2})
        self.assertEqual([role["RoleName"] for page in pages for role in page["Roles"]], names)


if __name__ == "__main__":
    unittest.main()
