#!/usr/bin/env python3
"""Tables with ten thousand backends and ten thousand rules come over the control socket while a few clients ask: each
is acknowledged soon, and no request waits for it. The figures are printed; the bounds are wide, for a busy machine.
usage: large_table_test.py PROXY"""

import json
import socket
import tempfile
import threading
import time
import unittest

from data_plane_test import PATIENCE, Backend, Proxy, connect_control, free_port

MANY = 10_000
ROUNDS = 6


def table(version, port, backend, rules, first):
    """All but one of the backends are elsewhere in each table, and take no request."""
    many = [{"id": "one", "address": "127.0.0.1", "port": backend.port, "state": "serving"}]
    for n in range(first, first + MANY):
        address = f"127.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}"
        many.append({"id": f"backend-of-some-task-{n}", "address": address, "port": 8080, "state": "draining"})
    forward = {"forward": [{"pool": "p", "weight": 1}]}
    paths = [{"id": f"rule-{n}", "match": {"paths": [f"/service-{n}/*"]}, "action": forward} for n in range(rules)]
    return {"version": version, "pools": [{"id": "p", "health": {"protocol": "none"}, "backends": many}],
            "listeners": [{"id": "l", "address": "127.0.0.1", "port": port,
                           "rules": paths + [{"id": "all", "action": forward}]}]}


class Link:
    """The control side of the socket that looks at nothing but acknowledgements."""

    def __init__(self, path):
        self.socket = connect_control(path)
        self.socket.settimeout(PATIENCE)
        self.lines = self.socket.makefile("rb")

    def apply(self, text, version):
        """Seconds from the message to its acknowledgement."""
        sent = time.monotonic()
        self.socket.sendall(text)
        wanted = b'{"feedback":{"acknowledged":%d,' % version
        while not self.lines.readline().startswith(wanted):
            pass
        return time.monotonic() - sent

    def close(self):
        self.lines.close()
        self.socket.close()


class Asker(threading.Thread):
    """Asks over one connection, a few hundred times a second, and keeps the longest time that an answer took."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.stopping, self.worst, self.failures = port, False, 0.0, []
        self.start()

    def run(self):
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as client:
            client.settimeout(PATIENCE)
            while not self.stopping:
                asked = time.monotonic()
                client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                answer = client.recv(4096)
                self.worst = max(self.worst, time.monotonic() - asked)
                if not answer.startswith(b"HTTP/1.1 200 "):
                    self.failures.append(answer)
                time.sleep(0.002)


class LargeTableTest(unittest.TestCase):
    def measure(self, tables):
        texts = [json.dumps({"table": each}).encode() + b"\n" for each in tables]
        with tempfile.TemporaryDirectory() as folder:
            proxy = Proxy(folder)
            self.addCleanup(lambda: proxy.process.poll() is None and proxy.stop(kill=True))
            link = Link(proxy.control_path)
            link.apply(texts[0], tables[0]["version"])
            askers = [Asker(tables[0]["listeners"][0]["port"]) for _ in range(2)]
            time.sleep(1.2)  # what is worst without any table, reports of counts with it
            before, took = max(each.worst for each in askers), []
            for text, each in zip(texts[1:], tables[1:]):
                took.append(link.apply(text, each["version"]))
            worst = max(each.worst for each in askers)
            for each in askers:
                each.stopping = True
                each.join(PATIENCE)
            link.close()
            proxy.stop(kill=True)
        print(f"\n{self.id().split('.')[-1]}: acknowledged after {min(took) * 1e3:.0f} to {max(took) * 1e3:.0f} ms; "
              f"worst request {before * 1e3:.1f} ms before, {worst * 1e3:.1f} ms meanwhile", flush=True)
        self.assertEqual([each.failures for each in askers], [[], []])
        self.assertLess(worst, 1.0)

    def backend(self):
        backend = Backend("one", delay=0)
        self.addCleanup(backend.stop)
        return backend

    def test_ten_thousand_backends_all_of_them_new(self):
        port, one = free_port(), self.backend()
        self.measure([table(n + 1, port, one, 10, n * MANY) for n in range(ROUNDS)])

    def test_ten_thousand_backends_of_which_a_hundred_change(self):
        port, one = free_port(), self.backend()
        self.measure([table(n + 1, port, one, 10, n * 100) for n in range(ROUNDS)])

    def test_ten_thousand_rules_that_stay(self):
        port, one = free_port(), self.backend()
        self.measure([table(n + 1, port, one, MANY, n * 100) for n in range(ROUNDS)])


if __name__ == "__main__":
    unittest.main()
