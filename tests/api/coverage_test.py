#!/usr/bin/python3
"""tools/coverage on a small service of its own."""

import pathlib
import subprocess
import tempfile
import unittest

TOOL = pathlib.Path(__file__).resolve().parents[2] / "tools/coverage"

SHAPES_H = """struct Part {
  std::string name;
  std::int32_t size = 0;
};
const Shape& describe(const Part*);

struct MakeRequest {
  std::optional<std::string> title;
  std::optional<std::vector<box::Part>> parts;
  std::optional<box::Part> namespace_;
};
"""
SHAPES_CC = """    member<&Part::name>("name", {.required = true}),
    member<&Part::size>("size"),
    member<&MakeRequest::title>("title"),
    member<&MakeRequest::parts>("parts"),
    member<&MakeRequest::namespace_>("namespace"),
"""
OPERATIONS = """    {.name = "Make", .input = &shape_of<MakeRequest>, .output = &shape_of<MakeResponse>},
    .api_version = "2020-01-01",
"""
REFUSALS = """constexpr Refused kMake[] = {
    {"namespace"}, {"parts.size", "1|2"},
};
constexpr RefusedOf kAll[] = {{"Make", kMake}};
"""


class Coverage(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name)
        (self.root / "docs").mkdir()
        model, api = self.root / "src/model/box", self.root / "src/api/box"
        model.mkdir(parents=True)
        api.mkdir(parents=True)
        (model / "shapes.h").write_text(SHAPES_H)
        (model / "shapes.cc").write_text(SHAPES_CC)
        (model / "operations.cc").write_text(OPERATIONS)
        (api / "refusals.cc").write_text(REFUSALS)
        self.lines = api / "coverage.txt"

    def tearDown(self):
        self.folder.cleanup()

    def run_tool(self, *arguments):
        return subprocess.run([TOOL, "--root", self.root, *arguments], capture_output=True, text=True)

    def test_a_parameter_that_no_line_covers_is_an_error(self):
        self.lines.write_text("Make.title real\n")
        done = self.run_tool()
        self.assertEqual(done.returncode, 1)
        self.assertIn("nothing is said of Make.parts", done.stderr)
        self.assertIn("nothing is said of Part.name", done.stderr)
        self.assertNotIn("Make.title", done.stderr)
        self.assertEqual(self.run_tool("--missing").stdout.split("\n")[1:3], ["Make.parts ", "Part.name "])

    def test_a_line_that_covers_nothing_is_an_error(self):
        self.lines.write_text("Make.* real\nPart.* real\nMake.gone real\n")
        done = self.run_tool()
        self.assertEqual(done.returncode, 1)
        self.assertIn("coverage.txt:3: Make.gone covers nothing", done.stderr)

    def test_a_line_without_a_state_is_an_error(self):
        self.lines.write_text("Make.* perhaps\n")
        self.assertIn("coverage.txt:1: not 'NAME", self.run_tool().stderr)

    def test_the_document_lists_every_parameter_and_what_the_code_refuses(self):
        self.lines.write_text("Make.title recorded no title is shown\nMake.* real\nPart.* real\n")
        done = self.run_tool()
        self.assertEqual(done.returncode, 0, done.stderr)
        text = (self.root / "docs/aws-coverage.md").read_text()
        self.assertIn("| `title` | recorded | no title is shown |", text)
        self.assertIn("| `namespace` | refused | |", text)
        self.assertIn("| `parts.size` | real | only 1, 2 |", text)
        self.assertNotIn("namespace.name", text)
        self.assertEqual(self.run_tool("--check").returncode, 0)
        (self.root / "docs/aws-coverage.md").write_text("old")
        self.assertEqual(self.run_tool("--check").returncode, 1)

    def test_what_lies_below_a_recorded_parameter_is_recorded(self):
        self.lines.write_text("Make.title real\nMake.parts recorded\n")
        done = self.run_tool()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("| `parts` | recorded | |", (self.root / "docs/aws-coverage.md").read_text())


if __name__ == "__main__":
    unittest.main()
