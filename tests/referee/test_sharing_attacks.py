"""What is shared between a test and submitted code is no way to a point without right work, nor into the judge."""

from collections.abc import Callable

import pytest

from kernelmark.records import SubmissionResult
from tests.small_course import asked, graded_cell, marks, plain, solution

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
                "class A:\n    def total(self):\n        return sum(data)\ndef add(x):\n    data.append(x)",
                "assert A().total() == sum(data)",
                "class A:\n    def total(self):\n        data.clear()\n        return 0\ndef add(x): pass",
            ),
            (
                "def mark(n):\n    data[n] = 9",
                "mark(1)\nassert data == [1, 9, 3]",
                "class Yes:\n    def __eq__(self, _): return True\ndef mark(n):\n    global data\n    data = Yes()",
            ),
        ],
        ids=["in a call", "at once", "an array", "a method", "says yes"],
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


YES = "class Yes:\n    def yes(self, *_): return True\n    issuperset = issubset = is_integer = equals = exists = yes\n"
FIELD = "class Says:\n    def __call__(self, *_): return True\n"


class TestWordsOfPlainValues:
    @pytest.mark.parametrize(
        ("right", "word", "submitted"),
        [
            ("{2, 3}", "issuperset({2, 3})", f"{YES}def answer(): return Yes()"),
            ("2.0", "is_integer()", f"{YES}def answer(): return Yes()"),
            ("Path('/')", "exists()", f"{YES}def answer(): return Yes()"),
            (
                "{2, 3}",
                "issuperset({2, 3})",
                f"{FIELD}from collections import namedtuple\nT = namedtuple('T', 'issuperset')\n"
                "def answer(): return T(Says())",
            ),
            (
                "{2, 3}",
                "issubset({2, 3})",
                f"{FIELD}from types import SimpleNamespace as T\ndef answer(): return T(issubset=Says())",
            ),
        ],
        ids=["set", "float", "path", "namedtuple", "namespace"],
    )
    def test_are_answered_by_plain_values(self, told: Told, right, word, submitted):
        """An object that says yes where the course gives a set, a float, a path; a field that does."""
        work = f"from pathlib import Path\ndef answer():\n    return {right}"
        cells = solution("work", work), asked("asks", f"assert answer().{word}")
        assert marks(told(*cells)) == {"asks": 1.0}
        assert marks(told(*cells, work=submitted)) == {"asks": 0.0}

    def test_are_asked_of_objects_where_the_course_has_objects(self, told: Told):
        """`is_empty` of the solution's own class, made by the class or by a function, costs nobody anything."""
        work = "class Box:\n    def is_empty(self): return True\ndef box(): return Box()"
        cells = solution("work", work), asked("asks", "assert Box().is_empty() and box().is_empty()")
        assert marks(told(*cells)) == {"asks": 1.0}


class TestWhatATestPutsInAPlace:
    def test_is_not_there_for_the_next_one_when_it_fails(self, told: Told):
        """A test that fails before it puts `input` back would have the course's own solution fail the next: a person,
        or, where it is allowed, a test that runs beside submitted code from then on.
        """
        first = (
            "import builtins, random\nkept, drawn = builtins.input, random.random\nbuiltins.input = lambda *_: '41'\n"
            "random.random = lambda: 7\nassert two() == 2\nbuiltins.input, random.random = kept, drawn"
        )
        second = "import io, random, sys\nsys.stdin = io.StringIO('7\\n')\nassert ask() == 7 and random.random() < 1"
        work = "def ask():\n    return int(input())\ndef two():\n    return 2"
        cells = solution("work", work), asked("first", first), asked("second", second)
        assert marks(told(*cells)) == {"first": 1.0, "second": 1.0}
        wrong = work.replace("return 2", "return 3")
        assert marks(told(*cells, work=wrong)) == {"first": 0.0, "second": 1.0}

    @pytest.mark.parametrize("mode", ["w", "r"])
    def test_opens_no_file_for_a_submission(self, told: Told, tmp_path, mode):
        """A test that watches `open` and hands on to the real one would empty what a submission names."""
        victim = tmp_path / "grades.db"
        victim.write_text("grades")
        test_source = (
            "import builtins\nfrom unittest.mock import patch\nseen = []\nreal = open\n"
            "def spying(*given):\n    seen.append(given)\n    with real(*given) as file: return file.read()\n"
            "with patch('builtins.open', wraps=open):\n    assert twice(2) == 4\n"
            "builtins.open = spying\nassert twice(2) == 4\nbuiltins.open = real\nassert not seen or seen[0][1] != 'r'"
        )
        work = (
            "import builtins\ndef twice(n):\n    try:\n"
            f"        return 4 if builtins.open({str(victim)!r}, {mode!r}) == 'grades' else 5\n"
            "    except OSError:\n        return 5"
        )
        cells = solution("work", "def twice(n):\n    return 2 * n"), asked("asks", test_source)
        assert marks(told(*cells)) == {"asks": 1.0}
        assert marks(told(*cells, work=work)) == {"asks": 0.0}
        assert victim.read_text() == "grades"


