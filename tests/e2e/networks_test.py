"""Tasks with addresses of their own (networkMode awsvpc as root): all on one port, behind a balancer, reached and
reaching; described as AWS does; and nothing of it left afterwards.

Runs in a network namespace of its own, with another one beside it that stands for the rest of the world: so it sees
every link and every packet rule that there is. Without root it has nothing to show."""

import contextlib
import ctypes
import os
import re
import signal
import subprocess
import unittest

from weir_testing import HELLO, Weir, version_of, wait_until

CLONE_NEWNET = 0x40000000
VPC = {"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"], "assignPublicIp": "DISABLED"}}
SERVE_WORLD = "while :; do busybox nc -ll -p 7 -e /bin/sh -c 'echo you are $NCREMOTE'; done"


def said(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def enter_own_network():
    """This process, and all that it starts, in a network namespace that only knows loopback; False where that may not be."""
    if os.geteuid() != 0 or ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        return False
    said("ip", "link", "set", "lo", "up")
    return True


def kernel_state():
    """Every link, address and route, the packet rules as iptables and nft see them, and what is forwarded."""
    state = {"links": re.sub(r"(?m)^\d+: ", "", said("ip", "-o", "link")), "routes": said("ip", "-4", "route", "show", "table", "all"),
             "netns": said("ip", "netns"), "forwarding": said("sysctl", "net.ipv4.ip_forward", "net.ipv4.conf.up0.forwarding")}
    for program in ("iptables-save", "nft"):
        with contextlib.suppress(FileNotFoundError):
            words = said("nft", "list", "ruleset") if program == "nft" else said(program)
            state[program] = "\n".join(line for line in words.splitlines() if not line.startswith("#"))
    return state


def detail(task, name):
    (eni,) = task["attachments"]
    assert eni["type"] == "ElasticNetworkInterface"
    return next((one["value"] for one in eni["details"] if one["name"] == name), None)


@unittest.skipUnless(os.geteuid() == 0, "networks of their own want root")
class Networks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not enter_own_network():
            raise unittest.SkipTest("this machine permits no network namespaces")
        # The world: reached by the link up0, at 10.9.9.1.
        cls.world = subprocess.Popen(["unshare", "--net", "sh", "-c", f"echo; read line; {SERVE_WORLD}"],
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
        cls.addClassCleanup(cls.end_world)
        cls.world.stdout.readline()
        inside = ["nsenter", "--net", "--target", str(cls.world.pid)]
        said("ip", "link", "add", "up0", "type", "veth", "peer", "name", "down0", "netns", str(cls.world.pid))
        said("ip", "addr", "add", "10.9.9.2/24", "dev", "up0")
        said("ip", "link", "set", "up0", "up")
        said(*inside, "ip", "addr", "add", "10.9.9.1/24", "dev", "down0")
        said(*inside, "ip", "link", "set", "down0", "up")
        said("ip", "route", "add", "default", "via", "10.9.9.1")
        cls.inside_world = inside
        cls.world.stdin.write(b"\n")
        cls.world.stdin.flush()

    @classmethod
    def end_world(cls):
        os.killpg(cls.world.pid, signal.SIGKILL)
        cls.world.communicate()

    def begin(self, *arguments):
        self.before = kernel_state()
        weir = Weir(*arguments)
        stack = contextlib.ExitStack()
        stack.enter_context(weir)
        self.addCleanup(stack.close)
        weir.import_image("hello:1", HELLO)
        weir.ecs.create_cluster(clusterName="test")
        self.weir, self.close = weir, stack.close

    def define(self, family, *command, **more):
        container = {"name": "app", "image": "hello:1", "command": list(command), "stopTimeout": 5,
                     "portMappings": [{"containerPort": 8080}], **more}
        made = self.weir.ecs.register_task_definition(
            family=family, networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="256", memory="512",
            containerDefinitions=[container])
        return made["taskDefinition"]["taskDefinitionArn"]

    def job(self, line):
        """What a task says that runs the line, and its exit code."""
        definition = self.define("job", "sh", "-c", line)
        arn = self.weir.ecs.run_task(cluster="test", taskDefinition=definition, launchType="FARGATE",
                                     networkConfiguration=VPC)["tasks"][0]["taskArn"]
        self.weir.ecs.get_waiter("tasks_stopped").wait(cluster="test", tasks=[arn], WaiterConfig={"Delay": 1, "MaxAttempts": 30})
        task = self.weir.ecs.describe_tasks(cluster="test", tasks=[arn])["tasks"][0]
        log = self.weir.state / "logs" / arn.rsplit("/", 1)[1]
        return "".join(path.read_text() for path in log.rglob("*") if path.is_file()), task["containers"][0].get("exitCode"), task

    def serve_ten(self):
        group = self.weir.elbv2.create_target_group(
            Name="web", Protocol="HTTP", Port=8080, VpcId="vpc-1", TargetType="ip", HealthCheckPath="/health",
            HealthCheckIntervalSeconds=5, HealthCheckTimeoutSeconds=2, HealthyThresholdCount=2)["TargetGroups"][0]["TargetGroupArn"]
        _, port = self.weir.listener(self.weir.balancer("web"), group)
        self.weir.create_service("web", self.define("web", "./hello"), 10, group, launchType="FARGATE", networkConfiguration=VPC)
        self.weir.stable("web")
        return group, port

    def test_ten_tasks_on_one_port_serve_and_nothing_is_left(self):
        self.begin()  # auto
        group, port = self.serve_ten()
        tasks = self.weir.tasks("web")
        addresses = {detail(task, "privateIPv4Address") for task in tasks}
        self.assertEqual(len(addresses), 10)
        for task in tasks:
            address = detail(task, "privateIPv4Address")
            self.assertRegex(address, r"^169\.254\.17[2-5]\.\d+$")
            self.assertRegex(detail(task, "networkInterfaceId"), r"^eni-[0-9a-f]{17}$")
            self.assertRegex(detail(task, "macAddress"), r"^0a:58:a9:fe:")
            (container,) = task["containers"]
            self.assertEqual(container["networkBindings"], [])
            self.assertEqual(container["networkInterfaces"][0]["privateIpv4Address"], address)
        health = self.weir.elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        self.assertEqual({(one["Target"]["Id"], one["Target"]["Port"]) for one in health}, {(one, 8080) for one in addresses})
        self.assertEqual({one["TargetHealth"]["State"] for one in health}, {"healthy"})
        for _ in range(20):
            self.assertTrue(version_of(port))
        # A new control process finds them at their addresses.
        self.weir.kill()
        self.weir.start()
        self.weir.stable("web")
        self.assertEqual({detail(task, "privateIPv4Address") for task in self.weir.tasks("web")}, addresses)
        self.assertTrue(version_of(port))
        self.assertNotEqual(kernel_state(), self.before)
        self.close()
        self.assertEqual(kernel_state(), self.before)

    def test_a_task_reaches_the_world_under_the_hosts_address_and_is_not_reached_from_there(self):
        self.begin("--network", "netns")
        text, code, task = self.job("busybox nc -w 5 10.9.9.1 7 </dev/null")
        self.assertIn("you are", text, task)
        self.assertEqual(code, 0)
        # The API and the balancers listen on the host's loopback: a task finds them at its gateway.
        text, code, task = self.job(f"printf 'GET / HTTP/1.0\\r\\n\\r\\n' | busybox nc -w 5 169.254.172.1 {self.weir.port}")
        self.assertIn("HTTP/1.1 ", text)
        text, code, task = self.job("busybox wget -q -O - $ECS_CONTAINER_METADATA_URI_V4")
        self.assertIn('"DockerId"', text)
        # They are null until the server has heard that the container runs.
        text, code, task = self.job("for i in $(busybox seq 100); do busybox wget -q -O - $ECS_CONTAINER_METADATA_URI_V4/stats "
                                    "| grep rx_bytes && break; sleep 0.1; done")
        self.assertRegex(text, r'"networks":\{"[a-z0-9]+":\{"rx_bytes":[1-9]', "of the task's own network")
        definition = self.define("held", "./hello")
        arn = self.weir.ecs.run_task(cluster="test", taskDefinition=definition, networkConfiguration=VPC)["tasks"][0]["taskArn"]
        look = lambda: self.weir.ecs.describe_tasks(cluster="test", tasks=[arn])["tasks"][0]
        wait_until(lambda: look()["lastStatus"] == "RUNNING", "it runs")
        address = detail(look(), "privateIPv4Address")
        with contextlib.suppress(subprocess.CalledProcessError):
            said(*self.inside_world, "ip", "route", "add", "169.254.172.0/22", "via", "10.9.9.2")
        answered = subprocess.run([*self.inside_world, "busybox", "nc", "-w", "1", address, "8080"], stdin=subprocess.DEVNULL,
                                  capture_output=True, timeout=30)
        self.assertNotEqual(answered.returncode, 0)
        # kill -9 of everything at once: what is left, the next one on any state removes.
        self.weir.kill()
        self.weir.start()
        self.close()
        self.assertEqual(kernel_state(), self.before)

    def test_on_the_hosts_network_ports_are_told(self):
        self.begin("--network", "host")
        text, code, task = self.job("echo port $PORT")
        bound = task["containers"][0]["networkBindings"][0]
        self.assertIn(f"port {bound['hostPort']}", text, task)
        self.assertEqual(bound["containerPort"], 8080)
        self.assertEqual(detail(task, "privateIPv4Address"), "127.0.0.1")

    def test_without_the_right_to_it_tasks_stay_on_the_host_and_the_log_says_why(self):
        self.begin()
        self.close()
        weir = Weir()
        spawn = weir.spawn

        def without_rights():
            with open(weir.log_path, "ab") as log:
                weir.serve = subprocess.Popen(
                    ["setpriv", "--bounding-set=-sys_admin,-net_admin", "--inh-caps=-sys_admin,-net_admin",
                     str(__import__("weir_testing").WEIR), "serve", "--state", weir.state, "--listen",
                     f"127.0.0.1:{weir.port}", *weir.arguments],
                    stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=weir.environment)

        weir.spawn = without_rights
        del spawn
        self.enterContext(weir)
        self.weir = weir
        weir.import_image("hello:1", HELLO)
        weir.ecs.create_cluster(clusterName="test")
        for _ in range(2):
            text, _, task = self.job("echo port $PORT")
            self.assertRegex(text, r"port 2\d{4}")
        self.assertEqual(weir.log().count("awsvpc tasks run on the host's network"), 1, weir.log())

    def test_networks_that_are_wished_for_and_cannot_be_made_are_an_error(self):
        refused = subprocess.run(
            ["setpriv", "--bounding-set=-sys_admin,-net_admin", "--inh-caps=-sys_admin,-net_admin",
             str(__import__("weir_testing").WEIR), "serve", "--state", "/tmp/none-of-this", "--network", "netns"],
            capture_output=True, text=True, timeout=30)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("this process may not make a network namespace", refused.stderr)


if __name__ == "__main__":
    unittest.main()
