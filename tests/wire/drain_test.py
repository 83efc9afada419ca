#!/usr/bin/env python3
"""Listeners that leave the table and processes that are asked to end, while HTTP/1.1 and HTTP/2 clients go on asking:
what was opened in time is served. usage: drain_test.py PROXY"""

import json
import socket
import sys
import threading
import time
import unittest

from raw_h2 import *

PROGRAM = sys.argv.pop(1) if len(sys.argv) > 1 else ""
FIRST_GOAWAY = 0x7FFFFFFF  # the last stream that it names


class Controlled(Proxy):
    """A proxy whose tables come over its control socket."""

    def __init__(self, program):
        super().__init__(program, control=True)
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                self.control = socket.socket(socket.AF_UNIX)
                self.control.connect(self.control_path)
                break
            except OSError:
                self.control.close()
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
        self.lines = self.control.makefile()

    def apply(self, table):
        self.control.sendall(json.dumps({"table": table}).encode() + b"\n")
        self.control.settimeout(PATIENCE)
        while json.loads(self.lines.readline())["feedback"]["acknowledged"] != table["version"]:
            pass

    def without_listener(self, pools=True):
        return {"version": self.table["version"] + 1, "listeners": [], "pools": self.table["pools"] if pools else []}

    def stop(self):
        self.lines.close()
        self.control.close()
        return super().stop()


