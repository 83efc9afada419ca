"""What a task may use: a container over its memory ends with OutOfMemoryError; overrides count; nothing of it is left."""

import os
import pathlib
import unittest

from weir_testing import HELLO, Weir

GREEDY = "x=1; while :; do x=$x$x; done"
QUICK = {"Delay": 1, "MaxAttempts": 60}


def groups():
    """Every cgroup of a Weir on this machine that a process here may see."""
    return {str(path) for path in pathlib.Path("/sys/fs/cgroup").rglob("weir-*")}


@unittest.skipUnless(os.geteuid() == 0 and pathlib.Path("/sys/fs/cgroup").exists(), "limits want root and cgroups")
class Limits(unittest.TestCase):
    def ended(self, weir, definition, **more):
        arn = weir.ecs.run_task(cluster="test", taskDefinition=definition, **more)["tasks"][0]["taskArn"]
        weir.ecs.get_waiter("tasks_stopped").wait(cluster="test", tasks=[arn], WaiterConfig=QUICK)
        return weir.ecs.describe_tasks(cluster="test", tasks=[arn])["tasks"][0]

    def test_a_container_over_its_memory_is_ended_and_says_so(self):
        with Weir() as weir:
            weir.import_image("hello:1", HELLO)
            weir.ecs.create_cluster(clusterName="test")
            container = {"name": "app", "image": "hello:1", "memory": 32, "command": ["sh", "-c", GREEDY]}
            definition = weir.ecs.register_task_definition(family="greedy", networkMode="bridge",
                                                           containerDefinitions=[container])["taskDefinition"]["taskDefinitionArn"]
            task = self.ended(weir, definition)
            if "limits of tasks' memory" in weir.log():
                self.skipTest("this machine permits no memory cgroup")
            self.assertEqual(task["stoppedReason"], "OutOfMemoryError: Container killed due to memory usage")
            self.assertEqual(task["stopCode"], "EssentialContainerExited")
            self.assertEqual(task["containers"][0]["reason"], "OutOfMemoryError: Container killed due to memory usage")
            self.assertEqual(task["containers"][0]["exitCode"], 137)
            # With more of it, the same gets further; an override is what counts.
            modest = dict(container, memory=8, command=["sh", "-c", "x=$(head -c 20000000 /dev/zero | tr '\\0' x); echo ${#x}"])
            definition = weir.ecs.register_task_definition(family="modest", networkMode="bridge",
                                                           containerDefinitions=[modest])["taskDefinition"]["taskDefinitionArn"]
            self.assertTrue(self.ended(weir, definition)["stoppedReason"].startswith("OutOfMemoryError"))
            task = self.ended(weir, definition, overrides={"containerOverrides": [{"name": "app", "memory": 256}]})
            self.assertEqual((task["containers"][0]["exitCode"], task["stoppedReason"]), (0, "Essential container in task exited"))
            # The task's own limit holds where its container has none.
            task = self.ended(weir, definition, overrides={"memory": "16", "cpu": "0.5 vCPU", "containerOverrides": [
                {"name": "app", "memory": 256}]})
            self.assertTrue(task["stoppedReason"].startswith("OutOfMemoryError"))
            self.assertEqual(task["overrides"]["cpu"], "512")
            own = {path for path in groups() if any(one in path for one in [task["taskArn"].rsplit("/", 1)[1]])}
            self.assertEqual(own, set())


if __name__ == "__main__":
    unittest.main()
