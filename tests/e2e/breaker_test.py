"""The deployment circuit breaker: a version that crashes or never becomes healthy is taken back by nobody's hand, and
the one that serves never fails a request meanwhile."""

import time
import unittest

from weir_testing import HELLO, Prove, Weir, wait_until

RATE = 500  # requests a second
BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}


class Breaker(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.enterClassContext(weir := Weir())
        cls.weir, cls.ecs = weir, weir.ecs
        weir.import_image("hello:1", HELLO)
        weir.ecs.create_cluster(clusterName="test")

    def serve(self, name, rollback=True):
        group = self.weir.target_group(name)
        _, port = self.weir.listener(self.weir.balancer(name), group)
        good = self.weir.task_definition(name, VERSION="1.0")
        self.weir.create_service(name, good, 2, group, deploymentConfiguration={
            "deploymentCircuitBreaker": {"enable": True, "rollback": rollback}})
        self.weir.stable(name)
        self.addCleanup(self.ecs.delete_service, cluster="test", service=name, force=True)
        return good, port

    def messages(self, name):
        return [event["message"] for event in reversed(self.weir.service(name)["events"])]

    def crashing(self, name):
        return self.weir.task_definition(name, command=("sh", "-c", "exit 1"))

    def roll_back_under_load(self, name, bad):
        good, port = self.serve(name)
        first = self.weir.service(name)["deployments"][0]["id"]
        before = {task["taskArn"] for task in self.weir.tasks(name)}
        with Prove(self.weir, f"http://127.0.0.1:{port}/", RATE, "--expect", "hello ") as prove:
            updated = self.ecs.update_service(cluster="test", service=name, taskDefinition=bad)["service"]
            failed = updated["deployments"][0]["id"]
            wait_until(lambda: self.weir.service(name)["taskDefinition"] == good, "the service goes back", 90)
            service = self.weir.stable(name)
            account = prove.finish()
        self.assertEqual(account["failed"], 0, account)
        self.assertEqual(account["ok"], account["sent"])
        self.assertGreater(account["sent"], 0.9 * RATE * account["seconds"], "the load was what it was meant to be")
        self.assertEqual(set(account["versions"]), {"1.0"})
        self.assertEqual(service["deployments"][0]["id"], first)
        self.assertEqual(service["deployments"][0]["rolloutState"], "COMPLETED")
        self.assertEqual({task["taskArn"] for task in self.weir.tasks(name)}, before, "the same tasks as ever")
        said = self.messages(name)
        prefix = f"(service {name})"
        at = said.index(f"{prefix} (deployment {failed}) deployment failed: tasks failed to start.")
        self.assertEqual(said[at + 1], f"{prefix} rolling back to deployment {first}.")
        self.assertEqual(said[-2:], [f"{prefix} (deployment {first}) deployment completed.",
                                     f"{prefix} has reached a steady state."])

    def test_a_version_that_crashes_goes_back(self):
        self.roll_back_under_load("crashes", self.crashing("crashes"))

    def test_a_version_that_is_never_healthy_goes_back(self):
        bad = self.weir.task_definition("sick", command=("sh", "-c", "trap 'exit 0' TERM; sleep 1000 & wait"))
        self.roll_back_under_load("sick", bad)

    def test_without_rollback_the_deployment_stays_failed(self):
        good, port = self.serve("stays", rollback=False)
        bad = self.crashing("stays")
        with Prove(self.weir, f"http://127.0.0.1:{port}/", RATE, "--expect", "hello ") as prove:
            self.ecs.update_service(cluster="test", service="stays", taskDefinition=bad)
            wait_until(lambda: self.weir.service("stays")["deployments"][0]["rolloutState"] == "FAILED",
                       "the deployment has failed", 90)
            account = prove.finish()
        self.assertEqual(account["failed"], 0, account)
        service = self.weir.service("stays")
        primary, old = service["deployments"]
        self.assertEqual(service["taskDefinition"], bad)
        self.assertEqual(primary["rolloutStateReason"], "ECS deployment circuit breaker: tasks failed to start.")
        self.assertGreaterEqual(primary["failedTasks"], 3)
        self.assertEqual((old["taskDefinition"], old["runningCount"]), (good, 2))
        self.weir.kill()
        self.weir.start()
        began = time.monotonic()
        while time.monotonic() - began < 2:  # that it starts nothing cannot be waited for otherwise
            self.assertEqual(self.weir.service("stays")["deployments"][0]["failedTasks"], primary["failedTasks"])
            time.sleep(0.1)
        self.ecs.update_service(cluster="test", service="stays", taskDefinition=good)
        self.assertEqual(self.weir.stable("stays")["deployments"][0]["rolloutState"], "COMPLETED")

    def test_a_first_version_that_crashes_has_nothing_to_go_back_to(self):
        self.weir.create_service("first", self.crashing("first"), 1, deploymentConfiguration=BREAKER)
        self.addCleanup(self.ecs.delete_service, cluster="test", service="first", force=True)
        wait_until(lambda: self.weir.service("first")["deployments"][0]["rolloutState"] == "FAILED", "it has failed", 60)
        self.assertTrue(any("no rollback candidate was found" in one for one in self.messages("first")))
        self.assertEqual(self.weir.service("first")["deployments"][0]["failedTasks"], 3)


if __name__ == "__main__":
    unittest.main()
