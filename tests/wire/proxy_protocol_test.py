#!/usr/bin/env python3
"""PROXY protocol headers before connections of clients, and at the beginning of those to backends.
usage: proxy_protocol_test.py PROXY"""

import socket
import ssl
import struct
import time
import unittest

from tunnels_test import (PATIENCE, TlsWireTest, WireTest, backend, head, listener, pool, rest, take, to_pool)

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def version2(source, destination, ports, command=1, more=b""):
    v6 = ":" in source
    family = socket.AF_INET6 if v6 else socket.AF_INET
    rest = socket.inet_pton(family, source) + socket.inet_pton(family, destination) + struct.pack(">HH", *ports) + more
    return SIGNATURE + bytes([0x20 | command, 0x21 if v6 else 0x11]) + struct.pack(">H", len(rest)) + rest


V1 = b"PROXY TCP4 192.0.2.7 198.51.100.1 4711 443\r\n"
V1_V6 = b"PROXY TCP6 2001:db8::7 2001:db8::1 4711 443\r\n"
V2 = version2("192.0.2.7", "198.51.100.1", (4711, 443))
V2_V6 = version2("2001:db8::7", "2001:db8::1", (4711, 443))
LOCAL = SIGNATURE + b"\x20\0\0\0"
UNKNOWN = b"PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n"


