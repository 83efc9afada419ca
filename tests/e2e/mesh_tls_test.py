"""TLS between virtual nodes: callers with networks of their own, told apart by their addresses, whose client policies meet
the listener of the node that they call. What does not agree is answered 503 and says why; a renewed file mends it."""

import http.client
import ipaddress
import json
import pathlib
import re
import subprocess
import tempfile
import unittest

from networks_test import VPC, enter_own_network
from weir_testing import HELLO, Weir, wait_until

SERVICE = "server.tls.local"


class Authority:
    """Makes certificates in a folder."""

    def __init__(self, folder, name):
        self.folder, self.name = folder, name
        self.openssl("req", "-x509", *self.new_key("ca"), "-out", self.file("ca.pem"), "-subj", f"/CN={name}", "-days", "2")

    def file(self, name):
        return str(self.folder / f"{self.name}-{name}")

    def new_key(self, name):
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.file(name + ".key")]

    @staticmethod
    def openssl(*words):
        subprocess.run(["openssl", *words], check=True, capture_output=True)

    def issue(self, name, alternatives, days=2):
        """NAME.pem and NAME.key; a negative number of days: expired."""
        self.openssl("req", *self.new_key(name), "-out", self.file("csr"), "-subj", f"/CN={name}")
        pathlib.Path(self.file("ext")).write_text(f"subjectAltName={alternatives}\n")
        self.openssl("x509", "-req", "-in", self.file("csr"), "-CA", self.file("ca.pem"), "-CAkey", self.file("ca.key"),
                     "-CAcreateserial", "-out", self.file(name + ".pem"), "-days", str(days), "-extfile", self.file("ext"))


