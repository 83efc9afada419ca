"""`weir names`: what it answers by UDP and TCP, what it takes from the folder of zones, and what it asks others for.

    names_test.py WIRE_NAMES
"""

import contextlib
import json
import os
import pathlib
import random
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import raw_dns
from raw_dns import (A, AAAA, ANY, CNAME, FORM_ERROR, NAME_ERROR, NO_ERROR, NOT_IMPLEMENTED, REFUSED, SERVER_FAILURE, SOA, SRV, Reply,
                     ask, ask_stream, framed, query, receive_framed, reply_to)

PROGRAM = sys.argv.pop(1)
PATIENCE = 10  # seconds that a stream has for its next query: kStreamPatience
STREAMS = 128  # kMostStreams


def wait_until(condition, what, seconds=10):
    end = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.01)
    return value


def endpoint(number, **more):
    return {"label": f"i-{number}", "ipv4": f"10.0.0.{number}", "port": 80, **more}


def zone(name="echo.local", negative=15, rank=1, **names):
    return {"zone": name, "negativeTtl": negative, "rank": rank,
            "names": {f"{one}.{name}": what for one, what in names.items()}}


ECHO = zone(
    web={"ttls": {"A": 60, "SRV": 30}, "endpoints": [endpoint(1), endpoint(2, healthy=False)]},
    few={"ttls": {"SRV": 5}, "endpoints": [endpoint(number) for number in range(1, 9)]},
    _many={"ttls": {"SRV": 5}, "endpoints": [endpoint(number, label=f"i-{number}-{'x' * 30}") for number in range(1, 40)]},
    twin={"ttls": {"A": 1}, "endpoints": [{"ipv4": "127.0.0.1", "ipv4OfTasks": "169.254.172.1"}]},
    alias={"ttls": {"CNAME": 7}, "policy": "weighted", "endpoints": [{"alias": "far.example"}]},
    inner={"ttls": {"CNAME": 7}, "policy": "weighted", "endpoints": [{"alias": "web.echo.local"}]})


class Names:
    """A server of its own over a folder of its own."""

    def __init__(self, resolvers="", tasks="127.0.0.9/32"):
        self.home = tempfile.TemporaryDirectory(prefix="weir-names-")
        self.folder = pathlib.Path(self.home.name, "names")
        self.folder.mkdir()
        self.resolv_conf = pathlib.Path(self.home.name, "resolv.conf")
        self.resolv_conf.write_text(resolvers)
        self.put("echo", ECHO)
        self.log = open(os.path.join(self.home.name, "log"), "w+")
        self.process = subprocess.Popen([PROGRAM, "--folder", self.folder, "--listen", "127.0.0.1:0", "--resolv-conf",
                                         self.resolv_conf, "--tasks", tasks], stderr=self.log)
        said = wait_until(lambda: re.search(r"answered at 127.0.0.1:(\d+)", self.said()), "it begins")
        self.port = int(said.group(1))

    def said(self):
        return pathlib.Path(self.home.name, "log").read_text()

    def put(self, name, content):
        fresh = pathlib.Path(self.home.name, name)
        fresh.write_text(content if isinstance(content, str) else json.dumps(content))
        fresh.rename(self.folder / f"{name}.json")

    def close(self):
        self.process.kill()
        self.process.wait()
        self.log.close()
        self.home.cleanup()


class Other:
    """Another name server: `answer` makes a reply, or several, or None, of a query; what came is kept."""

    def __init__(self, answer, streams=None):
        self.answer, self.by_stream, self.came = answer, streams, []
        for _ in range(50):
            self.streams = socket.create_server(("127.0.0.1", 0))
            self.port = self.streams.getsockname()[1]
            self.datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                self.datagrams.bind(("127.0.0.1", self.port))
                break
            except OSError:
                self.streams.close()
                self.datagrams.close()
        for run in (self.serve_datagrams, self.serve_streams):
            threading.Thread(target=run, daemon=True).start()

    def line(self):
        return f"nameserver [127.0.0.1]:{self.port}\n"

    def serve_datagrams(self):
        with contextlib.suppress(OSError):
            while True:
                message, peer = self.datagrams.recvfrom(65535)
                if not message:  # it is closed
                    return
                self.came.append((message, peer))
                for reply in self.answer(message) or []:
                    self.datagrams.sendto(reply, peer)

    def serve_streams(self):
        with contextlib.suppress(OSError):
            while True:
                stream, peer = self.streams.accept()
                with stream, contextlib.suppress(OSError):
                    message = receive_framed(stream)
                    self.came.append((message, peer))
                    for reply in (self.by_stream or self.answer)(message) or []:
                        stream.sendall(framed(reply))

    def close(self):
        for each in (self.streams, self.datagrams):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


