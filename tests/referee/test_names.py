"""The names that a test finds are those that it finds at a desk: whatever the course's cells before it define."""

from collections.abc import Callable

import nbformat
import pytest

from kernelmark.notebook.conform import Course
from kernelmark.records import SubmissionResult
from kernelmark.referee import grading
from kernelmark.sandbox.limits import Limits
from tests.small_course import asked, graded_cell, marks, notebook_of, plain, solution

Told = Callable[..., SubmissionResult]
ADD = "def add(a, b):\n    ### BEGIN SOLUTION\n    return a + b\n    ### END SOLUTION"


class TestWhatCellsBeforeDefine:
    @pytest.mark.parametrize(
        ("before", "test_source"),
        [
            (plain("import numpy as np"), "assert np.isclose(add(1, 2), 3)"),
            (plain("from math import *"), "assert add(1, 2) == floor(3.5)"),
            (plain("pairs = [(1, 2), (3, 4)]"), "for a, b in pairs:\n    assert add(a, b) == a + b"),
            (plain("pairs = []\nfor n in range(3):\n    pairs.append((n, n))"), "assert add(*pairs[2]) == 4"),
            (plain("def same(a, b):\n    return abs(a - b) < 1e-9"), "assert same(add(1, 2), 3)"),
            (plain("%%time\nlimit = 3"), "assert add(1, 2) == limit"),
            (plain("raise_here = 3\n1 / 0"), "assert add(1, 2) == raise_here"),
        ],
        ids=["import", "star", "data", "changed in place", "helper", "magic", "before it fails"],
    )
    def test_is_there_in_a_test(self, told: Told, before, test_source):
        """Imports, data and helpers of a cell without a grade id; right work earns the point, wrong work does not."""
        cells = before, solution("add", ADD), asked("adds", test_source)
        assert marks(told(*cells)) == {"adds": 1.0}
        assert marks(told(*cells, add="def add(a, b): return None")) == {"adds": 0.0}

    def test_imports_of_a_solution_cell_are_there(self, told: Told):
        """A test uses what the course's own solution imports, whether a student's imports it or not."""
        cells = solution("add", f"import math\n{ADD}"), asked("adds", "assert add(1, 2) == math.floor(3.5)")
        assert marks(told(*cells)) == {"adds": 1.0}
        assert marks(told(*cells, add="def add(a, b): return a + b")) == {"adds": 1.0}

    def test_what_only_the_solution_imports_is_the_students_to_import(self, told: Told):
        """As at a desk: where a student's cell does not, a test that uses the name fails."""
        work = "### BEGIN SOLUTION\nimport math\n### END SOLUTION"
        cells = solution("work", work), asked("has", "assert math.floor(3.5) == 3")
        assert marks(told(*cells)) == {"has": 1.0}
        assert marks(told(*cells, work="import math")) == {"has": 1.0}
        assert marks(told(*cells, work="raise NotImplementedError")) == {"has": 0.0}

    def test_a_module_beside_the_notebook_is_found(self, told: Told, tmp_path):
        """Whatever else bears its name on the machine that grades: a checkout of Kernelmark has a folder `tests`."""
        (tmp_path / "tests.py").write_text("def right(x):\n    return x == 3\n")
        cells = solution("add", ADD), asked("adds", "from tests import right\nassert right(add(1, 2))")
        assert marks(told(*cells)) == {"adds": 1.0}

    def test_sets_have_one_order(self, told: Told):
        """What a plain cell makes of the order of a set is the same in all processes of a notebook."""
        cells = (
            plain("number = {name: n for n, name in enumerate({'anna', 'ben', 'cleo', 'dora', 'emil', 'fred'})}"),
            solution("work", "numbers = [number[name] for name in sorted(number)]"),
            asked("same", "assert numbers == [number[name] for name in sorted(number)]"),
        )
        assert marks(told(*cells)) == {"same": 1.0}

    def test_a_magic_above_a_solution_hides_no_name(self, told: Told):
        """`%%time` runs the cell with the notebook's names."""
        assert marks(told(solution("add", f"%%time\n{ADD}"), asked("adds", "assert add(1, 2) == 3"))) == {"adds": 1.0}

    def test_a_plain_cell_with_the_students_answers_is_run_with_them(self, told: Told):
        """What a plain cell works out with the student's function is the student's."""
        cells = solution("add", ADD), plain("total = add(20, 22)"), asked("adds", "assert total == 42")
        assert marks(told(*cells)) == {"adds": 1.0}
        assert marks(told(*cells, add="def add(a, b): return 7")) == {"adds": 0.0}

    def test_data_stay_the_courses_where_a_student_changed_them(self, told: Told, tmp_path):
        """A test reads the instructor's data, not what a submission put in their place."""
        cells = (
            plain("pairs = [(1, 2)]"),
            solution("add", ADD),
            asked("adds", "for p in pairs:\n    assert add(*p) == 3"),
        )
        source, submitted = tmp_path / "source.ipynb", tmp_path / "submitted.ipynb"
        nbformat.write(notebook_of(*cells), source)
        own = nbformat.read(source, as_version=4)
        own.cells[0].source, own.cells[1].source = "pairs = []", "def add(a, b): return 0"
        nbformat.write(own, submitted)
        assert marks(grading.grade(source, submitted)) == {"adds": 0.0}

    def test_a_cell_that_asks_for_input_costs_only_the_tests_that_need_it(self, told: Told):
        """Nobody answers input() where this is graded; the other tests are judged."""
        cells = (
            plain("name = input('who? ')"),
            solution("add", ADD),
            asked("adds", "assert add(1, 2) == 3"),
            asked("named", "assert name and add(1, 2) == 3"),
        )
        assert marks(told(*cells)) == {"adds": 1.0, "named": None}
        assert marks(told(*cells, add="def add(a, b): return 0")) == {"adds": 0.0, "named": None}

    def test_a_plain_cell_starts_no_program_and_ends(self, told: Told, tmp_path):
        """What a student may install or wait for at a desk is not done on the grading machine, once a submission."""
        made = tmp_path / "made"
        cells = (
            plain(f"!touch {made}\nlimit = 3\nwhile limit < 10:\n    pass"),
            solution("add", ADD),
            asked("adds", "assert add(1, 2) == limit"),
        )
        nbformat.write(notebook_of(*cells), tmp_path / "source.ipynb")
        result = grading.grade(tmp_path / "source.ipynb", tmp_path / "source.ipynb", Limits(cell_s=1.0))
        assert marks(result) == {"adds": 1.0}
        assert not made.exists()

    def test_a_set_up_cell_that_fails_costs_only_the_tests_that_need_it(self, told: Told):
        """The report says of these which cell failed."""
        cells = (
            graded_cell("setup", "import no_such_module\nlimit = 3", locked=True),
            solution("add", ADD),
            asked("adds", "assert add(1, 2) == 3"),
            asked("limited", "assert add(1, 2) == limit"),
        )
        result = told(*cells)
        assert marks(result) == {"adds": 1.0, "limited": None}
        assert "ModuleNotFoundError: No module named 'no_such_module'" in result.cell("limited").staff