class Nodes(unittest.TestCase):
    """A mesh with a server, and callers of it in networks of their own."""

    @classmethod
    def setUpClass(cls):
        if not enter_own_network():
            raise unittest.SkipTest("callers are told apart by networks of their own, which want root")
        cls.enterClassContext(weir := Weir("--workers", 2, "--network", "netns"))
        cls.weir, cls.map, cls.mesh = weir, weir.client("servicediscovery"), weir.client("appmesh")
        cls.keys = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="weir-keys-")))
        cls.ours, cls.theirs = Authority(cls.keys, "ours"), Authority(cls.keys, "theirs")
        cls.ours.issue("server", f"DNS:{SERVICE}")
        cls.ours.issue("caller", "DNS:caller.tls.local")
        cls.ours.issue("expired", f"DNS:{SERVICE}", days=-1)
        weir.import_image("hello:1", HELLO)
        weir.ecs.create_cluster(clusterName="test")
        made = cls.map.create_private_dns_namespace(Name="tls.local", Vpc="vpc-1")
        cls.namespace = cls.map.get_operation(OperationId=made["OperationId"])["Operation"]["Targets"]["NAMESPACE"]
        cls.mesh.create_mesh(meshName="m")
        cls.begin_server()

    # --- what there is: a server, and callers that ask it again and again -----------------------------------------
    @classmethod
    def begin_server(cls):
        registry = cls.map.create_service(Name="server", NamespaceId=cls.namespace, DnsConfig={
            "DnsRecords": [{"Type": "A", "TTL": 60}], "RoutingPolicy": "MULTIVALUE"},
            HealthCheckCustomConfig={"FailureThreshold": 1})["Service"]
        cls.mesh.create_virtual_node(meshName="m", virtualNodeName="server", spec=cls.server_spec(None))
        cls.mesh.create_virtual_service(meshName="m", virtualServiceName=SERVICE, spec={
            "provider": {"virtualNode": {"virtualNodeName": "server"}}})
        cls.weir.ecs.create_service(
            cluster="test", serviceName="server", taskDefinition=cls.define("server", ["./hello"]), desiredCount=1,
            networkConfiguration=VPC, serviceRegistries=[{"registryArn": registry["Arn"]}])
        cls.weir.stable("server")

    @classmethod
    def server_spec(cls, tls, **more):
        listener = {"portMapping": {"port": 8080, "protocol": "http"}, **({"tls": tls} if tls else {})}
        return {"listeners": [listener], **more,
                "serviceDiscovery": {"awsCloudMap": {"namespaceName": "tls.local", "serviceName": "server"}}}

    def listens(self, mode, certificate="server", validation=None):
        """Its certificates lie in a volume of the proxy's container, at /keys."""
        tls = {"mode": mode, "certificate": {"file": {"certificateChain": f"/keys/ours-{certificate}.pem",
                                                      "privateKey": f"/keys/ours-{certificate}.key"}}}
        if validation:
            tls["validation"] = validation
        self.mesh.update_virtual_node(meshName="m", virtualNodeName="server", spec=self.server_spec(tls))

    @classmethod
    def define(cls, node, command):
        app = {"name": "app", "image": "hello:1", "command": command, "essential": True, "stopTimeout": 2,
               "portMappings": [{"containerPort": 8080}], "memory": 64}
        envoy = {"name": "envoy", "image": "envoy:none", "essential": True, "memory": 64,
                 "environment": [{"name": "APPMESH_VIRTUAL_NODE_NAME", "value": f"mesh/m/virtualNode/{node}"}],
                 "mountPoints": [{"sourceVolume": "keys", "containerPath": "/keys", "readOnly": True}]}
        return cls.weir.ecs.register_task_definition(
            family=node, networkMode="awsvpc", containerDefinitions=[app, envoy],
            volumes=[{"name": "keys", "host": {"sourcePath": str(cls.keys)}}],
            proxyConfiguration={"type": "APPMESH", "containerName": "envoy", "properties": [
                {"name": "ProxyIngressPort", "value": "15000"}, {"name": "ProxyEgressPort", "value": "15001"},
                {"name": "AppPorts", "value": "8080"}, {"name": "IgnoredUID", "value": "1337"},
                {"name": "EgressIgnoredIPs", "value": "169.254.170.2"}]})["taskDefinition"]["taskDefinitionArn"]

    def calls(self, name, policy=None, **more):
        """A task of a node of its own that asks for as long as it lives; what it has been told, to call when one likes."""
        spec = {"backends": [{"virtualService": {"virtualServiceName": SERVICE}}], **more}
        if policy:
            spec["backendDefaults"] = {"clientPolicy": {"tls": policy}}
        self.mesh.create_virtual_node(meshName="m", virtualNodeName=name, spec=spec)
        line = f"while :; do busybox wget -q -O - http://{self.address()}:8080/ 2>&1; echo; sleep 0.1; done"
        arn = self.weir.ecs.run_task(cluster="test", taskDefinition=self.define(name, ["sh", "-c", line]),
                                     networkConfiguration=VPC)["tasks"][0]["taskArn"]
        self.addCleanup(lambda: self.mesh.delete_virtual_node(meshName="m", virtualNodeName=name))
        self.addCleanup(lambda: self.weir.ecs.stop_task(cluster="test", task=arn))
        log = self.weir.state / "logs" / arn.rsplit("/", 1)[1]

        def told():
            text = "".join(path.read_text() for path in log.rglob("app.*") if path.is_file())
            return re.findall(r"hello \S+ from|error: HTTP/1\.1 \d+", text)
        told.task = arn
        return told

    def served(self, told):
        self.hears(told, r"hello")

    def refused(self, told):
        self.hears(told, r"error: HTTP/1.1 503")

    def hears(self, told, wanted):
        """By answers that have come since."""
        before = len(told())
        wait_until(lambda: len(told()) > before + 1 and told()[-1].startswith(wanted), f"{wanted} after {told()[-3:]}")

    @staticmethod
    def policy(trust, names=(SERVICE,), certificate=None, **more):
        made = {"validation": {"trust": {"file": {"certificateChain": f"/keys/{trust}"}}}, **more}
        if names:
            made["validation"]["subjectAlternativeNames"] = {"match": {"exact": list(names)}}
        if certificate:
            made["certificate"] = {"file": {"certificateChain": f"/keys/{certificate}.pem",
                                            "privateKey": f"/keys/{certificate}.key"}}
        return made

    def table(self):
        return json.loads((self.weir.state / "table.json").read_text())

    def reasons(self):
        """Why anybody is refused, as `weir route` shows it."""
        return sorted(pool["refusal"] for pool in self.table()["pools"] if "refusal" in pool)

    def listener(self):
        """The service's; null until the table has it."""
        return next((one for one in self.table()["listeners"] if one["id"].endswith(f"/virtualService/{SERVICE}:8080")), None)

    def address(self):
        """Where tasks find the service: the place within 169.254.176.0/22 that it has in this instance's range."""
        place = int(ipaddress.ip_address(wait_until(self.listener, "the service is in the table")["address"])) & 0x3ff
        return ipaddress.ip_address("169.254.176.0") + place

    def ask_as_host(self):
        listener = self.listener()
        connection = http.client.HTTPConnection(listener["address"], listener["port"], timeout=10)
        try:
            connection.request("GET", "/")
            reply = connection.getresponse()
            return reply.status, reply.read().decode()
        finally:
            connection.close()