class Answers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.names = Names()
        cls.addClassCleanup(cls.names.close)
        cls.port = cls.names.port

    def ask(self, *arguments, **more):
        return ask(self.port, query(*arguments, **more))

    def test_the_healthy_are_answered_in_the_clients_own_case(self):
        reply = self.ask("wEb.ECHO.local", ident=0xBEEF)
        self.assertEqual((reply.ident, reply.code, reply.question), (0xBEEF, NO_ERROR, ("wEb.ECHO.local", A, 1)))
        self.assertEqual(reply.answers, [("wEb.ECHO.local", A, 60, "10.0.0.1")])
        self.assertTrue(reply.authoritative and reply.recursion and not reply.truncated)

    def test_srv_names_ports_and_addresses(self):
        reply = self.ask("web.echo.local", SRV)
        self.assertEqual(reply.answers, [("web.echo.local", SRV, 30, (1, 1, 80, "i-1.web.echo.local"))])
        self.assertEqual(reply.more, [("i-1.web.echo.local", A, 30, "10.0.0.1")])
        self.assertEqual(self.ask("I-2.web.echo.local").values(), ["10.0.0.2"])

    def test_what_is_not_there_is_told_apart_from_what_has_no_such_record(self):
        for name, kind, code in (("none.echo.local", A, NAME_ERROR), ("web.echo.local", AAAA, NO_ERROR),
                                 ("web.echo.local", 16, NO_ERROR), ("web.echo.local", 65280, NO_ERROR),
                                 ("web.echo.local", ANY, NO_ERROR), ("echo.local", A, NO_ERROR)):
            reply = self.ask(name, kind)
            self.assertEqual((reply.code, reply.answers), (code, []), (name, kind))
            owner, what, ttl, numbers = reply.authorities[0]
            self.assertEqual((owner, what, ttl, numbers[4]), ("echo.local", SOA, 15, 15))

    def test_tasks_are_told_the_address_that_they_reach(self):
        self.assertEqual(self.ask("twin.echo.local").values(), ["127.0.0.1"])
        self.assertEqual(ask(self.port, query("twin.echo.local"), source="127.0.0.9").values(), ["169.254.172.1"])

    def test_what_does_not_fit_is_cut_and_whole_by_a_stream(self):
        message = query("_many.echo.local", SRV)
        small = ask(self.port, message)
        self.assertTrue(small.truncated)
        self.assertEqual(small.answers, [])
        self.assertLessEqual(len(small.bytes), 512)
        whole = ask_stream(self.port, message)
        self.assertEqual((whole.truncated, len(whole.answers), len(whole.more)), (False, 8, 8))
        larger = self.ask("_many.echo.local", SRV, edns=4096)
        self.assertEqual((larger.truncated, len(larger.answers)), (False, 8))
        less = self.ask("few.echo.local", SRV)
        self.assertEqual((less.truncated, len(less.answers), less.more), (False, 8, []), "addresses are an extra")
        self.assertTrue(self.ask("_many.echo.local", SRV, edns=300).truncated, "less than 512 is 512")

    def test_an_alias_is_followed(self):
        reply = self.ask("inner.echo.local")
        self.assertEqual([record[1:] for record in reply.answers], [(CNAME, 7, "web.echo.local"), (A, 60, "10.0.0.1")])
        self.assertEqual(self.ask("inner.echo.local", CNAME).values(), ["web.echo.local"])

    def test_what_is_no_query_for_it_is_refused(self):
        for message, code in ((query("web.echo.local", klass=3), REFUSED), (query("web.echo.local", flags=0x2800), NOT_IMPLEMENTED),
                              (query("web.echo.local", 252), REFUSED), (query("web.echo.local")[:-1], FORM_ERROR),
                              (struct.pack("!6H", 7, 0x100, 2, 0, 0, 0) + b"\0\0\1\0\1" * 2, FORM_ERROR)):
            self.assertEqual(ask(self.port, message).code, code, message)
        newer = query("web.echo.local", edns=1232)[:-5] + b"\1" + b"\0" * 4
        reply = ask(self.port, newer[:-6] + b"\0\1\0\0\0\0")
        self.assertEqual(reply.code, 0, "the rest of the code is in the record")
        self.assertEqual(reply.answers, [])

    def test_without_a_resolver_other_names_fail(self):
        self.assertEqual(self.ask("example.com").code, SERVER_FAILURE)
        self.assertEqual(ask_stream(self.port, query("example.com")).code, SERVER_FAILURE)

    def test_any_bytes_leave_it_as_it_is(self):
        chance = random.Random(7)
        good = query("web.echo.local", edns=1232)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.connect(("127.0.0.1", self.port))
            for length in list(range(40)) * 20 + [4096, 9000]:
                damaged = bytearray(good[:length]) if chance.random() < 0.5 else bytearray(chance.randbytes(length))
                for _ in range(chance.randrange(3)):
                    if damaged:
                        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
                asking.send(bytes(damaged))

        def answered():  # so many at once are more than the kernel keeps
            with contextlib.suppress(TimeoutError):
                return ask(self.port, query("web.echo.local"), seconds=0.2).values()

        self.assertEqual(wait_until(answered, "it answers"), ["10.0.0.1"])

    def test_streams_are_answered_one_query_after_another(self):
        count = 500
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as stream:
            sending = threading.Thread(target=stream.sendall, args=(
                b"".join(framed(query("_many.echo.local", SRV, ident=ident)) for ident in range(count)),))
            sending.start()
            idents = [Reply(receive_framed(stream)).ident for _ in range(count)]
            sending.join()
            self.assertEqual(idents, list(range(count)))
            # Byte for byte is a query too; after the client's last word it is still answered.
            for byte in framed(query("web.echo.local")):
                stream.sendall(bytes([byte]))
            stream.shutdown(socket.SHUT_WR)
            self.assertEqual(Reply(receive_framed(stream)).values(), ["10.0.0.1"])
            self.assertEqual(stream.recv(1), b"")

    def test_a_stream_that_takes_no_answers_is_not_kept_for_it(self):
        with socket.create_connection(("127.0.0.1", self.port), timeout=2) as stream:
            with contextlib.suppress(OSError):
                for _ in range(200):
                    stream.sendall(framed(query("_many.echo.local", SRV)) * 2000)
            wait_until(lambda: self.ask("web.echo.local").values() == ["10.0.0.1"], "others are answered")
            memory = int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path("/proc", str(self.names.process.pid), "status").read_text())[1])
            self.assertLess(memory, 64 << 10)

    def test_what_is_no_message_ends_its_stream(self):
        for garbage in (framed(b""), framed(b"x"), framed(b"\0\1\x80" + b"\0" * 9)):
            with socket.create_connection(("127.0.0.1", self.port), timeout=10) as stream:
                stream.sendall(garbage)
                self.assertEqual(stream.recv(1), b"", garbage)

    def test_of_too_many_streams_the_idlest_goes(self):
        with contextlib.ExitStack() as stack:
            # Less than an idle one has by itself.
            streams = [stack.enter_context(socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE / 2))
                       for _ in range(STREAMS + 20)]
            # Its successors have been accepted once one of them is answered.
            streams[-1].sendall(framed(query("web.echo.local")))
            self.assertEqual(Reply(receive_framed(streams[-1])).values(), ["10.0.0.1"])
            self.assertEqual(streams[0].recv(1), b"")
        self.assertEqual(ask_stream(self.port, query("web.echo.local")).values(), ["10.0.0.1"])

    def test_zones_follow_their_files(self):
        hear = lambda name: self.ask(name).values()
        fresh = {"ttls": {"A": 1}, "endpoints": [{"ipv4": "10.1.1.1"}]}
        self.names.put("more", zone("more.local", one=fresh))
        wait_until(lambda: hear("one.more.local") == ["10.1.1.1"], "the new zone is answered")
        self.names.put("more", "{ this is no zone")
        wait_until(lambda: "more.json cannot be read" in self.names.said(), "the log says it")
        self.assertEqual(hear("one.more.local"), ["10.1.1.1"])
        self.names.put("more", zone("more.local", two=fresh))
        wait_until(lambda: hear("two.more.local") == ["10.1.1.1"], "the zone is another")
        self.assertEqual(self.ask("one.more.local").code, NAME_ERROR)
        (self.names.folder / "more.json").unlink()
        wait_until(lambda: self.ask("two.more.local").code == SERVER_FAILURE, "it is nobody's any more")


