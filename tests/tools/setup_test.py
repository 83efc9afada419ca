"""tools/setup, with a package system made of two little programs."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

SETUP = pathlib.Path(__file__).resolve().parents[2] / "tools/setup"
NEEDED = ("bash", "env", "sed", "sort", "comm", "tr", "cat", "mktemp", "rm", "tail")


def setup(groups, installed=None, user=1000):
    """Runs it where dpkg-query knows only `installed` (None: there is no dpkg-query) and the user has that number."""
    with tempfile.TemporaryDirectory() as folder:
        programs = {"id": f"echo {user}", "apt-get": 'echo "$@" >>"$0.calls"'}
        if installed is not None:
            programs["dpkg-query"] = "".join(f"echo installed {package};" for package in installed) + "exit 1"
        for name, text in programs.items():
            path = pathlib.Path(folder, name)
            path.write_text(f"#!/bin/bash\n{text}\n")
            path.chmod(0o755)
        for name in NEEDED:
            os.symlink(shutil.which(name), pathlib.Path(folder, name))
        done = subprocess.run([SETUP, *groups], env={"PATH": folder}, capture_output=True, text=True)
        calls = pathlib.Path(folder, "apt-get.calls")
        return done, calls.read_text().splitlines() if calls.exists() else []


class Setup(unittest.TestCase):
    def test_nothing_is_done_where_nothing_is_missing(self):
        done, calls = setup(["format"], ["clang-format"])
        self.assertEqual((done.returncode, done.stdout, done.stderr, calls), (0, "", "", []))

    def test_root_installs_what_is_missing_and_nothing_else(self):
        done, calls = setup(["demo"], ["curl", "procps"], user=0)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(calls, ["update", "install -y --no-install-recommends awscli"])

    def test_another_user_is_told_the_command(self):
        done, calls = setup(["demo"], ["curl"])
        self.assertEqual((done.returncode, calls), (1, []))
        self.assertIn("sudo apt-get update && sudo apt-get install -y --no-install-recommends awscli procps\n", done.stderr)

    def test_another_system_is_told_what_is_needed(self):
        done, _ = setup(["format"])
        self.assertEqual(done.returncode, 1)
        self.assertIn("not a Debian system", done.stderr)
        self.assertIn("  clang-format\n", done.stderr)

    def test_an_unknown_group(self):
        done, _ = setup(["kitchen"], [])
        self.assertEqual(done.returncode, 2)
        self.assertIn("no group 'kitchen'", done.stderr)


if __name__ == "__main__":
    unittest.main()
