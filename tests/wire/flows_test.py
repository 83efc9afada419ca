#!/usr/bin/env python3
"""What is counted and logged of bytes that pass as they come: connections of tcp and tls listeners, what follows a 101;
their waiting for a place at a backend; and what HTTP/2 clients are refused. usage: flows_test.py PROXY"""

import json
import os
import re
import socket
import ssl
import struct
import tempfile
import unittest

import observation_test as seen  # takes PROXY from the arguments
import raw_h2
import tunnels_test as tunnels
from data_plane_test import PATIENCE, free_port
from observation_test import backend, forward, until
from tls_test import Authority
from tunnels_test import Place, head, rest, take

# The expression that AWS documents for Athena.
NLB = re.compile(
    r"([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*):([0-9]*) ([^ ]*):([0-9]*) ([-.0-9]*) ([-.0-9]*) ([-0-9]*) "
    r"([-0-9]*) ([-0-9]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ?([^ ]*)?( .*)?")
FIELDS = ("type version time elb listener client_ip client_port destination_ip destination_port connection_time "
          "tls_handshake_time received_bytes sent_bytes incoming_tls_alert chosen_cert_arn chosen_cert_serial tls_cipher "
          "tls_protocol_version tls_named_group domain_name alpn_fe_protocol alpn_be_protocol "
          "alpn_client_preference_list tls_connection_creation_time rest").split()


def pool(name, *backends, **more):
    return seen.pool(name, *backends, **{"protocol": "tcp", **more})


class FlowTest(seen.ObservationTest):
    workers = 1

    def setUp(self):
        super().setUp()
        self.path = os.path.join(self.folder.name, "access.log")

    def place(self):
        place = Place()
        self.addCleanup(place.close)
        return place

    def connect(self, port=None):
        connection = socket.create_connection(("127.0.0.1", port or self.port), PATIENCE)
        self.addCleanup(connection.close)
        return connection

    def accept(self, place):
        connection = place.accept()
        self.addCleanup(connection.close)
        return connection

    def logged(self, *rules, form="json", protocol="tcp", **more):
        log = {"path": self.path, **({"format": form} if form else {})}
        return self.listener(*rules, access_log=log, protocol=protocol, **more)

    def text(self, count):
        def whole():
            if not os.path.exists(self.path):
                return None
            with open(self.path, encoding="utf-8") as file:
                text = file.read()
            return text.splitlines() if text.endswith("\n") and text.count("\n") >= count else None
        lines = until(whole, f"{count} lines")
        self.assertEqual(len(lines), count, lines)
        return lines

    def lines(self, count):
        return [json.loads(line) for line in self.text(count)]

    def nlb(self, count):
        fields = []
        for line in self.text(count):
            match = NLB.fullmatch(line)
            self.assertIsNotNone(match, line)
            fields.append(dict(zip(FIELDS, match.groups())))
        return fields

    def assert_refused(self, port=None):
        with self.assertRaises(ConnectionResetError):
            rest(self.connect(port))

    def exchange(self, client, there, said=b"x" * 1000, answered=b"y" * 3000):
        client.sendall(said)
        self.assertEqual(take(there, len(said)), said)
        there.sendall(answered)
        self.assertEqual(take(client, len(answered)), answered)


