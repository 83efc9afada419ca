"""Tasks that belong to no service, as run by the aws CLI and boto3: run, waited for, looked at, stopped."""

import os
import pathlib
import re
import unittest

from botocore.exceptions import ClientError

from service_deployments_test import call
from weir_testing import HELLO, Weir, free_port, wait_until

SLEEP = "trap 'exit 0' TERM; sleep 1000 & wait"
QUICK = {"Delay": 1, "MaxAttempts": 60}


def container(name, line, **more):
    return {"name": name, "image": "hello:1", "memory": 32, "stopTimeout": 5, "command": ["sh", "-c", line], **more}


class RunTask(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.enterClassContext(weir := Weir())
        cls.weir, cls.ecs = weir, weir.ecs
        weir.import_image("hello:1", HELLO)
        weir.ecs.create_cluster(clusterName="test")

    def register(self, family, *containers, mode="bridge"):
        made = self.ecs.register_task_definition(family=family, networkMode=mode, containerDefinitions=list(containers))
        return made["taskDefinition"]["taskDefinitionArn"]

    def run_task(self, definition, **more):
        reply = self.ecs.run_task(cluster="test", taskDefinition=definition, **more)
        self.assertEqual(reply["failures"], [])
        return [task["taskArn"] for task in reply["tasks"]]

    def wait(self, state, arns):
        self.ecs.get_waiter(state).wait(cluster="test", tasks=arns, WaiterConfig=QUICK)
        return self.ecs.describe_tasks(cluster="test", tasks=arns, include=["TAGS"])["tasks"]

    def test_a_job_ends_with_its_exit_code(self):
        arns = self.run_task(self.register("job", container("app", "exit 7")), count=3, startedBy="me")
        tasks = self.wait("tasks_stopped", arns)
        self.assertEqual(len({task["taskArn"] for task in tasks}), 3)
        for task in tasks:
            self.assertEqual((task["lastStatus"], task["desiredStatus"]), ("STOPPED", "STOPPED"))
            self.assertEqual(task["stopCode"], "EssentialContainerExited")
            self.assertEqual(task["stoppedReason"], "Essential container in task exited")
            self.assertEqual(task["containers"][0]["exitCode"], 7)
            self.assertEqual((task["group"], task["startedBy"]), ("family:job", "me"))
            self.assertLessEqual(task["createdAt"], task["startedAt"])
            self.assertLessEqual(task["startedAt"], task["stoppedAt"])
        stopped = self.ecs.list_tasks(cluster="test", family="job", desiredStatus="STOPPED")["taskArns"]
        self.assertEqual(set(stopped), set(arns))
        self.assertEqual(self.ecs.list_tasks(cluster="test", family="job")["taskArns"], [])

    def test_a_conflict_names_the_tasks_that_its_token_began(self):
        # Debian's boto3 does not know the token yet.
        self.register("once", container("app", SLEEP))
        begun = call(self.weir, "RunTask", cluster="test", taskDefinition="once", count=2, clientToken="once")[1]
        arns = [task["taskArn"] for task in begun["tasks"]]
        status, reply = call(self.weir, "RunTask", cluster="test", taskDefinition="once", count=1, clientToken="once")
        self.assertEqual((status, reply["__type"], reply["resourceIds"]), (400, "ConflictException", arns))
        self.assertIn("already in use with a different RunTask request", reply["message"])
        for arn in arns:
            self.ecs.stop_task(cluster="test", task=arn)

    def test_overrides_reach_the_process(self):
        said = self.weir.home / "said"
        definition = self.register("said", container("app", "exit 9", environment=[
            {"name": "KEPT", "value": "kept"}, {"name": "CHANGED", "value": "before"}]))
        arns = self.run_task(definition, overrides={"containerOverrides": [
            {"name": "app", "command": ["sh", "-c", f"echo $KEPT $CHANGED $ADDED > {said}"],
             "environment": [{"name": "CHANGED", "value": "after"}, {"name": "ADDED", "value": "added"}]}]})
        task = self.wait("tasks_stopped", arns)[0]
        self.assertEqual(task["containers"][0]["exitCode"], 0)
        self.assertEqual(said.read_text(), "kept after added\n")
        self.assertEqual(task["overrides"]["containerOverrides"][0]["environment"][0],
                         {"name": "CHANGED", "value": "after"})

    def test_a_task_runs_until_it_is_stopped_by_the_cli(self):
        self.register("daemon", container("app", SLEEP))
        made = self.weir.aws("ecs", "run-task", "--cluster", "test", "--task-definition", "daemon", "--started-by", "cli",
                             "--tags", "key=team,value=shop", "--enable-ecs-managed-tags")
        arn = made["tasks"][0]["taskArn"]
        task = self.wait("tasks_running", [arn])[0]
        self.assertEqual(task["tags"], [{"key": "team", "value": "shop"},
                                        {"key": "aws:ecs:clusterName", "value": "test"}])
        self.assertEqual(self.weir.aws("ecs", "list-tasks", "--cluster", "test", "--started-by", "cli")["taskArns"], [arn])
        with self.assertRaises(ClientError) as refused:
            self.ecs.delete_cluster(cluster="test")
        self.assertEqual(refused.exception.response["Error"]["Code"], "ClusterContainsTasksException")
        self.weir.aws("ecs", "stop-task", "--cluster", "test", "--task", arn, "--reason", "enough")
        task = self.wait("tasks_stopped", [arn])[0]
        self.assertEqual((task["stopCode"], task["stoppedReason"]), ("UserInitiated", "enough"))

    def test_it_survives_a_restart_of_serve(self):
        going_on = self.run_task(self.register("survivor", container("app", f"echo $$ >> {self.weir.home}/pids; {SLEEP}")))
        ending = self.run_task(self.register("mortal", container("app", f"while test ! -e {self.weir.home}/end; do sleep 0.1; "
                                                                 "done; exit 3")))
        before = self.wait("tasks_running", going_on + ending)
        pids = wait_until((self.weir.home / "pids").read_text, "the task says its pid")
        self.weir.kill()
        (self.weir.home / "end").touch()
        self.weir.start()
        after = self.wait("tasks_running", going_on)[0]
        self.assertEqual((self.weir.home / "pids").read_text(), pids)
        os.kill(int(pids), 0)
        self.assertEqual(after["startedAt"], before[0]["startedAt"])
        self.assertEqual(self.wait("tasks_stopped", ending)[0]["containers"][0]["exitCode"], 3)
        self.ecs.stop_task(cluster="test", task=going_on[0])
        self.assertEqual(self.wait("tasks_stopped", going_on)[0]["stoppedReason"], "Task stopped by user")

    def test_a_wish_for_a_place_is_checked_and_taken(self):
        self.register("placed", container("app", "exit 0"))
        made = self.weir.aws("ecs", "run-task", "--cluster", "test", "--task-definition", "placed", "--enable-execute-command",
                             "--placement-constraints", "type=memberOf,expression=attribute:rack==a",
                             "type=distinctInstance", "--placement-strategy", "type=binpack,field=memory")["tasks"][0]
        self.assertTrue(made["enableExecuteCommand"])
        self.assertTrue(self.wait("tasks_stopped", [made["taskArn"]])[0]["enableExecuteCommand"])
        with self.assertRaisesRegex(ClientError, "distinctInstance expression should not be specified"):
            self.ecs.run_task(cluster="test", taskDefinition="placed", placementConstraints=[
                {"type": "distinctInstance", "expression": "x"}])

    def test_containers_wait_for_each_other(self):
        mark = self.weir.home / "mark"
        arns = self.run_task(self.register(
            "ordered", container("app", f"test -e {mark}", dependsOn=[{"containerName": "init", "condition": "SUCCESS"}]),
            container("init", f"sleep 0.3; touch {mark}", essential=False)))
        task = self.wait("tasks_stopped", arns)[0]
        self.assertEqual([one["exitCode"] for one in task["containers"]], [0, 0])

    def test_what_cannot_start_says_why(self):
        script = pathlib.Path(self.weir.home, "not-executable")
        script.write_text("#!/bin/sh\n")
        os.chmod(script, 0o644)
        port = free_port()
        rows = [
            ("image", {**container("app", ""), "image": "absent:1"}, r"^CannotPullContainerError: .*absent:1"),
            ("file", {**container("app", ""), "command": ["no-such-program"]},
             r"^CannotStartContainerError: exec: \"no-such-program\": .*not found"),
            ("permission", {**container("app", ""), "command": [str(script)]},
             r"^CannotStartContainerError: exec: .*: permission denied"),
            ("port", container("app", SLEEP, portMappings=[{"containerPort": 80, "hostPort": port}]),
             r"^CannotStartContainerError: Ports are not available: .*" + str(port)),
        ]
        import socket
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", port))
            taken.listen()
            for family, wished, reason in rows:
                with self.subTest(family):
                    arns = self.run_task(self.register(f"cannot-{family}", wished))
                    task = self.wait("tasks_stopped", arns)[0]
                    self.assertEqual(task["stopCode"], "TaskFailedToStart")
                    self.assertRegex(task["stoppedReason"], re.compile(reason, re.IGNORECASE))
                    self.assertNotIn("startedAt", task)

    def test_the_waiter_for_running_gives_up_on_a_task_that_ended(self):
        arns = self.run_task(self.register("brief", container("app", "exit 0")))
        self.wait("tasks_stopped", arns)
        with self.assertRaises(Exception) as failed:
            self.ecs.get_waiter("tasks_running").wait(cluster="test", tasks=arns, WaiterConfig=QUICK)
        self.assertIn("terminal failure state", str(failed.exception))

    def test_a_task_is_started_on_the_clusters_one_machine(self):
        instances = self.ecs.list_container_instances(cluster="test")["containerInstanceArns"]
        self.assertEqual(len(instances), 1)
        self.register("placed", container("app", "exit $CODE", environment=[{"name": "CODE", "value": "1"}]))
        reply = self.ecs.start_task(cluster="test", taskDefinition="placed", startedBy="me",
                                    containerInstances=[instances[0].rsplit("/", 1)[1], "nowhere"],
                                    overrides={"containerOverrides": [{"name": "app", "environment": [
                                        {"name": "CODE", "value": "7"}]}]})
        self.assertEqual([(one["reason"], one["arn"].rsplit("/", 1)[1]) for one in reply["failures"]],
                         [("MISSING", "nowhere")])
        arns = [task["taskArn"] for task in reply["tasks"]]
        self.assertEqual(reply["tasks"][0]["containerInstanceArn"], instances[0])
        self.wait("tasks_stopped", arns)
        task = self.ecs.describe_tasks(cluster="test", tasks=arns)["tasks"][0]
        self.assertEqual((task["containers"][0]["exitCode"], task["startedBy"], task["launchType"]), (7, "me", "EC2"))
        listed = self.ecs.list_tasks(cluster="test", containerInstance=instances[0], desiredStatus="STOPPED")["taskArns"]
        self.assertIn(arns[0], listed)
        machine = self.ecs.describe_container_instances(cluster="test", containerInstances=instances)["containerInstances"]
        self.assertEqual((machine[0]["status"], machine[0]["agentConnected"]), ("ACTIVE", True))

    def test_what_would_change_container_instances_is_refused_by_name(self):
        for call, arguments in (("register_container_instance", {}),
                                ("update_container_instances_state", {"containerInstances": ["a"], "status": "DRAINING"}),
                                ("execute_command", {"command": "sh", "interactive": True, "task": "t"})):
            with self.subTest(call), self.assertRaises(ClientError) as refused:
                getattr(self.ecs, call)(cluster="test", **arguments)
            name = "".join(word.capitalize() for word in call.split("_"))
            self.assertIn(f"The operation {name} of ecs is not implemented by Weir",
                          refused.exception.response["Error"]["Message"])


if __name__ == "__main__":
    unittest.main()
