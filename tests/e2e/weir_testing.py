"""A `weir serve` of its own for a test: on a free port, with a state folder that is removed, every process ended by pid.

    with Weir() as weir:
        weir.import_image("hello:1", HELLO)
        weir.ecs.create_cluster(clusterName="c")

Python's standard library, boto3 and Debian's aws CLI (/usr/bin/aws) only. On leaving, serve gets SIGTERM, whatever
still belongs to the state folder is killed, and nothing may be left: neither a process nor a file.
"""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

import boto3
from botocore.config import Config

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from free_port import free_port  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("WEIR_BUILD", ROOT / "build"))
WEIR = BUILD / "weir"
HELLO = BUILD / "examples/hello/images/hello"
ECHO = BUILD / "examples/echo/images"
REGION = "eu-west-1"
ACCESS_KEY, SECRET_KEY = "AKIDEXAMPLE", "not-a-secret"
END_SECONDS = 40  # for serve to drain, stop its tasks and end
EXIT_SECONDS = 5  # for what it has ended to be gone
NOT_RETRIED = Config(retries={"max_attempts": 0}, connect_timeout=5, read_timeout=30, proxies={})


def listening(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(condition, what, seconds=30, every=0.05):
    """The first true value of condition(); fails with the last one it saw."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {seconds} s; last seen {value!r}")
        time.sleep(every)


def processes_of(folder):
    """pid -> command line of every live process that runs from, in or with `folder`."""
    found = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            words = pathlib.Path("/proc", entry, "cmdline").read_bytes().split(b"\0")
            places = [os.readlink(f"/proc/{entry}/{link}") for link in ("cwd", "exe")]
            line = " ".join(word.decode(errors="replace") for word in words).strip()
            if line and (str(folder) in line or any(place.startswith(str(folder)) for place in places)):
                found[int(entry)] = line
    return found


def clean_environment(**more):
    """Nothing of the caller's own AWS settings or proxies."""
    return {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/nonexistent", "AWS_PAGER": "", "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION, "AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/dev/null", "AWS_MAX_ATTEMPTS": "1",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", **more}


def unverified(service):
    """What heads have whose signature is one in form alone: it passes where Weir was given no keys."""
    return {"Authorization": f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/20260101/{REGION}/{service}/aws4_request, "
                             "SignedHeaders=host;x-amz-date, Signature=" + "0" * 64,
            "X-Amz-Date": "20260101T000000Z"}



class Weir:
    def __init__(self, *arguments, state=None, environment=None):
        self.arguments = [str(argument) for argument in arguments]
        self.environment = clean_environment(**(environment or {}))
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="weir-e2e-"))
        self.state = pathlib.Path(state) if state else self.home / "state"
        self.log_path = self.home / "serve.log"
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.serve = None
        self.clients = []
        self.ecs, self.elbv2, self.sts = (self.client(name) for name in ("ecs", "elbv2", "sts"))

    # --- life ---------------------------------------------------------------------------------------------------
    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.end(strict=False)
            raise
        return self

    def __exit__(self, kind, *_):
        if kind:
            print(f"--- the last of {self.log_path}\n{self.log()[-4000:]}\n---")
        self.end(strict=kind is None)

    def spawn(self):
        with open(self.log_path, "ab") as log:
            self.serve = subprocess.Popen(
                [WEIR, "serve", "--state", self.state, "--listen", f"127.0.0.1:{self.port}", *self.arguments],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=self.environment)

    def start(self):
        self.spawn()
        wait_until(self.answers, "weir serve answers", 15)

    def answers(self):
        assert self.serve.poll() is None, f"weir serve ended with {self.serve.returncode}:\n{self.log()}"
        with socket.socket() as probe:
            probe.settimeout(5)
            if probe.connect_ex(("127.0.0.1", self.port)) != 0:
                return False
            # One that was killed as it started a task leaves its socket to the child, until that executes another program.
            with contextlib.suppress(ConnectionError):
                probe.sendall(b"GET / HTTP/1.1\r\nHost: weir\r\nConnection: close\r\n\r\n")
                return probe.recv(12).startswith(b"HTTP/1.1 ")
        return False

    def kill(self):
        """kill -9 of the control process alone."""
        self.serve.kill()
        self.serve.wait()

    def restart(self):
        """Everything but the proxy and the tasks."""
        self.serve.send_signal(signal.SIGTERM)
        assert self.serve.wait(30) == 0, "weir serve ended badly"
        self.start()

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def processes(self):
        return {**processes_of(self.home), **processes_of(self.state)}

    def left(self):
        """What is still there a while after serve has ended; a shim that has told its last has yet to exit."""
        with contextlib.suppress(AssertionError):
            wait_until(lambda: not self.processes(), "no process is left", EXIT_SECONDS)
        return self.processes()

    def end(self, strict=True):
        """SIGINT: serve drains the proxy, stops its tasks and leaves nothing running. What is left is an error."""
        for client in self.clients:
            client.close()
        if self.serve and self.serve.poll() is None:
            self.serve.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.serve.wait(END_SECONDS)
        ended = not self.serve or self.serve.poll() is not None
        left = self.left()
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not self.processes(), "no process is left", 20)
        shutil.rmtree(self.home)
        assert not self.home.exists()
        if self.serve:
            self.serve.wait()
        assert not (strict and left), f"left behind {'after' if ended else 'without'} serve's end: {left}"

    # --- clients ------------------------------------------------------------------------------------------------
    def client(self, service, access_key=ACCESS_KEY, secret_key=SECRET_KEY):
        made = boto3.session.Session().client(service, endpoint_url=self.endpoint, region_name=REGION,
                                              aws_access_key_id=access_key, aws_secret_access_key=secret_key,
                                              config=NOT_RETRIED)
        self.clients.append(made)
        return made

    def aws(self, *words, fails=False):
        """Debian's aws CLI: the reply as JSON, or with fails=True what it said on stderr."""
        done = subprocess.run(["/usr/bin/aws", "--endpoint-url", self.endpoint, "--output", "json",
                               *(word if isinstance(word, str) else json.dumps(word) for word in words)],
                              env=self.environment, capture_output=True, text=True, timeout=120)
        assert (done.returncode != 0) == fails, f"aws {words}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stderr if fails else json.loads(done.stdout or "null")

    def query(self, scope, version, action, parameters):
        """One call of a Query service, signed, with parameters that the client library may not know yet."""
        import urllib.request
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials
        body = urllib.parse.urlencode({"Action": action, "Version": version, **parameters})
        request = AWSRequest("POST", self.endpoint, {"Content-Type": "application/x-www-form-urlencoded"}, body)
        SigV4Auth(Credentials(ACCESS_KEY, SECRET_KEY), scope, REGION).add_auth(request)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(urllib.request.Request(self.endpoint + "/", body.encode(), dict(request.headers)), timeout=30) as reply:
            return reply.read().decode()

    def query_error(self, *call):
        """What is said of a call of a Query service that is refused."""
        import urllib.error
        try:
            raise AssertionError(f"{call} was not refused: {self.query(*call)}")
        except urllib.error.HTTPError as error:
            return error.read().decode()

    def run(self, *words, check=True, **options):
        """A weir command against this serve."""
        return subprocess.run([WEIR, *(str(word) for word in words)], capture_output=True, text=True, timeout=180,
                              check=check, env={**self.environment, "WEIR_ENDPOINT": self.endpoint}, **options)

    def import_image(self, name, folder):
        self.run("image", "import", name, folder)

    # --- what most tests build ----------------------------------------------------------------------------------
    def task_definition(self, family, image="hello:1", command=("./hello",), stop_timeout=5, memory=64,
                        **environment):
        """Registers a revision whose one container `app`, of so many MiB, listens on port 8080; returns its ARN."""
        container = {
            "name": "app", "image": image, "command": list(command), "essential": True, "memory": memory,
            "stopTimeout": stop_timeout, "portMappings": [{"containerPort": 8080}],
            "environment": [{"name": name, "value": str(value)} for name, value in environment.items()]}
        reply = self.ecs.register_task_definition(family=family, networkMode="bridge", containerDefinitions=[container])
        return reply["taskDefinition"]["taskDefinitionArn"]

    def balancer(self, name):
        reply = self.elbv2.create_load_balancer(Name=name, Subnets=["subnet-1", "subnet-2"])
        return reply["LoadBalancers"][0]["LoadBalancerArn"]

    def target_group(self, name, grpc=False):
        health = {"HealthCheckPath": "/grpc.health.v1.Health/Check", "Matcher": {"GrpcCode": "0"}} if grpc else \
                 {"HealthCheckPath": "/health", "Matcher": {"HttpCode": "200"}}
        reply = self.elbv2.create_target_group(
            Name=name, Protocol="HTTP", ProtocolVersion="GRPC" if grpc else "HTTP1", Port=8080, VpcId="vpc-1",
            TargetType="instance", HealthCheckIntervalSeconds=5, HealthCheckTimeoutSeconds=2, HealthyThresholdCount=2,
            UnhealthyThresholdCount=2, **health)
        return reply["TargetGroups"][0]["TargetGroupArn"]

    def listener(self, balancer, target_group):
        """Returns (ARN, port) of a listener that forwards to the one target group."""
        port = free_port()
        reply = self.elbv2.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=port, DefaultActions=[
            {"Type": "forward", "TargetGroupArn": target_group}])
        return reply["Listeners"][0]["ListenerArn"], port

    def rule(self, listener, priority, conditions, groups):
        """The ARN of one that forwards to (target group, weight) pairs."""
        made = self.elbv2.create_rule(ListenerArn=listener, Priority=priority, Conditions=conditions, Actions=[
            {"Type": "forward", "ForwardConfig": {"TargetGroups": [
                {"TargetGroupArn": group, "Weight": weight} for group, weight in groups]}}])
        return made["Rules"][0]["RuleArn"]

    def create_service(self, name, definition, desired, target_group=None, cluster="test", **more):
        balancers = [{"targetGroupArn": target_group, "containerName": "app", "containerPort": 8080}]
        return self.ecs.create_service(cluster=cluster, serviceName=name, taskDefinition=definition,
                                       desiredCount=desired, loadBalancers=balancers if target_group else [], **more)

    def service(self, name, cluster="test"):
        return self.ecs.describe_services(cluster=cluster, services=[name])["services"][0]

    def stable(self, name, cluster="test", seconds=60):
        """Waits for what the waiter services_stable waits for, and for the roll-out's end, but looks more often."""
        def settled():
            service = self.service(name, cluster)
            if len(service["deployments"]) == 1 and service["runningCount"] == service["desiredCount"] \
                    and service["deployments"][0].get("rolloutState", "COMPLETED") == "COMPLETED":
                return service
            return None
        try:
            return wait_until(settled, f"service {name} is stable", seconds, every=0.1)
        except AssertionError as late:
            late.add_note(json.dumps({"service": self.service(name, cluster), "tasks": self.tasks(name, cluster)}, default=str))
            raise

    def tasks(self, name, cluster="test", status="RUNNING"):
        arns = self.ecs.list_tasks(cluster=cluster, serviceName=name, desiredStatus=status)["taskArns"]
        return self.ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"] if arns else []


