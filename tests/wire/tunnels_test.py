#!/usr/bin/env python3
"""Bytes as they come: listeners of the protocols tcp and tls, and what follows a 101 (Switching Protocols).
usage: tunnels_test.py PROXY"""

import select
import socket
import ssl
import struct
import tempfile
import threading
import time
import unittest

from data_plane_test import PATIENCE, Control, Proxy, free_port  # takes PROXY from the arguments
from tls_test import Authority

import raw_h2

LARGE = bytes(range(256)) * (32 * 1024)  # 8 MiB
HUGE = LARGE * 6  # more than all buffers on the way hold


class Place:
    """Where a backend listens; the test itself plays the backend, on the connections that it accepts."""

    def __init__(self, address="127.0.0.1"):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.address = address
        self.listening = socket.create_server((address, 0), family=family)
        self.listening.settimeout(PATIENCE)
        self.port = self.listening.getsockname()[1]

    def accept(self):
        connection, _ = self.listening.accept()
        connection.settimeout(PATIENCE)
        return connection

    def accepts_nothing(self, within=0.2):
        return not select.select([self.listening], [], [], within)[0]

    def close(self):
        self.listening.close()


def take(connection, size):
    got = b""
    while len(got) < size:
        piece = connection.recv(min(65536, size - len(got)))
        if not piece:
            break
        got += piece
    return got


def poured(sender, receiver):
    """What arrives of LARGE."""
    writer = threading.Thread(target=sender.sendall, args=(LARGE,))
    writer.start()
    got = take(receiver, len(LARGE))
    writer.join(PATIENCE)
    return got


def rest(connection):
    got = bytearray()
    while piece := connection.recv(65536):
        got += piece
    return bytes(got)


def head(connection):
    got = b""
    while b"\r\n\r\n" not in got:
        piece = connection.recv(1)
        if not piece:
            break
        got += piece
    return got


def reset(connection):
    """Closes it with a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def backend(place, name="b", state="serving", **more):
    return {"id": name, "address": place.address, "port": place.port, "state": state, **more}


def pool(name, *backends, **more):
    return {"id": name, "protocol": "tcp", "health": {"protocol": "none"}, "backends": list(backends), **more}


def listener(port, *pools, name="l", protocol="tcp", address="127.0.0.1", rules=None, **more):
    forward = [{"pool": each} if isinstance(each, str) else {"pool": each[0], "weight": each[1]} for each in pools]
    rules = rules if rules is not None else [{"id": "r", "action": {"forward": forward}}]
    return {"id": name, "address": address, "port": port, "protocol": protocol, "rules": rules, **more}


def to_pool(name, **match):
    return {"id": name, "match": match, "action": {"forward": [{"pool": name}]}}


class WireTest(unittest.TestCase):
    """A proxy with its control side; places and clients that go with the test."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.proxy = Proxy(self.folder.name, workers=1)
        self.addCleanup(lambda: self.proxy.stop(kill=True))
        self.control = Control(self.proxy.control_path)
        self.addCleanup(self.control.socket.close)
        self.port, self.version = free_port(), 0

    def tearDown(self):
        self.assertIsNone(self.proxy.process.poll(), "the proxy has ended by itself")

    def serve(self, pools, listeners):
        self.version += 1
        table = {"version": self.version, "pools": pools, "listeners": listeners}
        self.control.apply(table)
        self.control.wait(lambda f: all(each["listening"] for each in f["listeners"]), "listening")

    def place(self, address="127.0.0.1"):
        place = Place(address)
        self.addCleanup(place.close)
        return place

    @staticmethod
    def dead_place(address="127.0.0.1"):
        """Nobody listens there."""
        place = Place(address)
        place.close()
        return place

    def connect(self, address="127.0.0.1", port=None):
        connection = socket.create_connection((address, port or self.port), PATIENCE)
        self.addCleanup(connection.close)
        return connection

    def accept(self, place):
        connection = place.accept()
        self.addCleanup(connection.close)
        return connection

    def assert_closed(self, connection, within=PATIENCE):
        connection.settimeout(within)
        try:
            self.assertEqual(connection.recv(1), b"")
        except ConnectionResetError:
            pass

    def assert_reset(self, connection):
        with self.assertRaises(ConnectionResetError):
            while connection.recv(65536):
                pass

    def assert_refused(self):
        with self.assertRaises(ConnectionResetError):
            rest(self.connect())

    def pool_line(self, name="p"):
        return next(each for each in self.control.feedback["pools"] if each["pool"] == name)


