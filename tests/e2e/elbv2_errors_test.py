"""What elbv2 refuses: each by AWS's code in Query's XML shape, nothing of it half-applied; and a port that is taken from a
listener: told where one looks for it, and mended when it is free."""

import os
import signal
import socket
import unittest
import xml.etree.ElementTree as xml

from backends import certificate
from weir_testing import HELLO, Weir, free_port, listening, wait_until

NAMESPACE = "{http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/}"
MISSING = "arn:aws:elasticloadbalancing:eu-west-1:000000000000"


def members(name, *values):
    return {f"{name}.member.{i}": value for i, value in enumerate(values, 1)}


def tags(count):
    return {f"Tags.member.{i}.{part}": f"{part}{i}" for i in range(1, count + 1) for part in ("Key", "Value")}


def answers(prefix, count=1, **more):
    return {f"{prefix}.member.{i}.{key}": value for i in range(1, count + 1) for key, value in {
        "Type": "fixed-response", "FixedResponseConfig.StatusCode": "200", **more}.items()}


def path(pattern):
    return {"Conditions.member.1.Field": "path-pattern", "Conditions.member.1.Values.member.1": pattern}


class Refused(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.enterClassContext(weir := Weir())
        cls.weir, elbv2 = weir, weir.elbv2
        cls.balancer, cls.group = weir.balancer("front"), weir.target_group("web")
        cls.listener, cls.port = weir.listener(cls.balancer, cls.group)
        cls.tcp = elbv2.create_target_group(Name="raw", Protocol="TCP", Port=1, VpcId="v")["TargetGroups"][0]["TargetGroupArn"]
        cls.network = elbv2.create_load_balancer(Name="net", Type="network")["LoadBalancers"][0]["LoadBalancerArn"]
        cls.rules = [elbv2.create_rule(ListenerArn=cls.listener, Priority=priority, Conditions=[
            {"Field": "path-pattern", "Values": ["/a"]}], Actions=[{"Type": "forward", "TargetGroupArn": cls.group}])[
                "Rules"][0]["RuleArn"] for priority in (1, 2)]
        elbv2.register_targets(TargetGroupArn=cls.group, Targets=[{"Id": "127.0.0.1", "Port": 9}])
        pem, key = certificate("errors.test")
        cls.certificate = weir.client("acm").import_certificate(Certificate=pem, PrivateKey=key)["CertificateArn"]

    def everything(self):
        elbv2 = self.weir.elbv2
        said = [elbv2.describe_load_balancers()["LoadBalancers"], elbv2.describe_target_groups()["TargetGroups"]]
        for balancer in (self.balancer, self.network):
            said.append(elbv2.describe_listeners(LoadBalancerArn=balancer)["Listeners"])
            said.append(elbv2.describe_load_balancer_attributes(LoadBalancerArn=balancer)["Attributes"])
        for group in (self.group, self.tcp):
            said.append(elbv2.describe_target_group_attributes(TargetGroupArn=group)["Attributes"])
            said.append([one["Target"] for one in elbv2.describe_target_health(TargetGroupArn=group)[
                "TargetHealthDescriptions"]])
        said.append(elbv2.describe_rules(ListenerArn=self.listener)["Rules"])
        return said + [elbv2.describe_tags(ResourceArns=[self.balancer, self.group, self.listener])["TagDescriptions"]]

    def refused(self, code, action, **parameters):
        text = self.weir.query_error("elasticloadbalancing", "2015-12-01", action, parameters)
        root = xml.fromstring(text)
        self.assertEqual(root.tag, NAMESPACE + "ErrorResponse", text)
        error = root.find(NAMESPACE + "Error")
        self.assertEqual([child.tag for child in error], [NAMESPACE + name for name in ("Type", "Code", "Message")], text)
        self.assertEqual((error[0].text, error[1].text), ("Sender", code), text)
        self.assertTrue(error[2].text, text)
        self.assertRegex(root.findtext(NAMESPACE + "RequestId"), r"^[0-9a-f-]{36}$")

    def test_every_code_in_its_shape_and_nothing_half_applied(self):
        forward = {"DefaultActions.member.1.Type": "forward", "DefaultActions.member.1.TargetGroupArn": self.group}
        listener = {"LoadBalancerArn": self.balancer, "Protocol": "HTTP", "Port": str(free_port()), **forward}
        https = {**listener, "Protocol": "HTTPS"}
        rule = {"ListenerArn": self.listener, "Priority": "3", **path("/x"), **answers("Actions")}
        nowhere = {"Actions.member.1.Type": "redirect", "Actions.member.1.RedirectConfig.StatusCode": "HTTP_301"}
        targets = {f"Targets.member.{i}.{key}": value for i in range(1, 1002)
                   for key, value in {"Id": "127.0.0.1", "Port": str(i)}.items()}
        missing = {"Certificates.member.1.CertificateArn": "arn:aws:acm:eu-west-1:000000000000:certificate/none"}
        rows = [
            ("ValidationError", "CreateLoadBalancer", {"Name": "a" * 33}),
            ("ValidationError", "CreateLoadBalancer", {}),
            ("ValidationError", "CreateTargetGroup", {"Name": "bad", "Protocol": "HTTP", "Port": "0", "VpcId": "v"}),
            ("MalformedInput", "CreateTargetGroup", {"Name": "bad", "Protocol": "HTTP", "Port": "x", "VpcId": "v"}),
            ("ValidationError", "CreateTargetGroup", {"Name": "bad", "Protocol": "HTTP", "Port": "80", "VpcId": "v",
                                                      "Matcher.HttpCode": "700"}),
            ("ValidationError", "ModifyTargetGroup", {"TargetGroupArn": self.group, "HealthCheckIntervalSeconds": "5",
                                                      "HealthCheckTimeoutSeconds": "6"}),
            ("ValidationError", "ModifyTargetGroupAttributes", {
                "TargetGroupArn": self.group, "Attributes.member.1.Key": "deregistration_delay.timeout_seconds",
                "Attributes.member.1.Value": "1", "Attributes.member.2.Key": "slow_start.duration_seconds",
                "Attributes.member.2.Value": "29"}),
            ("ValidationError", "ModifyLoadBalancerAttributes", {
                "LoadBalancerArn": self.balancer, "Attributes.member.1.Key": "idle_timeout.timeout_seconds",
                "Attributes.member.1.Value": "5", "Attributes.member.2.Key": "deletion_protection.enabled",
                "Attributes.member.2.Value": "maybe"}),
            ("ValidationError", "CreateRule", {**rule, "Priority": "50001"}),
            ("ValidationError", "CreateRule", {**rule, **path("/a b")}),
            ("ValidationError", "DescribeLoadBalancers", {"Marker": "nonsense"}),
            ("DuplicateLoadBalancerName", "CreateLoadBalancer", {"Name": "front", "Scheme": "internal"}),
            ("DuplicateTargetGroupName", "CreateTargetGroup", {"Name": "web", "Protocol": "HTTP", "Port": "81", "VpcId": "v"}),
            ("DuplicateListener", "CreateListener", {**listener, "Port": str(self.port)}),
            ("DuplicateTagKeys", "AddTags", {**members("ResourceArns", self.balancer, self.group), "Tags.member.1.Key": "k",
                                             "Tags.member.1.Value": "1", "Tags.member.2.Key": "k", "Tags.member.2.Value": "2"}),
            ("LoadBalancerNotFound", "CreateListener", {**listener, "LoadBalancerArn": self.balancer + "0"}),
            ("LoadBalancerNotFound", "DescribeLoadBalancers", members("Names", "nobody")),
            ("TargetGroupNotFound", "CreateListener", {**listener, "DefaultActions.member.1.TargetGroupArn":
                                                       f"{MISSING}:targetgroup/none/0123456789abcdef"}),
            ("TargetGroupNotFound", "DescribeTargetHealth", {"TargetGroupArn": self.group + "0"}),
            ("ListenerNotFound", "ModifyListener", {"ListenerArn": self.listener + "0", "Port": "1"}),
            ("RuleNotFound", "ModifyRule", {"RuleArn": self.rules[0] + "0", **answers("Actions")}),
            ("PriorityInUse", "CreateRule", {**rule, "Priority": "2"}),
            ("PriorityInUse", "SetRulePriorities", {
                "RulePriorities.member.1.RuleArn": self.rules[0], "RulePriorities.member.1.Priority": "9",
                "RulePriorities.member.2.RuleArn": self.rules[1], "RulePriorities.member.2.Priority": "9"}),
            ("ResourceInUse", "DeleteTargetGroup", {"TargetGroupArn": self.group}),
            ("OperationNotPermitted", "DeleteRule", {"RuleArn": self.weir.elbv2.describe_rules(
                ListenerArn=self.listener)["Rules"][-1]["RuleArn"]}),
            ("InvalidTarget", "RegisterTargets", {"TargetGroupArn": self.group, "Targets.member.1.Id": "127.0.0.2",
                                                  "Targets.member.2.Id": "i-0123456789abcdef0"}),
            ("InvalidTarget", "DeregisterTargets", {"TargetGroupArn": self.group, "Targets.member.1.Id": "nowhere"}),
            ("IncompatibleProtocols", "CreateListener", {**listener, "DefaultActions.member.1.TargetGroupArn": self.tcp}),
            ("IncompatibleProtocols", "ModifyListener", {"ListenerArn": self.listener, "DefaultActions.member.1.Type":
                                                         "forward", "DefaultActions.member.1.TargetGroupArn": self.tcp}),
            ("CertificateNotFound", "CreateListener", {**https, **missing}),
            ("SSLPolicyNotFound", "CreateListener", {**https, "SslPolicy": "none", "Certificates.member.1.CertificateArn": self.certificate}),
            ("InvalidLoadBalancerAction", "CreateRule", {"ListenerArn": self.listener, "Priority": "3", **path("/x"), **nowhere}),
            ("InvalidConfigurationRequest", "CreateRule", {**rule, **answers("Actions", Type="authenticate-oidc")}),
            ("InvalidConfigurationRequest", "CreateRule", {**rule, **answers("Actions", Type="authenticate-cognito")}),
            ("InvalidConfigurationRequest", "CreateLoadBalancer", {"Name": "gate", "Type": "gateway"}),
            ("TooManyActions", "CreateRule", {**rule, **answers("Actions", 2)}),
            ("TooManyTags", "AddTags", {**members("ResourceArns", self.balancer, self.group), **tags(51)}),
            ("TooManyTargets", "RegisterTargets", {"TargetGroupArn": self.group, **targets}),
        ]
        before = self.everything()
        for code, action, parameters in rows:
            with self.subTest(f"{code} of {action}"):
                self.refused(code, action, **parameters)
        self.assertEqual(self.everything(), before)

    def test_a_listener_of_each_port_and_one_too_many(self):
        balancer = self.weir.balancer("many")
        make = {"LoadBalancerArn": balancer, "Protocol": "HTTP", **answers("DefaultActions")}
        for _ in range(50):
            self.weir.query("elasticloadbalancing", "2015-12-01", "CreateListener", {**make, "Port": str(free_port())})
        self.refused("TooManyListeners", "CreateListener", **make, Port=str(free_port()))
        self.weir.elbv2.delete_load_balancer(LoadBalancerArn=balancer)


class Ports(unittest.TestCase):
    def test_a_port_that_is_taken_is_told_and_heals(self):
        weir = self.enterContext(Weir())
        weir.import_image("hello:1", HELLO)
        weir.ecs.create_cluster(clusterName="test")
        group = weir.target_group("taken")
        _, port = weir.listener(balancer := weir.balancer("taken"), group)
        weir.create_service("taken", weir.task_definition("taken"), 1, group)
        weir.stable("taken")
        weir.kill()
        os.kill(int((weir.state / "proxy.pid").read_text().split()[0]), signal.SIGKILL)
        wait_until(lambda: not listening(port), "nobody listens", 10)

        def state():
            shown = weir.elbv2.describe_load_balancers(LoadBalancerArns=[balancer])["LoadBalancers"][0]["State"]
            return shown["Code"], shown.get("Reason", "")

        def events():
            return [event["message"] for event in weir.service("taken")["events"]]
        with socket.create_server(("127.0.0.1", port)):
            weir.start()
            code, reason = wait_until(lambda: (said := state())[0] != "active" and said, "the balancer says so", 20)
            self.assertEqual(code, "active_impaired")
            self.assertRegex(reason, rf"^The listener on port {port} cannot be reached: .*Address already in use")
            told = wait_until(lambda: [one for one in events() if "is not reachable" in one], "the service says so", 10)
            self.assertRegex(told[0], rf"^\(service taken\) is not reachable through its load balancer's listener on port {port}: ")
            self.assertIn("Address already in use", weir.run("status").stdout)
        wait_until(lambda: state() == ("active", ""), "it heals", 20)
        wait_until(lambda: f"(service taken) is reachable again through its load balancer's listener on port {port}." in
                   events(), "the service says that too", 10)
        self.assertTrue(listening(port))


if __name__ == "__main__":
    unittest.main()
