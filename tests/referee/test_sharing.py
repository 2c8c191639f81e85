"""One set of globals, as it looks: what a test and the solution share is the same at both ends while the test runs."""

from collections.abc import Callable

import pytest

from kernelmark.records import SubmissionResult
from tests.small_course import asked, graded_cell, marks, solution

Told = Callable[..., SubmissionResult]
SCALED = "STEP = 2\ndef scaled(n):\n    return n * STEP"
USER = "def square(x):\n    return x * x\ndef total(n):\n    return sum(square(k) for k in range(n))"
SETUP = graded_cell("setup", "grid = [0, 0]\nlog = {}\nRATE = 2", locked=True)


class TestWhatATestChanges:
    @pytest.mark.parametrize(
        ("work", "test_source"),
        [
            (SCALED, "STEP = 5\nassert scaled(2) == 10"),
            (SCALED, "assert scaled(2) == 4\nSTEP = 5\nassert scaled(2) == 10\nSTEP = 1\nassert scaled(2) == 2"),
            (
                USER,
                "kept = square\ndel square\ntry:\n    total(2)\nexcept NameError:\n    pass\nelse:\n"
                "    raise AssertionError('total does not use square')\nfinally:\n    square = kept\n"
                "assert total(3) == 5",
            ),
            (
                USER,
                "kept, seen = square, []\ndef square(x):\n    seen.append(x)\n    return kept(x)\n"
                "assert total(3) == 5 and seen == [0, 1, 2]",
            ),
            (
                USER,
                "from unittest.mock import patch\nwith patch('__main__.square', return_value=7) as mocked:\n"
                "    assert total(2) == 14\nmocked.assert_called_with(1)\nassert total(3) == 5",
            ),
            (
                "def ask():\n    return int(input('n? ')) + 1",
                "from unittest.mock import patch\nwith patch('builtins.input', return_value='41'):\n"
                "    assert ask() == 42",
            ),
            (
                "def ask():\n    return int(input()) + int(input())",
                "import io, sys\nsys.stdin = io.StringIO('40\\n2\\n9\\n')\nassert ask() == 42\n"
                "assert input() == '9'\nsys.stdin = sys.__stdin__",
            ),
            (
                "import random\ndef draw():\n    return random.random()",
                "import random\nrandom.seed(3)\nfirst = draw()\nrandom.seed(3)\nassert first == random.random()",
            ),
            (
                "import numpy as np\ndef draw(n):\n    return np.random.rand(n)",
                "import numpy as np\nnp.random.seed(3)\nfirst = draw(2)\nsecond = np.random.rand()\nnp.random.seed(3)\n"
                "assert (first == np.random.rand(2)).all() and second == np.random.rand()",
            ),
        ],
        ids=["sets", "sets again", "takes away", "replaces", "mock", "input", "stdin", "random", "numpy"],
    )
    def test_the_solution_sees(self, told: Told, work, test_source):
        """The course's own solution passes, and work that does nothing of the kind does not."""
        cells = solution("work", work), asked("asks", test_source)
        assert marks(told(*cells)) == {"asks": 1.0}
        constant = "def scaled(n): return 4\ndef square(x): return 0\ndef total(n): return 5\ndef ask(): return 0\n"
        constant += "def draw(*n): return 0.5\nSTEP = 2"
        assert marks(told(*cells, work=constant)) == {"asks": 0.0}

    def test_is_over_with_the_test_for_the_course_and_told_again_to_later_tests(self, told: Told):
        """As at a desk, a global that a test set stays set for the tests after it; and no reference keeps it."""
        cells = (
            solution("work", SCALED),
            asked("first", "STEP = 5\nassert scaled(2) == 10"),
            asked("second", "assert scaled(3) == 15"),
        )
        for _ in range(2):
            assert marks(told(*cells)) == {"first": 1.0, "second": 1.0}
            assert marks(told(*cells, work="STEP = 2\ndef scaled(n): return 10")) == {"first": 1.0, "second": 0.0}

    def test_a_helper_that_is_not_used_is_found(self, told: Told):
        """What nbgrader's own course asks: the sum must go through the helper, which the test takes away."""
        test_source = (
            "kept = square\ndel square\ntry:\n    total(2)\nexcept NameError:\n    pass\n"
            "else:\n    raise AssertionError('total does not use square')\nfinally:\n    square = kept"
        )
        cells = solution("work", USER), asked("asks", test_source)
        alone = "def square(x):\n    return x * x\ndef total(n):\n    return sum(k * k for k in range(n))"
        result = told(*cells, work=alone)
        assert marks(result) == {"asks": 0.0}
        assert result.cell("asks").reason == "total does not use square"