class TcpTest(WireTest):
    def through(self, **more):
        """(client, backend) over one tunnel, whose place is self.there."""
        self.there = self.place()
        self.serve([pool("p", backend(self.there), **more)], [listener(self.port, "p")])
        return self.connect(), self.accept(self.there)

    def test_bytes_go_both_ways(self):
        client, there = self.through()
        client.sendall(b"ping")
        self.assertEqual(take(there, 4), b"ping")
        there.sendall(b"pong")
        self.assertEqual(take(client, 4), b"pong")

    def test_a_backend_may_speak_first(self):
        client, there = self.through()
        there.sendall(b"220 ready\r\n")
        self.assertEqual(take(client, 11), b"220 ready\r\n")

    def test_the_end_of_one_direction_leaves_the_other_open(self):
        for first, second in ((0, 1), (1, 0)):
            with self.subTest(first=("client", "backend")[first]):
                ends = self.through()
                ends[first].sendall(b"last words")
                ends[first].shutdown(socket.SHUT_WR)
                self.assertEqual(rest(ends[second]), b"last words")
                ends[second].sendall(b"an answer")
                ends[second].close()
                self.assertEqual(rest(ends[first]), b"an answer")
                self.port = free_port()

    def test_what_was_sent_before_everything_closed_arrives(self):
        client, there = self.through()
        there.sendall(LARGE[:300000])
        there.close()
        time.sleep(0.05)
        self.assertEqual(rest(client), LARGE[:300000])

    def test_each_side_waits_for_the_other(self):
        for first, second in ((0, 1), (1, 0)):
            ends = self.through()
            sender = threading.Thread(target=lambda: (ends[first].sendall(HUGE), ends[first].shutdown(socket.SHUT_WR)))
            sender.start()
            time.sleep(0.2)
            self.assertTrue(sender.is_alive(), "all of it went into a connection that nobody reads")
            with open(f"/proc/{self.proxy.process.pid}/statm") as file:
                self.assertLess(int(file.read().split()[1]) * 4096, 64 << 20)
            self.assertEqual(rest(ends[second]), HUGE)
            sender.join(PATIENCE)
            self.port = free_port()

    def test_large_bodies_cross_each_other(self):
        client, there = self.through()
        got = {}
        def play(name, connection):
            writer = threading.Thread(target=lambda: (connection.sendall(LARGE), connection.shutdown(socket.SHUT_WR)))
            writer.start()
            got[name] = rest(connection)
            writer.join(PATIENCE)
        threads = [threading.Thread(target=play, args=each) for each in (("client", client), ("backend", there))]
        for each in threads:
            each.start()
        for each in threads:
            each.join(PATIENCE)
        self.assertEqual(got, {"client": LARGE, "backend": LARGE})

    def test_a_reset_is_passed_on(self):
        for first, second in ((0, 1), (1, 0)):
            ends = self.through()
            ends[first].sendall(b"x")
            take(ends[second], 1)
            reset(ends[first])
            self.assert_reset(ends[second])
            self.port = free_port()

    def test_a_reset_after_the_other_side_has_ended_is_passed_on(self):
        client, there = self.through()
        client.shutdown(socket.SHUT_WR)
        self.assertEqual(rest(there), b"")
        reset(client)
        deadline = time.monotonic() + PATIENCE
        while not there.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):  # after an end recv() does not tell any more
            self.assertLess(time.monotonic(), deadline, "the reset is not passed on")
            time.sleep(0.01)

    def test_silence_ends_it_and_speech_does_not(self):
        self.there = self.place()
        self.serve([pool("p", backend(self.there))], [listener(self.port, "p", idle_timeout_ms=400)])
        client = self.connect()
        there = self.accept(self.there)
        begun = time.monotonic()
        for _ in range(6):
            time.sleep(0.15)
            client.sendall(b"x")
            self.assertEqual(take(there, 1), b"x")
        self.assertGreater(time.monotonic() - begun, 0.8)
        self.assert_closed(client, within=5)
        self.assert_closed(there, within=5)

    def test_a_backend_that_refuses_costs_nothing(self):
        there = self.place()
        places = [backend(self.dead_place(), f"dead{i}") for i in range(3)] + [backend(there, "alive")]
        self.serve([pool("p", *places)], [listener(self.port, "p")])
        for i in range(4):
            client = self.connect()
            client.sendall(b"%d" % i)
            client.shutdown(socket.SHUT_WR)
            connection = self.accept(there)
            self.assertEqual(rest(connection), b"%d" % i)
            connection.sendall(b"thanks")
            connection.close()
            self.assertEqual(rest(client), b"thanks")

    def test_where_there_is_no_backend_the_connection_is_reset(self):
        for backends in ([], [backend(self.dead_place())], [backend(self.place(), state="draining")]):
            self.serve([pool("p", *backends)], [listener(self.port, "p")])
            self.assert_refused()
        self.control.wait(lambda f: (self.pool_line().get("failed_refused"), self.pool_line().get("failed_none_in_service")) ==
                          (1, 2), "three failures")

    def test_a_connection_counts_as_a_request(self):
        client, there = self.through()
        self.control.wait(lambda f: f["backends"][0]["active"] == 1 and f["backends"][0]["requests"] == 1, "one active")
        client.close()
        there.close()
        self.control.wait(lambda f: f["backends"][0]["active"] == 0, "none active")
        self.assertEqual(self.pool_line().get("requests"), 1)

    def test_weights_and_turns_are_exact(self):
        places = [self.place() for _ in range(3)]
        pools = [pool("two", backend(places[0], "a"), backend(places[1], "b")), pool("one", backend(places[2], "c"))]
        self.serve(pools, [listener(self.port, ("two", 2), ("one", 1))])
        clients = [self.connect() for _ in range(12)]
        for place in places:
            for _ in range(4):
                self.accept(place)
        self.assertTrue(all(place.accepts_nothing(0.05) for place in places))
        self.assertEqual(len(clients), 12)

    def test_rules_look_at_the_source(self):
        here, elsewhere = self.place(), self.place()
        rules = [to_pool("elsewhere", sources=["192.0.2.0/24"]), to_pool("here", sources=["127.0.0.0/8"])]
        self.serve([pool("here", backend(here)), pool("elsewhere", backend(elsewhere))],
                   [listener(self.port, rules=rules)])
        self.connect()
        self.accept(here)
        self.serve([pool("here", backend(here)), pool("elsewhere", backend(elsewhere))],
                   [listener(self.port, rules=rules[:1])])
        self.assert_refused()

    def test_the_rule_may_have_a_patience_of_its_own(self):
        there = self.place()
        rule = {"id": "r", "action": {"forward": {"pools": [{"pool": "p"}], "timeouts": {"idle_ms": 300}}}}
        self.serve([pool("p", backend(there))], [listener(self.port, rules=[rule])])
        client = self.connect()
        self.accept(there)
        self.assert_closed(client, within=5)

    def test_a_listener_may_change_from_one_protocol_to_another(self):
        """Who came in before is served no bytes of the other kind."""
        there, other = self.place(), self.place()
        pools = [pool("p", backend(there)), pool("h", backend(other), protocol="http1")]
        self.serve(pools, [listener(self.port, "h", protocol="http")])
        client = self.connect()
        client.sendall(PLAIN)
        connection = self.accept(other)
        head(connection)
        connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
        head(client)
        self.serve(pools, [listener(self.port, "p")])
        client.sendall(PLAIN)
        self.assertTrue(head(client).startswith(b"HTTP/1.1 503 "))
        fresh = self.connect()
        fresh.sendall(b"bytes")
        self.assertEqual(take(self.accept(there), 5), b"bytes")

    def test_a_client_that_leaves_while_the_backend_is_dialled_is_forgotten(self):
        there = self.place()
        self.serve([pool("p", backend(there))], [listener(self.port, "p")])
        for _ in range(50):
            reset(self.connect())
        self.control.wait(lambda f: self.pool_line().get("requests") == 50 and f["backends"][0]["active"] == 0, "none left")

    def test_health_checks_of_connections(self):
        alive, dead = self.place(), self.dead_place()
        health = {"protocol": "tcp", "interval_ms": 200, "unhealthy_threshold": 2}
        table = pool("p", backend(alive, "alive"), backend(dead, "dead"), health=health)
        self.serve([table], [listener(self.port, "p")])
        self.control.wait(lambda f: [b["health"] for b in sorted(f["backends"], key=lambda b: b["backend"])] ==
                          ["healthy", "unhealthy"], "verdicts")


