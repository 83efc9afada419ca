"""Processes of a measurement: started on their cores, waited for, asked what they have used, and ended."""

import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests"))
from free_port import free_port  # noqa: E402

CORES = os.cpu_count()
SUBJECT_CORE = str(CORES - 1)  # for itself; load generator and backend share the others
OTHER_CORES = f"0-{CORES - 2}" if CORES > 1 else "0"
TICKS = os.sysconf("SC_CLK_TCK")
START_SECONDS = 30
STOP_SECONDS = 10


class Failed(Exception):
    """This measurement has no figure; the sentence says why."""


class Process:
    """One program that listens on a port of 127.0.0.1, from here to stop()."""

    def __init__(self, command, cores, port, log_path):
        self.port = port
        self.log_path = pathlib.Path(log_path)
        with open(log_path, "ab") as log:
            self.popen = subprocess.Popen(["taskset", "-c", cores, *map(str, command)], stdin=subprocess.DEVNULL,
                                          stdout=log, stderr=log)
        self.pid = self.popen.pid
        deadline = time.monotonic() + START_SECONDS
        while not listens(port):
            if self.popen.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise Failed(f"{command[0]} does not listen: {self.last_words()}")
            time.sleep(0.02)

    def last_words(self):
        return self.log_path.read_text(errors="replace").strip()[-300:] or "it says nothing"

    def stop(self):
        """Ends it, and whatever it has started that does not end with it."""
        children = family(self.pid)
        if self.popen.poll() is None:
            self.popen.terminate()
            try:
                self.popen.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()
        for child in children:
            if child != self.pid and alive(child):
                os.kill(child, signal.SIGKILL)

    def processor_seconds(self):
        """utime + stime of it and its children, of all their threads."""
        total = 0
        for pid in family(self.pid):
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        return total / TICKS

    def resident_bytes(self):
        """Of it and its children; pages that they share count for each. From smaps: statm is only roughly right."""
        total = 0
        for pid in family(self.pid):
            text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
            total += int(re.search(r"Rss:\s+(\d+) kB", text).group(1)) * 1024
        return total


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def family(pid):
    """The process and its descendants, as far as they live."""
    found, wanted = [], [pid]
    while wanted:
        one = wanted.pop()
        try:
            threads = os.listdir(f"/proc/{one}/task")
            for thread in threads:
                wanted += map(int, pathlib.Path(f"/proc/{one}/task/{thread}/children").read_text().split())
            found.append(one)
        except FileNotFoundError:
            pass
    return found


def alive(pid):
    try:
        os.kill(pid, 0)
        return True
    except ProcessLookupError:
        return False