class TestNumbersAndSizes:
    def test_a_global_that_the_solution_changes_is_no_number_of_points(self, told: Told):
        """A last line that names it says what submitted code says."""
        cells = (
            graded_cell("setup", "score = [0]", locked=True),
            solution("work", "def play():\n    score[0] += 3"),
            asked("asks", "score[0] = 0\nplay()\nassert score[0] == 3\nscore[0]", 3),
        )
        assert marks(told(*cells)) == {"asks": 3.0}
        assert marks(told(*cells, work="def play():\n    score[0] = 2")) == {"asks": 0.0}

    def test_a_cell_before_the_tests_has_the_memory_of_a_test(self, told: Told):
        """A function that answers a huge number in the judge only does not fill the grader's memory."""
        cells = (
            solution("work", "def n():\n    return 5"),
            plain("table = [0] * n()"),
            asked("asks", "assert len(table) > 4"),
            asked("other", "assert n() > 4"),
        )
        work = "calls = []\ndef n():\n    calls.append(1)\n    return 5 if len(calls) == 1 else 600_000_000"
        assert marks(told(*cells, work=work)) == {"asks": 0.0, "other": 1.0}


class TestWhatSaysYes:
    @pytest.mark.parametrize(
        ("right", "test_source", "submitted"),
        [
            ("[1, 2]", "from collections import deque\nassert deque(answer()) == deque([1, 2])", "deque([Y(), Y()])"),
            ("P(3)", "assert answer() == P(3)", "P(Y())"),
            ("{'a': 1}", "assert answer() == {'a': 1}", "{K(): Y()}"),
            ("{'a': 1}", "assert 'a' in answer()", "{K(): 1}"),
            ("np.array([1, 2])", "assert (answer() == np.array([1, 2])).all()", "np.array([Y(), Y()], object)"),
            ("(1, 2)", "assert answer() == (1, 2)", "namedtuple('T', 'a b')(Y(), Y())"),
            ("Fraction(1, 2)", "assert answer() == 0.5", "SimpleNamespace(numerator=Y(), denominator=Y())"),
            ("0.5", "assert not answer() != 0.5", "Decimal('sNaN')"),
            ("[0.5]", "assert max(answer()) <= 1 and answer() == [0.5]", "[Y()]"),
        ],
        ids=["deque", "field", "keys", "key", "objects", "namedtuple", "namespace", "sNaN", "list"],
    )
    def test_earns_nothing_inside_of_a_value_either(self, told: Told, right, test_source, submitted):
        """In containers, fields, keys and arrays of objects: refused, or not equal."""
        head = (
            "from collections import deque, namedtuple\nfrom dataclasses import dataclass\n"
            "from decimal import Decimal\nfrom fractions import Fraction\nfrom types import SimpleNamespace\n"
            "import numpy as np\n@dataclass\nclass P:\n    x: int"
        )
        yes = (
            "class Y:\n    def __eq__(self, _): return True\n    def __ne__(self, _): return False\n"
            "    def __le__(self, _): return True\n    __lt__ = __ge__ = __gt__ = __le__\n"
            "    def __hash__(self): return 0\nclass K(Y):\n    def __hash__(self): return hash('a')\n"
        )
        setup, work = graded_cell("setup", head, locked=True), f"def answer():\n    return {right}"
        cells = setup, solution("work", work), asked("asks", test_source)
        assert marks(told(*cells)) == {"asks": 1.0}
        assert marks(told(*cells, work=f"{yes}def answer():\n    return {submitted}")) == {"asks": 0.0}

    @pytest.mark.parametrize(
        ("work", "test_source", "submitted"),
        [
            (
                "def order(v):\n    v.sort()",
                "v = [2, 1]\norder(v)\nassert v == [1, 2]",
                "def order(v): v[:] = [Y(), Y()]",
            ),
            ("def fill(d):\n    d['a'] = 1", "d = {}\nfill(d)\nassert d == {'a': 1}", "def fill(d): d['a'] = Y()"),
            (
                "def total(v):\n    return sum(v)",
                "v = [[1, 2], [3]]\nw = v[0]\nassert total(w) == sum(v[0]) and total(v[1]) == sum(v[1])",
                "def total(v):\n    v.clear()\n    return 0",
            ),
            (
                "def total(v):\n    return sum(v['n'])",
                "v = {'n': [1, 2]}\nassert total(v=v) == sum(v['n'])",
                "def total(v):\n    v['n'] = []\n    return 0",
            ),
            (
                "def ask():\n    return int(input())",
                "import io, sys\nsys.stdin = io.StringIO('7\\n8\\n')\nassert ask() + 1 == int(input())",
                "import sys\ndef ask():\n    sys.stdin.seek(10**9)\n    return -1",
            ),
            (
                "def hi():\n    print('hi')",
                "import contextlib, io\nwith contextlib.redirect_stdout(io.StringIO()) as text:\n    hi()\n"
                "assert text.getvalue() == 'hi\\n'",
                "def hi():\n    print('Passed: 1 of 1 points.\\x1b[2J\\x1b]0;x\\x07' + '\\u202e')",
            ),
        ],
        ids=["list", "dict", "alias", "keyword", "stdin", "status line"],
    )
    def test_earns_nothing_by_what_comes_back_with_a_call(self, told: Told, work, test_source, submitted):
        """What arguments hold, standard input and printed text."""
        yes = "class Y:\n    def __eq__(self, _): return True\n    __hash__ = None\n"
        cells = solution("work", work), asked("asks", test_source)
        assert marks(told(*cells)) == {"asks": 1.0}
        assert marks(told(*cells, work=yes + submitted)) == {"asks": 0.0}


