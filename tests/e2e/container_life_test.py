"""How containers run: volumes, users, limits, restarts, their metadata, and why one cannot start."""

import json
import os
import socket
import unittest
import urllib.error
import urllib.request

from service_deployments_test import call
from weir_testing import HELLO, Weir, free_port, wait_until

SLEEP = "trap 'exit 0' TERM; sleep 1000 & wait"
ROOT = os.geteuid() == 0


def container(name, line, **more):
    return {"name": name, "image": "hello:1", "memory": 32, "stopTimeout": 5, "command": ["sh", "-c", line], **more}


class ContainerLife(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.enterClassContext(weir := Weir())
        cls.weir, cls.ecs = weir, weir.ecs
        weir.import_image("hello:1", HELLO)
        weir.ecs.create_cluster(clusterName="test")

    def run_task(self, family, *containers, mode="bridge", **more):
        # Debian's boto3 does not know every member.
        status, reply = call(self.weir, "RegisterTaskDefinition", family=family, networkMode=mode,
                             containerDefinitions=list(containers), **more)
        self.assertEqual(status, 200, reply)
        arn = self.ecs.run_task(cluster="test", taskDefinition=family)["tasks"][0]["taskArn"]
        self.addCleanup(self.ecs.stop_task, cluster="test", task=arn)
        return arn

    def task(self, arn):
        return self.ecs.describe_tasks(cluster="test", tasks=[arn])["tasks"][0]

    def reaches(self, arn, status):
        return wait_until(lambda: (task := self.task(arn))["lastStatus"] == status and task, f"the task is {status}")

    def written(self, name):
        path = self.weir.home / name
        wait_until(lambda: path.exists() and path.read_text().endswith("\n"), f"{name} is written")
        return path.read_text().splitlines()

    @unittest.skipUnless(ROOT, "volumes need root")
    def test_volumes_are_shared_within_the_task_and_with_the_host(self):
        home = self.weir.home
        arn = self.run_task(
            "volumes",
            container("reader", f"cat /weir-e2e/shared/said > {home}/seen; echo x > /weir-e2e/shared/no || "
                                f"echo refused >> {home}/seen; {SLEEP}",
                      volumesFrom=[{"sourceContainer": "writer", "readOnly": True}],
                      dependsOn=[{"containerName": "writer", "condition": "SUCCESS"}]),
            container("writer", "echo hello > /weir-e2e/shared/said; echo kept > /weir-e2e/host/file", essential=False,
                      mountPoints=[{"sourceVolume": "shared", "containerPath": "/weir-e2e/shared"},
                                   {"sourceVolume": "host", "containerPath": "/weir-e2e/host"}]),
            volumes=[{"name": "shared"}, {"name": "host", "host": {"sourcePath": f"{home}/made/for/it"}}])
        wait_until(lambda: (home / "seen").exists() and "refused" in (home / "seen").read_text(), "it has looked")
        self.assertEqual(self.written("seen"), ["hello", "refused"])
        self.assertEqual(self.written("made/for/it/file"), ["kept"])
        self.assertFalse(os.path.exists("/weir-e2e"))
        described = self.ecs.describe_task_definition(taskDefinition="volumes")["taskDefinition"]
        self.assertEqual([volume["name"] for volume in described["volumes"]], ["shared", "host"])
        self.ecs.stop_task(cluster="test", task=arn)
        self.reaches(arn, "STOPPED")
        self.assertEqual(self.written("made/for/it/file"), ["kept"])

    @unittest.skipIf(ROOT, "root may mount")
    def test_volumes_without_root_are_a_clear_reason(self):
        arn = self.run_task("unmounted", container("app", SLEEP, mountPoints=[
            {"sourceVolume": "v", "containerPath": "/weir-e2e"}]), volumes=[{"name": "v"}])
        self.assertEqual(self.reaches(arn, "STOPPED")["stoppedReason"], "CannotStartContainerError: the volumes cannot be "
                         "mounted: Operation not permitted (Weir does not run as root)")

    def test_users_and_limits_are_those_of_the_definition(self):
        user = {"user": "65534:65534"} if ROOT else {}
        said = self.weir.home / "who"
        said.touch(0o666)
        os.chmod(said, 0o666)
        os.chmod(self.weir.home, 0o755)
        self.run_task("who", container("app", f"(id -u; ulimit -Sn; ulimit -Hn) > {said}; {SLEEP}",
                                       ulimits=[{"name": "nofile", "softLimit": 100, "hardLimit": 200}], **user))
        wait_until(lambda: len(said.read_text().splitlines()) == 3, "it says who it is")
        self.assertEqual(said.read_text().splitlines(), ["65534" if ROOT else str(os.geteuid()), "100", "200"])

    def test_a_container_that_ended_too_soon_is_not_started_again(self):
        arn = self.run_task("again", container("app", "exit 3", restartPolicy={
            "enabled": True, "ignoredExitCodes": [0], "restartAttemptPeriod": 60}))
        self.assertEqual(self.reaches(arn, "STOPPED")["containers"][0]["exitCode"], 3)

    def test_a_container_finds_its_metadata(self):
        uri = self.weir.home / "uri"
        arn = self.run_task(
            "metadata", container("app", f"echo $ECS_CONTAINER_METADATA_URI_V4 > {uri}; {SLEEP}", cpu=128,
                                  portMappings=[{"containerPort": 8080}], dockerLabels={"a": "b"}),
            container("second", SLEEP, logConfiguration={"logDriver": "awslogs", "options": {
                "awslogs-group": "/made", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "p",
                "awslogs-create-group": "true"}}), cpu="256", memory="512")
        self.reaches(arn, "RUNNING")
        at = self.written("uri")[0]

        def get(path):
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(at + path, timeout=10) as reply:
                return json.load(reply)
        mine = get("")
        seen = self.task(arn)
        self.assertEqual((mine["Name"], mine["Image"], mine["KnownStatus"], mine["Limits"]),
                         ("app", "hello:1", "RUNNING", {"CPU": 128, "Memory": 32}))
        self.assertEqual(mine["DockerId"], seen["containers"][0]["runtimeId"])
        self.assertEqual(mine["ContainerARN"], seen["containers"][0]["containerArn"])
        self.assertEqual(mine["Labels"]["com.amazonaws.ecs.task-arn"], arn)
        self.assertEqual(mine["Ports"][0]["HostPort"], seen["containers"][0]["networkBindings"][0]["hostPort"])
        task = get("/task")
        self.assertEqual((task["TaskARN"], task["Family"], task["Revision"], task["KnownStatus"], task["Limits"]),
                         (arn, "metadata", "1", "RUNNING", {"CPU": 0.25, "Memory": 512}))
        self.assertEqual(task["Cluster"], seen["clusterArn"])
        self.assertEqual([one["Name"] for one in task["Containers"]], ["app", "second"])
        self.assertEqual(task["Containers"][1]["LogOptions"]["awslogs-stream"], f"p/second/{arn.rsplit('/', 1)[1]}")
        self.assertEqual(get("/taskWithTags")["TaskTags"], {})
        with self.assertRaises(urllib.error.HTTPError) as refused:
            get("/associations")
        self.assertEqual(refused.exception.code, 404)

    def test_a_container_learns_what_it_uses_as_docker_tells_it(self):
        uri = self.weir.home / "uri"
        uri.unlink(missing_ok=True)
        busy = f"echo $ECS_CONTAINER_METADATA_URI_V4 > {uri}; trap 'exit 0' TERM; while :; do :; done"
        arn = self.run_task("stats", container("app", busy), container("brief", "exit 0", essential=False))
        self.reaches(arn, "RUNNING")
        at = self.written("uri")[0]

        def get(path):
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(at + path, timeout=10) as reply:
                return json.load(reply)
        ended, mine = (one["runtimeId"] for one in sorted(self.task(arn)["containers"], key=lambda c: c["name"] == "app"))
        first = get("/stats")
        self.assertEqual(first["id"], mine)
        self.assertNotIn("precpu_stats", first, "nobody asked before")
        self.assertNotIn("networks", first, "it has none of its own")
        self.assertGreater(first["memory_stats"]["usage"], 0)
        self.assertGreaterEqual(first["memory_stats"]["limit"], first["memory_stats"]["usage"])

        def share():
            now = get("/stats")
            cpu, before = now["cpu_stats"], now["precpu_stats"]
            machine = cpu["system_cpu_usage"] - before["system_cpu_usage"]
            used = cpu["cpu_usage"]["total_usage"] - before["cpu_usage"]["total_usage"]
            return now["preread"] < now["read"] and machine > 0 and used > 0 and used / machine * cpu["online_cpus"]
        self.assertLess(wait_until(share, "it is seen to be busy", 10, every=0.3), 1.5)
        whole = wait_until(lambda: (all := get("/task/stats"))[ended] is None and all, "one has ended", 10)
        self.assertEqual(whole[mine]["name"], first["name"])

    def test_what_cannot_start_says_why(self):
        plain = self.weir.home / "plain"
        plain.write_text("no program")
        taken = free_port()
        holder = self.run_task("holder", container("app", SLEEP, portMappings=[{"containerPort": taken}]), mode="host")
        self.reaches(holder, "RUNNING")
        rows = [
            ("nothing", {"command": ["/no/such/program"]}, 'exec: "/no/such/program": no such file or directory'),
            ("unfound", {"command": ["no-such-word"]}, 'exec: "no-such-word": executable file not found in $PATH'),
            ("denied", {"command": [str(plain)]}, f'exec: "{plain}": permission denied'),
            ("nobody", {"user": "nobody-knows"}, "unable to find user nobody-knows: no matching entries in passwd file"),
        ]
        for family, more, reason in rows:
            with self.subTest(family):
                task = self.reaches(self.run_task(family, {**container("app", SLEEP), **more}), "STOPPED")
                self.assertEqual((task["stopCode"], task["stoppedReason"]),
                                 ("TaskFailedToStart", f"CannotStartContainerError: {reason}"))
        self.ecs.register_task_definition(family="taken", networkMode="host", containerDefinitions=[
            container("app", SLEEP, portMappings=[{"containerPort": taken}])])
        self.assertEqual(self.ecs.run_task(cluster="test", taskDefinition="taken")["failures"][0]["reason"],
                         "RESOURCE:PORTS")
        with socket.create_server(("", 0)) as stranger:
            app = container("app", SLEEP, portMappings=[{"containerPort": stranger.getsockname()[1]}])
            task = self.reaches(self.run_task("stranger", app, mode="host"), "STOPPED")
            self.assertTrue(task["stoppedReason"].startswith("CannotStartContainerError: Ports are not available: "),
                            task["stoppedReason"])
        task = self.reaches(self.run_task("unpulled", {**container("app", SLEEP), "image": "absent:1"}), "STOPPED")
        self.assertTrue(task["stoppedReason"].startswith("CannotPullContainerError: "), task["stoppedReason"])


if __name__ == "__main__":
    unittest.main()
