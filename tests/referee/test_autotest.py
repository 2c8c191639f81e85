"""nbgrader's AUTOTEST lines: made into tests from what the course's own solution answers, or nobody is marked."""

import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from traitlets.config import Config

from kernelmark.errors import CourseError
from kernelmark.notebook.conform import Course
from kernelmark.referee import grading
from kernelmark.referee.autotest import NBGRADERS_OWN
from tests.referee.test_judge import Part, book, graded, marks
from tests.small_course import SETUP

SOLUTION = """
def double(x): return 2 * x
def words(): return ["b", "a"]
def table(): return {"a": 1, "b": (2, 3)}
def even(x): return x % 2 == 0
"""
LINES = {
    "numbers": "### AUTOTEST double(21)\n### AUTOTEST double(-1); double(0.5)",
    "hashed": "### HASHED AUTOTEST double(21); words()",
    "kinds": "# AUTOTEST words(); table(); even(3); double('ab')",
    "among_others": "x = 3\nassert double(1) == 2\n### AUTOTEST double(x)\nassert even(x) is False",
    "hidden": "assert double(0) == 0\n### BEGIN HIDDEN TESTS\n### AUTOTEST double(7)\n### END HIDDEN TESTS",
}
PARTS: list[Part] = [("solution", "s", SOLUTION), *(("test", name, text) for name, text in LINES.items())]
RELEASE = """
import json, nbformat
from nbgrader.preprocessors import InstantiateTests
made, _ = InstantiateTests().preprocess(nbformat.read("a.ipynb", 4), {"metadata": {"path": "."}})
print(json.dumps([cell.source for cell in made.cells]))
"""
SETTINGS = """
from traitlets.config import Config
config = Config()
config.InstantiateTests.autotest_filename = "own.yml"
config.InstantiateTests.autotest_delimiter = "MAKE"
config.InstantiateTests.hashed_delimiter = "SECRET"
config.InstantiateTests.use_salt = False
config.InstantiateTests.comment_strs = {"python3": "#"}
config.InstantiateTests.sanitizers = {"python3": lambda text: text.replace("4", "5")}
"""
FAILING = {
    "untouched": "def double(x): raise NotImplementedError\ndef words(): pass\ndef table(): pass\ndef even(x): pass",
    "wrong": "def double(x): return 3 * x\ndef words(): return ['a']\ndef table(): return {}\ndef even(x): return 0",
}


