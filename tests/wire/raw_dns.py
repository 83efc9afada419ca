"""DNS messages by hand, as the tests need them: what a good client would never send too."""

import socket
import struct

A, CNAME, SOA, AAAA, SRV, OPT, ANY = 1, 5, 6, 28, 33, 41, 255
NO_ERROR, FORM_ERROR, SERVER_FAILURE, NAME_ERROR, NOT_IMPLEMENTED, REFUSED = range(6)


def name_bytes(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label) + b"\0"


def query(name, kind=A, ident=0x1234, edns=None, flags=0x0100, klass=1):
    message = struct.pack("!6H", ident, flags, 1, 0, 0, 0 if edns is None else 1) + name_bytes(name) + struct.pack("!2H", kind, klass)
    if edns is not None:
        message += b"\0" + struct.pack("!HHIH", OPT, edns, 0, 0)
    return message


def read_name(message, at):
    labels, back = [], None
    while message[at]:
        if message[at] & 0xC0:
            back = back or at + 2
            at = struct.unpack_from("!H", message, at)[0] & 0x3FFF
        else:
            labels.append(message[at + 1:at + 1 + message[at]].decode())
            at += 1 + message[at]
    return ".".join(labels), back or at + 1


class Reply:
    def __init__(self, message):
        self.bytes = message
        self.ident, flags, questions, *counts = struct.unpack_from("!6H", message)
        self.code, self.truncated, self.authoritative = flags & 15, bool(flags & 0x200), bool(flags & 0x400)
        self.recursion = bool(flags & 0x80)
        assert flags & 0x8000, "it is no reply"
        at, self.question = 12, None
        for _ in range(questions):
            name, at = read_name(message, at)
            self.question = (name, *struct.unpack_from("!2H", message, at))
            at += 4
        self.answers, self.authorities, self.more = [], [], []
        for count, section in zip(counts, (self.answers, self.authorities, self.more)):
            for _ in range(count):
                owner, at = read_name(message, at)
                kind, _, ttl, size = struct.unpack_from("!HHIH", message, at)
                at += 10
                section.append((owner, kind, ttl, self.data(kind, at, size)))
                at += size
        assert at == len(message), f"{len(message) - at} bytes too many"
        self.more = [record for record in self.more if record[1] != OPT]

    def data(self, kind, at, size):
        if kind in (A, AAAA):
            return socket.inet_ntop(socket.AF_INET if kind == A else socket.AF_INET6, self.bytes[at:at + size])
        if kind == CNAME:
            return read_name(self.bytes, at)[0]
        if kind == SRV:
            return (*struct.unpack_from("!3H", self.bytes, at), read_name(self.bytes, at + 6)[0])
        if kind == SOA:
            _, at = read_name(self.bytes, at)
            _, at = read_name(self.bytes, at)
            return struct.unpack_from("!5I", self.bytes, at)
        return self.bytes[at:at + size]

    def values(self):
        return [record[3] for record in self.answers]


def reply_to(message, code=NO_ERROR, addresses=(), flags=0x8180, ttl=30, kind=A, data=None):
    """What another name server might say to the query."""
    ident, = struct.unpack_from("!H", message)
    end = read_name(message, 12)[1] + 4
    records = [data] if data is not None else [socket.inet_aton(address) for address in addresses]
    out = struct.pack("!6H", ident, flags | code, 1, len(records), 0, 0) + message[12:end]
    for record in records:
        out += b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, ttl, len(record)) + record
    return out


def ask(port, message, source="127.0.0.1", seconds=10, address="127.0.0.1"):
    """By UDP."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.bind((source, 0))
        asking.settimeout(seconds)
        asking.connect((address, port))
        asking.send(message)
        return Reply(asking.recv(65535))


def framed(message):
    return struct.pack("!H", len(message)) + message


def receive_framed(stream):
    def exactly(count):
        data = b""
        while len(data) < count:
            more = stream.recv(count - len(data))
            if not more:
                raise ConnectionError("it has ended")
            data += more
        return data
    return exactly(*struct.unpack("!H", exactly(2)))


def ask_stream(port, message, seconds=10, address="127.0.0.1"):
    with socket.create_connection((address, port), timeout=seconds) as stream:
        stream.sendall(framed(message))
        return Reply(receive_framed(stream))
