#!/usr/bin/env python3
"""The data plane as a process: tables change while requests flow, backends come, drain and die. Every request is
accounted for. usage: data_plane_test.py PROXY"""

import asyncio
import json
import os
import pathlib
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from free_port import free_port  # noqa: E402

PROXY = sys.argv.pop(1) if len(sys.argv) > 1 else ""
PATIENCE = 15.0  # seconds: the longest that one expected thing may take


class EventLoop:
    """One thread that runs everything asynchronous."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(PATIENCE)


EVENTS = EventLoop()


class Server:
    """Listens; talk(reader, writer) is had with each client, and cut off when the server stops."""

    def listen(self, port=0, **options):
        self.writers = set()
        self.port = port or free_port()
        self.server = EVENTS.run(asyncio.start_server(self.serve, "127.0.0.1", self.port, **options))

    async def serve(self, reader, writer):
        self.writers.add(writer)
        try:
            await self.talk(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError, asyncio.CancelledError):
            pass
        finally:
            self.writers.discard(writer)
            writer.close()

    def stop(self):
        async def close():
            self.server.close()
            for writer in list(self.writers):
                writer.transport.abort()

        EVENTS.run(close())


class Backend(Server):
    """An HTTP/1.1 server that answers its name; health at /health."""

    def __init__(self, name, port=0, delay=0.002):
        self.name, self.delay, self.healthy, self.requests = name, delay, True, 0
        self.listen(port)

    async def talk(self, reader, writer):
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            body = 0
            for line in head.split(b"\r\n"):
                if line.lower().startswith(b"content-length:"):
                    body = int(line.split(b":")[1])
            if body:
                await reader.readexactly(body)
            if b"/health" in head.split(b"\r\n")[0]:
                status = b"200 OK" if self.healthy else b"500 No"
            else:
                self.requests += 1
                await asyncio.sleep(self.delay)
                status = b"200 OK"
            text = self.name.encode()
            writer.write(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(text), text))
            await writer.drain()


class Proxy:
    def __init__(self, folder, control=True, workers=2, extra=()):
        self.folder, self.control_path = folder, os.path.join(folder, "control")
        self.table_path = os.path.join(folder, "table.json")
        command = [PROXY, "--table", self.table_path, "--workers", str(workers), *extra]
        if control:
            command += ["--control", self.control_path]
        self.errors = open(os.path.join(folder, "log"), "ab")
        self.process = subprocess.Popen(command, stderr=self.errors)

    def stop(self, kill=False):
        if kill:
            self.process.kill()
        else:
            self.process.terminate()
        code = self.process.wait(PATIENCE)
        self.errors.close()
        return code


def connect_control(path):
    """A connection to the control socket of a proxy that may only just begin."""
    deadline = time.monotonic() + PATIENCE
    while True:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(path)
            return connection
        except OSError:
            connection.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


class Control:
    """The control side of the socket: sends tables, keeps the newest feedback."""

    def __init__(self, path):
        self.feedback, self.changed, self.closed = None, threading.Condition(), False
        self.socket = connect_control(path)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        try:
            for line in self.socket.makefile():
                with self.changed:
                    self.feedback = json.loads(line)["feedback"]
                    self.changed.notify_all()
        except OSError:
            pass  # a proxy that is killed resets
        with self.changed:
            self.closed = True
            self.changed.notify_all()

    def send(self, table):
        self.socket.sendall(json.dumps({"table": table}).encode() + b"\n")

    def wait(self, condition, what):
        with self.changed:
            if not self.changed.wait_for(lambda: self.feedback is not None and condition(self.feedback), PATIENCE):
                raise AssertionError(f"not in time: {what}; last: {self.feedback}")
            return self.feedback

    def apply(self, table):
        self.send(table)
        return self.wait(lambda f: f["acknowledged"] == table["version"], f"version {table['version']} acknowledged")

    def backend(self, pool, name):
        with self.changed:
            return next(b for b in self.feedback["backends"] if b["pool"] == pool and b["backend"] == name)

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


class Load:
    """Keep-alive clients that count every answer. A request fails unless it is answered 200."""

    def __init__(self, port, clients=16, method="GET"):
        self.port, self.method, self.stopping = port, method, False
        self.answers, self.failures = [], []
        self.tasks = [asyncio.run_coroutine_threadsafe(self.client(), EVENTS.loop) for _ in range(clients)]

    async def client(self):
        body = b"Content-Length: 4\r\n\r\nbody" if self.method == "POST" else b"\r\n"
        request = b"%s / HTTP/1.1\r\nHost: a\r\n%s" % (self.method.encode(), body)
        reader = writer = None
        while not self.stopping:
            try:
                if writer is None:
                    reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.write(request)
                head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
                length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                text = await reader.readexactly(length)
                if b" 200 " in head.split(b"\r\n")[0]:
                    self.answers.append(text.decode())
                else:
                    self.failures.append(head + text)
                if b"connection: close" in head.lower():
                    writer.close()
                    writer = None
            except Exception as error:  # every failure is counted, whatever it is
                self.failures.append(repr(error))
                writer = None
        if writer:
            writer.close()

    def wait_for(self, count):
        """Until `count` more answers have come."""
        target, deadline = len(self.answers) + count, time.monotonic() + PATIENCE
        while len(self.answers) < target:
            if time.monotonic() > deadline:
                raise AssertionError(f"no answers come; failures: {self.failures[:3]}")
            time.sleep(0.005)

    def finish(self):
        self.stopping = True
        for task in self.tasks:
            task.result(PATIENCE)


def table(version, port, backends, **pool):
    entry = {"id": "p", "health": {"path": "/health", "interval_ms": 100, "timeout_ms": 1000, "unhealthy_threshold": 2,
                                   "healthy_threshold": 2}}
    entry.update(pool)
    entry["backends"] = [
        {"id": b.name, "address": "127.0.0.1", "port": b.port, "state": state} for b, state in backends]
    rule = {"id": "r", "action": {"forward": [{"pool": "p", "weight": 1}]}}
    return {"version": version, "pools": [entry],
            "listeners": [{"id": "l", "address": "127.0.0.1", "port": port, "rules": [rule]}]}


class DataPlaneTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def proxy(self, **options):
        proxy = Proxy(self.folder.name, **options)
        self.addCleanup(lambda: proxy.stop(kill=True))
        return proxy

    def backend(self, name, **options):
        backend = Backend(name, **options)
        self.addCleanup(backend.stop)
        return backend

    def control(self, proxy):
        control = Control(proxy.control_path)
        self.addCleanup(control.socket.close)
        return control

    def replace_backends(self, method):
        """Twenty times: a new backend enters, the old one drains, is idle, and stops: as a deployment does it."""
        proxy = self.proxy()
        control, port = self.control(proxy), free_port()
        old = self.backend("v0")
        control.apply(table(1, port, [(old, "serving")]))
        load, version = Load(port, method=method), 1
        for step in range(1, 21):
            load.wait_for(50)
            new = self.backend(f"v{step}")
            version += 1
            control.apply(table(version, port, [(old, "serving"), (new, "checking")]))
            control.wait(lambda f: any(b["backend"] == new.name and b["health"] == "healthy" for b in f["backends"]),
                         f"{new.name} healthy")
            version += 1
            control.apply(table(version, port, [(old, "serving"), (new, "serving")]))
            version += 1
            control.apply(table(version, port, [(old, "draining"), (new, "serving")]))
            after = old.requests
            control.wait(lambda f: all(b["active"] == 0 for b in f["backends"] if b["backend"] == old.name),
                         f"{old.name} idle")
            # What was under way at the acknowledgement may still have been counted; nothing new may come.
            self.assertLessEqual(old.requests - after, 16)
            settled = old.requests
            old.stop()
            version += 1
            control.apply(table(version, port, [(new, "serving")]))
            self.assertEqual(old.requests, settled)
            old = new
        load.wait_for(50)
        load.finish()
        self.assertEqual(load.failures, [])
        self.assertEqual(set(load.answers), {f"v{i}" for i in range(21)})

    def test_no_request_fails_while_backends_are_replaced(self):
        self.replace_backends("GET")

    def test_no_request_with_a_body_fails_while_backends_are_replaced(self):
        self.replace_backends("POST")

    def test_a_dead_backend_is_passed_over(self):
        proxy = self.proxy()
        control, port = self.control(proxy), free_port()
        one, two = self.backend("one"), self.backend("two")
        control.apply(table(1, port, [(one, "serving"), (two, "serving")]))
        load = Load(port)
        load.wait_for(100)
        one.stop()  # connections are reset in the middle of requests, later ones refused
        control.wait(lambda f: any(b["backend"] == "one" and b["health"] == "unhealthy" for b in f["backends"]), "ill")
        self.assertEqual(control.backend("p", "one")["reason"], "FailedHealthChecks")
        failed = len(load.failures)
        self.assertLessEqual(failed, 16)  # no more than were in flight on it
        load.wait_for(200)
        load.finish()
        self.assertEqual(len(load.failures), failed)

    def test_health_goes_and_comes_back(self):
        proxy = self.proxy()
        control, port = self.control(proxy), free_port()
        one, two = self.backend("one"), self.backend("two")
        control.apply(table(1, port, [(one, "serving"), (two, "serving")]))
        healthy = lambda f: [b["health"] for b in f["backends"]] == ["healthy", "healthy"]
        control.wait(healthy, "both healthy")
        one.healthy = False
        control.wait(lambda f: f["backends"][0]["health"] == "unhealthy", "one unhealthy")
        status = control.backend("p", "one")
        self.assertEqual(status["reason"], "ResponseCodeMismatch")
        self.assertEqual(status["description"], "Health checks failed with these codes: [500]")
        load = Load(port, clients=4)
        load.wait_for(40)
        load.finish()
        self.assertEqual((load.failures, set(load.answers)), ([], {"two"}))
        one.healthy = True
        control.wait(healthy, "both healthy again")

    def test_a_backend_that_starts_slowly_is_found_soon(self):
        proxy = self.proxy()
        control, port = self.control(proxy), free_port()
        place = free_port()
        late = type("Late", (), {"name": "late", "port": place})
        control.apply(table(1, port, [(late, "checking")], health={"path": "/health", "interval_ms": 30000}))
        time.sleep(0.3)  # the application starts
        started = time.monotonic()
        self.backend("late", port=place)
        control.wait(lambda f: f["backends"][0]["health"] == "healthy", "healthy")
        self.assertLess(time.monotonic() - started, 2.0)

    def test_a_port_that_is_taken_is_told_and_heals(self):
        proxy = self.proxy()
        control, port = self.control(proxy), free_port()
        blocker = socket.socket()
        blocker.bind(("127.0.0.1", port))
        blocker.listen()
        one = self.backend("one")
        control.apply(table(1, port, [(one, "serving")]))
        status = control.wait(lambda f: f["listeners"], "listener")["listeners"][0]
        self.assertFalse(status["listening"])
        self.assertIn("Address already in use", status["error"])
        blocker.close()
        control.wait(lambda f: f["listeners"][0]["listening"], "listening")
        load = Load(port, clients=1)
        load.wait_for(5)
        load.finish()

    def test_two_proxies_do_not_share_a_port_in_silence(self):
        port, one = free_port(), self.backend("one")
        first = self.proxy()
        self.control(first).apply(table(1, port, [(one, "serving")]))
        with tempfile.TemporaryDirectory() as folder:
            second = Proxy(folder)
            try:
                control = Control(second.control_path)
                feedback = control.apply(table(1, port, [(one, "serving")]))
                self.assertIn("Address already in use", feedback["listeners"][0]["error"])
                control.close()
            finally:
                second.stop(kill=True)

    def test_it_serves_the_table_on_disk_with_no_control_alive(self):
        port, one = free_port(), self.backend("one")
        proxy = self.proxy()
        self.control(proxy).apply(table(7, port, [(one, "serving")]))
        proxy.stop(kill=True)
        again = self.proxy()
        control = self.control(again)
        control.wait(lambda f: f["acknowledged"] == 7, "version 7 from disk")
        load = Load(port, clients=2)
        load.wait_for(20)
        load.finish()
        control.send(table(6, port, []))  # older: not taken, and answered by what runs
        control.apply(table(7, port, []))  # the same again
        self.assertEqual(len(control.feedback["backends"]), 1)

    def test_control_may_come_and_go(self):
        port, one = free_port(), self.backend("one")
        proxy = self.proxy()
        first = self.control(proxy)
        first.apply(table(1, port, [(one, "serving")]))
        load = Load(port, clients=4)
        first.close()
        load.wait_for(40)
        second = self.control(proxy)
        second.wait(lambda f: f["acknowledged"] == 1, "feedback on connect")
        third = self.control(proxy)  # the newest counts
        third.apply(table(2, port, [(one, "serving")]))
        load.finish()
        self.assertEqual(load.failures, [])

    def test_a_bad_message_ends_the_connection_and_nothing_else(self):
        port, one = free_port(), self.backend("one")
        proxy = self.proxy()
        control = self.control(proxy)
        control.apply(table(1, port, [(one, "serving")]))
        control.socket.sendall(b'{"table":{"version":2,"nonsense":1}}\n')
        with control.changed:
            self.assertTrue(control.changed.wait_for(lambda: control.closed, PATIENCE))
        again = self.control(proxy)
        again.wait(lambda f: f["acknowledged"] == 1, "still version 1")
        with open(os.path.join(self.folder.name, "log")) as log:
            self.assertIn("nonsense: is not known", log.read())

    def test_it_ends_gracefully(self):
        port, one = free_port(), self.backend("one", delay=1.0)
        proxy = self.proxy()
        control = self.control(proxy)
        control.apply(table(1, port, [(one, "serving")]))
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            control.wait(lambda f: one.requests == 1, "request at the backend")
            proxy.process.terminate()
            answer = b""
            while piece := client.recv(4096):
                answer += piece
        self.assertIn(b"200 OK", answer)
        self.assertIn(b"connection: close", answer)
        self.assertEqual(proxy.process.wait(PATIENCE), 0)

    def test_a_removed_listener_lets_its_connections_finish(self):
        port, other, one = free_port(), free_port(), self.backend("one", delay=1.0)
        proxy = self.proxy()
        control = self.control(proxy)
        control.apply(table(1, port, [(one, "serving")]))
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            control.wait(lambda f: one.requests == 1, "request at the backend")
            control.apply(table(2, other, [(one, "serving")]))
            answer = b""
            while piece := client.recv(4096):
                answer += piece
        self.assertIn(b"200 OK", answer)
        with self.assertRaises(OSError):
            socket.create_connection(("127.0.0.1", port)).close()
        Load(other, clients=1).finish()


if __name__ == "__main__":
    unittest.main()
