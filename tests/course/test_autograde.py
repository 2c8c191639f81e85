"""What a regrade keeps, and what makes it a grade of other work."""

from pathlib import Path

import nbformat

import kernelmark
from kernelmark.course.autograde import _better
from kernelmark.notebook.cells import Cell, Plan
from kernelmark.records import CellResult, Pair
from kernelmark.referee.grading import _submission_sha256
from kernelmark.stopwatch.stats import decide
from tests import small_course


def speed(points: float | None, outcome_ratio: float) -> CellResult:
    pairs = [Pair(1.0, outcome_ratio, 1.0, outcome_ratio)] * 11
    verdict = decide(pairs, {1.0: 2, 4.0: 4}, candidate="mine", baseline="ours")
    return CellResult("speed", "pass", points, 4.0, "", "", "", 0.1, (verdict,))


def plain(points: float) -> CellResult:
    return CellResult("values", "pass", points, 4.0, "", "", "", 0.1)


class TestRegrade:
    def test_never_lowers_a_speed_mark_that_was_earned(self):
        """Less, or nothing decided, leaves the former result; more replaces it."""
        former = speed(2.0, 2.0)
        assert _better(speed(0.0, 0.5), former) is former
        assert _better(speed(None, 1.0), former) is former
        assert _better(speed(4.0, 8.0), former).points == 4.0

    def test_changes_every_other_mark(self):
        """Correctness is not a matter of luck: the new result counts."""
        assert _better(plain(0.0), plain(4.0)).points == 0.0
        assert _better(plain(4.0), None).points == 4.0


class TestSubmissionHash:
    plan = Plan((Cell("student", "from helper import work"), Cell("test", "assert True")), {}, ())

    def test_is_that_of_text_and_files(self, tmp_path: Path):
        """Other text, another file or other contents are other work; tests are not the student's."""
        helper = tmp_path / "helper.py"
        helper.write_text("fast")
        first = _submission_sha256(self.plan, {"helper.py": str(helper)})
        assert first == _submission_sha256(self.plan, {"helper.py": str(helper)})
        helper.write_text("slow")
        assert first != _submission_sha256(self.plan, {"helper.py": str(helper)})
        assert first != _submission_sha256(self.plan, {})
        other_test = Plan((self.plan.cells[0], Cell("test", "assert False")), {}, ())
        assert _submission_sha256(other_test, {}) == _submission_sha256(self.plan, {})


def test_other_programs_grade_with_one_function(tmp_path):
    """`kernelmark.grade` takes two paths, as text too, and returns the result that the command line prints."""
    for name in ("source", "submitted"):
        (tmp_path / name).mkdir()
        nbformat.write(small_course.notebook(), tmp_path / name / "short.ipynb")
    result = kernelmark.grade(str(tmp_path / "source" / "short.ipynb"), str(tmp_path / "submitted" / "short.ipynb"))
    assert sum(cell.points or 0 for cell in result.cells) == 8
