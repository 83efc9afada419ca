"""The load generators, each told how and asked once: (requests answered, p99 in microseconds or None)."""

import json
import re
import subprocess

from processes import Failed, OTHER_CORES
from subjects import program

GRPC_MESSAGE = b"\0\0\0\0\x07\x0a\x05world"  # compressed flag, length, and a message with one string
SLACK = 60  # seconds that a load generator may take beyond its time


def run(command, seconds):
    try:
        done = subprocess.run(["taskset", "-c", OTHER_CORES, *map(str, command)], capture_output=True, text=True,
                              timeout=seconds + SLACK)
    except subprocess.TimeoutExpired:
        raise Failed(f"{command[0]} did not end") from None
    if done.returncode != 0:
        raise Failed(f"{command[0]} failed: {(done.stderr or done.stdout).strip()[-300:]}")
    return done.stdout


def wrk(port, seconds, connections=64, path="/", scheme="http"):
    text = run([program("wrk"), "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "10s",
                f"{scheme}://127.0.0.1:{port}{path}"], seconds)
    if "Non-2xx" in text or "Socket errors" in text:
        raise Failed("requests failed: " + " ".join(re.findall(r"(?:Non-2xx|Socket errors).*", text)))
    value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", text).groups()
    return int(re.search(r"(\d+) requests in", text).group(1)), float(value) * {"us": 1, "ms": 1e3, "s": 1e6}[unit]


def h2load(port, seconds, connections=8, streams=32, grpc_message=None, path=None):
    grpc = ["-d", grpc_message, "-H", "content-type: application/grpc", "-H", "te: trailers"] if grpc_message else []
    text = run([program("h2load"), "-t1", f"-c{connections}", f"-m{streams}", f"-D{seconds}", *grpc,
                f"http://127.0.0.1:{port}/{path or ('index.html' if grpc_message else '')}"], seconds)
    done, failed, errored = re.search(r"(\d+) succeeded, (\d+) failed, (\d+) errored", text).groups()
    if int(failed) + int(errored) > 0 or int(done) == 0:
        raise Failed("requests failed: " + re.search(r"requests: .*", text).group(0))
    return int(done), None


def tool(build, name, *arguments, seconds):
    answer = json.loads(run([build / "bench" / f"bench_{name}", *arguments], seconds))
    if answer["failed"] or not answer["requests"]:
        raise Failed(f"{answer['failed']} requests failed, {answer['requests']} did not")
    return answer


def paced(build, port, seconds, rate, connections=64):
    return tool(build, "paced", port, f"{rate:.1f}", seconds, connections, seconds=seconds)


def handshakes(build, port, seconds, connections=16):
    answer = tool(build, "handshakes", port, seconds, connections, seconds=seconds)
    return answer["requests"], answer["p99_us"]
