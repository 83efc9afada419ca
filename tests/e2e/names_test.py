"""Weir's DNS: names of Cloud Map, balancers and everybody else's, from the host and from within tasks; it follows
deployments, outlives `weir serve` and is started again when it dies."""

import contextlib
import ctypes
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "wire"))
from networks_test import VPC, detail, enter_own_network, said
from raw_dns import A, NAME_ERROR, SRV, ask, ask_stream, query, reply_to
from weir_testing import HELLO, WEIR, Weir, wait_until

CLONE_NEWNS = 0x20000
BUSYBOX = pathlib.Path("/usr/bin/busybox")
RESOLV_CONF = pathlib.Path("/etc/resolv.conf")


def name_port(weir):
    return int(re.findall(r"names at 127\.0\.0\.1:(\d+)", weir.log())[-1])


class Names(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.own_network = enter_own_network() and RESOLV_CONF.exists()
        if cls.own_network:
            cls.be_the_hosts_resolver()
        cls.enterClassContext(weir := Weir("--dns-port", "0"))
        cls.weir, cls.ecs, cls.map = weir, weir.ecs, weir.client("servicediscovery")
        weir.import_image("hello:1", HELLO)
        weir.ecs.create_cluster(clusterName="test")
        made = cls.map.create_private_dns_namespace(Name="echo.local", Vpc="vpc-1", Properties={
            "DnsProperties": {"SOA": {"TTL": 5}}})
        cls.namespace = cls.map.get_operation(OperationId=made["OperationId"])["Operation"]["Targets"]["NAMESPACE"]

    @classmethod
    def be_the_hosts_resolver(cls):
        """What this host and its tasks read as resolv.conf from now on, and who answers there: in this process's own
        network and with its own mounts."""
        assert ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) == 0
        said("mount", "--make-rprivate", "/")
        folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="weir-e2e-"))
        conf = pathlib.Path(folder, "resolv.conf")
        conf.write_text("nameserver 127.0.0.1\nsearch echo.local\noptions timeout:3\n")
        said("mount", "--bind", conf, RESOLV_CONF)
        cls.addClassCleanup(said, "umount", RESOLV_CONF)
        resolver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        resolver.bind(("127.0.0.1", 53))
        cls.addClassCleanup(resolver.close)

        def serve():
            while True:
                message, peer = resolver.recvfrom(512)
                if message == b"end":
                    return
                resolver.sendto(reply_to(message, addresses=["192.0.2.9"] if b"\0\0\1\0\1" in message[12:] else []), peer)

        thread = threading.Thread(target=serve)
        thread.start()

        def end():
            resolver.sendto(b"end", ("127.0.0.1", 53))
            thread.join()

        cls.addClassCleanup(end)

    def registry(self, name, *records, policy="MULTIVALUE", **more):
        config = {"DnsRecords": [{"Type": record, "TTL": 30} for record in records], "RoutingPolicy": policy}
        return self.map.create_service(Name=name, NamespaceId=self.namespace, DnsConfig=config, **more)["Service"]

    def ask(self, name, kind=A):
        return ask(name_port(self.weir), query(name, kind), seconds=5)

    def becomes(self, name, wished, kind=A):
        """Waits until the name has those answers."""
        found = lambda: sorted(self.ask(name, kind).values())
        try:
            wait_until(lambda: found() == sorted(wished), name, 20, every=0.02)
        except AssertionError:
            self.assertEqual(found(), sorted(wished), name)

    def name_servers(self):
        return [pid for pid, line in self.weir.processes().items() if " names --folder" in line]

    def test_instances_are_answered_as_they_come_and_go(self):
        web = self.registry("Web", "A", HealthCheckCustomConfig={"FailureThreshold": 1})
        self.assertEqual(self.ask("web.echo.local").code, NAME_ERROR)
        for number in (1, 2):
            self.map.register_instance(ServiceId=web["Id"], InstanceId=f"i-{number}",
                                       Attributes={"AWS_INSTANCE_IPV4": f"10.1.1.{number}"})
        self.becomes("WEB.echo.local", ["10.1.1.1", "10.1.1.2"])
        self.map.update_instance_custom_health_status(ServiceId=web["Id"], InstanceId="i-1", Status="UNHEALTHY")
        self.becomes("web.echo.local", ["10.1.1.2"])
        self.assertEqual(ask_stream(name_port(self.weir), query("web.echo.local")).answers, [("web.echo.local", A, 30, "10.1.1.2")])
        self.map.update_instance_custom_health_status(ServiceId=web["Id"], InstanceId="i-2", Status="UNHEALTHY")
        self.becomes("web.echo.local", ["10.1.1.1", "10.1.1.2"])
        for number in (1, 2):
            self.map.deregister_instance(ServiceId=web["Id"], InstanceId=f"i-{number}")
        self.becomes("web.echo.local", [])
        reply = self.ask("web.echo.local")
        self.assertEqual((reply.code, reply.authorities[0][0], reply.authorities[0][2]), (NAME_ERROR, "echo.local", 5))

    def test_a_balancers_name_is_answered_while_it_is_there(self):
        arn = self.weir.balancer("front")
        name = self.weir.elbv2.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"][0]["DNSName"]
        self.becomes(name, ["127.0.0.1"])
        alias = self.registry("alias", "A", policy="WEIGHTED")
        self.map.register_instance(ServiceId=alias["Id"], InstanceId="i", Attributes={"AWS_ALIAS_DNS_NAME": name})
        self.becomes("alias.echo.local", ["127.0.0.1"])
        self.weir.elbv2.delete_load_balancer(LoadBalancerArn=arn)
        self.becomes(name, [])

    def test_it_answers_without_weir_serve_and_is_started_again_when_it_dies(self):
        kept = self.registry("kept", "A")
        self.map.register_instance(ServiceId=kept["Id"], InstanceId="i", Attributes={"AWS_INSTANCE_IPV4": "10.2.2.2"})
        self.becomes("kept.echo.local", ["10.2.2.2"])
        port, (server,) = name_port(self.weir), self.name_servers()
        self.weir.kill()
        self.assertEqual(self.ask("kept.echo.local").values(), ["10.2.2.2"])
        self.weir.start()
        self.assertEqual(self.name_servers(), [server], "the next one takes it over")
        self.assertEqual(name_port(self.weir), port)
        self.map.register_instance(ServiceId=kept["Id"], InstanceId="j", Attributes={"AWS_INSTANCE_IPV4": "10.2.2.3"})
        self.becomes("kept.echo.local", ["10.2.2.2", "10.2.2.3"])
        os.kill(server, signal.SIGKILL)
        wait_until(lambda: self.name_servers() not in ([], [server]), "another name server")

        def answers():
            with contextlib.suppress(OSError):
                return ask(port, query("kept.echo.local"), seconds=1).values()

        self.assertEqual(len(wait_until(answers, "it answers")), 2)

    def test_tasks_on_the_hosts_network_are_told_with_their_ports(self):
        registry = self.registry("_http._tcp", "SRV")
        self.weir.task_definition("bridge")
        entry = {"registryArn": registry["Arn"], "containerName": "app", "containerPort": 8080}
        self.ecs.create_service(cluster="test", serviceName="bridge", taskDefinition="bridge", desiredCount=2, serviceRegistries=[entry])
        self.weir.stable("bridge")
        tasks = {task["taskArn"].split("/")[-1]: task["containers"][0]["networkBindings"][0]["hostPort"] for task in self.weir.tasks("bridge")}
        self.becomes("_http._tcp.echo.local", [(1, 1, port, f"{task}._http._tcp.echo.local") for task, port in tasks.items()], SRV)
        self.assertEqual(self.ask(f"{next(iter(tasks))}._http._tcp.echo.local").values(), ["127.0.0.1"])

    # --- from within a task -------------------------------------------------------------------------------------
    def job(self, line, image="hello:1"):
        """What a task of its own network says that runs the line."""
        container = {"name": "app", "image": image, "command": ["sh", "-c", line], "stopTimeout": 2}
        self.ecs.register_task_definition(family="job", networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="256",
                                          memory="512", containerDefinitions=[container])
        arn = self.ecs.run_task(cluster="test", taskDefinition="job", launchType="FARGATE",
                                networkConfiguration=VPC)["tasks"][0]["taskArn"]
        wait_until(lambda: self.ecs.describe_tasks(cluster="test", tasks=[arn])["tasks"][0]["lastStatus"] == "STOPPED", "it has ended")
        log = self.weir.state / "logs" / arn.rsplit("/", 1)[1]
        return "".join(path.read_text() for path in log.rglob("*") if path.is_file())

    def test_a_task_finds_services_by_name_and_follows_their_deployments(self):
        if not self.own_network:
            self.skipTest("networks of their own want root, and a file to be mounted over")
        registry = self.registry("own", "A")
        for family in ("own", "own2"):
            self.ecs.register_task_definition(family=family, networkMode="awsvpc", cpu="256", memory="512",
                                              requiresCompatibilities=["FARGATE"], containerDefinitions=[{
                                                  "name": "app", "image": "hello:1", "command": ["./hello"], "stopTimeout": 2,
                                                  "portMappings": [{"containerPort": 8080}]}])
        self.ecs.create_service(cluster="test", serviceName="own", taskDefinition="own", desiredCount=2, launchType="FARGATE",
                                networkConfiguration=VPC, serviceRegistries=[{"registryArn": registry["Arn"]}])
        self.weir.stable("own")
        addresses = lambda: sorted(detail(task, "privateIPv4Address") for task in self.weir.tasks("own"))
        before = addresses()
        self.becomes("own.echo.local", before)
        look = "/usr/bin/python3 -c \"import socket; print('found', *sorted({one[4][0] for one in socket.getaddrinfo('OWN.echo.local', 8080)}))\""
        words = self.job(f"cat /etc/resolv.conf; {look}; busybox wget -q -O - http://own:8080/; "
                         "/usr/bin/python3 -c \"import socket; print('far', socket.gethostbyname('example.com'))\"")
        self.assertIn("nameserver 169.254.172.1", words)
        self.assertEqual(len(re.findall("nameserver", words)), 1, words)
        self.assertIn("search echo.local", words)
        self.assertIn("found " + " ".join(before), words)
        self.assertIn("hello ", words, "by the search domain")
        self.assertIn("far 192.0.2.9", words, "by the host's own resolver")
        self.ecs.update_service(cluster="test", service="own", taskDefinition="own2")
        self.weir.stable("own")
        after = addresses()
        self.assertFalse(set(before) & set(after))
        self.becomes("own.echo.local", after)
        # A balancer's own name leads to the host, whose loopback a task finds at its gateway; so does the API's.
        name = self.weir.elbv2.describe_load_balancers(LoadBalancerArns=[self.weir.balancer("inner")])["LoadBalancers"][0]["DNSName"]
        self.becomes(name, ["127.0.0.1"])
        words = self.job(f"{look}; /usr/bin/python3 -c \"import socket; print('there', socket.gethostbyname('{name}'))\"; "
                        "/usr/bin/python3 -c \"import socket; socket.gethostbyname('none.echo.local')\"")
        self.assertIn("found " + " ".join(after), words)
        self.assertIn("there 169.254.172.1", words)
        self.assertIn("not known", words)


    @unittest.skipUnless(os.path.exists("/usr/sbin/runc") and BUSYBOX.exists(), "wants runc and busybox-static")
    def test_a_whole_root_file_system_asks_there_too(self):
        if not self.own_network:
            self.skipTest("networks of their own want root")
        root = self.weir.home / "rootfs"
        for folder in ("bin", "etc", "tmp"):
            (root / folder).mkdir(parents=True)
        shutil.copy(BUSYBOX, root / "bin/busybox")
        (root / "bin/sh").symlink_to("/bin/busybox")
        self.weir.run("image", "import", "--rootfs", "box:1", root)
        boxed = self.registry("boxed", "A")
        self.map.register_instance(ServiceId=boxed["Id"], InstanceId="i", Attributes={"AWS_INSTANCE_IPV4": "10.3.3.3"})
        self.becomes("boxed.echo.local", ["10.3.3.3"])
        words = self.job("/bin/busybox cat /etc/resolv.conf; /bin/busybox nslookup boxed.echo.local", image="box:1")
        self.assertIn("nameserver 169.254.172.1", words)
        self.assertIn("10.3.3.3", words)


