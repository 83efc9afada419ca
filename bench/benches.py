"""The measurements. Each takes a Run and returns its rows; what one subject cannot do, or fails at, is said in a line
and leaves the others alone. README.md says what each means."""

import contextlib
import dataclasses
import json
import pathlib
import statistics
import typing

import loads
import special
import subjects
from processes import Failed, OTHER_CORES, Process, SUBJECT_CORE, free_port
from rows import row

WARM_UP = 1  # seconds of load before each turn


@dataclasses.dataclass
class Run:
    build: pathlib.Path
    folder: pathlib.Path
    rounds: int
    seconds: int
    wanted: list  # subjects, in their order

    def say(self, text):
        print(text, flush=True)

    def place(self, name, target, **job):
        return subjects.Place(self.build, self.folder, name, free_port(), target, **job)

    def start(self, command, place, cores=SUBJECT_CORE):
        return Process(command(place), cores, place.port, self.folder / f"{place.name}-{place.port}.out")

    @contextlib.contextmanager
    def backend(self, command, **job):
        process = self.start(command, self.place("backend", 0, **job), OTHER_CORES)
        try:
            yield process
        finally:
            process.stop()

    @contextlib.contextmanager
    def all_subjects(self, names, target, **job):
        """{name: Process} of those that can do the job, all at once: who is not asked uses no processor."""
        running = {}
        try:
            for name in [each for each in names if each in self.wanted]:
                try:
                    running[name] = self.start(subjects.SUBJECTS[name], self.place(name, target, **job))
                except Failed as failure:
                    self.say(f"  {name}: skipped: {failure}")
            yield running
        finally:
            for process in running.values():
                process.stop()


def take_turns(run, bench, running, load):
    """In each round every subject takes a turn, another one first each time: {name: [(cpu, p99), …]}."""
    turns = {name: [] for name in running}
    for number in range(run.rounds):
        names = list(turns)
        for name in names[number % len(names):] + names[:number % len(names)]:
            process = running[name]
            try:
                load(process.port, WARM_UP)
                before = process.processor_seconds()
                requests, p99 = load(process.port, run.seconds)
                cpu = (process.processor_seconds() - before) / requests * 1e6
            except Failed as failure:
                run.say(f"  {name}: no figure: {failure}; it says: {process.last_words()}")
                del turns[name]
                continue
            turns[name].append((cpu, p99))
            run.say(f"  {bench}, round {number + 1}: {name:8} {cpu:8.2f} us of processor a request")
        if not turns:
            raise Failed("no subject is left")
    return turns


def cpu_rows(bench, turns):
    rows = []
    for name, each in turns.items():
        cpu = statistics.median(turn[0] for turn in each)
        p99 = None if each[0][1] is None else statistics.median(turn[1] for turn in each)
        rows.append(row(bench, name, cpu=cpu, p99=p99))
    return rows


@dataclasses.dataclass
class Traffic:
    """Every subject under the same load; compared by processor time per request."""
    load: typing.Callable  # (run, port, seconds) -> (requests, p99)
    names: tuple
    job: dict = dataclasses.field(default_factory=dict)
    backend: typing.Callable = subjects.backend_http1
    backend_job: dict = dataclasses.field(default_factory=dict)

    def __call__(self, run, bench):
        with run.backend(self.backend, **self.backend_job) as backend:
            with run.all_subjects(self.names, backend.port, **self.job) as running:
                return cpu_rows(bench, take_turns(run, bench, running, lambda *turn: self.load(run, *turn)))


def paced_half(run, bench):
    """p99 at one rate for all: half of what the slowest of the compared can do."""
    with run.backend(subjects.backend_http1) as backend:
        with run.all_subjects(("weir", "haproxy", "nginx", "relay"), backend.port) as running:
            most = {name: loads.wrk(process.port, run.seconds)[0] / run.seconds for name, process in running.items()}
            rate = min(most.values()) / 2
            run.say(f"  {bench}: {rate:.0f} requests a second; saturated: "
                    + ", ".join(f"{name} {each:.0f}" for name, each in most.items()))

            def load(port, seconds):
                answer = loads.paced(run.build, port, seconds, rate)
                return answer["requests"], answer["p99_us"]
            rows = cpu_rows(bench, take_turns(run, bench, running, load))
    return [{**each, "compares": "p99_us"} for each in rows]


def grpc_load(run, port, seconds, path=None):
    message = run.folder / "message"
    message.write_bytes(loads.GRPC_MESSAGE)
    return loads.h2load(port, seconds, grpc_message=message, path=path)


def mesh_grpc(run, bench):
    """gRPC by a route of a mesh; beside it the same requests as HTTP/2 that nobody looks into."""
    tables = {"weir": ("grpc", subjects.mesh_table), "weir, plain HTTP/2": ("http2", subjects.weir_table)}
    running = {}
    with run.backend(subjects.backend_http2, grpc=True) as backend:
        try:
            for name, (protocol, table) in tables.items():
                place = run.place(name.split(",")[0], backend.port, http2=True, grpc=protocol == "grpc")
                place.table = table(place)
                running[name] = run.start(subjects.weir, place)
            return cpu_rows(bench, take_turns(run, bench, running, lambda *turn: grpc_load(
                run, *turn, path=subjects.GRPC_METHOD)))
        finally:
            for process in running.values():
                process.stop()


EVERYONE = ("weir", "haproxy", "nginx", "caddy", "relay")
WITHOUT_RELAY = ("weir", "haproxy", "nginx", "caddy")

BENCHES = {
    "http1-keepalive-64": Traffic(lambda run, port, seconds: loads.wrk(port, seconds), EVERYONE),
    "http2-8x32": Traffic(lambda run, port, seconds: loads.h2load(port, seconds), ("weir", "haproxy", "caddy", "relay"),
                          {"http2": True}, subjects.backend_http2),
    "grpc-8x32": Traffic(grpc_load, EVERYONE, {"http2": True, "grpc": True}, subjects.backend_http2, {"grpc": True}),
    "mesh-grpc-8x32": mesh_grpc,
    "http1-64k": Traffic(lambda run, port, seconds: loads.wrk(port, seconds, path="/64k"), EVERYONE),
    "http1-1m": Traffic(lambda run, port, seconds: loads.wrk(port, seconds, 16, "/1m"), EVERYONE),
    "tls-keepalive-64": Traffic(lambda run, port, seconds: loads.wrk(port, seconds, scheme="https"), WITHOUT_RELAY,
                                {"tls": True}),
    "tls-handshakes": Traffic(lambda run, port, seconds: loads.handshakes(run.build, port, seconds), WITHOUT_RELAY,
                              {"tls": True}),
    "paced-half": paced_half,
    "rules-10000": special.rules,
    "table-10000": special.table,
    "idle-9000": special.idle,
}
