"""What App Mesh's gRPC routes do to calls: matches by service, method and metadata, retries by the backend's status, time
limits, and who is asked for its health. Both ends are gRPC's own library."""

import itertools
import unittest

from grpc_peers import (CANCELLED, DEADLINE_EXCEEDED, INTERNAL, NOT_SERVING, OK, RESOURCE_EXHAUSTED, SERVING, UNAVAILABLE,
                        UNIMPLEMENTED, UNKNOWN, GrpcBackends, GrpcCaller)
from meshes import Mesh, milliseconds, targets
from networks_test import enter_own_network
from weir_testing import Weir, free_port, wait_until

PORT = 50051  # of every virtual service
SERVICE = "echo.v1.Echo"
EVENTS = {"cancelled": CANCELLED, "deadline-exceeded": DEADLINE_EXCEEDED, "internal": INTERNAL,
          "resource-exhausted": RESOURCE_EXHAUSTED, "unavailable": UNAVAILABLE}


def metadata(match, **more):
    return {"metadata": [{"name": "x-kind", **({"match": match} if match else {}), **more}]}


MATCHES = [  # name, match, method, metadata of a call that it takes
    ("method", {"serviceName": SERVICE, "methodName": "Say"}, f"/{SERVICE}/Say", {}),
    ("service", {"serviceName": SERVICE}, f"/{SERVICE}/Shout", {}),
    ("both", {"serviceName": "echo.v2.Echo", **metadata({"exact": "both"})}, "/echo.v2.Echo/Say", {"x_kind": "both"}),
    ("exact", metadata({"exact": "one"}), "/other.Service/Method", {"x_kind": "one"}),
    ("prefix", metadata({"prefix": "pre"}), "/other.Service/Method", {"x_kind": "prefixed"}),
    ("suffix", metadata({"suffix": "end"}), "/other.Service/Method", {"x_kind": "the end"}),
    ("regex", metadata({"regex": "v[0-9]+"}), "/other.Service/Method", {"x_kind": "v17"}),
    ("range", metadata({"range": {"start": 10, "end": 20}}), "/other.Service/Method", {"x_kind": "19"}),
    ("present", {"metadata": [{"name": "x-present"}]}, "/other.Service/Method", {"x_kind": "-", "x_present": "yes"}),
    ("absent", metadata(None, invert=True), "/other.Service/Method", {}),
    ("not-that", metadata({"exact": "that"}, invert=True), "/other.Service/Method", {"x_kind": "this"}),
    ("rest", {}, "/other.Service/Method", {"x_kind": "that"}),
]
MISSED = [  # what is nearly one of them: method, metadata, who takes it
    (f"/{SERVICE}s/Say", {"x_kind": "that"}, "rest"),
    (f"/{SERVICE}/Say2", {"x_kind": "that"}, "service"),
    ("/echo.v2.Echo/Say", {"x_kind": "that"}, "rest"),
    ("/other.Service/Method", {"x_kind": "20"}, "not-that"),
    ("/other.Service/Method", {"x_kind": "v17x"}, "not-that"),
    ("/other.Service/Method", {"x_kind": "ends"}, "not-that"),
]


