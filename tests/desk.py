"""What a test means at a desk, which decides what it means in the judge.

A notebook is run in a plain Jupyter kernel, as a student or `nbgrader autograde` runs it, and by the referee; every
test cell is compared: its points by nbgrader's rules, and what it prints. `generated` makes test cells of values,
calls, changes, printed words, seeds and exceptions, in combinations that nobody would write by hand.

    python -m tests.desk NOTEBOOK...    prints each test cell on which the two differ
"""

import random
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat.notebooknode import NotebookNode
from nbgrader.utils import determine_grade, is_grade, is_solution

from kernelmark.notebook.conform import Course
from kernelmark.referee import grading
from kernelmark.sandbox.limits import Limits
from tests.small_course import asked, notebook_of, solution

TIMEOUT_S = 120
# What nbgrader gives 0 for at a desk and nothing is lost for here, as docs/book/instructors.md says.
ON_STDERR = "a word on stderr"


@dataclass(frozen=True)
class Outcome:
    """What a test cell came to: its points, None where a person must look, and what it printed."""

    points: float | None
    printed: str
    why: str = ""


def at_the_desk(notebook: NotebookNode, folder: Path) -> dict[str, Outcome]:
    """Run a notebook in a plain Jupyter kernel; return what its test cells come to."""
    ran = nbformat.from_dict(notebook)
    NotebookClient(ran, timeout=TIMEOUT_S, allow_errors=True, resources={"metadata": {"path": str(folder)}}).execute()
    found = {}
    for cell in ran.cells:
        if is_grade(cell) and not is_solution(cell) and cell.cell_type == "code":
            points, _ = determine_grade(cell)
            errors = [f"{o.ename}: {o.evalue}" for o in cell.outputs if o.output_type == "error"]
            told = any(o.output_type == "stream" and o.name == "stderr" for o in cell.outputs)
            why = "".join(errors)[:200] or (ON_STDERR if told else "")
            found[cell.metadata.nbgrader.grade_id] = Outcome(points, _printed(cell), why)
    return found


def judged(source: NotebookNode, submitted: NotebookNode, folder: Path, *, beside: bool = False) -> dict[str, Outcome]:
    """Grade a notebook by the referee; return what its test cells come to."""
    course, files = Course(source), grading.own_files(folder)
    graded, result = grading.graded_notebook(
        course, submitted, ("", "", ""), files=files, course_files=files, limits=Limits(beside=beside)
    )
    cells = {cell.metadata.get("nbgrader", {}).get("grade_id", ""): cell for cell in graded.cells}
    return {
        each.grade_id: Outcome(each.points, _printed(cells[each.grade_id]), each.staff or each.reason)
        for each in result.cells
        if each.grade_id in cells and cells[each.grade_id].cell_type == "code"
    }


def differences(source: NotebookNode, folder: Path, *, beside: bool = False) -> list[str]:
    """Return each test cell of a notebook that the course's own solution finds different in the judge, in a line."""
    desk, judge = at_the_desk(source, folder), judged(source, source, folder, beside=beside)
    found = []
    for name, own in desk.items():
        other = judge[name]
        if not own.points and other.points is None:
            continue  # a test that the course's own solution fails marks nobody
        if own.points != other.points:
            found.append(f"{name}: {own.points} at a desk ({own.why}), {other.points} in the judge: {other.why[:300]}")
        elif own.printed != other.printed and own.points:
            found.append(f"{name}: prints {own.printed[:100]!r} at a desk, {other.printed[:100]!r} in the judge")
    return found


def wrong_work(source: NotebookNode, submitted: NotebookNode, folder: Path) -> list[str]:
    """Return each test cell on which a submission is marked otherwise in the judge than at a desk, in a line."""
    course = at_the_desk(source, folder)
    desk, judge = at_the_desk(submitted, folder), judged(source, submitted, folder)
    return [
        f"{name}: {own.points} at a desk ({own.why}), {judge[name].points} in the judge: {judge[name].why[:300]}"
        for name, own in desk.items()
        if course[name].points and own.points != judge[name].points
    ]


def compared(source: NotebookNode, wrong: NotebookNode, folder: Path) -> list[str]:
    """Return each test cell that the own solution fails or wrong work passes, at a desk or in the judge, in a line."""
    found = []
    for whose, notebook, right in (("own", source, True), ("wrong", wrong, False)):
        outcomes = (("desk", at_the_desk(notebook, folder)), ("judge", judged(source, notebook, folder)))
        for where, told in outcomes:
            found += [
                f"{whose} work, {where}: {n}: {o}"
                for n, o in told.items()
                if o.points is None or right != (o.points > 0)
            ]
    return found


def _printed(cell: NotebookNode) -> str:
    return "".join(o.text for o in cell.outputs if o.output_type == "stream" and o.name == "stdout")


