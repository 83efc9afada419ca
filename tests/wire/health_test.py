#!/usr/bin/env python3
"""Health checks: what each kind asks, what passes, what reason is told where it does not, how many it takes and how
often they come. usage: health_test.py PROXY"""

import http.server
import socket
import struct
import tempfile
import threading
import time
import unittest

import observation_test as seen  # takes PROXY from the arguments
from data_plane_test import PATIENCE, Control, Proxy
from observation_test import backend, pool, until
from raw_h2 import DATA, END_HEADERS, END_STREAM, HEADERS, Server, block, frame


class Grpc(http.server.BaseHTTPRequestHandler):
    """Answers /SERVICE/METHOD with the gRPC status that the method's name ends with; /hang.S/… with nothing. Behind a
    proxy that makes HTTP/1.1 of HTTP/2."""
    protocol_version = "HTTP/1.1"
    asked, released = [], threading.Event()

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.headers.get("transfer-encoding") == "chunked":
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        self.asked.append((self.path, self.headers["content-type"], body))
        if self.path.startswith("/hang."):
            self.released.wait(PATIENCE)
        status = self.path.rsplit("-", 1)[-1]
        self.send_response(500 if status == "broken" else 200)
        self.send_header("content-type", "application/grpc")
        if status.isdigit():
            self.send_header("grpc-status", status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class HealthProtocol:
    """Answers gRPC's health protocol in frames that each row spells out: a list of bodies of DATA, then the trailers."""

    def __init__(self, rows):
        self.rows, self.ports, self.listening = rows, [], []
        for row in rows:
            self.listening.append(socket.create_server(("127.0.0.1", 0)))
            self.ports.append(self.listening[-1].getsockname()[1])
            threading.Thread(target=self.accept, args=(self.listening[-1], row), daemon=True).start()

    def accept(self, listening, row):
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=self.answer, args=(connection, row), daemon=True).start()

    @staticmethod
    def answer(connection, row):
        pieces, status = row
        try:
            with connection:
                connection.settimeout(PATIENCE)
                asked = (peer := Server(connection)).until("headers")
                peer.send(frame(HEADERS, END_HEADERS, asked[1], b"\x88" + block([("content-type", "application/grpc")])))
                for piece in pieces:
                    peer.send(frame(DATA, 0, asked[1], piece))
                peer.send(frame(HEADERS, END_HEADERS | END_STREAM, asked[1], block([("grpc-status", status)])))
                peer.until("closed")
        except OSError:
            pass

    def stop(self):
        for each in self.listening:
            each.shutdown(socket.SHUT_RDWR)
            each.close()


