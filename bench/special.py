"""The measurements that are no comparison of processor time under load: many rules, a large table, idle connections."""

import json
import re
import resource
import socket
import statistics
import subprocess
import time

import loads
import subjects
from processes import Failed, OTHER_CORES
from rows import row

RULES = 10_000
BACKENDS = 10_000
CONNECTIONS = 9_000
APPLY_PATIENCE = 10  # seconds
STEADY_RATE = 2_000  # requests a second while tables are applied
TABLES_EACH_SECOND = 12  # at most
WARM_REQUESTS = 200


def rule_table(place, count):
    """The last rule takes everything; those before it look at hosts and paths that nobody asks for."""
    others = [{"id": f"r{i}", "match": {"hosts": [f"host{i % 100}.example"], "paths": [f"/service{i}/*"]},
               "action": {"forward": [{"pool": "one"}]}} for i in range(count - 1)]
    return subjects.weir_table(place, [*others, {"id": "all", "action": {"forward": [{"pool": "one"}]}}])


def rules(run, bench):
    from benches import cpu_rows, take_turns
    running = {}
    with run.backend(subjects.backend_http1) as backend:
        try:
            for name, count in (("weir", RULES), ("weir, 10 rules", 10)):
                place = run.place(name.split(",")[0], backend.port)
                place.table = rule_table(place, count)
                running[name] = run.start(subjects.weir, place)
            return cpu_rows(bench, take_turns(run, bench, running, loads.wrk))
        finally:
            for process in running.values():
                process.stop()


class Control:
    """What `weir serve` is to the proxy: hands it tables, hears when they run."""

    def __init__(self, path):
        deadline = time.monotonic() + APPLY_PATIENCE
        while True:
            self.socket = socket.socket(socket.AF_UNIX)
            try:
                self.socket.connect(str(path))
                break
            except OSError:
                self.socket.close()
                if time.monotonic() > deadline:
                    raise Failed("the control socket does not open") from None
                time.sleep(0.01)
        self.socket.settimeout(APPLY_PATIENCE)

    def apply(self, line, version):
        """Milliseconds from the first byte handed over to the first byte that says that all workers run it."""
        said = re.compile(rb'"acknowledged":\s*%d[,}]' % version)
        heard = b""
        begin = time.perf_counter()
        try:
            self.socket.sendall(line)
            while not said.search(heard):
                more = self.socket.recv(1 << 20)
                if not more:
                    raise Failed("the proxy has closed the control socket")
                heard = heard[-64:] + more
        except TimeoutError:
            raise Failed(f"the table does not run after {APPLY_PATIENCE} s") from None
        return (time.perf_counter() - begin) * 1e3

    def skip_the_rest(self):
        """Drops what else the proxy says, until it is silent for a moment."""
        self.socket.settimeout(0.05)
        try:
            while self.socket.recv(1 << 20):
                pass
        except TimeoutError:
            pass
        self.socket.settimeout(APPLY_PATIENCE)


def many_backends(place, version):
    """Ten pools with a thousand backends each, one rule for each; nobody asks for them, and every version differs."""
    table = subjects.weir_table(place, version=version)
    for pool in range(10):
        backends = [{"id": f"task-{pool}-{i}", "address": f"127.{1 + pool}.{i // 200}.{1 + i % 200}",
                     "port": 8000 + (version + i) % 1000, "state": "serving"} for i in range(BACKENDS // 10)]
        table["pools"].append({"id": f"p{pool}", "health": {"protocol": "none"}, "backends": backends})
        rule = {"id": f"r{pool}", "match": {"paths": [f"/p{pool}/*"]}, "action": {"forward": [{"pool": f"p{pool}"}]}}
        table["listeners"][0]["rules"].insert(0, rule)
    return table


def table_lines(place, versions):
    """[(version, what control sends for it)]"""
    return [(each, json.dumps({"table": many_backends(place, each)}).encode() + b"\n") for each in versions]


def steady(run, port):
    """A load at a small fixed rate, whose longest latency is asked for."""
    return subprocess.Popen(["taskset", "-c", OTHER_CORES, run.build / "bench/bench_paced", str(port), str(STEADY_RATE),
                             str(run.seconds), "16"], stdout=subprocess.PIPE, text=True)


def longest(process, run):
    """Milliseconds."""
    try:
        answer = json.loads(process.communicate(timeout=run.seconds + APPLY_PATIENCE)[0] or '{"failed": "all"}')
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise Failed("the load did not end") from None
    if answer["failed"]:
        raise Failed(f"{answer['failed']} requests failed while tables changed")
    return answer["max_us"] / 1e3


def table(run, bench):
    with run.backend(subjects.backend_http1) as backend:
        place = run.place("weir", backend.port, control=True)
        process = run.start(subjects.weir, place)
        try:
            control = Control(place.control_path)
            applied, delays, quiet = [], [], []
            version = 1
            for _ in range(run.rounds):
                quiet.append(longest(steady(run, place.port), run))
                # Written beforehand: that would keep the load generator's core busy, and make its requests late.
                lines = table_lines(place, range(version + 1, version + 1 + TABLES_EACH_SECOND * run.seconds))
                load = steady(run, place.port)
                try:
                    for version, line in lines:
                        if load.poll() is not None:
                            break
                        applied.append(control.apply(line, version))
                        control.skip_the_rest()
                finally:
                    delays.append(longest(load, run))
        finally:
            process.stop()
    run.say(f"  {bench}: {len(applied)} tables; slowest {max(applied):.1f} ms")
    return [row(bench, "weir", value=statistics.median(applied), unit="ms"),
            row(f"{bench}-delay", "weir", value=statistics.median(delays), unit="ms"),
            row(f"{bench}-delay", "weir, left alone", value=statistics.median(quiet), unit="ms")]


def ask(connection):
    connection.sendall(b"GET / HTTP/1.1\r\nHost: bench\r\n\r\n")
    answer = b""
    while not answer.endswith(b"Hello, world!"):
        more = connection.recv(4096)
        if not more:
            raise Failed("a connection was closed")
        answer += more


def connect(port):
    try:
        return socket.create_connection(("127.0.0.1", port), APPLY_PATIENCE)
    except OSError as error:
        raise Failed(f"cannot connect: {error}") from None


def idle_kib(process):
    """Resident KiB that one more idle connection costs."""
    held = []
    try:
        with connect(process.port) as first:
            for _ in range(WARM_REQUESTS):
                ask(first)
            before = process.resident_bytes()
            for _ in range(CONNECTIONS):
                held.append(connect(process.port))
                ask(held[-1])
            return (process.resident_bytes() - before) / CONNECTIONS / 1024
    except OSError as error:
        raise Failed(f"after {len(held)} connections: {error}") from None
    finally:
        for connection in held:
            connection.close()


def idle(run, bench):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 2 * CONNECTIONS + 500:
        raise Failed(f"{hard} descriptors are too few")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    rows = []
    with run.backend(subjects.backend_http1) as backend:
        with run.all_subjects(("weir", "haproxy", "nginx", "caddy", "relay"), backend.port) as running:
            for name, process in running.items():
                try:
                    rows.append(row(bench, name, value=idle_kib(process), unit="KiB"))
                    run.say(f"  {bench}: {name:8} {rows[-1]['value']:8.2f} KiB a connection")
                except Failed as failure:
                    run.say(f"  {name}: no figure: {failure}")
    return rows
