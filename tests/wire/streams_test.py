#!/usr/bin/env python3
"""Calls in which both sides speak when they like (gRPC's bidirectional streams), from an HTTP/2 client to an HTTP/2
backend; the test plays both. usage: streams_test.py PROXY"""

import struct
import unittest

import tunnels_test as tunnels  # takes PROXY from the arguments
from raw_h2 import *

GRPC = [("content-type", "application/grpc"), ("te", "trailers")]
OK_HEAD = b"\x88" + block([("content-type", "application/grpc")])


def message(text):
    return b"\0" + struct.pack(">I", len(text)) + text


class ChatServer(Server):
    def answer(self, stream):
        self.send(frame(HEADERS, END_HEADERS, stream, OK_HEAD))

    def trailers(self, stream, status="0"):
        self.send(frame(HEADERS, END_HEADERS | END_STREAM, stream, block([("grpc-status", status)])))


class StreamsTest(tunnels.WireTest):
    def call(self, **more):
        """(client, server, stream there) in the middle of a call to which both have said nothing yet."""
        place = self.place()
        rules = [{"id": "r", "action": {"forward": {"pools": [{"pool": "p"}], **more}}}]
        self.serve([tunnels.pool("p", tunnels.backend(place), protocol="grpc")],
                   [tunnels.listener(self.port, protocol="http", rules=rules)])
        client = Peer(self.port)
        self.addCleanup(client.socket.close)
        client.ask(1, request(method="POST", path="/echo.Echo/Chat", more=GRPC), end=False)
        server = ChatServer(self.accept(place))
        there = server.until("headers")
        self.assertFalse(there[3])
        return client, server, there[1]

    def said(self, peer, stream, text):
        """`peer` gets exactly this next."""
        while len(peer.data.get(stream, b"")) < len(text):
            self.assertIsNotNone(peer.until("data"), peer.events)
        self.assertEqual(peer.data.pop(stream), text)

    def test_each_side_speaks_in_turn_and_nothing_is_held_back(self):
        client, server, there = self.call()
        server.answer(there)
        self.assertFalse(client.until("headers")[3])
        for number in range(20):
            asked, answered = message(b"ask %d" % number), message(b"answer %d" % number)
            client.send(frame(DATA, 0, 1, asked))
            self.said(server, there, asked)
            server.send(frame(DATA, 0, there, answered))
            self.said(client, 1, answered)
        client.send(frame(DATA, END_STREAM, 1, b""))
        self.assertTrue(server.until("data")[3])
        server.send(frame(DATA, 0, there, message(b"last")))
        self.said(client, 1, message(b"last"))
        server.trailers(there)
        self.assertTrue(client.until("headers")[3])

    def test_the_server_may_speak_first_and_in_the_middle_of_a_message(self):
        client, server, there = self.call()
        server.answer(there)
        whole = message(b"x" * 1000)
        server.send(frame(DATA, 0, there, whole[:3]))
        self.said(client, 1, whole[:3])
        client.send(frame(DATA, 0, 1, message(b"meanwhile")))
        self.said(server, there, message(b"meanwhile"))
        server.send(frame(DATA, 0, there, whole[3:]))
        self.said(client, 1, whole[3:])

    def test_many_calls_on_one_connection_do_not_wait_for_each_other(self):
        client, server, first = self.call()
        streams = {1: first}
        for stream in range(3, 41, 2):
            client.ask(stream, request(method="POST", path="/echo.Echo/Chat", more=GRPC), end=False)
            streams[stream] = server.until("headers")[1]
        for there in streams.values():
            server.answer(there)
        for stream, there in reversed(streams.items()):
            client.send(frame(DATA, 0, stream, message(b"%d" % stream)))
            self.said(server, there, message(b"%d" % stream))
            server.send(frame(DATA, 0, there, message(b"and %d" % stream)))
            self.said(client, stream, message(b"and %d" % stream))

    def test_a_server_that_ends_early_ends_the_call(self):
        client, server, there = self.call()
        server.send(frame(HEADERS, END_HEADERS | END_STREAM, there, OK_HEAD + block([("grpc-status", "9")])))
        self.assertTrue(client.until("headers")[3])
        client.send(frame(DATA, 0, 1, message(b"too late")))
        client.ask(3, request(method="POST", path="/echo.Echo/Chat", more=GRPC), end=False)
        self.assertFalse(server.until("headers")[3])

    def test_a_client_that_cancels_is_gone_for_the_server(self):
        client, server, there = self.call()
        server.answer(there)
        self.assertIsNotNone(client.until("headers"))
        client.send(frame(RST_STREAM, 0, 1, struct.pack(">I", 8)))
        self.assertEqual(server.until("rst"), ("rst", there, "CANCEL"))

    def test_a_server_that_resets_is_told_to_the_client(self):
        client, server, there = self.call()
        server.answer(there)
        self.assertIsNotNone(client.until("headers"))
        server.send(frame(RST_STREAM, 0, there, struct.pack(">I", 2)))
        self.assertEqual(client.until("rst")[:2], ("rst", 1))

    def test_each_side_is_slowed_by_the_other(self):
        """A receiver that gives no window stops the sender, and neither loses a byte."""
        client, server, there = self.call()
        server.answer(there)
        self.assertIsNotNone(client.until("headers"))
        payload = bytes(range(256)) * 64  # 16 KiB
        sent = 0
        for _ in range(4):  # what the peers' first windows take: 64 KiB less one byte
            size = min(len(payload), 65535 - sent)
            client.send(frame(DATA, 0, 1, payload[:size]))
            sent += size
        self.said(server, there, (payload * 4)[:65535])
        client.send(frame(DATA, 0, 1, payload))
        self.assertIsNone(server.until("data", 0.2))  # its window is used up
        server.send(frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 1 << 20)) +
                    frame(WINDOW_UPDATE, 0, there, struct.pack(">I", 1 << 20)))
        self.said(server, there, payload)

    def test_a_silent_call_ends_with_the_patience_of_its_rule(self):
        client, server, there = self.call(timeouts={"idle_ms": 300})
        server.answer(there)
        self.assertIsNotNone(client.until("headers"))
        for _ in range(4):  # speech of either side is no silence
            self.assertIsNone(client.read(0.15))
            server.send(frame(DATA, 0, there, message(b"still here")))
            self.said(client, 1, message(b"still here"))
        self.assertEqual(client.until("rst")[:2], ("rst", 1))
        self.assertEqual(server.until("rst")[:2], ("rst", there))


if __name__ == "__main__":
    unittest.main()
