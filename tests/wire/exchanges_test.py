#!/usr/bin/env python3
"""What happens to one exchange, where golden data cannot show it: retries of backends that fail a number of times,
their budget, timeouts, bodies that are too large, stickiness over many requests. usage: exchanges_test.py PROXY"""

import asyncio
import re
import socket
import tempfile
import threading
import time
import unittest

from data_plane_test import EVENTS, PATIENCE, Control, Proxy, Server, free_port  # takes PROXY from the arguments
from raw_h2 import DATA, Peer, frame


class Backend(Server):
    """Answers what `script` says: each request takes the next of its pieces, the last one stays. A piece: a status, a
    whole answer (bytes), "silent" (never answers), "cut" (closes without an answer), "hold" (answers once release()d)."""

    def __init__(self, name, script=(200,)):
        self.name, self.script, self.seen, self.connections = name, list(script), [], 0
        self.released = None
        EVENTS.run(self.prepare())
        self.listen()

    async def prepare(self):
        self.released = asyncio.Event()

    async def talk(self, reader, writer):
        self.connections += 1
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head.lower())
            body = await reader.readexactly(int(length[1])) if length else b""
            self.seen.append(head + body)
            piece = self.script.pop(0) if len(self.script) > 1 else self.script[0]
            if piece == "cut":
                return
            if piece == "silent":
                await asyncio.sleep(3600)
            if piece == "hold":
                await self.released.wait()
                piece = 200
            if isinstance(piece, int):
                text = self.name.encode()
                piece = b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s" % (piece, len(text), text)
            writer.write(piece)
            await writer.drain()

    def release(self):
        EVENTS.loop.call_soon_threadsafe(self.released.set)


