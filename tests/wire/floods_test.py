#!/usr/bin/env python3
"""Clients that mean harm: each is refused, costs a bounded amount of memory, and another client is served meanwhile.
usage: floods_test.py PROXY"""

import os
import socket
import struct
import sys
import threading
import time
import unittest

from raw_h2 import *

PROGRAM = sys.argv.pop(1) if len(sys.argv) > 1 else ""
SANITIZED = os.environ.get("WEIR_SANITIZED", "") != ""  # freed memory stays with the sanitizer then
MEMORY = 24 * 1024 * 1024  # bytes that any one of these attacks may cost
SLOWEST = 5.0  # seconds that a good client may wait at the worst, on a machine that others use


class GoodClient(threading.Thread):
    """Asks again and again over one HTTP/1.1 connection and one new one each time."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.stopping, self.answers, self.slowest, self.fault = port, False, 0, 0.0, ""

    def run(self):
        try:
            while not self.stopping:
                began = time.monotonic()
                with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as peer:
                    peer.sendall(b"GET / HTTP/1.1\r\nHost: h1\r\nConnection: close\r\n\r\n")
                    answer = b""
                    while piece := peer.recv(4096):
                        answer += piece
                if not answer.startswith(b"HTTP/1.1 200 "):
                    self.fault = repr(answer[:200])
                self.answers += 1
                self.slowest = max(self.slowest, time.monotonic() - began)
                time.sleep(0.01)
        except OSError as error:
            self.fault = repr(error)


class Floods(unittest.TestCase):
    def setUp(self):
        waits = self._testMethodName in ("test_slowloris", "test_many_connections_that_say_nothing")
        self.proxy = Proxy(PROGRAM, idle_timeout_ms=2000 if waits else 60000)
        self.addCleanup(lambda: self.assertEqual(self.proxy.stop(), ""))
        self.good = GoodClient(self.proxy.port)
        self.good.start()
        while self.good.answers < 3 and not self.good.fault:
            time.sleep(0.01)
        self.before = self.proxy.memory()

    def check(self, memory=MEMORY):
        """After an attack: it cost little, and the good client never noticed."""
        cost = self.proxy.memory() - self.before
        answers = self.good.answers
        deadline = time.monotonic() + PATIENCE
        while self.good.answers < answers + 5 and not self.good.fault and time.monotonic() < deadline:
            time.sleep(0.01)
        self.good.stopping = True
        self.good.join(PATIENCE)
        self.assertEqual(self.good.fault, "")
        self.assertGreaterEqual(self.good.answers, answers + 5)
        self.assertLess(self.good.slowest, SLOWEST)
        if not SANITIZED:
            self.assertLess(cost, memory)

    def flood(self, piece, times, ends=("goaway ENHANCE_YOUR_CALM", "goaway INTERNAL_ERROR", "closed"), before=b""):
        """Sends `piece` many times, reading nothing, until the proxy has had enough."""
        with Peer(self.proxy.port) as peer:
            peer.until("settings")
            peer.send(before)
            peer.socket.settimeout(3.0)
            for _ in range(times):
                if not peer.send(piece):
                    break
            verdict = peer.verdict(4.0, ignore=("pong",))
        self.check()
        if ends:
            self.assertIn(verdict, ends, peer.events[-3:])

    def test_slowloris(self):
        peers = [socket.create_connection(("127.0.0.1", self.proxy.port)) for _ in range(300)]
        began = time.monotonic()
        for peer in peers:
            peer.sendall(b"GET / HTTP/1.1\r\nHost: h1\r\n")
        answered = 0
        while peers and time.monotonic() < began + PATIENCE:
            time.sleep(0.2)
            for peer in list(peers):
                try:
                    peer.sendall(b"X: 1\r\n")  # a little now and then, never the end
                    peer.settimeout(0)
                    if peer.recv(4096).startswith(b"HTTP/1.1 408 "):
                        answered += 1
                    peer.close()
                    peers.remove(peer)
                except BlockingIOError:
                    pass
                except OSError:
                    peer.close()
                    peers.remove(peer)
        for peer in peers:
            peer.close()
        self.check()
        self.assertEqual(len(peers), 0, "a head that never ends must be refused, however slowly it goes on")
        self.assertGreater(answered, 0)

    def test_slow_reader_of_large_answers(self):
        peers = []
        for _ in range(50):
            peer = socket.socket()
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            peer.connect(("127.0.0.1", self.proxy.port))
            peer.sendall(b"GET /large HTTP/1.1\r\nHost: h1\r\n\r\n" * 4)
            peers.append(peer)
        time.sleep(0.5)
        self.check()
        for peer in peers:
            peer.close()

    def test_slow_reader_of_many_streams(self):
        peer = Peer(self.proxy.port, settings=struct.pack(">HI", 4, 0))
        peer.until("settings")
        for i in range(200):
            peer.ask(2 * i + 1, path="/large")
        time.sleep(0.5)
        # Of each stream: the mark at which its backend is paused (64 KiB), what was read when that was passed (64 KiB),
        # and half as much for what the allocator keeps.
        self.check(memory=200 * 192 * 1024)
        peer.socket.close()

    def test_rapid_reset(self):
        burst = b""
        pieces = []
        for i in range(20000):
            stream = 2 * i + 1
            burst += frame(HEADERS, 5, stream, block(request(path="/hang")))
            burst += frame(RST_STREAM, 0, stream, struct.pack(">I", 8))
            if len(burst) > 60000:
                pieces.append(burst)
                burst = b""
        with Peer(self.proxy.port) as peer:
            peer.until("settings")
            refused = not all(peer.send(piece) for piece in pieces)
            verdict = peer.verdict(4.0)
        self.check()
        self.assertTrue(refused or verdict in ("goaway ENHANCE_YOUR_CALM", "goaway INTERNAL_ERROR", "closed"), verdict)
        self.assertLess(self.proxy.backend.requests, 5000)

    def test_continuations_without_end(self):
        self.flood(frame(CONTINUATION, 0, 1, block([("x-a", "v" * 100)])), 20000,
                   before=frame(HEADERS, 1, 1, block(request())))

    def test_empty_continuations(self):
        self.flood(frame(CONTINUATION, 0, 1, b""), 20000, before=frame(HEADERS, 1, 1, block(request())))

    def test_pings(self):
        self.flood(frame(PING, 0, 0, bytes(8)) * 100, 20000)

    def test_settings(self):
        self.flood(frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 65535)) * 100, 20000)

    def test_settings_with_many_entries(self):
        self.flood(frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 65535) * 2000), 1)

    def test_empty_data(self):
        self.flood(frame(DATA, 0, 1, b"") * 100, 10000, ends=None,
                   before=frame(HEADERS, 4, 1, block(request(path="/hang", method="POST"))))

    def test_padding_and_nothing_else(self):
        self.flood(frame(DATA, PADDED, 1, b"\xff" + bytes(255)) * 100, 2000, ends=None,
                   before=frame(HEADERS, 4, 1, block(request(path="/hang", method="POST"))))

    def test_priorities(self):
        self.flood(b"".join(frame(PRIORITY, 0, 2 * i + 1, bytes(5)) for i in range(500)), 500, ends=None)

    def test_window_updates(self):
        self.flood(frame(WINDOW_UPDATE, 0, 0, b"\0\0\0\1") * 100, 10000, ends=None)

    def test_headers_from_a_full_table(self):
        # One large field in the table, then thousands of one-byte references to it in one block.
        field = b"\x40" + integer(3, 7) + b"x-a" + integer(4000, 7) + b"v" * 4000
        with Peer(self.proxy.port) as peer:
            peer.until("settings")
            peer.send(frame(HEADERS, 5, 1, block(request()) + field))
            self.assertEqual(peer.verdict(), "served")
            for i in range(1, 200):
                peer.send(frame(HEADERS, 5, 2 * i + 1, block(request()) + b"\xbe" * 16000))
            verdict = peer.verdict(4.0)
        self.check()
        self.assertIn(verdict, ("rst ENHANCE_YOUR_CALM", "goaway ENHANCE_YOUR_CALM", "closed"))

    def test_many_connections_that_say_nothing(self):
        peers = [socket.create_connection(("127.0.0.1", self.proxy.port)) for _ in range(500)]
        time.sleep(0.2)
        cost = self.proxy.memory() - self.before
        for peer in peers:
            peer.settimeout(PATIENCE)
            self.assertEqual(peer.recv(1), b"")  # the idle timeout
            peer.close()
        self.check()
        if not SANITIZED:
            self.assertLess(cost, 500 * 16384)

    def test_chunks_of_one_byte(self):
        with socket.create_connection(("127.0.0.1", self.proxy.port)) as peer:
            peer.sendall(b"POST / HTTP/1.1\r\nHost: h1\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in range(200):
                peer.sendall(b"1;" + b"e" * 200 + b"\r\na\r\n" * 1)
            peer.sendall(b"0\r\n\r\n")
            peer.settimeout(PATIENCE)
            self.assertTrue(peer.recv(100).startswith(b"HTTP/1.1 200 "))
        self.check()

    def test_answers_that_nobody_reads(self):
        with socket.create_connection(("127.0.0.1", self.proxy.port)) as peer:
            peer.settimeout(1.0)
            try:
                for _ in range(20000):
                    peer.sendall(b"GET / HTTP/1.1\r\nHost: h1\r\n\r\n" * 50)
            except OSError:
                pass
            self.check()


if __name__ == "__main__":
    unittest.main()
