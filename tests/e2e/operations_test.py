"""Every implemented operation, called with the unmodified aws CLI; boto3's own waiters, with their own patience."""

import unittest

from weir_testing import HELLO, Weir, free_port, version_of, wait_until

CONTAINER = {"name": "app", "image": "hello:1", "command": ["./hello"], "essential": True, "memory": 64, "stopTimeout": 5,
             "portMappings": [{"containerPort": 8080}], "environment": [{"name": "VERSION", "value": "1"}]}


class Operations(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.enterClassContext(weir := Weir())
        weir.import_image("hello:1", HELLO)
        cls.weir, cls.aws = weir, staticmethod(weir.aws)

    def test_sts(self):
        identity = self.aws("sts", "get-caller-identity")
        self.assertEqual(identity["Account"], "000000000000")
        self.assertRegex(identity["Arn"], r"^arn:aws:(iam|sts)::000000000000:")

    def test_clusters_and_task_definitions(self):
        cluster = self.aws("ecs", "create-cluster", "--cluster-name", "one")["cluster"]
        self.assertEqual((cluster["clusterName"], cluster["status"]), ("one", "ACTIVE"))
        self.assertEqual(cluster["clusterArn"], "arn:aws:ecs:eu-west-1:000000000000:cluster/one")
        described = self.aws("ecs", "describe-clusters", "--clusters", "one", "nowhere")
        self.assertEqual([c["clusterArn"] for c in described["clusters"]], [cluster["clusterArn"]])
        self.assertEqual([f["reason"] for f in described["failures"]], ["MISSING"])

        for revision in (1, 2):
            registered = self.aws("ecs", "register-task-definition", "--family", "web", "--network-mode", "bridge",
                                  "--container-definitions", [CONTAINER])["taskDefinition"]
            self.assertEqual(registered["revision"], revision)
        arn = "arn:aws:ecs:eu-west-1:000000000000:task-definition/web:"
        newest = self.aws("ecs", "describe-task-definition", "--task-definition", "web")["taskDefinition"]
        self.assertEqual((newest["taskDefinitionArn"], newest["status"]), (arn + "2", "ACTIVE"))
        self.assertEqual(newest["containerDefinitions"][0]["command"], ["./hello"])
        first = self.aws("ecs", "describe-task-definition", "--task-definition", "web:1")["taskDefinition"]
        self.assertEqual(first["taskDefinitionArn"], arn + "1")
        listed = self.aws("ecs", "list-task-definitions", "--family-prefix", "web", "--max-items", "1")
        self.assertEqual(listed["taskDefinitionArns"], [arn + "1"])
        self.assertIn("NextToken", listed)
        listed = self.aws("ecs", "list-task-definitions", "--family-prefix", "web", "--sort", "DESC")
        self.assertEqual(listed["taskDefinitionArns"], [arn + "2", arn + "1"])

    def test_from_a_balancer_to_a_service_and_back(self):
        aws = self.aws
        balancer = aws("elbv2", "create-load-balancer", "--name", "front", "--subnets", "subnet-1", "subnet-2")
        balancer = balancer["LoadBalancers"][0]["LoadBalancerArn"]
        self.assertRegex(balancer, r":loadbalancer/app/front/[0-9a-f]{16}$")
        found = aws("elbv2", "describe-load-balancers", "--names", "front")["LoadBalancers"][0]
        self.assertEqual((found["State"]["Code"], found["Type"]), ("active", "application"))
        self.assertRegex(found["DNSName"], r"\.elb\.localhost$")

        groups = []
        for name, version in (("blue", "HTTP1"), ("green", "HTTP1"), ("calls", "GRPC")):
            created = aws("elbv2", "create-target-group", "--name", name, "--protocol", "HTTP", "--port", "8080",
                          "--protocol-version", version, "--vpc-id", "vpc-1", "--health-check-path", "/health",
                          "--health-check-interval-seconds", "5", "--health-check-timeout-seconds", "2")
            self.assertEqual(created["TargetGroups"][0]["ProtocolVersion"], version)
            groups.append(created["TargetGroups"][0]["TargetGroupArn"])
        blue, green, calls = groups
        found = aws("elbv2", "describe-target-groups", "--names", "blue", "green")["TargetGroups"]
        self.assertEqual({group["TargetGroupArn"] for group in found}, {blue, green})

        port = free_port()
        listener = aws("elbv2", "create-listener", "--load-balancer-arn", balancer, "--protocol", "HTTP", "--port",
                       str(port), "--default-actions", f"Type=forward,TargetGroupArn={blue}")
        listener = listener["Listeners"][0]["ListenerArn"]
        found = aws("elbv2", "describe-listeners", "--load-balancer-arn", balancer)["Listeners"]
        self.assertEqual([(one["ListenerArn"], one["Port"]) for one in found], [(listener, port)])

        aws("ecs", "create-cluster", "--cluster-name", "two")
        aws("ecs", "register-task-definition", "--family", "back", "--network-mode", "bridge",
            "--container-definitions", [CONTAINER])
        created = aws("ecs", "create-service", "--cluster", "two", "--service-name", "back", "--task-definition", "back",
                      "--desired-count", "2", "--load-balancers",
                      f"targetGroupArn={blue},containerName=app,containerPort=8080")["service"]
        self.assertEqual((created["status"], created["desiredCount"]), ("ACTIVE", 2))
        self.weir.ecs.get_waiter("services_stable").wait(cluster="two", services=["back"])
        service = aws("ecs", "describe-services", "--cluster", "two", "--services", "back")["services"][0]
        self.assertEqual((service["runningCount"], len(service["deployments"])), (2, 1))
        self.assertIn("has reached a steady state", service["events"][0]["message"])
        self.assertEqual(aws("ecs", "list-services", "--cluster", "two")["serviceArns"], [service["serviceArn"]])
        health = aws("elbv2", "describe-target-health", "--target-group-arn", blue)["TargetHealthDescriptions"]
        self.assertEqual([one["TargetHealth"]["State"] for one in health], ["healthy", "healthy"])
        self.assertEqual(version_of(port), "1")

        tasks = aws("ecs", "list-tasks", "--cluster", "two", "--service-name", "back")["taskArns"]
        self.weir.ecs.get_waiter("tasks_running").wait(cluster="two", tasks=tasks)
        described = aws("ecs", "describe-tasks", "--cluster", "two", "--tasks", *tasks)["tasks"]
        self.assertEqual({task["lastStatus"] for task in described}, {"RUNNING"})
        stopped = aws("ecs", "stop-task", "--cluster", "two", "--task", tasks[0], "--reason", "to see it go")["task"]
        self.assertEqual((stopped["desiredStatus"], stopped["stoppedReason"]), ("STOPPED", "to see it go"))
        self.weir.ecs.get_waiter("tasks_stopped").wait(cluster="two", tasks=tasks[:1])
        self.weir.stable("back", "two")

        forward = [{"Type": "forward", "ForwardConfig": {"TargetGroups": [
            {"TargetGroupArn": blue, "Weight": 90}, {"TargetGroupArn": green, "Weight": 10}]}}]
        modified = aws("elbv2", "modify-listener", "--listener-arn", listener, "--default-actions", forward)
        weights = modified["Listeners"][0]["DefaultActions"][0]["ForwardConfig"]["TargetGroups"]
        self.assertEqual({one["TargetGroupArn"]: one["Weight"] for one in weights}, {blue: 90, green: 10})

        updated = aws("ecs", "update-service", "--cluster", "two", "--service", "back", "--desired-count", "0")
        self.assertEqual(updated["service"]["desiredCount"], 0)
        self.weir.stable("back", "two")
        aws("ecs", "delete-service", "--cluster", "two", "--service", "back")
        self.weir.ecs.get_waiter("services_inactive").wait(cluster="two", services=["back"])
        self.assertIn("ResourceInUse", aws("elbv2", "delete-target-group", "--target-group-arn", blue, fails=True))
        aws("elbv2", "delete-listener", "--listener-arn", listener)
        for group in groups:
            aws("elbv2", "delete-target-group", "--target-group-arn", group)
        aws("elbv2", "delete-load-balancer", "--load-balancer-arn", balancer)
        self.assertIn("LoadBalancerNotFound", aws("elbv2", "describe-load-balancers", "--names", "front", fails=True))
        wait_until(lambda: version_of(port) is None, "the listener is gone")


if __name__ == "__main__":
    unittest.main()
