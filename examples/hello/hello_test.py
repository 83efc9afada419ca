"""hello, run by hand: python3 hello_test.py BINARY"""

import http.client
import pathlib
import socket
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from running import running, wait_until

BINARY = sys.argv.pop(1)


def exchange(port, raw):
    """Sends raw bytes, returns everything received until the other side closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(raw)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
        return received


class Hello(unittest.TestCase):
    def test_many_requests_share_a_connection(self):
        with running(BINARY, VERSION="7") as hello:
            connection = http.client.HTTPConnection("127.0.0.1", hello.port, timeout=10)
            for _ in range(3):
                connection.request("GET", "/")
                reply = connection.getresponse()
                self.assertEqual((reply.status, reply.read()), (200, f"hello 7 from {hello.port}\n".encode()))
            connection.request("POST", "/", body=iter([b"a" * 10, b"b" * 10]), encode_chunked=True)
            self.assertEqual(connection.getresponse().read(), f"hello 7 from {hello.port}\n".encode())
            connection.request("GET", "/health")
            self.assertEqual(connection.getresponse().status, 200)
            connection.close()

    def test_raw_requests(self):
        rows = [
            (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", b"HTTP/1.1 200 OK\r\n", b"Connection: close\r\n"),
            (b"GET / HTTP/1.0\r\n\r\n", b"HTTP/1.1 200 OK\r\n", b"Connection: close\r\n"),
            (b"GET /health HTTP/1.1\r\n\r\nGET /x HTTP/1.1\r\nConnection: close\r\n\r\n", b"HTTP/1.1 200 OK\r\n", b" 404 "),
            (b"HEAD / HTTP/1.1\r\nConnection: close\r\n\r\n", b"HTTP/1.1 200 OK\r\n", b"close\r\n\r\n"),
            (b"nonsense\r\n\r\n", b"HTTP/1.1 400 ", b"Connection: close\r\n"),
            (b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", b"HTTP/1.1 400 ", b"Connection: close\r\n"),
            (b"GET / HTTP/1.1\r\nA: " + b"a" * 40000 + b"\r\n\r\n", b"HTTP/1.1 431 ", b"Connection: close\r\n"),
            (b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\nConnection: close\r\n\r\na",
             b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 ", b"hello"),
        ]
        with running(BINARY, VERSION="7") as hello:
            for raw, begins, holds in rows:
                with self.subTest(raw[:60]):
                    received = exchange(hello.port, raw)
                    self.assertTrue(received.startswith(begins), received)
                    self.assertIn(holds, received)

    def test_a_websocket_echoes_until_the_client_closes(self):
        def frame(opcode, payload):
            return bytes([0x80 | opcode, 0x80 | len(payload)]) + b"\0\0\0\0" + payload
        raw = (b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
               b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
        # A message, a ping, another message in two fragments, and the end.
        raw += frame(1, b"one") + frame(9, b"p") + b"\x01\x83mask" + bytes(a ^ b for a, b in zip(b"two", b"mas"))
        raw += frame(0, b"!") + frame(8, b"\x03\xe8")
        with running(BINARY, VERSION="7") as hello:
            received = exchange(hello.port, raw)
        head, _, frames = received.partition(b"\r\n\r\n")
        self.assertTrue(head.startswith(b"HTTP/1.1 101 "), received)
        self.assertIn(b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", head)  # the example of RFC 6455
        said = [(0x81, b"one, hello 7"), (0x8a, b"p"), (0x81, b"two!, hello 7"), (0x88, b"\x03\xe8")]
        self.assertEqual(frames, b"".join(bytes([first, len(payload)]) + payload for first, payload in said))

    def test_the_health_check_fails_when_asked_to(self):
        with running(BINARY, FAIL_HEALTH=1) as hello:
            received = exchange(hello.port, b"GET /health HTTP/1.0\r\n\r\n")
            self.assertTrue(received.startswith(b"HTTP/1.1 503 "), received)

    def test_sigterm_finishes_what_is_in_flight_and_closes_idle_connections(self):
        with running(BINARY, SLOW_MS=700) as hello:
            idle = socket.create_connection(("127.0.0.1", hello.port), timeout=10)
            busy = http.client.HTTPConnection("127.0.0.1", hello.port, timeout=10)
            busy.request("GET", "/")
            wait_until(lambda: threads(hello) >= 4, "both connections are taken")
            self.assertEqual(hello.terminate(), 0)
            reply = busy.getresponse()
            self.assertEqual((reply.status, reply.headers["Connection"]), (200, "close"))
            self.assertEqual(idle.recv(10), b"")
            idle.close()
            busy.close()

    def test_it_crashes_when_asked_to(self):
        with running(BINARY, CRASH_AFTER_MS=200) as hello:
            self.assertEqual(hello.process.wait(10), 1)

    def test_it_ignores_sigterm_when_asked_to(self):
        with running(BINARY, IGNORE_SIGTERM=1) as hello:
            hello.process.terminate()
            wait_until(lambda: "got signal 15" in hello.output(), "the signal was seen")
            self.assertTrue(exchange(hello.port, b"GET / HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 200 "))

    def test_a_port_in_use_is_an_error(self):
        with running(BINARY) as first, running(BINARY, PORT=first.port) as second:
            self.assertEqual(second.process.wait(10), 1)
            self.assertIn("cannot listen", second.output())

    def test_two_hundred_connections_at_once(self):
        with running(BINARY, SLOW_MS=100) as hello:
            received = [b""] * 200
            def ask(index):
                received[index] = exchange(hello.port, b"GET / HTTP/1.0\r\n\r\n")
            asking = [threading.Thread(target=ask, args=(index,)) for index in range(200)]
            for thread in asking:
                thread.start()
            for thread in asking:
                thread.join()
            self.assertEqual([r for r in received if not r.startswith(b"HTTP/1.1 200 ")], [])


def threads(program):
    """The main thread, the one that waits for signals, and one for each connection."""
    status = open(f"/proc/{program.process.pid}/status").read()
    return int(status.split("Threads:")[1].split()[0])


if __name__ == "__main__":
    unittest.main()
