#!/usr/bin/env python3
"""What RFC 9113 and RFC 7541 say of frames that are wrong, frame by frame, against the data plane. Rows are named by
the section they come from. usage: h2_frames_test.py PROXY"""

import struct
import sys
import unittest

from raw_h2 import *

PROGRAM = sys.argv.pop(1) if len(sys.argv) > 1 else ""
PROXY = None

OPEN = frame(HEADERS, END_HEADERS, 1, block(request(path="/hang")))
HALF = frame(HEADERS, END_HEADERS | END_STREAM, 1, block(request(path="/hang")))
GONE = HALF + frame(RST_STREAM, 0, 1, struct.pack(">I", 8))
ASK = frame(HEADERS, END_HEADERS | END_STREAM, 1, block(request()))
OVER = frame(HEADERS, END_HEADERS, 1, block(request(path="/hang"))) + frame(RST_STREAM, 0, 1, struct.pack(">I", 8))
PROBE = frame(PING, 0, 0, b"12345678")
POST = frame(HEADERS, END_HEADERS, 1, block(request(method="POST") + [("content-length", "6")]))
PART = frame(HEADERS, END_STREAM, 1, block(request()))


def setting(key, value):
    return frame(SETTINGS, 0, 0, struct.pack(">HI", key, value))


def fields(*more, without=(), end=True):
    kept = [f for f in request() if f[0] not in without]
    return frame(HEADERS, END_HEADERS | (END_STREAM if end else 0), 1, block(kept + list(more)))


def raw_block(extra):
    return frame(HEADERS, END_HEADERS | END_STREAM, 1, block(request()) + extra)


def literals(*fields, first=b""):
    """GET http / by indices, and further fields as they are."""
    return frame(HEADERS, END_HEADERS | END_STREAM, 1, first + b"\x82\x86\x84" + b"".join(fields))


NAMED = b"\x01\x02h1"  # :authority
INDEXED = literals(NAMED)
PROTOCOL = ("goaway PROTOCOL_ERROR", "closed")
STREAM = ("rst PROTOCOL_ERROR", "goaway PROTOCOL_ERROR")
CLOSED = ("goaway STREAM_CLOSED", "rst STREAM_CLOSED", "goaway PROTOCOL_ERROR")
SIZE = ("goaway FRAME_SIZE_ERROR", "closed")
COMPRESSION = ("goaway COMPRESSION_ERROR", "closed")
FLOW = ("goaway FLOW_CONTROL_ERROR",)
ALIVE = ("pong",)
SERVED = ("served",)

