"""What routes and virtual nodes of App Mesh do to requests, with backends of the test's own behind the nodes: matches, retries,
time limits, tcp, outlier detection, connection pools, and the egress filter where tasks have networks of their own."""

import concurrent.futures
import contextlib
import http.client
import socket
import threading
import time
import unittest

from backends import Backend
from meshes import Mesh, milliseconds, targets
from networks_test import VPC, enter_own_network
from weir_testing import HELLO, Weir, wait_until

PORT = 8080  # of every virtual service
ANY = {"prefix": "/"}


def ask(address, method="GET", path="/", timeout=10, **headers):
    """(status, body)."""
    connection = http.client.HTTPConnection(address, PORT, timeout=timeout)
    try:
        connection.request(method, path, headers=headers)
        reply = connection.getresponse()
        return reply.status, reply.read().decode()
    finally:
        connection.close()


class Routes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.own_network = enter_own_network()
        cls.enterClassContext(weir := Weir("--workers", 1))  # so that shares and counts are exact
        cls.weir, cls.mesh, cls.count = weir, Mesh(weir), 0

    def backend(self, name, **options):
        return self.enterContext(Backend(name, **options))

    def node(self, backend, **listener):
        """A virtual node of the backend's name, made new for each test; its name."""
        type(self).count += 1
        name = f"{backend.name}-{self.count}"
        self.mesh.node(name, backend.port, **listener)
        return name

    def service(self, *routes, protocol="http"):
        """Where a new virtual service is; each route is (match, node, more)."""
        type(self).count += 1
        rows = [(match, targets((node, 1)), more) for match, node, more in routes]
        return self.mesh.service(f"service-{self.count}", PORT, protocol, *rows)

    def settles(self, address, status=200):
        """Until its backends serve."""
        wait_until(lambda: ask(address)[0] == status, f"{address} answers {status}")

    # --- matches ----------------------------------------------------------------------------------------------------
    def test_a_route_takes_what_it_matches_and_the_first_by_priority_counts(self):
        def header(match, **more):
            return {**ANY, "headers": [{"name": "x-kind", **({"match": match} if match else {}), **more}]}
        rows = [  # name, match, what it takes
            ("method", {**ANY, "method": "DELETE"}, {"method": "DELETE"}),
            ("query", {**ANY, "queryParameters": [{"name": "kind", "match": {"exact": "one"}}]}, {"path": "/q?x=1&kind=one"}),
            ("query-present", {**ANY, "queryParameters": [{"name": "present"}]}, {"path": "/?present"}),
            ("header-exact", header({"exact": "one"}), {"x-kind": "one"}),
            ("header-prefix", header({"prefix": "pre"}), {"x-kind": "prefixed"}),
            ("header-suffix", header({"suffix": "end"}), {"x-kind": "the end"}),
            ("header-regex", header({"regex": "v[0-9]+"}), {"x-kind": "v17"}),
            ("header-range", header({"range": {"start": 10, "end": 20}}), {"x-kind": "19"}),
            ("path-exact", {"path": {"exact": "/exact"}}, {"path": "/exact"}),
            ("path-regex", {"path": {"regex": "/items/[0-9]+"}}, {"path": "/items/17"}),
            ("prefix", {"prefix": "/prefix/"}, {"path": "/prefix/x"}),
            ("not-there", header(None, invert=True), {}),
        ]
        nodes = {name: self.node(self.backend(name)) for name, _, _ in rows}
        rest = self.node(self.backend("rest"))
        address = self.service(*((match, nodes[name], {}) for name, match, _ in rows), (ANY, rest, {}))
        self.settles(address)
        for name, _, request in rows:
            with self.subTest(name):
                self.assertEqual(ask(address, **request), (200, name))
        for request in ({"x-kind": "20"}, {"x-kind": "v"}, {"x-kind": "v17x"}, {"path": "/exact/", "x-kind": ""},
                        {"path": "/items/x", "x-kind": "-"}, {"path": "/?kind=other", "x-kind": "-"}):
            with self.subTest(request):
                self.assertEqual(ask(address, **request), (200, "rest"))

    def test_what_no_route_matches_is_404(self):
        node = self.node(self.backend("some"))
        address = self.service(({"prefix": "/some/"}, node, {}))
        wait_until(lambda: ask(address, path="/some/x")[0] == 200, "it serves")
        self.assertEqual(ask(address, path="/other")[0], 404)

    # --- retries and limits -----------------------------------------------------------------------------------------
    def test_a_route_tries_again_what_its_policy_names(self):
        backend = self.backend("flaky")
        node = self.node(backend)

        def policy(retries, **events):
            return {"retryPolicy": {"maxRetries": retries, "perRetryTimeout": milliseconds(2000), **events}}
        rows = [  # policy, statuses in turn, what the user sees, how many tries
            ({}, [503], 503, 1),
            (policy(2, httpRetryEvents=["server-error"]), [500, 503], 200, 3),
            (policy(1, httpRetryEvents=["server-error"]), [500, 503], 503, 2),
            (policy(2, httpRetryEvents=["gateway-error"]), [502], 200, 2),
            (policy(2, httpRetryEvents=["gateway-error"]), [500], 500, 1),
            (policy(2, httpRetryEvents=["client-error"]), [409], 200, 2),
        ]
        for more, statuses, seen, tries in rows:
            with self.subTest(more=more, statuses=statuses):
                address = self.service((ANY, node, more))
                self.settles(address)
                backend.seen.clear()
                backend.statuses[:] = statuses
                self.assertEqual((ask(address)[0], len(backend.seen)), (seen, tries))

    def test_a_try_that_takes_too_long_is_followed_by_another(self):
        slow = self.backend("slow")
        address = self.service((ANY, self.node(slow), {"retryPolicy": {
            "maxRetries": 1, "perRetryTimeout": milliseconds(300), "httpRetryEvents": ["gateway-error"]}}))
        self.settles(address)
        slow.seen.clear()
        began = time.monotonic()
        self.assertEqual(ask(address, path="/slow")[0], 504)
        self.assertGreaterEqual(time.monotonic() - began, 0.6)
        self.assertEqual(len(slow.seen), 2)

    def test_the_shorter_of_the_routes_and_the_listeners_limits_counts(self):
        slow = self.backend("slow")
        plain = self.node(slow)
        short = self.node(slow, timeout={"http": {"perRequest": milliseconds(300)}})
        for node, more in ((plain, {"timeout": {"perRequest": milliseconds(300)}}),
                           (short, {"timeout": {"perRequest": milliseconds(20_000)}})):
            with self.subTest(node=node):
                address = self.service((ANY, node, more))
                self.settles(address)
                began = time.monotonic()
                self.assertEqual(ask(address, path="/slow")[0], 504)
                self.assertTrue(0.3 <= time.monotonic() - began < 8)

    # --- tcp --------------------------------------------------------------------------------------------------------
    def tcp_server(self, name):
        """Says its name and then all that it is told."""
        server = self.enterContext(socket.create_server(("127.0.0.1", 0)))

        def talk(peer):
            with peer, contextlib.suppress(OSError):
                peer.sendall(name)
                while said := peer.recv(4096):
                    peer.sendall(said)

        def run():
            with contextlib.suppress(OSError):
                while True:
                    threading.Thread(target=talk, args=(server.accept()[0],), daemon=True).start()
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        self.addCleanup(thread.join, 10)
        self.addCleanup(server.shutdown, socket.SHUT_RDWR)
        return server.getsockname()[1]

    def test_connections_follow_a_tcp_routes_weights_and_end_when_nobody_speaks(self):
        for name in ("one", "two"):
            self.mesh.node(f"tcp-{name}", self.tcp_server(name.encode()), "tcp")
        address = self.mesh.service("tcp", PORT, "tcp", ({}, targets(("tcp-one", 1), ("tcp-two", 3)),
                                                         {"timeout": {"idle": milliseconds(500)}}))

        def greeting():
            with socket.create_connection((address, PORT), 10) as peer:
                return peer.recv(3)
        wait_until(lambda: greeting() == b"two", "the second serves")
        said = [greeting() for _ in range(40)]
        self.assertEqual((said.count(b"one"), said.count(b"two")), (10, 30))
        with socket.create_connection((address, PORT), 10) as peer:
            peer.recv(3)
            peer.sendall(b"hello")
            self.assertEqual(peer.recv(5), b"hello")
            began = time.monotonic()
            self.assertEqual(peer.recv(1), b"")
            self.assertTrue(0.4 <= time.monotonic() - began < 8)

    # --- nodes ------------------------------------------------------------------------------------------------------
    def test_a_backend_that_fails_users_is_left_out_for_a_while(self):
        bad = self.backend("bad", status=500)
        good = self.backend("good", address="127.0.0.2", port=bad.port)
        registry = self.mesh.registry("outliers")
        for backend, address in ((bad, "127.0.0.1"), (good, "127.0.0.2")):
            self.mesh.map.register_instance(ServiceId=registry["Id"], InstanceId=backend.name, Attributes={
                "AWS_INSTANCE_IPV4": address})
        self.mesh.node("outliers", bad.port, registry="outliers", outlierDetection={
            "maxServerErrors": 3, "interval": milliseconds(10_000), "baseEjectionDuration": milliseconds(2000),
            "maxEjectionPercent": 50})
        address = self.service((ANY, "outliers", {}))
        self.settles(address)
        wait_until(lambda: ask(address)[0] == 500, "the bad one is asked")
        wait_until(lambda: [ask(address)[1] for _ in range(10)] == ["good"] * 10, "the bad one is left out", 1.5)
        before = len(bad.seen)
        self.assertLessEqual(before, 4)
        wait_until(lambda: ask(address) and len(bad.seen) > before, "it is asked again", 10)

    def test_a_connection_pool_makes_requests_wait_and_refuses_what_is_too_many(self):
        backend = self.backend("pool")
        address = self.service((ANY, self.node(backend, connectionPool={"http": {"maxConnections": 1, "maxPendingRequests": 1}}), {}))
        self.settles(address)
        with concurrent.futures.ThreadPoolExecutor(3) as users:
            first = users.submit(ask, address, path="/slow")
            self.assertTrue(backend.held.acquire(timeout=10))
            others = [users.submit(ask, address, path="/other") for _ in range(2)]
            refused, waiting = concurrent.futures.wait(others, 5, concurrent.futures.FIRST_COMPLETED)
            self.assertEqual([each.result()[0] for each in refused], [503], "one of two is one too many")
            self.assertFalse(first.done())
            backend.released.set()
            self.assertEqual([each.result() for each in (first, *waiting)], [(200, "pool")] * 2)

    # --- who may call -----------------------------------------------------------------------------------------------
    def test_a_task_reaches_what_its_node_lists_and_the_filter_can_be_lifted(self):
        if not self.own_network:
            self.skipTest("on one network nobody can be told apart")
        backend = self.node(self.backend("asked"))
        tcp = self.tcp_server(b"tcp")
        self.mesh.node("asked-tcp", tcp, "tcp")
        for name in ("allowed", "other"):
            self.mesh.service(name, PORT, "http", (ANY, targets((backend, 1)), {}))
        self.mesh.service("other-tcp", PORT, "tcp", ({}, targets(("asked-tcp", 1)), {}))
        self.mesh.node("caller", PORT, backends=["allowed"], registry="nobody")
        self.weir.import_image("hello:1", HELLO)
        said = self.weir.home / "said"
        definition = self.mesh.define("caller", "hello:1", ["/usr/bin/python3", "-c", CALLER], "caller", SAID=str(said))
        task = self.weir.ecs.run_task(cluster=self.mesh.name, taskDefinition=definition, launchType="FARGATE",
                                      networkConfiguration=VPC)["tasks"][0]["taskArn"]
        self.addCleanup(self.weir.ecs.stop_task, cluster=self.mesh.name, task=task)

        def tells(line):
            wait_until(lambda: said.exists() and said.read_text().splitlines()[-1:] == [line], line)
        tells("200 404 closed")
        self.update_caller(["allowed", "other"])
        tells("200 200 closed")
        self.update_caller([])
        tells("404 404 closed")
        self.mesh.appmesh.update_mesh(meshName=self.mesh.name, spec={"egressFilter": {"type": "ALLOW_ALL"}})
        tells("200 200 tcp")

    def update_caller(self, backends):
        spec = self.mesh.appmesh.describe_virtual_node(meshName=self.mesh.name, virtualNodeName="caller")["virtualNode"]["spec"]
        spec["backends"] = [{"virtualService": {"virtualServiceName": self.mesh.full(each)}} for each in backends]
        self.mesh.appmesh.update_virtual_node(meshName=self.mesh.name, virtualNodeName="caller", spec=spec)


# Asks again and again, and keeps what it was told last.
CALLER = """
import http.client, os, socket, time
def http_status(name):
    connection = http.client.HTTPConnection(name + ".m.local", 8080, timeout=10)
    try:
        connection.request("GET", "/")
        return str(connection.getresponse().status)
    except OSError as error:
        return repr(error)
    finally:
        connection.close()
def tcp_said(name):
    try:
        with socket.create_connection((name + ".m.local", 8080), 10) as peer:
            return peer.recv(3).decode() or "closed"
    except ConnectionResetError:
        return "closed"
    except OSError as error:
        return repr(error)
while True:
    line = " ".join([http_status("allowed"), http_status("other"), tcp_said("other-tcp")])
    with open(os.environ["SAID"] + ".new", "w") as out:
        out.write(line + chr(10))
    os.rename(os.environ["SAID"] + ".new", os.environ["SAID"])
    time.sleep(0.05)
"""

if __name__ == "__main__":
    unittest.main()
