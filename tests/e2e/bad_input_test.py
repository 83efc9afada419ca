"""Every limit that AWS's models of App Mesh and Cloud Map have, broken one at a time in a call of its own: each is refused
in AWS's words with the member's name, nothing is changed by it, and the last good route stays in force."""

import http.client
import json
import re
import unittest
import urllib.parse

import botocore.session
from backends import Backend
from meshes import Mesh, targets
from mesh_routes_test import ANY, PORT, ask
from weir_testing import Weir, unverified, wait_until

ODD = ["", "a b", "\u00fc", "!", "_", "/", "\\", "\n", "#", "-"]  # what patterns mostly do not take
LATER = {"ResourceId": 255}  # limits of newer models, which Weir follows: what was an id may be an ARN


def good(shape):
    """Something that the limits of `shape` permit, with what is required and nothing else."""
    kind = shape.type_name
    if kind == "structure":
        return {name: good(shape.members[name]) for name in shape.required_members}
    if kind == "list":
        return [good(shape.member)] * max(1, shape.metadata.get("min", 0))
    if kind == "map":
        return {good(shape.key): good(shape.value)}
    if kind == "string":
        return good_text(shape)
    return {"boolean": True, "timestamp": 0}.get(kind, max(1, shape.metadata.get("min", 1)))


def good_text(shape, length=None):
    """Of a given length where there is one and the pattern has it."""
    words = shape.enum or ["a", "arn:aws:a:a:000000000000:mesh/a", "a.a", "ns-a", "00000000000000a", "a:a"]
    length = length or max(1, shape.metadata.get("min", 1))
    texts = [word + word[-1] * (length - len(word)) for word in words] if not shape.enum else words
    return next((text for text in texts if fits(shape, text)), texts[0])


def fits(shape, text):
    pattern = shape.metadata.get("pattern")
    return not pattern or re.fullmatch(re.sub(r"\\p\{[^}]+\}", "a", pattern), text, re.DOTALL) is not None


def bad_texts(shape):
    limits = shape.metadata
    if shape.enum:
        yield "no word of it", "nonsense"
        return
    if limits.get("min", 0) > 0:
        yield "too short", good_text(shape)[:limits["min"] - 1]
    if limits.get("max", 1 << 20) < 1 << 20:
        yield "too long", good_text(shape, (LATER.get(shape.name) or limits["max"]) + 1)
    odd = next((text for text in ODD if not fits(shape, text) and text), None)
    if odd:
        yield "not of the pattern", odd


def bad(shape, path=()):
    """(path, what is wrong, the value) for each way in which a value can be outside the limits of `shape`."""
    kind, limits = shape.type_name, shape.metadata
    if kind == "string":
        yield from ((path, what, text) for what, text in bad_texts(shape))
    elif kind in ("integer", "long", "double", "float"):
        if "min" in limits:
            yield path, "too small", limits["min"] - 1
        if "max" in limits:
            yield path, "too large", limits["max"] + 1
    elif kind == "structure":
        for name, member in shape.members.items():
            if name in shape.required_members:
                yield (*path, name), "missing", {key: value for key, value in good(shape).items() if key != name}
            for where, what, value in bad(member, (*path, name)):
                yield where, what, {**good(shape), name: value}
    elif kind == "list":
        if limits.get("min", 0) > 0:
            yield path, "too few", []
        if "max" in limits:
            yield path, "too many", [good(shape.member)] * (limits["max"] + 1)
        for where, what, value in bad(shape.member, path):
            yield where, what, [value]
    elif kind == "map":
        if "max" in limits:
            yield path, "too many", {f"{good(shape.key)}{i}": good(shape.value) for i in range(limits["max"] + 1)}
        for where, what, value in bad(shape.key, path):
            yield where, f"a key {what}", {value: good(shape.value)}
        for where, what, value in bad(shape.value, path):
            yield where, what, {good(shape.key): value}