class TestAutotest:
    def test_right_work_passes(self, tmp_path: Path):
        """Numbers, texts, collections, hashed or not, hidden or not, beside tests of another kind."""
        result = graded(tmp_path, PARTS)
        assert marks(result) == dict.fromkeys(LINES, "pass"), [cell.staff for cell in result.cells]

    def test_the_tests_are_those_that_nbgrader_releases(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        """Word for word, salts too: what nbgrader's own step makes in a Jupyter kernel."""
        monkeypatch.chdir(tmp_path)
        (tmp_path / "autotests.yml").write_bytes((NBGRADERS_OWN / "autotests.yml").read_bytes())
        nbformat.write(book(PARTS, SETUP), tmp_path / "a.ipynb")
        ours = [cell.source for cell in grading.read_source(tmp_path / "a.ipynb").cells]
        # In a process of its own: nbgrader leaves the kernel's sockets open.
        theirs = subprocess.run([sys.executable, "-c", RELEASE], capture_output=True, check=True, timeout=100)
        assert json.loads(theirs.stdout) == ours

    @pytest.mark.parametrize("habit", FAILING)
    def test_other_work_fails(self, tmp_path: Path, habit: str):
        """The lines are comments in the notebook; the tests are not."""
        assert marks(graded(tmp_path, PARTS, {"s": FAILING[habit]})) == dict.fromkeys(LINES, "fail")

    def test_the_courses_own_templates_are_used(self, tmp_path: Path):
        """autotests.yml beside the notebook comes before that of the course, and that before nbgrader's own."""
        template = "python3:\n  dispatch: 'type({{snippet}})'\n  normalize: '{{snippet}}'\n  check: '%s'\n"
        template += "  templates:\n    default:\n      - test: '{{snippet}}'\n        fail: wrong\n"
        folder = tmp_path / "source" / "a"
        folder.mkdir(parents=True)
        source = book(
            [
                ("solution", "s", "### BEGIN SOLUTION\ndef f(): return 5\n### END SOLUTION"),
                ("test", "t", "# AUTOTEST f()"),
            ],
            "",
        )
        nbformat.write(source, folder / "a.ipynb")
        for place, check in (
            (tmp_path, "assert {{snippet}} == {{value}}"),
            (folder, "assert {{value}} == {{snippet}}"),
        ):
            (place / "autotests.yml").write_text(template % check)
            made = grading.read_source(folder / "a.ipynb")
            assert made.cells[-1].source.strip() == check.replace("{{snippet}}", "f()").replace("{{value}}", "5")

    def test_all_its_settings_are_nbgraders(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        """Names of the file and of the lines, no salt, another sanitizer: word for word what nbgrader makes of them."""
        monkeypatch.chdir(tmp_path)
        text = (NBGRADERS_OWN / "autotests.yml").read_text()
        (tmp_path / "own.yml").write_text(text)
        lines = "### MAKE double(21)\n### SECRET MAKE words()"
        nbformat.write(book([("solution", "s", SOLUTION), ("test", "t", lines)], SETUP), tmp_path / "a.ipynb")
        found: dict[str, Config] = {}
        exec(SETTINGS, found)
        ours = [cell.source for cell in grading.read_source(tmp_path / "a.ipynb", found["config"]).cells]
        program = RELEASE.replace("InstantiateTests()", "InstantiateTests(config=config)")
        command = [sys.executable, "-c", f"{SETTINGS}{program}"]
        theirs = subprocess.run(command, capture_output=True, check=True, timeout=100)
        assert json.loads(theirs.stdout) == ours
        assert "sha1" in ours[-1]
        assert ours != [cell.source for cell in nbformat.read(tmp_path / "a.ipynb", 4).cells]

    def test_a_step_that_is_off_makes_none(self, tmp_path: Path):
        """And the line that stays is refused, since everybody would pass."""
        nbformat.write(book([("test", "t", "# AUTOTEST 1")], ""), tmp_path / "a.ipynb")
        config = Config({"InstantiateTests": {"enabled": False}})
        made = grading.read_source(tmp_path / "a.ipynb", config)
        assert made.cells[-1].source == "# AUTOTEST 1"
        with pytest.raises(CourseError, match="AUTOTEST"):
            Course(made, config)

    def test_its_settings_are_nbgraders(self, tmp_path: Path):
        """Another word for the lines, as in nbgrader_config.py."""
        config = Config()
        config.InstantiateTests.autotest_delimiter = "MAKE"
        source = book([("solution", "s", "def f(): return 5"), ("test", "t", "# MAKE f()")], "")
        nbformat.write(source, tmp_path / "a.ipynb")
        assert "assert" in grading.read_source(tmp_path / "a.ipynb", config).cells[-1].source

    @pytest.mark.parametrize(
        ("kind", "text", "said"),
        [
            ("test", "# AUTOTEST lacks(1)", "name 'lacks' is not defined"),
            ("test", "# AUTOTEST (", "SyntaxError"),
            ("locked", "# AUTOTEST f()", "no test cell"),
        ],
    )
    def test_what_cannot_be_made_names_its_cell(self, tmp_path: Path, kind: str, text: str, said: str):
        """Nobody is marked by a comment."""
        source = book([("solution", "s", "def f(): return 5"), (kind, "the_cell", text)], "")
        nbformat.write(source, tmp_path / "a.ipynb")
        with pytest.raises(CourseError, match="the_cell") as raised:
            grading.read_source(tmp_path / "a.ipynb")
        assert said in str(raised.value)

    def test_a_file_that_is_no_template_is_named(self, tmp_path: Path):
        """Not nbgrader's own in the place of a broken one."""
        nbformat.write(book([("test", "t", "# AUTOTEST 1")], ""), tmp_path / "a.ipynb")
        (tmp_path / "autotests.yml").write_text("python3: [")
        with pytest.raises(CourseError, match=r"autotests\.yml"):
            grading.read_source(tmp_path / "a.ipynb")

    def test_a_line_that_was_left_is_refused(self):
        """Whoever makes a course of a notebook's text alone learns that it lacks its tests."""
        with pytest.raises(CourseError, match=r"the_cell.*AUTOTEST"):
            Course(book([("test", "the_cell", "### HASHED AUTOTEST f()")], ""))

    def test_other_notebooks_start_nothing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        """One without such lines is read, and that is all."""
        monkeypatch.setattr("kernelmark.referee.autotest.Link", None)
        nbformat.write(book([("test", "t", "assert True  # no AUTOTEST line")], ""), tmp_path / "a.ipynb")
        assert grading.read_source(tmp_path / "a.ipynb").cells[-1].source.startswith("assert")