class TlsWireTest(WireTest):
    @classmethod
    def setUpClass(cls):
        cls.made = tempfile.TemporaryDirectory()
        cls.ours = Authority(cls.made.name, "ours")
        cls.certificate = cls.ours.issue("local", "IP:127.0.0.1,DNS:one.test")

    @classmethod
    def tearDownClass(cls):
        cls.made.cleanup()

    def client_context(self, protocols=()):
        context = ssl.create_default_context(cafile=self.ours.path)
        if protocols:
            context.set_alpn_protocols(protocols)
        return context

    def secure(self, connection, server=False, version=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if server else self.client_context()
        if server:
            context.load_cert_chain(*self.certificate)
        if version:
            context.maximum_version = version
        secured = context.wrap_socket(connection, server_side=server, server_hostname=None if server else "one.test",
                                      suppress_ragged_eofs=False)
        self.addCleanup(secured.close)
        return secured

    def tls(self):
        return {"certificates": [{"certificate": self.certificate[0], "key": self.certificate[1]}]}


class TlsTunnelTest(TlsWireTest):
    def test_tls_ends_at_the_listener(self):
        there = self.place()
        self.serve([pool("p", backend(there))], [listener(self.port, "p", protocol="tls", tls=self.tls())])
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            client = self.secure(self.connect(), version=version)
            client.sendall(b"ping")
            connection = self.accept(there)
            self.assertEqual(take(connection, 4), b"ping")
            sender = threading.Thread(target=lambda: (connection.sendall(LARGE), connection.close()))
            sender.start()
            self.assertEqual(rest(client), LARGE)
            sender.join(PATIENCE)

    def test_no_application_protocol_is_agreed(self):
        there = self.place()
        self.serve([pool("p", backend(there))], [listener(self.port, "p", protocol="tls", tls=self.tls())])
        client = self.client_context(["h2", "mqtt"]).wrap_socket(self.connect(), server_hostname="one.test")
        self.assertIsNone(client.selected_alpn_protocol())
        client.sendall(b"PRI * HTTP/2.0")
        self.assertEqual(take(self.accept(there), 14), b"PRI * HTTP/2.0")

    def test_tls_to_the_backend(self):
        there = self.place()
        for protocol in ("tcp", "tls"):
            self.serve([pool("p", backend(there), tls={"verify": True, "ca": self.ours.path})],
                       [listener(self.port, "p", protocol=protocol, **({"tls": self.tls()} if protocol == "tls" else {}))])
            client = self.connect()
            if protocol == "tls":
                client = self.secure(client)
            client.sendall(b"hello")
            connection = self.secure(self.accept(there), server=True)
            self.assertEqual(take(connection, 5), b"hello")
            self.assertEqual(poured(connection, client), LARGE)
            client.close()
            self.assertEqual(rest(connection), b"")

    def test_an_answer_that_is_cut_short_is_no_orderly_end(self):
        there = self.place()
        self.serve([pool("p", backend(there), tls={})], [listener(self.port, "p")])
        client = self.connect()
        connection = self.secure(self.accept(there), server=True)
        connection.sendall(b"half an ans")
        self.assertEqual(take(client, 11), b"half an ans")
        socket.socket.shutdown(connection, socket.SHUT_WR)  # without TLS's own end
        self.assert_reset(client)

    def test_what_comes_with_the_handshake_is_not_lost(self):
        there = self.place()
        self.serve([pool("p", backend(there))], [listener(self.port, "p", protocol="tls", tls=self.tls())])
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = self.client_context()
        session = context.wrap_bio(incoming, outgoing, server_hostname="one.test")
        plain = self.connect()
        while True:
            try:
                session.do_handshake()
                break
            except ssl.SSLWantReadError:
                plain.sendall(outgoing.read())
                incoming.write(plain.recv(65536))
        session.write(b"early bird")  # leaves in one piece with the handshake's end
        plain.sendall(outgoing.read())
        self.assertEqual(take(self.accept(there), 10), b"early bird")

    def test_a_backend_that_is_not_trusted_is_passed_over(self):
        impostor, honest = self.place(), self.place()
        theirs = Authority(self.made.name, "theirs").issue("fake", "IP:127.0.0.1")
        self.serve([pool("p", backend(impostor, "a"), backend(honest, "b"),
                         tls={"verify": True, "ca": self.ours.path})], [listener(self.port, "p")])
        client = self.connect()
        client.sendall(b"secret")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*theirs)
        with self.assertRaises(ssl.SSLError):
            context.wrap_socket(self.accept(impostor), server_side=True).recv(1)
        connection = self.secure(self.accept(honest), server=True)
        self.assertEqual(take(connection, 6), b"secret")

    def test_half_an_end_over_tls(self):
        there = self.place()
        self.serve([pool("p", backend(there))], [listener(self.port, "p", protocol="tls", tls=self.tls())])
        client = self.secure(self.connect())
        connection = self.accept(there)
        connection.sendall(b"no more from here")
        connection.shutdown(socket.SHUT_WR)
        self.assertEqual(rest(client), b"no more from here")
        client.sendall(b"but from here")
        self.assertEqual(take(connection, 13), b"but from here")