class HealthTest(seen.ObservationTest):
    workers = 1

    def judged(self, rows, place, **more):
        """The verdicts on one backend each, for so many checks."""
        pools = [pool(f"p{i}", backend(place, "b"), **{
            "health": {"interval_ms": 100, "timeout_ms": 300, "unhealthy_threshold": 2, "healthy_threshold": 2, **row[0]},
            **more}) for i, row in enumerate(rows)]
        self.version += 1
        self.control.apply({"version": self.version, "pools": pools, "listeners": []})
        want = [row[1] for row in rows]
        feedback = self.control.wait(lambda f: [b["health"] for b in f["backends"]] == want, want)
        for row, verdict in zip(rows, feedback["backends"]):
            with self.subTest(row[0]):
                self.assertEqual(verdict.get("reason"), row[2] if len(row) > 2 else None)
                if len(row) > 3:
                    self.assertIn(row[3], verdict["description"])

    def test_http(self):
        self.judged([
            ({"path": "/200/0"}, "healthy"),
            ({"path": "/204/0", "matcher": "200-299"}, "healthy"),
            ({"path": "/302/0", "matcher": "200,302"}, "healthy"),
            ({"path": "/404/0", "matcher": "200,400-499"}, "healthy"),
            ({"path": "/204/0"}, "unhealthy", "ResponseCodeMismatch", "[204]"),
            ({"path": "/503/0", "matcher": "200-299"}, "unhealthy", "ResponseCodeMismatch", "[503]"),
            ({"path": "/hang"}, "unhealthy", "Timeout"),
            ({"path": "/close"}, "unhealthy", "FailedHealthChecks"),
        ], self.scripted())

    def test_what_is_asked_over_http(self):
        one = self.scripted()
        self.judged([({"path": "/200/0?a=b", "host": "checks.example"}, "healthy")], one)
        head = one.heads[0].decode()
        self.assertTrue(head.startswith("GET /200/0?a=b HTTP/1.1\r\n"), head)
        self.assertIn("\r\nhost: checks.example\r\n", head.lower())
        self.assertIn("\r\nconnection: close\r\n", head.lower())

    def test_tcp_and_none(self):
        self.judged([({"protocol": "tcp"}, "healthy"), ({"protocol": "none"}, "healthy")], self.scripted())
        self.judged([({"protocol": "tcp"}, "unhealthy", "FailedHealthChecks"), ({"path": "/"}, "unhealthy",
                     "FailedHealthChecks"), ({"protocol": "none"}, "healthy")], self.dead())

    def test_a_port_of_its_own(self):
        one = self.scripted()
        self.judged([({"path": "/200/0", "port": one.port}, "healthy")], self.dead())

    def test_grpc(self):
        """The backend is a proxy with an HTTP/1.1 server behind it, so that what is asked can be read."""
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Grpc)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(lambda: (Grpc.released.set(), server.shutdown(), server.server_close()))
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        middle = Proxy(folder.name, workers=1)
        self.addCleanup(lambda: middle.stop(kill=True))
        control, place = Control(middle.control_path), self.dead()
        self.addCleanup(control.socket.close)
        behind = {"id": "b", "address": "127.0.0.1", "port": server.server_address[1], "state": "serving"}
        control.apply({"version": 1, "pools": [{"id": "p", "health": {"protocol": "none"}, "backends": [behind]}],
                       "listeners": [{"id": "l", "address": "127.0.0.1", "port": place.port, "rules": [
                           {"id": "r", "action": {"forward": [{"pool": "p"}]}}]}]})
        control.wait(lambda f: f["listeners"][0]["listening"], "listening")
        grpc = {"protocol": "grpc", "interval_ms": 200, "timeout_ms": 1000}
        self.judged([
            ({**grpc, "path": "/grpc.health.v1.Health/Check-0", "matcher": "0"}, "healthy"),
            ({**grpc, "path": "/AWS.ALB/healthcheck-12", "matcher": "12"}, "healthy"),
            ({**grpc, "path": "/s.S/M-5", "matcher": "0-99"}, "healthy"),
            ({**grpc, "path": "/s.S/M-5", "matcher": "0,1"}, "unhealthy", "ResponseCodeMismatch", "[5]"),
            ({**grpc, "path": "/s.S/M-none", "matcher": "0"}, "unhealthy", "FailedHealthChecks", "grpc-status"),
            ({**grpc, "path": "/s.S/M-broken", "matcher": "0"}, "unhealthy", "FailedHealthChecks", "500"),
            ({**grpc, "path": "/hang.S/M-0", "matcher": "0"}, "unhealthy", "Timeout"),
        ], place, protocol="grpc")
        self.assertIn(("/grpc.health.v1.Health/Check-0", "application/grpc", b"\0\0\0\0\0"), Grpc.asked)

    def test_the_message_of_grpcs_health_protocol(self):
        """Where the table asks for it, SERVING has to be in the answer: grpc-status 0 alone says that there was one."""
        def said(message):
            return b"\0" + struct.pack(">I", len(message)) + message
        serving, not_serving = said(b"\x08\x01"), said(b"\x08\x02")
        failed = "FailedHealthChecks"
        rows = [
            (([serving], "0"), True, "healthy"),
            (([serving[:3], b"", serving[3:6], serving[6:]], "0"), True, "healthy"),
            (([not_serving], "0"), True, "unhealthy", failed, "NOT_SERVING"),
            (([not_serving], "0"), False, "healthy"),  # as a balancer has it: the status alone
            (([said(b"")], "0"), True, "unhealthy", failed, "UNKNOWN"),
            (([], "0"), True, "unhealthy", failed, "no message"),
            (([b"garbage"], "0"), True, "unhealthy", failed, "compressed"),
            (([b"\0garbage"], "0"), True, "unhealthy", failed, "no HealthCheckResponse"),
            (([serving, serving], "0"), True, "unhealthy", failed, "no HealthCheckResponse"),
            (([serving + b"\x12" * 1000] * 5, "0"), True, "unhealthy", failed, "larger than 4096 bytes"),
            (([serving], "12"), True, "unhealthy", "ResponseCodeMismatch", "[12]"),
        ]
        server = HealthProtocol([row[0] for row in rows])
        self.addCleanup(server.stop)
        health = {"protocol": "grpc", "path": "/grpc.health.v1.Health/Check", "matcher": "0", "interval_ms": 100,
                  "timeout_ms": 2000, "unhealthy_threshold": 2, "healthy_threshold": 2}
        self.control.apply({"version": 1, "listeners": [], "pools": [
            pool(f"p{i}", backend(type("Place", (), {"port": port}), "b"), health={**health, **({"serving": True} if row[1] else {})},
                 protocol="grpc") for i, (row, port) in enumerate(zip(rows, server.ports))]})
        want = [row[2] for row in rows]
        feedback = self.control.wait(lambda f: [b["health"] for b in f["backends"]] == want, want)
        for number, (row, verdict) in enumerate(zip(rows, feedback["backends"])):
            with self.subTest(number):
                self.assertEqual(verdict.get("reason"), row[3] if len(row) > 3 else None)
                if len(row) > 4:
                    self.assertIn(row[4], verdict["description"])

    def test_it_takes_as_many_checks_in_a_row_as_the_thresholds_say(self):
        answers = {"status": 200, "count": 0}
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Counted", (Grpc,), {
            "do_GET": lambda handler: (answers.__setitem__("count", answers["count"] + 1),
                                       handler.send_response(answers["status"]),
                                       handler.send_header("content-length", "0"), handler.end_headers())}))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(lambda: (server.shutdown(), server.server_close()))
        place = type("Place", (), {"port": server.server_address[1]})
        health = {"path": "/", "interval_ms": 150, "timeout_ms": 1000, "healthy_threshold": 4, "unhealthy_threshold": 3}
        self.control.apply({"version": 1, "listeners": [], "pools": [pool("p", backend(place, "b"), health=health)]})

        def becomes(verdict):
            self.control.wait(lambda f: f["backends"][0]["health"] == verdict, verdict)
            return answers["count"]
        self.assertLessEqual(becomes("healthy"), 2)  # the first one passed is enough for a new backend
        for status, verdict, threshold in ((500, "unhealthy", 3), (200, "healthy", 4), (500, "unhealthy", 3)):
            before, answers["status"] = answers["count"], status
            taken = becomes(verdict) - before
            # One may have been under way with the answer from before, and one more may have come since.
            self.assertTrue(threshold <= taken <= threshold + 2, (verdict, taken))

    def test_checks_come_once_an_interval_and_a_little_early_at_the_most(self):
        times = []
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Timed", (Grpc,), {
            "do_GET": lambda handler: (times.append(time.monotonic()), handler.send_response(200),
                                       handler.send_header("content-length", "0"), handler.end_headers())}))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(lambda: (server.shutdown(), server.server_close()))
        place = type("Place", (), {"port": server.server_address[1]})
        health = {"path": "/", "interval_ms": 200, "timeout_ms": 100}
        self.control.apply({"version": 1, "listeners": [], "pools": [pool("p", backend(place, "b"), health=health)]})
        until(lambda: len(times) >= 16, "16 checks")
        # The tenth part of an interval early: on average half of that. A slow machine only makes them later.
        self.assertGreater((times[15] - times[0]) / 15, 0.18)


if __name__ == "__main__":
    unittest.main()