class Others(unittest.TestCase):
    """What it asks other servers."""

    def begin(self, *others, text=""):
        for other in others:
            self.addCleanup(other.close)
        self.names = Names(text + "".join(other.line() for other in others))
        self.addCleanup(self.names.close)
        return self.names.port

    def test_another_name_is_forwarded_from_any_port_under_any_id(self):
        other = Other(lambda message: [reply_to(message, addresses=["192.0.2.1"])])
        port = self.begin(other, text="# comment\nsearch a.b\nnameserver nonsense\noptions ndots:5\n")
        for _ in range(20):
            reply = ask(port, query("Example.com", ident=77, edns=1232))
            self.assertEqual((reply.ident, reply.question, reply.values()), (77, ("Example.com", A, 1), ["192.0.2.1"]))
            self.assertFalse(reply.authoritative)
        self.assertGreater(len({peer[1] for _, peer in other.came}), 10)
        self.assertGreater(len({message[:2] for message, _ in other.came}), 15)
        self.assertEqual(ask_stream(port, query("example.com", ident=78)).values(), ["192.0.2.1"])

    def test_only_the_reply_to_its_own_question_counts(self):
        def answer(message):
            wrong_id = bytes([message[0] ^ 1]) + message[1:]
            return [reply_to(wrong_id, addresses=["192.0.2.66"]), reply_to(message.replace(b"example", b"exbmple"), addresses=["192.0.2.67"]),
                    message, b"", b"x" * 5, reply_to(message, addresses=["192.0.2.1"])]
        port = self.begin(Other(answer))
        self.assertEqual(ask(port, query("example.com")).values(), ["192.0.2.1"])

    def test_a_cut_reply_is_repeated_by_a_stream(self):
        other = Other(lambda message: [reply_to(message, flags=0x8380)], lambda message: [reply_to(message, addresses=["192.0.2.1"] * 300)])
        port = self.begin(other)
        self.assertTrue(ask(port, query("example.com")).truncated)
        self.assertEqual(len(ask_stream(port, query("example.com")).answers), 300)

    def test_the_next_is_asked_where_one_is_gone_silent_or_fails(self):
        good = Other(lambda message: [reply_to(message, addresses=["192.0.2.1"])])
        for bad in (Other(lambda message: [reply_to(message, SERVER_FAILURE)]), Other(lambda message: None)):
            port = self.begin(bad, good)
            self.assertEqual(ask(port, query("example.com")).values(), ["192.0.2.1"])
            self.assertEqual(len(bad.came), 1)
        gone = Other(lambda message: None)
        gone.close()
        port = self.begin(gone, good)
        begun = time.monotonic()
        self.assertEqual(ask(port, query("example.com")).values(), ["192.0.2.1"])
        self.assertEqual(ask_stream(port, query("example.com")).values(), ["192.0.2.1"])
        self.assertLess(time.monotonic() - begun, 1.4, "a refusal is heard at once")

    def test_what_they_say_of_failures_is_passed_on(self):
        port = self.begin(Other(lambda message: [reply_to(message, NAME_ERROR if b"none" in message else SERVER_FAILURE)]))
        self.assertEqual(ask(port, query("none.example")).code, NAME_ERROR)
        self.assertEqual(ask(port, query("bad.example")).code, SERVER_FAILURE)

    def test_silence_ends_in_a_failure_and_holds_nobody_up(self):
        port = self.begin(Other(lambda message: None))
        begun = time.monotonic()
        with socket.create_connection(("127.0.0.1", port), timeout=10) as stream:
            stream.sendall(framed(query("example.com", ident=1)) + framed(query("web.echo.local", ident=2)))
            self.assertEqual(Reply(receive_framed(stream)).ident, 2)
            self.assertEqual(ask(port, query("web.echo.local")).values(), ["10.0.0.1"])
            reply = Reply(receive_framed(stream))
            self.assertEqual((reply.ident, reply.code), (1, SERVER_FAILURE))
        self.assertLess(time.monotonic() - begun, 6)

    def test_an_alias_that_leads_elsewhere_is_followed_there(self):
        def answer(message):
            self.assertIn(b"\3far\7example", message)
            return [reply_to(message, addresses=["192.0.2.5", "192.0.2.6"], ttl=44)]
        port = self.begin(Other(answer))
        reply = ask(port, query("Alias.echo.local"))
        self.assertEqual(reply.answers, [("Alias.echo.local", CNAME, 7, "far.example"), ("far.example", A, 44, "192.0.2.5"),
                                         ("far.example", A, 44, "192.0.2.6")])
        self.assertEqual(ask(port, query("alias.echo.local", CNAME)).values(), ["far.example"])

    def test_who_is_asked_follows_resolv_conf(self):
        first = Other(lambda message: [reply_to(message, addresses=["192.0.2.1"])])
        second = Other(lambda message: [reply_to(message, addresses=["192.0.2.2"])])
        self.addCleanup(second.close)
        port = self.begin(first)
        self.assertEqual(ask(port, query("example.com")).values(), ["192.0.2.1"])
        self.names.resolv_conf.write_text(second.line())
        wait_until(lambda: ask(port, query("example.com")).values() == ["192.0.2.2"], "the other is asked")

    def test_it_does_not_ask_itself(self):
        port = self.begin()
        self.names.resolv_conf.write_text(f"nameserver [127.0.0.1]:{port}\n")
        time.sleep(1.1)  # what it read before may be a second old
        self.assertEqual(ask(port, query("example.com")).code, SERVER_FAILURE)

    def test_a_successor_takes_over_and_no_query_is_lost(self):
        port = self.begin(Other(lambda message: [reply_to(message, addresses=["192.0.2.1"])]))
        lost, stop = [], threading.Event()

        def keep_asking():
            while not stop.is_set():
                try:
                    ask(port, query("web.echo.local"), seconds=2)
                except OSError as error:
                    lost.append(error)

        asking = threading.Thread(target=keep_asking)
        asking.start()
        successor = subprocess.Popen([PROGRAM, "--folder", self.names.folder, "--listen", f"127.0.0.1:{port}"], stderr=subprocess.PIPE)
        try:
            successor.stderr.readline()
            self.names.process.send_signal(signal.SIGTERM)
            self.assertEqual(self.names.process.wait(10), 0)
            self.assertEqual(ask_stream(port, query("web.echo.local")).values(), ["10.0.0.1"])
        finally:
            stop.set()
            asking.join()
            successor.kill()
            successor.communicate()
        self.assertEqual(lost, [])