# (section and sentence, what is sent after the preface, what may become of it)
ROWS = [
    ("9113 4.1: a frame of an unknown type is ignored", frame(0x16, 0xFF, 0, b"abc") + PROBE, ALIVE),
    ("9113 4.1: undefined flags are ignored", frame(PING, 0x16, 0, b"12345678"), ALIVE),
    ("9113 4.1: the reserved bit is ignored", frame(PING, 0, 0x80000000, b"12345678"), ALIVE),
    ("9113 4.2: DATA larger than the limit", OPEN + frame(DATA, END_STREAM, 1, bytes(16385)), SIZE),
    ("9113 4.2: HEADERS larger than the limit", frame(HEADERS, 5, 1, bytes(16385)), SIZE),
    ("9113 4.2: SETTINGS larger than the limit", frame(SETTINGS, 0, 0, bytes(16386)), SIZE),
    ("9113 4.3: a block that is no HPACK", frame(HEADERS, 5, 1, b"\xff\xff\xff\xff\xff\xff"), COMPRESSION),
    ("9113 4.3: PRIORITY within a block", PART + frame(PRIORITY, 0, 1, bytes(5)), PROTOCOL),
    ("9113 4.3: another stream's HEADERS within a block", PART + frame(HEADERS, 5, 3, block(request())), PROTOCOL),
    ("9113 4.3: another stream's CONTINUATION", PART + frame(CONTINUATION, 4, 3, b""), PROTOCOL),
    ("9113 4.3: PING within a block", PART + PROBE, PROTOCOL),
    ("9113 5.1: DATA on an idle stream", frame(DATA, 1, 1, b"x"), PROTOCOL),
    ("9113 5.1: RST_STREAM on an idle stream", frame(RST_STREAM, 0, 1, bytes(4)), PROTOCOL),
    ("9113 5.1: WINDOW_UPDATE on an idle stream", frame(WINDOW_UPDATE, 0, 1, b"\0\0\0\1"), PROTOCOL),
    ("9113 5.1: CONTINUATION on an idle stream", frame(CONTINUATION, 4, 1, b""), PROTOCOL),
    ("9113 5.1: DATA after the end of a stream", HALF + frame(DATA, 1, 1, b"x"), CLOSED),
    ("9113 5.1: HEADERS after the end of a stream", HALF + frame(HEADERS, 5, 1, block(request())), CLOSED),
    ("9113 5.1: CONTINUATION after the end of a block", HALF + frame(CONTINUATION, 4, 1, b""), PROTOCOL + CLOSED),
    # nghttp2 cannot tell such a stream from one that it has reset itself: it ignores it, and never serves it.
    ("9113 5.1: HEADERS on a closed stream", GONE + frame(HEADERS, 5, 1, block(request())) + PROBE, CLOSED + ALIVE),
    ("9113 5.1: DATA on a closed stream", GONE + frame(DATA, 1, 1, b"x") + PROBE, CLOSED + ALIVE),
    ("9113 5.1: CONTINUATION on a closed stream", GONE + frame(CONTINUATION, 4, 1, b""), PROTOCOL + CLOSED),
    ("9113 5.1: DATA on a stream that was reset", OVER + frame(DATA, 1, 1, b"x") + PROBE, CLOSED + ALIVE),
    ("9113 5.1: HEADERS on a stream that was reset", OVER + frame(HEADERS, 5, 1, block(request())) + PROBE,
     CLOSED + ALIVE),
    ("9113 5.1: CONTINUATION on a stream that was reset", OVER + frame(CONTINUATION, 4, 1, b""), PROTOCOL + CLOSED),
    ("9113 5.1: WINDOW_UPDATE on a closed stream is ignored", GONE + frame(WINDOW_UPDATE, 0, 1, b"\0\0\0\1") + PROBE,
     ALIVE),
    ("9113 5.1: RST_STREAM on a closed stream is ignored", GONE + frame(RST_STREAM, 0, 1, bytes(4)) + PROBE, ALIVE),
    ("9113 5.1: PRIORITY on an idle stream is ignored", frame(PRIORITY, 0, 5, bytes(5)) + PROBE, ALIVE),
    ("9113 5.1.1: a stream with an even number", frame(HEADERS, 5, 2, block(request())), PROTOCOL),
    ("9113 5.1.1: a stream with a lower number", frame(HEADERS, 5, 5, block(request(path="/hang"))) +
     frame(HEADERS, 5, 3, block(request())) + PROBE, PROTOCOL + CLOSED + ALIVE),
    ("9113 5.5: an unknown frame within a block", PART + frame(0x16, 0, 1, b""), PROTOCOL),
    ("7540 5.3.1: HEADERS that depend on themselves",
     frame(HEADERS, 5 | WITH_PRIORITY, 1, b"\0\0\0\1\0" + block(request())), STREAM),
    ("7540 5.3.1: PRIORITY that depends on itself", frame(PRIORITY, 0, 1, b"\0\0\0\1\0") + PROBE, STREAM + ALIVE),
    ("9113 6.1: padded DATA is served", POST + frame(DATA, 1 | PADDED, 1, b"\3abcdef" + bytes(3)), SERVED),
    ("9113 6.1: DATA in several frames is served", POST + frame(DATA, 0, 1, b"ab") + frame(DATA, 0, 1, b"") +
     frame(DATA, 1, 1, b"cdef"), SERVED),
    ("9113 8.1: trailers are served", POST + frame(DATA, 0, 1, b"abcdef") + frame(HEADERS, 5, 1, block([("x-a", "1")])),
     SERVED),
    ("9113 8.1: HEAD is served", frame(HEADERS, 5, 1, block(request(method="HEAD"))), SERVED),
    ("9113 6.1: DATA on stream 0", frame(DATA, 1, 0, b"x"), PROTOCOL),
    ("9113 6.1: more padding than DATA", OPEN + frame(DATA, 1 | PADDED, 1, b"\x09abc"), PROTOCOL),
    ("9113 6.1: padded DATA without a length", OPEN + frame(DATA, 1 | PADDED, 1, b""), SIZE + PROTOCOL),
    ("9113 6.2: HEADERS on stream 0", frame(HEADERS, 5, 0, block(request())), PROTOCOL),
    ("9113 6.2: more padding than HEADERS", frame(HEADERS, 5 | PADDED, 1, b"\xff" + block(request())), PROTOCOL),
    ("9113 6.2: padded HEADERS are served", frame(HEADERS, 5 | PADDED, 1, b"\3" + block(request()) + bytes(3)), SERVED),
    ("9113 6.2: HEADERS with a priority are served", frame(HEADERS, 5 | WITH_PRIORITY, 1, bytes(5) + block(request())),
     SERVED),
    # We have said that we do not use these priorities (RFC 9218): nghttp2 then does not look at the frame.
    ("9113 6.3: PRIORITY on stream 0", frame(PRIORITY, 0, 0, bytes(5)) + PROBE, PROTOCOL + ALIVE),
    ("9113 6.3: PRIORITY of a wrong size", OPEN + frame(PRIORITY, 0, 1, bytes(4)), SIZE + ("rst FRAME_SIZE_ERROR",)),
    ("9113 6.4: RST_STREAM on stream 0", frame(RST_STREAM, 0, 0, bytes(4)), PROTOCOL),
    ("9113 6.4: RST_STREAM of a wrong size", OPEN + frame(RST_STREAM, 0, 1, bytes(3)), SIZE),
    ("9113 6.5: an acknowledgement of SETTINGS with entries", frame(SETTINGS, ACK, 0, bytes(6)), SIZE),
    ("9113 6.5: SETTINGS on a stream", frame(SETTINGS, 0, 1, b""), PROTOCOL),
    ("9113 6.5: SETTINGS of a wrong size", frame(SETTINGS, 0, 0, bytes(5)), SIZE),
    ("9113 6.5.2: ENABLE_PUSH of 2", setting(2, 2), PROTOCOL),
    ("9113 6.5.2: INITIAL_WINDOW_SIZE over the limit", setting(4, 0x80000000), FLOW),
    ("9113 6.5.2: MAX_FRAME_SIZE under the limit", setting(5, 16383), PROTOCOL),
    ("9113 6.5.2: MAX_FRAME_SIZE over the limit", setting(5, 16777216), PROTOCOL),
    ("9113 6.5.2: an unknown setting is ignored", setting(0xFF, 1) + PROBE, ALIVE),
    ("9113 6.5.2: the smallest header table", setting(1, 0) + ASK, SERVED),
    ("9113 6.5.2: the largest header table", setting(1, 0xFFFFFFFF) + ASK, SERVED),
    ("9113 6.6: PUSH_PROMISE from a client", OPEN + frame(PUSH_PROMISE, 4, 1, b"\0\0\0\2" + block(request())), PROTOCOL),
    ("9113 6.7: PING is answered", PROBE, ALIVE),
    ("9113 6.7: PING on a stream", frame(PING, 0, 1, bytes(8)), PROTOCOL),
    ("9113 6.7: PING of a wrong size", frame(PING, 0, 0, bytes(6)), SIZE),
    ("9113 6.7: an answer to no PING is ignored", frame(PING, ACK, 0, bytes(8)) + PROBE, ALIVE),
    ("9113 6.8: GOAWAY on a stream", frame(GOAWAY, 0, 1, bytes(8)), PROTOCOL),
    ("9113 6.8: GOAWAY of a wrong size", frame(GOAWAY, 0, 0, bytes(4)), SIZE),
    ("9113 6.9: WINDOW_UPDATE of 0 on the connection", frame(WINDOW_UPDATE, 0, 0, bytes(4)), PROTOCOL),
    ("9113 6.9: WINDOW_UPDATE of 0 on a stream", OPEN + frame(WINDOW_UPDATE, 0, 1, bytes(4)), STREAM),
    ("9113 6.9: WINDOW_UPDATE of a wrong size", frame(WINDOW_UPDATE, 0, 0, bytes(3)), SIZE),
    ("9113 6.9.1: the connection's window over the limit", frame(WINDOW_UPDATE, 0, 0, b"\x7f\xff\xff\xff") * 2, FLOW),
    ("9113 6.9.1: a stream's window over the limit", OPEN + frame(WINDOW_UPDATE, 0, 1, b"\x7f\xff\xff\xff") * 2,
     ("rst FLOW_CONTROL_ERROR",) + FLOW),
    ("9113 6.9.2: INITIAL_WINDOW_SIZE that makes a window too large", OPEN + frame(WINDOW_UPDATE, 0, 1, b"\x7f\xff\0\0") +
     setting(4, 0x7FFFFFFF), FLOW + ("rst FLOW_CONTROL_ERROR",)),
    ("9113 6.10: a block in several frames", frame(HEADERS, 1, 1, block(request())[:5]) +
     frame(CONTINUATION, 0, 1, block(request())[5:9]) + frame(CONTINUATION, 4, 1, block(request())[9:]), SERVED),
    ("9113 6.10: CONTINUATION on stream 0", PART + frame(CONTINUATION, 4, 0, b""), PROTOCOL),
    ("9113 6.10: CONTINUATION after one that ended a block", PART + frame(CONTINUATION, 4, 1, b"") +
     frame(CONTINUATION, 4, 1, b""), PROTOCOL + CLOSED),
    ("9113 6.10: CONTINUATION after DATA", OPEN + frame(DATA, 0, 1, b"x") + frame(CONTINUATION, 4, 1, b""), PROTOCOL),
    ("9113 6.10: DATA before the end of a block", PART + frame(DATA, 1, 1, b"x"), PROTOCOL),
    ("9113 6.10: CONTINUATION after the end of a block", OPEN + frame(CONTINUATION, 4, 1, b""), PROTOCOL),
    ("9113 7: RST_STREAM with an unknown code", OPEN + frame(RST_STREAM, 0, 1, b"\0\0\0\xff") + PROBE, ALIVE),
    ("9113 7: GOAWAY with an unknown code", frame(GOAWAY, 0, 0, bytes(4) + b"\0\0\0\xff") + PROBE, ALIVE + ("closed",)),
    ("9113 8.1: HEADERS in the middle of a body", fields(end=False) + frame(HEADERS, 4, 1, block([("x-a", "1")])), STREAM),
    ("9113 8.1.1: a body longer than its length", fields(("content-length", "1"), end=False) + frame(DATA, 1, 1, b"ab"),
     STREAM),
    ("9113 8.1.1: a body shorter than its length", fields(("content-length", "5"), end=False) + frame(DATA, 1, 1, b"ab"),
     STREAM),
    ("9113 8.1.1: no body but a length", fields(("content-length", "5")), STREAM),
    ("9113 8.1.1: a body in frames longer than its length",
     fields(("content-length", "1"), end=False) + frame(DATA, 0, 1, b"a") + frame(DATA, 1, 1, b"b"), STREAM),
    ("9113 8.1.1: two lengths", fields(("content-length", "1"), ("content-length", "1"), end=False), STREAM),
    ("9113 8.2: a name in capitals", fields(("X-A", "1")), STREAM),
    ("9113 8.2.1: a space in a name", fields(("x a", "1")), STREAM),
    ("9113 8.2.1: a line end in a value", fields(("x-a", "1\r\nx-b: 2")), STREAM),
    ("9113 8.2.1: a null byte in a value", fields(("x-a", "1\0")), STREAM),
    ("9113 8.2.1: a space before a value", fields(("x-a", " 1")), STREAM),
    ("9113 8.2.1: a colon in a name", fields(("x:a", "1")), STREAM),
    ("9113 8.2.1: a line end in the path", fields((":path", "/ HTTP/1.1\r\nx: 1"), without=(":path",)), STREAM),
    ("9113 8.2.1: a line end in the method", fields((":method", "GET / HTTP/1.1\r\nx: 1"), without=(":method",)), STREAM),
    ("9113 8.2.1: a line end in the authority", fields((":authority", "a\r\nx: 1"), without=(":authority",)), STREAM),
    ("9113 8.2.2: connection", fields(("connection", "close")), STREAM),
    ("9113 8.2.2: keep-alive", fields(("keep-alive", "timeout=1")), STREAM),
    ("9113 8.2.2: proxy-connection", fields(("proxy-connection", "close")), STREAM),
    ("9113 8.2.2: transfer-encoding", fields(("transfer-encoding", "chunked")), STREAM),
    ("9113 8.2.2: upgrade", fields(("upgrade", "websocket")), STREAM),
    ("9113 8.2.2: te other than trailers", fields(("te", "gzip")), STREAM),
    ("9113 8.3: an unknown pseudo-field", fields((":test", "1")), STREAM),
    ("9113 8.3: a pseudo-field of responses", fields((":status", "200")), STREAM),
    ("9113 8.3: a pseudo-field among trailers", fields(end=False) + frame(HEADERS, 5, 1, block([(":method", "GET")])),
     STREAM),
    ("9113 8.3: a pseudo-field after another field", fields(("x-a", "1"), (":path", "/"), without=(":path",)), STREAM),
    ("9113 8.3.1: an empty path", fields((":path", ""), without=(":path",)), STREAM),
    ("9113 8.3.1: no method", fields(without=(":method",)), STREAM),
    ("9113 8.3.1: no scheme", fields(without=(":scheme",)), STREAM),
    ("9113 8.3.1: no path", fields(without=(":path",)), STREAM),
    ("9113 8.3.1: neither authority nor host", fields(without=(":authority",)), STREAM),
    ("9113 8.3.1: two methods", fields((":method", "GET")), STREAM),
    ("9113 8.3.1: two schemes", fields((":scheme", "http")), STREAM),
    ("9113 8.3.1: two paths", fields((":path", "/")), STREAM),
    ("9113 8.3.1: two authorities", fields((":authority", "a")), STREAM),
    ("9113 8.3.1: a host alone is enough", fields(("host", "h1"), without=(":authority",)), SERVED),
    ("7541 6.1: indexed fields are served", INDEXED, SERVED),
    ("7541 6.2.1: a field for the table with an indexed name is served", literals(b"\x41\x02h1"), SERVED),
    ("7541 6.2.1: a field for the table with a new name is served", literals(NAMED, b"\x40\x03x-a\x011"), SERVED),
    ("7541 6.2.2: a field with a new name is served", literals(NAMED, b"\x00\x03x-a\x011"), SERVED),
    ("7541 6.2.3: a field that is never indexed is served", literals(b"\x11\x02h1", b"\x10\x03x-a\x011"), SERVED),
    ("7541 6.3: a change of the table's size is served", literals(NAMED, first=b"\x20"), SERVED),
    ("7541 6.3: two changes of the table's size are served", literals(NAMED, first=b"\x20\x3f\xe1\x1f"), SERVED),
    ("7541 5.2: Huffman text is served",
     literals(b"\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff"), SERVED),
    ("7541 2.3.3: an index beyond the table", raw_block(b"\xc6"), COMPRESSION),
    ("7541 4.2: a table larger than allowed",
     frame(HEADERS, 5, 1, integer(8192, 5, 0x20) + block(request())), COMPRESSION),
    ("7541 4.2: a change of the table's size after a field", raw_block(b"\x20"), COMPRESSION),
    ("7541 5.2: Huffman padding longer than 7 bits", raw_block(b"\0\x85\xf2\xb2\x4a\x84\xff\x84\x49\x50\x9f\xff"),
     COMPRESSION),
    ("7541 5.2: Huffman padding that is not ones", raw_block(b"\0\x85\xf2\xb2\x4a\x87\xff\x83\x49\x50\x90"), COMPRESSION),
    ("7541 5.2: the end of Huffman text within it", raw_block(b"\0\x85\xf2\xb2\x4a\x87\xff\x87\x49\x51\xff\xff\xff\xfa\x7f"),
     COMPRESSION),
    ("7541 6.1: the index 0", raw_block(b"\x80"), COMPRESSION),
    ("7541 5.1: an integer without end", raw_block(b"\x7f" + b"\xff" * 20), COMPRESSION),
]