class Prove:
    """`weir prove` in the background: an open-loop load until finish(), which gives its account."""

    def __init__(self, weir, url, rate, *more):
        self.account = weir.home / f"account-{id(self)}.json"
        self.process = subprocess.Popen(
            [WEIR, "prove", "--rate", str(rate), "--quiet", "--json", self.account, *more, url],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=weir.environment)
        wait_until(lambda: self.process.poll() is not None or self.hears_signals(), "weir prove has begun")

    def hears_signals(self):
        """Whether it has got so far that SIGINT ends it with an account."""
        blocked = re.search(r"(?m)^SigBlk:\s*(\w+)", pathlib.Path("/proc", str(self.process.pid), "status").read_text())
        return int(blocked.group(1), 16) >> (signal.SIGINT - 1) & 1

    def finish(self):
        """Ends it; a dictionary: sent, ok, failed, causes, versions, …"""
        self.process.send_signal(signal.SIGINT)
        _, said = self.process.communicate(timeout=60)
        assert self.process.returncode in (0, 1), f"weir prove ended with {self.process.returncode}: {said}"
        return json.loads(self.account.read_text())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()


def version_of(port, path="/"):
    """What hello says its version is, or None."""
    import http.client
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        found = re.match(r"hello (\S+) from", connection.getresponse().read().decode())
        return found.group(1) if found else None
    except OSError:
        return None
    finally:
        connection.close()
