"""Several containers in a task: they wait for each other, their health is checked, and a sick task is replaced."""

import unittest

from weir_testing import HELLO, Weir, wait_until

SLEEP = "trap 'exit 0' TERM; sleep 1000 & wait"


def container(name, line, **more):
    return {"name": name, "image": "hello:1", "memory": 32, "stopTimeout": 5, "command": ["sh", "-c", line], **more}


class Containers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.enterClassContext(weir := Weir())
        cls.weir = weir
        weir.import_image("hello:1", HELLO)
        weir.ecs.create_cluster(clusterName="test")

    def serve(self, name, *containers):
        made = self.weir.ecs.register_task_definition(family=name, networkMode="bridge",
                                                      containerDefinitions=list(containers))
        self.weir.create_service(name, made["taskDefinition"]["taskDefinitionArn"], 1)
        self.addCleanup(self.weir.ecs.delete_service, cluster="test", service=name, force=True)

    def only_task(self, name):
        tasks = wait_until(lambda: self.weir.tasks(name), f"{name} has a task")
        return tasks[0]

    def test_dependencies_come_true_in_their_order(self):
        flag = self.weir.home / "flag"
        self.serve("order",
                   container("app", f"test -e {flag} && {SLEEP}", dependsOn=[
                       {"containerName": "init", "condition": "SUCCESS"},
                       {"containerName": "db", "condition": "HEALTHY"}]),
                   container("db", SLEEP, healthCheck={"command": ["CMD-SHELL", f"test -e {flag}"], "startPeriod": 60},
                             startTimeout=60),
                   container("init", "exit 0", essential=False))
        task = wait_until(lambda: (task := self.only_task("order")) and task["containers"][2]["lastStatus"] == "STOPPED"
                          and task, "init has ended")
        self.assertEqual(task["lastStatus"], "PENDING")
        self.assertEqual([one["lastStatus"] for one in task["containers"]], ["PENDING", "RUNNING", "STOPPED"])
        self.assertEqual([one["healthStatus"] for one in task["containers"]], ["UNKNOWN"] * 3)
        flag.touch()
        self.weir.stable("order")
        task = self.only_task("order")
        self.assertEqual(task["healthStatus"], "HEALTHY")
        self.assertEqual([one["lastStatus"] for one in task["containers"]], ["RUNNING", "RUNNING", "STOPPED"])
        self.assertEqual([one["healthStatus"] for one in task["containers"]], ["UNKNOWN", "HEALTHY", "UNKNOWN"])

    def test_a_dependency_that_fails_is_the_reason_of_the_end(self):
        self.serve("failing",
                   container("app", SLEEP, dependsOn=[{"containerName": "init", "condition": "SUCCESS"}]),
                   container("init", "exit 4", essential=False))
        task = wait_until(lambda: self.weir.tasks("failing", status="STOPPED"), "the task has ended")[-1]
        self.assertEqual(task["stopCode"], "TaskFailedToStart")
        self.assertEqual(task["stoppedReason"], "CannotStartContainerError: container app depends on container init "
                         "being SUCCESS, and that ended with exit code 4")

    def test_an_unhealthy_task_is_replaced(self):
        sick = self.weir.home / "sick"
        self.serve("health", container("app", SLEEP, healthCheck={
            "command": ["CMD-SHELL", f"test ! -e {sick}"], "interval": 5, "timeout": 2, "retries": 1}))
        self.weir.stable("health")
        first = self.only_task("health")
        self.assertEqual((first["healthStatus"], first["containers"][0]["healthStatus"]), ("HEALTHY", "HEALTHY"))
        sick.touch()
        ended = wait_until(lambda: self.weir.tasks("health", status="STOPPED"), "the task is let go")[0]
        sick.unlink()
        self.assertEqual(ended["taskArn"], first["taskArn"])
        self.assertEqual(ended["stopCode"], "ServiceSchedulerInitiated")
        self.assertEqual(ended["stoppedReason"], "Task failed container health checks")
        self.weir.stable("health")
        self.assertNotEqual(self.only_task("health")["taskArn"], first["taskArn"])
        messages = [event["message"] for event in self.weir.service("health")["events"]]
        task = first["taskArn"].rsplit("/", 1)[1]
        self.assertIn(f"(service health) (task {task}) failed container health checks.", messages)

    def test_what_cannot_come_true_is_refused(self):
        register, known = self.weir.ecs.register_task_definition, self.weir.ecs.exceptions.ClientException
        rows = [
            ("should not have a cycle", [container("a", "", dependsOn=[{"containerName": "b", "condition": "START"}]),
                                         container("b", "", dependsOn=[{"containerName": "a", "condition": "START"}])]),
            ("because it does not exist", [container("a", "", dependsOn=[
                {"containerName": "b", "condition": "START"}])]),
        ]
        for message, containers in rows:
            with self.subTest(message), self.assertRaises(known) as caught:
                register(family="bad", containerDefinitions=containers)
            self.assertIn(message, caught.exception.response["Error"]["Message"])


if __name__ == "__main__":
    unittest.main()