class Ports(unittest.TestCase):
    def test_a_wished_port_that_is_taken_is_an_error(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken, Weir("--dns-port", "0") as weir:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
            done = subprocess.run([WEIR, "serve", "--state", weir.home / "other", "--listen", "127.0.0.1:0", "--dns-port", str(port)],
                                  capture_output=True, text=True, timeout=30)
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"--dns-port {port}", done.stderr)
            self.assertIn("Address already in use", done.stderr)

    def test_of_two_without_a_wish_the_second_takes_another_and_each_answers_its_own(self):
        first, second = Weir(), Weir()
        with contextlib.ExitStack() as stack:
            for weir in (first, second):
                stack.callback(weir.end)
                weir.spawn()  # at one moment
            for weir in (first, second):
                wait_until(weir.answers, "weir serve answers", 15)
            self.assertNotEqual(name_port(first), name_port(second))
            for number, weir in enumerate((first, second)):
                cloud_map = weir.client("servicediscovery")
                made = cloud_map.create_private_dns_namespace(Name="same.local", Vpc="vpc-1")
                namespace = cloud_map.get_operation(OperationId=made["OperationId"])["Operation"]["Targets"]["NAMESPACE"]
                config = {"DnsRecords": [{"Type": "A", "TTL": 1}], "RoutingPolicy": "WEIGHTED"}
                service = cloud_map.create_service(Name="a", NamespaceId=namespace, DnsConfig=config)["Service"]
                cloud_map.register_instance(ServiceId=service["Id"], InstanceId="i", Attributes={"AWS_INSTANCE_IPV4": f"10.0.0.{number}"})
            for number, weir in enumerate((first, second)):
                wait_until(lambda: ask(name_port(weir), query("a.same.local")).values() == [f"10.0.0.{number}"], "its own")


if __name__ == "__main__":
    unittest.main()
