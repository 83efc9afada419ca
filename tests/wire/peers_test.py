#!/usr/bin/env python3
"""Programs that others have written, as clients and as a backend: curl, nghttp, h2load and nghttpd. They find what a
client and a server of our own would get wrong together. usage: peers_test.py PROXY"""

import hashlib
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
import unittest

from data_plane_test import PATIENCE, Control, Proxy, free_port  # takes PROXY from the arguments
from tls_test import TlsBackend  # without a certificate: a plain HTTP/1.1 server that tells what it was sent

SMALL, LARGE = b"thirteen byte", bytes(range(256)) * 8192  # 2 MiB
MISSING = [name for name in ("curl", "nghttp", "h2load", "nghttpd") if shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin") is None]


def digest(bytes_):
    return hashlib.sha256(bytes_).hexdigest()


@unittest.skipIf(MISSING, f"not there: {MISSING}")
class PeersTest(unittest.TestCase):
    """One proxy with a listener for each backend: HTTP/1.1 (ours), HTTP/2 (nghttpd)."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        for name, content in (("small", SMALL), ("large", LARGE)):
            with open(cls.path(name), "wb") as file:
                file.write(content)
        cls.behind = TlsBackend()
        cls.addClassCleanup(cls.behind.stop)
        cls.nghttpd_port = free_port()
        nghttpd = shutil.which("nghttpd", path=os.environ["PATH"] + ":/usr/sbin")
        cls.nghttpd = subprocess.Popen(
            [nghttpd, "--no-tls", "-a", "127.0.0.1", "-d", cls.folder.name, "--echo-upload", "--trailer", "x-check: whole",
             str(cls.nghttpd_port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        cls.addClassCleanup(cls.nghttpd.wait)
        cls.addClassCleanup(cls.nghttpd.kill)
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", cls.nghttpd_port), 1).close()
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
        cls.proxy = Proxy(cls.folder.name, workers=2)
        cls.addClassCleanup(lambda: cls.proxy.stop(kill=True))
        cls.ports = {"http1": free_port(), "http2": free_port()}
        cls.control = Control(cls.proxy.control_path)
        cls.addClassCleanup(cls.control.socket.close)
        places = {"http1": cls.behind.port, "http2": cls.nghttpd_port}
        cls.control.apply({
            "version": 1,
            "pools": [{"id": p, "protocol": p, "health": {"protocol": "none"},
                       "backends": [{"id": "b", "address": "127.0.0.1", "port": port, "state": "serving"}]}
                      for p, port in places.items()],
            "listeners": [{"id": p, "address": "127.0.0.1", "port": port,
                           "rules": [{"id": "r", "action": {"forward": [{"pool": p}]}}]}
                          for p, port in cls.ports.items()]})
        cls.control.wait(lambda f: all(each["listening"] for each in f["listeners"]), "listening")

    @classmethod
    def path(cls, name):
        return os.path.join(cls.folder.name, name)

    def run_program(self, *command, **options):
        done = subprocess.run(command, capture_output=True, timeout=60, **options)
        self.assertEqual(done.returncode, 0, (command, done.stderr[-1000:], done.stdout[-1000:]))
        return done.stdout

    def url(self, backend, path="/small"):
        return f"http://127.0.0.1:{self.ports[backend]}{path}"

    VERSIONS = ("--http1.0", "--http1.1", "--http2", "--http2-prior-knowledge")

    def curl(self, *options, **more):
        return self.run_program("curl", "-sS", "-m", "30", *options, **more)

    def each(self, versions=VERSIONS):
        return [(version, backend) for version in versions for backend in self.ports]

    def test_curl_reads_whole_answers(self):
        for version, backend in self.each():
            with self.subTest(client=version, backend=backend):
                path = {"http1": "/big", "http2": "/large"}[backend]
                got = self.curl(version, self.url(backend, path))
                if backend == "http2":
                    self.assertEqual(digest(got), digest(LARGE))
                else:
                    self.assertEqual(len(got), 4 << 20)

    def test_curl_writes_whole_bodies(self):
        """More than 1 MiB: over HTTP/1.1 curl waits for 100 (Continue)."""
        for version, backend in self.each():
            with self.subTest(client=version, backend=backend):
                got = self.curl(version, "--data-binary", "@" + self.path("large"), self.url(backend))
                self.assertEqual(got if backend == "http1" else digest(got),
                                 str(len(LARGE)).encode() if backend == "http1" else digest(LARGE))

    def test_curl_writes_bodies_of_unknown_length(self):
        for version, backend in self.each(("--http1.1", "--http2-prior-knowledge")):
            with self.subTest(client=version, backend=backend):
                if backend == "http1":
                    continue  # that server knows no chunks
                got = self.curl(version, "-T", "-", self.url(backend), input=LARGE)
                self.assertEqual(digest(got), digest(LARGE))

    def test_curl_asks_for_heads_only(self):
        for version, backend in self.each():
            with self.subTest(client=version, backend=backend):
                head = self.curl(version, "-I", self.url(backend)).decode().lower()
                self.assertRegex(head, r"^http/\S+ 200")
                if backend == "http2":
                    self.assertIn(f"content-length: {len(SMALL)}\r\n", head)

    # curl 7.88 cannot use a cleartext HTTP/2 connection twice, whoever the server is.
    def test_curl_keeps_its_connection(self):
        for backend in self.ports:
            urls = [part for _ in range(10) for part in ("-o", os.devnull, self.url(backend))]
            said = self.curl("--http1.1", *urls, "-w", "%{num_connects} %{http_code}\n").decode().split("\n")
            self.assertEqual(said[:10], ["1 200"] + ["0 200"] * 9)

    def test_curl_asks_for_many_things_at_once(self):
        for backend in self.ports:
            urls = [part for _ in range(30) for part in ("-o", os.devnull, self.url(backend))]
            said = self.curl("--http1.1", "-Z", "--parallel-max", "30", *urls, "-w", "%{http_code}\n").split()
            self.assertEqual(said, [b"200"] * 30)

    def test_curl_through_a_proxy_says_absolute_targets(self):
        for backend in self.ports:
            with self.subTest(backend):
                port = self.ports[backend]
                got = self.curl("-x", f"http://127.0.0.1:{port}", "http://elsewhere.test/small")
                if backend == "http1":
                    self.assertIn(b"GET /small HTTP/1.1\r\n", got)
                    self.assertIn(b"Host: elsewhere.test\r\n", got)
                else:
                    self.assertEqual(got, SMALL)

    def test_curl_asks_of_the_whole_server(self):
        got = self.curl("-X", "OPTIONS", "--request-target", "*", self.url("http1"))
        self.assertTrue(got.startswith(b"OPTIONS * HTTP/1.1\r\n"), got)

    def nghttp(self, backend, *options, path="/small", count=1):
        """What it says of the answers."""
        text = self.run_program("nghttp", "-v", "-t", "30s", *options, *[self.url(backend, path)] * count).decode(
            errors="replace")
        return re.sub(r"\x1b\[[0-9;]*m", "", text)

    def test_nghttp_is_answered_whatever_it_does(self):
        rows = {
            "as it comes": (),
            "many requests": ("-m", "20"),
            "more than it may open at once": ("-m", "600"),
            "CONTINUATION": ("--continuation",),
            "padding": ("--padding=255",),
            "small windows": ("-w", "8", "-W", "8"),
            "large windows": ("-w", "30", "-W", "30"),
            "no table": ("--header-table-size=0", "--encoder-header-table-size=0"),
            "two sizes of the table": ("--header-table-size=0", "--header-table-size=65536"),
            "no dependencies": ("--no-dep",),
            "one stream at a time": ("--max-concurrent-streams=1",),
            "a weight": ("-p", "256"),
            "fields of its own": ("-H", "x-own: " + "v" * 3000, "-H", "te: trailers"),
        }
        for backend in self.ports:
            for name, options in rows.items():
                with self.subTest(name, backend=backend):
                    said = self.nghttp(backend, "-n", *options)
                    count = int(options[1]) if options[:1] == ("-m",) else 1
                    self.assertEqual(said.count(":status: 200"), count)
                    self.assertNotIn("RST_STREAM", said)
                    self.assertNotIn("recv GOAWAY", said)
                    if backend == "http2":
                        self.assertEqual(said.count("x-check: whole"), count)

    def test_nghttp_sends_bodies_and_trailers(self):
        for backend in self.ports:
            for options in ((), ("--expect-continue",), ("--no-content-length", "--trailer", "x-end: 1"), ("--padding=100",)):
                if backend == "http1" and "--no-content-length" in options:
                    continue  # that server knows no chunks
                with self.subTest(backend=backend, options=options):
                    said = self.nghttp(backend, "-n", "-d", self.path("large"), *options)
                    self.assertEqual(said.count(":status: 200"), 1, said[-2000:])
                    if "--expect-continue" in options:
                        self.assertEqual(said.count(":status: 100"), 1)
                    if backend == "http2":
                        sizes = re.findall(r"recv DATA frame <length=(\d+)", said)
                        self.assertEqual(sum(map(int, sizes)), len(LARGE))
                        self.assertIn("x-check: whole", said)

    def test_h2load_has_every_request_answered(self):
        for backend in self.ports:
            for options in (("-c10", "-m20"), ("-c1", "-m100"), ("-c5", "-m10", "-w10", "-W12"), ("--h1", "-c10"),
                            ("-c4", "-m4", "-d", self.path("small"))):
                with self.subTest(backend=backend, options=options):
                    said = self.run_program("h2load", "-n1000", *options, self.url(backend)).decode()
                    self.assertIn("1000 done, 1000 succeeded, 0 failed, 0 errored, 0 timeout", said)
                    self.assertIn("status codes: 1000 2xx", said)


if __name__ == "__main__":
    unittest.main()
