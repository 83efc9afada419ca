"""The states of a task, seen by somebody who asks all the time: in their order, each with its time, and there for as long as what
they tell of takes."""

import socket
import threading
import unittest
import urllib.request

from service_deployments_test import call
from weir_testing import HELLO, Weir, wait_until

LIFE = ["PROVISIONING", "PENDING", "ACTIVATING", "RUNNING", "DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED"]
TIMES = ["createdAt", "pullStartedAt", "pullStoppedAt", "startedAt", "stoppingAt", "executionStoppedAt", "stoppedAt"]
QUICK = {"Delay": 1, "MaxAttempts": 30}


class Watch:
    """Asks for tasks until each has stopped, and keeps what it was told of their states, each once."""

    def __init__(self, weir, arns):
        self.weir, self.arns = weir, arns
        self.states = {arn: [] for arn in arns}
        self.thread = threading.Thread(target=self.look)
        self.thread.start()

    def look(self):
        while any(states[-1:] != ["STOPPED"] for states in self.states.values()):
            for task in call(self.weir, "DescribeTasks", cluster="test", tasks=self.arns)[1]["tasks"]:
                states = self.states[task["taskArn"]]
                if states[-1:] != [task["lastStatus"]]:
                    states.append(task["lastStatus"])

    def end(self):
        self.thread.join(30)
        return self.states


class TaskLife(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.enterClassContext(weir := Weir("--workers", 1))
        cls.weir, cls.ecs = weir, weir.ecs
        weir.import_image("hello:1", HELLO)
        weir.ecs.create_cluster(clusterName="test")

    def task(self, arn):
        return self.ecs.describe_tasks(cluster="test", tasks=[arn])["tasks"][0]

    def in_order(self, states):
        places = [LIFE.index(state) for state in states]
        self.assertEqual(places, sorted(set(places)), states)

    def test_tasks_go_through_their_states_in_order_and_each_has_its_time(self):
        self.ecs.register_task_definition(family="plain", networkMode="bridge", containerDefinitions=[
            {"name": "app", "image": "hello:1", "memory": 32, "stopTimeout": 5,
             "command": ["sh", "-c", "trap 'sleep 0.5; exit 0' TERM; sleep 1000 & wait"]}])
        made = self.ecs.run_task(cluster="test", taskDefinition="plain", count=10)["tasks"]
        self.assertEqual({task["lastStatus"] for task in made}, {"PROVISIONING"})
        arns = [task["taskArn"] for task in made]
        watch = Watch(self.weir, arns)
        self.ecs.get_waiter("tasks_running").wait(cluster="test", tasks=arns, WaiterConfig=QUICK)
        for arn in arns:
            self.ecs.stop_task(cluster="test", task=arn, reason="enough")
        self.ecs.get_waiter("tasks_stopped").wait(cluster="test", tasks=arns, WaiterConfig=QUICK)
        seen = watch.end()
        for states in seen.values():
            self.in_order(states)
            self.assertTrue({"RUNNING", "STOPPING", "STOPPED"} <= set(states), states)
        print("seen:", *sorted({state for states in seen.values() for state in states}, key=LIFE.index))
        for task in self.ecs.describe_tasks(cluster="test", tasks=arns)["tasks"]:
            times = [task[name] for name in TIMES]
            self.assertEqual(times, sorted(times))
            self.assertGreater((task["executionStoppedAt"] - task["stoppingAt"]).total_seconds(), 0.4)

    def test_one_that_ends_by_itself_has_all_times_too(self):
        self.ecs.register_task_definition(family="ends", networkMode="bridge", containerDefinitions=[
            {"name": "app", "image": "hello:1", "memory": 32, "command": ["sh", "-c", "sleep 0.3; exit 4"]}])
        arn = self.ecs.run_task(cluster="test", taskDefinition="ends")["tasks"][0]["taskArn"]
        self.in_order(Watch(self.weir, [arn]).end()[arn])
        task = self.task(arn)
        times = [task[name] for name in TIMES]
        self.assertEqual(times, sorted(times))
        self.assertEqual(task["containers"][0]["exitCode"], 4)

    def test_it_deactivates_while_a_request_is_under_way_and_is_deregistered_first(self):
        group = self.weir.target_group("slow")
        _, port = self.weir.listener(self.weir.balancer("slow"), group)
        self.weir.create_service("slow", self.weir.task_definition("slow", VERSION="1", SLOW_MS=1500), 1, group)
        self.addCleanup(self.ecs.delete_service, cluster="test", service="slow", force=True)
        self.weir.stable("slow")
        arn = self.weir.tasks("slow")[0]["taskArn"]
        with socket.create_connection(("127.0.0.1", port), 10) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: slow\r\nConnection: close\r\n\r\n")
            watch = Watch(self.weir, [arn])
            # What one worker answers later has come to it later: the first request is under way.
            self.assertEqual(urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=10).status, 200)
            self.ecs.update_service(cluster="test", service="slow", desiredCount=0)
            wait_until(lambda: self.task(arn)["lastStatus"] == "DEACTIVATING", "it deactivates", every=0.005)
            self.assertEqual(self.task(arn)["containers"][0]["lastStatus"], "RUNNING")
            self.assertTrue(client.recv(4096).startswith(b"HTTP/1.1 200"))
        states = watch.end()[arn]
        self.in_order(states)
        self.assertIn("DEACTIVATING", states)


if __name__ == "__main__":
    unittest.main()
