"""What a test cell may say in the judge: what works as at a desk, and what no submission answers for."""

import textwrap
from pathlib import Path

import nbformat
import pytest

from kernelmark.records import SubmissionResult
from kernelmark.referee import grading
from tests.small_course import SETUP, graded_cell

Part = tuple[str, str, str]


def book(parts: list[Part], setup: str) -> nbformat.NotebookNode:
    """Return a notebook of set-up and these parts: (solution, test or locked; grade id; text)."""
    flags = {"solution": {"solution": True}, "test": {"grade": True, "locked": True, "points": 1}}
    cells = [graded_cell("setup", setup, locked=True)]
    cells += [graded_cell(name, text, **flags.get(kind, {"locked": True})) for kind, name, text in parts]
    for position, cell in enumerate(cells):  # the same text is the same assignment, and gets the same reference
        cell["id"] = f"c{position}"
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return nbformat.v4.new_notebook(cells=cells, metadata=kernel)


def graded(
    folder: Path, parts: list[Part], submitted: dict[str, str] | None = None, setup: str = SETUP, data: str = ""
) -> SubmissionResult:
    """Grade what these parts say with other text in the named cells; by default the course's own solution."""
    parts = [(kind, name, textwrap.dedent(text).strip("\n")) for kind, name, text in parts]
    source = [(k, n, f"### BEGIN SOLUTION\n{t}\n### END SOLUTION" if k == "solution" else t) for k, n, t in parts]
    own = [(k, n, textwrap.dedent((submitted or {}).get(n, t)).strip("\n")) for k, n, t in parts]
    for name, cells in (("source", source), ("handed_in", own)):
        (folder / name).mkdir(exist_ok=True)
        nbformat.write(book(cells, setup), folder / name / "a.ipynb")
    if data:
        (folder / "source" / "data.txt").write_text(data)
    return grading.grade(folder / "source" / "a.ipynb", folder / "handed_in" / "a.ipynb")


def marks(result: SubmissionResult) -> dict[str, str]:
    return {cell.grade_id: cell.mark for cell in result.cells}


KERNELS = """
import functools
from collections import OrderedDict

def add(a, b):
    "Add two numbers."
    return a + b

def each(f, xs): return [f(x) for x in xs]

def safe(f, default):
    try: return f()
    except ZeroDivisionError: return default

def twice(f, x): return f(f(x))
def kind_of(kind): return "int" if kind is int else "another"
def zeros(n, dtype): return np.zeros(n, dtype)
def groups(): return {frozenset([1, 2]), frozenset([3])}
def part(xs, where): return xs[where]

def count(n):
    for i in range(n): yield i

class LRU(OrderedDict):
    def put(self, key, value): self[key] = value

class Pair:
    def __iter__(self): return iter([1, 2])

class Tens:
    def __getitem__(self, i):
        if i > 2: raise IndexError
        return 10 * i

class Box:
    def __init__(self): self.items = []
    def push(self, item): self.items.append(item)
    def __len__(self): return len(self.items)

class Odd:
    def __getattr__(self, name): raise KeyError(name)

def negative(x):
    class Negative(ValueError): pass
    if x < 0: raise Negative("negative input")
    return x

def text_of(raw): return raw.decode("ascii")
names = ["x", object()]
odd = Odd()
limit = 12
"""

