"""Which tests need the course's own solution as it stands at their own place."""

import pytest

from kernelmark.notebook.conform import Course
from tests.referee.test_judge import Part, book


def places_of(parts: list[Part]) -> dict[str, int]:
    solved = [
        (kind, name, f"### BEGIN SOLUTION\n{t}\n### END SOLUTION" if kind == "solution" else t)
        for kind, name, t in parts
    ]
    return Course(book(solved, "import math")).places


class TestPlaces:
    @pytest.mark.parametrize(
        "later",
        [
            "x = 2",
            "x += 1",
            "x[0] = 2",
            "x.append(2)",
            "x, y = 1, 2",
            "for x in range(3): pass",
            "def x(): pass",
            "del x[0]",
            "import x",
            "if True:\n    x = 3",
            "def change():\n    global x\n    x = 5\nchange()",
        ],
    )
    def test_a_name_that_changes_further_down_is_asked_for_at_the_tests_place(self, later: str):
        """Set-up and one solution cell stand before the test, whatever it is that gives the name another meaning."""
        found = places_of([("solution", "a", "x = [1]"), ("test", "t", "assert x"), ("solution", "b", later)])
        assert found == ({} if later.startswith("import") else {"t": 2})

    def test_so_is_one_that_the_functions_of_the_test_use(self):
        """The function stands where it stood; what it looks up does not."""
        parts = [("solution", "a", "rate = 2"), ("solution", "f", "def f(x): return g(x)\ndef g(x): return rate * x")]
        parts += [("test", "t", "assert f(1) == 2"), ("solution", "b", "rate = 3")]
        assert places_of(parts) == {"t": 3}

    def test_so_is_one_of_the_reference_or_of_a_helper(self):
        """`reference.x` asks for it too, and so does a function that an earlier test defines."""
        parts = [("solution", "a", "x = 1"), ("test", "h", "def same(): assert reference.x == x")]
        parts += [("test", "t", "same()"), ("solution", "b", "x = 2")]
        assert places_of(parts) == {"h": 2, "t": 2}

    def test_so_is_one_that_is_not_there_yet(self):
        """A test that stands before its solution fails on the course's own solution, as at a desk."""
        assert places_of([("test", "t", "assert f() == 1"), ("solution", "s", "def f(): return 1")]) == {"t": 1}

    @pytest.mark.parametrize(
        "later",
        ["y = 2", "def g(x):\n    x = 2\n    return x", "import math", "print(x)", "[x for x in range(3)]", "f(x)"],
    )
    def test_what_leaves_it_alone_needs_no_place(self, later: str):
        """An ordinary notebook costs no process more."""
        parts = [("solution", "a", "x = [1]\ndef f(x): return math.floor(x[0])"), ("test", "t", "assert f(x) == 1")]
        assert places_of([*parts, ("solution", "b", later)]) == {}

    def test_a_name_of_the_tests_own_needs_none(self):
        """What a test gives a meaning itself is not the solution's."""
        parts = [
            ("solution", "a", "def f(): return 1"),
            ("test", "t", "x = f()\nassert x == 1"),
            ("solution", "b", "x = 2"),
        ]
        assert places_of(parts) == {}
