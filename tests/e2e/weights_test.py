"""A listener's weights decide exactly who answers, from the moment that the change is answered, and nobody fails."""

import json
import unittest

from weir_testing import HELLO, Prove, Weir, wait_until

RATE = 200
RATE_ALL_ALONG = 7  # it takes turns too, so it may move the other load's own share by as much of it


class Weights(unittest.TestCase):
    def setUp(self):
        self.weir = self.enterContext(Weir("--workers", 1))  # shares are exact per worker
        self.weir.import_image("hello:1", HELLO)
        self.weir.ecs.create_cluster(clusterName="test")

    def test_shares_are_exact_and_change_without_a_failure(self):
        weir = self.weir
        old, new = weir.target_group("old"), weir.target_group("new")
        listener, port = weir.listener(weir.balancer("front"), old)

        def split(weight):
            weir.elbv2.modify_listener(ListenerArn=listener, DefaultActions=[{"Type": "forward", "ForwardConfig": {
                "TargetGroups": [{"TargetGroupArn": old, "Weight": 100 - weight},
                                 {"TargetGroupArn": new, "Weight": weight}]}}])

        def in_force(weight):
            table = weir.run("route").stdout.replace(" ", "").replace("\n", "")
            return f'"weight":{100 - weight}}}' in table and f'"weight":{weight}}}' in table

        split(0)
        for name, version, group in (("old", "1.0", old), ("new", "2.0", new)):
            weir.create_service(name, weir.task_definition(name, VERSION=version), 2, group)
        for name in ("old", "new"):
            weir.stable(name)
        with Prove(weir, f"http://127.0.0.1:{port}/", RATE_ALL_ALONG, "--expect", "hello ") as all_along:
            for weight in (0, 10, 50, 100, 33, 0):
                with self.subTest(weight=weight):
                    split(weight)
                    wait_until(lambda: in_force(weight), "the table has the new weights", 5)
                    done = weir.run("prove", "--rate", RATE, "--duration", "2s", "--quiet", "--json", "-",
                                    f"http://127.0.0.1:{port}/", check=False)
                    self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                    account = json.loads(done.stdout[done.stdout.index("{"):])
                    share = 100 * account["versions"].get("2.0", 0) / account["ok"]
                    self.assertAlmostEqual(share, weight, delta=100 * RATE_ALL_ALONG / RATE if 0 < weight < 100 else 0)
            account = all_along.finish()
        self.assertEqual(account["failed"], 0, account)


if __name__ == "__main__":
    unittest.main()
