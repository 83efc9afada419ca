"""tools/tidy, on little trees of its own."""

import pathlib
import subprocess
import tempfile
import unittest

TIDY = pathlib.Path(__file__).resolve().parents[2] / "tools/tidy"
ROOMS = "room(base LIBS x)\nroom(net DEPS base)\nroom(proxy DEPS net LIBS y)\n"


def tidy(files):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in {"cmake/rooms.cmake": ROOMS, **files}.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        return subprocess.run([str(TIDY), folder], capture_output=True, text=True)


class Tidy(unittest.TestCase):
    def test_faults(self):
        rows = [
            ("an arrow may be followed", "src/net/a.cc", '#include "base/b.h"\n', None),
            ("a room may include itself", "src/net/a.cc", '#include "net/b.h"\n', None),
            ("main may include everything", "src/main/a.cc", '#include "proxy/b.h"\n', None),
            ("against an arrow", "src/base/a.cc", '#include "net/b.h"\n', "no arrow to net"),
            ("an arrow of an arrow is none of ours", "src/proxy/a.cc", '#include "base/b.h"\n', "no arrow to base"),
            ("not spelled from src", "src/net/a.cc", '#include "b.h"\n', "not spelled from src/"),
            ("a folder off the map", "src/shed/a.cc", "", "no room shed"),
            ("third party in a header", "src/net/a.h", "#include <fmt/format.h>\n", "third-party"),
            ("third party in a source file", "src/net/a.cc", "#include <fmt/format.h>\n", None),
            ("the test framework in a header for tests", "src/net/test_a.h", "#include <gtest/gtest.h>\n", None),
            ("the test framework in another header", "src/net/a.h", "#include <gtest/gtest.h>\n", "third-party"),
            ("system headers in a header", "src/net/a.h", "#include <vector>\n#include <sys/epoll.h>\n", None),
        ]
        for sentence, path, text, fault in rows:
            with self.subTest(sentence):
                done = tidy({path: text})
                self.assertEqual(done.returncode, 1 if fault else 0, done.stderr)
                self.assertIn(fault or "", done.stderr)

    def test_long_functions_are_named_but_no_fault(self):
        body = "  call();\n" * 80
        done = tidy({
            "src/base/a.cc": f'namespace weir {{\nint Thing::work(int a) const {{\n{body}}}\nstruct S {{\n{body}}};\n}}\n'
        })
        self.assertEqual(done.returncode, 0)
        self.assertIn("src/base/a.cc:2: Thing::work has 82 lines", done.stdout)
        self.assertEqual(done.stdout.count("long:"), 1)


if __name__ == "__main__":
    unittest.main()
