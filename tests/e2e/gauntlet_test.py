"""The gauntlet, shortened: see gauntlet.py; `make gauntlet` runs the long form."""

import unittest

from gauntlet import QUICKLY_BAD, Gauntlet
from weir_testing import Weir


class Short(unittest.TestCase):
    def test_no_request_fails_but_those_in_flight_on_killed_tasks(self):
        with Weir("--minute", "1s") as weir:
            gauntlet = Gauntlet(weir, seed=7, rate=20, bad=QUICKLY_BAD)
            gauntlet.build()
            account = gauntlet.run(deployments=6)
        self.assertEqual((account["unexplained"], account["unlisted"]), ([], 0), account)
        self.assertGreater(account["requests"], 1000)
        self.assertEqual(account["requests"], account["ok"] + account["failed"])


if __name__ == "__main__":
    unittest.main()
