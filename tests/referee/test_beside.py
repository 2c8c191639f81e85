"""Tests that cannot be judged apart: run beside the submission where the instructor says so, and told everywhere."""

import nbformat
import pytest

from kernelmark.records import SubmissionResult
from kernelmark.referee import grading
from kernelmark.sandbox.limits import Limits
from tests.small_course import asked, marks, notebook_of, solution

ADD = "def add(a, b):\n    ### BEGIN SOLUTION\n    return a + b\n    ### END SOLUTION"
# Looks into the function: what stands for it elsewhere has no code object.
INSIDE = "assert add.__code__.co_argcount == 2\nassert add(1, 2) == 3, 'add must add'"
CELLS = (
    solution("add", ADD),
    asked("helps", "def three():\n    return 3\nassert add(1, 2) == three()"),
    asked("inside", INSIDE.replace("== 3", "== three()")),
    asked("half", "add.__code__\n2.0 if add(1, 2) == 3 else 1.0", points=2),
    asked("wrong", "assert add.__code__.co_argcount == 3"),
)


@pytest.fixture
def graded(tmp_path):
    """Return a function that grades these cells, the solution with another text, and gives the result."""

    def grade(add: str = ADD, *, beside: bool = True) -> SubmissionResult:
        source, submitted = tmp_path / "source.ipynb", tmp_path / "submitted.ipynb"
        nbformat.write(notebook_of(*CELLS), source)
        own = nbformat.read(source, as_version=4)
        own.cells[0].source = add
        nbformat.write(own, submitted)
        return grading.grade(source, submitted, Limits(beside=beside))

    return grade


class TestBeside:
    def test_only_where_the_instructor_says_so(self, graded):
        """Else a person marks it, and staff read what to allow."""
        result = graded(beside=False)
        assert marks(result) == {"helps": 1.0, "inside": None, "half": None, "wrong": None}
        assert 'tests_beside_submissions = "allow"' in result.cell("inside").staff

    def test_marks_follow_nbgraders_rules(self, graded):
        """All points, none where it raises, a number of the last line; nothing where its own solution fails it."""
        assert marks(graded()) == {"helps": 1.0, "inside": 1.0, "half": 2.0, "wrong": None}
        wrong = graded("def add(a, b): return a - b")
        assert marks(wrong) == {"helps": 0.0, "inside": 0.0, "half": 1.0, "wrong": None}
        assert wrong.cell("inside").reason == "add must add"

    def test_says_that_it_could_be_forged_and_why(self, graded):
        """In the record, for staff, and for no test that was judged apart."""
        result = graded()
        assert "could be forged" in result.cell("inside").staff
        assert "__code__" in result.cell("inside").beside
        assert not result.cell("helps").beside

    def test_a_submission_graded_first_decides_nothing(self, graded):
        """What it leaves replaced in the judge does not bring a test beside for itself or for others."""
        spoils = "import builtins\ndef add(a, b):\n    raise KeyboardInterrupt"
        assert [cell.beside != "" for cell in graded(spoils).cells] == [False, True, True, False]
        assert marks(graded()) == {"helps": 1.0, "inside": 1.0, "half": 2.0, "wrong": None}

    def test_no_submission_has_a_say_in_which_these_are(self, graded):
        """Work that makes a test fail or stop in whatever way does not bring it beside."""
        for trick in ("def add(a, b): raise RuntimeError", "def add(a, b): return object()", "add = None", "1 / 0"):
            assert [cell.beside != "" for cell in graded(trick).cells] == [False, True, True, False]