class TcpTest(FlowTest):
    def test_a_connection_has_a_line_once_it_is_over(self):
        place = self.place()
        self.serve([pool("p", backend(place, "b"))], [self.logged({"action": forward("p")})])
        client = self.connect()
        there = self.accept(place)
        self.exchange(client, there)
        # What has passed is counted while it goes on.
        rows = [(f"weir_{what}_{way}_bytes_total", labels, size)
                for way, size in (("request", 1000), ("response", 3000))
                for what, labels in (("listener", {"listener": "l"}), ("pool", {"pool": "p"}),
                                     ("backend", {"pool": "p", "backend": "b"}))]
        self.expect(*rows, ("weir_listener_active_requests", {"listener": "l"}, 1))
        self.assertFalse(os.path.exists(self.path) and os.path.getsize(self.path))
        name = "%s:%d" % client.getsockname()
        client.close()
        there.close()
        line = self.lines(1)[0]
        want = {"type": "tcp", "listener": "l", "client": name, "host": f"127.0.0.1:{self.port}", "pool": "p",
                "target": f"127.0.0.1:{place.port}", "retries": 0, "received_bytes": 1000, "sent_bytes": 3000,
                "rule": "r0"}
        self.assertEqual({key: line[key] for key in want}, want)
        self.assertEqual(set(line) - set(want), {"time", "created", "total_seconds", "connection"})
        self.assertGreater(line["total_seconds"], 0)
        self.expect(*rows, ("weir_listener_active_requests", {"listener": "l"}, 0),
                    ("weir_listener_request_seconds_count", {"listener": "l"}, 1),
                    ("weir_backend_connections_total", {"pool": "p", "backend": "b"}, 1),
                    ("weir_backend_active_connections", {"pool": "p", "backend": "b"}, 0))

    def test_lines_have_nlb_fields_where_nothing_else_is_asked_for(self):
        place = self.place()
        self.serve([pool("p", backend(place, "b"))], [self.logged({"action": forward("p")}, form=None)])
        client = self.connect()
        port = client.getsockname()[1]
        there = self.accept(place)
        self.exchange(client, there)
        client.close()
        there.close()
        line = self.nlb(1)[0]
        want = {"type": "tcp", "version": "2.0", "elb": "l", "listener": "l", "client_ip": "127.0.0.1",
                "client_port": str(port), "destination_ip": "127.0.0.1", "destination_port": str(self.port),
                "tls_handshake_time": "-", "received_bytes": "1000", "sent_bytes": "3000", "domain_name": "-",
                "tls_cipher": "-", "tls_protocol_version": "-", "chosen_cert_arn": "-"}
        self.assertEqual({key: line[key] for key in want}, want)
        self.assertRegex(line["time"], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d$")
        self.assertLessEqual(line["tls_connection_creation_time"], line["time"])
        self.assertTrue(line["connection_time"].isdigit())

    def test_the_client_and_its_destination_are_those_of_the_proxy_protocol(self):
        place = self.place()
        self.serve([pool("p", backend(place, "b"))], [self.logged({"action": forward("p")}, proxy_protocol=True)])
        client = self.connect()
        client.sendall(b"PROXY TCP4 192.0.2.1 198.51.100.2 4711 443\r\nhello")
        there = self.accept(place)
        self.assertEqual(take(there, 5), b"hello")
        client.close()
        there.close()
        line = self.lines(1)[0]
        self.assertEqual((line["client"], line["host"], line["received_bytes"], line["sent_bytes"]),
                         ("192.0.2.1:4711", "198.51.100.2:443", 5, 0))

    def test_why_nobody_took_it_and_how_many_refused(self):
        place = self.place()
        port = free_port()
        self.serve([pool("p", backend(self.dead(), "d"), backend(place, "b")), pool("empty")],
                   [self.logged({"action": forward("p")}), self.logged({"action": forward("empty")}, name="m", port=port)])
        for _ in range(2):  # the dead one's turn comes first each time
            client = self.connect()
            there = self.accept(place)
            client.close()
            there.close()
        lines = self.lines(2)
        self.assertEqual([line["retries"] for line in lines], [1, 1])
        self.assertEqual({line["target"] for line in lines}, {f"127.0.0.1:{place.port}"})
        self.assert_refused(port)
        line = self.lines(3)[2]
        self.assertEqual((line["error"], line["listener"], line["pool"], line.get("target")),
                         ("none_in_service", "m", "empty", None))
        self.expect(("weir_listener_failures_total", {"listener": "m", "cause": "none_in_service"}, 1),
                    ("weir_backend_connections_total", {"pool": "p", "backend": "d"}, 2),
                    ("weir_backend_connection_failures_total", {"pool": "p", "backend": "d"}, 2),
                    ("weir_backend_connection_failures_total", {"pool": "p", "backend": "b"}, 0),
                    ("weir_backend_active_connections", {"pool": "p", "backend": "d"}, 0))

    def test_what_outlives_the_drain_delay_says_so(self):
        place = self.place()
        listener = self.logged({"action": forward("p")})
        self.serve([pool("p", backend(place, "b"), drain_delay_ms=200)], [listener])
        client = self.connect()
        there = self.accept(place)
        self.exchange(client, there)
        self.serve([pool("p", drain_delay_ms=200)], [listener])
        self.assertEqual(rest(client), b"")
        line = self.lines(1)[0]
        self.assertEqual((line["error"], line["received_bytes"]), ("drained", 1000))
        self.expect(("weir_pool_failures_total", {"pool": "p", "cause": "drained"}, 1))

    # --- waiting for a place ---

    def limited(self, **limits):
        place = self.place()
        self.serve([pool("p", backend(place, "b"), limits={"connections": 1, **limits})],
                   [self.logged({"action": forward("p")})])
        first = self.connect()
        return place, first, self.accept(place)

    def test_who_finds_no_place_waits_for_one_in_order(self):
        place, client, there = self.limited()
        waiting = []
        for number in range(3):
            waiting.append(self.connect())
            waiting[-1].sendall(b"%d" % number)
            self.expect(("weir_listener_active_requests", {"listener": "l"}, number + 2))
        self.assertTrue(place.accepts_nothing())
        for number, next_client in enumerate(waiting):
            there.close()
            client.close()
            client, there = next_client, self.accept(place)
            self.assertEqual(take(there, 1), b"%d" % number)
            self.assertTrue(place.accepts_nothing())

    def test_no_more_wait_than_may(self):
        _, _, _ = self.limited(pending=1)
        self.connect()
        self.expect(("weir_listener_active_requests", {"listener": "l"}, 2))
        self.assert_refused()
        line = self.lines(1)[0]
        self.assertEqual((line["error"], line["pool"]), ("crowded", "p"))

    def test_nobody_waits_where_nobody_may(self):
        _, client, there = self.limited(pending=0)
        self.assert_refused()
        self.exchange(client, there)
        self.expect(("weir_pool_failures_total", {"pool": "p", "cause": "crowded"}, 1))

    def test_who_waits_too_long_is_reset(self):
        place = self.place()
        self.serve([pool("p", backend(place, "b"), limits={"connections": 1})],
                   [self.logged({"action": forward("p")}, idle_timeout_ms=800)])
        client = self.connect()
        there = self.accept(place)
        waiting = self.connect()
        for _ in range(20):  # so that the first one's time is not over
            self.exchange(client, there, b"a", b"b")
            waiting.settimeout(0.1)
            try:
                self.assertEqual(waiting.recv(1), b"")
            except socket.timeout:
                continue
            except ConnectionResetError:
                break
        else:
            self.fail("it waits for ever")
        self.assertEqual(self.lines(1)[0]["error"], "crowded")
        self.exchange(client, there)

    def test_who_leaves_gives_up_its_place_in_line(self):
        place, client, there = self.limited(pending=1)
        waiting = self.connect()
        self.expect(("weir_listener_active_requests", {"listener": "l"}, 2))
        tunnels.reset(waiting)
        line = self.lines(1)[0]
        self.assertEqual((line["aborted"], line.get("error"), line.get("target")), ("client", None, None))
        second = self.connect()
        second.sendall(b"mine")
        self.expect(("weir_listener_active_requests", {"listener": "l"}, 2))
        client.close()
        there.close()
        self.assertEqual(take(self.accept(place), 4), b"mine")

    def test_a_table_with_more_room_serves_those_who_wait_and_one_with_none_resets_them(self):
        place, client, there = self.limited()
        more = self.place()
        waiting = [self.connect() for _ in range(2)]
        self.expect(("weir_listener_active_requests", {"listener": "l"}, 3))
        listener = self.logged({"action": forward("p")})
        self.serve([pool("p", backend(place, "b"), backend(more, "m"), limits={"connections": 1})], [listener])
        self.accept(more)
        self.serve([pool("p", limits={"connections": 1})], [listener])
        reset = 0
        for each in waiting:
            each.settimeout(1)
            try:
                each.recv(1)
            except ConnectionResetError:
                reset += 1
            except socket.timeout:
                pass
        self.assertEqual(reset, 1)
        self.exchange(client, there)


class WorkersTest(FlowTest):
    workers = 3

    def test_one_connection_goes_round_among_workers(self):
        place = self.place()
        self.serve([pool("p", backend(place, "b"), limits={"connections": 1})], [self.logged({"action": forward("p")})])
        clients = [self.connect() for _ in range(12)]  # every worker has some of them
        for each in clients:
            each.sendall(b"x")
            each.shutdown(socket.SHUT_WR)
        for _ in clients:
            there = self.accept(place)
            self.assertEqual(take(there, 1), b"x")
            self.assertTrue(place.accepts_nothing(0.02))
            there.close()
        for each in clients:
            self.assertEqual(rest(each), b"")
            each.close()
        self.assertEqual({line["received_bytes"] for line in self.lines(12)}, {1})


class TlsTest(FlowTest):
    @classmethod
    def setUpClass(cls):
        cls.made = tempfile.TemporaryDirectory()
        cls.ours = Authority(cls.made.name, "ours")
        cls.certificate = cls.ours.issue("one", "DNS:one.test")

    @classmethod
    def tearDownClass(cls):
        cls.made.cleanup()

    def test_a_connection_over_tls_has_a_line_and_so_has_one_that_was_not_agreed(self):
        place = self.place()
        certificate, key = self.certificate
        self.serve([pool("p", backend(place, "b"))],
                   [self.logged({"action": forward("p")}, form="nlb", protocol="tls",
                                tls={"certificates": [{"certificate": certificate, "key": key}]})])
        context = ssl.create_default_context(cafile=self.ours.path)
        client = context.wrap_socket(self.connect(), server_hostname="one.test")
        there = self.accept(place)
        self.exchange(client, there)
        client.close()
        there.close()
        line = self.nlb(1)[0]
        want = {"type": "tls", "received_bytes": "1000", "sent_bytes": "3000", "domain_name": "one.test",
                "chosen_cert_arn": certificate, "tls_protocol_version": "TLSv1.3", "destination_port": str(self.port)}
        self.assertEqual({key: line[key] for key in want}, want)
        self.assertRegex(line["tls_cipher"], "^TLS_")
        self.assertTrue(line["tls_handshake_time"].isdigit())
        self.assertGreaterEqual(int(line["connection_time"]), int(line["tls_handshake_time"]))
        with self.connect() as other:
            other.sendall(b"no handshake at all\r\n\r\n")
            rest(other)
        line = self.nlb(2)[1]
        self.assertEqual((line["type"], line["tls_handshake_time"], line["received_bytes"], line["tls_cipher"]),
                         ("tls", "-", "0", "-"))
        self.expect(("weir_listener_tls_failures_total", {"listener": "l"}, 1))


class SwitchTest(FlowTest):
    def switched(self, form):
        place = self.place()
        self.serve([pool("p", backend(place, "b"), protocol="http1")],
                   [self.logged({"action": forward("p")}, form=form, protocol="http")])
        client = self.connect()
        client.sendall(tunnels.ASK + b"early")
        there = self.accept(place)
        head(there)
        self.assertEqual(take(there, 0), b"")
        there.sendall(tunnels.AGREED)
        self.answer = head(client)
        self.assertEqual(take(there, 5), b"early")
        return client, there

    def test_a_switch_is_logged_when_its_tunnel_ends_with_the_bytes_of_both_directions(self):
        client, there = self.switched("json")
        self.exchange(client, there)
        asked = len(tunnels.ASK)
        self.expect(("weir_listener_active_requests", {"listener": "l"}, 1),
                    ("weir_listener_responses_total", {"listener": "l", "class": "1xx", "by": "backend"}, 1),
                    ("weir_backend_active_connections", {"pool": "p", "backend": "b"}, 1))
        now = self.metrics()
        self.assertGreaterEqual(now.value("weir_listener_request_bytes_total", listener="l"), asked - 40 + 1005)
        self.assertFalse(os.path.exists(self.path) and os.path.getsize(self.path))
        client.close()
        there.close()
        line = self.lines(1)[0]
        want = {"type": "ws", "status": 101, "target_status": 101, "path": "/chat", "method": "GET", "pool": "p",
                "target": line["target"], "rule": "r0", "action": "forward"}
        self.assertEqual({key: line[key] for key in want}, want)
        self.assertTrue(1005 < line["received_bytes"] <= asked + 1005, line)
        self.assertTrue(3000 < line["sent_bytes"] <= len(self.answer) + 3000, line)
        self.assertGreaterEqual(line["total_seconds"], line["request_seconds"] + line["target_seconds"])
        self.expect(("weir_listener_request_bytes_total", {"listener": "l"}, line["received_bytes"]),
                    ("weir_pool_request_bytes_total", {"pool": "p"}, line["received_bytes"]),
                    ("weir_backend_request_bytes_total", {"pool": "p", "backend": "b"}, line["received_bytes"]),
                    ("weir_listener_response_bytes_total", {"listener": "l"}, line["sent_bytes"]),
                    ("weir_listener_active_requests", {"listener": "l"}, 0),
                    ("weir_listener_request_seconds_count", {"listener": "l"}, 1),
                    ("weir_pool_request_seconds_count", {"pool": "p"}, 1),
                    ("weir_listener_log_lines_total", {"listener": "l"}, 1))

    def test_its_line_has_alb_fields(self):
        client, there = self.switched("alb")
        self.exchange(client, there)
        client.close()
        there.close()
        line = dict(zip(seen.FIELDS, seen.ALB.fullmatch(self.text(1)[0]).groups()))
        self.assertEqual((line["type"], line["elb_status_code"], line["request_verb"], line["request_url"]),
                         ("ws", "101", "GET", f"http://a:{self.port}/chat"))
        self.assertGreater(int(line["sent_bytes"]), 3000)


class Http2Test(FlowTest):
    def test_what_http2_clients_are_refused_is_counted_and_logged(self):
        one = self.scripted()
        self.serve([pool("p", backend(one, "b"), protocol="http1")],
                   [self.logged({"action": forward("p")}, protocol="http")])
        frame, block, request = raw_h2.frame, raw_h2.block, raw_h2.request
        with raw_h2.Peer(self.port) as peer:
            peer.ask(1, request(path="/200/1", more=[("X-Capital", "1")]))
            self.assertEqual(peer.verdict(), "rst PROTOCOL_ERROR")
            peer.ask(3, [field for field in request(path="/200/1") if field[0] != ":path"])
            self.assertEqual(peer.verdict(), "rst PROTOCOL_ERROR")
            large = b"\x40" + raw_h2.integer(3, 7) + b"x-a" + raw_h2.integer(4000, 7) + b"v" * 4000
            peer.ask(5, request(path="/200/1"))
            self.assertEqual(peer.verdict(), "served")
            peer.send(frame(raw_h2.HEADERS, 5, 7, block(request(path="/200/1")) + large))
            self.assertEqual(peer.verdict(), "served")
            peer.send(frame(raw_h2.HEADERS, 5, 9, block(request(path="/200/1")) + b"\xbe" * 100))
            self.assertEqual(peer.verdict(), "rst ENHANCE_YOUR_CALM")
        listener = {"listener": "l"}
        self.expect(("weir_listener_refused_streams_total", {**listener, "cause": "malformed"}, 2),
                    ("weir_listener_refused_streams_total", {**listener, "cause": "too_large"}, 1),
                    ("weir_listener_refused_streams_total", {**listener, "cause": "too_many"}, 0),
                    ("weir_listener_requests_total", listener, 5),
                    ("weir_listener_active_requests", listener, 0),
                    ("weir_listener_responses_total", {**listener, "class": "4xx", "by": "proxy"}, 3),
                    ("weir_listener_protocol_faults_total", listener, 0))
        self.assertEqual([line["status"] for line in self.lines(5)], [400, 400, 200, 200, 431])

    def test_more_streams_than_may_be_are_counted(self):
        one = self.scripted()
        self.serve([pool("p", backend(one, "b"), protocol="http1")], [self.listener({"action": forward("p")})])
        burst = b"".join(raw_h2.frame(raw_h2.HEADERS, 5, 2 * i + 1, raw_h2.block(raw_h2.request(path="/hang")))
                         for i in range(300))
        with raw_h2.Peer(self.port, preface=None) as peer:  # before our settings, and their limit, are acknowledged
            peer.send(raw_h2.PREFACE + raw_h2.frame(raw_h2.SETTINGS) + burst)
            self.assertEqual(peer.verdict(), "rst REFUSED_STREAM")
            self.expect(("weir_listener_refused_streams_total", {"listener": "l", "cause": "too_many"}, 44),
                        ("weir_listener_requests_total", {"listener": "l"}, 256))
        one.released.set()

    def test_connections_that_break_the_protocol_are_counted(self):
        one = self.scripted()
        self.serve([pool("p", backend(one, "b"), protocol="http1")], [self.listener({"action": forward("p")})])
        frame, block, request = raw_h2.frame, raw_h2.block, raw_h2.request

        def reset(stream):
            return (frame(raw_h2.HEADERS, 5, stream, block(request(path="/hang"))) +
                    frame(raw_h2.RST_STREAM, 0, stream, struct.pack(">I", 8)))
        attacks = {
            "rapid reset": b"".join(reset(2 * i + 1) for i in range(3000)),
            "a frame of a wrong size": frame(raw_h2.PING, 0, 0, bytes(6)),
            "no HPACK": frame(raw_h2.HEADERS, 5, 1, b"\xff" * 6),
            "pings": frame(raw_h2.PING, 0, 0, bytes(8)) * 5000,
            "no preface": None,
        }
        for faults, (name, attack) in enumerate(attacks.items(), 1):
            with self.subTest(name):
                with raw_h2.Peer(self.port, preface=None if attack is None else raw_h2.PREFACE) as peer:
                    peer.send(attack or b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n")
                    while (event := peer.read()) is not None and event[0] != "closed":
                        pass
                self.expect(("weir_listener_protocol_faults_total", {"listener": "l"}, faults))
        with raw_h2.Peer(self.port) as peer:  # who goes by itself breaks nothing
            peer.ask(1, request(path="/200/1"))
            self.assertEqual(peer.verdict(), "served")
            peer.send(frame(raw_h2.GOAWAY, 0, 0, bytes(8)))
        self.expect(("weir_listener_active_connections", {"listener": "l"}, 0),
                    ("weir_listener_protocol_faults_total", {"listener": "l"}, len(attacks)))

    def test_connections_to_backends_are_counted(self):
        one = self.scripted()
        self.serve([pool("p", backend(one, "b"), protocol="http1"), pool("dead", backend(self.dead(), "d"), protocol="http2")],
                   [self.listener({"match": {"paths": ["/dead"]}, "action": forward("dead")}, {"action": forward("p")})])
        for _ in range(3):
            self.assertEqual(self.ask("/200/1").status, 200)
        self.assertEqual(self.ask("/dead").status, 502)
        first = {"pool": "p", "backend": "b"}
        self.expect(("weir_backend_connections_total", first, 1), ("weir_backend_active_connections", first, 1),
                    ("weir_backend_connection_failures_total", first, 0),
                    ("weir_backend_connection_failures_total", {"pool": "dead", "backend": "d"}, 1),
                    ("weir_backend_active_connections", {"pool": "dead", "backend": "d"}, 0))
        self.assertEqual(self.ask("/close").status, 502)  # after a further one was tried, which closes too
        self.expect(("weir_backend_active_connections", first, 0), ("weir_backend_connection_failures_total", first, 0))


if __name__ == "__main__":
    unittest.main()