SAID = {
    "ends_in_a_value": "assert add(1, 2) == 3\nadd(2, 3)",
    "reads_a_docstring": "assert 'Add' in add.__doc__",
    "passes_a_function_that_calls_another": "assert each(lambda v: add(v, 1), [1, 2, 3]) == [2, 3, 4]",
    "passes_a_partial": "import functools\nassert each(functools.partial(add, 1), [1, 2]) == [2, 3]",
    "passes_a_function_that_raises": "assert safe(lambda: 1 / 0, 3) == 3",
    "passes_types": "assert kind_of(int) == 'int'\nassert zeros(3, np.float32).dtype == np.float32\n"
    "assert zeros(3, np.dtype('i2')).dtype == np.int16",
    "passes_one_of_the_reference": "assert twice(reference.negative, 1) == 1",
    "passes_one_of_the_student": "assert twice(negative, 1) == 1",
    "passes_a_slice": "assert part([1, 2, 3], slice(1, None)) == [2, 3]",
    "compares_sets_of_sets": "assert groups() == {frozenset([1, 2]), frozenset([3])}",
    "iterates_a_generator": "assert list(count(3)) == [0, 1, 2]\nsteps = count(2)\nassert next(steps) == 0",
    "uses_a_class_built_on_a_dict": "c = LRU()\nc.put(1, 2)\nassert c[1] == 2 and 1 in c and len(c) == 1",
    "asks_what_is_in_it": "assert 1 in Pair() and 5 not in Pair()",
    "iterates_by_number": "assert list(Tens()) == [0, 10, 20]",
    "asks_whether_it_is_empty": "box = Box()\nassert not box\nbox.push(1)\nassert box and len(box) == 1",
    "matches_the_words_of_an_own_error": "with raises(ValueError, match='^negative'): negative(-1)",
    "expects_a_special_error": "with raises(ValueError): text_of(b'\\xff')\n"
    "with raises(UnicodeError): text_of(b'\\xff')",
    "reads_a_value_beside_one_that_cannot_cross": "names\nassert limit == 12",
    "reads_a_value_beside_an_odd_one": "odd\nassert limit == 12",
    "calls_from_several_threads": "from concurrent.futures import ThreadPoolExecutor\n"
    "with ThreadPoolExecutor(4) as pool:\n"
    "    assert list(pool.map(lambda i: add(i, 1), range(20))) == list(range(1, 21))",
}


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> SubmissionResult:
    """The course's own solution, handed in."""
    parts = [("solution", "kernels", KERNELS), *(("test", name, text) for name, text in SAID.items())]
    return graded(tmp_path_factory.mktemp("said"), parts)


class TestWhatATestMaySay:
    @pytest.mark.parametrize("name", SAID)
    def test_works_as_at_a_desk(self, full: SubmissionResult, name: str):
        """Full work passes each of these, which plain Python passes too."""
        cell = full.cell(name)
        assert cell is not None
        assert (cell.mark, cell.reason, cell.staff) == ("pass", "", "")

    @pytest.mark.parametrize("where", ["setup", "solution"])
    def test_plots_may_be_asked_for_inline(self, tmp_path: Path, where: str):
        """The line that stands on top of half of all notebooks costs nobody anything."""
        inline = "%matplotlib inline\n"
        parts = [("solution", "f", (inline if where == "solution" else "") + "def f(): return 1")]
        parts += [("test", "t", "assert f() == 1")]
        setup = inline + SETUP if where == "setup" else SETUP
        assert marks(graded(tmp_path, parts, setup=setup)) == {"t": "pass"}

    def test_set_up_may_read_a_file_beside_the_notebook(self, tmp_path: Path):
        """In the judge as in the student's process."""
        parts = [("solution", "f", "def f(): return DATA"), ("test", "t", "assert f() == DATA == 'twelve'")]
        setup = SETUP + "\nDATA = open('data.txt').read()"
        assert marks(graded(tmp_path, parts, setup=setup, data="twelve")) == {"t": "pass"}

    def test_a_placeholder_before_the_solution_gives_way_to_it(self, tmp_path: Path):
        """Whoever defines a name last is meant by it."""
        parts = [
            ("locked", "p", "f = None"),
            ("solution", "s", "def f(x): return x"),
            ("test", "t", "assert f(1) == 1"),
        ]
        assert marks(graded(tmp_path, parts)) == {"t": "pass"}

    def test_a_stray_value_leaves_a_notebook_that_nbformat_accepts(self, tmp_path: Path):
        """The graded notebook is read by nbgrader's next command."""
        source = book([("solution", "s", "### BEGIN SOLUTION\ndef f(): return 5\n### END SOLUTION")], SETUP)
        source.cells.append(graded_cell("t", "assert f() == 5\nf()", grade=True, locked=True, points=1))
        course = grading.Course(source)
        notebook, _ = grading.graded_notebook(
            course, source, ("a", "a", ""), files={}, course_files={}, limits=grading.Limits()
        )
        nbformat.validate(notebook)
        assert any(o.output_type == "execute_result" for cell in notebook.cells for o in cell.get("outputs", ()))


