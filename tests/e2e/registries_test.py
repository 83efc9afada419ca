"""Services with registries: their tasks become instances of Cloud Map, whose health is that of their containers, and leave
before they are told to stop. With addresses of their own where this is root and may have a network namespace."""

import json
import unittest

from networks_test import VPC, detail, enter_own_network
from service_deployments_test import call
from weir_testing import HELLO, Weir, wait_until


class Registries(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.own_network = enter_own_network()
        cls.enterClassContext(weir := Weir())
        cls.weir, cls.ecs, cls.map = weir, weir.ecs, weir.client("servicediscovery")
        weir.import_image("hello:1", HELLO)
        weir.ecs.create_cluster(clusterName="test")
        made = cls.map.create_private_dns_namespace(Name="echo.local", Vpc="vpc-1")
        cls.namespace = cls.map.get_operation(OperationId=made["OperationId"])["Operation"]["Targets"]["NAMESPACE"]

    def registry(self, name, record="SRV", **more):
        config = {"DnsRecords": [{"Type": record, "TTL": 300}], "RoutingPolicy": "MULTIVALUE"}
        return self.map.create_service(Name=name, NamespaceId=self.namespace, DnsConfig=config,
                                       HealthCheckCustomConfig={"FailureThreshold": 1}, **more)["Service"]

    def instances(self, registry):
        return {one["Id"]: one["Attributes"] for one in self.map.list_instances(ServiceId=registry["Id"])["Instances"]}

    def health(self, registry):
        return self.map.get_instances_health_status(ServiceId=registry["Id"])["Status"]

    def becomes(self, registry, *healths):
        return wait_until(lambda: sorted(self.health(registry).values()) == sorted(healths), f"instances are {healths}",
                          every=0.02)

    def shell(self, family, line, **more):
        container = {"name": "app", "image": "hello:1", "memory": 32, "stopTimeout": 20, "command": ["sh", "-c", line],
                     "portMappings": [{"containerPort": 8080}], **more}
        self.ecs.register_task_definition(family=family, networkMode="bridge", containerDefinitions=[container])

    def serve(self, name, family, registry, count=1, **more):
        entry = {"registryArn": registry["Arn"], "containerName": "app", "containerPort": 8080}
        self.ecs.create_service(cluster="test", serviceName=name, taskDefinition=family, desiredCount=count,
                                serviceRegistries=[entry], **more)

    def test_tasks_come_as_instances_and_go(self):
        registry = self.registry("web")
        self.weir.task_definition("web")
        self.serve("web", "web", registry, 2)
        self.becomes(registry, "HEALTHY", "HEALTHY")
        tasks = {task["taskArn"].split("/")[-1]: task for task in self.weir.tasks("web")}
        instances = self.instances(registry)
        self.assertEqual(set(instances), set(tasks))
        for task, attributes in instances.items():
            binding = tasks[task]["containers"][0]["networkBindings"][0]
            self.assertEqual(attributes, {
                "AWS_INSTANCE_IPV4": binding["bindIP"], "AWS_INSTANCE_PORT": str(binding["hostPort"]),
                "AWS_INIT_HEALTH_STATUS": "UNHEALTHY", "AVAILABILITY_ZONE": "eu-west-1a", "REGION": "eu-west-1",
                "ECS_CLUSTER_NAME": "test", "ECS_SERVICE_NAME": "web", "ECS_TASK_DEFINITION_FAMILY": "web"})
        shown = self.weir.service("web")["serviceRegistries"]
        self.assertEqual(shown, [{"registryArn": registry["Arn"], "containerName": "app", "containerPort": 8080}])
        # One that is stopped is replaced by another.
        gone = next(iter(tasks))
        self.ecs.stop_task(cluster="test", task=gone)
        wait_until(lambda: gone not in self.instances(registry) and len(self.instances(registry)) == 2,
                   "another instance has come")
        # A death of control changes nothing.
        before = self.instances(registry)
        self.weir.kill()
        self.weir.start()
        self.assertEqual(self.instances(registry), before)
        with self.assertRaises(self.map.exceptions.ResourceInUse):
            self.map.delete_service(Id=registry["Id"])
        self.ecs.delete_service(cluster="test", service="web", force=True)
        wait_until(lambda: not self.instances(registry), "all have left")
        self.map.delete_service(Id=registry["Id"])

    def test_an_instance_is_as_healthy_as_its_containers(self):
        registry, flag = self.registry("flagged"), self.weir.home / "flag"
        self.shell("flagged", "trap 'exit 0' TERM; sleep 1000 & wait", healthCheck={
            "command": ["CMD-SHELL", f"test -e {flag}"], "interval": 5, "retries": 1, "startPeriod": 60})
        self.serve("flagged", "flagged", registry)
        self.becomes(registry, "UNHEALTHY")
        flag.touch()
        self.becomes(registry, "HEALTHY")

    def test_an_instance_has_left_when_its_task_is_told_to_stop(self):
        registry, told, hears = self.registry("slow"), self.weir.home / "told", self.weir.home / "hears"
        self.shell("slow", f"trap 'touch {told}; sleep 2; exit 0' TERM; touch {hears}; while :; do sleep 0.05; done")
        self.serve("slow", "slow", registry)
        self.becomes(registry, "HEALTHY")
        wait_until(hears.exists, "the task would hear it")
        self.ecs.update_service(cluster="test", service="slow", desiredCount=0)
        wait_until(told.exists, "the task is told to stop", every=0.005)
        self.assertEqual(self.instances(registry), {})
        wait_until(lambda: self.weir.tasks("slow", status="STOPPED"), "the task has stopped")

    def test_what_tasks_cannot_fill_is_refused(self):
        registry = self.registry("a", "A")
        self.weir.task_definition("plain")
        for entry, message in (({"registryArn": registry["Arn"] + "x"}, "does not exist"),
                               ({"registryArn": registry["Arn"]}, "bridge or host")):
            said = self.weir.aws("ecs", "create-service", "--cluster", "test", "--service-name", "bad",
                                 "--task-definition", "plain", "--desired-count", "1", "--service-registries",
                                 json.dumps([entry]), fails=True)
            self.assertIn("InvalidParameterException", said)
            self.assertIn(message, said)

    def test_a_new_registry_is_a_new_deployment(self):
        first, second = self.registry("first"), self.registry("second")
        self.weir.task_definition("moving")
        self.serve("moving", "moving", first)
        self.becomes(first, "HEALTHY")
        # Debian's boto3 does not know it.
        status, reply = call(self.weir, "UpdateService", cluster="test", service="moving", serviceRegistries=[
            {"registryArn": second["Arn"], "containerName": "app", "containerPort": 8080}])
        self.assertEqual(status, 200, reply)
        self.becomes(second, "HEALTHY")
        wait_until(lambda: not self.instances(first), "the old task has left")

    def test_a_task_with_an_address_of_its_own_registers_it(self):
        if not self.own_network:
            self.skipTest("networks of their own want root")
        registry = self.registry("own", "A")
        container = {"name": "app", "image": "hello:1", "command": ["./hello"], "portMappings": [{"containerPort": 8080}]}
        self.ecs.register_task_definition(family="own", networkMode="awsvpc", cpu="256", memory="512",
                                          requiresCompatibilities=["FARGATE"], containerDefinitions=[container])
        self.ecs.create_service(cluster="test", serviceName="own", taskDefinition="own", desiredCount=2,
                                launchType="FARGATE", networkConfiguration=VPC,
                                serviceRegistries=[{"registryArn": registry["Arn"]}])
        self.becomes(registry, "HEALTHY", "HEALTHY")
        addresses = {task["taskArn"].split("/")[-1]: detail(task, "privateIPv4Address") for task in self.weir.tasks("own")}
        instances = self.instances(registry)
        self.assertEqual({one: attributes["AWS_INSTANCE_IPV4"] for one, attributes in instances.items()}, addresses)
        self.assertFalse(any("AWS_INSTANCE_PORT" in attributes for attributes in instances.values()))


if __name__ == "__main__":
    unittest.main()
