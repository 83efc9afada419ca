"""gRPC of the real library for tests: backends that do as a call's metadata says, and who calls them."""

import collections
import subprocess

from weir_testing import BUILD

OK, CANCELLED, UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED = 0, 1, 2, 4, 12
RESOURCE_EXHAUSTED, INTERNAL, UNAVAILABLE = 8, 13, 14
SERVING, NOT_SERVING = 1, 2

Said = collections.namedtuple("Said", "status seconds replies message")


class Peer:
    """A grpc_peer, which takes lines and answers with lines."""

    def __init__(self, *words):
        self.process = subprocess.Popen([BUILD / "tests/grpc_peer", *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, bufsize=1)

    def hear(self):
        line = self.process.stdout.readline()
        assert line, f"grpc_peer ended with {self.process.wait(10)}"
        return line.rstrip("\n")

    def told(self, line):
        self.process.stdin.write(line + "\n")
        return self.hear()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(20)
        finally:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()


class GrpcBackends(Peer):
    """Backends called NAME at 127.0.0.1, or at the address that is given as NAME=ADDRESS:PORT; `ports` by their names."""

    def __init__(self, *places):
        places = [place if "=" in place else f"{place}=127.0.0.1:0" for place in places]
        super().__init__("serve", *places)
        self.ports = {place.partition("=")[0]: int(self.hear()) for place in places}

    def health(self, name, status):
        self.told(f"health {name} {status}")

    def tries(self, call):
        return int(self.told(f"tries {call}"))

    def calls(self, name):
        """How many it has had, without health checks."""
        return int(self.told(f"calls {name}"))


class GrpcCaller(Peer):
    def __init__(self):
        super().__init__("call")

    def call(self, address, method="/test.Service/Method", seconds=20, **metadata):
        """What became of it; of the metadata's names "_" is "-"."""
        words = [address, method, str(int(seconds * 1000)), *(f"{name.replace('_', '-')}:{value}" for name, value in metadata.items())]
        status, took, replies, message = self.told("\t".join(words)).split("\t")
        return Said(int(status), int(took) / 1000, replies.split(",") if replies else [], message)
