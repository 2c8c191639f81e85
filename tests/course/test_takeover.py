"""A course of nbgrader's that exists, taken over by one line: nbgrader's own quickstart course, untouched."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import nbgrader
import pytest
from nbgrader.preprocessors import ClearOutput, DeduplicateIds
from traitlets.config import Config

import kernelmark
from kernelmark.course.autograde import Conform, Grade, SaveGrades, SubmissionExporter
from kernelmark.course.release import CheckRelease
from tests.launcher import LAUNCHER

LINE = "\nimport kernelmark; kernelmark.use(c)\n"


def run(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return LAUNCHER.completed(root, *words)


@pytest.fixture(scope="module")
def quickstart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make nbgrader's example course, with its own solution and its untouched release handed in.

    As `nbgrader quickstart` does, which starts five programs: the example, and the settings as they come.
    """
    root = tmp_path_factory.mktemp("quickstart") / "course101"
    example = Path(nbgrader.__file__).parent / "docs" / "source" / "user_guide" / "source"
    shutil.copytree(example, root / "source", ignore=shutil.ignore_patterns("*.html", "ps1_autotest"))
    assert run(root, "nbgrader", "generate_config").returncode == 0
    config = root / "nbgrader_config.py"
    own = "c.CourseDirectory.course_id = 'course101'\nc.IncludeHeaderFooter.header = 'source/header.ipynb'"
    config.write_text(f"c = get_config()\n{own}\n{config.read_text()}")
    assert run(root, "nbgrader", "generate_assignment", "ps1").returncode == 0
    shutil.copytree(root / "source" / "ps1", root / "submitted" / "solver" / "ps1")
    shutil.copytree(root / "release" / "ps1", root / "submitted" / "idler" / "ps1")
    return root


def points(root: Path, student: str) -> dict[str, float | None]:
    record = json.loads((root / ".kernelmark" / "ps1" / student / "problem1.json").read_text())
    return {cell["grade_id"]: cell["points"] for cell in record["cells"]}


class TestQuickstart:
    def test_says_which_line_to_add(self, quickstart):
        """Without the line nothing is graded, and one line says what to add."""
        told = run(quickstart, "kernelmark", "autograde", "ps1")
        assert told.returncode == 1
        assert "kernelmark.use(c)" in told.stderr
        assert len(told.stderr.strip().splitlines()) == 1

    def test_is_graded_with_it(self, quickstart):
        """Every test that nbgrader grades is graded, apart: the own solution earns all of it, the release nothing."""
        config = quickstart / "nbgrader_config.py"
        stock = config.read_text()
        config.write_text(stock + LINE)
        assert run(quickstart, "kernelmark", "autograde", "ps1").returncode == 0
        tests = ("correct_squares", "squares_invalid_input", "correct_sum_of_squares", "sum_of_squares_uses_squares")
        assert [points(quickstart, "solver")[name] for name in tests] == [1.0, 1.0, 0.5, 0.5]
        assert set(points(quickstart, "idler").values()) == {0.0}
        record = (quickstart / ".kernelmark" / "ps1" / "solver" / "problem1.json").read_text()
        assert not any(cell["beside"] for cell in json.loads(record)["cells"])
        # And back to stock by taking the line out.
        config.write_text(stock)
        again = run(quickstart, "nbgrader", "autograde", "ps1", "--force")
        assert again.returncode == 0, again.stderr


class TestUse:
    def test_keeps_what_is_there(self):
        """Settings and steps of the course's own stay; of nbgrader's steps those go whose work is the referee's."""
        c: Any = Config()
        c.CourseDirectory.course_id = "mine"
        c.ClearSolutions.code_stub = {"python": "pass"}
        c.Autograde.sanitize_preprocessors = [ClearOutput, "mine.Own", DeduplicateIds]
        c.GenerateAssignment.preprocessors = [ClearOutput]
        c.HTMLExporter.preprocessors.append("mine.Page")
        c.ExportApp.plugin_class = "mine.Export"
        kernelmark.use(c)
        assert c.CourseDirectory.course_id == "mine"
        assert c.ClearSolutions.code_stub == {"python": "pass"}
        assert c.Autograde.exporter_class is SubmissionExporter
        assert c.Autograde.sanitize_preprocessors[:2] == ["mine.Own", Conform]
        assert [c.Autograde.autograde_preprocessors[0], c.Autograde.autograde_preprocessors[-2]] == [Grade, SaveGrades]
        assert c.GenerateAssignment.preprocessors == [CheckRelease, ClearOutput]
        assert "mine.Page" in c.HTMLExporter.preprocessors
        assert c.ExportApp.plugin_class == "mine.Export"

    def test_may_be_said_twice(self):
        """A second line changes nothing."""
        once: Any = Config()
        kernelmark.use(once)
        twice: Any = Config()
        kernelmark.use(twice)
        kernelmark.use(twice)
        assert once.Autograde == twice.Autograde
        assert once.GenerateAssignment == twice.GenerateAssignment
