#!/usr/bin/env python3
"""What the data plane counts and logs is what was sent: counters, Prometheus' text, readiness, access logs.
usage: observation_test.py PROXY"""

import http.client
import json
import math
import os
import re
import signal
import socket
import struct
import tempfile
import threading
import time
import unittest
import urllib.request

from data_plane_test import PATIENCE, Control, Proxy, free_port

DOCUMENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "metrics.md")


def until(condition, what):
    """What `condition` returns once it is true."""
    deadline = time.monotonic() + PATIENCE
    while True:
        seen = condition()
        if seen:
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"not in time: {what}")
        time.sleep(0.02)


class Scripted:
    """A backend that does for each request what its path says: /STATUS/BYTES, /slow, /held, /hang, /cut."""

    def __init__(self):
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.socket.listen(64)
        self.port = self.socket.getsockname()[1]
        self.released = threading.Event()
        self.heads = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection, connection.makefile("rb") as stream:
            while True:
                line = stream.readline()
                if not line:
                    return
                head, length = [line], 0
                while (line := stream.readline()) not in (b"\r\n", b""):
                    head.append(line)
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                stream.read(length)
                path = head[0].split(b" ")[1].decode("latin-1")
                if path != "/health":
                    self.heads.append(b"".join(head))
                if path == "/hang":
                    self.released.wait(PATIENCE)
                    return
                if path == "/cut":
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n12345")
                    return
                if path == "/close":
                    return
                if path == "/held":
                    self.released.wait(PATIENCE)
                if path == "/slow":
                    time.sleep(0.25)
                parts = path.split("?")[0].split("/")
                status = int(parts[1]) if parts[1].isdigit() else 200
                size = int(parts[2]) if len(parts) > 2 and parts[2].isdigit() else 0
                connection.sendall(b"HTTP/1.1 %d Fine\r\nContent-Length: %d\r\n\r\n%s" % (status, size, b"x" * size))

    def close(self):
        self.released.set()
        self.socket.close()


SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\\\|\\"|\\n)*",?)*\})? '
                    r"(-?[0-9.]+(?:e[+-]?[0-9]+)?)")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"')


def unescape(text):
    return re.sub(r"\\(.)", lambda m: {"n": "\n"}.get(m[1], m[1]), text)


class Metrics:
    """A strict reader of Prometheus' text format 0.0.4."""

    def __init__(self, text):
        assert text.endswith("\n")
        self.types, self.helps, self.samples = {}, {}, {}
        family = None
        for line in text.splitlines():
            if line.startswith("# HELP "):
                family, words = line[7:].split(" ", 1)
                assert family not in self.helps, f"{family} comes twice"
                self.helps[family] = words
            elif line.startswith("# TYPE "):
                name, kind = line[7:].split(" ")
                assert name == family and kind in ("counter", "gauge", "histogram"), line
                self.types[name] = kind
            else:
                match = SAMPLE.fullmatch(line)
                assert match, f"no sample: {line!r}"
                name, labels = match[1], {k: unescape(v) for k, v in LABEL.findall(match[2] or "")}
                base = re.sub(r"_(bucket|sum|count)$", "", name) if self.types[family] == "histogram" else name
                assert base == family, f"{line!r} is not of {family}"
                assert self.types[family] != "counter" or name.endswith("_total"), line
                key = (name, frozenset(labels.items()))
                assert key not in self.samples, f"{line!r} comes twice"
                self.samples[key] = float(match[3])

    def value(self, name, **labels):
        return self.samples[(name, frozenset(labels.items()))]

    def buckets(self, name, **labels):
        found = []
        for (sample, have), value in self.samples.items():
            have = dict(have)
            bound = have.pop("le", None)
            if sample == name + "_bucket" and have == labels:
                found.append((math.inf if bound == "+Inf" else float(bound), value))
        return sorted(found)


def backend(place, name):
    return {"id": name, "address": "127.0.0.1", "port": place.port, "state": "serving"}


def pool(name, *backends, **more):
    return {"id": name, "health": {"protocol": "none"}, "backends": list(backends), **more}