def named(path, message):
    """Whether the message names the member, or one around it that Weir does not take at all."""
    said = re.sub(r"\[\d+\]|\.\d+\.member\b", "", message)
    if "is not supported by Weir" in said:
        return any(f"'{'.'.join(path[:size])}'" in said for size in range(1, len(path) + 1))
    return ".".join(path) in said or (len(path) == 1 and path[0].lower() in said.lower())


class BadInput(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.enterClassContext(weir := Weir("--workers", 1))
        cls.weir, cls.mesh = weir, Mesh(weir, "a")
        backend = cls.enterClassContext(Backend("kept"))
        cls.api = http.client.HTTPConnection("127.0.0.1", weir.port, timeout=30)
        cls.addClassCleanup(cls.api.close)
        cls.mesh.node("node", backend.port)
        cls.address = cls.mesh.service("service", PORT, "http", (ANY, targets(("node", 1)), {}))

    def call(self, model, operation, members):
        """(status, code, message) of a call with just these members."""
        head, members, query = unverified(model.signing_name), dict(members), {}
        if model.metadata["protocol"] == "json":
            target = f"{model.metadata['targetPrefix']}.{operation.name}"
            head |= {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": target}
            path, verb = "/", "POST"
        else:
            path, verb = operation.http["requestUri"], operation.http["method"]
            for name, shape in operation.input_shape.members.items():
                place, wire = shape.serialization.get("location"), shape.serialization.get("name", name)
                if place == "uri":
                    path = path.replace("{" + wire + "}", urllib.parse.quote(str(members.pop(name)), safe=""))
                elif place == "querystring" and name in members:
                    query[wire] = members.pop(name)
            path += "?" + urllib.parse.urlencode(query) if query else ""
        self.api.request(verb, path, json.dumps(members).encode(), head)
        reply = self.api.getresponse()
        body = json.loads(reply.read() or b"{}")
        code = reply.headers.get("x-amzn-errortype") or body.get("__type", "")
        return reply.status, code.partition(":")[0].rpartition("#")[2], body.get("message") or body.get("Message", "")

    def sweep(self, service, refusal):
        model = botocore.session.Session().get_service_model(service)
        missed, count = [], 0
        for operation in map(model.operation_model, model.operation_names):
            labels = {name for name, shape in operation.input_shape.members.items()
                      if shape.serialization.get("location") == "uri"} if operation.input_shape else set()
            for path, what, value in bad(operation.input_shape) if operation.input_shape else ():
                if path[0] in labels and (what == "missing" or not value[path[0]]):
                    continue  # then it is another path
                count += 1
                status, code, message = self.call(model, operation, value)
                if (status, code) != (400, refusal) or not named(path, message):
                    missed.append(f"{operation.name} {'.'.join(path)} {what}: {status} {code} {message[:150]}")
        return count, missed

    def everything(self):
        calls = self.mesh.appmesh
        (router,) = calls.list_virtual_routers(meshName="a")["virtualRouters"]
        (namespace,) = self.mesh.map.list_namespaces()["Namespaces"]
        route = calls.describe_route(meshName="a", virtualRouterName="service", routeName="route-0")["route"]
        nodes = calls.list_virtual_nodes(meshName="a")["virtualNodes"]
        return router, namespace, route, nodes, self.mesh.map.list_services()["Services"]

    def stays(self, service, refusal, at_least):
        wait_until(lambda: self.everything()[2]["status"]["status"] == "ACTIVE", "the route is in force")
        wait_until(lambda: ask(self.address) == (200, "kept"), "it leads to the backend")
        before = self.everything()
        count, missed = self.sweep(service, refusal)
        self.assertEqual(missed, [], f"{len(missed)} of {count}")
        self.assertGreater(count, at_least)
        self.assertEqual(self.everything(), before)
        self.assertEqual(ask(self.address), (200, "kept"))

    def test_app_mesh(self):
        self.stays("appmesh", "BadRequestException", 500)

    def test_cloud_map(self):
        self.stays("servicediscovery", "InvalidInput", 100)


if __name__ == "__main__":
    unittest.main()
