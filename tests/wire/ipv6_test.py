#!/usr/bin/env python3
"""IPv6 on both sides: listeners and backends on ::1, health checks, what is forwarded, rules by source.
usage: ipv6_test.py PROXY"""

import threading
import unittest

from tunnels_test import WireTest, backend, head, listener, pool, take, to_pool

GET = b"GET / HTTP/1.1\r\nHost: [::1]\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Ipv6Test(WireTest):
    def http(self, place, address="::1", **more):
        self.serve([pool("p", backend(place), protocol="http1", **more)],
                   [listener(self.port, "p", protocol="http", address=address)])

    def exchange(self, place, address="::1", ask=GET):
        client = self.connect(address)
        client.sendall(ask)
        connection = self.accept(place)
        asked = head(connection)
        connection.sendall(OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        self.assertTrue(head(client).startswith(b"HTTP/1.1 200 "))
        self.assertEqual(take(client, 2), b"ok")
        return asked

    def test_a_listener_and_a_backend_on_ipv6(self):
        place = self.place("::1")
        self.http(place)
        lines = self.exchange(place).split(b"\r\n")
        for line in (b"Host: [::1]", b"X-Forwarded-For: ::1", b"X-Forwarded-Port: %d" % self.port):
            self.assertIn(line, lines)

    def test_from_one_family_to_the_other(self):
        for outside, inside in (("::1", "127.0.0.1"), ("127.0.0.1", "::1")):
            place = self.place(inside)
            self.http(place, outside)
            self.assertIn(b"X-Forwarded-For: %s\r\n" % outside.encode(), self.exchange(place, outside))

    def test_the_chain_of_addresses_goes_on(self):
        place = self.place("::1")
        self.http(place)
        asked = self.exchange(place, ask=GET[:-2] + b"X-Forwarded-For: 2001:db8::9\r\n\r\n")
        self.assertIn(b"x-forwarded-for: 2001:db8::9, ::1\r\n", asked.lower())

    def test_one_port_of_both_families(self):
        four, six = self.place(), self.place("::1")
        self.serve([pool("four", backend(four), protocol="http1"), pool("six", backend(six), protocol="http1")],
                   [listener(self.port, "four", name="4", protocol="http"),
                    listener(self.port, "six", name="6", protocol="http", address="::1")])
        self.exchange(four, "127.0.0.1")
        self.exchange(six, "::1")

    def test_rules_by_source(self):
        near, far = self.place("::1"), self.place("::1")
        for sources, where in ((["::1/128"], near), (["::/0"], near), (["2001:db8::/32", "10.0.0.0/8"], far),
                               (["0.0.0.0/0"], far), (["192.0.2.0/24", "::/64"], near)):
            self.serve([pool("near", backend(near), protocol="http1"), pool("far", backend(far), protocol="http1")],
                       [listener(self.port, protocol="http", address="::1",
                                 rules=[to_pool("near", sources=sources), to_pool("far")])])
            self.exchange(where)

    def test_health_checks(self):
        place, dead = self.place("::1"), self.dead_place("::1")
        hosts = []

        def answer():
            try:
                while True:
                    connection, _ = place.listening.accept()
                    hosts.append([line for line in head(connection).split(b"\r\n") if line.lower().startswith(b"host:")])
                    connection.sendall(OK)
                    connection.close()
            except OSError:
                pass

        threading.Thread(target=answer, daemon=True).start()
        health = {"protocol": "http", "path": "/health", "interval_ms": 200}
        self.serve([pool("p", backend(place, "alive"), backend(dead, "dead"), protocol="http1", health=health)],
                   [listener(self.port, "p", protocol="http", address="::1")])
        self.control.wait(lambda f: {b["backend"]: b["health"] for b in f["backends"]} ==
                          {"alive": "healthy", "dead": "unhealthy"}, "verdicts")
        self.assertEqual(hosts[0], [b"Host: [::1]:%d" % place.port])

    def test_bytes_as_they_come(self):
        place = self.place("::1")
        self.serve([pool("p", backend(place))], [listener(self.port, "p", address="::1",
                                                          rules=[to_pool("p", sources=["::1/128"])])])
        client = self.connect("::1")
        client.sendall(b"ping")
        connection = self.accept(place)
        self.assertEqual(take(connection, 4), b"ping")
        connection.sendall(b"pong")
        self.assertEqual(take(client, 4), b"pong")

    def test_a_redirect_keeps_the_brackets(self):
        place = self.place("::1")
        self.serve([pool("p", backend(place), protocol="http1")],
                   [listener(self.port, protocol="http", address="::1",
                             rules=[{"id": "r", "action": {"redirect": {"protocol": "https", "port": "443"}}}])])
        client = self.connect("::1")
        client.sendall(b"GET /a?b HTTP/1.1\r\nHost: [::1]:%d\r\n\r\n" % self.port)
        self.assertIn(b"location: https://[::1]:443/a?b\r\n", head(client).lower())


if __name__ == "__main__":
    unittest.main()
