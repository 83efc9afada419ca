#!/usr/bin/env python3
"""Limits per backend where the backends speak HTTP/2, so that a connection carries many requests: of connections, of
requests, and of the streams that the backend takes at a time. usage: h2_limits_test.py PROXY"""

import asyncio
import struct
import time
import unittest

import balancing_test as balancing  # takes PROXY from the arguments
from balancing_test import Asker, ask, wait_until
from data_plane_test import EVENTS, Load, free_port
from raw_h2 import ACK, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PING, PREFACE, RST_STREAM, SETTINGS, frame

MAX_CONCURRENT_STREAMS = 3


class H2Station:
    """An HTTP/2 server that answers "ok" without looking at what is asked; with a gate that holds answers back."""

    def __init__(self, name="a", streams=100, port=0):
        self.name, self.streams, self.open = name, streams, True
        self.requests, self.active, self.most_active, self.most_on_one = 0, 0, 0, 0
        self.connections = self.most_connections = 0
        self.held = []  # (writer, stream), in the order in which they came
        self.writers = {}  # each with its open streams
        self.port = port or free_port()
        self.server = EVENTS.run(asyncio.start_server(self.serve, "127.0.0.1", self.port))

    async def serve(self, reader, writer):
        self.connections += 1
        self.most_connections = max(self.most_connections, self.connections)
        self.writers[writer] = set()
        try:
            await reader.readexactly(len(PREFACE))
            writer.write(frame(SETTINGS, payload=struct.pack(">HI", MAX_CONCURRENT_STREAMS, self.streams)))
            while True:
                head = await reader.readexactly(9)
                kind, flags, stream = struct.unpack(">BBI", head[3:])
                payload = await reader.readexactly(int.from_bytes(head[:3], "big"))
                if kind == SETTINGS and not flags & ACK:
                    writer.write(frame(SETTINGS, ACK))
                elif kind == PING and not flags & ACK:
                    writer.write(frame(PING, ACK, 0, payload))
                elif kind == HEADERS:
                    self.asked(writer, stream)
                elif kind == RST_STREAM:
                    self.end(writer, stream)
                elif kind == GOAWAY:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            for stream in list(self.writers[writer]):
                self.end(writer, stream)
            del self.writers[writer]
            self.connections -= 1
            writer.close()

    def asked(self, writer, stream):
        self.requests += 1
        self.active += 1
        self.writers[writer].add(stream)
        self.most_active = max(self.most_active, self.active)
        self.most_on_one = max(self.most_on_one, len(self.writers[writer]))
        self.held.append((writer, stream))
        if self.open:
            asyncio.get_running_loop().call_soon(self.let, 1)

    def end(self, writer, stream):
        if stream in self.writers[writer]:
            self.writers[writer].discard(stream)
            self.active -= 1
        self.held = [each for each in self.held if each != (writer, stream)]

    def let(self, count):
        """Answers so many of those that are held, the first first."""
        for writer, stream in self.held[:count]:
            writer.write(frame(HEADERS, END_HEADERS, stream, b"\x88\x0f\x0d\x012") +
                         frame(DATA, END_STREAM, stream, b"ok"))
            self.end(writer, stream)

    def let_through(self, count=10**6):
        EVENTS.loop.call_soon_threadsafe(self.let, count)

    def stop(self):
        async def close():
            self.server.close()
            for writer in list(self.writers):
                writer.transport.abort()

        EVENTS.run(close())


