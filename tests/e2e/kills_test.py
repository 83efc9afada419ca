"""Things are killed: the control process in the middle of an update, a task under load, a task that will not go."""

import os
import signal
import time
import unittest

from weir_testing import HELLO, Prove, Weir, version_of, wait_until

RATE = 200
SLOW_MS = 100


def pids_of_hello(weir):
    return {pid for pid, line in weir.processes().items() if line.split()[0].endswith("/hello")}


class Kills(unittest.TestCase):
    def setUp(self):
        self.weir = self.enterContext(Weir())
        self.weir.import_image("hello:1", HELLO)
        self.weir.ecs.create_cluster(clusterName="test")

    def serve(self, name, desired=2, **environment):
        group = self.weir.target_group(name)
        _, port = self.weir.listener(self.weir.balancer(name), group)
        self.weir.create_service(name, self.weir.task_definition(name, VERSION="1", **environment), desired, group)
        self.weir.stable(name)
        wait_until(lambda: version_of(port) == "1", "the service answers")
        return port

    def test_control_in_the_middle_of_an_update(self):
        weir = self.weir
        port = self.serve("web", START_DELAY_MS=500)
        with Prove(weir, f"http://127.0.0.1:{port}/", RATE) as prove:
            for version, pause in (("2", 0.0), ("3", 0.3), ("4", 0.7), ("5", 1.2)):
                definition = weir.task_definition("web", VERSION=version, START_DELAY_MS=500)
                weir.ecs.update_service(cluster="test", service="web", taskDefinition=definition)
                time.sleep(pause)  # each kill meets the update at another point
                weir.kill()
                self.assertIsNotNone(version_of(port), "traffic does not notice")
                weir.start()
                weir.stable("web")
                wait_until(lambda: version_of(port) == version, "the new version answers")
            account = prove.finish()
        self.assertEqual(account["failed"], 0, account)
        self.assertEqual(len(pids_of_hello(weir)), 2, "no task of an old version is left")

    def test_control_is_told_to_end_and_the_next_one_takes_over(self):
        weir = self.weir
        port = self.serve("web")
        tasks = pids_of_hello(weir)
        with Prove(weir, f"http://127.0.0.1:{port}/", RATE) as prove:
            weir.serve.send_signal(signal.SIGTERM)
            self.assertEqual(weir.serve.wait(20), 0)
            self.assertEqual(version_of(port), "1")
            weir.start()
            weir.stable("web")
            account = prove.finish()
        self.assertEqual(account["failed"], 0, account)
        self.assertEqual(pids_of_hello(weir), tasks, "the tasks are the same processes")

    def test_the_proxy_is_killed_and_comes_back(self):
        weir = self.weir
        port = self.serve("web")
        tasks = pids_of_hello(weir)
        proxies = [pid for pid, line in weir.processes().items() if " proxy " in line + " "]
        self.assertEqual(len(proxies), 1)
        os.kill(proxies[0], signal.SIGKILL)
        wait_until(lambda: version_of(port) == "1", "traffic flows again", 10)
        self.assertEqual(pids_of_hello(weir), tasks)
        weir.stable("web")

    def test_a_task_is_killed_and_replaced(self):
        weir = self.weir
        port = self.serve("web", SLOW_MS=SLOW_MS)
        before = {task["taskArn"] for task in weir.tasks("web")}
        with Prove(weir, f"http://127.0.0.1:{port}/", RATE) as prove:
            time.sleep(1)
            victim = min(pids_of_hello(weir))
            os.kill(victim, signal.SIGKILL)
            wait_until(lambda: victim not in weir.processes(), "the victim is gone")
            wait_until(lambda: {task["taskArn"] for task in weir.tasks("web")} - before, "another task", 30)
            weir.stable("web")
            account = prove.finish()
        in_flight = RATE * SLOW_MS // 1000  # on both tasks together
        self.assertLessEqual(account["failed"], in_flight, account)
        self.assertEqual(account["ok"] + account["failed"], account["sent"])
        stopped = [task for task in weir.tasks("web", status="STOPPED") if task["taskArn"] in before]
        self.assertEqual([task["containers"][0]["exitCode"] for task in stopped], [137])
        self.assertEqual(stopped[0]["stopCode"], "EssentialContainerExited")

    def test_a_shim_is_killed_and_its_task_is_replaced(self):
        weir = self.weir
        port = self.serve("web")
        before = pids_of_hello(weir)
        shim = min(pid for pid, line in weir.processes().items() if " shim " in line)
        os.kill(shim, signal.SIGKILL)
        wait_until(lambda: len(before & pids_of_hello(weir)) == 1, "its task has ended with it")
        wait_until(lambda: len(pids_of_hello(weir)) == 2, "another task has started")
        weir.stable("web")
        self.assertEqual(version_of(port), "1")

    def test_a_task_that_ignores_sigterm_is_killed_after_its_stop_timeout(self):
        weir = self.weir
        self.serve("deaf", desired=1, IGNORE_SIGTERM=1)  # stopTimeout is 5 s
        task = weir.tasks("deaf")[0]["taskArn"]
        asked = time.monotonic()
        weir.ecs.update_service(cluster="test", service="deaf", desiredCount=0)
        wait_until(lambda: not pids_of_hello(weir), "the task is gone", 20)
        self.assertGreater(time.monotonic() - asked, 4)
        stopped = wait_until(lambda: [one for one in weir.tasks("deaf", status="STOPPED") if
                                      one["taskArn"] == task and one["lastStatus"] == "STOPPED"], "it says so")
        self.assertEqual(stopped[0]["containers"][0]["exitCode"], 137)

    def test_a_crashing_task_is_replaced_with_back_off(self):
        weir = self.weir
        weir.create_service("crash", weir.task_definition("crash", VERSION="1", CRASH_AFTER_MS=1), 1)
        begun = time.monotonic()

        def gone():
            return [task for task in weir.tasks("crash", status="STOPPED") if task["lastStatus"] == "STOPPED"]
        wait_until(lambda: len(gone()) >= 3, "it was tried again", 60)
        self.assertGreater(time.monotonic() - begun, 1, "it waits between tries")
        self.assertLess(len(gone()), 20)
        weir.ecs.update_service(cluster="test", service="crash", taskDefinition=weir.task_definition("crash", VERSION="2"))
        weir.stable("crash")


if __name__ == "__main__":
    unittest.main()