class GrpcRoutes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        enter_own_network()
        cls.enterClassContext(weir := Weir("--workers", 1))
        cls.mesh, cls.names = Mesh(weir), itertools.count()
        cls.backends = cls.enterClassContext(GrpcBackends("app", *(name for name, *_ in MATCHES)))
        cls.call = staticmethod(cls.enterClassContext(GrpcCaller()).call)
        for name, port in cls.backends.ports.items():
            cls.mesh.node(name, port, "grpc")

    def name(self):
        return f"name-{next(self.names)}"

    def service(self, *routes, serves=()):
        """The address of a new virtual service; each route is (match, node, more). Returns once `serves` do: (method,
        metadata, node)."""
        address = self.mesh.service(self.name(), PORT, "grpc", *((match, targets((node, 1)), more) for match, node, more in routes))
        for method, more, node in serves or [("/any.Service/Method", {}, None)]:
            wait_until(lambda: self.call(f"{address}:{PORT}", method, **more).status == OK, f"{node} serves", 10)
        return f"{address}:{PORT}"

    def app(self, **more):
        """A service whose one route leads to `app`."""
        return self.service(({}, "app", more))

    # --- matches ----------------------------------------------------------------------------------------------------
    def test_a_route_takes_what_it_matches_and_the_first_by_priority_counts(self):
        address = self.service(*((match, name, {}) for name, match, *_ in MATCHES),
                               serves=[(method, more, name) for name, _, method, more in MATCHES])
        for name, _, method, more in MATCHES:
            with self.subTest(name):
                self.assertEqual(self.call(address, method, **more)[::2], (OK, [name]))
        for method, more, name in MISSED:
            with self.subTest(f"{method} {more}"):
                self.assertEqual(self.call(address, method, **more)[::2], (OK, [name]))

    def test_what_no_route_matches_is_unimplemented(self):
        address = self.service(({"serviceName": SERVICE}, "app", {}), serves=[(f"/{SERVICE}/Say", {}, "app")])
        self.assertEqual(self.call(address, "/other.Service/Say").status, UNIMPLEMENTED)

    # --- retries ----------------------------------------------------------------------------------------------------
    def tried(self, address, **script):
        """(status, replies, tries) of a call by the script."""
        call = self.name()
        said = self.call(address, x_call=call, **script)
        return said.status, said.replies, self.backends.tries(call)

    def test_a_route_tries_again_what_its_policy_names(self):
        for event, status in EVENTS.items():
            address = self.app(retryPolicy={"maxRetries": 2, "perRetryTimeout": milliseconds(5000), "grpcRetryEvents": [event]})
            other = UNKNOWN if status == INTERNAL else INTERNAL
            for failure, times, expected in ((status, 1, (OK, ["app"], 2)), (status, 2, (OK, ["app"], 3)),
                                             (status, 3, (status, [], 3)), (other, 1, (other, [], 1))):
                with self.subTest(event=event, failure=failure, times=times):
                    self.assertEqual(self.tried(address, x_times=times, x_fail=failure), expected)

    def test_without_a_policy_nothing_is_tried_again(self):
        address = self.app()
        for status in EVENTS.values():
            with self.subTest(status=status):
                self.assertEqual(self.tried(address, x_times=1, x_fail=status), (status, [], 1))

    def test_a_try_that_takes_too_long_is_followed_by_another(self):
        address = self.app(retryPolicy={"maxRetries": 1, "perRetryTimeout": milliseconds(300),
                                        "grpcRetryEvents": ["deadline-exceeded"]})
        self.assertEqual(self.tried(address, x_times=1), (OK, ["app"], 2))
        self.assertEqual(self.tried(address, x_times=2), (UNAVAILABLE, [], 2))

    # --- limits -----------------------------------------------------------------------------------------------------
    def ends(self, address, seconds, begun):
        """Both a call that is not answered, and one that has `begun` to be, by the proxy."""
        for script, statuses in (({"x_call": self.name(), "x_times": 1}, [UNAVAILABLE]),
                                 (begun, [CANCELLED, UNKNOWN, INTERNAL, UNAVAILABLE])):
            with self.subTest(script):
                said = self.call(address, **script)
                self.assertIn(said.status, statuses)
                self.assertTrue(seconds <= said.seconds < 8, said)

    def test_a_call_lasts_no_longer_than_its_route_says(self):
        address = self.app(timeout={"perRequest": milliseconds(400)})
        self.ends(address, 0.4, {"x_replies": 100, "x_pause": 100})

    def test_a_call_that_falls_silent_ends_and_one_that_speaks_goes_on(self):
        address = self.app(timeout={"idle": milliseconds(600)})
        self.ends(address, 0.6, {"x_silent": 1})
        said = self.call(address, x_replies=12, x_pause=100)
        self.assertEqual(said[::2], (OK, ["app"] * 12))
        self.assertGreater(said.seconds, 1)

    # --- from outside -----------------------------------------------------------------------------------------------
    def test_a_gateway_leads_calls_by_service_and_metadata_to_virtual_services(self):
        port, gateway = free_port(), {"meshName": self.mesh.name, "virtualGatewayName": "gate"}
        self.mesh.appmesh.create_virtual_gateway(**gateway, spec={"listeners": [{"portMapping": {"port": port, "protocol": "grpc"}}]})
        for priority, (node, match) in enumerate({"exact": {"serviceName": SERVICE, **metadata({"exact": "one"})},
                                                  "service": {"serviceName": SERVICE}}.items()):
            name = self.name()
            self.mesh.service(name, PORT, "grpc", ({"methodName": "Say", "serviceName": SERVICE}, targets((node, 1)), {}))
            target = {"virtualService": {"virtualServiceName": self.mesh.full(name)}}
            self.mesh.appmesh.create_gateway_route(**gateway, gatewayRouteName=name, spec={
                "priority": priority, "grpcRoute": {"match": match, "action": {"target": target}}})
        address = f"127.0.0.1:{port}"

        def said(method, **more):
            return self.call(address, method, **more)[::2]
        wait_until(lambda: said(f"/{SERVICE}/Say") == (OK, ["service"]), "the gateway leads to a service", 10)
        wait_until(lambda: said(f"/{SERVICE}/Say", x_kind="one") == (OK, ["exact"]), "and to the other", 10)
        self.assertEqual(said(f"/{SERVICE}/Shout"), (UNIMPLEMENTED, []), "no route of the service takes it")
        self.assertEqual(said("/other.Service/Say"), (UNIMPLEMENTED, []), "no route of the gateway does")

    # --- health -----------------------------------------------------------------------------------------------------
    def test_who_does_not_say_that_it_serves_has_no_traffic_until_it_does(self):
        first = self.enterContext(GrpcBackends("first"))
        port = first.ports["first"]
        second = self.enterContext(GrpcBackends(f"second=127.0.0.2:{port}"))
        second.health("second", NOT_SERVING)
        registry = self.mesh.registry("health")
        for address in ("127.0.0.1", "127.0.0.2"):
            self.mesh.map.register_instance(ServiceId=registry["Id"], InstanceId=address, Attributes={"AWS_INSTANCE_IPV4": address})
        self.mesh.node("health", port, "grpc", registry="health", healthCheck={
            "protocol": "grpc", "intervalMillis": 5000, "timeoutMillis": 2000, "healthyThreshold": 2, "unhealthyThreshold": 2})
        address = self.service(({}, "health", {}))

        def said():
            return {reply for _ in range(20) for reply in self.call(address).replies}
        self.assertEqual((said(), second.calls("second")), ({"first"}, 0))
        second.health("second", SERVING)
        wait_until(lambda: said() == {"first", "second"}, "the second serves")
        first.health("first", NOT_SERVING)
        wait_until(lambda: said() == {"second"}, "the first is left out")


if __name__ == "__main__":
    unittest.main()