class H2LimitsTest(unittest.TestCase):
    proxy, control = balancing.BalancingTest.proxy, balancing.BalancingTest.control

    def station(self, **options):
        station = H2Station(**options)
        self.addCleanup(station.stop)
        return station

    def serve(self, *stations, protocol="http2", **options):
        return balancing.BalancingTest.serve(self, list(stations), protocol=protocol, **options)

    def test_connections_stay_within_their_limit_over_all_workers(self):
        for workers, limit in ((1, 1), (2, 1), (2, 3), (4, 2)):
            with self.subTest(workers=workers, limit=limit):
                station = self.station(streams=3)
                _, port, _ = self.serve(station, workers=workers, limits={"connections": limit, "pending": 100})
                load = Load(port, clients=24)
                load.wait_for(400)
                load.finish()
                self.assertEqual(load.failures, [])
                self.assertLessEqual(station.most_connections, limit)
                self.assertLessEqual(station.most_on_one, 3)

    def test_requests_stay_within_their_limit_over_all_workers_and_connections(self):
        for protocol in ("http2", "grpc"):
            with self.subTest(protocol):
                stations = [self.station(name="a"), self.station(name="b")]
                _, port, _ = self.serve(*stations, workers=2, limits={"requests": 2}, protocol=protocol)
                load = Load(port, clients=24)
                load.wait_for(400)
                load.finish()
                self.assertEqual(load.failures, [])
                self.assertEqual([s.most_active for s in stations], [2, 2])

    def test_who_finds_neither_a_stream_nor_a_connection_waits_and_is_served_in_order(self):
        station = self.station(streams=2)
        _, port, _ = self.serve(station, limits={"connections": 1, "pending": 2})
        self.assertEqual(ask(port)[0], 200)  # so that the proxy knows how many streams it may open
        station.open = False
        askers = []
        for number in range(4):
            askers.append(Asker(port))
            if number < 2:
                wait_until(lambda: station.active == number + 1, "a stream")
            else:
                time.sleep(0.05)  # nothing shows that it stands in line; the order is what the test is about
        self.assertEqual(ask(port), (503, "Every backend has as much to do as it may.\n"))
        for done in range(1, 5):
            station.let_through(1)
            wait_until(lambda: sum(asker.answer is not None for asker in askers) == done, f"answer {done}")
            self.assertEqual([asker.answer is not None for asker in askers], [True] * done + [False] * (4 - done))
        self.assertEqual((station.most_connections, station.most_on_one, station.requests), (1, 2, 5))

    def test_a_further_connection_is_opened_where_the_first_is_full(self):
        station = self.station(streams=2)
        _, port, _ = self.serve(station, limits={"connections": 2})
        self.assertEqual(ask(port)[0], 200)
        station.open = False
        askers = [Asker(port) for _ in range(5)]
        wait_until(lambda: station.active == 4, "two streams on each of two connections")
        time.sleep(0.1)
        self.assertEqual((station.active, station.connections), (4, 2))
        station.open = True
        station.let_through()
        self.assertEqual([asker.result()[0] for asker in askers], [200] * 5)
        self.assertEqual((station.most_connections, station.most_on_one), (2, 2))

    def test_one_connection_goes_round_among_workers(self):
        station = self.station()
        _, port, _ = self.serve(station, workers=3, limits={"connections": 1})
        for _ in range(40):  # new connections, so that every worker is asked sooner or later
            self.assertEqual(ask(port)[0], 200)
        self.assertEqual(station.most_connections, 1)

    def test_a_backend_that_ends_its_connection_gives_its_place_back(self):
        station = self.station()
        _, port, _ = self.serve(station, limits={"connections": 1})
        for _ in range(3):
            self.assertEqual(ask(port)[0], 200)
            writers = list(station.writers)
            EVENTS.loop.call_soon_threadsafe(lambda: [writer.transport.abort() for writer in writers])
            wait_until(lambda: station.connections == 0, "the end of the connection")
        self.assertEqual(station.most_connections, 1)

    def test_nobody_waits_where_nobody_may(self):
        station = self.station()
        _, port, _ = self.serve(station, limits={"requests": 1, "pending": 0})
        station.open = False
        first = Asker(port)
        wait_until(lambda: station.active == 1, "the first request")
        self.assertEqual(ask(port)[0], 503)
        station.let_through()
        self.assertEqual(first.result(), (200, "ok"))


if __name__ == "__main__":
    unittest.main()