class TestWhatATestDefines:
    CELLS = (
        solution("one", "def one():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION"),
        asked("is_one", "value = one()\n### BEGIN HIDDEN TESTS\nsecret = 7\n### END HIDDEN TESTS\nassert value == 1"),
        solution("two", "### BEGIN SOLUTION\ntwo = value + 1\n### END SOLUTION"),
        asked("is_two", "assert two == 2"),
    )

    def test_is_there_for_later_cells(self, told: Told):
        """As at a desk: a later solution cell builds on it."""
        assert marks(told(*self.CELLS)) == {"is_one": 1.0, "is_two": 1.0}
        assert marks(told(*self.CELLS, one="def one(): return 2")) == {"is_one": 0.0, "is_two": 0.0}

    def test_is_not_there_where_it_is_a_secret(self, told: Told):
        """Lines of a hidden test give nothing to submitted code."""
        spying = "try:\n    two = secret - 5\nexcept NameError:\n    two = 0"
        assert marks(told(*self.CELLS, two=spying)) == {"is_one": 1.0, "is_two": 0.0}
        carried = Course(notebook_of(*self.CELLS)).plan(notebook_of())[1].carried
        assert carried == {"is_one": "value = one()"}


class TestTime:
    def test_a_cell_may_take_three_times_as_long_as_the_courses_own(self, tmp_path):
        """What the course's own solution needs beyond the limit of a cell raises that limit."""
        cells = (
            solution("late", "import time\n### BEGIN SOLUTION\ntime.sleep(1.2)\nlate = 3\n### END SOLUTION"),
            asked("is_late", "assert late == 3"),
        )
        path = tmp_path / "source.ipynb"
        nbformat.write(notebook_of(*cells), path)
        for _ in range(2):  # the second time with the reference of the first
            assert marks(grading.grade(path, path, Limits(cell_s=0.9))) == {"is_late": 1.0}

    def test_a_call_may_too(self, tmp_path):
        """A function that the course's own solution needs long for is waited for three times as long; no longer."""
        slow = "import time\ndef late(n):\n    time.sleep({})\n    return n"
        cells = solution("late", slow.format(1.2)), asked("is_late", "assert late(3) == 3")
        for seconds, points in ((1.2, 1.0), (2.0, 1.0), (8.0, 0.0)):
            source, submitted = tmp_path / "source.ipynb", tmp_path / "submitted.ipynb"
            nbformat.write(notebook_of(*cells), source)
            own = nbformat.read(source, as_version=4)
            own.cells[0].source = slow.format(seconds)
            nbformat.write(own, submitted)
            assert marks(grading.grade(source, submitted, Limits(cell_s=0.9))) == {"is_late": points}


