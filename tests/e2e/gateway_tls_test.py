"""TLS at virtual gateways, whose callers come from outside: it is really spoken, by what the listener says of it, at the
host, at the gateway's own address, and through the ECS service that is the gateway's Envoy on AWS, whose container mounts
the keys. Files that are replaced and certificates of Certificate Manager that are imported again are taken up."""

import http.client
import json
import os
import pathlib
import shutil
import ssl
import tempfile
import unittest

from backends import Backend
from botocore.exceptions import ClientError
from mesh_tls_test import Authority
from networks_test import VPC, enter_own_network
from weir_testing import Weir, free_port, wait_until

NAME = "gate.example"


class GatewayTls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        enter_own_network()
        cls.enterClassContext(weir := Weir("--workers", 2, "--network", "auto"))
        cls.weir, cls.mesh, cls.acm = weir, weir.client("appmesh"), weir.client("acm")
        cls.keys = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="weir-keys-")))
        cls.ours, cls.theirs = Authority(cls.keys, "ours"), Authority(cls.keys, "theirs")
        for name, alternatives in (("gate", f"DNS:{NAME}"), ("renewed", f"DNS:{NAME}"), ("alice", "DNS:alice.example"),
                                   ("bob", "DNS:bob.example")):
            cls.ours.issue(name, alternatives)
        cls.theirs.issue("alice", "DNS:alice.example")
        cls.blue = cls.enterClassContext(Backend("blue"))
        cls.port = free_port()
        cls.mesh.create_mesh(meshName="m")
        cls.mesh.create_virtual_node(meshName="m", virtualNodeName="blue", spec={
            "listeners": [{"portMapping": {"port": cls.blue.port, "protocol": "http"}}],
            "serviceDiscovery": {"dns": {"hostname": "127.0.0.1"}}})
        cls.mesh.create_virtual_service(meshName="m", virtualServiceName="web.local", spec={
            "provider": {"virtualNode": {"virtualNodeName": "blue"}}})
        cls.mesh.create_virtual_gateway(meshName="m", virtualGatewayName="gate", spec=cls.spec(None))
        cls.mesh.create_gateway_route(meshName="m", virtualGatewayName="gate", gatewayRouteName="in", spec={
            "httpRoute": {"match": {"prefix": "/"}, "action": {"target": {"virtualService": {
                "virtualServiceName": "web.local"}}}}})

    # --- what there is ------------------------------------------------------------------------------------------------
    @classmethod
    def spec(cls, tls):
        return {"listeners": [{"portMapping": {"port": cls.port, "protocol": "http"}, **({"tls": tls} if tls else {})}]}

    def listens(self, mode, certificate="ours-gate", folder=None, acm=None, trust=None, names=()):
        folder = folder or self.keys
        shown = {"file": {"certificateChain": f"{folder}/{certificate}.pem", "privateKey": f"{folder}/{certificate}.key"}}
        tls = {"mode": mode, "certificate": {"acm": {"certificateArn": acm}} if acm else shown}
        if trust:
            tls["validation"] = {"trust": {"file": {"certificateChain": f"{folder}/{trust}"}}}
            if names:
                tls["validation"]["subjectAlternativeNames"] = {"match": {"exact": list(names)}}
        self.mesh.update_virtual_gateway(meshName="m", virtualGatewayName="gate", spec=self.spec(tls))
        wait_until(lambda: self.mesh.describe_virtual_gateway(
            meshName="m", virtualGatewayName="gate")["virtualGateway"]["status"]["status"] == "ACTIVE", "it is in force", 10)

    def address(self):
        listeners = json.loads((self.weir.state / "table.json").read_text())["listeners"]
        return next(each["address"] for each in listeners if each["id"].endswith(f"/virtualGateway/gate:{self.port}"))

    def context(self, certificate=None):
        context = ssl.create_default_context(cafile=self.ours.file("ca.pem"))
        if certificate:
            context.load_cert_chain(self.keys / f"{certificate}.pem", self.keys / f"{certificate}.key")
        return context

    def ask(self, tls=True, certificate=None, address="127.0.0.1", port=None):
        """(status, the serial of the certificate that was shown); a name for what has failed."""
        connection = http.client.HTTPConnection(address, port or self.port, timeout=10)
        try:
            connection.connect()
            if tls:
                connection.sock = self.context(certificate).wrap_socket(connection.sock, server_hostname=NAME)
            connection.request("GET", "/", headers={"Host": NAME})
            reply = connection.getresponse()
            self.assertEqual(reply.read(), b"blue")
            self.assertEqual(self.blue.seen[-1].headers["X-Forwarded-Proto"], "https" if tls else "http")
            return reply.status, connection.sock.getpeercert()["serialNumber"] if tls else None
        except ssl.SSLError as error:
            return "TLS", error.reason
        except (OSError, http.client.HTTPException) as error:
            return "ended", repr(error)
        finally:
            connection.close()

    def served(self, **more):
        status, detail = self.ask(**more)
        self.assertEqual(status, 200, detail)
        return detail

    def refused(self, **more):
        self.assertIn(self.ask(**more)[0], ("TLS", "ended"))

    # --- by itself ----------------------------------------------------------------------------------------------------
    def test_modes_say_who_is_taken(self):
        self.listens("STRICT")
        for address in ("127.0.0.1", self.address()):
            self.served(address=address)
            self.refused(address=address, tls=False)
        self.listens("PERMISSIVE")
        for address in ("127.0.0.1", self.address()):
            self.served(address=address)
            self.served(address=address, tls=False)
        self.listens("DISABLED")
        self.served(tls=False)
        self.refused()

    def test_clients_show_certificates_for_certain_names(self):
        self.listens("STRICT", trust="ours-ca.pem", names=["alice.example"])
        self.served(certificate="ours-alice")
        for stranger in (None, "ours-bob", "theirs-alice"):
            self.refused(certificate=stranger)
        self.listens("STRICT", trust="ours-ca.pem")
        self.served(certificate="ours-bob")
        self.listens("PERMISSIVE", trust="ours-ca.pem", names=["alice.example"])
        self.served()
        self.served(certificate="ours-alice")
        self.refused(certificate="ours-bob")

    def test_a_file_that_is_replaced_is_taken_up(self):
        live = self.keys / "live"
        live.mkdir()

        def put(name):
            for end in ("pem", "key"):
                shutil.copy(self.keys / f"{name}.{end}", live / "new")
                os.rename(live / "new", live / f"gate.{end}")
        put("ours-gate")
        self.listens("STRICT", certificate="gate", folder=live)
        first = self.served()
        put("ours-renewed")
        wait_until(lambda: self.ask()[1] != first, "the renewed certificate is shown", 10)
        self.served()

    def test_certificate_manager(self):
        def body(name):
            return {"Certificate": (self.keys / f"{name}.pem").read_bytes(), "PrivateKey": (self.keys / f"{name}.key").read_bytes()}
        arn = self.acm.import_certificate(**body("ours-gate"))["CertificateArn"]
        self.listens("STRICT", acm=arn)
        first = self.served()
        with self.assertRaises(ClientError) as held:
            self.acm.delete_certificate(CertificateArn=arn)
        self.assertEqual(held.exception.response["Error"]["Code"], "ResourceInUseException")
        self.acm.import_certificate(CertificateArn=arn, **body("ours-renewed"))
        wait_until(lambda: self.ask()[1] != first, "the certificate that was imported again is shown", 10)
        self.listens("STRICT")
        self.acm.delete_certificate(CertificateArn=arn)
        self.served()

    def test_what_is_not_there_is_refused_or_told(self):
        for tls, said in (({"certificate": {"sds": {"secretName": "s"}}}, "spec.listeners[0].tls.certificate.sds"),
                          ({"certificate": {"acm": {"certificateArn": "arn:aws:acm:eu-west-1:000000000000:certificate/none"}}},
                           "there is no certificate arn:aws:acm")):
            with self.assertRaises(ClientError) as caught:
                self.mesh.update_virtual_gateway(meshName="m", virtualGatewayName="gate", spec=self.spec({"mode": "STRICT", **tls}))
            self.assertIn(said, str(caught.exception))
        self.listens("DISABLED")  # a listener with certificates would keep them
        self.listens("STRICT", certificate="missing")
        wait_until(lambda: "cannot read" in (self.weir.state / "proxy.log").read_text(), "what is missing is in the log", 10)
        self.refused()
        self.refused(tls=False)

    # --- as an ECS service --------------------------------------------------------------------------------------------
    def test_an_envoy_with_the_keys_in_a_volume_is_the_gateway(self):
        ecs, elbv2 = self.weir.ecs, self.weir.elbv2
        ecs.create_cluster(clusterName="test")
        group = elbv2.create_target_group(Name="gate", Protocol="TCP", Port=self.port, VpcId="vpc-1", TargetType="ip",
                                          HealthCheckIntervalSeconds=5, HealthCheckTimeoutSeconds=2)["TargetGroups"][0]
        balancer = elbv2.create_load_balancer(Name="edge", Type="network")["LoadBalancers"][0]["LoadBalancerArn"]
        front = free_port()
        elbv2.create_listener(LoadBalancerArn=balancer, Protocol="TCP", Port=front, DefaultActions=[
            {"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}])
        definition = ecs.register_task_definition(
            family="gate", networkMode="awsvpc",
            volumes=[{"name": "keys", "host": {"sourcePath": str(self.keys)}}],
            containerDefinitions=[{
                "name": "envoy", "image": "aws-appmesh-envoy:none", "essential": True, "stopTimeout": 5, "memory": 64,
                "portMappings": [{"containerPort": self.port}],
                "mountPoints": [{"sourceVolume": "keys", "containerPath": "/keys", "readOnly": True}],
                "environment": [{"name": "APPMESH_RESOURCE_ARN", "value": "mesh/m/virtualGateway/gate"}]}],
        )["taskDefinition"]["taskDefinitionArn"]
        ecs.create_service(cluster="test", serviceName="gate", taskDefinition=definition, desiredCount=1,
                           networkConfiguration=VPC, loadBalancers=[{
                               "targetGroupArn": group["TargetGroupArn"], "containerName": "envoy", "containerPort": self.port}])
        self.listens("STRICT", folder="/keys", trust="ours-ca.pem", names=["alice.example"])
        wait_until(lambda: self.ask(port=front, certificate="ours-alice")[0] == 200, "traffic passes the task", 30)
        self.refused(port=front, certificate="ours-bob")
        self.refused(port=front, tls=False)
        ecs.update_service(cluster="test", service="gate", desiredCount=0)
        wait_until(lambda: not self.weir.tasks("gate"), "its task is gone", 20)


if __name__ == "__main__":
    unittest.main()
