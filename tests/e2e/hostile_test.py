"""What the API makes of input that no client of AWS sends: too large, too deep, cut short, not text, and a thousand
clients that send a byte a second. Each is refused in words or closed, the server's memory stays bounded, and others are
served meanwhile. (How fast they are served is measured: bench/api_figures.)"""

import contextlib
import http.client
import pathlib
import socket
import time
import unittest

from weir_testing import Weir, unverified, wait_until

MEGABYTE = 1 << 20
SLOW_CLIENTS = 1000
MOST_GROWTH = 64 * MEGABYTE  # of the resident memory, whatever is sent


def head(service, content_type, length, **more):
    lines = {"Host": "weir", "Content-Type": content_type, "Content-Length": length, **unverified(service),
             **more}
    return "POST / HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value is not None) + "\r\n"


def ecs(length, operation="ListClusters", **more):
    return head("ecs", "application/x-amz-json-1.1", length,
                **{"X-Amz-Target": f"AmazonEC2ContainerServiceV20141113.{operation}", **more}).encode()


class Hostile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.enterClassContext(weir := Weir())
        cls.weir = weir
        weir.ecs.create_cluster(clusterName="kept")

    def setUp(self):
        self.before = self.resident()

    def tearDown(self):
        self.assertEqual(self.weir.ecs.list_clusters()["clusterArns"][0].rpartition("/")[2], "kept", "others are served")
        self.assertLess(self.resident() - self.before, MOST_GROWTH)

    def resident(self):
        """Bytes of the control process's memory, at their most since it began."""
        status = pathlib.Path("/proc", str(self.weir.serve.pid), "status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024

    def said_to(self, *pieces):
        """(status, text) of the answer to raw bytes; status 0 where the connection was closed without one."""
        with socket.create_connection(("127.0.0.1", self.weir.port), 30) as client:
            with contextlib.suppress(ConnectionError):
                for piece in pieces:
                    client.sendall(piece)
            reply = http.client.HTTPResponse(client, method="POST")
            try:
                reply.begin()
                return reply.status, reply.read().decode(errors="replace")
            except (http.client.HTTPException, ConnectionError):
                return 0, ""

    def test_a_hundred_megabytes(self):
        self.assertEqual(self.said_to(ecs(100 * MEGABYTE))[0], 413, "told before any of it is sent")
        chunk = b"%x\r\n" % MEGABYTE + b" " * MEGABYTE + b"\r\n"
        status, _ = self.said_to(ecs(None, **{"Transfer-Encoding": "chunked"}), *[chunk] * 100, b"0\r\n\r\n")
        self.assertIn(status, (413, 0), "told, or closed on who goes on regardless")

    def test_a_head_without_end(self):
        self.assertIn(self.said_to(b"POST / HTTP/1.1\r\n", *[b"X-Y: " + b"a" * 60000 + b"\r\n"] * 100)[0], (431, 0))
        self.assertIn(self.said_to(b"POST /" + b"a" * 10 * MEGABYTE)[0], (414, 431, 0))

    def test_ten_thousand_levels(self):
        rows = [("list", b"[" * 10_000, b"]" * 10_000), ("object", b'{"a":' * 10_000 + b"1", b"}" * 10_000),
                ("unclosed", b"[" * 10_000, b"")]
        for name, opening, closing in rows:
            with self.subTest(name):
                body = b'{"clusters":' + opening + closing + b"}"
                status, text = self.said_to(ecs(len(body), "DescribeClusters"), body)
                self.assertEqual((status, "SerializationException" in text), (400, True), text)
        with self.subTest("query"):
            body = ("Action=DescribeLoadBalancers&Version=2015-12-01&Names" + ".member.1" * 10_000 + "=a").encode()
            status, text = self.said_to(head("elasticloadbalancing", "application/x-www-form-urlencoded", len(body)).encode(), body)
            self.assertEqual((status, "<Error>" in text), (400, True), text)
        with self.subTest("CBOR"):
            body = b"\xa1\x61a" + b"\x81" * 10_000 + b"\x00"
            raw = head("monitoring", "application/cbor", len(body), **{"smithy-protocol": "rpc-v2-cbor"}).replace(
                "POST / ", "POST /service/GraniteServiceVersion20100801/operation/ListMetrics ").encode()
            self.assertEqual(self.said_to(raw, body)[0], 400)

    def test_what_is_no_text(self):
        for name, bad in (("cut short", b"\xc3"), ("overlong", b"\xc0\xaf"), ("surrogate", b"\xed\xa0\x80"), ("stray", b"\xff")):
            with self.subTest(name):
                body = b'{"clusterName":"a' + bad + b'"}'
                status, text = self.said_to(ecs(len(body), "CreateCluster"), body)
                self.assertEqual((status, "SerializationException" in text), (400, True), text)
        self.assertEqual(len(self.weir.ecs.list_clusters()["clusterArns"]), 1, "nothing was made")

    def test_wrong_lengths(self):
        body = b"{}"
        rows = [("negative", ecs(-1), 400), ("no number", ecs("two"), 400), ("too large a number", ecs(10**30), 413),
                ("two of them", ecs(2).replace(b"Content-Length: 2", b"Content-Length: 2\r\nContent-Length: 3"), 400),
                ("both framings", ecs(2, **{"Transfer-Encoding": "chunked"}), 400),
                ("a bad chunk", ecs(None, **{"Transfer-Encoding": "chunked"}) + b"zz\r\n", 400),
                ("shorter than the body", ecs(1), 400)]
        for name, raw, expected in rows:
            with self.subTest(name):
                status, text = self.said_to(raw, body)
                self.assertEqual(status, expected, text)
        with self.subTest("longer than the body"), socket.create_connection(("127.0.0.1", self.weir.port), 30) as client:
            client.sendall(ecs(100) + body)
            client.shutdown(socket.SHUT_WR)
            self.assertEqual(client.recv(65536)[:12].replace(b"HTTP/1.1 400", b""), b"", "no answer to half a call")

    def test_a_thousand_clients_that_send_a_byte_a_second(self):
        raw = ecs(2) + b"{}"
        with contextlib.ExitStack() as stack:
            clients = [stack.enter_context(socket.create_connection(("127.0.0.1", self.weir.port), 30))
                       for _ in range(SLOW_CLIENTS)]
            for second in range(3):
                for client in clients:
                    client.sendall(raw[second:second + 1])
                begun = time.monotonic()
                while time.monotonic() < begun + 1:
                    self.assertEqual(len(self.weir.ecs.list_clusters()["clusterArns"]), 1)
            wait_until(lambda: self.weir.ecs.list_clusters(), "others are served")
            # Those who hurry up are served as well.
            for client in clients[:50]:
                client.sendall(raw[3:])
            for client in clients[:50]:
                self.assertIn(b"200 OK", client.recv(65536))


if __name__ == "__main__":
    unittest.main()