def forward(name, **more):
    return {"forward": {"pools": [{"pool": name, "weight": 1}], **more}}


class ObservationTest(unittest.TestCase):
    workers = 2

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.admin, self.port, self.version = free_port(), free_port(), 0
        self.proxy = Proxy(self.folder.name, workers=self.workers, extra=("--admin", f"127.0.0.1:{self.admin}"))
        self.addCleanup(lambda: self.proxy.stop(kill=True))
        self.control = Control(self.proxy.control_path)
        self.addCleanup(self.control.socket.close)

    def tearDown(self):
        self.assertIsNone(self.proxy.process.poll(), "the proxy has ended by itself")

    def scripted(self):
        place = Scripted()
        self.addCleanup(place.close)
        return place

    def dead(self):
        place = type("Dead", (), {})()
        place.port = free_port()
        return place

    def listener(self, *rules, name="l", port=None, **more):
        rules = [{"id": f"r{i}", **rule} for i, rule in enumerate(rules)]
        return {"id": name, "address": "127.0.0.1", "port": port or self.port, "rules": rules, **more}

    def serve(self, pools, listeners):
        self.version += 1
        self.control.apply({"version": self.version, "pools": pools, "listeners": listeners})
        self.control.wait(lambda f: all(each["listening"] for each in f["listeners"]), "listening")

    def ask(self, path, method="GET", body=None, headers=None, port=None):
        """One request on a connection of its own; the response as it came."""
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            response.body = response.read()
            return response
        finally:
            connection.close()

    def raw(self, request):
        """All that comes back, until the end."""
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as connection:
            connection.sendall(request)
            parts = []
            while part := connection.recv(65536):
                parts.append(part)
            return b"".join(parts)

    def page(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.admin}{path}", timeout=PATIENCE) as answer:
            return answer.read().decode()

    def metrics(self):
        return Metrics(self.page("/metrics"))

    def expect(self, *rows):
        """rows: (metric, labels, value). Waits for all; says which is wrong."""
        def missing():
            now = self.metrics()
            wrong = []
            for name, labels, value in rows:
                seen = now.samples.get((name, frozenset(labels.items())))
                if seen != value:
                    wrong.append((name, labels, "wanted", value, "is", seen))
            return wrong
        deadline = time.monotonic() + PATIENCE
        while wrong := missing():
            if time.monotonic() > deadline:
                raise AssertionError(wrong)
            time.sleep(0.05)
        return self.metrics()

    def feedback_pool(self, name, key, value):
        return self.control.wait(
            lambda f: any(p["pool"] == name and p.get(key, 0) == value for p in f["pools"]), f"{name} {key} {value}")


