"""Images with a root file system of their own, run by runc: in their own files, on one port each at an address of its
own, adopted by the next control process, and gone without a trace. Without root or runc, a reason that says so."""

import os
import pathlib
import shutil
import unittest

from weir_testing import Weir, wait_until

BUSYBOX = pathlib.Path("/usr/bin/busybox")
PROGRAMS = ("sh", "echo", "cat", "ls", "nc", "sleep", "printf", "mkdir", "httpd", "hostname")
SERVE = "mkdir -p /www; echo $WEIR_TASK_ID >/www/index.html; trap 'exit 0' TERM; httpd -f -p 8080 -h /www & wait"
VPC = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
RUNC = shutil.which("runc", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")


@unittest.skipUnless(os.geteuid() == 0 and RUNC and BUSYBOX.exists(), "wants root, runc and busybox-static")
class Oci(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.enterClassContext(weir := Weir())
        cls.weir = weir
        root = weir.home / "rootfs"
        (root / "bin").mkdir(parents=True)
        shutil.copy(BUSYBOX, root / "bin/busybox")
        for name in PROGRAMS:
            (root / "bin" / name).symlink_to("/bin/busybox")
        weir.run("image", "import", "--rootfs", "box:1", root)
        weir.ecs.create_cluster(clusterName="test")

    def define(self, family, line):
        container = {"name": "app", "image": "box:1", "command": ["sh", "-c", line], "stopTimeout": 5, "memory": 64,
                     "portMappings": [{"containerPort": 8080}]}
        made = self.weir.ecs.register_task_definition(family=family, networkMode="awsvpc", containerDefinitions=[container])
        return made["taskDefinition"]["taskDefinitionArn"]

    def job(self, line):
        arn = self.weir.ecs.run_task(cluster="test", taskDefinition=self.define("job", line),
                                     networkConfiguration=VPC)["tasks"][0]["taskArn"]
        self.weir.ecs.get_waiter("tasks_stopped").wait(cluster="test", tasks=[arn], WaiterConfig={"Delay": 1, "MaxAttempts": 30})
        log = self.weir.state / "logs" / arn.rsplit("/", 1)[1]
        text = "".join(path.read_text() for path in log.rglob("*") if path.is_file())
        return text, self.weir.ecs.describe_tasks(cluster="test", tasks=[arn])["tasks"][0]

    def test_a_container_lives_in_its_own_files(self):
        text, task = self.job("echo pid $$; ls /; exit 4")
        self.assertEqual(task["containers"][0].get("exitCode"), 4, task)
        self.assertIn("stdout pid 1\n", text)
        self.assertNotIn("stdout home\n", text)
        _, task = self.job("x=1; while :; do x=$x$x; done")
        self.assertEqual(task["stoppedReason"], "OutOfMemoryError: Container killed due to memory usage")

    def test_a_service_of_them_serves_and_is_adopted(self):
        weir = self.weir
        group = weir.elbv2.create_target_group(
            Name="box", Protocol="HTTP", Port=8080, VpcId="vpc-1", TargetType="ip", HealthCheckPath="/",
            HealthCheckIntervalSeconds=5, HealthCheckTimeoutSeconds=2, HealthyThresholdCount=2)["TargetGroups"][0]["TargetGroupArn"]
        _, port = weir.listener(weir.balancer("box"), group)
        weir.create_service("box", self.define("box", SERVE.replace("8080", "${PORT:-8080}")), 2, group, networkConfiguration=VPC)
        weir.stable("box")
        ids = {task["taskArn"].rsplit("/", 1)[1] for task in weir.tasks("box")}
        self.assertEqual(self.answers(port), ids)
        weir.kill()
        weir.start()
        weir.stable("box")
        self.assertEqual({task["taskArn"].rsplit("/", 1)[1] for task in weir.tasks("box")}, ids)
        self.assertEqual(self.answers(port), ids)
        weir.ecs.delete_service(cluster="test", service="box", force=True)
        wait_until(lambda: not weir.tasks("box"), "no task runs")
        mounts = pathlib.Path("/proc/mounts").read_text()
        self.assertNotIn(str(weir.state), mounts)

    def answers(self, port):
        import http.client
        seen = set()
        for _ in range(10):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", "/index.html")
            seen.add(connection.getresponse().read().decode().strip())
            connection.close()
        return seen


if __name__ == "__main__":
    unittest.main()
