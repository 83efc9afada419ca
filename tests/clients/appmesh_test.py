"""App Mesh as boto3 and the aws CLI meet it: every operation, its paginators, its errors, and the calls of a script that
shifts a route to a new virtual node. Nothing of it needs a task."""

import json
import unittest
import urllib.error
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from weir_testing import ACCESS_KEY, NOT_RETRIED, REGION, SECRET_KEY, Weir, free_port, wait_until

ARN = "arn:aws:appmesh:eu-west-1:000000000000:mesh/"
MAPPING = {"portMapping": {"port": 8080, "protocol": "grpc"}}
HEALTH = {"protocol": "grpc", "intervalMillis": 5000, "timeoutMillis": 2000, "healthyThreshold": 2,
          "unhealthyThreshold": 3}
NODE = {"listeners": [{**MAPPING, "healthCheck": HEALTH}],
        "serviceDiscovery": {"awsCloudMap": {"namespaceName": "echo.local", "serviceName": "echo_server"}}}
TARGET = {"virtualNode": "node", "weight": 100}


def grpc_route(*targets, **match):
    return {"grpcRoute": {"match": match, "action": {"weightedTargets": list(targets or [TARGET])}}}


class AppMesh(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.enterClassContext(weir := Weir())
        cls.weir, cls.mesh, cls.aws = weir, weir.client("appmesh"), staticmethod(weir.aws)

    def setUp(self):
        # A mesh of its own for each test.
        self.name = self.id().rsplit(".", 1)[1].replace("test_", "")[:60]
        self.mesh.create_mesh(meshName=self.name)

    def node(self, name="node", **spec):
        return self.mesh.create_virtual_node(meshName=self.name, virtualNodeName=name, spec=spec or NODE)["virtualNode"]

    def router(self, name="router"):
        return self.mesh.create_virtual_router(meshName=self.name, virtualRouterName=name,
                                               spec={"listeners": [MAPPING]})["virtualRouter"]

    def route(self, name="route", spec=None):
        return self.mesh.create_route(meshName=self.name, virtualRouterName="router", routeName=name,
                                      spec=spec or grpc_route())["route"]

    def refused(self, code, status, call, **request):
        with self.assertRaises(self.mesh.exceptions.from_code(code)) as caught:
            call(**request)
        self.assertEqual(caught.exception.response["ResponseMetadata"]["HTTPStatusCode"], status)
        return caught.exception.response["Error"]["Message"]

    def active(self, kind, names, member):
        """As it is described once the proxy has it."""
        def described():
            found = getattr(self.mesh, "describe_" + kind)(**names)[member]
            return found if found["status"]["status"] == "ACTIVE" else None
        return wait_until(described, f"{kind} is ACTIVE", 15)

    def test_every_kind_has_its_five_operations(self):
        calls = self.mesh
        self.node()
        self.router()
        service = {"virtualServiceName": "echo_server.echo.local"}
        kinds = [  # kind, what names its parent, spec
            ("virtual_service", {}, {"provider": {"virtualRouter": {"virtualRouterName": "router"}}}),
            ("route", {"virtualRouterName": "router"}, grpc_route()),
            ("virtual_node", {}, NODE),
            ("virtual_router", {}, {"listeners": [MAPPING]}),
            ("virtual_gateway", {}, {"listeners": [{"portMapping": {"port": free_port(), "protocol": "http"}}]}),
            ("gateway_route", {"virtualGatewayName": "virtual_gateway"}, {"grpcRoute": {"match": {}, "action": {"target": {
                "virtualService": service}}}}),
        ]
        for kind, parent, spec in kinds:
            words = kind.split("_")
            member = words[0] + "".join(word.title() for word in words[1:])
            name = service["virtualServiceName"] if kind == "virtual_service" else kind
            names = {"meshName": self.name, **parent, member + "Name": name}
            made = getattr(calls, "create_" + kind)(**names, spec=spec)[member]
            self.assertEqual((made["status"]["status"], made["metadata"]["version"]), ("INACTIVE", 1), kind)
            self.assertEqual(made["spec"], spec)
            self.assertEqual(made[member + "Name"], name)
            described = self.active(kind, names, member)
            self.assertEqual({**described, "status": made["status"]}, made)
            updated = getattr(calls, "update_" + kind)(**names, spec=made["spec"])[member]
            self.assertEqual(updated["metadata"]["version"], 2)
            self.assertEqual(updated["metadata"]["uid"], made["metadata"]["uid"])
            self.active(kind, names, member)
            pages = calls.get_paginator(f"list_{kind}s").paginate(meshName=self.name, **parent)
            listed = [one for page in pages for one in page[member + "s"]]
            self.assertIn(made["metadata"]["arn"], [one["arn"] for one in listed])
            calls.tag_resource(resourceArn=made["metadata"]["arn"], tags=[{"key": "team", "value": kind}])
            tags = calls.list_tags_for_resource(resourceArn=made["metadata"]["arn"])["tags"]
            self.assertEqual(tags, [{"key": "team", "value": kind}])
        for kind, parent, _ in reversed(kinds):
            words = kind.split("_")
            member = words[0] + "".join(word.title() for word in words[1:])
            name = service["virtualServiceName"] if kind == "virtual_service" else kind
            names = {"meshName": self.name, **parent, member + "Name": name}
            gone = getattr(calls, "delete_" + kind)(**names)[member]
            self.assertEqual(gone["status"]["status"], "DELETED")
            self.refused("NotFoundException", 404, getattr(calls, "describe_" + kind), **names)

    def test_what_cannot_be_done_for_gateways_is_refused_by_name(self):
        at, gate = {"meshName": self.name}, {"virtualGatewayName": "gate"}
        listener = {"portMapping": {"port": 80, "protocol": "http"}}
        tls = {"mode": "STRICT", "certificate": {"sds": {"secretName": "s"}}}
        policy = {"clientPolicy": {"tls": {"validation": {"trust": {"sds": {"secretName": "s"}}}}}}
        for name, spec in (("spec.listeners[0].tls.certificate.sds", {"listeners": [{**listener, "tls": tls}]}),
                           ("spec.backendDefaults.clientPolicy.tls.validation.trust.sds",
                            {"listeners": [listener], "backendDefaults": policy})):
            for verb in ("create", "update"):
                message = self.refused("BadRequestException", 400, getattr(self.mesh, f"{verb}_virtual_gateway"), **at, **gate,
                                       spec=spec)
                self.assertEqual(message, f"The parameter '{name}' is not supported by Weir.")
        inward = {**at, **gate, "gatewayRouteName": "in"}
        for verb in ("describe", "delete"):
            self.refused("NotFoundException", 404, getattr(self.mesh, verb + "_virtual_gateway"), **at, **gate)
            self.refused("NotFoundException", 404, getattr(self.mesh, verb + "_gateway_route"), **inward)
        self.refused("NotFoundException", 404, self.mesh.list_gateway_routes, **at, **gate)

    def test_a_script_shifts_a_route_to_a_new_node(self):
        self.node()
        self.router()
        self.route()
        names = ["--mesh-name", self.name, "--virtual-router-name", "router", "--route-name", "route"]
        new = json.loads(json.dumps(NODE))
        new["serviceDiscovery"]["awsCloudMap"]["attributes"] = [
            {"key": "ECS_TASK_SET_EXTERNAL_ID", "value": "new-task-set"}]
        self.aws("appmesh", "create-virtual-node", "--mesh-name", self.name, "--virtual-node-name", "new", "--spec",
                 json.dumps(new))

        def spec():
            return self.aws("appmesh", "describe-route", *names)["route"]["spec"]

        def targets(shift):
            wish = spec()
            action = wish["grpcRoute"]["action"]
            action["weightedTargets"] = shift(action["weightedTargets"])
            reply = self.aws("appmesh", "update-route", *names, "--spec", json.dumps(wish))
            self.assertEqual(reply["route"]["spec"], wish)
            return [(one["virtualNode"], one["weight"]) for one in spec()["grpcRoute"]["action"]["weightedTargets"]]

        shown = targets(lambda now: now + [{"virtualNode": "new", "weight": 0}])
        self.assertEqual(shown, [("node", 100), ("new", 0)])
        shown = targets(lambda now: [{**one, "weight": 1} for one in now[-2:]])
        self.assertEqual(shown, [("node", 1), ("new", 1)])
        self.assertEqual(targets(lambda now: now[-1:]), [("new", 1)])
        self.assertEqual(self.mesh.describe_route(meshName=self.name, virtualRouterName="router",
                                                  routeName="route")["route"]["metadata"]["version"], 4)
        self.aws("appmesh", "delete-virtual-node", "--mesh-name", self.name, "--virtual-node-name", "node")
        listed = self.aws("appmesh", "list-virtual-nodes", "--mesh-name", self.name)["virtualNodes"]
        self.assertEqual([one["virtualNodeName"] for one in listed], ["new"])

    def test_lists_page(self):
        for i in range(5):
            self.node(f"node-{i}")
        pages = list(self.mesh.get_paginator("list_virtual_nodes").paginate(
            meshName=self.name, PaginationConfig={"PageSize": 2}))
        self.assertEqual([[one["virtualNodeName"] for one in page["virtualNodes"]] for page in pages],
                         [["node-0", "node-1"], ["node-2", "node-3"], ["node-4"]])
        listed = self.aws("appmesh", "list-virtual-nodes", "--mesh-name", self.name, "--page-size", "1",
                          "--max-items", "3")["virtualNodes"]
        self.assertEqual(len(listed), 3)
        self.assertIn(self.name, [one["meshName"] for one in self.mesh.list_meshes()["meshes"]])
        message = self.refused("BadRequestException", 400, self.mesh.list_virtual_nodes, meshName=self.name,
                               nextToken="nonsense")
        self.assertIn("nextToken", message)

    def test_errors_have_their_class_status_and_member(self):
        self.node()
        self.router()
        self.route()
        at = {"meshName": self.name}
        calls = self.mesh
        rows = [
            ("NotFoundException", 404, calls.describe_mesh, {"meshName": "none"}, "Mesh with name none"),
            ("NotFoundException", 404, calls.describe_mesh, {**at, "meshOwner": "111111111111"}, "111111111111"),
            ("NotFoundException", 404, calls.create_route,
             {**at, "virtualRouterName": "router", "routeName": "r",
              "spec": grpc_route({"virtualNode": "absent", "weight": 1})}, "VirtualNode with name absent is missing"),
            ("ConflictException", 409, calls.create_mesh, at, "already exists"),
            ("ResourceInUseException", 409, calls.delete_mesh, at, "has active"),
            ("ResourceInUseException", 409, calls.delete_virtual_node, {**at, "virtualNodeName": "node"},
             "the target of one or more routes"),
            ("BadRequestException", 400, calls.create_virtual_node,
             {**at, "virtualNodeName": "n", "spec": {"listeners": [MAPPING]}}, "Service Discovery"),
            ("BadRequestException", 400, calls.create_route,
             {**at, "virtualRouterName": "router", "routeName": "r", "spec": {"priority": 1}}, "exactly one of"),
            ("BadRequestException", 400, calls.create_route,
             {**at, "virtualRouterName": "router", "routeName": "r", "spec": grpc_route(methodName="m")},
             "serviceName must be specified"),
            ("BadRequestException", 400, calls.create_mesh, {"meshName": "a/b"}, "Mesh name 'a/b'"),
            ("BadRequestException", 400, calls.create_virtual_node,
             {**at, "virtualNodeName": "n", "spec": {"listeners": [{**MAPPING, "tls": {
                 "mode": "STRICT", "certificate": {"sds": {"secretName": "s"}}}}],
                 "serviceDiscovery": NODE["serviceDiscovery"]}}, "spec.listeners[0].tls.certificate.sds"),
        ]
        for code, status, call, request, words in rows:
            self.assertIn(words, self.refused(code, status, call, **request))
        arn = ARN + self.name
        self.mesh.tag_resource(resourceArn=arn, tags=[{"key": f"k{i}", "value": ""} for i in range(50)])
        self.refused("TooManyTagsException", 400, self.mesh.tag_resource, resourceArn=arn,
                     tags=[{"key": "more", "value": ""}])
        self.mesh.untag_resource(resourceArn=arn, tagKeys=[f"k{i}" for i in range(49)])
        self.assertEqual(self.mesh.list_tags_for_resource(resourceArn=arn)["tags"], [{"key": "k49", "value": ""}])

    def test_what_clients_check_themselves_is_checked_here_too(self):
        self.node()
        self.router()
        free = boto3.session.Session().client(
            "appmesh", endpoint_url=self.weir.endpoint, region_name=REGION, aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY, config=NOT_RETRIED.merge(Config(parameter_validation=False)))
        self.weir.clients.append(free)
        rows = [({**TARGET, "weight": 101}, "less than or equal to 100"), ({**TARGET, "weight": -1}, "or equal to 0"),
                ({"virtualNode": "node"}, "weight' failed to satisfy constraint: Member must not be null")]
        for target, words in rows:
            with self.assertRaises(ClientError) as caught:
                free.create_route(meshName=self.name, virtualRouterName="router", routeName="r",
                                  spec=grpc_route(target))
            self.assertEqual(caught.exception.response["Error"]["Code"], "BadRequestException")
            self.assertIn(words, caught.exception.response["Error"]["Message"])
        with self.assertRaises(ClientError) as caught:
            free.create_mesh(meshName="m" * 256)
        self.assertIn("'meshName' failed to satisfy constraint", caught.exception.response["Error"]["Message"])

    def test_a_path_that_nobody_has_is_no_operation(self):
        request = urllib.request.Request(
            self.weir.endpoint + "/v20190125/gardens", headers={
                "Authorization": "AWS4-HMAC-SHA256 Credential=a/20260101/eu-west-1/appmesh/aws4_request, "
                                 "SignedHeaders=host, Signature=0", "X-Amz-Date": "20260101T000000Z"})
        with self.assertRaises(urllib.error.HTTPError) as caught:
            urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10)
        with caught.exception as error:
            self.assertEqual(error.code, 404)
            self.assertEqual(error.headers["x-amzn-errortype"], "UnknownOperationException")
            self.assertIn("no operation", json.loads(error.read())["message"])

    def test_names_go_through_paths_as_they_are(self):
        name = "echo_server.echo.local"
        self.mesh.create_virtual_service(meshName=self.name, virtualServiceName=name, spec={})
        self.assertEqual(self.mesh.describe_virtual_service(meshName=self.name, virtualServiceName=name)
                         ["virtualService"]["virtualServiceName"], name)
        self.refused("NotFoundException", 404, self.mesh.describe_virtual_service, meshName=self.name,
                     virtualServiceName="a/b?c=d é")


if __name__ == "__main__":
    unittest.main()