class CountersTest(ObservationTest):
    def test_what_was_sent_is_what_is_counted(self):
        one = self.scripted()
        self.serve([pool("p", backend(one, "b"))], [self.listener({"action": forward("p")})])
        sent = received = 0
        for status, size, count in ((200, 10, 5), (301, 0, 3), (404, 1000, 2), (503, 7, 4)):
            for _ in range(count):
                request = b"POST /%d/%d HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody" % (
                    status, size)
                answer = self.raw(request)
                sent += len(request)
                # What concerns the connection is not counted.
                received += len(answer.replace(b"Connection: close\r\n", b"").replace(b"connection: close\r\n", b""))
        listener, of_pool = {"listener": "l"}, {"pool": "p"}
        of_backend = {"pool": "p", "backend": "b"}
        rows = [("weir_backend_requests_total", of_backend, 14), ("weir_listener_connections_total", listener, 14),
                ("weir_listener_active_connections", listener, 0), ("weir_backend_active_requests", of_backend, 0)]
        for what, labels in (("listener", listener), ("pool", of_pool)):
            rows += [(f"weir_{what}_requests_total", labels, 14), (f"weir_{what}_active_requests", labels, 0),
                     (f"weir_{what}_request_bytes_total", labels, sent),
                     (f"weir_{what}_response_bytes_total", labels, received),
                     (f"weir_{what}_retries_total", labels, 0), (f"weir_{what}_client_aborts_total", labels, 0),
                     (f"weir_{what}_request_seconds_count", labels, 14),
                     (f"weir_{what}_response_time_seconds_count", labels, 14)]
            for status, count in (("1xx", 0), ("2xx", 5), ("3xx", 3), ("4xx", 2), ("5xx", 4)):
                rows.append((f"weir_{what}_responses_total", {**labels, "class": status, "by": "backend"}, count))
                if status != "1xx":
                    rows.append((f"weir_{what}_responses_total", {**labels, "class": status, "by": "proxy"}, 0))
        for status, count in (("2xx", 5), ("3xx", 3), ("4xx", 2), ("5xx", 4)):
            rows.append(("weir_backend_responses_total", {**of_backend, "class": status}, count))
        rows += [("weir_backend_request_bytes_total", of_backend, sent),
                 ("weir_backend_response_bytes_total", of_backend, received)]
        self.expect(*rows)

    def test_own_answers_are_told_apart(self):
        one = self.scripted()
        self.serve([pool("p", backend(one, "b")), pool("empty"), pool("dead", backend(self.dead(), "d"))], [
            self.listener({"match": {"paths": ["/p/*"]}, "action": forward("p")},
                          {"match": {"paths": ["/empty"]}, "action": forward("empty")},
                          {"match": {"paths": ["/dead"]}, "action": forward("dead")},
                          {"match": {"paths": ["/to"]}, "action": {"redirect": {"status": 301, "path": "/there"}}},
                          {"match": {"paths": ["/fixed"]}, "action": {"fixed_response": {"status": 418, "body": "tea"}}})])
        statuses = [self.ask(path).status for path in ("/empty", "/dead", "/dead", "/to", "/fixed", "/none")]
        self.assertEqual(statuses, [503, 502, 502, 301, 418, 404])
        self.assertIn(b" 400 ", self.raw(b"nonsense\r\n\r\n"))
        own = {"listener": "l", "by": "proxy"}
        self.expect(
            ("weir_listener_requests_total", {"listener": "l"}, 7),
            ("weir_listener_responses_total", {**own, "class": "3xx"}, 1),
            ("weir_listener_responses_total", {**own, "class": "4xx"}, 3),
            ("weir_listener_responses_total", {**own, "class": "5xx"}, 3),
            ("weir_listener_own_errors_total", {"listener": "l", "status": "502"}, 2),
            ("weir_listener_own_errors_total", {"listener": "l", "status": "503"}, 1),
            ("weir_listener_own_errors_total", {"listener": "l", "status": "504"}, 0),
            ("weir_listener_redirects_total", {"listener": "l"}, 1),
            ("weir_listener_fixed_responses_total", {"listener": "l"}, 1),
            ("weir_listener_active_requests", {"listener": "l"}, 0),
            ("weir_pool_failures_total", {"pool": "dead", "cause": "refused"}, 2),
            ("weir_backend_failures_total", {"pool": "dead", "backend": "d", "cause": "refused"}, 2),
            ("weir_pool_failures_total", {"pool": "empty", "cause": "none_in_service"}, 1),
            ("weir_listener_failures_total", {"listener": "l", "cause": "refused"}, 2))

    def test_retries_cuts_silence_and_clients_that_leave(self):
        one = self.scripted()
        self.serve([pool("p", backend(self.dead(), "d"), backend(one, "b"))],
                   [self.listener({"action": forward("p")}, idle_timeout_ms=600)])
        for _ in range(4):
            self.assertEqual(self.ask("/200/1").status, 200)
        self.serve([pool("p", backend(one, "b"))], [self.listener({"action": forward("p")}, idle_timeout_ms=600)])
        self.assertEqual(self.ask("/hang").status, 504)
        with self.assertRaises(http.client.IncompleteRead):
            self.ask("/cut")
        self.assertEqual(self.ask("/close").status, 502)
        self.serve([pool("p", backend(one, "b"))], [self.listener({"action": forward("p")})])
        leaving = socket.create_connection(("127.0.0.1", self.port), PATIENCE)
        leaving.sendall(b"GET /hang HTTP/1.1\r\nHost: a\r\n\r\n")
        self.expect(("weir_pool_active_requests", {"pool": "p"}, 1),
                    ("weir_listener_active_connections", {"listener": "l"}, 1))
        leaving.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        leaving.close()
        now = self.expect(
            ("weir_pool_requests_total", {"pool": "p"}, 8),
            ("weir_pool_active_requests", {"pool": "p"}, 0),
            ("weir_pool_failures_total", {"pool": "p", "cause": "response_timeout"}, 1),
            ("weir_pool_failures_total", {"pool": "p", "cause": "closed"}, 1),
            ("weir_pool_failures_total", {"pool": "p", "cause": "malformed"}, 1),  # its length was another
            ("weir_pool_own_errors_total", {"pool": "p", "status": "504"}, 1),
            ("weir_pool_own_errors_total", {"pool": "p", "status": "502"}, 1),
            ("weir_pool_client_aborts_total", {"pool": "p"}, 1),
            ("weir_pool_responses_total", {"pool": "p", "class": "4xx", "by": "proxy"}, 1),  # 460
            ("weir_pool_responses_total", {"pool": "p", "class": "2xx", "by": "backend"}, 5))
        retries = now.value("weir_pool_retries_total", pool="p")
        tries = now.value("weir_backend_failures_total", pool="p", backend="d", cause="refused")
        self.assertEqual(retries, tries)
        self.assertGreater(retries, 0)

    def test_times_lie_in_the_buckets_that_they_belong_in(self):
        one = self.scripted()
        self.serve([pool("p", backend(one, "b"))], [self.listener({"action": forward("p")})])
        for _ in range(3):
            self.ask("/slow")
        self.ask("/200/1")
        now = self.expect(("weir_pool_response_time_seconds_count", {"pool": "p"}, 4))
        for name, labels in (("weir_pool_response_time_seconds", {"pool": "p"}),
                             ("weir_pool_request_seconds", {"pool": "p"}),
                             ("weir_listener_response_time_seconds", {"listener": "l"}),
                             ("weir_listener_request_seconds", {"listener": "l"}),
                             ("weir_backend_response_time_seconds", {"pool": "p", "backend": "b"})):
            buckets = now.buckets(name, **labels)
            counts = [count for _, count in buckets]
            self.assertEqual(counts, sorted(counts))
            self.assertEqual((buckets[-1][0], counts[-1]), (math.inf, 4))
            self.assertLessEqual(max(count for bound, count in buckets if bound <= 0.25), 1)
            self.assertGreaterEqual(now.value(name + "_sum", **labels), 0.75)

    def test_counters_outlive_tables(self):
        one = self.scripted()
        with_p = [pool("p", backend(one, "b"))]
        self.serve(with_p, [self.listener({"action": forward("p")})])
        for _ in range(3):
            self.ask("/200/1")
        self.expect(("weir_pool_requests_total", {"pool": "p"}, 3))
        self.serve([], [self.listener({"action": {"fixed_response": {"status": 200}}})])
        self.assertEqual(self.ask("/").status, 200)
        self.expect(("weir_pool_requests_total", {"pool": "p"}, 3), ("weir_listener_requests_total", {"listener": "l"}, 4))
        self.serve(with_p, [self.listener({"action": forward("p")})])
        self.ask("/200/1")
        self.expect(("weir_pool_requests_total", {"pool": "p"}, 4), ("weir_listener_requests_total", {"listener": "l"}, 5),
                    ("weir_backend_requests_total", {"pool": "p", "backend": "b"}, 4))

    def test_control_is_told_the_same(self):
        one = self.scripted()
        self.serve([pool("p", backend(one, "b"))], [self.listener({"action": forward("p")})])
        for _ in range(6):
            self.ask("/200/1")
        self.ask("/500/1")
        feedback = self.feedback_pool("p", "finished", 7)
        line = next(each for each in feedback["pools"] if each["pool"] == "p")
        self.assertEqual((line["requests"], line["answered_2xx"], line["answered_5xx"]), (7, 6, 1))
        self.assertEqual(sum(line["response_time_us"]["buckets"][1::2]), 7)
        self.assertEqual([each["requests"] for each in feedback["listener_counters"]], [7])
        self.assertEqual([(b["active"], b["requests"]) for b in feedback["backends"]], [(0, 7)])

    def test_odd_names_are_escaped(self):
        odd = 'p"q\\r\ns'
        one = self.scripted()
        self.serve([pool(odd, backend(one, "b"))], [self.listener({"action": forward(odd)})])
        self.ask("/200/1")
        self.expect(("weir_pool_requests_total", {"pool": odd}, 1))


