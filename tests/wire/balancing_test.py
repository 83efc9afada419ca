#!/usr/bin/env python3
"""How requests are shared among a pool's backends: algorithms, slow start, ejection, limits with their waiting line,
fail-open, health checks. usage: balancing_test.py PROXY"""

import asyncio
import http.client
import itertools
import socket
import struct
import threading
import time
import unittest
from collections import Counter

import data_plane_test as plane  # takes PROXY from the arguments
from data_plane_test import EVENTS, PATIENCE, Load, free_port


def wait_until(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not in time: {what}")
        time.sleep(0.002)


def ask(port, method="GET", body=None, patience=PATIENCE):
    """(status, text) of one request over a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience)
    try:
        connection.request(method, "/", body)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


class Asker(threading.Thread):
    """A request under way."""

    def __init__(self, port, **options):
        super().__init__(daemon=True)
        self.port, self.options, self.answer = port, options, None
        self.start()

    def run(self):
        try:
            self.answer = ask(self.port, **self.options)
        except OSError as error:
            self.answer = repr(error)

    def result(self):
        self.join(PATIENCE)
        return self.answer


class Station:
    """An HTTP/1.1 server that answers its name, or the length of what was posted; with a gate that holds answers back."""

    def __init__(self, name, port=0):
        self.name, self.status, self.health_status = name, 200, 200
        self.requests, self.bodies, self.health_hosts = 0, [], []
        self.connections = self.most_connections = self.active = self.most_active = 0
        self.open = True  # the gate
        self.let_through = 0  # of those that wait at the closed one
        self.writers = set()
        self.port = port or free_port()
        self.server = EVENTS.run(asyncio.start_server(self.serve, "127.0.0.1", self.port))

    async def serve(self, reader, writer):
        self.writers.add(writer)
        counted = False
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                fields = {k.lower(): v.strip() for k, _, v in (l.partition(b":") for l in head.split(b"\r\n")[1:])}
                body = await reader.readexactly(int(fields.get(b"content-length", b"0")))
                if b"/health" in head.split(b"\r\n")[0]:
                    self.health_hosts.append(fields[b"host"].decode())
                    self.say(writer, self.health_status, "")
                    continue
                if not counted:
                    self.connections, counted = self.connections + 1, True
                    self.most_connections = max(self.most_connections, self.connections)
                await self.answer(writer, body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.connections -= counted
            self.writers.discard(writer)
            writer.close()

    async def answer(self, writer, body):
        self.requests += 1
        self.active += 1
        self.most_active = max(self.most_active, self.active)
        if body:
            self.bodies.append(body)
        await asyncio.sleep(0)
        while not self.open and self.let_through == 0:
            await asyncio.sleep(0.001)
        self.let_through -= not self.open
        self.active -= 1
        self.say(writer, self.status, self.name)

    @staticmethod
    def say(writer, status, text):
        writer.write(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s" % (status, len(text), text.encode()))

    def stop(self):
        async def close():
            self.open = True
            self.server.close()
            for writer in list(self.writers):
                writer.transport.abort()

        EVENTS.run(close())


class Place:
    """Where nobody listens (yet)."""

    def __init__(self, name):
        self.name, self.port = name, free_port()


class BalancingTest(unittest.TestCase):
    proxy = plane.DataPlaneTest.proxy
    control = plane.DataPlaneTest.control

    def station(self, name, **options):
        station = Station(name, **options)
        self.addCleanup(station.stop)
        return station

    def serve(self, stations, workers=1, weights=None, **pool):
        """A proxy with one pool: its control, its port, and a function that makes the next table."""
        plane.DataPlaneTest.setUp(self)  # a folder of its own
        control, port = self.control(self.proxy(workers=workers)), free_port()
        version = itertools.count(1)

        def apply(stations=stations, idle=None, **changes):
            settings = {"health": {"protocol": "none"}, **pool, **changes}
            table = plane.table(next(version), port, [(s, "serving") for s in stations], **settings)
            for backend, weight in zip(table["pools"][0]["backends"], weights or []):
                backend["weight"] = weight
            if idle is not None:
                table["listeners"][0]["idle_timeout_ms"] = idle
            return control.apply(table)

        apply()
        return control, port, apply

    def shares(self, port, count):
        return Counter(ask(port)[1] for _ in range(count))

    # --- algorithms ---

    def test_turns_are_exact_by_weight(self):
        _, port, _ = self.serve([self.station("a"), self.station("b"), self.station("c")], weights=[5, 3, 2])
        self.assertEqual(self.shares(port, 100), {"a": 50, "b": 30, "c": 20})

    def test_chance_follows_the_weights(self):
        stations = [self.station("a"), self.station("b")]
        _, port, _ = self.serve(stations, weights=[4, 1], algorithm="weighted_random")
        shares = self.shares(port, 500)
        self.assertTrue(340 <= shares["a"] <= 460, shares)  # 400, and more than six standard deviations
        sequence = [ask(port)[1] for _ in range(60)]
        self.assertNotEqual(sequence[:30], sequence[30:])  # no rotation

    def test_the_busy_are_spared(self):
        for algorithm in ("least_outstanding", "power_of_two"):
            with self.subTest(algorithm):
                busy, free = self.station("busy"), self.station("free")
                busy.open = False
                _, port, _ = self.serve([busy, free], algorithm=algorithm)
                held = []
                while busy.active == 0:
                    held.append(Asker(port))
                    wait_until(lambda: busy.active or not held[-1].is_alive(), "an answer, or a request that is held")
                self.assertEqual(self.shares(port, 40), {"free": 40})
                busy.open = True
                self.assertTrue(all(asker.result()[0] == 200 for asker in held))

    def test_a_new_backend_starts_slowly(self):
        old, new = self.station("old"), self.station("new")
        _, port, apply = self.serve([old], slow_start_ms=4000)
        self.shares(port, 5)
        apply([old, new])
        began = time.monotonic()
        early = self.shares(port, 50)
        if time.monotonic() - began < 1.0:  # a slow machine may have seen more of the slope
            self.assertTrue(1 <= early["new"] <= 12, early)
        wait_until(lambda: time.monotonic() - began > 4.1, "the end of the slow start")
        self.assertEqual(self.shares(port, 50), {"old": 25, "new": 25})

    # --- outliers ---

    OUTLIER = {"consecutive_5xx": 3, "consecutive_failures": 3, "ejection_ms": 700}

    def test_a_backend_that_errs_is_left_out_and_returns(self):
        good, bad = self.station("good"), self.station("bad")
        bad.status = 503
        _, port, _ = self.serve([good, bad], outlier=self.OUTLIER)
        statuses = Counter(ask(port)[0] for _ in range(30))
        ejected = time.monotonic()
        self.assertEqual(statuses, {200: 27, 503: 3})
        self.assertEqual(bad.requests, 3)
        bad.status = 200
        wait_until(lambda: ask(port)[1] == "bad", "its return")
        self.assertGreater(time.monotonic() - ejected, 0.3)
        self.assertEqual(self.shares(port, 20), {"good": 10, "bad": 10})

    def test_a_backend_that_refuses_is_left_out_and_returns(self):
        good, place = self.station("good"), Place("late")
        _, port, _ = self.serve([good, place], outlier=self.OUTLIER)
        self.assertEqual(self.shares(port, 12), {"good": 12})  # each refusal is made up for
        late = self.station("late", port=place.port)
        self.assertEqual(self.shares(port, 4), {"good": 4})  # still ejected
        wait_until(lambda: ask(port)[1] == "late", "its return")
        self.assertGreaterEqual(late.requests, 1)

    def test_no_more_than_allowed_are_left_out(self):
        stations = [self.station(name) for name in "abcd"]
        for station in stations:
            station.status = 500
        _, port, _ = self.serve(stations, outlier={**self.OUTLIER, "ejection_ms": 60000, "max_ejected_percent": 50})
        for _ in range(60):
            ask(port)
        before = Counter({s.name: s.requests for s in stations})
        for _ in range(20):
            ask(port)
        after = Counter({s.name: s.requests for s in stations}) - before
        self.assertEqual(sorted(after.values()), [10, 10])

    # --- limits ---

    def test_connections_stay_within_their_limit_over_all_workers(self):
        for workers, limit in ((1, 3), (2, 3), (4, 2)):
            with self.subTest(workers=workers, limit=limit):
                station = self.station("a")
                _, port, _ = self.serve([station], workers=workers, limits={"connections": limit, "pending": 100})
                load = Load(port, clients=24)
                load.wait_for(400)
                load.finish()
                self.assertEqual(load.failures, [])
                self.assertEqual(station.most_connections, limit)

    def test_requests_stay_within_their_limit_over_all_workers(self):
        stations = [self.station("a"), self.station("b")]
        _, port, _ = self.serve(stations, workers=2, limits={"requests": 2})
        load = Load(port, clients=24)
        load.wait_for(400)
        load.finish()
        self.assertEqual(load.failures, [])
        self.assertEqual([s.most_active for s in stations], [2, 2])

    def test_one_connection_goes_round_among_workers(self):
        station = self.station("a")
        _, port, _ = self.serve([station], workers=3, limits={"connections": 1})
        for _ in range(60):  # new connections, so that every worker is asked sooner or later
            self.assertEqual(ask(port), (200, "a"))
        self.assertEqual(station.most_connections, 1)

    def fill(self, station, port, waiting):
        """One request at the closed gate of `station`, and others in line, each there before the next one comes."""
        station.open = False
        askers = [Asker(port, method="POST", body=b"0")]
        wait_until(lambda: station.active == 1, "the first request")
        for number in range(1, waiting + 1):
            askers.append(Asker(port, method="POST", body=b"%d" % number))
            time.sleep(0.05)  # nothing shows that it stands in line; the order is what the test is about
        return askers

    def test_those_who_wait_are_served_in_order_and_one_too_many_is_refused_at_once(self):
        station = self.station("a")
        _, port, _ = self.serve([station], limits={"requests": 1, "pending": 4})
        askers = self.fill(station, port, 4)
        began = time.monotonic()
        self.assertEqual(ask(port), (503, "Every backend has as much to do as it may.\n"))
        self.assertLess(time.monotonic() - began, 1.0)
        for done in range(5):
            wait_until(lambda: station.requests == done + 1, f"request {done}")
            station.let_through += 1
        self.assertEqual([asker.result() for asker in askers], [(200, "a")] * 5)
        self.assertEqual(station.bodies, [b"0", b"1", b"2", b"3", b"4"])

    def test_who_waits_too_long_is_refused(self):
        station = self.station("a")
        _, port, apply = self.serve([station], limits={"requests": 1})
        station.open = False
        first = Asker(port)
        wait_until(lambda: station.active == 1, "the first request")
        apply(idle=500)  # of those who come from now on
        began = time.monotonic()
        self.assertEqual(ask(port)[0], 503)
        self.assertTrue(0.3 < time.monotonic() - began < 3, time.monotonic() - began)
        station.open = True
        self.assertEqual(first.result(), (200, "a"))
        self.assertEqual(station.requests, 1)

    def test_who_goes_gives_up_its_place_in_line(self):
        station = self.station("a")
        _, port, _ = self.serve([station], limits={"requests": 1, "pending": 1})
        station.open = False
        first = Asker(port)
        wait_until(lambda: station.active == 1, "the first request")
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as impatient:
            impatient.sendall(b"GET / HTTP/1.1\r\nHost: gone\r\n\r\n")
            wait_until(lambda: ask(port, patience=0.5)[0] == 503, "the line to be full")
            impatient.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # goes with a reset
        second = None

        def in_line():  # as soon as the one who has gone is noticed
            nonlocal second
            second = Asker(port)
            second.join(0.2)
            return second.is_alive()

        wait_until(in_line, "a place in line")
        station.open = True
        self.assertEqual((first.result(), second.result()), ((200, "a"), (200, "a")))
        self.assertEqual(station.requests, 2)

    def test_a_body_that_waits_arrives_whole(self):
        station = self.station("a")
        _, port, _ = self.serve([station], limits={"requests": 1})
        station.open = False
        first = Asker(port)
        wait_until(lambda: station.active == 1, "the first request")
        body = bytes(range(256)) * 4096 * 8  # 8 MiB: far more than is held
        second = Asker(port, method="POST", body=body)
        time.sleep(0.1)
        self.assertTrue(second.is_alive())
        station.open = True
        self.assertEqual((first.result()[0], second.result()[0]), (200, 200))
        self.assertEqual(station.bodies, [body])

    def test_a_table_with_more_room_serves_those_who_wait(self):
        station, more = self.station("a"), self.station("more")
        _, port, apply = self.serve([station], limits={"requests": 1})
        askers = self.fill(station, port, 3)
        apply([station, more])
        wait_until(lambda: more.requests == 3, "the new backend's requests")
        apply([station, more], limits={})
        station.open = True
        self.assertEqual([asker.result()[0] for asker in askers], [200] * 4)

    def test_a_pool_that_goes_answers_those_who_wait(self):
        station = self.station("a")
        _, port, apply = self.serve([station], limits={"requests": 1})
        askers = self.fill(station, port, 2)
        apply([])
        self.assertEqual([asker.result()[0] for asker in askers[1:]], [503, 503])
        station.open = True
        self.assertEqual(askers[0].result(), (200, "a"))

    # --- health ---

    def test_an_unhealthy_pool_fails_open_or_not(self):
        health = {"path": "/health", "interval_ms": 50, "timeout_ms": 1000, "unhealthy_threshold": 1}
        stations = [self.station("a"), self.station("b"), self.station("c")]
        control, port, apply = self.serve(stations, health=health)

        def healthy(*names):
            for station in stations:
                station.health_status = 200 if station.name in names else 500
            wanted = ["healthy" if station.name in names else "unhealthy" for station in stations]
            control.wait(lambda f: [b["health"] for b in f["backends"]] == wanted, wanted)

        healthy("a")
        self.assertEqual(self.shares(port, 9), {"a": 9})
        healthy()
        self.assertEqual(self.shares(port, 9), {"a": 3, "b": 3, "c": 3})
        apply(fail_open={"count": 0, "percent": 0})
        self.assertEqual({ask(port)[0] for _ in range(9)}, {503})
        apply(fail_open={"count": 0, "percent": 50})
        healthy("a")
        self.assertEqual(set(self.shares(port, 9)), {"a", "b", "c"})
        healthy("a", "b")
        self.assertEqual(set(self.shares(port, 9)), {"a", "b"})

    def test_a_connection_is_enough_for_a_tcp_check(self):
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            listening.listen()
            silent, absent = Place("silent"), Place("absent")
            silent.port = listening.getsockname()[1]
            health = {"protocol": "tcp", "interval_ms": 50, "timeout_ms": 300, "unhealthy_threshold": 2}
            control, _, _ = self.serve([silent, absent], health=health)
            control.wait(lambda f: [b["health"] for b in f["backends"]] == ["healthy", "unhealthy"], "both verdicts")
            self.assertEqual(control.backend("p", "absent")["reason"], "FailedHealthChecks")
        control.wait(lambda f: [b["health"] for b in f["backends"]] == ["unhealthy"] * 2, "nobody listens any more")

    def test_a_check_names_the_host_it_is_told(self):
        station = self.station("a")
        health = {"path": "/health", "interval_ms": 50}
        _, _, apply = self.serve([station], health=health)
        wait_until(lambda: station.health_hosts, "a check")
        self.assertEqual(set(station.health_hosts), {f"127.0.0.1:{station.port}"})
        apply(health={**health, "host": "checks.example"})
        wait_until(lambda: station.health_hosts[-1] == "checks.example", "the other host")


if __name__ == "__main__":
    unittest.main()
