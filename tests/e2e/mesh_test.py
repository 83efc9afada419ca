"""The echo system on App Mesh: an HTTP client behind a balancer calls a gRPC server by a virtual service, and its script
shifts the route from version 0.9 to 1.0 by a new virtual node and a task set, while everybody who asks gets an answer.
In networks of their own where this is root and may have a network namespace."""

import http.client
import json
import re
import threading
import unittest

from networks_test import VPC, enter_own_network
from weir_testing import ECHO, Weir, wait_until

SERVICE = "echo_server.echo.local"
NO_ENVOY = "840364872350.dkr.ecr.ap-northeast-1.amazonaws.com/aws-appmesh-envoy:v1.12.3.0-prod"  # nobody has it here


class Asking(threading.Thread):
    """`while true; do curl …; done`: what was answered since it was last asked for, in order."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.over, self.answers, self.failed = port, threading.Event(), [], []
        self.start()

    def run(self):
        while not self.over.is_set():
            try:
                status, headers, text = ask(self.port)
                found = re.search(r"Version ([\d.]+)\)$", text)
                (self.answers if status == 200 and found else self.failed).append(found.group(1) if found else text)
            except OSError as error:
                self.failed.append(repr(error))

    def versions(self, count=20):
        """Of the next `count` answers."""
        begin = len(self.answers)
        wait_until(lambda: self.failed or len(self.answers) >= begin + count, f"{count} answers", 20)
        return self.answers[begin:begin + count]

    def finish(self):
        self.over.set()
        self.join(20)


def ask(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/?name=Yusuke")
        reply = connection.getresponse()
        return reply.status, reply.headers, reply.read().decode()
    finally:
        connection.close()


class Mesh(unittest.TestCase):
    network = "auto"

    @classmethod
    def setUpClass(cls):
        cls.own_network = enter_own_network() and cls.network == "auto"
        cls.enterClassContext(weir := Weir("--workers", 2, "--network", cls.network))
        cls.weir, cls.ecs = weir, weir.ecs
        cls.map, cls.mesh = weir.client("servicediscovery"), weir.client("appmesh")
        for name in ("echo_server-0.9", "echo_server-1.0", "echo_client"):
            weir.import_image(name.replace("-", ":") if "-" in name else name + ":0.1", ECHO / name)
        weir.ecs.create_cluster(clusterName="test")
        made = cls.map.create_private_dns_namespace(Name="echo.local", Vpc="vpc-1")
        cls.namespace = cls.map.get_operation(OperationId=made["OperationId"])["Operation"]["Targets"]["NAMESPACE"]

    # --- what the stacks of the system make ---------------------------------------------------------------------
    def registry(self, name):
        config = {"DnsRecords": [{"Type": "A", "TTL": 300}], "RoutingPolicy": "MULTIVALUE"}
        return self.map.create_service(Name=name, NamespaceId=self.namespace, DnsConfig=config,
                                       HealthCheckCustomConfig={"FailureThreshold": 1})["Service"]

    def node(self, name, protocol, service, backends=(), attributes=()):
        listener = {"portMapping": {"port": 8080, "protocol": protocol}}
        if protocol == "grpc":
            listener["healthCheck"] = {"protocol": "grpc", "intervalMillis": 5000, "timeoutMillis": 2000, "healthyThreshold": 2,
                                       "unhealthyThreshold": 3}
        by = {"namespaceName": "echo.local", "serviceName": service}
        if attributes:
            by["attributes"] = [{"key": key, "value": value} for key, value in attributes]
        self.mesh.create_virtual_node(meshName="echo-mesh", virtualNodeName=name, spec={
            "listeners": [listener], "serviceDiscovery": {"awsCloudMap": by},
            "backends": [{"virtualService": {"virtualServiceName": each}} for each in backends]})

    def define(self, family, image, program, node, **environment):
        app = {"name": "app", "image": image, "command": [program], "essential": True, "stopTimeout": 10,
               "portMappings": [{"containerPort": 8080}], "dependsOn": [{"containerName": "envoy", "condition": "HEALTHY"}],
               "environment": [{"name": name, "value": value} for name, value in environment.items()]}
        envoy = {"name": "envoy", "image": NO_ENVOY, "essential": True, "user": "1337",
                 "environment": [{"name": "APPMESH_VIRTUAL_NODE_NAME", "value": f"mesh/echo-mesh/virtualNode/{node}"}],
                 "healthCheck": {"command": ["CMD-SHELL", "curl -s http://localhost:9901/server_info | grep state | grep -q LIVE"],
                                 "interval": 5, "timeout": 2, "retries": 3}}
        properties = {"IgnoredUID": "1337", "ProxyIngressPort": "15000", "ProxyEgressPort": "15001", "AppPorts": "8080",
                      "EgressIgnoredIPs": "169.254.170.2,169.254.169.254"}
        return self.ecs.register_task_definition(
            family=family, networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="256", memory="512",
            containerDefinitions=[app, envoy],
            proxyConfiguration={"type": "APPMESH", "containerName": "envoy",
                                "properties": [{"name": name, "value": value} for name, value in properties.items()]},
        )["taskDefinition"]["taskDefinitionArn"]

    def serve(self, name, definition, registry, **more):
        self.ecs.create_service(cluster="test", serviceName=name, taskDefinition=definition, desiredCount=1, launchType="FARGATE",
                                networkConfiguration=VPC, serviceRegistries=[{"registryArn": registry["Arn"]}], **more)

    def table(self):
        return json.loads((self.weir.state / "table.json").read_text())

    def address(self, name=SERVICE):
        """Where the host finds the virtual service."""
        def found():
            for listener in self.table()["listeners"]:
                if listener["id"].endswith(f"/virtualService/{name}:8080"):
                    return listener["address"]
            return None
        return wait_until(found, f"{name} is in the table", 10)

    def route(self, *targets):
        spec = {"grpcRoute": {"match": {"serviceName": "proto.echo.EchoService"}, "action": {
            "weightedTargets": [{"virtualNode": node, "weight": weight} for node, weight in targets]}}}
        self.mesh.update_route(meshName="echo-mesh", virtualRouterName="virtual-router", routeName="route", spec=spec)

    # --- the system -----------------------------------------------------------------------------------------------
    def test_the_script_of_the_system_shifts_versions_and_nobody_fails(self):
        client_registry, server_registry = self.registry("echo_client"), self.registry("echo_server")
        self.mesh.create_mesh(meshName="echo-mesh")
        self.node("echo_client", "http", "echo_client", [SERVICE])
        self.node("echo_server", "grpc", "echo_server")
        self.mesh.create_virtual_router(meshName="echo-mesh", virtualRouterName="virtual-router", spec={
            "listeners": [{"portMapping": {"port": 8080, "protocol": "grpc"}}]})
        self.mesh.create_route(meshName="echo-mesh", virtualRouterName="virtual-router", routeName="route", spec={
            "grpcRoute": {"match": {"serviceName": "proto.echo.EchoService"},
                          "action": {"weightedTargets": [{"virtualNode": "echo_server", "weight": 100}]}}})
        self.mesh.create_virtual_service(meshName="echo-mesh", virtualServiceName=SERVICE, spec={
            "provider": {"virtualRouter": {"virtualRouterName": "virtual-router"}}})

        group = self.weir.elbv2.create_target_group(
            Name="echo-webtarget", Protocol="HTTP", Port=80, VpcId="vpc-1", TargetType="ip", HealthCheckPath="/ping",
            HealthCheckIntervalSeconds=6, HealthCheckTimeoutSeconds=5, HealthyThresholdCount=2,
            UnhealthyThresholdCount=2)["TargetGroups"][0]["TargetGroupArn"]
        _, port = self.weir.listener(self.weir.balancer("echo"), group)
        server = self.define("echo_server", "echo_server:0.9", "./echo_server", "echo_server", PORT="8080")
        # On the host's network tasks ask the host's name servers.
        host = SERVICE if self.own_network else self.address()
        client = self.define("echo_client", "echo_client:0.1", "./echo_client", "echo_client", ECHO_HOST=f"{host}:8080")
        self.serve("echo_server", server, server_registry)
        self.serve("echo_client", client, client_registry,
                   loadBalancers=[{"targetGroupArn": group, "containerName": "app", "containerPort": 8080}])
        self.weir.stable("echo_server")
        self.weir.stable("echo_client")

        wait_until(lambda: "Version" in ask(port)[2], "the mesh answers")
        status, headers, text = ask(port)
        self.assertEqual(status, 200, text)
        self.assertRegex(text, r"^Response from the server: Hello, Yusuke-san! \(Said [\d.]+, Version 0\.9\)$")
        self.assertEqual(headers["server"], "envoy")
        self.assertRegex(headers["x-envoy-upstream-service-time"], r"^\d+$")

        asking = Asking(port)
        self.addCleanup(asking.finish)
        self.update(asking, server_registry)
        asking.finish()
        self.assertEqual(asking.failed, [])

    def update(self, asking, registry):
        """The script: a new node at weight 0, a service with a task set, half, all; then what it left undone: the old goes."""
        new = "echo_server-20260101000000"
        self.node(new, "grpc", "echo_server", attributes=[("ECS_TASK_SET_EXTERNAL_ID", f"{new}-task-set")])
        self.route(("echo_server", 100), (new, 0))
        definition = self.define("echo_server", "echo_server:1.0", "./echo_server", new, PORT="8080")
        self.ecs.create_service(cluster="test", serviceName=f"{new}-service", desiredCount=2,
                                deploymentController={"type": "EXTERNAL"})
        self.ecs.create_task_set(
            cluster="test", service=f"{new}-service", externalId=f"{new}-task-set", taskDefinition=definition,
            networkConfiguration=VPC, serviceRegistries=[{"registryArn": registry["Arn"]}], launchType="FARGATE",
            scale={"value": 100, "unit": "PERCENT"})
        wait_until(lambda: len([task for task in self.weir.tasks(f"{new}-service") if task["lastStatus"] == "RUNNING"]) == 2,
                   "two tasks run")
        wait_until(lambda: set(self.map.get_instances_health_status(ServiceId=registry["Id"])["Status"].values()) == {"HEALTHY"},
                   "all instances are healthy")
        self.wait_for_pool(new, 2)
        self.assertEqual(set(asking.versions()), {"0.9"}, "nobody has routed to the new one")
        self.route(("echo_server", 1), (new, 1))
        wait_until(lambda: set(asking.versions(4)) == {"0.9", "1.0"}, "both answer")
        share = asking.versions(60).count("1.0") / 60
        self.assertTrue(0.4 <= share <= 0.6, f"{share} of the answers are new")
        self.route((new, 1))
        wait_until(lambda: set(asking.versions(4)) == {"1.0"}, "the new one answers")
        self.assertEqual(set(asking.versions(40)), {"1.0"})
        self.ecs.update_service(cluster="test", service="echo_server", desiredCount=0)
        wait_until(lambda: not self.weir.tasks("echo_server"), "the old one is gone")
        self.assertEqual(set(asking.versions()), {"1.0"})

    def wait_for_pool(self, node, count):
        def serving():
            pools = [pool for pool in self.table()["pools"] if pool["id"].endswith(f"/virtualNode/{node}:8080")]
            return [backend for pool in pools for backend in pool["backends"] if backend["state"] == "serving"]
        wait_until(lambda: len(serving()) == count, f"{count} tasks of {node} serve")


class MeshOnTheHostsNetwork(Mesh):
    network = "host"


if __name__ == "__main__":
    unittest.main()
