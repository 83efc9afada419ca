"""elbv2 as boto3 and the aws CLI meet it: paginators, waiters, error classes, and the order in which Terraform calls."""

import unittest

from weir_testing import Weir, free_port

# What Terraform sends for every application load balancer: all of them at AWS's defaults.
TERRAFORM = {
    "access_logs.s3.enabled": "false", "connection_logs.s3.enabled": "false", "deletion_protection.enabled": "false",
    "zonal_shift.config.enabled": "false", "client_keep_alive.seconds": "3600", "idle_timeout.timeout_seconds": "30",
    "routing.http2.enabled": "true", "waf.fail_open.enabled": "false",
    "routing.http.drop_invalid_header_fields.enabled": "false", "routing.http.desync_mitigation_mode": "defensive",
    "routing.http.preserve_host_header.enabled": "false",
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
    "routing.http.xff_client_port.enabled": "false", "routing.http.xff_header_processing.mode": "append"}


def attributes(values):
    return [{"Key": key, "Value": value} for key, value in values.items()]


class Elbv2(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.enterClassContext(weir := Weir())
        cls.weir, cls.elbv2, cls.aws = weir, weir.elbv2, staticmethod(weir.aws)

    def test_the_calls_of_terraform(self):
        elbv2, known = self.elbv2, self.elbv2.exceptions
        with self.assertRaises(known.LoadBalancerNotFoundException):
            elbv2.describe_load_balancers(Names=["tf"])
        made = elbv2.create_load_balancer(Name="tf", Subnets=["subnet-1", "subnet-2"], SecurityGroups=["sg-1"],
                                          Type="application", Tags=[{"Key": "a", "Value": "b"}])["LoadBalancers"][0]
        balancer = made["LoadBalancerArn"]
        elbv2.get_waiter("load_balancer_available").wait(LoadBalancerArns=[balancer])
        elbv2.modify_load_balancer_attributes(LoadBalancerArn=balancer, Attributes=attributes(TERRAFORM))
        held = elbv2.describe_load_balancer_attributes(LoadBalancerArn=balancer)["Attributes"]
        held = {one["Key"]: one["Value"] for one in held}
        self.assertEqual({key: held[key] for key in TERRAFORM}, TERRAFORM)

        with self.assertRaises(known.TargetGroupNotFoundException):
            elbv2.describe_target_groups(Names=["tf"])
        group = self.aws("elbv2", "create-target-group", "--name", "tf", "--protocol", "HTTP", "--port", "5000",
                         "--protocol-version", "", "--target-type", "ip", "--vpc-id", "vpc-1", "--health-check-path",
                         "/", "--health-check-port", "traffic-port", "--health-check-interval-seconds", "30",
                         "--health-check-timeout-seconds", "3", "--healthy-threshold-count", "3",
                         "--unhealthy-threshold-count", "2", "--matcher", "HttpCode=200")["TargetGroups"][0]
        self.assertEqual(group["ProtocolVersion"], "HTTP1")
        group = group["TargetGroupArn"]
        elbv2.modify_target_group_attributes(TargetGroupArn=group, Attributes=attributes({
            "deregistration_delay.timeout_seconds": "300", "slow_start.duration_seconds": "0",
            "load_balancing.algorithm.type": "round_robin", "stickiness.enabled": "false"}))
        listener = elbv2.create_listener(
            LoadBalancerArn=balancer, Protocol="HTTP", Port=free_port(),
            DefaultActions=[{"Type": "forward", "TargetGroupArn": group}])["Listeners"][0]["ListenerArn"]
        self.assertEqual(elbv2.describe_listeners(ListenerArns=[listener])["Listeners"][0]["LoadBalancerArn"], balancer)
        tags = elbv2.describe_tags(ResourceArns=[balancer, group, listener])["TagDescriptions"]
        self.assertEqual([one["Tags"] for one in tags], [[{"Key": "a", "Value": "b"}], [], []])
        self.assertEqual(elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"], [])

        elbv2.delete_listener(ListenerArn=listener)
        elbv2.delete_target_group(TargetGroupArn=group)
        elbv2.delete_load_balancer(LoadBalancerArn=balancer)
        elbv2.get_waiter("load_balancers_deleted").wait(LoadBalancerArns=[balancer])

    def test_a_balancer_stands_where_it_is_put(self):
        elbv2, ec2 = self.elbv2, self.weir.client("ec2")
        subnets = {one["AvailabilityZone"]: one["SubnetId"] for one in ec2.describe_subnets()["Subnets"]}
        balancer = self.weir.balancer("stands")
        zones = elbv2.set_subnets(LoadBalancerArn=balancer, Subnets=list(subnets.values())[:2])["AvailabilityZones"]
        self.assertEqual({zone["ZoneName"]: zone["SubnetId"] for zone in zones}, dict(list(subnets.items())[:2]))
        group = ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]
        self.assertEqual(elbv2.set_security_groups(LoadBalancerArn=balancer, SecurityGroups=[group])["SecurityGroupIds"], [group])
        shown = elbv2.describe_load_balancers(LoadBalancerArns=[balancer])["LoadBalancers"][0]
        self.assertEqual((shown["SecurityGroups"], len(shown["AvailabilityZones"])), ([group], 2))
        self.assertEqual(shown["VpcId"], ec2.describe_vpcs()["Vpcs"][0]["VpcId"])
        elbv2.set_ip_address_type(LoadBalancerArn=balancer, IpAddressType="ipv4")
        reply = self.weir.query("elasticloadbalancing", "2015-12-01", "DescribeCapacityReservation",
                                {"LoadBalancerArn": balancer})
        self.assertIn("<CapacityReservationState></CapacityReservationState>", reply)

    def test_paginators_see_each_item_once(self):
        names = [f"page-{i}" for i in range(5)]
        for name in names:
            self.weir.balancer(name)
            self.weir.target_group(name)
        for paginator, member, key in (("describe_load_balancers", "LoadBalancers", "LoadBalancerName"),
                                       ("describe_target_groups", "TargetGroups", "TargetGroupName")):
            pages = list(self.elbv2.get_paginator(paginator).paginate(PaginationConfig={"PageSize": 2}))
            self.assertGreaterEqual(len(pages), 3)
            found = [one[key] for page in pages for one in page[member]]
            self.assertEqual([name for name in found if name in names], names)

    def test_weights_and_rules(self):
        balancer = self.weir.balancer("weights")
        blue, green = self.weir.target_group("w-blue"), self.weir.target_group("w-green", grpc=True)
        listener, _ = self.weir.listener(balancer, blue)
        weighted = [{"Type": "forward", "ForwardConfig": {"TargetGroups": [
            {"TargetGroupArn": blue, "Weight": 0}, {"TargetGroupArn": green, "Weight": 999}]}}]
        self.elbv2.modify_listener(ListenerArn=listener, DefaultActions=weighted)
        rule = self.elbv2.describe_rules(ListenerArn=listener)["Rules"][0]
        self.assertEqual((rule["Priority"], rule["IsDefault"], rule["Conditions"]), ("default", True, []))
        self.assertEqual(rule["Actions"][0]["ForwardConfig"]["TargetGroups"], weighted[0]["ForwardConfig"]["TargetGroups"])
        health = self.elbv2.describe_target_health(TargetGroupArn=green, Targets=[{"Id": "10.0.0.1", "Port": 1}])
        self.assertEqual(health["TargetHealthDescriptions"][0]["TargetHealth"]["Reason"], "Target.NotRegistered")

    def test_errors_are_of_the_classes_that_boto3_knows(self):
        elbv2, known = self.elbv2, self.elbv2.exceptions
        balancer, other = self.weir.balancer("errors"), self.weir.balancer("errors-other")
        group = self.weir.target_group("errors")
        listener, port = self.weir.listener(balancer, group)
        forward = [{"Type": "forward", "TargetGroupArn": group}]
        rows = [
            (known.DuplicateLoadBalancerNameException, elbv2.create_load_balancer, {"Name": "errors"}),
            (known.DuplicateTargetGroupNameException, elbv2.create_target_group,
             {"Name": "errors", "Protocol": "HTTP", "Port": 1}),
            (known.DuplicateListenerException, elbv2.create_listener,
             {"LoadBalancerArn": balancer, "Protocol": "HTTP", "Port": port, "DefaultActions": forward}),
            (known.TargetGroupAssociationLimitException, elbv2.create_listener,
             {"LoadBalancerArn": other, "Protocol": "HTTP", "Port": port, "DefaultActions": forward}),
            (known.ResourceInUseException, elbv2.delete_target_group, {"TargetGroupArn": group}),
            (known.ListenerNotFoundException, elbv2.delete_listener, {"ListenerArn": listener + "0"}),
            (known.RuleNotFoundException, elbv2.describe_rules, {"RuleArns": ["none"]}),
            (known.InvalidConfigurationRequestException, elbv2.create_listener,
             {"LoadBalancerArn": balancer, "Protocol": "HTTP", "Port": 1, "DefaultActions": [
                 {"Type": "authenticate-oidc"}]}),
            (known.DuplicateTagKeysException, elbv2.create_load_balancer,
             {"Name": "a", "Tags": [{"Key": "k", "Value": "1"}, {"Key": "k", "Value": "2"}]}),
        ]
        for kind, call, arguments in rows:
            with self.subTest(kind.__name__), self.assertRaises(kind):
                call(**arguments)
        said = self.aws("elbv2", "create-load-balancer", "--name", "a" * 33, fails=True)
        self.assertIn("(ValidationError)", said)
        self.assertIn("cannot be longer than '32' characters", said)


if __name__ == "__main__":
    unittest.main()