class InTest(WireTest):
    def http(self, rules=None, **more):
        self.there = self.place()
        self.serve([pool("p", backend(self.there), protocol="http1")],
                   [listener(self.port, "p", protocol="http", proxy_protocol=True, rules=rules, **more)])

    def forwarded(self, first, pieces=1):
        """What the backend is told of the client whose connection begins with `first`."""
        client = self.connect()
        whole, size = first + GET, -(-len(first + GET) // pieces)
        for at in range(0, len(whole), size):
            client.sendall(whole[at:at + size])
            if pieces > 1:
                time.sleep(0.002)
        connection = self.accept(self.there)
        asked = head(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        self.assertTrue(head(client).startswith(b"HTTP/1.1 200 "))
        lines = [line for line in asked.split(b"\r\n") if line.lower().startswith(b"x-forwarded-for: ")]
        self.assertEqual(len(lines), 1, asked)
        return lines[0].split(b": ")[1].decode()

    def test_the_address_is_the_one_that_the_header_says(self):
        self.http()
        for first, address in ((V1, "192.0.2.7"), (V2, "192.0.2.7"), (V1_V6, "2001:db8::7"), (V2_V6, "2001:db8::7"),
                               (version2("192.0.2.7", "198.51.100.1", (1, 2), more=b"\x04\0\1x"), "192.0.2.7")):
            self.assertEqual(self.forwarded(first), address)

    def test_a_proxy_that_speaks_for_itself_keeps_its_own_address(self):
        self.http()
        for first in (LOCAL, UNKNOWN, b"PROXY UNKNOWN\r\n", version2("192.0.2.7", "198.51.100.1", (1, 2), command=0),
                      SIGNATURE + b"\x21\x31\0\xd8" + b"/" * 216):
            self.assertEqual(self.forwarded(first), "127.0.0.1")

    def test_headers_in_pieces(self):
        self.http()
        for first in (V1, V2):
            self.assertEqual(self.forwarded(first, pieces=len(first + GET)), "192.0.2.7")
            self.assertEqual(self.forwarded(first, pieces=3), "192.0.2.7")

    def test_rules_look_at_the_address_of_the_header(self):
        ours, others = self.place(), self.place()
        self.serve([pool("ours", backend(ours), protocol="http1"), pool("others", backend(others), protocol="http1")],
                   [listener(self.port, protocol="http", proxy_protocol=True,
                             rules=[to_pool("ours", sources=["192.0.2.0/24", "2001:db8::/32"]), to_pool("others")])])
        for first, where in ((V2, ours), (V1_V6, ours), (LOCAL, others),
                             (version2("203.0.113.1", "198.51.100.1", (1, 2)), others)):
            self.connect().sendall(first + GET)
            head(self.accept(where))

    def test_what_is_no_header_is_closed_unheard(self):
        self.http()
        for first in (b"", b"PROXY TCP4 1.2.3.4\r\n", b"PROXY TCP5 192.0.2.7 198.51.100.1 1 2\r\n", b"\r\n\r\n",
                      SIGNATURE + b"\x31\x11\0\x0c" + b"x" * 12, SIGNATURE + b"\x21\x11\0\x04xxxx",
                      SIGNATURE + b"\x21\x11\xff\xff", b"PROXY " + b"x" * 200):
            client = self.connect()
            client.sendall(first + GET)
            self.assert_closed(client)
        self.assertTrue(self.there.accepts_nothing())

    def test_a_header_that_does_not_come_is_waited_for_no_longer_than_its_time(self):
        self.http()
        clients = [self.connect(), self.connect()]
        clients[1].sendall(V2[:-1])
        begun = time.monotonic()
        for client in clients:
            self.assert_closed(client, within=10)
        self.assertGreater(time.monotonic() - begun, 4)
        self.assertEqual(self.forwarded(V2), "192.0.2.7")

    def test_a_second_header_is_a_malformed_request(self):
        self.http()
        client = self.connect()
        client.sendall(V1 + V1 + GET)
        self.assertTrue(head(client).startswith(b"HTTP/1.1 400 "))

    def test_where_no_header_is_expected_one_is_a_malformed_request(self):
        self.there = self.place()
        self.serve([pool("p", backend(self.there), protocol="http1")], [listener(self.port, "p", protocol="http")])
        for first in (V1, V2):
            client = self.connect()
            client.sendall(first + GET)
            self.assertTrue(head(client).startswith(b"HTTP/1.1 400 "))

    def test_http2_behind_a_header(self):
        self.http()
        client = self.connect()
        client.sendall(V2 + b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"
                       + b"\0\0\x04\1\5\0\0\0\1" + b"\x82\x86\x84\x41"[:3] + b"\x81")
        self.assertEqual(take(client, 9)[3], 4)  # SETTINGS

    def test_connections_of_bytes(self):
        self.there = self.place()
        rules = [{**to_pool("p", sources=["192.0.2.0/24"])}]
        self.serve([pool("p", backend(self.there))], [listener(self.port, proxy_protocol=True, rules=rules)])
        client = self.connect()
        client.sendall(V2 + b"hello")
        self.assertEqual(take(self.accept(self.there), 5), b"hello")
        client = self.connect()
        client.sendall(LOCAL + b"hello")
        self.assert_reset(client)


class InTlsTest(TlsWireTest):
    def test_the_header_comes_before_tls(self):
        there = self.place()
        for protocol in ("https", "tls"):
            kind = "http1" if protocol == "https" else "tcp"
            self.serve([pool("p", backend(there), protocol=kind)],
                       [listener(self.port, "p", protocol=protocol, tls=self.tls(), proxy_protocol=True)])
            for first in (V1, V2):
                plain = self.connect()
                plain.sendall(first)
                client = self.secure(plain)
                client.sendall(GET)
                asked = head(self.accept(there))
                self.assertEqual(b"X-Forwarded-For: 192.0.2.7\r\n" in asked, protocol == "https")
            plain = self.connect()
            with self.assertRaises(OSError):  # a handshake without a header
                self.secure(plain)


class OutTest(WireTest):
    def parse(self, connection):
        """(command, family, source, destination) of the header of version 2 that comes first."""
        fixed = take(connection, 16)
        self.assertEqual(fixed[:12], SIGNATURE)
        told = take(connection, struct.unpack(">H", fixed[14:])[0])
        size = {0x11: 4, 0x21: 16, 0: 0}[fixed[13]]
        family = socket.AF_INET6 if size == 16 else socket.AF_INET
        if not size:
            return fixed[12], fixed[13], None, None
        places = [socket.inet_ntop(family, told[at:at + size]) for at in (0, size)]
        return fixed[12], fixed[13], *zip(places, struct.unpack(">HH", told[2 * size:]))

    def test_the_first_bytes_say_who_the_client_is(self):
        there = self.place()
        self.serve([pool("p", backend(there), send_proxy_protocol=True)], [listener(self.port, "p")])
        for _ in range(3):
            client = self.connect()
            client.sendall(b"hello")
            connection = self.accept(there)
            self.assertEqual(self.parse(connection), (0x21, 0x11, client.getsockname(), ("127.0.0.1", self.port)))
            self.assertEqual(take(connection, 5), b"hello")

    def test_they_come_before_the_client_says_anything(self):
        there = self.place()
        self.serve([pool("p", backend(there), send_proxy_protocol=True)], [listener(self.port, "p")])
        client = self.connect()
        connection = self.accept(there)
        self.assertEqual(self.parse(connection)[2], client.getsockname())
        connection.sendall(b"220 ready")
        self.assertEqual(take(client, 9), b"220 ready")

    def test_over_ipv6(self):
        there = self.place("::1")
        self.serve([pool("p", backend(there), send_proxy_protocol=True)], [listener(self.port, "p", address="::1")])
        client = self.connect("::1")
        self.assertEqual(self.parse(self.accept(there)),
                         (0x21, 0x21, client.getsockname()[:2], ("::1", self.port)))

    def test_what_came_in_goes_out(self):
        there = self.place()
        self.serve([pool("p", backend(there), send_proxy_protocol=True)],
                   [listener(self.port, "p", proxy_protocol=True)])
        for first, client, place in ((V1, ("192.0.2.7", 4711), ("198.51.100.1", 443)),
                                     (V2_V6, ("2001:db8::7", 4711), ("2001:db8::1", 443))):
            self.connect().sendall(first + b"x")
            connection = self.accept(there)
            self.assertEqual(self.parse(connection)[2:], (client, place))
            self.assertEqual(take(connection, 1), b"x")
        client = self.connect()
        client.sendall(LOCAL)
        self.assertEqual(self.parse(self.accept(there))[2:], (client.getsockname(), ("127.0.0.1", self.port)))

    def test_the_next_backend_is_told_too(self):
        there = self.place()
        self.serve([pool("p", backend(self.dead_place(), "a"), backend(there, "b"), send_proxy_protocol=True)],
                   [listener(self.port, "p")])
        for _ in range(2):
            client = self.connect()
            client.sendall(b"x")
            connection = self.accept(there)
            self.assertEqual(self.parse(connection)[2], client.getsockname())
            self.assertEqual(take(connection, 1), b"x")


class OutTlsTest(TlsWireTest):
    parse = OutTest.parse

    def test_the_header_stands_before_tls_to_the_backend(self):
        there = self.place()
        self.serve([pool("p", backend(there), tls={}, send_proxy_protocol=True)], [listener(self.port, "p")])
        client = self.connect()
        client.sendall(b"hello")
        connection = self.accept(there)
        self.assertEqual(self.parse(connection)[2], client.getsockname())
        self.assertEqual(take(self.secure(connection, server=True), 5), b"hello")


if __name__ == "__main__":
    unittest.main()
