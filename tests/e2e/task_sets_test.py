"""Task sets through a real `weir serve`: somebody's own script deploys version after version by CreateTaskSet, the weights of a rule,
UpdateServicePrimaryTaskSet and DeleteTaskSet, under a load of which no request fails; and a service of CodeDeploy begins with one."""

import unittest

from weir_testing import HELLO, Prove, Weir, version_of, wait_until

RATE = 200  # requests a second


class TaskSets(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.enterClassContext(weir := Weir("--workers", 1))
        cls.weir, cls.ecs = weir, weir.ecs
        weir.import_image("hello:1", HELLO)
        weir.ecs.create_cluster(clusterName="test")

    def front(self, name):
        """Two target groups behind one rule, and its port."""
        self.name = name
        self.groups = [self.weir.target_group(f"{name}-{i}") for i in "ab"]
        listener, self.port = self.weir.listener(self.weir.balancer(name), self.groups[0])
        made = self.weir.elbv2.create_rule(ListenerArn=listener, Priority=1, Actions=self.actions(1, 0), Conditions=[
            {"Field": "path-pattern", "Values": ["/*"]}])
        self.rule = made["Rules"][0]["RuleArn"]

    def actions(self, *weights):
        return [{"Type": "forward", "ForwardConfig": {"TargetGroups": [
            {"TargetGroupArn": group, "Weight": weight} for group, weight in zip(self.groups, weights)]}}]

    def shift(self, *weights):
        self.weir.elbv2.modify_rule(RuleArn=self.rule, Actions=self.actions(*weights))

    def create_set(self, version, group, percent=100, **more):
        definition = self.weir.task_definition(self.name, VERSION=version)
        return self.ecs.create_task_set(
            cluster="test", service=self.name, taskDefinition=definition, scale={"value": percent, "unit": "PERCENT"},
            loadBalancers=[{"targetGroupArn": group, "containerName": "app", "containerPort": 8080}], **more)["taskSet"]

    def described(self, task_set):
        found = self.ecs.describe_task_sets(cluster="test", service=self.name, taskSets=[task_set["id"]])
        return found["taskSets"][0] if found["taskSets"] else None

    def steady(self, task_set, count):
        def is_so():
            now = self.described(task_set)
            return now["stabilityStatus"] == "STEADY_STATE" and now["runningCount"] == count and now
        return wait_until(is_so, f"{task_set['id']} is steady with {count} tasks", 30)

    def call(self, operation, task_set, key="taskSet", **more):
        return getattr(self.ecs, operation)(cluster="test", service=self.name, **{key: task_set["id"]}, **more)["taskSet"]

    def test_a_script_shifts_from_one_to_the_next_and_spills_nothing(self):
        self.front("shift")
        self.ecs.create_service(cluster="test", serviceName="shift", desiredCount=2,
                                deploymentController={"type": "EXTERNAL"})
        self.addCleanup(self.ecs.delete_service, cluster="test", service="shift", force=True)
        blue = self.create_set("1.0", self.groups[0], externalId="one", clientToken="a", tags=[
            {"key": "color", "value": "blue"}])
        self.steady(blue, 2)
        self.assertEqual(self.call("update_service_primary_task_set", blue, "primaryTaskSet")["status"], "PRIMARY")
        service = self.weir.service("shift")
        self.assertEqual(service["taskDefinition"], blue["taskDefinition"])
        self.assertEqual((service["deployments"], service["runningCount"]), ([], 2))
        self.assertEqual(version_of(self.port), "1.0")
        tasks = self.weir.tasks("shift")
        self.assertEqual({(task["startedBy"], task["group"]) for task in tasks}, {(blue["id"], "service:shift")})

        with Prove(self.weir, f"http://127.0.0.1:{self.port}/", RATE, "--expect", "hello ") as load:
            green = self.create_set("2.0", self.groups[1], 50)
            self.steady(green, 1)
            self.assertEqual(version_of(self.port), "1.0", "nobody's traffic yet")
            self.assertEqual(self.call("update_task_set", green, scale={"value": 100, "unit": "PERCENT"})[
                "computedDesiredCount"], 2)
            self.steady(green, 2)
            self.shift(1, 1)
            wait_until(lambda: {version_of(self.port) for _ in range(4)} == {"1.0", "2.0"}, "both answer", 5)
            self.shift(0, 1)
            wait_until(lambda: {version_of(self.port) for _ in range(4)} == {"2.0"}, "the new one answers", 5)
            self.call("update_service_primary_task_set", green, "primaryTaskSet")
            self.assertEqual(self.call("update_task_set", blue, scale={"value": 0, "unit": "PERCENT"})[
                "computedDesiredCount"], 0)
            self.steady(blue, 0)
            self.assertEqual(self.call("delete_task_set", blue)["status"], "DRAINING")
            wait_until(lambda: self.described(blue) is None, "the old set is gone", 20)
            # By force, with all of its tasks, while the traffic leads to the other.
            third = self.create_set("3.0", self.groups[0])
            self.steady(third, 2)
            self.shift(1, 0)
            wait_until(lambda: {version_of(self.port) for _ in range(4)} == {"3.0"}, "the third answers", 5)
            self.call("update_service_primary_task_set", third, "primaryTaskSet")
            self.call("delete_task_set", green, force=True)
            wait_until(lambda: self.described(green) is None, "the second set is gone", 20)
            account = load.finish()
        self.assertEqual(account["failed"], 0, account)
        self.assertGreater(account["sent"], 0.8 * RATE * account["seconds"])
        self.assertEqual(set(account["versions"]), {"1.0", "2.0", "3.0"})
        service = self.weir.service("shift")
        self.assertEqual([each["id"] for each in service["taskSets"]], [third["id"]])
        self.assertEqual(len(self.weir.tasks("shift")), 2)
        messages = [event["message"] for event in service["events"]]
        self.assertTrue(any(m.startswith(f"(service shift, taskSet {blue['id']}) has begun draining") for m in messages))

    def test_sets_follow_the_desired_count_and_heal_and_leave_with_the_service(self):
        self.front("count")
        self.ecs.create_service(cluster="test", serviceName="count", desiredCount=1,
                                deploymentController={"type": "EXTERNAL"})
        one = self.create_set("1.0", self.groups[0])
        self.steady(one, 1)
        self.ecs.update_service(cluster="test", service="count", desiredCount=3)
        self.steady(one, 3)
        self.ecs.stop_task(cluster="test", task=self.weir.tasks("count")[0]["taskArn"])
        wait_until(lambda: len(self.weir.tasks("count", status="STOPPED")) == 1, "it stops", 20)
        self.steady(one, 3)
        self.weir.kill()  # and goes on where it was
        self.weir.start()
        self.steady(one, 3)
        self.assertEqual(len(self.weir.tasks("count")), 3)
        self.ecs.delete_service(cluster="test", service="count", force=True)
        wait_until(lambda: self.weir.service("count")["status"] == "INACTIVE", "it is gone", 30)
        self.assertEqual(self.weir.service("count")["taskSets"], [])

    def test_cloud_map_tells_whose_set_an_instance_is(self):
        self.name = "mapped"
        discovery = self.weir.client("servicediscovery")
        made = discovery.create_private_dns_namespace(Name="sets.local", Vpc="vpc-1")
        namespace = discovery.get_operation(OperationId=made["OperationId"])["Operation"]["Targets"]["NAMESPACE"]
        registry = discovery.create_service(
            Name="mapped", NamespaceId=namespace, HealthCheckCustomConfig={"FailureThreshold": 1},
            DnsConfig={"DnsRecords": [{"Type": "SRV", "TTL": 60}], "RoutingPolicy": "MULTIVALUE"})["Service"]
        self.ecs.create_service(cluster="test", serviceName="mapped", desiredCount=1,
                                deploymentController={"type": "EXTERNAL"})
        self.addCleanup(self.ecs.delete_service, cluster="test", service="mapped", force=True)
        definition = self.weir.task_definition("mapped", VERSION="1.0")
        for name in ("one", "two"):
            entry = {"registryArn": registry["Arn"], "containerName": "app", "containerPort": 8080}
            task_set = self.ecs.create_task_set(
                cluster="test", service="mapped", taskDefinition=definition, externalId=f"{name}-task-set",
                serviceRegistries=[entry], scale={"value": 100, "unit": "PERCENT"})["taskSet"]
            self.assertEqual(task_set["serviceRegistries"], [entry])
            self.steady(task_set, 1)

        def of_sets():
            found = discovery.list_instances(ServiceId=registry["Id"])["Instances"]
            return sorted(one["Attributes"].get("ECS_TASK_SET_EXTERNAL_ID", "") for one in found)
        self.assertEqual(of_sets(), ["one-task-set", "two-task-set"])
        self.call("delete_task_set", task_set, force=True)
        wait_until(lambda: of_sets() == ["one-task-set"], "the other's instance is gone", 20)

    def test_a_service_of_codedeploy_begins_with_its_primary_set(self):
        self.front("cd")
        definition = self.weir.task_definition("cd", VERSION="1.0")
        self.weir.create_service("cd", definition, 2, self.groups[0], deploymentController={"type": "CODE_DEPLOY"})
        self.addCleanup(self.ecs.delete_service, cluster="test", service="cd", force=True)
        first = self.weir.service("cd")["taskSets"][0]
        self.assertEqual((first["status"], first["scale"]["value"]), ("PRIMARY", 100.0))
        self.steady(first, 2)
        self.assertEqual(version_of(self.port), "1.0")
        with self.assertRaises(self.ecs.exceptions.InvalidParameterException) as refused:
            self.ecs.update_service(cluster="test", service="cd",
                                    taskDefinition=self.weir.task_definition("cd", VERSION="2.0"))
        self.assertIn("Unable to update task definition on services with a CODE_DEPLOY deployment controller. Use AWS "
                      "CodeDeploy to trigger a new deployment.", str(refused.exception))

    def test_the_aws_cli_finds_what_it_knows(self):
        self.name = "cli"
        self.weir.aws("ecs", "create-service", "--cluster", "test", "--service-name", "cli", "--desired-count", "1",
                      "--deployment-controller", "type=EXTERNAL")
        self.addCleanup(self.ecs.delete_service, cluster="test", service="cli", force=True)
        definition = self.weir.task_definition("cli", VERSION="1.0")
        made = self.weir.aws("ecs", "create-task-set", "--cluster", "test", "--service", "cli", "--task-definition",
                             definition, "--scale", "value=100,unit=PERCENT", "--external-id", "mine")["taskSet"]
        self.assertEqual((made["externalId"], made["launchType"], made["status"]), ("mine", "EC2", "ACTIVE"))
        self.steady(made, 1)
        said = self.weir.aws("ecs", "delete-task-set", "--cluster", "test", "--service", "cli", "--task-set", made["id"],
                             fails=True)
        self.assertIn("InvalidParameterException", said)
        said = self.weir.aws("ecs", "update-task-set", "--cluster", "test", "--service", "cli", "--task-set", "ecs-svc/1",
                             "--scale", "value=1,unit=PERCENT", fails=True)
        self.assertIn("TaskSetNotFoundException", said)


if __name__ == "__main__":
    unittest.main(verbosity=2)
