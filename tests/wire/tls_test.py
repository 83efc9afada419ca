#!/usr/bin/env python3
"""TLS in the data plane, with certificates made here: names, versions, resumption, clients' certificates, backends, and
what must be refused. usage: tls_test.py PROXY"""

import asyncio
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
import unittest

from data_plane_test import EVENTS, PATIENCE, Control, Proxy, Server, free_port  # takes PROXY from the arguments

BODY = b"0123456789abcdef" * (256 * 1024)  # 4 MiB


class Authority:
    """Makes certificates in a folder."""

    def __init__(self, folder, name):
        self.folder, self.name = folder, name
        self.path = self.file("ca.pem")
        self.openssl("req", "-x509", *self.new_key("ca"), "-out", self.path, "-subj", f"/CN={name}", "-days", "2")

    def file(self, name):
        return os.path.join(self.folder, f"{self.name}-{name}")

    def new_key(self, name):
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.file(name + ".key")]

    @staticmethod
    def openssl(*args):
        subprocess.run(["openssl", *args], check=True, capture_output=True)

    def issue(self, name, alternatives, days=2):
        """(certificate, key); a negative number of days: expired."""
        request, extensions, out = (self.file(name + end) for end in (".csr", ".ext", ".pem"))
        self.openssl("req", *self.new_key(name), "-out", request, "-subj", f"/CN={name}")
        with open(extensions, "w") as file:
            file.write(f"subjectAltName={alternatives}\n")
        self.openssl("x509", "-req", "-in", request, "-CA", self.path, "-CAkey", self.file("ca.key"), "-CAcreateserial",
                     "-out", out, "-days", str(days), "-extfile", extensions)
        return out, self.file(name + ".key")


