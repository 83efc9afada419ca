"""The echo system on App Mesh by its own scripts (examples/echo/mesh): an HTTP client behind a balancer calls a gRPC
server by a virtual service, the update scripts shift the route to a new version, the old one is removed and all is taken
down again, while everybody who asks gets an answer. In networks of their own where this is root and may have a network
namespace."""

import http.client
import json
import re
import signal
import subprocess
import threading
import unittest

from networks_test import enter_own_network
from quick_aws import QuickAws
from weir_testing import BUILD, ROOT, Weir, free_port, wait_until

SCRIPTS = ROOT / "examples/echo/mesh"
SERVICE = "echo_server.echo.local"
HALF_SECONDS = 3


class Asking(threading.Thread):
    """`while true; do curl …; done`: what was answered, in order."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.over, self.answers, self.failed = port, threading.Event(), [], []
        self.start()

    def run(self):
        while not self.over.is_set():
            try:
                status, headers, text = ask(self.port)
                found = re.search(r"Version ([\d.]+)\)$", text)
                (self.answers if status == 200 and found else self.failed).append(found.group(1) if found else text)
            except OSError as error:
                self.failed.append(repr(error))

    def versions(self, count=20):
        """Of the next `count` answers; the first may have been under way."""
        begin = len(self.answers) + 1
        wait_until(lambda: self.failed or len(self.answers) >= begin + count, f"{count} answers", 20)
        return self.answers[begin:begin + count]

    def finish(self):
        self.over.set()
        self.join(20)


def ask(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/?name=Yusuke")
        reply = connection.getresponse()
        return reply.status, reply.headers, reply.read().decode()
    finally:
        connection.close()


class EchoSystem(unittest.TestCase):
    """Up by the scripts, and answering to the end; what its heirs do is theirs."""

    def begin(self, network):
        self.own_network = enter_own_network() and network == "auto"
        self.weir = self.enterContext(Weir("--workers", 2, "--network", network))
        self.port = free_port()
        self.environment = {
            **self.weir.environment, "PATH": self.enterContext(QuickAws()).path, "WEIR_BUILD": str(BUILD),
            "AWS_ENDPOINT_URL": self.weir.endpoint, "WEB_PORT": str(self.port), "LOOK_SECONDS": "1",
            "HALF_SECONDS": str(HALF_SECONDS)}
        self.script("infrastructure")
        self.script("mesh")
        # On the host's network tasks ask the host's name servers.
        said = self.script("application", **({} if self.own_network else {"ECHO_HOST": f"{self.address()}:8080"}))
        self.assertRegex(said, r"(?s)Public endpoint:\nhttp://echo-public-\S+\n$")
        wait_until(lambda: "Version" in ask(self.port)[2], "the mesh answers")
        self.asking = Asking(self.port)
        self.addCleanup(self.asking.finish)

    def nobody_failed(self):
        self.asking.finish()
        self.assertEqual(self.asking.failed, [])

    def delete(self):
        self.script("delete")
        self.assertEqual(self.weir.run("status").stdout, "nothing here yet\n")
        self.assertEqual(self.weir.client("appmesh").list_meshes()["meshes"], [])
        self.assertEqual(self.weir.client("servicediscovery").list_namespaces()["Namespaces"], [])
        self.assertEqual(self.weir.client("ec2").describe_vpcs(Filters=[{"Name": "tag:Project", "Values": ["echo"]}])["Vpcs"], [])

    def script(self, name, *words, **environment):
        done = subprocess.run([SCRIPTS / name, *words], env={**self.environment, **environment}, capture_output=True,
                              text=True, timeout=120)
        self.assertEqual((done.returncode, done.stderr), (0, ""), f"{name} {words}: {done.stdout}")
        return done.stdout

    def address(self):
        """Where the host finds the virtual service."""
        def found():
            for listener in json.loads((self.weir.state / "table.json").read_text())["listeners"]:
                if listener["id"].endswith(f"/virtualService/{SERVICE}:8080"):
                    return listener["address"]
            return None
        return wait_until(found, f"{SERVICE} is in the table", 10)

    def update(self, variant, old, new, **environment):
        """Runs the script from one version to the other; what it said, a line each."""
        said, asked = [], {}
        with subprocess.Popen([SCRIPTS / "update", variant], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              env={**self.environment, "VERSION": new, **environment}) as update:
            for line in update.stdout:
                said.append(line.rstrip("\n"))
                asked.setdefault(said[-1], len(self.asking.answers))
        self.assertEqual(update.returncode, 0, said)
        wait_until(lambda: set(self.asking.versions(4)) == {new}, "the new one answers")
        self.assertEqual(set(self.asking.versions(40)), {new}, said)
        begin = asked["Updating traffic route"]
        self.assertEqual(set(self.asking.answers[begin - 40:begin]), {old}, f"nobody has routed to the new one: {said}")
        if "Routing 50% of traffic to the new service" in said:
            shifted = self.asking.answers[begin:]
            mixed = shifted[shifted.index(new):len(shifted) - shifted[::-1].index(old)]
            self.assertGreater(len(mixed), 10)
            self.assertAlmostEqual(mixed.count(new) / len(mixed), 0.5, delta=0.1)
        return said


class WithNetworksOfTheirOwn(EchoSystem):
    def test_the_script_shifts_versions_and_the_old_one_goes(self):
        self.begin("auto")
        status, headers, text = ask(self.port)
        self.assertEqual(status, 200, text)
        self.assertRegex(text, r"^Response from the server: Hello, Yusuke-san! \(Said [\d.]+, Version 0\.9\)$")
        self.assertEqual(headers["server"], "envoy")
        self.assertRegex(headers["x-envoy-upstream-service-time"], r"^\d+$")

        said = self.update("A", "0.9", "1.0")
        node, service = said[-2:]
        self.assertRegex(node, r"^echo_server-\d{14}$")
        self.assertEqual(service, f"{node}-service")
        self.assertEqual([line for line in said[:-2] if not re.fullmatch(r"Tasks are starting \([01]/2\)\.\.\.", line)], [
            "Waiting for ECS Service to be in RUNNING state...", "Tasks started", "Updating traffic route",
            "Routing 50% of traffic to the new service", "Updating traffic route",
            "Routing 100% of traffic to the new service"])
        # The next one, in the network of the service that has a task set.
        newest = self.update("A-prime", "1.0", "0.9", SERVICE_NAME=node)[-2]
        self.script("remove-old-version")
        self.assertEqual(set(self.asking.versions()), {"0.9"})
        nodes = self.weir.client("appmesh").list_virtual_nodes(meshName="echo-mesh")["virtualNodes"]
        self.assertEqual({each["virtualNodeName"] for each in nodes}, {"echo_client", newest})
        services = self.weir.ecs.list_services(cluster="echo")["serviceArns"]
        self.assertEqual({arn.split("/")[-1] for arn in services}, {"echo_client", f"{newest}-service"})
        self.assertEqual(self.script("remove-old-version"), "Every version of echo_server is in use.\n")
        self.nobody_failed()
        self.delete()

    def test_what_is_missing_is_told(self):
        self.weir = Weir()  # for its folder and a port where nobody listens
        self.addCleanup(self.weir.end)
        environment = {**self.weir.environment, "AWS_ENDPOINT_URL": self.weir.endpoint, "WEIR_BUILD": str(BUILD)}
        nowhere = self.weir.home / "programs"
        nowhere.mkdir()
        for program in ("bash", "basename", "dirname"):
            (nowhere / program).symlink_to(f"/usr/bin/{program}")
        for words, changed, told in (
                (["mesh"], {}, f"no Weir answers at {self.weir.endpoint}; start one (build/weir serve)"),
                (["mesh"], {"PATH": str(nowhere)}, "there is no aws here; Debian has it in the package awscli"),
                (["mesh"], {"WEIR_BUILD": str(nowhere)}, f"there is no {nowhere}/weir; run make")):
            with self.subTest(told):
                done = subprocess.run([SCRIPTS / words[0], *words[1:]], env={**environment, **changed}, capture_output=True, text=True)
                self.assertEqual((done.returncode, done.stdout), (1, ""), done.stderr)
                self.assertIn(told, done.stderr)


class OnTheHostsNetwork(EchoSystem):
    def test_the_later_script_waits_to_see_what_is_not_there_yet(self):
        self.begin("host")
        node = self.update("A", "0.9", "1.0")[-2]
        # The later script wants tasks that take their time.
        self.weir.serve.send_signal(signal.SIGTERM)
        self.assertEqual(self.weir.serve.wait(30), 0)
        self.weir.arguments.append("--pace")
        self.weir.start()
        said = self.update("B", "1.0", "0.9", SERVICE_NAME=node)
        self.assertTrue(said[1].startswith("Tasks are starting ("), said)
        self.assertEqual(said[-1], f"{node}-service")
        self.assertEqual(said[-4:-2], ["Updating traffic route", "Routing 100% of traffic to the new service"])
        self.script("remove-old-version")
        self.assertEqual(set(self.asking.versions()), {"0.9"})
        self.assertEqual(len(self.weir.service(f"{node}-service", "echo")["taskSets"]), 1)
        self.nobody_failed()


if __name__ == "__main__":
    unittest.main()
