"""Listener rules as boto3 and the aws CLI make them, and as requests meet them: a rule answers with its own name."""

import http.client
import unittest

from weir_testing import Weir, free_port, wait_until


def answer(body, status="200"):
    return [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": status, "MessageBody": body,
                                                               "ContentType": "text/plain"}}]


def path(*patterns):
    return {"Field": "path-pattern", "Values": list(patterns)}


class Rules(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.enterClassContext(weir := Weir())
        cls.weir, cls.elbv2, cls.aws = weir, weir.elbv2, staticmethod(weir.aws)

    def listener(self, name, actions=None):
        self.balancer, self.port = self.weir.balancer(name), free_port()
        made = self.elbv2.create_listener(LoadBalancerArn=self.balancer, Protocol="HTTP", Port=self.port,
                                          DefaultActions=actions or answer("default", "404"))
        self.addCleanup(self.elbv2.delete_load_balancer, LoadBalancerArn=self.balancer)
        return made["Listeners"][0]["ListenerArn"]

    def rule(self, listener, priority, *conditions, actions=None, **more):
        made = self.elbv2.create_rule(ListenerArn=listener, Priority=priority, Conditions=list(conditions),
                                      Actions=actions or answer(f"rule-{priority}"), **more)
        return made["Rules"][0]["RuleArn"]

    def ask(self, target, method="GET", **headers):
        """(status, body, Location)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, target, headers={name.replace("_", "-"): value for name, value in headers.items()})
            response = connection.getresponse()
            return response.status, response.read().decode(), response.getheader("Location")
        except OSError:
            return None, None, None
        finally:
            connection.close()

    def comes_to_say(self, body, target, **headers):
        wait_until(lambda: self.ask(target, **headers)[1] == body, f"{target} is answered by {body}", 10)

    def test_a_rule_takes_what_it_says_and_nothing_else(self):
        listener = self.listener("takes")
        made = self.aws("elbv2", "create-rule", "--listener-arn", listener, "--priority", "1", "--conditions",
                        "Field=path-pattern,Values=/mysfits/*/like", "--actions", answer("like"))["Rules"][0]
        self.assertEqual((made["Priority"], made["IsDefault"]), ("1", False))
        self.assertEqual(made["Conditions"][0]["PathPatternConfig"]["Values"], ["/mysfits/*/like"])
        self.comes_to_say("like", "/mysfits/1/like")
        self.assertEqual(self.ask("/mysfits/a/b/like?x")[1], "like")
        self.assertEqual(self.ask("/mysfits/ID/fulfill-like")[:2], (404, "default"))

    def test_every_kind_of_condition_acts(self):
        listener = self.listener("kinds")
        self.rule(listener, 10, {"Field": "host-header", "HostHeaderConfig": {"Values": ["*.shop.example"]}})
        self.rule(listener, 20, {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Beta",
                                                                              "Values": ["yes", "o?"]}})
        self.rule(listener, 30, {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["PUT"]}})
        self.rule(listener, 40, {"Field": "query-string", "QueryStringConfig": {
            "Values": [{"Key": "version", "Value": "v1"}, {"Value": "*any*"}]}})
        self.rule(listener, 50, {"Field": "source-ip", "SourceIpConfig": {"Values": ["192.0.2.0/24"]}}, path("/from"))
        self.rule(listener, 60, {"Field": "source-ip", "SourceIpConfig": {"Values": ["127.0.0.0/8"]}}, path("/from"))
        self.comes_to_say("rule-60", "/from")
        rows = (("/", {"Host": "a.SHOP.example"}, "rule-10"), ("/", {"Host": "shop.example"}, "default"),
                ("/", {"X_Beta": "ON"}, "rule-20"), ("/", {"X_Beta": "one"}, "default"),
                ("/", {"method": "PUT"}, "rule-30"), ("/?a=b&version=V1", {}, "rule-40"),
                ("/?x=many", {}, "rule-40"), ("/?version=v2", {}, "default"))
        for target, how, body in rows:
            self.assertEqual(self.ask(target, **how)[1], body, (target, how))

    def test_the_lowest_priority_is_asked_first_and_priorities_can_be_swapped(self):
        listener = self.listener("order")
        first, second = self.rule(listener, 5, path("/*")), self.rule(listener, 50, path("/a"))
        self.comes_to_say("rule-5", "/a")
        self.elbv2.set_rule_priorities(RulePriorities=[{"RuleArn": first, "Priority": 50},
                                                       {"RuleArn": second, "Priority": 5}])
        self.comes_to_say("rule-50", "/a")
        self.assertEqual(self.ask("/b")[1], "rule-5")
        pages = self.elbv2.get_paginator("describe_rules").paginate(ListenerArn=listener,
                                                                    PaginationConfig={"PageSize": 1})
        self.assertEqual([rule["Priority"] for page in pages for rule in page["Rules"]], ["5", "50", "default"])
        self.aws("elbv2", "delete-rule", "--rule-arn", second)
        self.comes_to_say("rule-5", "/a")

    def test_redirects_of_rules_and_listeners(self):
        listener = self.listener("moved", [{"Type": "redirect", "RedirectConfig": {
            "Protocol": "HTTPS", "Port": "8443", "StatusCode": "HTTP_301"}}])
        self.rule(listener, 1, path("/old/*"), actions=[{"Type": "redirect", "RedirectConfig": {
            "Host": "new.#{host}", "Path": "/new/#{path}", "Query": "from=#{port}&#{query}", "StatusCode": "HTTP_302"}}])
        wait_until(lambda: self.ask("/old/x?a=b")[0] == 302, "the rule is there", 10)
        self.assertEqual(self.ask("/old/x?a=b", Host="h.example")[2],
                         f"http://new.h.example:{self.port}/new/old/x?from={self.port}&a=b")
        self.assertEqual(self.ask("/x?y", Host="h.example"), (301, "", "https://h.example:8443/x?y"))

    def test_a_changed_rule_acts_and_one_change_leaves_the_rest(self):
        listener = self.listener("change")
        rule = self.rule(listener, 1, path("/a"), Tags=[{"Key": "k", "Value": "v"}])
        self.comes_to_say("rule-1", "/a")
        self.elbv2.modify_rule(RuleArn=rule, Actions=answer("changed"))
        self.comes_to_say("changed", "/a")
        self.elbv2.modify_rule(RuleArn=rule, Conditions=[path("/b")])
        self.comes_to_say("changed", "/b")
        self.assertEqual(self.ask("/a")[1], "default")
        tags = self.elbv2.describe_tags(ResourceArns=[rule])["TagDescriptions"][0]["Tags"]
        self.assertEqual(tags, [{"Key": "k", "Value": "v"}])

    def test_a_service_behind_a_group_that_only_a_rule_uses(self):
        listener, group = self.listener("behind"), self.weir.target_group("behind")
        definition = self.weir.task_definition("behind")
        with self.assertRaisesRegex(self.weir.ecs.exceptions.InvalidParameterException, "associated load balancer"):
            self.weir.create_service("behind", definition, 0, group, cluster=self.cluster())
        self.rule(listener, 1, path("/app*"), actions=[{"Type": "forward", "TargetGroupArn": group}])
        self.weir.create_service("behind", definition, 0, group)
        self.comes_to_say("No backend is in service.\n", "/app")
        self.weir.ecs.delete_service(cluster="test", service="behind", force=True)

    def cluster(self):
        self.weir.ecs.create_cluster(clusterName="test")
        return "test"

    def test_errors_are_of_the_classes_that_boto3_knows(self):
        elbv2, known = self.elbv2, self.elbv2.exceptions
        listener, group = self.listener("errors"), self.weir.target_group("errors-rules")
        rule = self.rule(listener, 1, path("/a"), actions=[{"Type": "forward", "TargetGroupArn": group}])
        default = elbv2.describe_rules(ListenerArn=listener)["Rules"][-1]["RuleArn"]
        make = {"ListenerArn": listener, "Priority": 2, "Conditions": [path("/a")], "Actions": answer("x")}
        rows = [
            (known.PriorityInUseException, elbv2.create_rule, {**make, "Priority": 1}),
            (known.ListenerNotFoundException, elbv2.create_rule, {**make, "ListenerArn": listener + "0"}),
            (known.TargetGroupNotFoundException, elbv2.create_rule,
             {**make, "Actions": [{"Type": "forward", "TargetGroupArn": group + "0"}]}),
            (known.TooManyActionsException, elbv2.create_rule, {**make, "Actions": answer("x") * 2}),
            (known.InvalidConfigurationRequestException, elbv2.create_rule,
             {**make, "Actions": [{"Type": "authenticate-cognito", "AuthenticateCognitoConfig": {
                 "UserPoolArn": "a", "UserPoolClientId": "b", "UserPoolDomain": "c"}}]}),
            (known.InvalidLoadBalancerActionException, elbv2.create_rule,
             {**make, "Actions": [{"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301"}}]}),
            (known.RuleNotFoundException, elbv2.delete_rule, {"RuleArn": rule + "0"}),
            (known.RuleNotFoundException, elbv2.modify_rule, {"RuleArn": "none", "Actions": answer("x")}),
            (known.OperationNotPermittedException, elbv2.delete_rule, {"RuleArn": default}),
            (known.ResourceInUseException, elbv2.delete_target_group, {"TargetGroupArn": group}),
            (known.PriorityInUseException, elbv2.set_rule_priorities, {"RulePriorities": [
                {"RuleArn": rule, "Priority": 3}, {"RuleArn": self.rule(listener, 9, path("/b")), "Priority": 3}]}),
        ]
        for kind, call, arguments in rows:
            with self.subTest(kind.__name__), self.assertRaises(kind):
                call(**arguments)
        said = self.aws("elbv2", "create-rule", "--listener-arn", listener, "--priority", "3", "--conditions",
                        "Field=path-pattern,Values=/a b", "--actions", answer("x"), fails=True)
        self.assertIn("(ValidationError)", said)
        self.assertIn("invalid characters", said)


if __name__ == "__main__":
    unittest.main()