class TlsBackend(Server):
    """An HTTP/1.1 server, over TLS where it has a certificate: answers the request's head, or BODY at /big, or the
    length of what was posted."""

    def __init__(self, certificate=None):
        context = None
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
        self.healthy = True
        self.listen(ssl=context)

    async def talk(self, reader, writer):
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            lines = head.lower().split(b"\r\n")
            length = [int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:")]
            body = await reader.readexactly(length[0]) if length else b""
            answer = BODY if b" /big" in lines[0] else str(len(body)).encode() if body else head
            status = b"200 OK" if self.healthy else b"500 No"
            writer.write(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n" % (status, len(answer)) + answer)
            await writer.drain()


def files(*certificates):
    return [{"certificate": certificate, "key": key} for certificate, key in certificates]


def table(version, port, backend_port, certificates=None, listener_tls=None, **pool):
    entry = {"id": "p", "health": {"protocol": "none"}, **pool}
    entry["backends"] = [{"id": "b", "address": "127.0.0.1", "port": backend_port, "state": "serving"}]
    listener = {"id": "l", "address": "127.0.0.1", "port": port,
                "rules": [{"id": "r", "action": {"forward": [{"pool": "p", "weight": 1}]}}]}
    if certificates:
        listener.update(protocol="https", tls={"certificates": files(*certificates), **(listener_tls or {})})
    return {"version": version, "pools": [entry], "listeners": [listener]}


class TlsFixture(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.made = tempfile.TemporaryDirectory()
        cls.ours, cls.theirs = Authority(cls.made.name, "ours"), Authority(cls.made.name, "theirs")
        cls.one = cls.ours.issue("one", "DNS:one.test")
        cls.wild = cls.ours.issue("wild", "DNS:*.wild.test,DNS:exact.wild.test")
        cls.exact = cls.ours.issue("exact", "DNS:exact.wild.test")
        cls.renewed = cls.ours.issue("renewed", "DNS:one.test")
        cls.local = cls.ours.issue("local", "IP:127.0.0.1,DNS:backend.test")
        cls.expired = cls.ours.issue("expired", "IP:127.0.0.1,DNS:one.test", days=-1)
        cls.stranger = cls.theirs.issue("stranger", "IP:127.0.0.1,DNS:one.test")

    @classmethod
    def tearDownClass(cls):
        cls.made.cleanup()

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.proxy = Proxy(self.folder.name)
        self.addCleanup(lambda: self.proxy.stop(kill=True))
        self.control = Control(self.proxy.control_path)
        self.addCleanup(self.control.socket.close)
        self.port = free_port()

    def backend(self, certificate=None):
        backend = TlsBackend(certificate)
        self.addCleanup(backend.stop)
        return backend

    def serve(self, certificates, version=1, backend=None, listener_tls=None, **pool):
        backend = backend or self.backend()
        self.control.apply(table(version, self.port, backend.port, certificates, listener_tls, **pool))
        self.control.wait(lambda f: f["listeners"] and f["listeners"][0]["listening"], "listening")
        return backend

    def curl(self, name, *options, path="/", ca=None, scheme="https"):
        return subprocess.run(
            ["curl", "-sS", "-m", str(int(PATIENCE)), "--resolve", f"{name}:{self.port}:127.0.0.1", "--cacert",
             ca or self.ours.path, *options, f"{scheme}://{name}:{self.port}{path}"], capture_output=True)

    def connect(self, name="one.test", certificate=None, session=None, context=None):
        if context is None:
            context = ssl.create_default_context(cafile=self.ours.path)
        if certificate:
            context.load_cert_chain(*certificate)
        plain = socket.create_connection(("127.0.0.1", self.port), PATIENCE)
        connection = context.wrap_socket(plain, server_hostname=name, session=session)
        self.addCleanup(connection.close)
        return connection

    @staticmethod
    def ask(connection, fields=b""):
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n" + fields + b"\r\n")
        answer = b""
        while b"\r\n\r\n" not in answer:
            piece = connection.recv(65536)
            if not piece:
                return answer
            answer += piece
        head, _, body = answer.partition(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        while len(body) < length:
            body += connection.recv(65536)
        return head + b"\r\n\r\n" + body


class TlsTest(TlsFixture):
    # The client side

    def test_both_protocols_over_both_versions_of_tls(self):
        self.serve([self.one])
        for protocol, told in (("--http1.1", "1.1"), ("--http2", "2")):
            for version in ("1.2", "1.3"):
                with self.subTest(protocol=protocol, version=version):
                    answer = self.curl("one.test", protocol, "--tlsv" + version, "--tls-max", version, "-w",
                                       "%{http_version}")
                    self.assertEqual(answer.returncode, 0, answer.stderr)
                    text = answer.stdout.decode().lower()
                    self.assertTrue(text.endswith("\r\n\r\n" + told), text)
                    self.assertIn("\r\nx-forwarded-proto: https\r\n", text)
                    self.assertIn(f"\r\nx-forwarded-port: {self.port}\r\n", text)

    def test_old_versions_are_refused(self):
        self.serve([self.one])
        self.assertEqual(self.curl("one.test", "--tlsv1.0", "--tls-max", "1.1", "--ciphers", "ALL:@SECLEVEL=0").returncode,
                         35)

    def test_the_name_chooses_the_certificate(self):
        self.serve([self.one, self.wild, self.exact])
        for name, shown in (("one.test", "one"), ("ONE.test", "one"), ("a.wild.test", "wild"), ("exact.wild.test", "wild"),
                            ("a.b.wild.test", "one"), ("wild.test", "one"), ("unknown.test", "one"), (None, "one")):
            with self.subTest(name=name):
                context = ssl.create_default_context(cafile=self.ours.path)
                context.check_hostname = False
                subject = self.connect(name, context=context).getpeercert()["subject"]
                self.assertEqual(subject, ((("commonName", shown),),))

    def test_a_client_refuses_a_wrong_name_and_an_unknown_authority(self):
        self.serve([self.one])
        self.assertEqual(self.curl("other.test").returncode, 60)
        self.assertEqual(self.curl("one.test", ca=self.theirs.path).returncode, 60)

    def test_no_common_protocol_is_refused(self):
        self.serve([self.one])
        context = ssl.create_default_context(cafile=self.ours.path)
        context.set_alpn_protocols(["imap"])
        with self.assertRaisesRegex(ssl.SSLError, "(?i)no.application.protocol"):
            self.connect(context=context)

    def test_large_bodies_pass_both_ways(self):
        self.serve([self.one])
        sent = os.path.join(self.folder.name, "body")
        with open(sent, "wb") as file:
            file.write(BODY)
        for protocol in ("--http1.1", "--http2"):
            with self.subTest(protocol=protocol):
                self.assertEqual(self.curl("one.test", protocol, path="/big").stdout, BODY)
                self.assertEqual(self.curl("one.test", protocol, "--data-binary", "@" + sent).stdout,
                                 str(len(BODY)).encode())

    def test_a_slow_reader_gets_everything(self):
        self.serve([self.one])
        connection = self.connect()
        connection.sendall(b"GET /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        time.sleep(0.2)  # everything on the way fills up
        answer = b""
        while piece := connection.recv(5000):
            answer += piece
        self.assertTrue(answer.endswith(BODY))

    def test_a_session_is_resumed_also_after_a_new_table(self):
        backend = self.serve([self.one])
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.subTest(version=version):
                context = ssl.create_default_context(cafile=self.ours.path)
                context.minimum_version = context.maximum_version = version
                first = self.connect(context=context)
                self.assertIn(b"200 OK", self.ask(first))
                self.assertFalse(first.session_reused)
                other = self.one if version == ssl.TLSVersion.TLSv1_3 else self.renewed
                self.serve([other], version=2 + (other == self.one), backend=backend)
                again = self.connect(context=context, session=first.session)
                self.assertTrue(again.session_reused)
                self.assertIn(b"200 OK", self.ask(again))

    def test_no_session_is_resumed_where_clients_are_asked_for_more(self):
        backend = self.serve([self.one])
        context = ssl.create_default_context(cafile=self.ours.path)
        context.load_cert_chain(*self.local)
        first = self.connect(context=context)
        self.assertIn(b"200 OK", self.ask(first))
        self.serve([self.one], version=2, backend=backend,
                   listener_tls={"client_certificates": "require", "client_ca": self.ours.path})
        again = self.connect(context=context, session=first.session)
        self.assertIn(b"200 OK", self.ask(again))
        self.assertFalse(again.session_reused)

    def test_certificates_change_while_connections_live(self):
        backend = self.serve([self.one])
        live = self.connect()
        self.assertIn(b"200 OK", self.ask(live))
        handshaking = socket.create_connection(("127.0.0.1", self.port), PATIENCE)
        self.addCleanup(handshaking.close)
        serial = live.getpeercert()["serialNumber"]
        self.serve([self.renewed], version=2, backend=backend)
        self.assertIn(b"200 OK", self.ask(live))
        self.assertNotEqual(self.connect().getpeercert()["serialNumber"], serial)
        context = ssl.create_default_context(cafile=self.ours.path)
        with context.wrap_socket(handshaking, server_hostname="one.test") as late:
            self.assertIn(b"200 OK", self.ask(late))

    def test_a_file_that_changes_is_read_with_the_next_table(self):
        copy = [os.path.join(self.folder.name, name) for name in ("chain", "key")]
        for source, target in zip(self.one, copy):
            shutil.copy(source, target)
        backend = self.serve([copy])
        serial = self.connect().getpeercert()["serialNumber"]
        for source, target in zip(self.renewed, copy):
            shutil.copy(source, target)
        self.serve([copy], version=2, backend=backend)
        self.assertNotEqual(self.connect().getpeercert()["serialNumber"], serial)

    def test_files_that_cannot_be_used_are_told_and_the_old_ones_stay(self):
        backend = self.serve([self.one])
        for version, bad, said in ((2, ("/nonexistent.pem", self.one[1]), "cannot read /nonexistent.pem"),
                                   (3, (self.one[1], self.one[1]), "the certificate cannot be used"),
                                   (4, (self.one[0], self.wild[1]), "the private key cannot be used")):
            with self.subTest(said=said):
                self.control.apply(table(version, self.port, backend.port, [bad]))
                self.control.wait(lambda f: said in f["listeners"][0].get("error", ""), said)
                self.assertIn(b"200 OK", self.ask(self.connect()))

    def test_a_listener_with_no_usable_certificate_does_not_listen(self):
        backend = self.backend()
        self.control.apply(table(1, self.port, backend.port, [("/nonexistent.pem", "/nonexistent.key")]))
        status = self.control.wait(lambda f: f["listeners"], "listener")["listeners"][0]
        self.assertFalse(status["listening"])
        with self.assertRaises(OSError):
            socket.create_connection(("127.0.0.1", self.port)).close()

    def test_a_listener_changes_to_tls_and_back(self):
        backend = self.backend()
        self.serve(None, backend=backend)
        self.assertIn(b"x-forwarded-proto: http\r\n", self.curl("one.test", scheme="http").stdout.lower())
        self.serve([self.one], version=2, backend=backend)
        self.assertIn(b"x-forwarded-proto: https\r\n", self.curl("one.test").stdout.lower())
        self.serve(None, version=3, backend=backend)
        self.assertIn(b"x-forwarded-proto: http\r\n", self.curl("one.test", scheme="http").stdout.lower())

    def test_what_is_no_handshake_is_refused_and_nothing_else_is_hurt(self):
        self.serve([self.one])
        hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
        for garbage in (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x00" * 64, hello + b"\xff" * 600,
                        b"\x16\x03\x01\xff\xff" + b"a" * 70000, os.urandom(5000)):
            with self.subTest(garbage=garbage[:12]):
                with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as client:
                    try:
                        client.sendall(garbage)
                        while client.recv(4096):
                            pass
                    except ConnectionError:
                        pass
        self.assertIn(b"200 OK", self.ask(self.connect()))
        self.assertIsNone(self.proxy.process.poll())

    def test_garbage_within_a_session_ends_it(self):
        self.serve([self.one])
        connection = self.connect()
        self.assertIn(b"200 OK", self.ask(connection))
        raw = socket.socket(fileno=os.dup(connection.fileno()))
        with raw:
            raw.settimeout(PATIENCE)
            raw.sendall(b"\x17\x03\x03\x00\x40" + b"\x00" * 64)
            try:
                while raw.recv(4096):
                    pass
            except ConnectionError:
                pass

    def test_a_slow_handshake_is_given_up(self):
        self.serve([self.one])
        started = time.monotonic()
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as silent:
            silent.sendall(b"\x16\x03\x01")
            self.assertEqual(silent.recv(1), b"")
        self.assertGreater(time.monotonic() - started, 5)

    def test_an_answer_ends_with_a_close_notify(self):
        self.serve([self.one])
        connection = self.connect()
        self.assertIn(b"200 OK", self.ask(connection, b"Connection: close\r\n"))
        connection.suppress_ragged_eofs = False
        self.assertEqual(connection.recv(1), b"")

    def test_independent_clients_agree(self):
        self.serve([self.one])
        url = f"https://127.0.0.1:{self.port}/"
        loads = [["h2load", "-n", "500", "-c", "10", "-m", "5", url], ["h2load", "--h1", "-n", "500", "-c", "10", url]]
        for command in loads:
            with self.subTest(command=command):
                if shutil.which("h2load") is None:
                    self.skipTest("h2load is not there")
                said = subprocess.run(command, capture_output=True, text=True, timeout=60).stdout
                self.assertIn("500 succeeded, 0 failed", said)

    def test_the_table_and_the_log_hold_no_key(self):
        self.serve([self.one])
        self.assertIn(b"200 OK", self.ask(self.connect()))
        for name in ("table.json", "log"):
            with open(os.path.join(self.folder.name, name)) as file:
                self.assertNotIn("PRIVATE", file.read())

    # Clients' certificates

    def test_a_required_certificate(self):
        self.serve([self.one], listener_tls={"client_certificates": "require", "client_ca": self.ours.path})
        spoof = b"X-Amzn-Mtls-Clientcert-Leaf: mine\r\nX-Amzn-Mtls-Clientcert: mine\r\n"
        seen = self.ask(self.connect(certificate=self.local), spoof).lower()
        self.assertIn(b"\r\nx-amzn-mtls-clientcert-leaf: -----begin%20certificate-----%0a", seen)
        self.assertNotIn(b"mine", seen)
        for certificate in (None, self.stranger, self.expired):
            with self.subTest(certificate=certificate):
                with self.assertRaises((ssl.SSLError, ConnectionError)):
                    answer = self.ask(self.connect(certificate=certificate))
                    raise ConnectionError if not answer else AssertionError(answer)

    def test_a_requested_certificate_is_passed_on_unverified(self):
        self.serve([self.one], listener_tls={"client_certificates": "request"})
        self.assertIn(b"\r\nx-amzn-mtls-clientcert: -----begin", self.ask(self.connect(certificate=self.stranger)).lower())
        spoof = b"X-Amzn-Mtls-Clientcert: mine\r\n"
        self.assertNotIn(b"mtls", self.ask(self.connect(), spoof).lower())

    # Backends

    def test_backends_over_tls(self):
        backend, expired = self.backend(self.local), self.backend(self.expired)
        stranger = self.backend(self.stranger)
        ours = {"verify": True, "ca": self.ours.path}
        version = 0
        for at, tls, status in ((backend, {}, b"200"), (backend, ours, b"200"), (backend, {**ours, "sni": "backend.test"}, b"200"),
                                (backend, {**ours, "sni": "other.test"}, b"502"), (backend, {"verify": True}, b"502"),
                                (backend, {"verify": True, "ca": self.theirs.path}, b"502"), (expired, ours, b"502"),
                                (expired, {}, b"200"), (stranger, ours, b"502"), (stranger, {}, b"200"),
                                (backend, {"verify": True, "ca": "/nonexistent.pem"}, b"502"), (backend, ours, b"200")):
            version += 1
            with self.subTest(version=version, tls=tls):
                self.serve([self.one], version=version, backend=at, tls=tls)
                for _ in range(3):
                    self.assertEqual(self.ask(self.connect()).split(b" ")[1], status)

    def test_large_bodies_to_and_from_backends(self):
        self.serve([self.one], backend=self.backend(self.local), tls={"verify": True, "ca": self.ours.path})
        self.assertEqual(self.curl("one.test", path="/big").stdout, BODY)
        sent = os.path.join(self.folder.name, "body")
        with open(sent, "wb") as file:
            file.write(BODY)
        self.assertEqual(self.curl("one.test", "--data-binary", "@" + sent).stdout, str(len(BODY)).encode())

    def test_a_backend_that_speaks_no_tls(self):
        async def refuse(reader, writer):
            await reader.read(1)
            writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            writer.close()

        server = EVENTS.run(asyncio.start_server(refuse, "127.0.0.1", 0))
        self.addCleanup(EVENTS.loop.call_soon_threadsafe, server.close)
        self.serve([self.one], backend=type("Plain", (), {"port": server.sockets[0].getsockname()[1]}), tls={})
        answer = self.ask(self.connect())
        self.assertIn(b"502", answer.split(b"\r\n")[0])
        self.assertIn(b"No TLS session", answer)

    def test_http2_backends_over_tls(self):
        with tempfile.TemporaryDirectory() as folder:
            behind = Proxy(folder)
            self.addCleanup(lambda: behind.stop(kill=True))
            control, port, last = Control(behind.control_path), free_port(), self.backend()
            control.apply(table(1, port, last.port, [self.local]))
            control.wait(lambda f: f["listeners"][0]["listening"], "listening")
            middle = type("Middle", (), {"port": port})
            version = 0
            for protocol in ("http2", "grpc", "http1"):
                for tls, status in (({"verify": True, "ca": self.ours.path}, b"200"), ({}, b"200"),
                                    ({"verify": True, "ca": self.theirs.path}, b"502")):
                    version += 1
                    with self.subTest(protocol=protocol, tls=tls):
                        self.serve([self.one], version=version, backend=middle, protocol=protocol, tls=tls)
                        self.assertEqual(self.ask(self.connect()).split(b" ")[1], status)
                        if status == b"200":
                            self.assertEqual(self.curl("one.test", "--http2", path="/big").stdout, BODY)
            control.close()

    def test_health_checks_over_https(self):
        backend = self.backend(self.local)
        check = {"protocol": "https", "path": "/", "interval_ms": 100, "timeout_ms": 2000, "unhealthy_threshold": 2}
        ours = {"verify": True, "ca": self.ours.path}
        health = lambda f: f["backends"] and f["backends"][0]["health"]
        self.control.apply(table(1, self.port, backend.port, [self.one], health=check, tls=ours))
        self.control.wait(lambda f: health(f) == "healthy", "healthy")
        backend.healthy = False
        self.control.wait(lambda f: health(f) == "unhealthy", "unhealthy")
        self.assertIn("[500]", self.control.backend("p", "b")["description"])
        backend.healthy = True
        self.control.wait(lambda f: health(f) == "healthy", "healthy again")
        theirs = {"verify": True, "ca": self.theirs.path}
        self.control.apply(table(2, self.port, backend.port, [self.one], health=check, tls=theirs))
        self.control.wait(lambda f: health(f) == "unhealthy", "not trusted")
        self.assertIn("certificate verify failed", self.control.backend("p", "b")["description"])
        self.control.apply(table(3, self.port, backend.port, [self.one], health=check))
        self.control.wait(lambda f: health(f) == "healthy", "unverified")


if __name__ == "__main__":
    unittest.main()
