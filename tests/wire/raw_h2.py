"""HTTP/2 spelled by hand, so that it can be spelled wrong; and a proxy with a table file for it to talk to. Blocking,
with a bound on every wait."""

import json
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from free_port import free_port  # noqa: E402

PATIENCE = 10.0  # seconds: the longest that one expected thing may take

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED, WITH_PRIORITY = 0x1, 0x1, 0x4, 0x8, 0x20
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
CODES = ["NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED",
         "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM"]


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def integer(value, bits, first=0):
    """HPACK's integer with a prefix of `bits` bits (RFC 7541 5.1)."""
    most = (1 << bits) - 1
    if value < most:
        return bytes([first | value])
    out, value = [first | most], value - most
    while value >= 128:
        out.append(value % 128 + 128)
        value //= 128
    return bytes(out + [value])


def block(fields):
    """Literal fields without indexing and without Huffman code."""
    out = b""
    for name, value in fields:
        name, value = (x if isinstance(x, bytes) else x.encode() for x in (name, value))
        out += b"\0" + integer(len(name), 7) + name + integer(len(value), 7) + value
    return out


def request(host="h1", method="GET", path="/", more=()):
    return [(":method", method), (":scheme", "http"), (":path", path), (":authority", host), *more]


class Peer:
    """A client. `events` is what came: ("headers", stream), ("rst", stream, code), ("goaway", code), ("closed",), …"""

    def __init__(self, port, settings=b"", preface=PREFACE, receive_buffer=None):
        self.socket = socket.socket()
        self.socket.settimeout(PATIENCE)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer, self.events, self.closed = b"", [], False
        self.data = {}
        if preface:
            self.send(preface + frame(SETTINGS, payload=settings))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, bytes_):
        """False: the proxy has closed the connection."""
        try:
            self.socket.sendall(bytes_)
            return True
        except (ConnectionError, socket.timeout):
            return False

    def ask(self, stream, fields=None, end=True, **more):
        flags = END_HEADERS | (END_STREAM if end else 0)
        return self.send(frame(HEADERS, flags, stream, block(fields or request(**more))))

    def read(self, patience=PATIENCE):
        """One event, or None when nothing came in time."""
        deadline = time.monotonic() + patience
        while True:
            if len(self.buffer) >= 9:
                size = int.from_bytes(self.buffer[:3], "big")
                if len(self.buffer) >= 9 + size:
                    return self.take(size)
            if self.closed:
                return ("closed",)
            try:
                self.socket.settimeout(max(0.001, deadline - time.monotonic()))
                piece = self.socket.recv(65536)
            except socket.timeout:
                return None
            except ConnectionError:
                piece = b""
            if not piece:
                self.closed = True
                self.events.append(("closed",))
                return ("closed",)
            self.buffer += piece

    def take(self, size):
        kind, flags, stream = struct.unpack(">BBI", self.buffer[3:9])
        payload, self.buffer = self.buffer[9:9 + size], self.buffer[9 + size:]
        event = (kind, stream)
        if kind == HEADERS:
            event = ("headers", stream, payload[:1].hex(), bool(flags & END_STREAM))
        elif kind == DATA:
            self.data[stream] = self.data.get(stream, b"") + payload
            event = ("data", stream, len(payload), bool(flags & END_STREAM))
        elif kind == RST_STREAM:
            event = ("rst", stream, CODES[int.from_bytes(payload, "big")])
        elif kind == GOAWAY:
            event = ("goaway", CODES[int.from_bytes(payload[4:8], "big")], int.from_bytes(payload[:4], "big"))
        elif kind == SETTINGS:
            event = ("settings", "ack" if flags & ACK else payload)
            if not flags & ACK:
                self.send(frame(SETTINGS, ACK))
        elif kind == PING:
            event = ("pong" if flags & ACK else "ping", payload)
            if not flags & ACK:
                self.send(frame(PING, ACK, 0, payload))
        self.events.append(event)
        return event

    def until(self, wanted, patience=PATIENCE):
        """The first event whose name is `wanted` (or among them); None if it did not come."""
        wanted = (wanted,) if isinstance(wanted, str) else wanted
        deadline = time.monotonic() + patience
        while (left := deadline - time.monotonic()) > 0:
            event = self.read(left)
            if event is not None and event[0] in wanted:
                return event
            if event is None or event[0] == "closed":
                return None
        return None

    def verdict(self, patience=PATIENCE, ignore=()):
        """What became of it: "goaway CODE", "rst CODE", "closed", or "served" where an answer ended a stream."""
        while (event := self.read(patience)) is not None:
            if event[0] in ignore:
                continue
            if event[0] == "goaway" and event[1] != "NO_ERROR":
                return "goaway " + event[1]
            if event[0] == "rst":
                return "rst " + event[2]
            if event[0] == "closed":
                return "closed"
            if event[0] in ("headers", "data") and event[3]:
                return "served"
            if event[0] == "pong":
                return "pong"
        return "nothing"