class Patience(unittest.TestCase):
    def test_a_slow_stream_is_not_waited_for(self):
        names = Names()
        self.addCleanup(names.close)
        with socket.create_connection(("127.0.0.1", names.port), timeout=3 * PATIENCE) as slow:
            begun = time.monotonic()
            for byte in framed(query("web.echo.local"))[:9]:  # a byte now and then is no query either
                slow.sendall(bytes([byte]))
                time.sleep(0.5)
            with contextlib.suppress(ConnectionResetError):
                self.assertEqual(slow.recv(1), b"")
            self.assertLess(time.monotonic() - begun, PATIENCE + 3)
            self.assertGreater(time.monotonic() - begun, PATIENCE - 1)


class Refusals(unittest.TestCase):
    def test_what_is_wrong_with_its_arguments_is_said(self):
        for arguments, said in (([], "--folder and --listen are needed"), (["--folder"], "--folder takes a value"),
                                (["--folder", "/none", "--listen", "127.0.0.1:0"], "cannot watch /none"),
                                (["--tasks", "x"], "--tasks takes a network"), (["--more", "x"], "unknown argument --more")):
            done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=10)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(said, done.stderr)

    def test_a_taken_port_is_said(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            done = subprocess.run([PROGRAM, "--folder", tempfile.gettempdir(), "--listen", f"127.0.0.1:{port}"], capture_output=True,
                                  text=True, timeout=10)
        self.assertEqual(done.returncode, 1)
        self.assertIn("Address already in use", done.stderr)


if __name__ == "__main__":
    unittest.main()