# Values as text, each with a text that makes another one of its kind, for wrong work.
VALUES = {
    "int": ("3", "4"),
    "big": ("2**70", "2**71"),
    "float": ("0.1 + 0.2", "0.5"),
    "nan": ("float('nan')", "0.0"),
    "text": ("'aä\\n'", "'b'"),
    "bytes": ("b'\\x00a'", "b''"),
    "none": ("None", "0"),
    "bool": ("True", "1.5"),
    "complex": ("1 + 2j", "1j"),
    "list": ("[1, [2.5, 'x'], None]", "[1]"),
    "dict": ("{'a': 1, 2: [3], (1, 2): None}", "{}"),
    "set": ("{7, 15, (2, 3)}", "set()"),  # 7 and 15 want one place; texts would stand in any order, at a desk too
    "tuple": ("(1, (2, []))", "()"),
    "range": ("range(2, 9, 3)", "range(2)"),
    "array": ("np.arange(6.0).reshape(2, 3)", "np.zeros(2)"),
    "ints": ("np.array([1, -2], np.int8)", "np.array([1, 3], np.int8)"),
    "scalar": ("np.float32(1.5)", "np.float32(2)"),
    "words": ("np.array(['a', 'bcd'])", "np.array(['a'])"),
    "dates": ("np.array(['2026-01-02'], 'datetime64[D]')", "np.array([0])"),
    "fraction": ("Fraction(1, 3)", "Fraction(2)"),
    "decimal": ("Decimal('1.50')", "Decimal(2)"),
    "date": ("datetime.date(2026, 1, 2)", "datetime.date(2025, 1, 1)"),
    "delta": ("datetime.timedelta(hours=30)", "datetime.timedelta(0)"),
    "path": ("pathlib.PurePosixPath('a/b')", "pathlib.PurePosixPath('c')"),
    "counter": ("collections.Counter('abca')", "collections.Counter()"),
    "point": ("collections.namedtuple('Pair', 'low high')(1, 2)", "(1, 3)"),
}
SETUP = (
    "import collections, contextlib, datetime, io, pathlib, random\nfrom decimal import Decimal\n"
    "from fractions import Fraction\nimport numpy as np\n"
    "def same(a, b):\n    return type(a) is type(b) and repr(a) == repr(b)"
)
# How a test comes to an answer of the function `f`, which returns `VALUE`, and what it says of it.
CALLS = {
    "plain": "got = f()",
    "keyword": "got = f(given=3)",
    "alias": "g = f\ngot = g()",
    "mapped": "got = list(map(f, [1, 2]))[1]",
    "partial": "import functools\ngot = functools.partial(f, 1)()",
    "in a list": "got = [f(n) for n in range(2)][0]",
    "in a class": "class User:\n    def __init__(self, g):\n        self.got = g()\ngot = User(f).got",
    "handed back": "got = apply(f)",
    "through a callback": "got = apply(lambda: f())",
    "a generator": "got = next(produced())",
    "an object": "got = Holder().get()",
    "an attribute": "got = Holder().value",
}
CLAIMS = {
    "equal": "assert same(got, VALUE)",
    "repr": "assert repr(got) == repr(VALUE)",
    "type": "assert type(got) is type(VALUE), type(got)",
    "printed": "print(got)",
    "in a list": "assert repr([got]) == repr([VALUE])",
    "given to": "assert same(echo(got), VALUE)",
    "seen in print": (
        "with contextlib.redirect_stdout(io.StringIO()) as text:\n    say(got)\n"
        "assert text.getvalue() == str(VALUE) + '\\n'"
    ),
    "raises": (
        "try:\n    fails(got)\nexcept ValueError as error:\n    assert 'no' in str(error)\nelse:\n    assert False"
    ),
    "kept": "box = []\nkeep(box, got)\nassert repr(box) == repr([VALUE])",
    "global": "LIMIT = 7\nassert limit() == 7",
    "seeded": "random.seed(4)\na = draw()\nrandom.seed(4)\nassert a == random.random()",
}
SOLUTION = """def f(given=None):
    return VALUE
def apply(g):
    return g()
def produced():
    yield VALUE
class Holder:
    def __init__(self):
        self.value = VALUE
    def get(self):
        return self.value
def echo(x):
    return x
def say(x):
    print(x)
def fails(x):
    raise ValueError('no')
def keep(box, x):
    box.append(x)
LIMIT = 1
def limit():
    return LIMIT
def draw():
    return random.random()"""


def generated(seed: int, count: int) -> tuple[NotebookNode, NotebookNode]:
    """Return a notebook of test cells in random combinations, and one with wrong work.

    Every test has a solution cell of its own, whose names carry its number.
    """
    chance = random.Random(seed)
    cells, wrong = [_set_up()], [_set_up()]
    for number in range(count):
        kind, call, claim = (chance.choice(list(table)) for table in (VALUES, CALLS, CLAIMS))
        value, other = VALUES[kind]
        name = f"t{number} {kind}, {call}, {claim}".replace(" ", "_").replace(",", "")
        test = asked(name, _numbered(f"{CALLS[call]}\n{CLAIMS[claim]}".replace("VALUE", value), number))
        for made, text in ((cells, value), (wrong, other)):
            made.append(solution(f"s{number}", _numbered(SOLUTION.replace("VALUE", text), number)))
            made.append(test)
    return notebook_of(*cells), notebook_of(*wrong)


_NAMES = re.compile(r"(?<!')\b(f|apply|produced|Holder|echo|say|fails|keep|LIMIT|limit|draw)\b(?!')")


def _numbered(text: str, number: int) -> str:
    return _NAMES.sub(rf"\1_{number}", text)


def _set_up() -> NotebookNode:
    return nbformat.v4.new_code_cell(SETUP)


def main(paths: Sequence[str]) -> None:
    """Print each test cell of notebooks on which desk and judge differ."""
    for text in paths:
        path = Path(text)
        source = grading.read_source(path)
        print(path, *(differences(source, path.parent) or ["the same"]), sep="\n  ")


if __name__ == "__main__":
    main(sys.argv[1:])
