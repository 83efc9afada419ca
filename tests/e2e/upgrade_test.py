"""Weir itself is upgraded under load: `weir serve` ends, the next one is another program, and the proxy is followed by
one of that program. No request fails, and there is always one proxy."""

import os
import shutil
import signal
import unittest

import weir_testing
from weir_testing import HELLO, Prove, Weir, version_of, wait_until

RATE = 300  # requests a second
UPGRADES = 6


class Upgrade(unittest.TestCase):
    def setUp(self):
        self.weir = self.enterContext(Weir())
        self.weir.import_image("hello:1", HELLO)
        self.weir.ecs.create_cluster(clusterName="test")
        group = self.weir.target_group("web")
        _, self.port = self.weir.listener(self.weir.balancer("web"), group)
        self.weir.create_service("web", self.weir.task_definition("web", VERSION="1.0", SLOW_MS=20), 2, group)
        self.weir.stable("web")
        wait_until(lambda: version_of(self.port) == "1.0", "the service answers")

    def proxies(self):
        """pid -> the program that it runs."""
        found = {}
        for pid, line in self.weir.processes().items():
            if " proxy --control" in line:
                try:
                    found[pid] = os.readlink(f"/proc/{pid}/exe")
                except OSError:
                    pass  # it has just ended
        return found

    def install(self, name):
        """A copy of the program, as a new release is one."""
        path = self.weir.home / name
        shutil.copy(weir_testing.BUILD / "weir", path)
        return path

    def restart(self, program):
        """`weir serve` ends alone, and `program` serves from now on."""
        self.addCleanup(setattr, weir_testing, "WEIR", weir_testing.WEIR)
        weir_testing.WEIR = program
        self.weir.restart()

    def test_every_release_brings_its_own_proxy_and_no_request_fails(self):
        with Prove(self.weir, f"http://127.0.0.1:{self.port}/", RATE, "--expect", "hello ") as prove:
            for number in range(UPGRADES):
                program = self.install(f"weir-{number}")
                self.restart(program)
                wait_until(lambda: str(program) in self.proxies().values(), "a proxy of the new release")
                pid = next(pid for pid, path in self.proxies().items() if path == str(program))
                wait_until(lambda: f"another proxy serves now, process {pid}" in self.weir.log(), "serve follows it")
                definition = self.weir.task_definition("web", VERSION=f"{number + 2}.0", SLOW_MS=20)
                self.weir.ecs.update_service(cluster="test", service="web", taskDefinition=definition)
                self.weir.stable("web")  # a deployment meets the proxies while one drains
            account = prove.finish()
        self.assertEqual(account["failed"], 0, account)
        self.assertEqual(account["ok"], account["sent"])
        self.assertEqual(set(account["versions"]), {f"{number}.0" for number in range(1, UPGRADES + 2)})
        wait_until(lambda: len(self.proxies()) == 1, "the proxies that were followed end")

    def test_a_restart_of_the_same_program_leaves_the_proxy_alone(self):
        before = self.proxies()
        self.restart(weir_testing.WEIR)
        self.weir.stable("web")
        self.assertEqual(self.proxies(), before)

    def test_other_options_of_the_proxy_are_heeded(self):
        self.weir.arguments += ["--workers", "3"]
        with Prove(self.weir, f"http://127.0.0.1:{self.port}/", RATE) as prove:
            self.restart(weir_testing.WEIR)
            wait_until(lambda: any(" --workers 3" in line for line in self.weir.processes().values()), "three workers")
            wait_until(lambda: len(self.proxies()) == 1, "the proxy that was followed ends")
            account = prove.finish()
        self.assertEqual(account["failed"], 0, account)

    def test_the_proxy_that_followed_is_killed_and_comes_back(self):
        program = self.install("weir-new")
        self.restart(program)
        wait_until(lambda: list(self.proxies().values()) == [str(program)], "the new release's proxy alone", 40)
        os.kill(next(iter(self.proxies())), signal.SIGKILL)
        wait_until(lambda: version_of(self.port) == "1.0", "traffic flows again", 10)
        self.assertEqual(list(self.proxies().values()), [str(program)])

    def test_sighup_to_the_proxy_is_followed_by_serve(self):
        first, = self.proxies()
        with Prove(self.weir, f"http://127.0.0.1:{self.port}/", RATE) as prove:
            os.kill(first, signal.SIGHUP)
            wait_until(lambda: "another proxy serves now" in self.weir.log(), "serve follows")
            wait_until(lambda: first not in self.proxies(), "the first one ends")
            account = prove.finish()
        self.assertEqual(account["failed"], 0, account)
        self.assertEqual(len(self.proxies()), 1)


if __name__ == "__main__":
    unittest.main()
