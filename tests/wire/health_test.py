#!/usr/bin/env python3
"""Health checks: what each kind asks, what passes, what reason is told where it does not, how many it takes and how
often they come. usage: health_test.py PROXY"""

import http.server
import tempfile
import threading
import time
import unittest

import observation_test as seen  # takes PROXY from the arguments
from data_plane_test import PATIENCE, Control, Proxy
from observation_test import backend, pool, until


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