def setUpModule():
    global PROXY
    PROXY = Proxy(PROGRAM)


def tearDownModule():
    fault = PROXY.stop()
    if fault:
        raise AssertionError(fault)


class Frames(unittest.TestCase):
    def test_each_row_has_its_outcome(self):
        for name, bytes_, allowed in ROWS:
            with self.subTest(name), Peer(PROXY.port) as peer:
                peer.until("settings")
                peer.send(bytes_)
                self.assertIn(peer.verdict(3.0), allowed, peer.events)

    def test_a_stream_error_leaves_the_connection_good(self):
        with Peer(PROXY.port) as peer:
            peer.ask(1, request(more=[("X-A", "1")]))
            self.assertEqual(peer.verdict(), "rst PROTOCOL_ERROR")
            peer.ask(3)
            self.assertEqual(peer.verdict(), "served")

    def test_a_wrong_preface_is_no_connection(self):
        for preface in (b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", b"PRI * HTTP/1.1\r\nHost: h1\r\n\r\n",
                        PREFACE + frame(PING, 0, 0, bytes(8))):
            with self.subTest(preface), Peer(PROXY.port, preface=None) as peer:
                peer.send(preface)
                self.assertIn(peer.verdict(3.0), PROTOCOL)

    def test_a_connection_error_ends_the_connection(self):
        with Peer(PROXY.port) as peer:
            peer.send(frame(PING, 0, 0, bytes(6)))
            self.assertEqual(peer.verdict(), "goaway FRAME_SIZE_ERROR")
            self.assertEqual(peer.verdict(), "closed")

    def test_of_two_values_of_a_setting_the_last_counts(self):
        with Peer(PROXY.port) as peer:
            peer.send(frame(SETTINGS, 0, 0, struct.pack(">HIHI", 4, 100, 4, 1)))
            peer.ask(1)
            self.assertEqual(peer.until("data"), ("data", 1, 1, False))

    def test_a_window_may_become_negative(self):
        with Peer(PROXY.port, settings=struct.pack(">HI", 4, 3)) as peer:
            peer.ask(1, path="/bytes/10")
            self.assertEqual(peer.until("data"), ("data", 1, 3, False))
            peer.send(setting(4, 2) + PROBE)
            self.assertEqual(peer.until(("pong", "data"))[0], "pong")
            peer.send(frame(WINDOW_UPDATE, 0, 1, b"\0\0\0\1") + PROBE)  # from -1 to 0
            self.assertEqual(peer.until(("pong", "data"))[0], "pong")
            peer.send(frame(WINDOW_UPDATE, 0, 1, b"\0\0\0\1"))
            self.assertEqual(peer.until("data"), ("data", 1, 1, False))

    def test_settings_are_acknowledged(self):
        with Peer(PROXY.port) as peer:
            while (event := peer.until("settings")) and event[1] != "ack":
                pass
            self.assertEqual(event, ("settings", "ack"))

    def test_data_obeys_the_windows(self):
        with Peer(PROXY.port, settings=struct.pack(">HI", 4, 0)) as peer:
            peer.ask(1)
            self.assertIsNotNone(peer.until("headers"))
            peer.send(setting(4, 1))
            self.assertEqual(peer.until("data"), ("data", 1, 1, False))
            peer.send(frame(WINDOW_UPDATE, 0, 1, b"\0\0\0\1"))
            self.assertEqual(peer.until("data")[:3], ("data", 1, 1))
            self.assertEqual(peer.data[1], b"ok")

    def test_a_body_that_was_whole_before_it_could_be_sent_has_an_end(self):
        with Peer(PROXY.port, settings=struct.pack(">HI", 4, 0)) as peer:
            peer.ask(1, path="/bytes/70000")  # more than the proxy lets wait before it stops reading
            self.assertIsNotNone(peer.until("headers"))
            peer.send(setting(4, 1 << 20) + frame(WINDOW_UPDATE, 0, 0, b"\0\x10\0\0"))
            self.assertEqual(peer.verdict(), "served")
            self.assertEqual(len(peer.data[1]), 70000)

    def test_more_streams_than_allowed_are_refused(self):
        with Peer(PROXY.port) as peer:
            peer.until("settings")
            for i in range(300):
                peer.ask(2 * i + 1, path="/hang")
            self.assertIn(peer.verdict(), ("rst REFUSED_STREAM", "goaway PROTOCOL_ERROR"))

    def test_a_list_of_fields_beyond_the_limit_is_answered_and_the_next_request_is_served(self):
        many = block(request() + [(f"x-{i}", "v" * 4000) for i in range(20)])
        pieces = [many[i:i + 16000] for i in range(0, len(many), 16000)]
        with Peer(PROXY.port) as peer:
            peer.send(frame(HEADERS, END_STREAM, 1, pieces[0]))
            for piece in pieces[1:-1]:
                peer.send(frame(CONTINUATION, 0, 1, piece))
            peer.send(frame(CONTINUATION, END_HEADERS, 1, pieces[-1]))
            status = peer.until("headers")
            self.assertEqual((status[1], status[2] != "88"), (1, True))  # 88: status 200 in one byte
            peer.until("data")
            self.assertIn(b"head is larger", peer.data[1])
            peer.ask(3)
            self.assertEqual(peer.verdict(), "served")


if __name__ == "__main__":
    unittest.main()
