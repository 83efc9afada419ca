"""Virtual gateways: traffic from outside goes by gateway routes to virtual services, whose own routes share it between two
nodes; the application sees the path and the host name that the gateway has made of the request's. The gateway is there by
itself, and as the ECS service behind a network load balancer that it is on AWS, whose Envoy needs no image here.
"""

import contextlib
import http.client
import json
import os
import signal
import unittest

from backends import Backend
from botocore.exceptions import ClientError
from networks_test import VPC, enter_own_network
from weir_testing import Weir, free_port, wait_until

NO_ENVOY = "aws-appmesh-envoy:v1.29.9.0-prod"  # nobody has it here
SERVICE = "web.apps.local"


class Gateway(unittest.TestCase):
    network = "auto"

    @classmethod
    def setUpClass(cls):
        cls.own_network = cls.network == "auto" and enter_own_network()
        cls.enterClassContext(weir := Weir("--workers", 2, "--network", cls.network))
        cls.weir, cls.mesh = weir, weir.client("appmesh")
        cls.blue, cls.green = (cls.enterClassContext(Backend(name)) for name in ("blue", "green"))
        cls.port, cls.second = free_port(), free_port()
        cls.mesh.create_mesh(meshName="m")
        for backend in (cls.blue, cls.green):
            cls.mesh.create_virtual_node(meshName="m", virtualNodeName=backend.name, spec={
                "listeners": [{"portMapping": {"port": backend.port, "protocol": "http"}}],
                "serviceDiscovery": {"dns": {"hostname": "127.0.0.1"}}})
        cls.mesh.create_virtual_router(meshName="m", virtualRouterName="router", spec={
            "listeners": [{"portMapping": {"port": 8080, "protocol": "http"}}]})
        cls.weights(3, 1)
        cls.mesh.create_virtual_service(meshName="m", virtualServiceName=SERVICE, spec={
            "provider": {"virtualRouter": {"virtualRouterName": "router"}}})
        cls.mesh.create_virtual_gateway(meshName="m", virtualGatewayName="gate", spec={"listeners": [
            {"portMapping": {"port": port, "protocol": "http"}} for port in (cls.port, cls.second)]})
        cls.route("chapters", cls.http({"prefix": "/chapter"}))
        cls.route("kept", cls.http({"prefix": "/kept"}, hostname={"defaultTargetHostname": "DISABLED"},
                                   prefix={"defaultPrefix": "DISABLED"}))
        cls.route("book", cls.http({"prefix": "/book/", "method": "GET"}, prefix={"value": "/library/"}))
        cls.route("exact", cls.http({"path": {"regex": "/v[0-9]+/toc"}}, path={"exact": "/toc"}))
        cls.route("other", cls.http({"prefix": "/", "hostname": {"suffix": ".other.example"}}, prefix={"value": "/other/"},
                                    priority=1))
        cls.route("beta", cls.http({"prefix": "/", "headers": [{"name": "x-beta", "match": {"exact": "yes"}}],
                                    "queryParameters": [{"name": "v", "match": {"exact": "2"}}]}, prefix={"value": "/beta/"},
                                   priority=2))
        for port in (cls.port, cls.second):
            wait_until(lambda port=port: cls.ask("/chapter/up", port=port)[0] == 200, "the gateway carries", 15)

    @classmethod
    def weights(cls, blue, green):
        route = {"httpRoute": {"match": {"prefix": "/"}, "action": {"weightedTargets": [
            {"virtualNode": "blue", "weight": blue}, {"virtualNode": "green", "weight": green}]}}}
        names = {"meshName": "m", "virtualRouterName": "router", "routeName": "all"}
        with contextlib.suppress(cls.mesh.exceptions.ConflictException):
            return cls.mesh.create_route(**names, spec=route)
        return cls.mesh.update_route(**names, spec=route)

    @staticmethod
    def http(match, priority=None, **rewrite):
        action = {"target": {"virtualService": {"virtualServiceName": SERVICE}}}
        if rewrite:
            action["rewrite"] = rewrite
        spec = {"httpRoute": {"match": match, "action": action}}
        return {**spec, "priority": priority} if priority is not None else spec

    @classmethod
    def route(cls, name, spec):
        """At both ports of the gateway: which one has to be said where there are several."""
        for port in (cls.port, cls.second):
            spec["httpRoute"]["match"]["port"] = port
            cls.mesh.create_gateway_route(meshName="m", virtualGatewayName="gate", gatewayRouteName=f"{name}-{port}", spec=spec)

    @classmethod
    def ask(cls, path, port=None, address="127.0.0.1", method="GET", host="shop.example", **headers):
        """(status, who answered, what it saw: path and host)."""
        connection = http.client.HTTPConnection(address, port or cls.port, timeout=10)
        try:
            connection.request(method, path, headers={"Host": host, **headers})
            reply = connection.getresponse()
            who = reply.read().decode()
        except OSError as error:
            return None, repr(error), None
        finally:
            connection.close()
        backend = {"blue": cls.blue, "green": cls.green}.get(who)
        seen = backend.seen[-1] if backend and backend.seen else None
        return reply.status, who, (seen.path, seen.headers["Host"]) if seen else None

    def saw(self, path, **more):
        status, who, seen = self.ask(path, **more)
        self.assertEqual(status, 200, who)
        return seen

    def refused(self, code, call, **request):
        with self.assertRaises(ClientError) as caught:
            call(meshName="m", **request)
        self.assertEqual(caught.exception.response["Error"]["Code"], code)
        return caught.exception.response["Error"]["Message"]

    # --- by itself ------------------------------------------------------------------------------------------------
    def test_the_application_sees_what_the_gateway_has_made_of_the_request(self):
        self.assertEqual(self.saw("/chapter/page?a=/chapter"), ("/page?a=/chapter", SERVICE))
        self.assertEqual(self.saw("/chapter1"), ("/1", SERVICE))
        self.assertEqual(self.saw("/chapter", port=self.second), ("/", SERVICE))
        self.assertEqual(self.saw("/kept/page"), ("/kept/page", "shop.example"))
        self.assertEqual(self.saw("/book/1?q"), ("/library/1?q", SERVICE))
        self.assertEqual(self.saw("/v12/toc?q"), ("/toc?q", SERVICE))
        self.assertEqual(self.saw("/chapter/x", host="a.other.example"), ("/other/chapter/x", SERVICE), "by priority")
        self.assertEqual(self.saw("/x?v=2", **{"x-beta": "yes"}), ("/beta/x?v=2", SERVICE))
        self.assertEqual(self.ask("/x?v=2")[0], 404)
        self.assertEqual(self.ask("/book/1", method="POST")[0], 404)
        self.assertEqual(self.ask("/nothing")[0], 404)

    def test_the_routes_of_the_service_share_what_comes_in(self):
        self.addCleanup(self.weights, 3, 1)
        answers = [self.ask("/chapter/x")[1] for _ in range(20)]
        self.assertIn(answers.count("green"), range(4, 7), "each of two workers has a rotation of its own")
        self.weights(0, 1)
        wait_until(lambda: {self.ask("/chapter/x")[1] for _ in range(4)} == {"green"}, "green has everything", 10)

    def test_a_change_of_a_route_is_one_of_the_traffic(self):
        spec = self.http({"prefix": "/chapter", "port": self.port}, prefix={"value": "/new"})
        names = {"meshName": "m", "virtualGatewayName": "gate", "gatewayRouteName": f"chapters-{self.port}"}
        old = self.mesh.describe_gateway_route(**names)["gatewayRoute"]["spec"]
        self.addCleanup(lambda: self.mesh.update_gateway_route(**names, spec=old))
        self.mesh.update_gateway_route(**names, spec=spec)
        wait_until(lambda: self.saw("/chapter/x")[0] == "/new/x", "the new path", 10)

    def test_what_is_active_holds_for_the_next_request_and_nothing_is_before_the_proxy_has_it(self):
        names = {"meshName": "m", "virtualGatewayName": "gate", "gatewayRouteName": f"chapters-{self.port}"}
        old = self.mesh.describe_gateway_route(**names)["gatewayRoute"]["spec"]
        self.addCleanup(lambda: self.mesh.update_gateway_route(**names, spec=old))

        def status():
            return self.mesh.describe_gateway_route(**names)["gatewayRoute"]["status"]["status"]
        for i in range(5):
            spec = self.http({"prefix": "/chapter", "port": self.port}, prefix={"value": f"/turn/{i}"})
            self.mesh.update_gateway_route(**names, spec=spec)
            wait_until(lambda: status() == "ACTIVE", "it is in force", 10, every=0)
            for _ in range(4):  # of both workers
                self.assertEqual(self.saw("/chapter/x"), (f"/turn/{i}/x", SERVICE))
        proxy = int((self.weir.state / "proxy.pid").read_text().split()[0])
        os.kill(proxy, signal.SIGSTOP)
        try:
            changed = self.mesh.update_gateway_route(**names, spec=old)["gatewayRoute"]
            self.assertEqual(changed["status"]["status"], "INACTIVE")
            self.assertEqual({status() for _ in range(20)}, {"INACTIVE"})
        finally:
            os.kill(proxy, signal.SIGCONT)
        wait_until(lambda: status() == "ACTIVE", "it is in force", 10)
        self.assertEqual(self.saw("/chapter/x"), ("/x", SERVICE))

    def test_bad_input_is_refused_and_the_last_good_route_holds(self):
        spec = self.mesh.describe_gateway_route(meshName="m", virtualGatewayName="gate",
                                                gatewayRouteName=f"chapters-{self.port}")["gatewayRoute"]["spec"]
        names = {"virtualGatewayName": "gate", "gatewayRouteName": f"chapters-{self.port}"}
        update = self.mesh.update_gateway_route
        bad = json.loads(json.dumps(spec))
        bad["httpRoute"]["action"]["target"]["virtualService"]["virtualServiceName"] = "none.local"
        self.assertEqual(self.refused("NotFoundException", update, **names, spec=bad),
                         "VirtualService with name none.local is missing")
        bad = json.loads(json.dumps(spec))
        bad["httpRoute"]["action"]["rewrite"] = {"prefix": {"value": "/a b"}}
        self.assertIn("spec.httpRoute.action.rewrite.prefix.value", self.refused("BadRequestException", update, **names, spec=bad))
        bad = json.loads(json.dumps(spec))
        bad["httpRoute"]["match"]["port"] = 1
        self.refused("BadRequestException", update, **names, spec=bad)
        self.assertIn("'spec.listeners[0].tls.certificate.sds'", self.refused(
            "BadRequestException", self.mesh.update_virtual_gateway, virtualGatewayName="gate", spec={
                "listeners": [{"portMapping": {"port": self.port, "protocol": "http"},
                               "tls": {"mode": "STRICT", "certificate": {"sds": {"secretName": "s"}}}}]}))
        self.assertIn("GATEWAY_ROUTE", self.refused("ResourceInUseException", self.mesh.delete_virtual_service,
                                                    virtualServiceName=SERVICE))
        self.refused("ResourceInUseException", self.mesh.delete_virtual_gateway, virtualGatewayName="gate")
        self.assertEqual(self.saw("/chapter/page"), ("/page", SERVICE))

    def test_a_gateway_gives_way_to_an_older_one_and_to_a_balancer(self):
        """At the host's address; at its own address it stays."""
        younger = {"meshName": "m", "virtualGatewayName": "younger"}
        self.mesh.create_virtual_gateway(**younger, spec={"listeners": [{"portMapping": {"port": self.port, "protocol": "http"}}]})
        self.addCleanup(self.mesh.delete_virtual_gateway, **younger)
        self.mesh.create_gateway_route(**younger, gatewayRouteName="in", spec=self.http({"prefix": "/"}, prefix={"value": "/young/"}))
        self.addCleanup(self.mesh.delete_gateway_route, **younger, gatewayRouteName="in")
        address = wait_until(lambda: self.address("younger", self.port), "it has an address", 10)
        wait_until(lambda: self.ask("/x", address=address)[0] == 200, "it is there", 10)
        self.assertEqual(self.saw("/x", address=address), ("/young/x", SERVICE))
        self.assertEqual(self.saw("/chapter/x"), ("/x", SERVICE))

        elbv2 = self.weir.elbv2
        balancer = self.weir.balancer("front")
        self.addCleanup(elbv2.delete_load_balancer, LoadBalancerArn=balancer)
        fixed = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "418"}}
        elbv2.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=self.second, DefaultActions=[fixed])
        wait_until(lambda: self.ask("/chapter/x", port=self.second)[0] == 418, "the balancer has the port", 10)
        own = self.address("gate", self.second)
        self.assertEqual(self.saw("/chapter/x", port=self.second, address=own), ("/x", SERVICE))
        elbv2.delete_load_balancer(LoadBalancerArn=balancer)
        wait_until(lambda: self.ask("/chapter/x", port=self.second)[0] == 200, "the gateway has it back", 10)

    def address(self, gateway, port):
        listeners = json.loads((self.weir.state / "table.json").read_text())["listeners"]
        found = [each["address"] for each in listeners if each["id"].endswith(f"/virtualGateway/{gateway}:{port}")]
        return found[0] if found else None

    # --- as an ECS service ----------------------------------------------------------------------------------------
    def test_an_envoy_behind_a_network_balancer_is_the_gateway(self):
        ecs, elbv2 = self.weir.ecs, self.weir.elbv2
        ecs.create_cluster(clusterName="test")
        group = elbv2.create_target_group(Name="gate", Protocol="TCP", Port=self.port, VpcId="vpc-1", TargetType="ip",
                                          HealthCheckIntervalSeconds=5, HealthCheckTimeoutSeconds=2)
        group = group["TargetGroups"][0]["TargetGroupArn"]
        balancer = elbv2.create_load_balancer(Name="edge", Type="network")["LoadBalancers"][0]["LoadBalancerArn"]
        front = free_port()
        elbv2.create_listener(LoadBalancerArn=balancer, Protocol="TCP", Port=front, DefaultActions=[
            {"Type": "forward", "TargetGroupArn": group}])
        definition = ecs.register_task_definition(
            family="gate", networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="256", memory="512",
            containerDefinitions=[{
                "name": "envoy", "image": NO_ENVOY, "essential": True, "stopTimeout": 5,
                "portMappings": [{"containerPort": self.port}],
                "environment": [{"name": "APPMESH_RESOURCE_ARN",
                                 "value": "arn:aws:appmesh:eu-west-1:000000000000:mesh/m/virtualGateway/gate"}],
                "healthCheck": {"command": ["CMD-SHELL", "curl -s http://localhost:9901/server_info | grep state | grep -q LIVE"],
                                "interval": 5, "timeout": 2, "retries": 3}}])["taskDefinition"]["taskDefinitionArn"]
        ecs.create_service(cluster="test", serviceName="gate", taskDefinition=definition, desiredCount=1, launchType="FARGATE",
                           networkConfiguration=VPC,
                           loadBalancers=[{"targetGroupArn": group, "containerName": "envoy", "containerPort": self.port}])
        self.weir.stable("gate")
        wait_until(lambda: self.ask("/chapter/x", port=front)[0] == 200, "traffic passes the task", 20)
        self.assertEqual(self.saw("/chapter/page?a", port=front), ("/page?a", SERVICE))
        self.assertEqual(self.ask("/nothing", port=front)[0], 404)
        connection = http.client.HTTPConnection("127.0.0.1", front, timeout=10)
        self.addCleanup(connection.close)
        for path in ("/chapter/1", "/chapter/2"):  # of one connection
            connection.request("GET", path)
            reply = connection.getresponse()
            self.assertIn(reply.read(), (b"blue", b"green"))
        ecs.update_service(cluster="test", service="gate", desiredCount=0)
        wait_until(lambda: not self.weir.tasks("gate"), "its task is gone", 20)

    def envoy(self, gateway, port, mode, **mapping):
        """A running task that is the gateway's Envoy; the port of the host that its network bindings show for `port`."""
        ecs = self.weir.ecs
        ecs.create_cluster(clusterName="test")
        definition = ecs.register_task_definition(family=gateway, networkMode=mode, containerDefinitions=[{
            "name": "envoy", "image": NO_ENVOY, "essential": True, "memory": 64, "stopTimeout": 5,
            "portMappings": [{"containerPort": port, **mapping}],
            "environment": [{"name": "APPMESH_VIRTUAL_NODE_NAME", "value": f"mesh/m/virtualGateway/{gateway}"}]}])
        name = definition["taskDefinition"]["taskDefinitionArn"]
        task = ecs.run_task(cluster="test", taskDefinition=name)["tasks"][0]["taskArn"]
        self.addCleanup(ecs.stop_task, cluster="test", task=task)

        def runs():
            found = ecs.describe_tasks(cluster="test", tasks=[task])["tasks"][0]
            self.assertNotIn("stoppedReason", found)
            return found if found["lastStatus"] == "RUNNING" else None
        bindings = wait_until(runs, "the task runs", 20)["containers"][0]["networkBindings"]
        return next(each["hostPort"] for each in bindings if each["containerPort"] == port)

    def test_an_envoy_of_the_hosts_network_gives_way_to_the_gateway_that_is_there_by_itself(self):
        port = self.envoy("gate", self.port, "host")
        self.assertNotEqual(port, self.port)
        wait_until(lambda: self.ask("/chapter/x", port=port)[0] == 200, "the task relays", 10)
        self.assertEqual(self.saw("/chapter/page", port=port), ("/page", SERVICE))
        self.assertEqual(self.saw("/chapter/page"), ("/page", SERVICE))

    def test_who_has_the_address_of_a_gateway_that_went_finds_nobody_there_or_the_same_again(self):
        gate_port = free_port()

        def make(name, prefix):
            gateway = {"meshName": "m", "virtualGatewayName": name}
            self.mesh.create_virtual_gateway(**gateway, spec={"listeners": [{"portMapping": {"port": gate_port, "protocol": "http"}}]})
            self.mesh.create_gateway_route(**gateway, gatewayRouteName="in", spec=self.http({"prefix": "/"}, prefix={"value": prefix}))

        def remove(name):
            self.mesh.delete_gateway_route(meshName="m", virtualGatewayName=name, gatewayRouteName="in")
            self.mesh.delete_virtual_gateway(meshName="m", virtualGatewayName=name)
        make("again", "/first/")
        port = self.envoy("again", gate_port, "bridge")
        wait_until(lambda: self.ask("/x", port=port)[2] == ("/first/x", SERVICE), "the task relays", 10)
        remove("again")
        make("other", "/other/")
        self.addCleanup(remove, "other")
        wait_until(lambda: self.ask("/x", port=gate_port)[2] == ("/other/x", SERVICE), "the other is there", 10)
        self.assertIsNone(self.ask("/x", port=port)[0], "the task of the one that went leads to nobody")
        make("again", "/second/")
        self.addCleanup(remove, "again")
        wait_until(lambda: self.ask("/x", port=port)[0] == 200, "the task leads to the one that came back", 10)
        self.assertEqual(self.saw("/x", port=port), ("/second/x", SERVICE))


class GatewayOnTheHostsNetwork(Gateway):
    network = "host"


if __name__ == "__main__":
    unittest.main()