# The expression that AWS documents for Athena, with the field it begins and ends by made sure of.
ALB = re.compile(
    r'([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*):([0-9]*) ([^ ]*)[:-]([0-9]*) ([-.0-9]*) ([-.0-9]*) ([-.0-9]*) (|[-0-9]*) '
    r'(-|[-0-9]*) ([-0-9]*) ([-0-9]*) "([^ ]*) (.*) (- |[^ ]*)" "([^"]*)" ([A-Z0-9-_]+) ([A-Za-z0-9.-]*) ([^ ]*) '
    r'"([^"]*)" "([^"]*)" "([^"]*)" ([-.0-9]*) ([^ ]*) "([^"]*)" "([^"]*)" "([^ ]*)" "([^\s]+?)" "([^\s]+)" '
    r'"([^ ]*)" "([^ ]*)" ?([^ ]*)?( .*)?')
FIELDS = ("type time elb client_ip client_port target_ip target_port request_processing_time target_processing_time "
          "response_processing_time elb_status_code target_status_code received_bytes sent_bytes request_verb "
          "request_url request_proto user_agent ssl_cipher ssl_protocol target_group_arn trace_id domain_name "
          "chosen_cert_arn matched_rule_priority request_creation_time actions_executed redirect_url error_reason "
          "target_port_list target_status_code_list classification classification_reason conn_trace_id rest").split()


