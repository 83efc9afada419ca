"""As much CBOR (RFC 8949) as Smithy's RPC v2 needs, written from the RFC for the tests: definite lengths out, all in."""

import struct


def head(major, number):
    if number < 24:
        return bytes([major << 5 | number])
    for info, form, most in ((24, ">B", 1 << 8), (25, ">H", 1 << 16), (26, ">I", 1 << 32), (27, ">Q", 1 << 64)):
        if number < most:
            return bytes([major << 5 | info]) + struct.pack(form, number)
    raise ValueError(number)


def dumps(value):
    if value is None or isinstance(value, bool):
        return {None: b"\xf6", False: b"\xf4", True: b"\xf5"}[value]
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, float):
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, tuple):  # a timestamp
        return head(6, 1) + dumps(value[0])
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(dumps, value))
    return head(5, len(value)) + b"".join(dumps(key) + dumps(held) for key, held in value.items())


def loads(data):
    value, end = load(data, 0)
    assert end == len(data), "something follows"
    return value


def load(data, at):
    major, info = data[at] >> 5, data[at] & 31
    at += 1
    if major == 7 and info in (26, 27):
        size = 4 if info == 26 else 8
        return struct.unpack(">f" if size == 4 else ">d", data[at:at + size])[0], at + size
    size = 0 if info < 24 else 1 << (info - 24)
    number = info if info < 24 else int.from_bytes(data[at:at + size], "big")
    at += size
    if major == 7:
        return {20: False, 21: True, 22: None}[number], at
    if major < 2:
        return (number if major == 0 else -1 - number), at
    if major == 3:
        return data[at:at + number].decode(), at + number
    if major == 6:
        value, at = load(data, at)
        return (value,), at
    if major == 4:
        items = []
        for _ in range(number):
            item, at = load(data, at)
            items.append(item)
        return items, at
    assert major == 5, major
    members = {}
    for _ in range(number):
        key, at = load(data, at)
        members[key], at = load(data, at)
    return members, at