class Server(Peer):
    """A backend, on a connection that the proxy has opened. Requests come once it has said its SETTINGS."""

    def __init__(self, connection):
        self.socket = connection
        self.buffer, self.events, self.closed, self.data = b"", [], False, {}
        preface = b""
        while len(preface) < len(PREFACE):
            preface += connection.recv(len(PREFACE) - len(preface))
        assert preface == PREFACE, preface
        self.send(frame(SETTINGS))


class Backend:
    """An HTTP/1.1 server in threads: answers "ok" at once; /hang is never answered, /large with a megabyte,
    /bytes/N with N bytes."""

    def __init__(self):
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.listening.getsockname()[1]
        self.open, self.requests, self.last = set(), 0, b""
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        try:
            while True:
                peer, _ = self.listening.accept()
                self.open.add(peer)
                threading.Thread(target=self.serve, args=(peer,), daemon=True).start()
        except OSError:
            pass

    def serve(self, peer):
        held = b""
        try:
            while piece := peer.recv(65536):
                held += piece
                while b"\r\n\r\n" in held:
                    head, held = held.split(b"\r\n\r\n", 1)
                    if b"transfer-encoding: chunked" in head.lower():
                        while not held.endswith(b"0\r\n\r\n"):
                            held += peer.recv(65536)
                        held = b""
                    self.requests += 1
                    self.last = head
                    path = head.split(b" ", 2)[1]
                    if path == b"/hang":
                        continue
                    body = b"x" * 1048576 if path == b"/large" else b"ok"
                    if path.startswith(b"/bytes/"):
                        body = b"x" * int(path[7:])
                    peer.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
        except OSError:
            pass
        self.open.discard(peer)
        peer.close()

    def stop(self):
        self.listening.close()
        for peer in list(self.open):
            try:
                peer.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Proxy:
    """The data plane with one worker, one listener and one pool."""

    def __init__(self, program, idle_timeout_ms=60000, control=False):
        self.folder = tempfile.mkdtemp(prefix="weir-wire-")
        self.backend, self.port = Backend(), free_port()
        table = {"version": 1,
                 "listeners": [{"id": "l", "address": "127.0.0.1", "port": self.port,
                                "idle_timeout_ms": idle_timeout_ms,
                                "rules": [{"id": "all", "match": {}, "action": {"forward": [{"pool": "p"}]}}]}],
                 "pools": [{"id": "p", "protocol": "http1", "health": {"protocol": "none"},
                            "backends": [{"id": "b", "address": "127.0.0.1", "port": self.backend.port,
                                          "state": "serving"}]}]}
        self.table, self.control_path = table, os.path.join(self.folder, "control")
        path = os.path.join(self.folder, "table.json")
        with open(path, "w") as file:
            json.dump(table, file)
        self.log = open(os.path.join(self.folder, "log"), "wb")
        command = [program, "--table", path, "--workers", "1"] + (["--control", self.control_path] if control else [])
        self.process = subprocess.Popen(command, stderr=self.log)
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)

    def memory(self):
        """Resident bytes."""
        with open(f"/proc/{self.process.pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def stop(self):
        """What is wrong with its end, or an empty string."""
        self.process.terminate()
        try:
            code = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self.backend.stop()
        self.log.close()
        with open(self.log.name, errors="replace") as file:
            said = file.read()
        shutil.rmtree(self.folder)
        faults = [line for line in said.splitlines() if "Sanitizer" in line or "runtime error" in line]
        return "\n".join(faults) or ("" if code in (0, -9) else f"exit code {code}: {said[-2000:]}")
