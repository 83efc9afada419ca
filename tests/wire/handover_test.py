#!/usr/bin/env python3
"""One proxy follows another (SIGHUP) while clients of every kind go on asking: no connection is refused or reset, no
request is lost, and where the new one cannot serve the old one does. usage: handover_test.py PROXY"""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

from data_plane_test import EVENTS, PATIENCE, PROXY, Backend, Control, free_port, table
from raw_h2 import Peer
from tls_test import Authority, table as tls_table

FIRST_GOAWAY = 0x7FFFFFFF


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def wait_until(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not in time: {what}")
        time.sleep(0.005)
    return value


class Lineage:
    """A proxy and those that follow it. The program is a copy that a test may replace."""

    def __init__(self, folder, control=True, workers=2, table=None):
        self.program, self.pid_file = os.path.join(folder, "weir"), os.path.join(folder, "pid")
        self.control_path, self.table_path = os.path.join(folder, "control"), os.path.join(folder, "table.json")
        self.log_path = os.path.join(folder, "log")
        self.install()
        if table is not None:
            self.write(table)
        self.arguments = ["--table", self.table_path, "--workers", str(workers), "--pid-file", self.pid_file]
        if control:
            self.arguments += ["--control", self.control_path]
        self.log_file = open(self.log_path, "ab")
        self.first = subprocess.Popen([self.program, *self.arguments], stderr=self.log_file)
        self.seen = [wait_until(self.pid, "a pid file")]

    def install(self, script=None):
        """Replaces the program: by itself, or by a shell script."""
        fresh = self.program + ".new"
        if script is None:
            shutil.copy(PROXY, fresh)
        else:
            with open(fresh, "w") as file:
                file.write(f"#!/bin/sh\n{script}\n")
            os.chmod(fresh, 0o755)
        os.rename(fresh, self.program)

    def write(self, table):
        with open(self.table_path + ".new", "w") as file:
            json.dump(table, file)
        os.rename(self.table_path + ".new", self.table_path)

    def pid(self):
        with contextlib.suppress(OSError, IndexError):
            with open(self.pid_file) as file:
                return int(file.read().split()[0])

    def hang_up(self):
        os.kill(self.seen[-1], signal.SIGHUP)

    def followed(self):
        """Waits until another process serves."""
        pid = wait_until(lambda: self.pid() not in self.seen and self.pid(), "another process in the pid file")
        self.seen.append(pid)
        return pid

    def children(self):
        with open(f"/proc/{self.seen[-1]}/task/{self.seen[-1]}/children") as file:
            return [int(pid) for pid in file.read().split()]

    def log(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()

    def wait_for_log(self, words, times=1):
        wait_until(lambda: self.log().count(words) >= times, f"{words!r} in the log")

    def alone(self):
        """Whether the newest process is the only one left."""
        self.first.poll()
        return not any(alive(pid) for pid in self.seen[:-1])

    def stop(self):
        self.seen.append(self.pid() or self.seen[-1])
        for pid in self.seen:
            if alive(pid) and (pid == self.first.pid or self.program in self.command(pid)):
                os.kill(pid, signal.SIGKILL)
        self.first.wait()
        self.log_file.close()
        faults = [line for line in self.log().splitlines() if "Sanitizer" in line or "runtime error" in line]
        if self.first.returncode not in (0, -signal.SIGKILL):
            faults.append(f"the first process ended with {self.first.returncode}")
        return "\n".join(faults)

    @staticmethod
    def command(pid):
        with contextlib.suppress(OSError):
            with open(f"/proc/{pid}/cmdline") as file:
                return file.read()
        return ""


def worker_threads(pid):
    """Threads say by their names what they are."""
    count = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/comm", encoding="utf-8") as comm:
            count += comm.read().strip() == "worker"
    return count


class OpenLoad:
    """Requests at a fixed rate, whatever becomes of those before: every other one on a connection of its own, the
    others on connections that are kept. A request fails unless it is answered 200."""

    def __init__(self, port, rate=100, path="/"):
        self.port, self.rate, self.path, self.stopping = port, rate, path, False
        self.sent, self.answers, self.failures, self.idle, self.tasks, self.worst = 0, [], [], [], set(), 0.0
        self.task = asyncio.run_coroutine_threadsafe(self.run(), EVENTS.loop)

    async def run(self):
        begun = time.monotonic()
        while not self.stopping:
            while self.sent < (time.monotonic() - begun) * self.rate:
                task = asyncio.get_running_loop().create_task(self.ask(self.sent % 2 == 0))
                self.tasks.add(task)
                task.add_done_callback(self.tasks.discard)
                self.sent += 1
            await asyncio.sleep(0.5 / self.rate)
        await asyncio.gather(*list(self.tasks))
        for _, writer in self.idle:
            writer.close()

    async def ask(self, keep):
        asked, writer = time.monotonic(), None
        kept = keep and bool(self.idle)
        try:
            reader, writer = self.idle.pop() if kept else await asyncio.open_connection("127.0.0.1", self.port)
            close = b"" if keep else b"Connection: close\r\n"
            writer.write(b"GET %s HTTP/1.1\r\nHost: a\r\n%s\r\n" % (self.path.encode(), close))
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            text = await asyncio.wait_for(reader.readexactly(length), PATIENCE)
            self.worst = max(self.worst, time.monotonic() - asked)
            if b" 200 " not in head.split(b"\r\n")[0]:
                self.failures.append(head + text)
            self.answers.append(text.decode())
            if keep and b"connection: close" not in head.lower():
                self.idle.append((reader, writer))
            else:
                writer.close()
        except Exception as error:  # every failure is counted, whatever it is
            self.failures.append(f"{'kept' if kept else 'new'} connection: {error!r}")
            if writer:
                writer.close()

    def finish(self):
        self.stopping = True
        self.task.result(3 * PATIENCE)


class H2Load:
    """Opens one stream after the other; after the last GOAWAY, on another connection. Each that is not refused by a
    GOAWAY must be answered."""

    def __init__(self, port):
        self.port, self.stopping, self.served, self.failures, self.connections = port, False, 0, [], 0
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.stopping:
            try:
                self.connections += 1
                self.converse()
            except Exception as error:
                self.failures.append(repr(error))

    def converse(self):
        with Peer(self.port) as peer:
            opened, waiting, last = 1, {1}, None
            peer.ask(1)
            while True:
                event = peer.read(PATIENCE)
                if event is None:
                    return self.failures.append(f"no answer to {waiting}")
                if event[0] == "closed":
                    lost = {stream for stream in waiting if last is None or stream <= last}
                    if lost or last is None:
                        self.failures.append(f"closed with {lost} under way, last {last}")
                    return
                if event[0] == "rst":
                    self.failures.append(event)
                if event[0] == "goaway" and event[2] != FIRST_GOAWAY:
                    last = event[2]
                if event[0] == "data" and event[3]:
                    waiting.discard(event[1])
                    self.served += 1
                    if self.stopping:
                        return
                    time.sleep(0.005)
                    if last is None:
                        opened += 2
                        waiting.add(opened)
                        peer.ask(opened)

    def finish(self):
        self.stopping = True
        self.thread.join(PATIENCE)


class HandoverTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def lineage(self, **options):
        lineage = Lineage(self.folder.name, **options)
        self.addCleanup(lambda: self.assertEqual(lineage.stop(), ""))
        return lineage

    def backend(self, name, **options):
        backend = Backend(name, **options)
        self.addCleanup(backend.stop)
        return backend

    def control(self, lineage):
        control = Control(lineage.control_path)
        self.addCleanup(control.socket.close)
        return control

    def wait_for_end_of(self, control):
        with control.changed:
            self.assertTrue(control.changed.wait_for(lambda: control.closed, PATIENCE), "control is told")

    def test_no_request_fails_through_twelve_upgrades(self):
        lineage, port, slow_port = self.lineage(), free_port(), free_port()
        fast, slow = self.backend("fast"), self.backend("slow", delay=1.0)
        both = table(1, port, [(fast, "serving")])
        other = table(1, slow_port, [(slow, "serving")])
        both["pools"].append({**other["pools"][0], "id": "q"})
        both["listeners"].append({**other["listeners"][0], "id": "m", "rules": [
            {"id": "r", "action": {"forward": [{"pool": "q", "weight": 1}]}}]})
        control = self.control(lineage)
        control.apply(both)
        loads = [OpenLoad(port), OpenLoad(slow_port, rate=10), H2Load(port), H2Load(port)]
        for _ in range(12):
            time.sleep(0.2)  # traffic between two upgrades
            lineage.hang_up()
            lineage.followed()
            self.wait_for_end_of(control)
            control = self.control(lineage)
            control.wait(lambda f: f["acknowledged"] == 1, "the version again")
            self.assertEqual([b["health"] for b in control.feedback["backends"]], ["healthy"] * 2)
        for load in loads:
            load.finish()
        self.assertEqual([load.failures for load in loads], [[]] * 4)
        self.assertGreater(loads[0].sent, 200)
        self.assertGreater(min(loads[2].connections, loads[3].connections), 6)  # some met the next one right away
        wait_until(lineage.alone, "those who were followed end")
        asked = control.wait(lambda f: f["pools"][0]["requests"] >= len(loads[0].answers), "the counts of them all")
        self.assertLessEqual(asked["pools"][0]["requests"], fast.requests)

    def test_a_table_file_is_read_again(self):
        one, two, port, other = self.backend("one"), self.backend("two"), free_port(), free_port()
        lineage = self.lineage(control=False, table=table(1, port, [(one, "serving")]))
        load = OpenLoad(port)
        wait_until(lambda: "one" in load.answers, "an answer of the first table")
        next_table = table(1, port, [(two, "serving")])
        next_table["listeners"].append({**next_table["listeners"][0], "id": "m", "port": other})
        lineage.write(next_table)
        lineage.hang_up()
        lineage.followed()
        socket.create_connection(("127.0.0.1", other), PATIENCE).close()
        settled = len(load.answers)
        wait_until(lambda: "two" in load.answers[settled:], "an answer of the second table")

        lineage.write({"version": 1, "nonsense": True})
        lineage.hang_up()
        lineage.wait_for_log("is given up, this process goes on")
        self.assertIn("nonsense", lineage.log())
        self.assertEqual(lineage.pid(), lineage.seen[-1])

        lineage.write(table(1, other, [(one, "serving")]))
        load.finish()
        self.assertEqual(load.failures, [])
        lineage.hang_up()
        lineage.followed()
        wait_until(lineage.alone, "those who were followed end")
        with self.assertRaises(OSError):
            socket.create_connection(("127.0.0.1", port)).close()
        socket.create_connection(("127.0.0.1", other)).close()

    def test_a_tls_session_is_resumed_at_the_successor_and_at_the_one_after_it(self):
        lineage, port = self.lineage(), free_port()
        ours = Authority(self.folder.name, "ours")
        certificate = ours.issue("one", "DNS:one.test")
        control = self.control(lineage)
        control.apply(tls_table(1, port, self.backend("b").port, [certificate]))
        control.wait(lambda f: f["listeners"][0]["listening"], "listening")

        def ask(context, session=None):
            with socket.create_connection(("127.0.0.1", port), PATIENCE) as plain, \
                    context.wrap_socket(plain, server_hostname="one.test", session=session) as connection:
                connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                self.assertIn(b"200 OK", connection.recv(65536))
                return connection.session, connection.session_reused
        contexts = []
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = ssl.create_default_context(cafile=ours.path)
            context.minimum_version = context.maximum_version = version
            session, reused = ask(context)
            self.assertFalse(reused)
            contexts.append((version, context, session))
        for _ in range(2):
            lineage.hang_up()
            lineage.followed()
            for version, context, session in contexts:
                with self.subTest(version=version):
                    self.assertTrue(ask(context, session)[1])

    def test_where_the_successor_fails_the_old_one_goes_on(self):
        lineage, port, one = self.lineage(), free_port(), self.backend("one")
        control = self.control(lineage)
        control.apply(table(1, port, [(one, "serving")]))
        load = OpenLoad(port)
        given_up = 0
        for script in ("exit 3", "echo nonsense >&3; exec sleep 60"):
            lineage.install(script)
            lineage.hang_up()
            given_up += 1
            lineage.wait_for_log("is given up, this process goes on", given_up)
        os.unlink(lineage.program)
        lineage.hang_up()
        lineage.wait_for_log("no successor, this process goes on")
        self.assertFalse(control.closed, "control has noticed nothing")
        control.apply(table(2, port, [(one, "serving")]))
        lineage.install()
        lineage.hang_up()
        lineage.followed()
        load.finish()
        self.assertEqual(load.failures, [])

    def test_a_successor_that_is_killed_while_it_starts_harms_nobody(self):
        lineage, port, one = self.lineage(), free_port(), self.backend("one")
        self.control(lineage).apply(table(1, port, [(one, "serving")]))
        load = OpenLoad(port)
        lineage.install("exec sleep 60")
        victims = set()  # told of before they are reaped
        for n in range(3):
            lineage.hang_up()
            victims.add(wait_until(lambda: set(lineage.children()) - victims, "a successor").pop())
            for victim in victims & set(lineage.children()):
                os.kill(victim, signal.SIGKILL)
            lineage.wait_for_log("is given up, this process goes on", n + 1)
        load.finish()
        self.assertEqual(load.failures, [])
        self.assertEqual(lineage.pid(), lineage.seen[0])

    def test_where_the_old_one_is_killed_while_the_successor_starts_it_serves(self):
        lineage, port, one = self.lineage(), free_port(), self.backend("one")
        self.control(lineage).apply(table(1, port, [(one, "serving")]))
        lineage.install(f"sleep 0.5; exec {PROXY} \"$@\"")
        lineage.hang_up()
        wait_until(lineage.children, "a successor")
        lineage.first.kill()
        lineage.first.wait()
        load = OpenLoad(port)  # those who connect now wait
        lineage.followed()
        self.control(lineage).wait(lambda f: f["acknowledged"] == 1, "the version again")
        lineage.program = PROXY
        load.finish()
        self.assertEqual(load.failures, [])

    def test_a_table_that_comes_meanwhile_is_served_before_and_after(self):
        lineage, port, other, one = self.lineage(), free_port(), free_port(), self.backend("one")
        control = self.control(lineage)
        control.apply(table(1, port, [(one, "serving")]))
        load = OpenLoad(port)
        lineage.install(f"sleep 0.5; exec {PROXY} \"$@\"")
        lineage.hang_up()
        wait_until(lineage.children, "a successor")
        more = table(2, port, [(one, "serving")])
        more["listeners"].append({**more["listeners"][0], "id": "m", "port": other})
        control.apply(more)
        self.assertEqual(lineage.pid(), lineage.seen[0], "it is the old one that has applied it")
        newcomers = OpenLoad(other)
        lineage.followed()
        self.wait_for_end_of(control)
        self.control(lineage).wait(lambda f: f["acknowledged"] == 2, "the newer version")
        lineage.program = PROXY
        for each in (load, newcomers):
            each.finish()
            self.assertEqual(each.failures, [])

    def test_of_two_signals_at_once_both_count_one_after_the_other(self):
        lineage, port, one = self.lineage(), free_port(), self.backend("one")
        self.control(lineage).apply(table(1, port, [(one, "serving")]))
        load = OpenLoad(port)
        lineage.install(f"sleep 0.3; exec {PROXY} \"$@\"")
        lineage.hang_up()
        wait_until(lineage.children, "a successor")
        lineage.hang_up()
        self.assertEqual(len(lineage.children()), 1)
        lineage.wait_for_log("serving, with the sockets of the process before", 2)
        lineage.program = PROXY
        load.finish()
        self.assertEqual(load.failures, [])
        self.assertEqual(lineage.log().count("starting a successor"), 2)

    def test_the_number_of_workers_may_change(self):
        lineage, port, one = self.lineage(workers=1), free_port(), self.backend("one")
        control = self.control(lineage)
        control.apply(table(1, port, [(one, "serving")]))
        load = OpenLoad(port, rate=200)
        for workers in (4, 1, 3, 2):
            arguments = [str(workers) if before == "--workers" else each
                         for before, each in zip(["", *lineage.arguments], lineage.arguments)]
            control.socket.sendall(json.dumps({"upgrade": {"command": [lineage.program, *arguments]}}).encode() + b"\n")
            pid = lineage.followed()
            self.wait_for_end_of(control)
            control = self.control(lineage)
            control.wait(lambda f: f["acknowledged"] == 1, "the version again")
            self.assertEqual(worker_threads(pid), workers)
            time.sleep(0.2)  # traffic between two upgrades
        load.finish()
        self.assertEqual(load.failures, [])

    def test_what_the_old_one_has_under_way_counts_until_it_is_done(self):
        """A deployment that retires a backend must not believe it idle while the process before is busy with it."""
        lineage, port, one, two = self.lineage(), free_port(), self.backend("one", delay=4.0), self.backend("two")
        control = self.control(lineage)
        control.apply(table(1, port, [(one, "serving")]))
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            control.wait(lambda f: f["backends"][0]["active"] == 1, "the request is under way")
            lineage.hang_up()
            lineage.followed()
            self.wait_for_end_of(control)
            control = self.control(lineage)
            control.apply(table(2, port, [(one, "draining"), (two, "serving")]))
            self.assertEqual(control.backend("p", "one")["active"], 1)
            head = client.recv(4096)
            self.assertTrue(head.startswith(b"HTTP/1.1 200 "), head)
            self.assertIn(b"connection: close", head.lower())
        control.wait(lambda f: f["backends"][0]["active"] == 0, "it is done")
        wait_until(lineage.alone, "the one that was followed ends")

    def test_the_end_is_the_end_of_all(self):
        lineage, port, one = self.lineage(), free_port(), self.backend("one", delay=1.0)
        self.control(lineage).apply(table(1, port, [(one, "serving")]))
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            wait_until(lambda: one.requests, "a request at the backend")
            lineage.hang_up()
            os.kill(lineage.followed(), signal.SIGTERM)
            self.assertTrue(client.recv(4096).startswith(b"HTTP/1.1 200 "))
        wait_until(lambda: not alive(lineage.seen[-1]) and lineage.alone(), "all end")
        self.assertFalse(os.path.exists(lineage.pid_file))
        self.assertFalse(os.path.exists(lineage.control_path))


if __name__ == "__main__":
    unittest.main()