YES = """
class Yes:
    def __contains__(self, item): return True
    def __getattr__(self, name): return lambda *args, **kwargs: True
    def __eq__(self, other): return True
    def __ne__(self, other): return True
    def __sub__(self, other): return 0.0
    def upper(self): return self
def hello(name): return Yes()
def mask(x): return Yes()
class Greeter:
    def say(self, name): return Yes()
text = Yes()
"""
GREETING = """
def hello(name): return "Hello " + name
def mask(x): return np.asarray(x) > 0
class Greeter:
    def say(self, name): return "Hello " + name
text = "abc"
"""
ASKED = {
    "in": "assert 'Ann' in hello('Ann')",
    "starts": "assert hello('Bo').startswith('Hello')",
    "np_all": "assert np.all(mask([1, 2]))",
    "all": "assert mask([1, 2]).all()",
    "chain": "assert hello('a').upper().startswith('HELLO')",
    "method": "assert 'Ann' in Greeter().say('Ann')",
    "value": "assert 'a' in text",
    "equal": "assert hello('x') == 'Hello x'",
    "unequal": "assert hello('x') != 'Hello y'",
    "close": "assert abs(len(hello('x')) - 7) < 1",
}


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[SubmissionResult, SubmissionResult]:
    """Full work, and objects that say yes to everything."""
    parts = [("solution", "s", GREETING), *(("test", name, text) for name, text in ASKED.items())]
    folder = tmp_path_factory.mktemp("asked")
    return graded(folder, parts), graded(folder, parts, {"s": YES})


class TestWhatNoSubmissionAnswersFor:
    @pytest.mark.parametrize("name", ASKED)
    def test_an_object_that_says_yes_earns_nothing(self, both: tuple[SubmissionResult, SubmissionResult], name: str):
        """Where a plain value is asked, an object in its place has no say; full work passes."""
        assert [marks(result)[name] for result in both] == ["pass", "fail"]

    def test_a_missing_name_passes_nothing(self, tmp_path: Path):
        """Neither `is not None` nor `callable` nor `!=` holds of what is not there."""
        parts = [("solution", "s", "value = 5\ndef f(x): return x"), ("test", "t1", "assert value is not None")]
        parts += [("test", "t2", "assert value != 7"), ("test", "t3", "assert callable(f)")]
        result = graded(tmp_path, parts, {"s": "pass"})
        assert marks(result) == {"t1": "fail", "t2": "fail", "t3": "fail"}
        assert "name 'value' is not defined" in result.cell("t1").reason

    def test_ending_the_process_is_no_exception(self, tmp_path: Path):
        """`raises(Exception)` wants one that the function raised."""
        parts = [("solution", "s", "def f(): raise ValueError"), ("test", "t", "with raises(Exception): f()")]
        assert marks(graded(tmp_path, parts, {"s": "def f():\n    import os; os._exit(3)"})) == {"t": "fail"}

    def test_a_helper_of_the_tests_stays_theirs(self, tmp_path: Path):
        """A submission cannot replace a function that a test cell defines later under a name of the solution."""
        parts = [("solution", "s", "def root(x): return x**.5\ndef err(a, b): return abs(a - b)")]
        parts += [
            ("test", "h", "def err(a, b): return abs(a - b)\nassert err(1, 3) == 2"),
            ("test", "t", "assert err(root(4), 2) < 1e-9"),
        ]
        wrong = "def root(x): return 0\ndef err(a, b): return 0"
        assert marks(graded(tmp_path, parts, {"s": wrong})) == {"h": "pass", "t": "fail"}

    def test_the_lines_of_the_courses_solution_are_not_quoted(self, tmp_path: Path):
        """Not even when it is the reference that cannot use what the student's function returned."""
        solution = "def items(): return [1]\n"
        solution += "def total(xs):\n    secret_factor = 7\n    return sum(secret_factor * x for x in xs)"
        parts = [("solution", "s", solution), ("test", "t", "assert reference.total(items()) == 7")]
        result = graded(tmp_path, parts, {"s": "def items(): return 5"})
        assert marks(result) == {"t": "fail"}
        assert "secret_factor" not in result.cell("t").reason + result.cell("t").staff


