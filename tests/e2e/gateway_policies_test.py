"""What virtual gateways say of themselves besides their routes: where their lines are logged, how much of their traffic may
be at a node at a time, and which TLS they insist on towards nodes."""

import http.client
import json
import pathlib
import re
import tempfile
import threading
import unittest

from backends import Backend
from botocore.exceptions import ClientError
from mesh_tls_test import Authority
from networks_test import VPC, enter_own_network
from weir_testing import Weir, free_port, wait_until

SERVICE = "web.local"


class GatewayPolicies(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.own_network = enter_own_network()
        cls.enterClassContext(weir := Weir("--workers", 2, "--network", "auto"))
        cls.weir, cls.mesh = weir, weir.client("appmesh")
        cls.keys = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="weir-keys-")))
        cls.ours, cls.theirs = Authority(cls.keys, "ours"), Authority(cls.keys, "theirs")
        cls.ours.issue("node", f"DNS:{SERVICE}")
        cls.ours.issue("gate", "DNS:gate.local")
        cls.blue = cls.enterClassContext(Backend("blue"))
        cls.addClassCleanup(cls.blue.released.set)
        cls.mesh.create_mesh(meshName="m")
        cls.mesh.create_virtual_node(meshName="m", virtualNodeName="blue", spec=cls.node())
        cls.mesh.create_virtual_service(meshName="m", virtualServiceName=SERVICE, spec={
            "provider": {"virtualNode": {"virtualNodeName": "blue"}}})
        cls.port, cls.other_port = free_port(), free_port()
        for name, port in (("gate", cls.port), ("other", cls.other_port)):
            cls.mesh.create_virtual_gateway(meshName="m", virtualGatewayName=name, spec=cls.spec(port))
            cls.mesh.create_gateway_route(meshName="m", virtualGatewayName=name, gatewayRouteName="in", spec={
                "httpRoute": {"match": {"prefix": "/in"}, "action": {"target": {"virtualService": {"virtualServiceName": SERVICE}}}}})
            wait_until(lambda port=port: cls.ask("/in", port)[0] == 200, "the gateway carries", 15)

    # --- what there is ------------------------------------------------------------------------------------------------
    @classmethod
    def node(cls, **tls):
        listener = {"portMapping": {"port": cls.blue.port, "protocol": "http"}, **({"tls": tls} if tls else {})}
        return {"listeners": [listener], "serviceDiscovery": {"dns": {"hostname": "127.0.0.1"}}}

    @classmethod
    def spec(cls, port, protocol="http", pool=None, **more):
        listener = {"portMapping": {"port": port, "protocol": protocol}}
        if pool:
            listener["connectionPool"] = {protocol: pool}
        return {"listeners": [listener], **more}

    def becomes(self, **more):
        """The gateway, once it is so in the proxy; it is a plain one again after the test."""
        def update(spec):
            self.mesh.update_virtual_gateway(meshName="m", virtualGatewayName="gate", spec=spec)
            wait_until(lambda: self.mesh.describe_virtual_gateway(
                meshName="m", virtualGatewayName="gate")["virtualGateway"]["status"]["status"] == "ACTIVE", "it is in force", 10)
        update(self.spec(self.port, **more))
        self.addCleanup(lambda: update(self.spec(self.port)))

    def node_is(self, **tls):
        def update(spec):
            self.mesh.update_virtual_node(meshName="m", virtualNodeName="blue", spec=spec)
            wait_until(lambda: self.mesh.describe_virtual_node(
                meshName="m", virtualNodeName="blue")["virtualNode"]["status"]["status"] == "ACTIVE", "it is in force", 10)
        update(self.node(**tls))
        self.addCleanup(lambda: update(self.node()))

    @classmethod
    def ask(cls, path, port=None, address="127.0.0.1"):
        connection = http.client.HTTPConnection(address, port or cls.port, timeout=20)
        try:
            connection.request("GET", path, headers={"Host": "shop.example", "User-Agent": "test"})
            reply = connection.getresponse()
            return reply.status, reply.read().decode()
        except OSError as error:
            return None, repr(error)
        finally:
            connection.close()

    # --- logs ---------------------------------------------------------------------------------------------------------
    @staticmethod
    def to_file(path, **form):
        return {"accessLog": {"file": {"path": path, **({"format": form} if form else {})}}}

    def host_lines(self):
        """Of what came by none of the gateway's tasks."""
        uid = self.mesh.describe_virtual_gateway(meshName="m", virtualGatewayName="gate")["virtualGateway"]["metadata"]["uid"]
        path = self.weir.state / "access-logs" / "gateways" / f"{uid}.log"
        return path.read_text().splitlines() if path.exists() else []

    def test_each_request_has_a_line_in_the_gateways_words(self):
        before = len(self.host_lines())
        self.becomes(logging=self.to_file("/dev/stdout"))
        self.assertEqual(self.ask("/in/page?q")[0], 200)
        self.assertEqual(self.ask("/none")[0], 404)
        self.assertEqual(self.ask("/in", self.other_port)[0], 200)
        lines = wait_until(lambda: len(found := self.host_lines()[before:]) >= 2 and found, "both lines", 10)
        lines.sort(key=lambda line: " 404 " in line)  # of two workers either may be the first
        self.assertRegex(lines[0], r'^\[\d{4}-\d\d-\d\dT[\d:.]+Z\] "GET /in/page\?q HTTP/1\.1" 200 - 0 4 \d+ \d+ "-" "test" "-" '
                                   rf'"{SERVICE}" "127\.0\.0\.1:{self.blue.port}"$')
        self.assertIn('"GET /none HTTP/1.1" 404 NR 0 ', lines[1])
        keys = [{"key": "code", "value": "%RESPONSE_CODE%"}, {"key": "path", "value": "%REQ(:PATH)%"},
                {"key": "was", "value": "%REQ(X-ENVOY-ORIGINAL-PATH)%"}, {"key": "at", "value": "%DOWNSTREAM_LOCAL_PORT%"}]
        self.becomes(logging=self.to_file("/dev/stdout", json=keys))
        self.assertEqual(self.ask("/in/page?q")[0], 200)
        line = wait_until(lambda: next((one for one in self.host_lines() if one.startswith("{")), None), "the object", 10)
        self.assertEqual(json.loads(line), {"code": 200, "path": "/page?q", "was": "/in/page?q", "at": self.port})
        self.assertEqual(len(self.host_lines()) - before, 3, "of the other gateway nothing")

    def test_a_task_writes_its_own_lines_into_its_output_or_its_volume(self):
        ecs = self.weir.ecs
        ecs.create_cluster(clusterName="test")
        definition = ecs.register_task_definition(
            family="gate", networkMode="awsvpc", volumes=[{"name": "logs", "host": {"sourcePath": str(self.keys)}}],
            containerDefinitions=[{
                "name": "envoy", "image": "aws-appmesh-envoy:none", "essential": True, "stopTimeout": 2, "memory": 64,
                "portMappings": [{"containerPort": self.port}],
                "mountPoints": [{"sourceVolume": "logs", "containerPath": "/logs"}],
                "environment": [{"name": "APPMESH_RESOURCE_ARN", "value": "mesh/m/virtualGateway/gate"}]}],
        )["taskDefinition"]["taskDefinitionArn"]
        self.becomes(logging=self.to_file("/dev/stdout", text="%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %RESPONSE_CODE%"))
        arn = ecs.run_task(cluster="test", taskDefinition=definition, networkConfiguration=VPC)["tasks"][0]["taskArn"]
        self.addCleanup(lambda: ecs.stop_task(cluster="test", task=arn))

        def place():
            (task,) = ecs.describe_tasks(cluster="test", tasks=[arn])["tasks"]
            (container,) = task["containers"]
            if task["lastStatus"] != "RUNNING":
                return None
            if self.own_network:
                return container["networkInterfaces"][0]["privateIpv4Address"], self.port
            ports = [each["hostPort"] for each in container["networkBindings"] if each["containerPort"] == self.port]
            return "127.0.0.1", ports[0]
        address, port = wait_until(place, "the task runs", 20)

        def output():
            folder = self.weir.state / "logs" / arn.rsplit("/", 1)[1]
            text = "".join(path.read_text() for path in folder.rglob("envoy.*") if path.is_file())
            return re.findall(r"(?m)^\S+ stdout (/\S+ \d+)$", text)
        wait_until(lambda: self.ask("/in/task", port, address)[0] == 200, "it relays", 10)
        wait_until(lambda: "/in/task 200" in output(), "the task's line", 10)
        self.assertEqual(self.ask("/in/host")[0], 200)
        if self.own_network:
            wait_until(lambda: "/in/host 200" in self.host_lines(), "the line of who came by no task", 10)
            self.assertNotIn("/in/host 200", output())
            self.assertNotIn("/in/task 200", self.host_lines())
        self.becomes(logging=self.to_file("/logs/gate.log", text="%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%"))
        self.ask("/in/volume", port, address)
        file = self.keys / "gate.log"
        wait_until(lambda: file.exists() and "/in/volume\n" in file.read_text(), "the file in the volume", 10)

    # --- limits -------------------------------------------------------------------------------------------------------
    def at_once(self, count, path="/in/slow", **more):
        """The answers of so many requests at a time, as they come; wait for them by threads."""
        answers = []
        while self.blue.held.acquire(blocking=False):
            pass
        threads = [threading.Thread(target=lambda: answers.append(self.ask(path, **more)[0])) for _ in range(count)]
        for thread in threads:
            thread.start()
        return answers, threads

    def settle(self, threads):
        self.blue.released.set()
        for thread in threads:
            thread.join(20)
        self.blue.released.clear()

    def test_what_is_too_much_for_a_node_waits_or_is_told(self):
        self.becomes(pool={"maxConnections": 2, "maxPendingRequests": 3})
        answers, threads = self.at_once(9)
        self.addCleanup(self.settle, threads)
        wait_until(lambda: len(answers) == 4, "who may neither go on nor wait", 10)
        self.assertEqual(answers, [503] * 4)
        for _ in range(2):
            self.assertTrue(self.blue.held.acquire(timeout=10))
        self.assertFalse(self.blue.held.acquire(timeout=0.2), "two of them are at the node")
        self.assertEqual(self.ask("/in", self.other_port)[0], 200, "another gateway has its own")
        self.settle(threads)
        self.assertEqual(sorted(answers), [200] * 5 + [503] * 4)
        self.assertEqual(self.ask("/in")[0], 200)

    def test_requests_of_http2_do_not_wait(self):
        self.becomes(protocol="http2", pool={"maxRequests": 2})
        answers, threads = self.at_once(5)
        self.addCleanup(self.settle, threads)
        wait_until(lambda: len(answers) == 3, "who is one too many", 10)
        self.settle(threads)
        self.assertEqual(sorted(answers), [200] * 2 + [503] * 3)

    # --- TLS towards nodes --------------------------------------------------------------------------------------------
    def insists(self, trust="ours", names=(SERVICE,), certificate=None, **more):
        policy = {"validation": {"trust": {"file": {"certificateChain": f"{self.keys}/{trust}-ca.pem"}},
                                 "subjectAlternativeNames": {"match": {"exact": list(names)}}}, **more}
        if certificate:
            policy["certificate"] = {"file": {"certificateChain": f"{self.keys}/{certificate}.pem",
                                              "privateKey": f"{self.keys}/{certificate}.key"}}
        self.becomes(backendDefaults={"clientPolicy": {"tls": policy}})

    def speaks(self, mode="STRICT", **more):
        self.node_is(mode=mode, certificate={"file": {"certificateChain": f"{self.keys}/ours-node.pem",
                                                      "privateKey": f"{self.keys}/ours-node.key"}}, **more)

    def served(self, port=None):
        wait_until(lambda: self.ask("/in", port)[0] == 200, "it is served", 10)

    def refused(self, why):
        wait_until(lambda: self.ask("/in")[0] == 503, "it is refused", 10)
        self.assertIn(why, self.ask("/in")[1])
        self.assertEqual(self.ask("/in", self.other_port)[0], 200, "another gateway insists on nothing")

    def test_a_gateway_insists_on_what_its_policy_says(self):
        self.insists()
        self.refused("it takes no TLS, on which the caller insists")
        self.insists(ports=[1])
        self.served()
        self.speaks()
        self.insists()
        self.served()
        self.insists(trust="theirs")
        self.refused("unable to get local issuer certificate")
        self.insists(names=["none.local"])
        self.refused("it is for none of the names: none.local")
        self.insists(trust="theirs", enforce=False)
        self.served()

    def test_a_node_that_wants_a_certificate_is_shown_the_gateways(self):
        self.speaks(validation={"trust": {"file": {"certificateChain": f"{self.keys}/ours-ca.pem"}},
                                "subjectAlternativeNames": {"match": {"exact": ["gate.local"]}}})
        self.insists(certificate="ours-gate")
        self.served()
        wait_until(lambda: self.ask("/in", self.other_port)[0] == 503, "the other one shows none", 10)
        self.insists(certificate="ours-node")
        wait_until(lambda: self.ask("/in")[0] == 503, "it is another's", 10)
        self.assertIn("it is for none of the names: gate.local", self.ask("/in")[1])

    def test_what_cannot_be_is_refused_by_name(self):
        for policy, said in (({"validation": {"trust": {"acm": {"certificateAuthorityArns": ["arn:aws:acm-pca:eu-west-1:1:a/b"]}}}},
                              "validation.trust.acm"),
                             ({"validation": {"trust": {"sds": {"secretName": "s"}}}}, "validation.trust.sds")):
            with self.assertRaises(ClientError) as caught:
                self.mesh.update_virtual_gateway(meshName="m", virtualGatewayName="gate", spec=self.spec(
                    self.port, backendDefaults={"clientPolicy": {"tls": policy}}))
            self.assertIn(f"spec.backendDefaults.clientPolicy.tls.{said}", str(caught.exception))


if __name__ == "__main__":
    unittest.main()