class TooEarly(Backend):
    """Begins to answer before it has read the request."""

    async def talk(self, reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 X\r\nContent-Length: 5\r\n\r\nwh")
        while await reader.read(65536):
            pass


class Client:
    """One kept connection over HTTP/1.1."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.file = self.socket.makefile("rb")

    def send(self, head, body=b""):
        self.socket.sendall(head.replace(b"\n", b"\r\n") + b"\r\n" + body)

    def receive(self):
        """(status, fields as a list of (name, value), body)"""
        line = self.file.readline()
        if not line:
            return None
        fields, length = [], 0
        while (field := self.file.readline().rstrip(b"\r\n")):
            name, value = field.decode().split(": ", 1)
            fields.append((name.lower(), value))
            if name.lower() == "content-length":
                length = int(value)
        return int(line.split()[1]), fields, self.file.read(length)

    def ask(self, head=b"GET / HTTP/1.1\nHost: a\n", body=b""):
        self.send(head, body)
        return self.receive()

    def close(self):
        self.file.close()
        self.socket.close()


def values(fields, name):
    return [value for each, value in fields if each == name]


class ExchangesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.proxy = Proxy(cls.folder.name, workers=1)
        cls.control = Control(cls.proxy.control_path)
        cls.port, cls.version = free_port(), 0

    @classmethod
    def tearDownClass(cls):
        cls.control.close()
        cls.proxy.stop(kill=True)
        cls.folder.cleanup()

    def backend(self, name, *script, kind=Backend):
        backend = kind(name, script or (200,))
        self.addCleanup(backend.stop)
        return backend

    def client(self):
        client = Client(self.port)
        self.addCleanup(client.close)
        return client

    def apply(self, pools, forward=None, listener=None):
        """`pools`: {id: ([(backend, state)], members)}; `forward`: members of the action."""
        type(self).version += 1
        entries = []
        for name, (backends, members) in pools.items():
            entry = {"id": name, "health": {"protocol": "none"}}
            entry.update(members)
            entry["backends"] = [{"id": b.name, "address": "127.0.0.1", "port": b.port, "state": state}
                                 for b, state in backends]
            entries.append(entry)
        action = {"pools": [{"pool": name} for name in pools]}
        action.update(forward or {})
        listening = {"id": "l", "address": "127.0.0.1", "port": self.port,
                     "rules": [{"id": "r", "action": {"forward": action}}]}
        listening.update(listener or {})
        self.control.apply({"version": self.version, "pools": entries, "listeners": [listening]})

    def one(self, *backends, members=None, **more):
        self.apply({"p": ([(b, "serving") for b in backends], members or {})}, **more)

    # Retries

    def test_a_backend_that_fails_twice_answers_the_third_time(self):
        flaky = self.backend("flaky", 503, 500, 200)
        self.one(flaky, forward={"retry": {"on": ["server_error"], "retries": 2}})
        status, _, body = self.client().ask(b"POST / HTTP/1.1\nHost: a\nContent-Length: 5\n", b"hello")
        self.assertEqual((status, body), (200, b"flaky"))
        self.assertEqual(len(flaky.seen), 3)
        self.assertEqual({seen[-5:] for seen in flaky.seen}, {b"hello"})
        self.assertEqual(flaky.connections, 1)  # the answers that were not wanted were read, not cut off

    def test_no_more_retries_than_the_policy_has(self):
        bad = self.backend("bad", 503)
        self.one(bad, forward={"retry": {"on": ["gateway_error"], "retries": 3}})
        self.assertEqual(self.client().ask()[0], 503)
        self.assertEqual(len(bad.seen), 4)

    def test_a_long_answer_that_is_not_wanted_is_cut_off(self):
        long = b"HTTP/1.1 503 X\r\nContent-Length: 200000\r\n\r\n" + b"x" * 200000
        bad = self.backend("bad", long, 200)
        self.one(bad, forward={"retry": {"on": ["server_error"], "retries": 1}})
        self.assertEqual(self.client().ask()[0], 200)
        self.assertEqual(bad.connections, 2)

    def test_a_backend_not_tried_yet_comes_first(self):
        bad, good = self.backend("bad", 503), self.backend("good")
        self.one(bad, good, forward={"retry": {"on": ["server_error"], "retries": 3}})
        client = self.client()
        for _ in range(10):
            self.assertEqual(client.ask()[::2], (200, b"good"))
        self.assertEqual(len(good.seen), 10)

    def test_what_the_policy_does_not_name_is_passed_on(self):
        bad = self.backend("bad", 500)
        self.one(bad, forward={"retry": {"on": ["gateway_error", "client_error"], "retries": 3}})
        self.assertEqual(self.client().ask()[0], 500)
        self.assertEqual(len(bad.seen), 1)

    def test_a_reset_is_tried_again_on_the_only_backend_if_the_policy_says_so(self):
        request = b"POST / HTTP/1.1\nHost: a\nContent-Length: 2\n"
        cut = self.backend("cut", "cut", "cut", 200)
        self.one(cut, forward={"retry": {"on": ["reset"], "retries": 2}})
        self.assertEqual(self.client().ask(request, b"hi")[0], 200)
        again = self.backend("again", "cut", 200)
        self.one(again)
        self.assertEqual(self.client().ask(request, b"hi")[0], 502)

    def test_a_refused_connection_is_tried_again_on_the_only_backend_if_the_policy_says_so(self):
        gone = self.backend("gone")
        gone.stop()
        self.one(gone, forward={"retry": {"on": ["connection_failure"], "retries": 10}})
        answers = []
        asking = threading.Thread(target=lambda: answers.append(self.client().ask()[0]))
        started = time.monotonic()
        asking.start()
        asking.join(PATIENCE)
        self.assertEqual(answers, [502])
        self.assertGreater(time.monotonic() - started, 0.02)  # ten back-offs

    def test_a_body_too_large_to_be_kept_is_not_tried_again(self):
        bad = self.backend("bad", 503, 200)
        self.one(bad, forward={"retry": {"on": ["server_error"], "retries": 3}})
        answer = self.client().ask(b"POST / HTTP/1.1\nHost: a\nContent-Length: 500000\n", b"x" * 500000)
        self.assertEqual((answer[0], len(bad.seen)), (503, 1))
        self.assertEqual(self.client().ask(b"POST / HTTP/1.1\nHost: a\nContent-Length: 60000\n", b"x" * 60000)[0], 200)

    def test_retries_have_a_budget_of_the_pool(self):
        held = self.backend("held", 503, "hold", 503, "hold", 503, "hold", 503)
        self.one(held, members={"retry_budget_percent": 0}, forward={"retry": {"on": ["server_error"], "retries": 1}})
        # Three retries hold the whole budget, whose requests wait at the backend; the fourth 503 is passed on.
        waiting = []
        for i in range(3):
            client = self.client()
            client.send(b"GET / HTTP/1.1\nHost: a\n")
            self.until(lambda: len(held.seen) == 2 * i + 2, "a retry is held")
            waiting.append(client)
        self.assertEqual(self.client().ask()[0], 503)
        self.assertEqual(len(held.seen), 7)
        held.release()
        self.assertEqual([client.receive()[0] for client in waiting], [200, 200, 200])
        held.script = [503, 200]
        self.assertEqual(self.client().ask()[0], 200)  # the budget is given back

    def test_a_try_has_its_own_time(self):
        slow = self.backend("slow", "silent", "silent", 200)
        self.one(slow, forward={"retry": {"on": ["per_try_timeout"], "retries": 2, "per_try_timeout_ms": 100}})
        self.assertEqual(self.client().ask()[0], 200)
        self.assertEqual(len(slow.seen), 3)

    def test_a_try_that_takes_too_long_is_answered_504_without_a_retry_for_it(self):
        slow = self.backend("slow", "silent")
        self.one(slow, forward={"retry": {"on": ["client_error"], "retries": 2, "per_try_timeout_ms": 100}})
        self.assertEqual(self.client().ask()[0], 504)
        self.assertEqual(len(slow.seen), 1)

    def test_a_client_that_goes_during_a_back_off_leaves_nothing_behind(self):
        bad = self.backend("bad", 503)
        self.one(bad, forward={"retry": {"on": ["server_error"], "retries": 10}})
        for _ in range(20):
            client = Client(self.port)
            client.send(b"GET / HTTP/1.1\nHost: a\n")
            client.close()
        good = self.backend("good")
        self.one(good)
        self.assertEqual(self.client().ask()[0], 200)
        self.control.wait(lambda f: all(b["active"] == 0 for b in f["backends"]), "nothing runs")

    # Timeouts

    def test_a_request_has_its_time_as_a_whole(self):
        slow = self.backend("slow", "silent")
        self.one(slow, forward={"timeouts": {"request_ms": 150}})
        started = time.monotonic()
        self.assertEqual(self.client().ask()[0], 504)
        self.assertGreaterEqual(time.monotonic() - started, 0.14)
        self.control.wait(lambda f: all(b["active"] == 0 for b in f["backends"]), "nothing runs")

    def test_the_time_of_a_request_ends_retries_too(self):
        bad = self.backend("bad", 503)
        self.one(bad, forward={"retry": {"on": ["server_error"], "retries": 10}, "timeouts": {"request_ms": 300}})
        self.assertIn(self.client().ask()[0], (503, 504))
        slow = self.backend("slow", 503, "silent")
        self.one(slow, forward={"retry": {"on": ["server_error"], "retries": 10}, "timeouts": {"request_ms": 400}})
        self.assertEqual(self.client().ask()[0], 504)

    def test_a_response_that_outlasts_the_time_of_its_request_is_cut(self):
        slow = self.backend("slow", b"HTTP/1.1 200 X\r\nContent-Length: 9\r\n\r\nabc", 200)
        self.one(slow, forward={"timeouts": {"request_ms": 200}})
        client = self.client()
        status, _, body = client.ask()
        self.assertEqual((status, body), (200, b"abc"))  # shorter than its length
        self.assertIsNone(client.receive())

    def test_a_forward_has_its_own_patience(self):
        slow = self.backend("slow", "silent")
        self.one(slow, forward={"timeouts": {"idle_ms": 150}})
        self.assertEqual(self.client().ask()[0], 504)
        patient = self.backend("patient", "hold")
        self.one(patient, forward={"timeouts": {"idle_ms": 10000}}, listener={"idle_timeout_ms": 150})
        client = self.client()
        client.send(b"GET / HTTP/1.1\nHost: a\n")
        self.until(lambda: patient.seen, "the request at the backend")
        time.sleep(0.5)  # well beyond the listener's idle timeout
        patient.release()
        self.assertEqual(client.receive()[0], 200)

    def test_a_client_that_stops_in_the_middle_of_its_body_is_told_so(self):
        one = self.backend("one")
        self.one(one, forward={"timeouts": {"idle_ms": 150}})
        client = self.client()
        client.send(b"POST / HTTP/1.1\nHost: a\nContent-Length: 10\n", b"abc")
        self.assertEqual(client.receive()[0], 408)

    def test_a_slow_reader_is_no_silence(self):
        size = 12_000_000
        big = self.backend("big", b"HTTP/1.1 200 X\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size)
        self.one(big, forward={"timeouts": {"idle_ms": 400}}, listener={"idle_timeout_ms": 400})
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            client.settimeout(PATIENCE)
            client.connect(("127.0.0.1", self.port))
            client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            got, started = 0, time.monotonic()
            while got < size:
                piece = client.recv(300_000)
                self.assertTrue(piece, f"cut after {got} bytes and {time.monotonic() - started} s")
                got += len(piece)
                if time.monotonic() - started < 1.5:
                    time.sleep(0.02)  # the client is slow for much longer than the idle timeout
            self.assertGreater(time.monotonic() - started, 1.2)

    def test_a_slow_upload_is_no_silence(self):
        one = self.backend("one")
        self.one(one, forward={"timeouts": {"idle_ms": 300}}, listener={"idle_timeout_ms": 300})
        client = self.client()
        client.send(b"POST / HTTP/1.1\nHost: a\nContent-Length: 12\n")
        for _ in range(12):
            client.socket.sendall(b"x")
            time.sleep(0.06)
        self.assertEqual(client.receive()[0], 200)

    # Limits

    def test_a_chunked_body_that_grows_too_large_is_declined_and_the_connection_closed(self):
        one = self.backend("one", "silent")
        self.one(one, listener={"max_request_body": 1000})
        client = self.client()
        client.send(b"POST / HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n", b"3e8\r\n" + b"x" * 1000 + b"\r\n")
        client.socket.sendall(b"1\r\nx\r\n")
        status, fields, _ = client.receive()
        self.assertEqual((status, values(fields, "connection")), (413, ["close"]))
        self.assertIsNone(client.receive())

    def test_an_http2_body_that_grows_too_large_is_declined_and_the_stream_reset(self):
        one = self.backend("one", "silent")
        self.one(one, listener={"max_request_body": 1000})
        with Peer(self.port) as peer:
            peer.until("settings")
            peer.ask(1, [(":method", "POST"), (":scheme", "http"), (":path", "/"), (":authority", "a")], end=False)
            peer.send(frame(DATA, 0, 1, b"x" * 1000))
            peer.send(frame(DATA, 0, 1, b"x"))
            head = peer.until("headers")
            self.assertEqual(head[1], 1)
            self.assertEqual(peer.until("rst"), ("rst", 1, "NO_ERROR"))
            self.assertIn(b"larger than this listener takes", peer.data[1])

    def test_a_body_that_grows_too_large_behind_the_response_cuts_it(self):
        early = self.backend("early", kind=TooEarly)
        self.one(early, listener={"max_request_body": 1000})
        client = self.client()
        client.send(b"POST / HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n", b"1\r\nx\r\n")
        self.assertIn(b"200", client.file.readline())
        client.socket.sendall(b"7d0\r\n" + b"x" * 2000 + b"\r\n")
        rest = client.file.read()
        self.assertNotIn(b"whole", rest)

    # Stickiness

    def cookie(self, fields, name):
        found = [value for value in values(fields, "set-cookie") if value.startswith(name + "=")]
        self.assertLessEqual(len(found), 1, found)
        return found[0] if found else None

    def test_a_client_stays_with_its_backend(self):
        backends = [self.backend(f"b{i}") for i in range(4)]
        self.one(*backends, members={"stickiness": {"cookie": "WEIR", "duration_ms": 60000}})
        client = self.client()
        _, fields, first = client.ask()
        cookie = self.cookie(fields, "WEIR")
        self.assertRegex(cookie, r"^WEIR=[0-9a-f]{16}; Max-Age=60; Expires=\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT; Path=/$")
        pair = cookie.split(";")[0].encode()
        for _ in range(40):
            _, fields, body = client.ask(b"GET / HTTP/1.1\nHost: a\nCookie: x=1; " + pair + b"; y=2\n")
            self.assertEqual(body, first)
            self.assertEqual(self.cookie(fields, "WEIR").split(";")[0].encode(), pair)  # renewed each time
        others = {client.ask()[2] for _ in range(8)}
        self.assertEqual(len(others), 4)  # who has no cookie is shared out as ever

    def test_a_cookie_that_names_nobody_gets_a_new_choice(self):
        one, two = self.backend("one"), self.backend("two")
        members = {"stickiness": {"cookie": "WEIR", "duration_ms": 60000}}
        self.one(one, two, members=members)
        client = self.client()
        named = {}
        for _ in range(2):
            _, fields, body = client.ask()
            named[body] = self.cookie(fields, "WEIR").split(";")[0].encode()
        for forged in (b"WEIR=", b"WEIR", b"WEIR=zzzzzzzzzzzzzzzz", b"WEIR=ffffffffffffffff", b"WEIR=" + b"a" * 9000,
                       b"WEIR=%00%ff", b"=", b";;;", b"WEIR=\xff\xfe"):
            status, fields, _ = client.ask(b"GET / HTTP/1.1\nHost: a\nCookie: " + forged + b"\n")
            self.assertEqual(status, 200)
            self.assertIsNotNone(self.cookie(fields, "WEIR"))
        sticky = b"GET / HTTP/1.1\nHost: a\nCookie: " + named[b"one"] + b"\n"
        self.apply({"p": ([(one, "draining"), (two, "serving")], members)})
        for _ in range(4):
            _, fields, body = client.ask(sticky)
            self.assertEqual(body, b"two")
            self.assertEqual(self.cookie(fields, "WEIR").split(";")[0].encode(), named[b"two"])
        self.apply({"p": ([(one, "serving"), (two, "serving")], members)})
        self.assertEqual([client.ask(sticky)[2] for _ in range(4)], [b"one"] * 4)

    def test_a_retry_moves_the_client(self):
        one, two = self.backend("one"), self.backend("two")
        self.one(one, two, members={"stickiness": {"cookie": "WEIR"}},
                 forward={"retry": {"on": ["server_error"], "retries": 1}})
        client = self.client()
        _, fields, first = client.ask()
        mine = self.cookie(fields, "WEIR")
        self.assertRegex(mine, r"^WEIR=[0-9a-f]{16}; Path=/$")
        sticky = b"GET / HTTP/1.1\nHost: a\nCookie: " + mine.split(";")[0].encode() + b"\n"
        self.assertIsNone(self.cookie(client.ask(sticky)[1], "WEIR"))  # nothing to say: the client keeps what it has
        (one if first == b"one" else two).script = [503]
        _, fields, body = client.ask(sticky)
        self.assertNotEqual(body, first)
        self.assertNotEqual(self.cookie(fields, "WEIR"), mine)

    def test_stickiness_follows_the_cookie_of_the_application(self):
        login = b"HTTP/1.1 200 X\r\nSet-Cookie: SESSION=1; Max-Age=30; HttpOnly\r\nContent-Length: 0\r\n\r\n"
        one, two = self.backend("one"), self.backend("two")
        self.one(one, two, members={"stickiness": {"cookie": "WEIR", "application_cookie": "SESSION"}})
        client = self.client()
        self.assertIsNone(self.cookie(client.ask()[1], "WEIR"))
        one.script, two.script = [login, 200], [login, 200]
        _, fields, _ = client.ask()
        cookie = self.cookie(fields, "WEIR")
        self.assertRegex(cookie, r"^WEIR=[0-9a-f]{16}; Max-Age=30; Path=/$")
        one.script, two.script = [200], [200]
        sticky = b"GET / HTTP/1.1\nHost: a\nCookie: " + cookie.split(";")[0].encode() + b"\n"
        self.assertEqual(len({client.ask(sticky)[2] for _ in range(10)}), 1)

    def test_a_client_stays_with_its_pool_and_the_others_are_shared_out_exactly(self):
        blue, green = self.backend("blue"), self.backend("green")
        forward = {"pools": [{"pool": "b", "weight": 3}, {"pool": "g", "weight": 1}],
                   "stickiness": {"cookie": "POOL", "duration_ms": 60000}}
        pools = {"b": ([(blue, "serving")], {}), "g": ([(green, "serving")], {})}
        self.apply(pools, forward=forward)
        client, named = self.client(), {}
        for _ in range(4):
            _, fields, body = client.ask()
            named[body] = self.cookie(fields, "POOL").split(";")[0].encode()
        sticky = b"GET / HTTP/1.1\nHost: a\nCookie: " + named[b"green"] + b"\n"
        counts = {b"blue": 0, b"green": 0}
        for _ in range(40):
            self.assertEqual(client.ask(sticky)[2], b"green")
            counts[client.ask()[2]] += 1
        self.assertEqual(counts, {b"blue": 30, b"green": 10})
        forward["pools"][1]["weight"] = 0
        self.apply(pools, forward=forward)
        self.assertEqual(client.ask(sticky)[2], b"green")  # a cookie goes before weights
        self.apply({"b": ([(blue, "serving")], {}), "g": ([], {})}, forward=forward)
        _, fields, body = client.ask(sticky)
        self.assertEqual((body, self.cookie(fields, "POOL").split(";")[0].encode()), (b"blue", named[b"blue"]))

    # What backends are told

    def test_the_port_of_a_client_and_a_trace_are_told(self):
        one = self.backend("one")
        self.one(one, listener={"forwarded": {"client_port": True}, "trace": True})
        client = self.client()
        place = "%s:%d" % client.socket.getsockname()
        client.ask()
        client.ask(b"GET / HTTP/1.1\nHost: a\nX-Amzn-Trace-Id: Root=1-67891233-abcdef012345678912345678;CalledFrom=app\n")
        heads = [head.decode().lower() for head in one.seen]
        for head in heads:
            self.assertIn(f"x-forwarded-for: {place}\r\n", head)
        self.assertRegex(heads[0], r"x-amzn-trace-id: root=1-[0-9a-f]{8}-[0-9a-f]{24}\r\n")
        self.assertRegex(heads[1], r"x-amzn-trace-id: self=1-[0-9a-f]{8}-[0-9a-f]{24};"
                                   r"root=1-67891233-abcdef012345678912345678;calledfrom=app\r\n")

    def until(self, condition, what):
        deadline = time.monotonic() + PATIENCE
        while not condition():
            self.assertLess(time.monotonic(), deadline, what)
            time.sleep(0.005)


if __name__ == "__main__":
    unittest.main()