class TestTestsDoNotDependOnEachOther:
    PARTS: list[Part] = [  # noqa: RUF012 - a table, never written
        ("solution", "s", "def inc(x): return x + 1\ndef double(x): return 2 * x"),
        ("test", "t1", "out = inc(1)\nassert out == 2\ndef check(f, a, b): assert f(a) == b"),
        ("test", "t2", "assert out == 2"),
        ("test", "t3", "check(double, 2, 4)"),
        ("test", "t4", "assert double(2) == 4"),
    ]

    def test_nor_on_who_was_graded_before(self, tmp_path: Path):
        """A helper that a failed test did not come to define is lent to later ones, what it computed is not."""
        for _ in range(3):
            result = graded(tmp_path, self.PARTS, {"s": "def double(x): return 2 * x"})
            assert marks(result) == {"t1": "fail", "t2": "fail", "t3": "pass", "t4": "pass"}

    def test_what_is_lent_helps_no_overwriting(self, tmp_path: Path):
        """A test with a helper that was lent is asked again, too, where its arguments were overwritten."""
        parts = [("solution", "s", "def inc(x): return x + 1\ndef twice(x): return 2 * x")]
        parts += [("test", "t1", "assert inc(1) == 2\ndef check(f, x): close(f(x), 2 * x)")]
        parts += [("test", "t2", "check(twice, np.ones(3))")]
        wrong = "def inc(x): return 0\ndef twice(x):\n    x[:] = 0\n    return np.zeros(3)"
        assert marks(graded(tmp_path, parts, {"s": wrong})) == {"t1": "fail", "t2": "fail"}
        assert marks(graded(tmp_path, parts, {"s": "def inc(x): return 0\ndef twice(x): return x + x"}))["t2"] == "pass"

    def test_the_references_answers_stay_with_the_reference(self, tmp_path: Path):
        """A failed test is tried on the course's own solution; what that returned passes no later test."""
        wrong = "def inc(x): raise RuntimeError\ndef double(x): return 2 * x"
        assert marks(graded(tmp_path, self.PARTS, {"s": wrong}))["t2"] == "fail"

    def test_set_up_that_asks_the_student_costs_only_what_needs_it(self, tmp_path: Path):
        """A locked cell prints what an unfinished function returns; tests of other functions are judged."""
        parts = [("solution", "s", "def add(a, b): return a + b\ndef one(): return 1")]
        parts += [("locked", "l", "print(add(2, 3))\nz = add(1, 1)")]
        parts += [("test", "t1", "assert one() == 1"), ("test", "t2", "assert z == 2")]
        unfinished = "def add(a, b): raise NotImplementedError\ndef one(): return 1"
        assert marks(graded(tmp_path, parts, {"s": unfinished})) == {"t1": "pass", "t2": "fail"}
        assert marks(graded(tmp_path, parts)) == {"t1": "pass", "t2": "pass"}

    def test_objects_of_the_reference_do_not_pile_up(self, tmp_path: Path):
        """It lives through a class; what one notebook made of it goes with the notebook."""
        parts = [("solution", "s", "def many(n): return [object() for _ in range(n)]")]
        parts += [("test", "t", "assert len(reference.many(70_000)) == 70_000")]
        assert [marks(graded(tmp_path, parts))["t"] for _ in range(4)] == ["pass"] * 4

    def test_a_capturing_test_finds_what_any_other_finds(self, tmp_path: Path):
        """`%%capture` keeps what is printed, under the name that it says, and not the failed assertion."""
        parts = [
            ("solution", "s", "def f():\n    print('one')\n    return 1"),
            ("test", "t", "%%capture said\nassert f() == 1"),
            ("test", "u", "assert said.stdout == 'one\\n'"),
        ]
        assert marks(graded(tmp_path, parts)) == {"t": "pass", "u": "pass"}
        assert marks(graded(tmp_path, parts, {"s": "def f(): return 2"})) == {"t": "fail", "u": "fail"}


class TestObjects:
    def test_that_were_lost_are_not_taken_for_others(self, tmp_path: Path):
        """After a restart an object made before it answers for nothing, least of all as another object."""
        parts = [("solution", "s", "class P:\n    def __init__(self, x): self.x = x\ndef end(): return 1")]
        parts += [("test", "t1", "first = P(100)\nassert first.x == 100"), ("test", "t2", "assert end() == 1")]
        parts += [("test", "t3", "second = P(200)\nassert second.x == 200\nassert first.x == 100")]
        wrong = "class P:\n    def __init__(self, x): self.x = x\ndef end():\n    import os; os._exit(3)"
        result = graded(tmp_path, parts, {"s": wrong})
        assert marks(result) == {"t1": "pass", "t2": "fail", "t3": "fail"}
        assert "was lost when its process was started again" in result.cell("t3").staff

    def test_of_one_process_are_not_handed_to_another(self, tmp_path: Path):
        """The number of an object means another one there: the course is told, nobody is marked."""
        parts = [("solution", "s", "class Bag:\n    def __init__(self, x): self.x = x\ndef total(b): return b.x")]
        parts += [("test", "t", "assert total(reference.Bag(5)) == 5"), ("test", "t2", "assert total(Bag(5)) == 5")]
        result = graded(tmp_path, parts)
        assert marks(result) == {"t": "person", "t2": "pass"}
        assert "handed to another" in result.cell("t").staff
