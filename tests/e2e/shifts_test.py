"""The echo system through some shifts: see shifts.py; `make shifts` runs the long form."""

import unittest

from networks_test import enter_own_network
from shifts import Shifts
from weir_testing import Weir


class Short(unittest.TestCase):
    def test_no_request_fails_while_the_route_moves(self):
        own_network = enter_own_network()
        with Weir("--workers", 2) as weir:
            shifts = Shifts(weir, seed=7, rate=20)
            shifts.build(own_network)
            account = shifts.run(shifts=6)
        self.assertEqual((account["failed"], account["failures"]), (0, []), account)
        self.assertEqual((account["requests"], account["updates"]), (account["ok"], 1))
        self.assertGreater(account["requests"], 200)
        self.assertEqual(set(account["versions"]), {"0.9", "1.0"})


if __name__ == "__main__":
    unittest.main()
