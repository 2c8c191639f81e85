"""Who answers for a test that cannot be judged: the course's own solution is asked, the submission chooses nothing."""

from pathlib import Path

import pytest

from kernelmark.referee import grading
from tests.referee.test_judge import Part, graded, marks

# What a test says so that a value cannot cross to the student's process, each inside of what catches it.
CATCHES = {
    "try": "ok = False\ntry: f(VALUE)\nexcept Exception: ok = True\nassert ok",
    "bare": "ok = False\ntry: f(VALUE)\nexcept: ok = True\nassert ok",
    "suppress": "import contextlib\nwith contextlib.suppress(Exception):\n    f(VALUE)\n    assert False",
    "raises": "with raises(Exception): f(VALUE)",
    "unittest": "import unittest\nwith unittest.TestCase().assertRaises(Exception): f(VALUE)",
    "keyword": "ok = False\ntry: f(x=VALUE)\nexcept Exception: ok = True\nassert ok",
    "inside": "ok = False\ntry: f([{'a': VALUE}])\nexcept Exception: ok = True\nassert ok",
    "attribute": "ok = False\nbox = Box()\ntry: box.item = VALUE\nexcept Exception: ok = True\nassert ok",
    "method": "ok = False\nbox = Box()\ntry: box.put(VALUE)\nexcept Exception: ok = True\nassert ok",
    "answer": "ok = False\ntry: asks(lambda: VALUE)\nexcept Exception: ok = True\nassert ok",
    "thread": "from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(1) as pool:\n"
    "    assert pool.submit(f, VALUE).exception() is not None",
}
VALUES = {"pattern": "__import__('re').compile('a')", "objects": "np.array([object(), 'b'])"}
STRICT = """
def f(x):
    raise ValueError("refused")
def asks(g):
    g()
    raise ValueError("refused")
class Box:
    def __init__(self): self.item = None
    def put(self, item): raise ValueError("refused")
    def __setattr__(self, name, value):
        if value is not None: raise ValueError("refused")
        object.__setattr__(self, name, value)
"""
LAX = "def f(x): return 0\ndef asks(g): return g()\nclass Box:\n    item = None\n    def put(self, item): pass"


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    """Marks of the course's own solution, and of one that refuses nothing."""
    parts: list[Part] = [("solution", "s", STRICT)]
    for name, text in CATCHES.items():
        parts += [("test", f"{name}_{kind}", text.replace("VALUE", value)) for kind, value in VALUES.items()]
    folder = tmp_path_factory.mktemp("refused")
    return [marks(graded(folder, parts)), marks(graded(folder, parts, {"s": LAX}))]


class TestAValueThatCannotCross:
    @pytest.mark.parametrize("kind", VALUES)
    @pytest.mark.parametrize("name", CATCHES)
    def test_decides_the_cell_whatever_catches_it(self, refused: list[dict[str, str]], name: str, kind: str):
        """A person looks at right and wrong work alike: the test cannot be asked."""
        assert [found[f"{name}_{kind}"] for found in refused] == ["person", "person"]


TWO = """
def items(n):
    if n < 0: raise ValueError(n)
    return list(range(n))
def total(xs): return sum(xs)
def same(x): return x
def size(n): return n
def apply(f, x): return f(x)
def steps(): return 3
limit = 3
"""
# A test each, and what a submission puts in the place of one function to have a person look.
CHOSEN = {
    "object_for_the_reference": ("assert reference.total(items(3)) == 3", "def items(n): return object()"),
    "generator_for_the_reference": ("assert reference.total(items(3)) == 3", "def items(n): yield from range(n)"),
    "class_for_the_reference": ("assert reference.total(items(3)) == 3", "def items(n): return type('T', (), {})"),
    "object_inside": ("assert reference.total([items(3)[0], 3]) == 3", "def items(n): return [object()] * n"),
    "object_caught": (
        "try: n = reference.total(items(3))\nexcept Exception: n = 3\nassert n == 3",
        "def items(n): return object()",
    ),
    "too_deep": (
        "assert reference.same([[items(1)]]) == [[[0]]]",
        "def items(n):\n    x = []\n    for _ in range(30): x = [x]\n    return x",
    ),
    "text_for_numbers": ("assert reference.total(np.array(items(3))) == 3", "def items(n): return ['a', 'b']"),
    "ends_the_reference": (
        "assert sum(reference.items(size(2))) == 1",
        "def size(n): return 10**15",
    ),
    "through_a_callback": ("assert apply(reference.total, [1, 2]) == 3", "def apply(f, x): return f(object())"),
    "value_of_an_earlier_test": ("assert reference.total(kept) == 3", "def items(n): return object()"),
    "name_of_an_earlier_test": ("assert late == 3", "def size(n): return -1"),
    "name_of_set_up": ("assert first == 0", "def items(n): return None"),
    "value_of_set_up": ("assert table[0] == 0 and total(table) == 3", "def items(n): return ['x']"),
    "a_mark_beyond": ("size(1) * 1.0", "def size(n): return 10**400"),
    "a_mark_below": ("0 + size(1)", "def size(n): return -3"),
    "no_number_at_all": ("0 + size(1)", "def size(n): return float('nan')"),
    "ends_itself": (
        "ok = False\ntry: items(-1)\nexcept Exception: ok = True\nassert size(ok) == 1",
        "def items(n):\n    import os; os._exit(1)",
    ),
    "is_lost_too_often": ("assert size(1) == 1", "def size(n):\n    import os; os._exit(1)"),
    "exits": ("assert size(1) == 1", "def size(n): raise SystemExit"),
}


