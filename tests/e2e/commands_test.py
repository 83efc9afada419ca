"""The commands that people type beside the aws CLI: image, status, logs, route, prove."""

import json
import subprocess
import unittest

from weir_testing import HELLO, WEIR, Weir, clean_environment, free_port, version_of, wait_until


class Commands(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.enterClassContext(weir := Weir())
        cls.weir = weir
        weir.import_image("hello:1", HELLO)
        weir.ecs.create_cluster(clusterName="test")
        group = weir.target_group("web")
        _, cls.port = weir.listener(weir.balancer("front"), group)
        weir.create_service("web", weir.task_definition("web", VERSION="1.0"), 2, group)
        weir.stable("web")
        wait_until(lambda: version_of(cls.port) == "1.0", "the service answers")

    def test_images_are_listed_with_their_digest(self):
        self.assertRegex(self.weir.run("image", "list").stdout, r"(?m)^hello:1 +sha256:[0-9a-f]{64}")

    def test_status_is_a_tree_or_json(self):
        tree = self.weir.run("status").stdout
        for line in (r"cluster test", r"service web +ACTIVE +desired 2 +running 2", r"RUNNING .* serving healthy",
                     r"balancer front", rf"listener :{self.port}", r"web +wished 100\.0 %"):
            self.assertRegex(tree, line)
        self.assertIsInstance(json.loads(self.weir.run("status", "--json").stdout), dict)

    def test_logs_hold_what_the_tasks_wrote(self):
        lines = wait_until(lambda: self.weir.run("logs", "web", "--cluster", "test").stdout.splitlines(), "some lines")
        self.assertEqual(len([line for line in lines if "hello 1.0 listens on port" in line]), 2, lines)

    def test_route_is_the_table_in_force(self):
        table = json.loads(self.weir.run("route").stdout)
        self.assertEqual([listener["port"] for listener in table["listeners"]], [self.port])
        self.assertEqual([backend["state"] for backend in table["pools"][0]["backends"]], ["serving", "serving"])

    def test_prove_accounts_for_each_request(self):
        rows = [(f"http://127.0.0.1:{self.port}/", ["--expect", "hello"], 0, 0),
                (f"http://127.0.0.1:{self.port}/missing", [], 1, 50),
                (f"http://127.0.0.1:{self.port}/", ["--expect", "good bye"], 1, 50),
                (f"http://127.0.0.1:{free_port()}/", [], 1, 50)]
        for url, more, code, failed in rows:
            with self.subTest(url=url, more=more):
                done = self.weir.run("prove", "--rate", 100, "--duration", "500ms", "--quiet", "--json", "-", *more, url,
                                     check=False)
                self.assertEqual(done.returncode, code, done.stderr)
                account = json.loads(done.stdout[done.stdout.index("{"):])
                self.assertAlmostEqual(account["sent"], 50, delta=1)
                self.assertEqual(account["failed"], account["sent"] if failed else 0, account)

    def test_what_makes_no_sense_is_one_line_on_stderr(self):
        rows = [([], 2), (["brew"], 2), (["status", "--sideways"], 2), (["prove"], 2), (["prove", "ftp://a/"], 2),
                (["image", "import", "hello:2", "/nonexistent"], 1), (["logs", "nobody", "--cluster", "test"], 1)]
        for words, code in rows:
            with self.subTest(words):
                done = self.weir.run(*words, check=False)
                self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)
                self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)

    def test_without_a_server_that_is_what_they_say(self):
        endpoint = f"http://127.0.0.1:{free_port()}"
        for words in (["status"], ["route"], ["image", "list"], ["logs", "web"]):
            with self.subTest(words):
                done = subprocess.run([WEIR, *words, "--endpoint", endpoint], env=clean_environment(),
                                      capture_output=True, text=True, timeout=20)
                self.assertEqual((done.returncode, done.stdout), (1, ""))
                self.assertIn(endpoint.removeprefix("http://"), done.stderr)

    def test_a_server_with_keys_answers_only_who_signs(self):
        key = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "not-a-secret"}
        server = {"WEIR_ACCESS_KEY": key["AWS_ACCESS_KEY_ID"], "WEIR_SECRET_KEY": key["AWS_SECRET_ACCESS_KEY"]}
        rows = [({**key, "AWS_SECRET_ACCESS_KEY": "wrong"}, 1, "signature"),
                ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, 1, "Missing Authentication Token"),
                (key, 0, "")]
        with Weir(environment=server) as weir:
            for environment, code, said in rows:
                done = subprocess.run([WEIR, "status", "--endpoint", weir.endpoint], capture_output=True, text=True,
                                      timeout=20, env=clean_environment(**environment))
                self.assertEqual(done.returncode, code, done.stderr)
                self.assertIn(said, done.stderr)

    def test_help_names_every_command(self):
        overview = self.weir.run("--help").stdout
        for name in ("serve", "status", "logs", "image", "route", "prove", "proxy"):
            self.assertIn(f"\n  {name} ", overview)
            self.assertIn(f"weir {name} ", self.weir.run(name, "--help").stdout)


if __name__ == "__main__":
    unittest.main()
