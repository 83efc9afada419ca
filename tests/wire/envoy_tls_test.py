#!/usr/bin/env python3
"""TLS of a listener as a mesh's Envoy does it: permissive ones take both, clients' certificates are for certain names, and
files are read again as they change. usage: envoy_tls_test.py PROXY"""

import os
import shutil
import socket
import ssl
import time
import unittest

import tls_test
from data_plane_test import PATIENCE


class EnvoyTlsTest(tls_test.TlsFixture):
    def serve_as_envoy(self, certificates=None, **more):
        return self.serve(certificates or [self.one], listener_tls={"as_envoy": True, **more})

    def plain(self):
        connection = socket.create_connection(("127.0.0.1", self.port), PATIENCE)
        self.addCleanup(connection.close)
        return connection

    def refuses(self, certificate):
        """In TLS 1.3 a client learns of it with its first read."""
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            answer = self.ask(self.connect(certificate=certificate))
            raise ConnectionError if not answer else AssertionError(answer)

    # --- the first byte decides -----------------------------------------------------------------------------------------
    def test_a_permissive_listener_takes_both_and_tells_them_apart(self):
        self.serve_as_envoy(permissive=True)
        for _ in range(3):
            self.assertIn(b"\r\nx-forwarded-proto: https\r\n", self.ask(self.connect()).lower())
            self.assertIn(b"\r\nx-forwarded-proto: http\r\n", self.ask(self.plain()).lower())
        for options in (["--http1.1"], ["--http2-prior-knowledge"]):
            answer = self.curl("one.test", *options, "-w", "%{http_version}", scheme="http").stdout.decode().lower()
            self.assertIn("\r\nx-forwarded-proto: http\r\n", answer)
        self.assertTrue(answer.endswith("\r\n\r\n2"), answer)
        self.assertTrue(self.curl("one.test", "--http2", "-w", "%{http_version}").stdout.endswith(b"\r\n\r\n2"))

    def test_bytes_that_come_one_by_one_are_one_request(self):
        self.serve_as_envoy(permissive=True)
        client = self.plain()
        for byte in b"GET / HTTP/1.1\r\n":
            client.sendall(bytes([byte]))
            time.sleep(0.002)
        self.assertIn(b"200 OK", client.sendall(b"Host: a\r\n\r\n") or client.recv(65536))

    def test_a_strict_one_takes_no_cleartext(self):
        backend = self.serve_as_envoy(permissive=True)
        waiting = self.plain()  # it has said nothing yet
        self.serve([self.one], version=2, backend=backend, listener_tls={"as_envoy": True})
        for client in (waiting, self.plain()):
            client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            try:
                self.assertNotIn(b"HTTP/1.1 200", client.recv(65536))
            except ConnectionError:
                pass
        self.assertIn(b"200 OK", self.ask(self.connect()))

    def test_who_says_nothing_is_let_go(self):
        self.serve_as_envoy(permissive=True)
        silent = self.plain()
        silent.settimeout(30)
        started = time.monotonic()
        self.assertEqual(silent.recv(1), b"")
        self.assertGreater(time.monotonic() - started, 10)

    # --- which protocol ---------------------------------------------------------------------------------------------
    def test_the_older_protocol_can_go_first(self):
        self.serve_as_envoy(http1_first=True)
        for offered, chosen in ((["h2", "http/1.1"], "http/1.1"), (["h2"], "h2"), (["http/1.1"], "http/1.1")):
            context = ssl.create_default_context(cafile=self.ours.path)
            context.set_alpn_protocols(offered)
            self.assertEqual(self.connect(context=context).selected_alpn_protocol(), chosen)

    # --- clients' certificates --------------------------------------------------------------------------------------
    def test_clients_certificates_have_to_be_for_a_name_and_nobody_hears_of_them(self):
        backend = self.serve_as_envoy(client_certificates="require", client_ca=self.ours.path,
                                      client_names=["spiffe://x", "backend.test"])
        seen = self.ask(self.connect(certificate=self.local), b"X-Amzn-Mtls-Clientcert: mine\r\n").lower()
        self.assertIn(b"200 ok", seen)
        self.assertIn(b"x-amzn-mtls-clientcert: mine", seen, "what no Envoy knows passes")
        self.assertNotIn(b"begin%20certificate", seen)
        for certificate in (None, self.one, self.stranger, self.expired):
            with self.subTest(certificate=certificate):
                self.refuses(certificate)
        # A session that began so is none where others are asked for.
        context = ssl.create_default_context(cafile=self.ours.path)
        context.load_cert_chain(*self.local)
        first = self.connect(context=context)
        self.assertIn(b"200 OK", self.ask(first))
        self.serve([self.one], version=2, backend=backend, listener_tls={
            "as_envoy": True, "client_certificates": "require", "client_ca": self.ours.path, "client_names": ["one.test"]})
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            answer = self.ask(self.connect(context=context, session=first.session))
            raise ConnectionError if not answer else AssertionError(answer)
        self.assertIn(b"200 OK", self.ask(self.connect(certificate=self.one)))

    def test_who_need_not_show_one_has_to_show_a_good_one(self):
        self.serve_as_envoy(client_certificates="verify", client_ca=self.ours.path, client_names=["backend.test"])
        for certificate in (None, self.local):
            self.assertIn(b"200 OK", self.ask(self.connect(certificate=certificate)))
        for certificate in (self.one, self.stranger):
            self.refuses(certificate)

    def test_what_is_trusted_is_so_by_itself(self):
        """A certificate in the file, without the one that signed it."""
        self.serve_as_envoy(client_certificates="require", client_ca=self.local[0])
        self.assertIn(b"200 OK", self.ask(self.connect(certificate=self.local)))
        self.refuses(self.one)

    # --- files ------------------------------------------------------------------------------------------------------
    def test_files_are_read_again_as_they_change_without_a_new_table(self):
        chain, key, trust = (os.path.join(self.folder.name, name) for name in ("chain", "key", "trust"))

        def put(certificate, authority):
            for source, target in ((certificate[0], chain), (certificate[1], key), (authority.path, trust)):
                shutil.copy(source, target + ".new")
                os.rename(target + ".new", target)

        def serial(**more):
            connection = self.connect(**more)
            self.assertIn(b"200 OK", self.ask(connection))
            return connection.getpeercert()["serialNumber"]
        put(self.one, self.theirs)
        self.serve_as_envoy([(chain, key)], client_certificates="require", client_ca=trust)
        first = serial(certificate=self.stranger)
        put(self.renewed, self.ours)

        def follows():
            try:
                return serial(certificate=self.local) != first
            except (ssl.SSLError, ConnectionError, IndexError):
                return False
        deadline = time.monotonic() + PATIENCE
        while not follows():
            self.assertLess(time.monotonic(), deadline, "the files that are there now are in use")
            time.sleep(0.05)
        self.refuses(self.stranger)
        # What cannot be used is told, and what was good stays.
        with open(key, "w") as file:
            file.write("no key\n")
        self.control.wait(lambda f: "the private key cannot be used" in f["listeners"][0].get("error", ""), "told")
        self.assertNotEqual(serial(certificate=self.local), first)


if __name__ == "__main__":
    unittest.main()