class AccessLogTest(ObservationTest):
    def setUp(self):
        super().setUp()
        self.path = os.path.join(self.folder.name, "access.log")

    def lines(self, count, path=None, form="alb"):
        """`count` lines, as their fields."""
        path = path or self.path

        def whole():
            if not os.path.exists(path):
                return None
            with open(path, encoding="utf-8") as file:
                text = file.read()
            return text.splitlines() if text.endswith("\n") and text.count("\n") >= count else None
        lines = until(whole, f"{count} lines in {path}")
        self.assertEqual(len(lines), count, lines)
        if form == "json":
            return [json.loads(line) for line in lines]
        fields = []
        for line in lines:
            match = ALB.fullmatch(line)
            self.assertIsNotNone(match, line)
            fields.append(dict(zip(FIELDS, match.groups())))
        return fields

    def logged(self, *rules, form="alb", path=None, **more):
        return self.listener(*rules, access_log={"path": path or self.path, "format": form}, **more)

    def test_a_request_has_alb_fields(self):
        one = self.scripted()
        self.serve([pool("p", backend(one, "b"))],
                   [self.logged({"match": {"paths": ["/nothing"]}, "action": forward("p")}, {"action": forward("p")})])
        request = b"POST /404/10?q=1 HTTP/1.1\r\nHost: example.com\r\nUser-Agent: probe/1 (x)\r\nX-Amzn-Trace-Id: Root=1-5\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc"
        answer = self.raw(request)
        line = self.lines(1)[0]
        expected = {
            "type": "http", "elb": "l", "client_ip": "127.0.0.1", "target_ip": "127.0.0.1", "target_port": str(one.port),
            "response_processing_time": "0.000", "elb_status_code": "404", "target_status_code": "404",
            "received_bytes": str(len(request)), "request_verb": "POST",
            "request_url": f"http://example.com:{self.port}/404/10?q=1", "request_proto": "HTTP/1.1",
            "user_agent": "probe/1 (x)", "ssl_cipher": "-", "ssl_protocol": "-", "target_group_arn": "p",
            "trace_id": "Root=1-5", "domain_name": "-", "chosen_cert_arn": "-", "matched_rule_priority": "0",
            "actions_executed": "forward", "redirect_url": "-", "error_reason": "-",
            "target_port_list": f"127.0.0.1:{one.port}", "target_status_code_list": "404", "classification": "-",
            "classification_reason": "-", "rest": None}
        self.assertEqual({key: line[key] for key in expected}, expected)
        self.assertEqual(int(line["sent_bytes"]), len(re.sub(rb"(?i)connection: close\r\n", b"", answer)))
        self.assertRegex(line["conn_trace_id"], r"^TID_[0-9a-f]{32}$")
        self.assertRegex(line["time"], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
        self.assertLessEqual(line["request_creation_time"], line["time"])

    def test_what_the_proxy_answers_itself(self):
        one = self.scripted()
        self.serve([pool("p", backend(one, "b")), pool("empty"), pool("dead", backend(self.dead(), "d"))], [
            self.logged({"match": {"paths": ["/to"]}, "action": {"redirect": {"status": 302, "host": "else.where"}}},
                        {"match": {"paths": ["/fixed"]}, "action": {"fixed_response": {"status": 418, "body": "tea"}}},
                        {"match": {"paths": ["/empty"]}, "action": forward("empty")},
                        {"match": {"paths": ["/dead"]}, "action": forward("dead")},
                        {"match": {"paths": ["/p/*", "/hang", "/close"]}, "action": forward("p")}, idle_timeout_ms=600)])
        for i, path in enumerate(("/to", "/fixed", "/empty", "/dead", "/hang", "/close", "/none")):
            self.ask(path)
            self.lines(i + 1)  # lines of two workers may be out of order
        self.raw(b"nonsense\r\n\r\n")
        lines = self.lines(8)
        told = [(x["elb_status_code"], x["target_status_code"], x["actions_executed"], x["matched_rule_priority"],
                 x["error_reason"], x["request_processing_time"], x["target_processing_time"]) for x in lines]
        self.assertEqual(told, [
            ("302", "-", "redirect", "1", "-", "-1", "-1"),
            ("418", "-", "fixed-response", "2", "-", "-1", "-1"),
            ("503", "-", "forward", "3", "none_in_service", "-1", "-1"),
            ("502", "-", "forward", "4", "refused", "-1", "-1"),
            ("504", "-", "forward", "5", "response_timeout", "-1", "-1"),
            ("502", "-", "forward", "5", "closed", "-1", "-1"),
            ("404", "-", "-", "-", "-", "-1", "-1"),
            ("400", "-", "-", "-", "-", "-1", "-1")])
        self.assertEqual(lines[0]["redirect_url"], f"http://else.where:{self.port}/to")
        self.assertEqual((lines[7]["request_verb"], lines[7]["request_proto"]), ("-", "-"))
        self.assertEqual(lines[4]["target_port"], str(one.port))

    def test_what_is_rewritten_is_logged_as_it_was_asked_for(self):
        one = self.scripted()
        rewrite = {"prefix": "/a", "path": "/200", "host": "inside"}
        self.serve([pool("p", backend(one, "b"))], [self.logged({"rewrite": rewrite, "action": forward("p")})])
        self.assertEqual(self.ask("/a/5?q").status, 200)
        self.assertEqual(self.lines(1)[0]["request_url"], f"http://127.0.0.1:{self.port}/a/5?q")

    def test_a_client_that_leaves_is_460(self):
        one = self.scripted()
        self.serve([pool("p", backend(one, "b"))], [self.logged({"action": forward("p")})])
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as leaving:
            leaving.sendall(b"GET /hang HTTP/1.1\r\nHost: a\r\n\r\n")
            until(lambda: one.heads, "the request at the backend")
            leaving.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        line = self.lines(1)[0]
        self.assertEqual((line["elb_status_code"], line["target_status_code"], line["target_port"]),
                         ("460", "-", str(one.port)))

    def test_what_began_before_there_was_a_log_has_no_line(self):
        one = self.scripted()
        pools, rule = [pool("p", backend(one, "b"))], {"action": forward("p")}
        self.serve(pools, [self.listener(rule)])
        held = threading.Thread(target=self.ask, args=("/held",))
        held.start()
        until(lambda: one.heads, "the request at the backend")
        self.serve(pools, [self.logged(rule)])
        one.released.set()
        held.join(PATIENCE)
        self.assertEqual(self.ask("/200/1").status, 200)
        line = self.lines(1)[0]
        self.assertEqual((line["request_url"], line["target_port"]),
                         (f"http://127.0.0.1:{self.port}/200/1", str(one.port)))

    def test_json_says_the_same_and_retries(self):
        one = self.scripted()
        self.serve([pool("p", backend(self.dead(), "d"), backend(one, "b"))],
                   [self.logged({"action": forward("p")}, form="json")])
        for _ in range(6):
            self.assertEqual(self.ask("/200/5", headers={"User-Agent": 'a "b" \\ c'}).status, 200)
        lines = self.lines(6, form="json")
        for line in lines:
            self.assertEqual((line["status"], line["target_status"], line["user_agent"], line["target"], line["pool"]),
                             (200, 200, 'a "b" \\ c', f"127.0.0.1:{one.port}", "p"))
        now = self.expect(("weir_listener_log_lines_total", {"listener": "l"}, 6))
        self.assertEqual(sum(line["retries"] for line in lines), now.value("weir_pool_retries_total", pool="p"))

    def test_hostile_requests_stay_in_their_fields(self):
        one = self.scripted()
        self.serve([pool("p", backend(one, "b"))], [self.logged({"action": forward("p")})])
        for agent in (b'" 200 "', b"\xff\xfe\x80", b"a\tb\\", b"x" * 20000):
            self.raw(b"GET /200/1?\"<>%22 HTTP/1.1\r\nHost: a\r\nUser-Agent: " + agent + b"\r\nConnection: close\r\n\r\n")
        lines = self.lines(4)
        self.assertEqual(sorted(line["user_agent"] for line in lines),
                         ["\\x22 200 \\x22", "\\xFF\\xFE\\x80", "a\\x09b\\x5C", "x" * 8192])

    def test_two_listeners_share_a_path_and_workers_do_not_mix(self):
        one, other = self.scripted(), free_port()
        self.serve([pool("p", backend(one, "b"))],
                   [self.logged({"action": forward("p")}),
                    self.logged({"action": {"fixed_response": {"status": 200}}}, name="m", port=other)])
        clients = [threading.Thread(target=lambda port=port: [self.ask("/200/1", port=port) for _ in range(25)])
                   for port in (self.port, other) * 4]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        lines = self.lines(200)
        self.assertEqual(sorted(line["elb"] for line in lines), ["l"] * 100 + ["m"] * 100)
        self.assertEqual(len({line["conn_trace_id"] for line in lines}), 200)

    def test_rotation(self):
        self.serve([], [self.logged({"action": {"fixed_response": {"status": 200}}})])
        self.ask("/1")
        self.lines(1)
        os.rename(self.path, self.path + ".1")
        until(lambda: os.path.exists(self.path), "opened anew by itself")
        self.ask("/2")
        self.assertTrue(self.lines(1)[0]["request_url"].endswith("/2"))
        os.rename(self.path, self.path + ".2")
        self.proxy.process.send_signal(signal.SIGUSR1)
        until(lambda: os.path.exists(self.path), "opened anew when asked")
        self.ask("/3")
        self.assertTrue(self.lines(1)[0]["request_url"].endswith("/3"))
        self.lines(1, path=self.path + ".1")
        self.lines(1, path=self.path + ".2")

    def test_a_path_that_cannot_be_written_is_told_and_traffic_goes_on(self):
        path = os.path.join(self.folder.name, "missing", "access.log")
        self.serve([], [self.logged({"action": {"fixed_response": {"status": 200}}}, path=path)])
        self.control.wait(lambda f: "No such file" in f["listeners"][0].get("error", ""), "the error")
        self.assertTrue(self.control.feedback["listeners"][0]["listening"])
        self.assertEqual(self.ask("/1").status, 200)
        self.expect(("weir_listener_log_writable", {"listener": "l"}, 0))
        os.mkdir(os.path.dirname(path))
        self.lines(1, path=path)
        self.control.wait(lambda f: not f["listeners"][0].get("error"), "no error")
        self.expect(("weir_listener_log_writable", {"listener": "l"}, 1))

    def test_lines_that_find_no_room_are_dropped_and_counted(self):
        os.mkfifo(self.path)
        reader = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        self.serve([], [self.logged({"action": {"fixed_response": {"status": 200}}})])
        # A line takes its user agent's 8 KiB; a worker has room for 1 MiB, the pipe for 64 KiB.
        request = b"GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: " + b"x" * 8192 + b"\r\n\r\n"
        count = 500
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as client, client.makefile("rb") as answers:
            for _ in range(count):
                client.sendall(request)
                self.assertIn(b"200", answers.readline())
                while (line := answers.readline()) != b"\r\n":
                    self.assertNotIn(b"content-length: 1", line.lower())
        now = self.expect(("weir_listener_requests_total", {"listener": "l"}, count))
        written, dropped = (now.value(f"weir_listener_log_{what}_total", listener="l")
                            for what in ("lines", "dropped_lines"))
        self.assertEqual(written + dropped, count)
        self.assertGreater(dropped, 200)
        self.assertGreater(written, 100)
        seen = bytearray()

        def drained():
            try:
                seen.extend(os.read(reader, 1 << 20))
            except BlockingIOError:
                pass
            return seen.count(b"\n") == written
        until(drained, "what was taken arrives")
        for line in seen.decode().splitlines():
            self.assertIsNotNone(ALB.fullmatch(line), line[:200])
        with open(os.path.join(self.folder.name, "log")) as said:
            self.assertIn("lines of access logs were dropped", said.read())


class PagesTest(ObservationTest):
    def test_every_metric_is_documented_and_every_documented_one_is_there(self):
        one = self.scripted()
        self.serve([pool("p", backend(one, "b"))], [self.listener({"action": forward("p")})])
        self.ask("/200/1")
        now = self.expect(("weir_pool_requests_total", {"pool": "p"}, 1))
        with open(DOCUMENT) as document:
            rows = re.findall(r"^\| `(weir_\w+)` \| (\w+) \|", document.read(), re.M)
        self.assertEqual(sorted(rows), sorted(now.types.items()))
        self.assertEqual(set(now.types), set(now.helps))

    def status(self, path, method="GET"):
        connection = http.client.HTTPConnection("127.0.0.1", self.admin, timeout=PATIENCE)
        connection.request(method, path)
        answer = connection.getresponse()
        answer.body = answer.read()
        connection.close()
        return answer

    def test_ready_says_what_is_missing(self):
        self.assertEqual(self.status("/live").status, 200)
        self.assertEqual(self.status("/ready").status, 503)
        blocker = socket.socket()
        blocker.bind(("127.0.0.1", self.port))
        blocker.listen()
        self.version += 1
        self.control.apply({"version": 1, "pools": [],
                            "listeners": [self.listener({"action": {"fixed_response": {"status": 200}}})]})
        self.assertIn(b"The listener l does not listen", self.status("/ready").body)
        blocker.close()
        until(lambda: self.status("/ready").status == 200, "ready")
        self.assertEqual(self.metrics().value("weir_table_version"), 1)
        self.assertEqual(self.metrics().value("weir_listener_up", listener="l"), 1)

    def test_other_paths_and_methods(self):
        self.assertEqual(self.status("/nothing").status, 404)
        self.assertEqual(self.status("/metrics", "POST").status, 405)
        head = self.status("/metrics", "HEAD")
        self.assertEqual((head.status, head.body), (200, b""))
        self.assertTrue(head.headers["content-type"].startswith("text/plain; version=0.0.4"))


if __name__ == "__main__":
    unittest.main()
