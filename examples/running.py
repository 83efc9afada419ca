"""Starting an example program by hand, for its test: on a free port, ended by pid, with its output kept."""

import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests"))
from free_port import free_port  # noqa: E402


def wait_until(condition, what, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"{what}: not within {seconds} s")


def listening(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Program:
    def __init__(self, path, environment):
        self.port = int(environment.get("PORT") or free_port())
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            ["./" + os.path.basename(path)], cwd=os.path.dirname(path), stdout=self.log, stderr=subprocess.STDOUT,
            env={"PORT": str(self.port), **{name: str(value) for name, value in environment.items()}})

    def output(self):
        self.log.seek(0)
        return self.log.read().decode()

    def terminate(self, seconds=20):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)


@contextlib.contextmanager
def running(path, **environment):
    program = Program(os.path.abspath(path), environment)
    try:
        wait_until(lambda: listening(program.port) or program.process.poll() is not None, f"{path} listens")
        yield program
    finally:
        if program.process.poll() is None:
            program.process.kill()
            program.process.wait()
        program.log.close()