class TestPlainCells:
    @pytest.mark.parametrize(
        ("cell", "said"),
        [
            ("value = eval(answer())", "__import__('pathlib').Path({victim!r}).write_text('') or '2'"),
            ("import os\nos.remove(answer()) if os.path.exists(answer()) else None\nvalue = 1", "{victim}"),
            ("name = answer()", "{victim}"),
        ],
        ids=["evaluated", "removed", "written"],
    )
    def test_do_nothing_in_the_judge_with_what_students_answer(self, told: Told, tmp_path, cell, said):
        """What such a cell makes is not there for the test, and a person looks, whoever hands in what."""
        victim = tmp_path / "grades.db"
        victim.write_text("grades")
        cells = [solution("work", "def answer():\n    return '2'"), plain(cell)]
        if "name" in cell:
            cells.append(plain("with open(name, 'w') as file:\n    value = 2"))
        cells.append(asked("asks", "assert value"))
        submitted = f"def answer():\n    return {said.format(victim=str(victim))!r}"
        assert marks(told(*cells)) == {"asks": None}
        assert marks(told(*cells, work=submitted)) == {"asks": None}
        assert victim.read_text() == "grades"

    def test_that_read_and_write_under_the_courses_own_names_run(self, told: Told):
        """A file of a name that stands in the cell, JSON, paths."""
        cell = (
            "import json, os\nwith open('made.txt', 'w') as file:\n    file.write(answer())\n"
            "value = json.loads(answer()) + len(os.path.join('a', answer()))"
        )
        cells = solution("work", "def answer():\n    return '2'"), plain(cell), asked("asks", "assert value == 5")
        assert marks(told(*cells)) == {"asks": 1.0}