ASK = (b"GET /chat HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
       b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
AGREED = (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")
PLAIN = b"GET /plain HTTP/1.1\r\nHost: a\r\n\r\n"


class UpgradeTest(WireTest):
    def http(self, idle_timeout_ms=60000, **more):
        self.there = self.place()
        self.serve([pool("p", backend(self.there), **{"protocol": "http1", **more})],
                   [listener(self.port, "p", protocol="http", idle_timeout_ms=idle_timeout_ms)])
        return self.connect()

    def switched(self, early=b"", at_once=b"", **more):
        """(client, backend) behind a handshake; the client says `early` with its request, the backend `at_once` with
        its 101."""
        client = self.http(**more)
        client.sendall(ASK + early)
        connection = self.accept(self.there)
        self.asked = head(connection)
        connection.sendall(AGREED + at_once)
        self.agreed = head(client)
        self.assertTrue(self.agreed.startswith(b"HTTP/1.1 101 Switching Protocols\r\n"), self.agreed)
        return client, connection

    def test_the_handshake_is_passed_on(self):
        client, connection = self.switched()
        lines = self.asked.split(b"\r\n")
        for line in (b"GET /chat HTTP/1.1", b"connection: upgrade", b"upgrade: websocket", b"Sec-WebSocket-Version: 13",
                     b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", b"X-Forwarded-For: 127.0.0.1"):
            self.assertEqual(lines.count(line), 1, self.asked)
        lines = self.agreed.split(b"\r\n")
        for line in (b"connection: upgrade", b"upgrade: websocket", b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="):
            self.assertEqual(lines.count(line), 1, self.agreed)
        client.sendall(b"\x81\x85\0\0\0\0hello")
        self.assertEqual(take(connection, 11), b"\x81\x85\0\0\0\0hello")
        connection.sendall(b"\x81\x02ok")
        self.assertEqual(take(client, 4), b"\x81\x02ok")

    def test_what_comes_with_the_heads_is_not_lost(self):
        client, connection = self.switched(early=b"early frames", at_once=b"frames at once")
        self.assertEqual(take(connection, 12), b"early frames")
        self.assertEqual(take(client, 14), b"frames at once")

    def test_a_client_that_ended_before_the_switch(self):
        client = self.http()
        client.sendall(ASK + b"all of it")
        client.shutdown(socket.SHUT_WR)
        connection = self.accept(self.there)
        head(connection)
        time.sleep(0.05)
        connection.sendall(AGREED)
        self.assertEqual(rest(connection), b"all of it")
        connection.sendall(b"answer")
        connection.close()
        self.assertTrue(rest(client).endswith(b"\r\n\r\nanswer"))

    def test_large_frames_both_ways(self):
        client, connection = self.switched()
        for sender, receiver in ((client, connection), (connection, client)):
            writer = threading.Thread(target=sender.sendall, args=(LARGE,))
            writer.start()
            self.assertEqual(take(receiver, len(LARGE)), LARGE)
            writer.join(PATIENCE)

    def test_each_side_may_end_alone(self):
        client, connection = self.switched()
        connection.sendall(b"bye")
        connection.shutdown(socket.SHUT_WR)
        self.assertEqual(rest(client), b"bye")
        client.sendall(b"and bye")
        client.close()
        self.assertEqual(rest(connection), b"and bye")
        self.control.wait(lambda f: f["backends"][0]["active"] == 0, "none active")

    def test_it_counts_until_it_ends(self):
        client, connection = self.switched()
        self.control.wait(lambda f: f["backends"][0]["active"] == 1, "one active")
        client.close()
        connection.close()
        self.control.wait(lambda f: f["backends"][0]["active"] == 0, "none active")
        line = self.pool_line()
        self.assertEqual((line["requests"], line["answered_1xx"], line["finished"]), (1, 1, 1))

    def test_its_connection_counts_once_and_its_place_is_free_afterwards(self):
        for _ in range(2):
            client, connection = self.switched(limits={"connections": 1, "pending": 5})
            waiting = self.connect()
            waiting.sendall(PLAIN)
            self.assertTrue(self.there.accepts_nothing())
            client.close()
            connection.close()
            there = self.accept(self.there)
            head(there)
            there.sendall(b"HTTP/1.1 204 Fine\r\nConnection: close\r\n\r\n")
            self.assertTrue(head(waiting).startswith(b"HTTP/1.1 204 "))
            there.close()
            self.port = free_port()

    def test_silence_ends_it(self):
        client, connection = self.switched(idle_timeout_ms=300)
        begun = time.monotonic()
        self.assert_closed(client, within=5)
        self.assert_closed(connection, within=5)
        self.assertGreater(time.monotonic() - begun, 0.25)

    def test_a_refusal_is_an_answer_like_any_other(self):
        client = self.http()
        client.sendall(ASK)
        connection = self.accept(self.there)
        head(connection)
        connection.sendall(b"HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\n\r\nno")
        self.assertTrue(head(client).startswith(b"HTTP/1.1 426 "))
        self.assertEqual(take(client, 2), b"no")
        client.sendall(PLAIN)
        self.assertTrue(head(connection).startswith(b"GET /plain "))

    def test_what_was_not_asked_for_is_malformed(self):
        for ask, agreed in ((PLAIN, AGREED), (ASK, AGREED.replace(b"websocket", b"h2c")),
                            (ASK, AGREED.replace(b"Upgrade: websocket\r\n", b"")),
                            (ASK.replace(b"websocket", b"h2c"), AGREED.replace(b"websocket", b"h2c"))):
            client = self.http()
            client.sendall(ask)
            connection = self.accept(self.there)
            head(connection)
            connection.sendall(agreed + b"GET /smuggled HTTP/1.1\r\n\r\n")
            self.assertTrue(head(client).startswith(b"HTTP/1.1 502 "))
            self.assert_closed(connection)
            self.port = free_port()

    def test_http2_is_never_offered_in_a_tunnel(self):
        client = self.http()
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                       b"HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n")
        asked = head(self.accept(self.there)).lower()
        self.assertNotIn(b"upgrade", asked)
        self.assertNotIn(b"http2-settings", asked)

    def test_a_request_with_a_body_is_passed_on_without_its_offer(self):
        """Nothing behind a body can pass for a protocol that was switched to."""
        client = self.http()
        smuggled = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
        for ask in (ASK.replace(b"\r\n\r\n", b"\r\nContent-Length: %d\r\n\r\n" % len(smuggled)) + smuggled,
                    ASK.replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n")
                    + b"%x\r\n%s\r\n0\r\n\r\n" % (len(smuggled), smuggled)):
            client.sendall(ask)
            connection = self.accept(self.there)
            asked = head(connection)
            self.assertNotIn(b"upgrade:", asked.lower())
            body = take(connection, len(smuggled))
            self.assertIn(b"GET /sm", body)
            connection.sendall(AGREED)
            self.assertTrue(head(client).startswith(b"HTTP/1.1 502 "))
            take(client, 41)

    def test_a_pipelined_request_is_a_request_where_the_backend_did_not_switch(self):
        client = self.http()
        client.sendall(ASK + PLAIN)
        connection = self.accept(self.there)
        self.assertTrue(head(connection).startswith(b"GET /chat "))
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        self.assertTrue(head(client).startswith(b"HTTP/1.1 200 "))
        asked = head(connection)
        self.assertTrue(asked.startswith(b"GET /plain "), asked)
        self.assertIn(b"X-Forwarded-For: 127.0.0.1", asked)

    def test_a_backend_that_goes_on_after_its_refusal_is_not_heard(self):
        """A 200 and a response that nobody asked for: it must not answer the next request."""
        client = self.http()
        client.sendall(ASK)
        connection = self.accept(self.there)
        head(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
                           b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison")
        self.assertTrue(head(client).startswith(b"HTTP/1.1 200 "))
        self.assert_closed(connection)
        client.sendall(PLAIN)
        fresh = self.accept(self.there)
        head(fresh)
        fresh.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
        self.assertTrue(head(client).startswith(b"HTTP/1.1 204 "))

    def test_an_interim_answer_comes_before_the_switch(self):
        client = self.http()
        client.sendall(ASK)
        connection = self.accept(self.there)
        head(connection)
        connection.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + AGREED + b"x")
        self.assertTrue(head(client).startswith(b"HTTP/1.1 103 "))
        self.assertTrue(head(client).startswith(b"HTTP/1.1 101 "))
        self.assertEqual(take(client, 1), b"x")

    def test_a_kept_connection_is_used_for_a_switch_and_not_again(self):
        client = self.http()
        client.sendall(PLAIN)
        connection = self.accept(self.there)
        head(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        head(client)
        client.sendall(ASK)
        self.assertTrue(head(connection).startswith(b"GET /chat "))
        connection.sendall(AGREED)
        head(client)
        other = self.connect()
        other.sendall(PLAIN)
        self.assertTrue(head(self.accept(self.there)).startswith(b"GET /plain "))
        client.sendall(b"still here")
        self.assertEqual(take(connection, 10), b"still here")

    def test_http2_clients_are_offered_no_switch(self):
        """RFC 8441 is not spoken, and the settings do not say so."""
        self.http()
        connect = [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":path", "/chat"),
                   (":authority", "a")]
        with raw_h2.Peer(self.port) as peer:
            settings = peer.until("settings")[1]
            self.assertNotIn(8, [int.from_bytes(settings[at:at + 2], "big") for at in range(0, len(settings), 6)])
            peer.ask(1, connect, end=False)
            self.assertEqual(peer.until("rst"), ("rst", 1, "PROTOCOL_ERROR"))
            peer.ask(3)
            head(self.accept(self.there))

    def test_backends_of_http2_see_no_offer(self):
        """They get an ordinary request, as RFC 9110 section 7.8 lets any server ignore an offer."""
        there = self.place()
        self.serve([pool("p", backend(there), protocol="http2")], [listener(self.port, "p", protocol="http")])
        client = self.connect()
        client.sendall(ASK)
        server = raw_h2.Server(self.accept(there))
        self.assertTrue(server.until("headers")[3], "a request without a body")
        server.send(raw_h2.frame(raw_h2.HEADERS, 5, 1, b"\x89"))  # 204
        self.assertTrue(head(client).startswith(b"HTTP/1.1 204 "))


class TlsUpgradeTest(TlsWireTest):
    """The same over TLS on either side."""

    def test_a_switch_over_tls(self):
        there = self.place()
        for client_tls, backend_tls in ((True, False), (False, True), (True, True)):
            with self.subTest(client=client_tls, backend=backend_tls):
                self.serve([pool("p", backend(there), protocol="http1", **({"tls": {}} if backend_tls else {}))],
                           [listener(self.port, "p", **({"protocol": "https", "tls": self.tls()} if client_tls
                                                       else {"protocol": "http"}))])
                client = self.connect()
                if client_tls:
                    client = self.secure(client)
                client.sendall(ASK + b"early")
                connection = self.accept(there)
                if backend_tls:
                    connection = self.secure(connection, server=True)
                self.assertTrue(head(connection).startswith(b"GET /chat "))
                connection.sendall(AGREED + b"at once")
                self.assertTrue(head(client).startswith(b"HTTP/1.1 101 "))
                self.assertEqual(take(client, 7), b"at once")
                self.assertEqual(take(connection, 5), b"early")
                for sender, receiver in ((client, connection), (connection, client)):
                    self.assertEqual(poured(sender, receiver), LARGE)
                client.close()
                self.assertEqual(rest(connection), b"")


class DrainTest(WireTest):
    """What outlives its pool's drain_delay is ended by the proxy itself, and nothing before."""
    DELAY = 0.8  # seconds

    def pools(self, state="serving", protocol="tcp", **more):
        return [pool("p", backend(self.there, state=state), protocol=protocol, drain_delay_ms=int(self.DELAY * 1000),
                     **more)]

    def begin(self, kind):
        """(client, backend) with a tunnel between them."""
        self.there = self.place()
        self.listeners = [listener(self.port, "p", protocol="tcp" if kind == "tcp" else "http")]
        self.protocol = "tcp" if kind == "tcp" else "http1"
        self.serve(self.pools(protocol=self.protocol), self.listeners)
        client = self.connect()
        if kind != "tcp":
            client.sendall(ASK)
        connection = self.accept(self.there)
        if kind != "tcp":
            head(connection)
            connection.sendall(AGREED)
            head(client)
        return client, connection

    def assert_lives_for_the_delay(self, client, connection, begun):
        client.sendall(b"x")
        self.assertEqual(take(connection, 1), b"x")
        client.settimeout(0.3)
        with self.assertRaises(TimeoutError):
            client.recv(1)
        self.assert_closed(client, within=5)
        self.assertGreater(time.monotonic() - begun, self.DELAY * 0.95)
        self.assertLess(time.monotonic() - begun, self.DELAY + 3)
        self.assert_closed(connection, within=5)

    def test_tunnels_on_a_draining_backend(self):
        for kind in ("tcp", "upgrade"):
            with self.subTest(kind=kind):
                ends = self.begin(kind)
                begun = time.monotonic()
                self.serve(self.pools("draining", self.protocol), self.listeners)
                self.assert_lives_for_the_delay(*ends, begun)
                self.control.wait(lambda f: f["backends"][0]["active"] == 0, "none active")
                self.port = free_port()

    def test_tunnels_on_a_backend_that_has_left_the_table(self):
        ends = self.begin("tcp")
        begun = time.monotonic()
        self.serve([{**self.pools()[0], "backends": []}], self.listeners)
        self.assert_lives_for_the_delay(*ends, begun)

    def test_tunnels_of_a_listener_that_has_gone(self):
        for kind in ("tcp", "upgrade"):
            with self.subTest(kind=kind):
                ends = self.begin(kind)
                begun = time.monotonic()
                self.serve(self.pools(protocol=self.protocol), [])
                self.assert_lives_for_the_delay(*ends, begun)
                self.port = free_port()

    def test_a_backend_that_serves_again_keeps_its_tunnels(self):
        client, connection = self.begin("tcp")
        self.serve(self.pools("draining"), self.listeners)
        self.serve(self.pools("serving"), self.listeners)
        time.sleep(self.DELAY + 0.3)
        client.sendall(b"x")
        self.assertEqual(take(connection, 1), b"x")

    def ask(self, answer=b""):
        """(client, backend) with a request under way that has had `answer` so far."""
        self.there = self.place()
        self.listeners, self.protocol = [listener(self.port, "p", protocol="http")], "http1"
        self.serve(self.pools(protocol="http1"), self.listeners)
        client = self.connect()
        client.sendall(PLAIN)
        connection = self.accept(self.there)
        head(connection)
        connection.sendall(answer)
        return client, connection

    def test_a_request_that_is_not_answered_in_time_is_answered_504(self):
        for of_listener in (False, True):
            with self.subTest(of_listener=of_listener):
                client, connection = self.ask()
                begun = time.monotonic()
                if of_listener:
                    self.serve(self.pools(protocol="http1"), [])
                else:
                    self.serve(self.pools("draining", "http1"), self.listeners)
                self.assertTrue(head(client).startswith(b"HTTP/1.1 504 "))
                self.assertGreater(time.monotonic() - begun, self.DELAY * 0.95)
                self.assert_closed(connection)
                self.port = free_port()

    def test_a_response_that_is_not_whole_in_time_is_cut(self):
        for of_listener in (False, True):
            with self.subTest(of_listener=of_listener):
                client, connection = self.ask(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome")
                self.assertTrue(head(client).startswith(b"HTTP/1.1 200 "))
                begun = time.monotonic()
                if of_listener:
                    self.serve(self.pools(protocol="http1"), [])
                else:
                    self.serve(self.pools("draining", "http1"), self.listeners)
                self.assertEqual(rest(client), b"some")
                self.assertGreater(time.monotonic() - begun, self.DELAY * 0.95)
                self.assert_closed(connection)
                self.port = free_port()

    def test_what_ends_within_the_delay_is_whole(self):
        client, connection = self.ask(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsome")
        self.serve(self.pools("draining", "http1"), self.listeners)
        time.sleep(self.DELAY / 2)
        connection.sendall(b"more")
        head(client)
        self.assertEqual(take(client, 8), b"somemore")

    def test_streams_of_http2_are_reset(self):
        for of_listener in (False, True):
            with self.subTest(of_listener=of_listener):
                self.there = self.place()
                self.listeners = [listener(self.port, "p", protocol="http")]
                self.serve(self.pools(protocol="http2"), self.listeners)
                with raw_h2.Peer(self.port) as peer:
                    peer.ask(1)
                    server = raw_h2.Server(self.accept(self.there))
                    self.assertIsNotNone(server.until("headers"))
                    server.send(raw_h2.frame(raw_h2.HEADERS, 4, 1, b"\x88"))
                    self.assertEqual(peer.until("headers"), ("headers", 1, "88", False))
                    begun = time.monotonic()
                    self.serve(self.pools("serving" if of_listener else "draining", "http2"),
                               [] if of_listener else self.listeners)
                    self.assertEqual(peer.until("rst")[:2], ("rst", 1))
                    self.assertGreater(time.monotonic() - begun, self.DELAY * 0.95)
                    self.assertEqual(server.until("rst"), ("rst", 1, "CANCEL"))
                self.port = free_port()

    def test_a_shorter_delay_counts_at_once(self):
        client, connection = self.begin("tcp")
        self.DELAY = 60
        self.serve(self.pools("draining"), self.listeners)
        self.DELAY = 0.1
        self.serve(self.pools("draining"), self.listeners)
        self.assert_closed(client, within=5)


if __name__ == "__main__":
    unittest.main()