class TestWhatTheSolutionChanges:
    @pytest.mark.parametrize(
        ("work", "test_source"),
        [
            ("grid[0] = 1", "assert grid == [1, 0]"),
            ("def mark(n):\n    grid[n] = 1", "mark(1)\nassert grid == [0, 1]\nmark(0)\nassert grid == [1, 1]"),
            ("def note(key, value):\n    log[key] = value", "note('a', [1])\nassert log == {'a': [1]}"),
            ("count = 0\ndef step():\n    global count\n    count += 1", "step()\nstep()\nassert count == 2"),
        ],
        ids=["at once", "in a call", "a dict", "global"],
    )
    def test_the_test_sees(self, told: Told, work, test_source):
        """An object of a locked cell, and a name that a function declares global."""
        cells = SETUP, solution("work", work), asked("asks", test_source)
        assert marks(told(*cells)) == {"asks": 1.0}
        idle = "count = 0\ndef step(): pass\ndef mark(n): pass\ndef note(k, v): pass"
        assert marks(told(*cells, work=idle)) == {"asks": 0.0}

    def test_only_where_the_courses_own_solution_does(self, told: Told):
        """Data of a set-up cell that the solution reads stay the course's, whatever a submission does to them."""
        cells = (
            graded_cell("setup", "data = [1, 2, 3]", locked=True),
            solution("work", "def total():\n    return sum(data)"),
            asked("asks", "assert total() == sum(data) == 6"),
        )
        assert marks(told(*cells)) == {"asks": 1.0}
        assert marks(told(*cells, work="data[:] = [0]\ndef total():\n    data.clear()\n    return 0")) == {"asks": 0.0}


class TestArguments:
    @pytest.mark.parametrize(
        ("work", "test_source"),
        [
            ("def order(v):\n    v.sort()", "v = [3, 1, 2]\nkept = v\norder(v)\nassert kept == [1, 2, 3]"),
            ("def fill(d):\n    d['a'] = [1]", "d = {}\nfill(d)\nassert d == {'a': [1]}"),
            ("def deep(t):\n    t[0]['x'].append(4)", "x = []\nt = ({'x': x},)\ndeep(t)\nassert x == [4]"),
            ("def add(s, *, item):\n    s.add(item)", "s = {1}\nadd(s, item=2)\nassert s == {1, 2}"),
            (
                "def swap(v):\n    v[0], v[1] = v[1], v[0]",
                "a, b = [1], [2]\nv = [a, b]\nswap(v)\nassert v == [[2], [1]]",
            ),
            (
                "def scale(parts):\n    parts['w'] *= 2\n    parts['n'] = 1",
                "import numpy as np\nw = np.ones(2)\nparts = {'w': w}\nscale(parts)\n"
                "assert parts['w'] is w and w[0] == 2 and parts['n'] == 1",
            ),
        ],
        ids=["list", "dict", "nested", "set", "swapped", "array in a dict"],
    )
    def test_changes_inside_come_back(self, told: Told, work, test_source):
        """In-place work on lists, dicts and sets, wherever the test can see it."""
        cells = solution("work", work), asked("asks", test_source)
        assert marks(told(*cells)) == {"asks": 1.0}
        idle = "order = fill = deep = swap = scale = lambda v: None\ndef add(s, *, item): pass"
        assert marks(told(*cells, work=idle)) == {"asks": 0.0}

    def test_what_a_test_worked_out_beforehand_stays(self, told: Told):
        """A function that empties the list it is given does not pass a test that compares with that list."""
        cells = (
            solution("work", "def total(v):\n    return sum(v)"),
            asked("asks", "v = [1, 2, 3]\nassert total(v) == sum(v)"),
        )
        assert marks(told(*cells)) == {"asks": 1.0}
        result = told(*cells, work="def total(v):\n    v.clear()\n    return 0")
        assert marks(result) == {"asks": 0.0}
        assert "total: argument 1" in result.cell("asks").reason

    def test_a_circle_and_a_huge_list_stay_what_they_are(self, told: Told):
        """A list in itself is refused as before; a long one is handed over, and what is in it does not come back."""
        cells = (
            solution("work", "def first(v):\n    return v[0]"),
            asked("asks", "assert first([0] * 300_000) == 0"),
        )
        assert marks(told(*cells)) == {"asks": 1.0}


class TestPrintedText:
    @pytest.mark.parametrize(
        "test_source",
        [
            "import io, contextlib\nwith contextlib.redirect_stdout(io.StringIO()) as text:\n    hi('you')\n"
            "assert text.getvalue() == 'hi you\\n'",
            "from IPython.utils.capture import capture_output\nwith capture_output() as text:\n    hi('you')\n"
            "assert text.stdout == 'hi you\\n'",
            "import io, sys\nkept, sys.stdout = sys.stdout, io.StringIO()\nhi('you')\n"
            "text, sys.stdout = sys.stdout.getvalue(), kept\nassert text == 'hi you\\n'",
            "from unittest.mock import patch\nwith patch('builtins.print') as printed:\n    hi('you')\n"
            "printed.assert_called_once_with('hi', 'you')",
        ],
        ids=["redirect", "capture", "replaced", "patched"],
    )
    def test_comes_back_to_the_test(self, told: Told, test_source):
        """However the test looks at it."""
        cells = solution("work", "def hi(name):\n    print('hi', name)"), asked("asks", test_source)
        assert marks(told(*cells)) == {"asks": 1.0}
        assert marks(told(*cells, work="def hi(name):\n    print('ho', name)")) == {"asks": 0.0}

    def test_is_bounded(self, told: Told):
        """A call that prints without end costs nobody memory; the test reads the beginning."""
        cells = (
            solution("work", "def hi(name):\n    print('hi', name)"),
            asked(
                "asks",
                "import io, contextlib\nwith contextlib.redirect_stdout(io.StringIO()) as text:\n    hi('you')\n"
                "assert text.getvalue().startswith('hi you')",
            ),
        )
        work = "def hi(name):\n    print('hi', name)\n    for _ in range(300):\n        print('x' * 100_000)"
        assert marks(told(*cells, work=work)) == {"asks": 1.0}