@pytest.fixture(scope="module")
def chosen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, str]]]:
    """The marks of all tests: for right work, and for a submission that would have a person look at one of them."""
    parts: list[Part] = [("solution", "s", TWO), ("locked", "l", "table = items(3)\nfirst = table[0]")]
    parts += [("test", "kept", "kept = items(3)\nassert total(kept) is not None")]
    parts += [("test", "late", "assert size(3) == 3\nlate = size(3)")]
    parts += [("test", name, text) for name, (text, _) in CHOSEN.items()]
    folder = tmp_path_factory.mktemp("chosen")
    own = marks(graded(folder, parts))
    return {name: [own, marks(graded(folder, parts, {"s": TWO + trick}))] for name, (_, trick) in CHOSEN.items()}


class TestASubmissionChoosesNoPerson:
    @pytest.mark.parametrize("name", CHOSEN)
    def test_by_what_it_returns_or_does(self, chosen: dict[str, list[dict[str, str]]], name: str):
        """Right work passes, the trick fails its test, and no cell of the notebook goes to a person."""
        own, its = chosen[name]
        assert (own[name], its[name]) == ("pass", "fail")
        assert "person" not in {*own.values(), *its.values()}

    def test_words_of_the_course_are_for_staff(self, tmp_path: Path):
        """What went wrong may quote the course's own code; a student reads whose doing it was."""
        parts: list[Part] = [("solution", "s", TWO), ("test", "t", CHOSEN["ends_the_reference"][0])]
        cell = graded(tmp_path, parts, {"s": TWO + CHOSEN["ends_the_reference"][1]}).cell("t")
        assert cell is not None
        assert (cell.mark, cell.points) == ("fail", 0.0)


class TestATestThatGoesOn:
    PARTS: list[Part] = [  # noqa: RUF012 - a table, never written
        ("solution", "s", "def count(): return 3"),
        ("test", "loop", "n = 0\nfor _ in range(count()): n += 1\nassert n == 3"),
        ("test", "memory", "assert len([0] * count()) == 3"),
    ]

    def test_because_of_an_answer_is_the_submissions_fail(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        """A loop as long as the answer, or a list: the test is ended, and the rest of the notebook is judged."""
        limits = grading.Limits(cell_s=2.0)
        monkeypatch.setattr(grading, "Limits", lambda: limits)
        assert marks(graded(tmp_path, self.PARTS)) == dict.fromkeys(("loop", "memory"), "pass")
        found = marks(graded(tmp_path, self.PARTS, {"s": "def count(): return 10**13"}))
        assert found == dict.fromkeys(("loop", "memory"), "fail")


class TestWhatTheCourseDoesItself:
    @pytest.mark.parametrize(
        ("solution", "test"),
        [
            ("def make(): return object()\ndef use(x): return 1", "assert reference.use(make()) == 1"),
            ("def f(): return 2", "assert f() == 3"),
            ("def f(): return 2", "f() + 0"),
            ("def f(): return 2", "0.0 * f()"),
            ("def f(): return 2", "float('nan') * f()"),
        ],
    )
    def test_goes_to_a_person_for_right_and_for_wrong_work(self, tmp_path: Path, solution: str, test: str):
        """Its own solution meets it too."""
        parts: list[Part] = [("solution", "s", solution), ("test", "t", test)]
        assert marks(graded(tmp_path, parts)) == {"t": "person"}
        wrong = solution.replace("return 2", "return -9").replace("return object()", "return [object()]")
        assert marks(graded(tmp_path, parts, {"s": wrong})) == {"t": "person"}
