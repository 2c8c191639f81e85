"""Functions that overwrite what they are given: at a desk as in the judge, but for a test that rests on it."""

from pathlib import Path

import pytest

from kernelmark.records import SubmissionResult
from tests.referee.test_judge import Part, graded, marks

ZEROES = """
def f(x):
    x[...] = 0
    return np.zeros_like(x)
"""


def one(folder: Path, solution: str, test: str, submitted: str) -> SubmissionResult:
    return graded(folder, [("solution", "code", solution), ("test", "claim", test)], {"code": submitted})


class TestATestThatWorksWithWhatIsLeft:
    TEST = "x = np.arange(4.0)\nclose(f(x), 2 * x)"

    def test_gives_nothing_to_a_function_that_zeroes_its_input(self, tmp_path: Path):
        """What is right was worked out after the call, from the array that the call overwrote."""
        result = one(tmp_path, "def f(x): return 2 * x", self.TEST, ZEROES)
        assert marks(result) == {"claim": "fail"}
        assert "overwrites what it is given (f: argument 1)" in result.cells[0].reason

    def test_gives_nothing_where_the_array_is_in_a_list_a_keyword_a_tensor_or_a_view(self, tmp_path: Path):
        """However it is handed over."""
        setup = (
            "import numpy as np\nfrom kernelmark.checks import close\nfrom kernelmark.lab import LoggedArray, Tensor"
        )
        tests = {
            "in_a_list": "x = np.ones(3)\nclose(f([x]), x.copy())",
            "by_keyword": "x = np.ones(3)\nclose(f(x=x), x.copy())",
            "a_view": "x = np.ones((4, 3)).T\nclose(f(x[::2, ::-1]), x[::2, ::-1].copy())",
            "a_logged_array": "x = np.ones(3)\nclose(f(LoggedArray(x)), x.copy())",
            "a_tensor": "t = Tensor(np.ones(3))\nclose(f(t), t.data.copy())",
            "a_tensor_with_a_new_array": "t = Tensor(np.ones(3))\nclose(g(t), t.data.copy())",
        }
        solution = """
        def f(x):
            x = x[0] if isinstance(x, list) else getattr(x, "data", x) if isinstance(x, Tensor) else x
            return np.array(x)
        def g(t): return t.data + 0
        """
        submitted = """
        def f(x):
            x = x[0] if isinstance(x, list) else getattr(x, "data", x) if isinstance(x, Tensor) else x
            x[...] = 0
            return np.zeros(x.shape)
        def g(t):
            t.data = np.zeros(t.data.shape)
            return np.zeros(t.data.shape)
        """
        parts: list[Part] = [("solution", "code", solution), *(("test", name, text) for name, text in tests.items())]
        assert marks(graded(tmp_path, parts, {"code": submitted}, setup)) == dict.fromkeys(tests, "fail")
        assert marks(graded(tmp_path, parts, None, setup)) == dict.fromkeys(tests, "pass")

    def test_gives_nothing_by_an_array_of_the_set_up(self, tmp_path: Path):
        """It holds what it held, for this test and for those that follow."""
        parts: list[Part] = [
            ("solution", "code", "def f(x): return 2 * x"),
            ("locked", "data", "x = np.arange(4.0)"),
            ("test", "first", "assert f(x) is None"),
            ("test", "second", "close(f(x), 2 * x)"),
            ("test", "third", "assert x[3] == 3 and f(np.ones(1))[0] == 0"),
        ]
        result = graded(tmp_path, parts, {"code": ZEROES})
        assert marks(result) == {"first": "person", "second": "fail", "third": "person"}

    def test_still_passes_a_function_that_works_in_its_input(self, tmp_path: Path):
        """Scratch work in an argument costs nothing where the test does not look at it again, as at a desk."""
        test = "x = np.arange(4.0)\nexpected = 2 * x\nclose(f(x), expected)\nclose(g(x.copy()), x)"
        submitted = "def f(x):\n    x *= 2\n    return x\ndef g(x): return x"
        solution = "def f(x): return 2 * x\ndef g(x): return x"
        assert marks(one(tmp_path, solution, test, submitted)) == {"claim": "pass"}

    def test_that_cannot_be_asked_twice_goes_to_a_person(self, tmp_path: Path):
        """A second run says nothing where the course's own solution would fail it."""
        solution = "n = [0]\ndef f(x):\n    n[0] += 1\n    return n[0] * np.ones_like(x)"
        submitted = "n = [0]\ndef f(x):\n    n[0] += 1\n    x[...] = 0\n    return n[0] * np.ones_like(x)"
        test = "close(f(np.ones(3)), np.ones(3))"
        result = one(tmp_path, solution, test, submitted)
        assert marks(result) == {"claim": "person"}
        assert "cannot be asked twice" in result.cells[0].staff


class TestAsAtADesk:
    @pytest.mark.parametrize(
        "test",
        [
            "x = np.arange(4.0)\nf(x)\nassert x[3] == 6",
            "x = np.arange(4.0)\nbefore = x.copy()\nf(x)\nf(x[::2])\nclose(x[1::2], 2 * before[1::2])\nassert x[2] > 7",
        ],
    )
    def test_what_the_solution_changes_comes_back(self, tmp_path: Path, test: str):
        """A function that works in place is tested as anywhere else."""
        right, wrong = "def f(x): x *= 2", "def f(x): x *= 3"
        assert marks(one(tmp_path, right, test, right)) == {"claim": "pass"}
        assert marks(one(tmp_path, right, test, wrong)) == {"claim": "fail"}

    def test_changes_of_one_test_are_there_in_the_next(self, tmp_path: Path):
        """Whether this is asked once or twice."""
        parts: list[Part] = [
            ("solution", "code", "def f(x, y):\n    x *= 2\n    return y + 1"),
            ("locked", "data", "x = np.ones(2)"),
            ("test", "first", "assert f(x, np.ones(2))[0] == 2 and x[0] == 2"),
            ("test", "second", "assert x[0] == 2"),
        ]
        sloppy = "def f(x, y):\n    x *= 2\n    y += 1\n    return y"
        for submitted in (None, {"code": sloppy}):
            assert marks(graded(tmp_path, parts, submitted)) == {"first": "pass", "second": "pass"}

    @pytest.mark.parametrize(
        "test",
        [
            "x = np.ones(3)\nwith unchanged(x):\n    f(x)",
            "x = np.ones(3)\nold = x.copy()\nf(x)\nassert np.array_equal(x, old)",
        ],
    )
    def test_a_test_that_nothing_is_changed_finds_the_change(self, tmp_path: Path, test: str):
        """By the word for it, and by hand."""
        assert marks(one(tmp_path, "def f(x): return 2 * x", test, ZEROES)) == {"claim": "fail"}
