"""The echo system through shifts of its route: `weir prove` with HTTP/1.1 with and without keep-alive and HTTP/2 to an HTTP
client behind a balancer, and with unary and streaming gRPC straight to the virtual service, while a route is moved at
random from a seed: to one version, to the other, to half or any share of each. Every fifth shift begins a whole update: a
new virtual node, service and task set, and the removal of the version to which nothing leads. No request may fail.

    shifts.py [--seed N] [--shifts N] [--rate N] [--json FILE]

`rate` is requests a second of each of five streams of load. As root tasks have networks of their own."""

import argparse
import http.client
import json
import random
import re
import sys
import time

from meshes import Mesh, targets
from networks_test import VPC, enter_own_network
from weir_testing import ECHO, Prove, Weir, wait_until

SHIFTS_OF_A_PAIR = 5  # then the older of the two is replaced
GRPC_HEALTH = {"protocol": "grpc", "intervalMillis": 5000, "timeoutMillis": 2000, "healthyThreshold": 2, "unhealthyThreshold": 3}
EVERYTHING = {}  # a match; the streams are another gRPC service than the unary calls
HELD = (0.3, 2.0)  # seconds between two shifts
SOME = 30  # answers


def version_said(port):
    """By the one who answers the HTTP client."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/?name=A")
        text = connection.getresponse().read().decode()
    finally:
        connection.close()
    found = re.search(r"Version ([\d.]+)\)$", text)
    assert found, text
    return found.group(1)


class Shifts:
    def __init__(self, weir, seed, rate, say=print):
        self.weir, self.random, self.rate, self.say = weir, random.Random(seed), rate, say
        self.number = 0  # of the virtual node made last
        self.pair = []   # the nodes between which the route moves, the older first
        self.updates = 0
        self.kinds = {}  # how often the route was moved how

    # --- the scene ----------------------------------------------------------------------------------------------
    def build(self, own_network):
        weir, self.mesh = self.weir, Mesh(self.weir, "echo")
        for version in ("0.9", "1.0"):
            weir.import_image(f"echo_server:{version}", ECHO / f"echo_server-{version}")
        weir.import_image("echo_client:0.1", ECHO / "echo_client")
        self.registry = self.mesh.registry("echo_server")
        first = self.bring_up()
        self.address = self.mesh.service("echo_server", 8080, "grpc", (EVERYTHING, targets((first, 100)), {}))
        self.bring_up()
        self.mesh.node("echo_client", 8080, backends=["echo_server"], registry="echo_client")
        group = weir.elbv2.create_target_group(
            Name="echo-webtarget", Protocol="HTTP", Port=80, VpcId="vpc-1", TargetType="ip", HealthCheckPath="/ping",
            HealthCheckIntervalSeconds=6, HealthCheckTimeoutSeconds=5)["TargetGroups"][0]["TargetGroupArn"]
        _, self.port = weir.listener(weir.balancer("echo-public"), group)
        # On the host's network tasks ask the host's name servers.
        host = self.mesh.full("echo_server") if own_network else self.address
        definition = self.mesh.define("echo_client", "echo_client:0.1", ["./echo_client"], "echo_client", PORT="8080",
                                      ECHO_HOST=f"{host}:8080")
        weir.ecs.create_service(
            cluster="echo", serviceName="echo_client", taskDefinition=definition, desiredCount=2, launchType="FARGATE",
            networkConfiguration=VPC, serviceRegistries=[{"registryArn": self.mesh.registry("echo_client")["Arn"]}],
            loadBalancers=[{"targetGroupArn": group, "containerName": "app", "containerPort": 8080}])
        weir.stable("echo_client", "echo")
        self.settled({self.version(first)})

    def version(self, node):
        return ("1.0", "0.9")[int(node.split("-")[1]) % 2]

    def bring_up(self):
        """The next version behind a node of its own, to which nothing leads; returns when its tasks serve."""
        self.number += 1
        node = f"echo_server-{self.number}"
        self.mesh.node(node, 8080, "grpc", registry="echo_server", healthCheck=GRPC_HEALTH,
                       attributes={"ECS_TASK_SET_EXTERNAL_ID": f"{node}-task-set"})
        definition = self.mesh.define("echo_server", f"echo_server:{self.version(node)}", ["./echo_server"], node, PORT="8080")
        self.mesh.fleet(node, definition, self.registry, desired=2)
        wait_until(lambda: [task["lastStatus"] for task in self.weir.tasks(node, cluster="echo")] == ["RUNNING"] * 2,
                   f"two tasks of {node} run", 60)
        wait_until(lambda: set(self.mesh.map.get_instances_health_status(ServiceId=self.registry["Id"])["Status"].values())
                   == {"HEALTHY"}, "every instance is healthy", 60)
        self.pair.append(node)
        return node

    def loads(self):
        expect = ["--expect", "Hello, A-san!", "--version-pattern", r"Version ([\d.]+)", "--timeout", "15s"]
        grpc = ["--grpc-method", "/proto.echo.EchoService/Echo", "--grpc-stream", "/proto.echo.EchoStream/Talk", "--name", "A"]
        return [Prove(self.weir, f"http://127.0.0.1:{self.port}/?name=A", self.rate, "--protocol", "h1,h1-close,h2", *expect),
                Prove(self.weir, f"http://{self.address}:8080/", self.rate, "--protocol", "grpc,grpc-stream", *expect, *grpc)]

    # --- shifts -------------------------------------------------------------------------------------------------
    def settled(self, versions):
        """Just these answer, each of them."""
        def answers():
            return {version_said(self.port) for _ in range(SOME)}
        wait_until(lambda: answers() == versions, f"{versions} answer", 60, every=0)

    def shift(self, kind, *weights):
        self.mesh.move("echo_server", "grpc", EVERYTHING, *weights)
        self.settled({self.version(node) for node, weight in weights if weight})
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        self.say(f"{kind}: {weights}", flush=True)

    def move(self):
        older, newer = self.pair
        share = self.random.randint(10, 90)
        self.shift(*self.random.choice((
            ("half", (older, 1), (newer, 1)), ("the older", (older, 1)), ("the newer", (newer, 1)),
            ("the newer, the older at 0", (older, 0), (newer, 100)), ("a share", (older, 100 - share), (newer, share)))))

    def replace(self):
        """The older of the two goes, a new version comes: one shift moves the route off the older one."""
        older, newer = self.pair
        self.shift("all to the newer", (newer, 1))
        self.mesh.end_fleet(older)
        self.mesh.appmesh.delete_virtual_node(meshName="echo", virtualNodeName=older)
        self.pair = [newer]
        self.bring_up()
        self.updates += 1
        self.say(f"{older} has gone, {self.pair[1]} is there", flush=True)

    def run(self, shifts):
        """Returns the account."""
        began = time.monotonic()
        loads = self.loads()
        try:
            for number in range(1, shifts + 1):
                assert all(load.process.poll() is None for load in loads), "a load has ended by itself"
                if number % SHIFTS_OF_A_PAIR == 0:
                    self.replace()
                else:
                    self.move()
                time.sleep(self.random.uniform(*HELD))
            accounts = [load.finish() for load in loads]
        finally:
            for load in loads:
                load.__exit__()
        versions = {}
        for version, count in ((each, count) for account in accounts for each, count in account["versions"].items()):
            versions[version] = versions.get(version, 0) + count
        return {"requests": sum(account["sent"] for account in accounts), "ok": sum(account["ok"] for account in accounts),
                "failed": sum(account["failed"] for account in accounts), "versions": versions, "shifts": self.kinds,
                "updates": self.updates, "seconds": round(time.monotonic() - began, 1),
                "failures": [failure for account in accounts for failure in account["failures"]]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--shifts", type=int, default=50)
    parser.add_argument("--rate", type=int, default=50)
    parser.add_argument("--json")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    own_network = enter_own_network()
    with Weir("--workers", 2) as weir:
        shifts = Shifts(weir, options.seed, options.rate)
        shifts.build(own_network)
        account = {"seed": options.seed, **shifts.run(options.shifts)}
    if options.json:
        with open(options.json, "w") as out:
            json.dump(account, out, indent=1)
    for failure in account["failures"]:
        print(f"FAILED: {failure}")
    print(f"seed {options.seed}: {account['requests']} requests, versions {account['versions']}, shifts {account['shifts']}, "
          f"{account['updates']} updates, {account['failed']} failed, in {account['seconds']} s")
    sys.exit(1 if account["failed"] or account["ok"] != account["requests"] else 0)


if __name__ == "__main__":
    main()