class MeshTls(Nodes):
    def test_certificates_decide_who_is_served(self):
        self.listens("STRICT")
        wait_until(lambda: self.ask_as_host()[0] == 503, "who has no proxy speaks no TLS")
        self.assertEqual(self.ask_as_host()[1], "Virtual node server, port 8080: it takes TLS only, which a caller without this "
                                                "backend does not speak.\n")
        (self.keys / "renewed.pem").write_text(pathlib.Path(self.theirs.file("ca.pem")).read_text())
        right = self.calls("right", self.policy("ours-ca.pem"))
        found = self.calls("found", self.policy("ours-ca.pem", names=()))
        other = self.calls("other", self.policy("ours-ca.pem", names=["other.tls.local"]))
        stranger = self.calls("stranger", self.policy("renewed.pem"))
        silent = self.calls("silent")
        for told in (right, found, silent):
            self.served(told)
        for told in (other, stranger):
            self.refused(told)
        reasons = "\n".join(self.reasons())
        self.assertIn("it is for none of the names: other.tls.local", reasons)
        self.assertIn("unable to get local issuer certificate", reasons)
        self.assertIn("it is for none of the names: other.tls.local", self.weir.log())

        # The file that is trusted is replaced, as renewals are made: nothing is restarted.
        new = self.keys / "new.pem"
        new.write_text(pathlib.Path(self.ours.file("ca.pem")).read_text())
        new.rename(self.keys / "renewed.pem")
        self.served(stranger)

        self.listens("STRICT", certificate="expired")
        self.refused(right)
        self.served(silent)  # App Mesh does not verify for who has no policy
        self.assertIn("certificate has expired", "\n".join(self.reasons()))
        self.listens("DISABLED")
        wait_until(lambda: any("on which the caller insists" in each for each in self.reasons()), "the caller insists")
        self.assertEqual(self.ask_as_host()[0], 200)
        self.served(silent)
        self.listens("PERMISSIVE")
        self.served(right)
        self.assertEqual(self.ask_as_host()[0], 200)

    def test_mutual_tls_and_policies_that_are_not_enforced(self):
        clients = {"trust": {"file": {"certificateChain": "/keys/ours-ca.pem"}},
                   "subjectAlternativeNames": {"match": {"exact": ["caller.tls.local"]}}}
        self.listens("STRICT", validation=clients)
        shows = self.calls("shows", self.policy("ours-ca.pem", certificate="ours-caller"))
        nameless = self.calls("nameless", self.policy("ours-ca.pem", certificate="ours-server"))
        bare = self.calls("bare", self.policy("ours-ca.pem"))
        lenient = self.calls("lenient", self.policy("theirs-ca.pem", certificate="ours-caller", enforce=False))
        for told in (shows, lenient):
            self.served(told)
        for told in (nameless, bare):
            self.refused(told)
        reasons = "\n".join(self.reasons())
        self.assertIn("wants a certificate of the caller, which shows none", reasons)
        self.assertIn("it is for none of the names: caller.tls.local", reasons)
        self.listens("PERMISSIVE", validation=clients)
        self.served(bare)

    def test_what_does_not_act_is_refused_by_name(self):
        cases = (({"certificate": {"sds": {"secretName": "s"}}}, "spec.listeners[0].tls.certificate.sds"),
                 ({"certificate": {"acm": {"certificateArn": "arn:aws:acm:eu-west-1:000000000000:certificate/none"}}},
                  "there is no certificate arn:aws:acm"))
        for tls, said in cases:
            with self.assertRaises(self.mesh.exceptions.BadRequestException) as refused:
                self.mesh.update_virtual_node(meshName="m", virtualNodeName="server",
                                              spec=self.server_spec({"mode": "STRICT", **tls}))
            self.assertIn(said, str(refused.exception))


if __name__ == "__main__":
    unittest.main()
