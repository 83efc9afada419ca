#!/usr/bin/python3
"""The short form of the bench comes out with sane rows. Times are never looked at: other tests run beside it.
usage: run_test.py BUILD"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
BENCH = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(BENCH))
import circumstances  # noqa: E402
from deploy_rows import table as table_of_deploys  # noqa: E402
from rows import row, verdicts, with_ratios  # noqa: E402

BUILD = sys.argv.pop(1) if len(sys.argv) > 1 else str(BENCH.parent / "build")
PROGRAMS = ("nginx", "wrk", "h2load", "nghttpd", "openssl")
MISSING = [each for each in PROGRAMS if not shutil.which(each) and not shutil.which(f"/usr/sbin/{each}")]


def measure(benches, subjects):
    """(the rows, what was printed)."""
    with tempfile.TemporaryDirectory() as folder:
        results = pathlib.Path(folder, "results.json")
        environment = {**os.environ, "BENCH": benches, "SUBJECTS": subjects, "ROUNDS": "1", "SECONDS_EACH": "1",
                       "RESULTS": str(results)}
        done = subprocess.run([BENCH / "run", BUILD], env=environment, capture_output=True, text=True, timeout=120)
        if not results.exists():
            raise AssertionError(done.stdout + done.stderr)
        return json.loads(results.read_text()), done.stdout


@unittest.skipIf(MISSING, f"not installed: {', '.join(MISSING)} (tools/setup bench installs them)")
class ShortFormTest(unittest.TestCase):
    def test_traffic_yields_processor_time_and_latency_for_each_subject(self):
        rows, said = measure("http1-keepalive-64,tls-handshakes,grpc-8x32,mesh-grpc-8x32", "weir,relay")
        got = {(each["bench"], each["subject"]) for each in rows}
        self.assertEqual(got, {("http1-keepalive-64", "weir"), ("http1-keepalive-64", "relay"),
                               ("grpc-8x32", "weir"), ("grpc-8x32", "relay"), ("tls-handshakes", "weir"),
                               ("mesh-grpc-8x32", "weir"), ("mesh-grpc-8x32", "weir, plain HTTP/2")}, said)
        for each in rows:
            self.assertTrue(0 < each["cpu_us_per_request"] < 1e5, each)
            self.assertEqual(each["p99_us"] is None, each["bench"].endswith("grpc-8x32"), each)
            self.assertGreater(each["ratio"], 0, each)

    def test_idle_connections_and_large_tables_yield_values(self):
        rows, said = measure("idle-9000,table-10000", "weir")
        values = {(each["bench"], each["subject"]): each["value"] for each in rows}
        self.assertEqual(len(values), 4, said)
        self.assertTrue(0.1 < values["idle-9000", "weir"] < 64, values)
        self.assertTrue(0.1 < values["table-10000", "weir"] < 1e4, values)


def replace_in_turn(**environment):
    """The rows of `bench/deploys`, and what was printed."""
    with tempfile.TemporaryDirectory() as folder:
        results = pathlib.Path(folder, "deploys.json")
        done = subprocess.run([BENCH / "deploys", BUILD], env={**os.environ, "RESULTS": str(results), **environment},
                              capture_output=True, text=True, timeout=120)
        if not results.exists():
            raise AssertionError(done.stdout + done.stderr)
        return json.loads(results.read_text())["rows"], done.stdout


NAMESPACES = ["unshare", "--mount", "--net", "--pid", "--fork", "true"]


@unittest.skipIf(subprocess.run(NAMESPACES, capture_output=True).returncode != 0, "may not make namespaces of its own")
class DeploysTest(unittest.TestCase):
    def test_the_same_deployment_is_done_by_each_and_weir_fails_nobody(self):
        subjects = "weir" if "nginx" in MISSING else "weir,nginx-script"
        rows, said = replace_in_turn(SUBJECTS=subjects, DEPLOYMENTS="1", RATE="50")
        self.assertEqual([row["subject"] for row in rows], subjects.split(","), said)
        for row in rows:
            self.assertTrue(row.get("moved"), rows)
            self.assertGreater(row["sent"], 100, row)
        self.assertEqual(rows[0]["failed"], 0, rows)


class RowsTest(unittest.TestCase):
    def test_a_subject_without_deployments_says_why(self):
        done = {"subject": "weir", "sent": 10, "failed": 2, "causes": {"reset": 2}, "seconds": 1.5, "p99_ms": 8, "p99_before_ms": 4}
        said = table_of_deploys([done, {"subject": "other", "note": "it is not installed"}])
        self.assertIn("2 reset", said)
        self.assertIn("it is not installed", said)

    def test_a_ratio_is_weirs_figure_over_the_subjects(self):
        rows = with_ratios([row("http2-8x32", "weir", cpu=3.0), row("http2-8x32", "haproxy", cpu=4.0)])
        self.assertEqual([each["ratio"] for each in rows], [1.0, 0.75])

    def test_the_better_of_two_counts(self):
        rows = with_ratios([row("tls-handshakes", name, cpu=cpu) for name, cpu in
                            (("weir", 5.0), ("haproxy", 10.0), ("nginx", 4.0))])
        self.assertEqual([(words, good) for _, _, words, good in verdicts(rows)], [("1.250", False)])

    def test_what_was_not_measured_is_not_judged(self):
        rows = with_ratios([row("http2-8x32", "weir", cpu=3.0)])
        self.assertEqual([good for *_, good in verdicts(rows)], [None])

    def test_a_value_is_held_to_its_own_bar(self):
        rows = with_ratios([row("idle-9000", "weir", value=8.5, unit="KiB")])
        self.assertEqual([good for *_, good in verdicts(rows)], [False])

    def test_a_report_goes_between_its_marks(self):
        with tempfile.TemporaryDirectory() as folder:
            results, page = pathlib.Path(folder, "results.json"), pathlib.Path(folder, "page.md")
            results.write_text(json.dumps(with_ratios([row("http2-8x32", "weir", cpu=3.25)])))
            circumstances.write(results, "abc1234", 5, 4)
            page.write_text("before\n<!-- bench/report -->\nold\n<!-- end -->\nafter\n")
            subprocess.run([BENCH / "report", results, "--into", page], check=True, capture_output=True)
            text = page.read_text()
            self.assertTrue(text.startswith("before\n<!-- bench/report -->\nMeasured on "), text)
            self.assertIn(" at commit abc1234, 5 rounds of 4 s;", text)
            self.assertIn("| http2-8x32 | weir | 3.25 |", text)
            self.assertTrue(text.endswith("\n<!-- end -->\nafter\n"), text)
            self.assertNotIn("old", text)


if __name__ == "__main__":
    unittest.main()
