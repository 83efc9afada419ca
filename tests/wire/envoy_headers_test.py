#!/usr/bin/env python3
"""Responses of a pool with envoy_headers bear what a mesh's Envoy adds, and only those. usage: envoy_headers_test.py PROXY"""

import re
import time
import unittest

from tunnels_test import WireTest, backend, head, listener, pool

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


class EnvoyHeadersTest(WireTest):
    def answered(self, fields=b"", wait=0.0, **more):
        """The head of the response to a request that is answered after `wait` seconds with `fields`."""
        place = self.place()
        self.serve([pool("p", backend(place), protocol="http1", **more)], [listener(self.port, "p", protocol="http")])
        client = self.connect()
        client.sendall(GET)
        connection = self.accept(place)
        head(connection)
        time.sleep(wait)  # what is measured
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" + fields + b"Connection: close\r\n\r\n")
        return head(client).lower()

    def test_who_serves_is_envoy_and_how_long_it_took_is_told(self):
        answer = self.answered(b"Server: gunicorn\r\n", wait=0.06, envoy_headers=True)
        self.assertEqual(re.findall(rb"(?m)^server: (.*)\r$", answer), [b"envoy"])
        (millis,) = re.findall(rb"(?m)^x-envoy-upstream-service-time: (\d+)\r$", answer)
        self.assertTrue(60 <= int(millis) < 5000, millis)

    def test_what_a_backend_says_of_its_own_time_is_replaced(self):
        answer = self.answered(b"x-envoy-upstream-service-time: 4711\r\n", envoy_headers=True)
        (millis,) = re.findall(rb"x-envoy-upstream-service-time: (\d+)", answer)
        self.assertNotEqual(millis, b"4711")

    def test_other_pools_say_nothing_of_it(self):
        answer = self.answered(b"Server: gunicorn\r\n")
        self.assertIn(b"server: gunicorn\r\n", answer)
        self.assertNotIn(b"x-envoy", answer)


if __name__ == "__main__":
    unittest.main()