class DrainTest(unittest.TestCase):
    def proxy(self, kind=Controlled):
        proxy = kind(PROGRAM)
        self.addCleanup(lambda: self.assertEqual(proxy.stop(), ""))
        return proxy

    def test_http2_is_told_at_once_and_in_two_steps(self):
        proxy = self.proxy()
        with Peer(proxy.port) as peer:
            peer.ask(1)
            self.assertEqual(peer.verdict(), "served")
            proxy.apply(proxy.without_listener())
            self.assertEqual(peer.until("goaway"), ("goaway", "NO_ERROR", FIRST_GOAWAY))
            self.assertEqual(peer.until("goaway"), ("goaway", "NO_ERROR", 1))
            self.assertEqual(peer.verdict(), "closed")

    def test_a_stream_opened_before_the_last_goaway_is_served_by_the_rules_that_were(self):
        proxy = self.proxy()
        with Peer(proxy.port) as peer:
            peer.ask(1)
            self.assertEqual(peer.verdict(), "served")
            proxy.apply(proxy.without_listener())
            self.assertEqual(peer.until("goaway")[2], FIRST_GOAWAY)
            peer.ask(3)  # before the PING behind that GOAWAY is read, and answered
            self.assertEqual(peer.until("goaway"), ("goaway", "NO_ERROR", 3))
            while 3 not in peer.data:
                self.assertIsNotNone(peer.read())
            self.assertIn(("headers", 3, "88", False), peer.events)  # 88: status 200
            self.assertEqual(peer.data[3], b"ok")

    def test_a_stream_opened_after_a_second_table_is_served_too(self):
        proxy = self.proxy()
        with Peer(proxy.port) as peer:
            peer.until("settings")
            table = proxy.without_listener()
            proxy.apply(table)
            proxy.apply({**table, "version": table["version"] + 1})
            peer.ask(1)
            self.assertEqual(peer.until("headers")[2], "88")

    def test_a_stream_whose_pool_has_gone_as_well_is_answered(self):
        proxy = self.proxy()
        with Peer(proxy.port) as peer:
            peer.until("settings")
            proxy.apply(proxy.without_listener(pools=False))
            peer.ask(1)
            self.assertNotEqual(peer.until("headers")[2], "88")

    def test_a_listener_that_comes_back_serves(self):
        proxy = self.proxy()
        with Peer(proxy.port) as peer:
            peer.until("settings")
            proxy.apply(proxy.without_listener())
            proxy.apply({**proxy.table, "version": 9})
            peer.ask(1)
            self.assertEqual(peer.until("headers")[2], "88")
        with Peer(proxy.port) as peer:
            peer.ask(1)
            self.assertEqual(peer.until("headers")[2], "88")

    def test_a_stream_under_way_is_not_cut(self):
        proxy = self.proxy()
        with Peer(proxy.port, settings=b"\0\4\0\0\0\0") as peer:
            peer.ask(1, path="/large")
            self.assertIsNotNone(peer.until("headers"))
            proxy.apply(proxy.without_listener())
            self.assertEqual(peer.until("goaway")[2], FIRST_GOAWAY)
            self.assertEqual(peer.until("goaway")[2], 1)
            peer.send(frame(SETTINGS, 0, 0, b"\0\4\x7f\xff\0\0") + frame(WINDOW_UPDATE, 0, 0, b"\x3f\xff\0\0"))
            self.assertEqual(peer.verdict(), "served")
            self.assertEqual(len(peer.data[1]), 1048576)
            self.assertEqual(peer.verdict(), "closed")

    def unread(self, proxy, size):
        """A client that has asked for so many bytes and reads no more of them."""
        peer = Peer(proxy.port, settings=b"\0\4\x7f\xff\0\0", receive_buffer=4096)
        self.addCleanup(peer.socket.close)
        peer.send(frame(WINDOW_UPDATE, 0, 0, b"\x3f\xff\0\0"))
        peer.ask(1, path=f"/bytes/{size}")
        self.assertIsNotNone(peer.until("headers"))
        return peer

    def room(self, proxy):
        """How many bytes of an answer leave the proxy while its client does not read."""
        peer = self.unread(proxy, 8 << 20)
        place = "%04X" % peer.socket.getsockname()[1]
        queued = []
        while len(queued) < 10 or len(set(queued[-10:])) > 1:
            time.sleep(0.01)
            with open("/proc/net/tcp") as sockets:
                rows = [line.split() for line in sockets]
            queued += [int(row[4].split(":")[0], 16) for row in rows if row[2].endswith(":" + place)]
        return queued[-1] + len(peer.buffer) + len(peer.data.get(1, b""))

    def test_a_slow_reader_gets_the_end_of_its_last_answer(self):
        """The last stream is over for HTTP/2 while the end of its body still lies in the proxy, for want of room in the
        socket: these sizes are just larger than the room is."""
        proxy = self.proxy()
        room = self.room(proxy)
        asked = [(size, self.unread(proxy, size)) for size in range(room, room + 60000, 2500)]
        proxy.apply(proxy.without_listener())
        time.sleep(1.2)  # the time in which GOAWAY has its two steps, whether we answer or not
        for size, peer in asked:
            with self.subTest(size):
                self.assertEqual(peer.verdict(), "served")
                self.assertEqual(len(peer.data[1]), size)

    def test_http1_is_told_with_its_last_answer(self):
        proxy = self.proxy()
        with socket.create_connection(("127.0.0.1", proxy.port), PATIENCE) as peer:
            peer.sendall(b"POST / HTTP/1.1\r\nHost: h1\r\nTransfer-Encoding: chunked\r\n\r\n")
            while proxy.backend.last == b"" and not proxy.backend.open:
                time.sleep(0.01)
            proxy.apply(proxy.without_listener())
            peer.sendall(b"0\r\n\r\n")
            answer = b""
            while piece := peer.recv(4096):
                answer += piece
        self.assertTrue(answer.startswith(b"HTTP/1.1 200 "), answer)
        self.assertIn(b"\r\nconnection: close\r\n", answer)

    def test_an_idle_http1_connection_is_closed(self):
        proxy = self.proxy()
        with socket.create_connection(("127.0.0.1", proxy.port), PATIENCE) as peer:
            peer.sendall(b"GET / HTTP/1.1\r\nHost: h1\r\n\r\n")
            peer.recv(4096)
            proxy.apply(proxy.without_listener())
            self.assertEqual(peer.recv(4096), b"")

    def test_no_stream_opened_before_the_last_goaway_is_lost_when_the_process_ends(self):
        """Clients that open a stream after every answer; what they opened below the last GOAWAY must be answered."""
        proxy = self.proxy(Proxy)
        lost, served, told = [], [], []

        def client():
            done = set()
            served.append(done)
            with Peer(proxy.port) as peer:
                opened, last = 1, None
                peer.ask(1)
                while (event := peer.read()) is not None and event[0] != "closed":
                    if event[0] == "goaway":
                        told.append(event)
                        last = event[2] if event[2] != FIRST_GOAWAY else None
                    if event[0] == "rst":
                        lost.append(event)
                    if event[0] == "data" and event[3]:
                        done.add(event[1])
                        if last is None:
                            for _ in range(2 if opened < 61 else 1):
                                opened += 2
                                peer.ask(opened)
                wanted = {s for s in range(1, opened + 1, 2) if last is None or s <= last}
                lost.extend(wanted - done)

        clients = [threading.Thread(target=client) for _ in range(8)]
        for each in clients:
            each.start()
        deadline = time.monotonic() + PATIENCE
        while len(served) < len(clients) or min(map(len, served)) <= 10:  # all of them are at it
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)
        proxy.process.terminate()
        for each in clients:
            each.join(PATIENCE)
        self.assertEqual(lost, [])
        self.assertEqual(len(told), 16)


if __name__ == "__main__":
    unittest.main()
