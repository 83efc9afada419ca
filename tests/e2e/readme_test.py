"""The README's tour does what it says: its lines, word for word, but for ports and folders."""

import re
import subprocess
import unittest

from weir_testing import BUILD, ROOT, Weir, clean_environment, free_port


class Readme(unittest.TestCase):
    def test_the_tour(self):
        text = (ROOT / "README.md").read_text()
        tour = text.split("## A tour")[1].split("\n## ")[0]
        lines = [line[4:] for line in tour.splitlines() if line.startswith("    ")]
        self.assertGreater(len(lines), 10)
        with_server = Weir()  # only for its folder, its free port and its way to end things
        try:
            api, web = str(with_server.port), str(free_port())
            script = "\n".join(lines).replace("/tmp/weir", str(with_server.state)).replace("8080", web)
            script = script.replace("weir serve", f"weir serve --listen 127.0.0.1:{api}").replace("4566", api)
            script = re.sub(r"\bbuild/", f"{BUILD}/", script)
            # The server is up a moment after the line that starts it; people type slower than a script runs.
            script = script.replace(" &\n", " &\nserver=$!\nuntil " + f"{BUILD}/weir status" + " >&2; do sleep 0.1; done\n", 1)
            done = subprocess.run(["bash", "-O", "expand_aliases", "-e", "-c", script + "\nkill -INT $server; wait $server"],
                                  capture_output=True, text=True, timeout=150, cwd=ROOT,
                                  env=clean_environment(WEIR_ENDPOINT=with_server.endpoint))
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertRegex(done.stdout, r"(?m)^hello unversioned from \d+$")
        finally:
            with_server.end()


if __name__ == "__main__":
    unittest.main()
