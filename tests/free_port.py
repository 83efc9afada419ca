"""Ports for servers of tests, each one's own until the process that asked ends, whatever runs beside it.

A port that the kernel chose and that is closed again may be an outgoing connection's a moment later. These are not of
the kernel's choosing, and not of those that `weir serve` gives to tasks (20000-29999); who holds one has a lock on it.
"""

import errno
import random
import socket

FIRST, LAST = 10240, 19999
TRIES = 200


def free_port():
    for _ in range(TRIES):
        port = random.SystemRandom().randint(FIRST, LAST)
        lock = socket.socket(socket.AF_UNIX)
        try:
            lock.bind(f"\0weir-test-port-{port}")  # an abstract name: gone with the process, no file is left
        except OSError:
            lock.close()
            continue
        lock.detach()  # kept open
        if all(free(family, port) for family in (socket.AF_INET, socket.AF_INET6)):
            return port
    raise RuntimeError(f"no free port among {TRIES} tried")


def free(family, port):
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what waits for its last packets is no server
            probe.bind(("", port))
    except OSError as error:
        return error.errno == errno.EAFNOSUPPORT or error.errno == errno.EADDRNOTAVAIL
    return True
