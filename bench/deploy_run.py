"""One deployment under load: who failed, when the old version answered for the last time, how long answers took."""

import http.client
import json
import pathlib
import re
import signal
import subprocess
import threading
import time

LATENCY_OF = "during"
LOADS = {"get": ["--protocol", "h1,h1-close"], "post": ["--protocol", "h1", "-X", "POST", "--data-size", "1000"]}
BEFORE_SECONDS = 1
MOVED_SECONDS = 60
LOOKS_EVERY = 0.005  # seconds


class Watch(threading.Thread):
    """Asks all the time who answers; each question has a connection of its own."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.last, self.ends = port, {}, threading.Event()  # version -> when it answered last

    def run(self):
        while not self.ends.wait(LOOKS_EVERY):
            if version := version_of(self.port):
                self.last[version] = time.monotonic()


def version_of(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/")
        found = re.match(r"hello (\S+) from", connection.getresponse().read().decode())
        return found.group(1) if found else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def load(build, folder, port, rate, name, how):
    return subprocess.Popen(
        [build / "weir", "prove", "--rate", str(rate), "--quiet", "--timeout", "10s", "--mark-window", "3s", "--json",
         folder / f"{name}.json", *how, f"http://127.0.0.1:{port}/"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def deploy_under_load(subject, build, folder, version, rate):
    old = str(int(version) - 1)
    watch = Watch(subject.port)
    loads = {name: load(build, folder, subject.port, rate, name, how) for name, how in LOADS.items()}
    watch.start()
    time.sleep(BEFORE_SECONDS)
    for one in loads.values():
        one.send_signal(signal.SIGUSR1)
    begun = time.monotonic()
    subject.deploy(version)
    deadline = begun + MOVED_SECONDS
    # All has moved when only the new one has answered for a second.
    while watch.last.get(version, 0) < max(begun, watch.last.get(old, begun)) + 1 and time.monotonic() < deadline:
        time.sleep(LOOKS_EVERY)
    watch.ends.set()
    watch.join()
    accounts = {}
    for name, one in loads.items():
        one.send_signal(signal.SIGINT)
        one.wait(30)
        accounts[name] = json.loads(pathlib.Path(folder, f"{name}.json").read_text())
    causes = {}
    for account in accounts.values():
        for cause in account["causes"]:
            causes[cause["cause"]] = causes.get(cause["cause"], 0) + cause["count"]
    return {"version": version, "seconds": round(watch.last.get(old, begun) - begun, 2), "causes": causes,
            "moved": watch.last.get(version, 0) >= watch.last.get(old, begun),
            "sent": sum(account["sent"] for account in accounts.values()),
            "failed": sum(account["failed"] for account in accounts.values()),
            "p99_ms": max(account["marks"][0][LATENCY_OF]["latency_ms"]["p99"] for account in accounts.values()),
            "p99_before_ms": max(account["marks"][0]["before"]["latency_ms"]["p99"] for account in accounts.values())}
