"""What is shared between a test and submitted code is no way to a point without right work, nor into the judge."""

from collections.abc import Callable

import pytest

from kernelmark.records import SubmissionResult
from tests.small_course import asked, graded_cell, marks, solution

Told = Callable[..., SubmissionResult]
DATA = graded_cell("setup", "import numpy as np\ndata = [1, 2, 3]\ngrid = np.ones(3)", locked=True)
ORDER = "import random\ndef order(v):\n    return sorted(v)"
DRAWS = (
    "for _ in range(10):\n    v = [random.random() for _ in range(9)]\n    assert order(v) == sorted(v)\n"
    "    w = random.gauss(0, 1)\n    assert order([w, 0.5]) == sorted([w, 0.5])"
)
SEEDED = f"import random\nrandom.seed(5)\nassert order([]) == []\n{DRAWS}"


class TestGlobalsThatATestComparesWith:
    @pytest.mark.parametrize(
        ("work", "test_source", "submitted"),
        [
            (
                "def total():\n    return sum(data)\ndef add(x):\n    data.append(x)",
                "assert total() == sum(data)",
                "def total():\n    data.clear()\n    return 0\ndef add(x): pass",
            ),
            (
                "def total():\n    return sum(data)\ndef add(x):\n    data.append(x)",
                "assert total() == sum(data)",
                "data.clear()\ndef total():\n    return 0\ndef add(x): pass",
            ),
            (
                "def total():\n    return float(grid.sum())\ndef put(i):\n    grid[i] = 5",
                "assert total() == grid.sum()",
                "def total():\n    grid[:] = 0\n    return 0.0\ndef put(i): pass",
            ),
            (
                "def mark(n):\n    data[n] = 9",
                "mark(1)\nassert data == [1, 9, 3]",
                "class Yes:\n    def __eq__(self, _): return True\ndef mark(n):\n    global data\n    data = Yes()",
            ),
        ],
        ids=["in a call", "at once", "an array", "says yes"],
    )
    def test_are_changed_by_the_functions_that_the_course_has_change_them(
        self, told: Told, work, test_source, submitted
    ):
        """A function that only reads a global empties it, or has it say yes: the test's own stays what it was."""
        cells = DATA, solution("work", work), asked("asks", test_source)
        assert marks(told(*cells)) == {"asks": 1.0}
        assert marks(told(*cells, work=submitted)) == {"asks": 0.0}


class TestGenerators:
    @pytest.mark.parametrize(
        "chosen",
        ["(3, (0,) * 624 + (624,), None)", "(*random.getstate()[:2], 0.5)", "(*random.getstate()[:2], -9.0)"],
        ids=["all zero", "a number left over", "another"],
    )
    def test_go_on_where_drawing_leads(self, told: Told, chosen):
        """Whoever chooses the state would choose the inputs of a test, such that they are in order already."""
        later = asked("later", f"import random\n{DRAWS}")
        cells = solution("work", ORDER), asked("asks", SEEDED), later
        assert marks(told(*cells)) == {"asks": 1.0, "later": 1.0}
        work = f"import random\ndef order(v):\n    random.setstate({chosen})\n    return v"
        assert marks(told(*cells, work=work)) == {"asks": 0.0, "later": 0.0}

    @pytest.mark.parametrize("place", [2**31 - 1, -(2**31), "1", None])
    def test_read_nothing_beyond_their_words(self, told: Told, place):
        """NumPy asks nobody whether the place of the next word is one: the judge would end, and all go to a person."""
        other = asked("other", "assert order([2, 1]) == [1, 2]")
        cells = solution("work", ORDER), asked("asks", SEEDED), other
        told_ = f"lambda: [real()[0], [real()[1][0], {place!r}, None]]"
        work = f"import kernelmark.sandbox.shared as shared\nreal = shared.states\nshared.states = {told_}\n{ORDER}"
        assert marks(told(*cells, work=work)) == {"asks": 0.0, "other": 1.0}

    def test_are_one_for_a_function_that_seeds_or_draws_much(self, told: Told):
        """What is right is so for the judge too: normal numbers in pairs, many numbers, a small seed."""
        test_source = (
            "import random\nrandom.seed(3)\nnp.random.seed(3)\ndraw()\n"
            "rest = [random.gauss(0, 1), random.random(), np.random.randn(), np.random.rand()]\ndraw()\ndraw()\n"
            "last = random.gauss(0, 1)\nrandom.seed(3)\nnp.random.seed(3)\n"
            "np.random.rand(70_000)\nnp.random.randn(3)\nrandom.gauss(0, 1)\n"
            "assert rest == [random.gauss(0, 1), random.random(), np.random.randn(), np.random.rand()]\n"
            "random.gauss(0, 1), random.gauss(0, 1)\nassert last == random.gauss(0, 1)\n"
            "fix()\nseen = random.random()\nrandom.seed(42)\nassert seen == random.random()"
        )
        work = (
            "import random\ndef draw():\n    np.random.rand(70_000)\n    np.random.randn(3)\n    random.gauss(0, 1)\n"
            "def fix():\n    random.seed(42)"
        )
        assert marks(told(DATA, solution("work", work), asked("asks", test_source))) == {"asks": 1.0}
