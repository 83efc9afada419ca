"""The echo programs, run by hand and asked with curl: python3 echo_test.py IMAGES"""

import pathlib
import re
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from running import free_port, running, wait_until

IMAGES = pathlib.Path(sys.argv.pop(1))
CLIENT = IMAGES / "echo_client/echo_client"


def server(version):
    return IMAGES / f"echo_server-{version}/echo_server"


def curl(*arguments):
    return subprocess.run(["curl", "-sS", "--noproxy", "*", "-m", "20", *arguments], check=True, capture_output=True,
                          text=True).stdout


def grpc(port, method, message):
    """One call of one message; the reply's headers, body and trailers as they came."""
    return subprocess.run(
        ["curl", "-sS", "-i", "-m", "20", "--noproxy", "*", "--http2-prior-knowledge", "--data-binary", "@-",
         "-H", "content-type: application/grpc", "-H", "te: trailers", f"http://127.0.0.1:{port}/{method}"],
        input=b"\0" + len(message).to_bytes(4, "big") + message, check=True, capture_output=True).stdout


class Echo(unittest.TestCase):
    def test_each_version_says_its_version(self):
        for version in ("0.9", "1.0"):
            with self.subTest(version), running(server(version)) as backend, \
                    running(CLIENT, ECHO_HOST=f"127.0.0.1:{backend.port}") as client:
                text = curl(f"http://127.0.0.1:{client.port}/?name=Yusuke")
                self.assertRegex(text, r"^Response from the server: Hello, Yusuke-san! "
                                       r"\(Said \d+\.\d+\.\d+\.\d+, Version " + re.escape(version) + r"\)$")
                self.assertIn(f"Echo Server Version {version}\n", backend.output())
                self.assertIn(f"Starting on port: {backend.port}, ssl: false\n", backend.output())
                self.assertIn("Message received: Hello, Yusuke-san!", client.output())

    def test_the_name_comes_from_query_or_form_on_any_path(self):
        rows = [
            (["/?name=A+B%21"], "Hello, A B!-san!"),
            (["/any/path?x=1&name=C"], "Hello, C-san!"),
            (["/", "-d", "name=D"], "Hello, D-san!"),
            (["/?name=query", "-d", "name=form"], "Hello, form-san!"),
            (["/ping"], "Hello, -san!"),
        ]
        with running(server("1.0")) as backend, running(CLIENT, ECHO_HOST=f"127.0.0.1:{backend.port}") as client:
            for (target, *arguments), greeting in rows:
                with self.subTest(target):
                    self.assertIn(greeting, curl(f"http://127.0.0.1:{client.port}{target}", *arguments))

    def test_a_failed_call_still_answers_200(self):
        with running(CLIENT, ECHO_HOST=f"127.0.0.1:{free_port()}") as client:
            text = curl("-w", " %{http_code} %{content_type}", f"http://127.0.0.1:{client.port}/?name=A")
            self.assertEqual(text, "Response from the server: (Error) 200 text/plain; charset=utf-8")
            self.assertIn("Doh! Something went rong:", client.output())

    def test_the_client_finds_its_server_again(self):
        with running(CLIENT, ECHO_HOST=f"127.0.0.1:{free_port()}") as client:
            port = client.output().split("127.0.0.1:")[1].split()[0]
            curl(f"http://127.0.0.1:{client.port}/")
            with running(server("0.9"), PORT=port):
                wait_until(lambda: "Version 0.9" in curl(f"http://127.0.0.1:{client.port}/"), "an answer")

    def test_both_end_with_0_on_sigterm(self):
        with running(server("1.0")) as backend, running(CLIENT, ECHO_HOST=f"127.0.0.1:{backend.port}") as client:
            curl(f"http://127.0.0.1:{client.port}/")
            self.assertEqual(client.terminate(), 0)
            self.assertEqual(backend.terminate(), 0)

    def test_health_reflection_and_streams(self):
        health = "grpc.health.v1.Health"
        reflection = "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
        rows = [  # method, request message, what the reply holds
            (health + "/Check", b"\x0a\x03abc", b"\0\0\0\0\x02\x08\x01"),
            (health + "/Watch", b"", b"grpc-status: 12"),
            (reflection, b"\x3a\0", b"proto.echo.EchoService"),
            ("proto.echo.EchoStream/Talk", b"\x0a\x03abc", b"Hello, abc-san!"),
        ]
        with running(server("1.0")) as backend:
            for method, message, holds in rows:
                with self.subTest(method):
                    self.assertIn(holds, grpc(backend.port, method, message))
            self.assertIn("Received Check request: abc", backend.output())

    def test_a_port_in_use_is_an_error(self):
        with running(server("1.0")) as first:
            for program in (server("0.9"), CLIENT):
                with running(program, PORT=first.port) as second:
                    self.assertEqual(second.process.wait(20), 1)
                    self.assertIn("Cannot listen on port", second.output())


if __name__ == "__main__":
    unittest.main()