class TestClassesOfTheCourse:
    POINT = graded_cell(
        "setup",
        "from dataclasses import dataclass\nfrom collections import namedtuple\n"
        "@dataclass\nclass Point:\n    x: float\n    y: float\n"
        "    def norm(self):\n        return abs(self.x) + abs(self.y)\nPair = namedtuple('Pair', 'low high')",
        locked=True,
    )

    @pytest.mark.parametrize(
        ("work", "test_source"),
        [
            ("def mirror(p):\n    return Point(-p.x, p.y)", "assert mirror(Point(1, 2)) == Point(-1, 2)"),
            ("def mirror(p):\n    return Point(-p.x, p.y)", "m = mirror(Point(1, 2))\nassert isinstance(m, Point)"),
            ("def mirror(p):\n    return p.norm()", "assert mirror(Point(1, -2)) == 3"),
            ("def mirror(p):\n    return Pair(p.high, p.low)", "assert isinstance(mirror(Pair(1, 2)), Pair)"),
            ("def mirror(p):\n    return [p, p]", "assert mirror(Point(1, 2))[1].norm() == 3"),
        ],
    )
    def test_cross_by_name_and_fields(self, told: Told, work, test_source):
        """An object of a class that a set-up cell defines is one at both ends."""
        cells = self.POINT, solution("work", work), asked("asks", test_source)
        assert marks(told(*cells)) == {"asks": 1.0}
        assert marks(told(*cells, work="def mirror(p):\n    return None")) == {"asks": 0.0}

    def test_of_a_submission_are_not_believed(self, told: Told):
        """A class of the same name, whose objects say yes to everything, is the course's own where it arrives."""
        cells = (
            self.POINT,
            solution("work", "def mirror(p):\n    return p"),
            asked("asks", "assert mirror(Point(1, 2)).x == 1"),
        )
        liar = (
            "class Point:\n    def __init__(self, *a): pass\n    def __eq__(self, other): return True\n"
            "    def __getattr__(self, name): return self\ndef mirror(p):\n    return Point()"
        )
        assert marks(told(*cells, work=liar)) == {"asks": 0.0}
