"""Mistakes of instructors, a small notebook each, with the finding that names it; the table of docs/book/validate.md.

    python -m tests.mistakes     writes the table anew

Each is a sound notebook (`sound`) with one thing wrong. The example in the table is the text that is wrong.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode

from kernelmark.notebook.finding import Finding
from kernelmark.notebook.findings import findings
from tests.small_course import asked, graded_cell, notebook_of, plain, solution

PAGE = Path(__file__).resolve().parent.parent / "docs" / "book" / "validate.md"
BEGIN, END = "<!-- made by python -m tests.mistakes -->", "<!-- end -->"

SETUP = (
    "import numpy as np\nfrom kernelmark.checks import close, faster, raises, reference, unchanged\n\n\n"
    "def numbers(rng):\n    return (rng.random(100),)\n\n\ndef slow_total(x):\n    return sum(list(x))"
)
TOTAL = "def total(x):\n    ### BEGIN SOLUTION\n    return float(np.sum(x))\n    ### END SOLUTION"
TEST = (
    '"""total adds up."""\nassert total([1, 2, 3]) == 6\n'
    "### BEGIN HIDDEN TESTS\nassert total([20, 30]) == 50\n### END HIDDEN TESTS"
)
ANSWER = "Because.\n\n=== BEGIN MARK SCHEME ===\none point for a reason\n=== END MARK SCHEME ==="
CONTRACT = "**Contract.**\n\n- `total(x)` adds the numbers of x\n- it raises TypeError for text"


def sound(*further: NotebookNode) -> NotebookNode:
    """Return a small notebook in which nothing is wrong, with these cells at its end."""
    return notebook_of(
        nbformat.v4.new_markdown_cell("# Sums"),
        graded_cell("setup", SETUP, locked=True),
        solution("total", TOTAL),
        asked("total_small", TEST, points=2),
        graded_cell("why", ANSWER, kind="markdown", grade=True, solution=True, points=2),
        *further,
    )


@dataclass(frozen=True)
class Mistake:
    """What somebody did, the text that is wrong (for the table), and the notebook."""

    kind: str
    severity: str
    cell: str
    example: str
    make: Callable[[], NotebookNode]

    def found(self) -> list[Finding]:
        """Return what validate says of it."""
        return [each for each in findings(self.make(), Path("/nonexistent")) if each.kind == self.kind]


def with_test(kind: str, severity: str, source: str, points: int = 1) -> Mistake:
    """Return the mistake of a test cell."""
    return Mistake(kind, severity, "it", source, lambda: sound(asked("it", source, points)))


def with_cell(kind: str, severity: str, cell: NotebookNode, *, first: bool = False, example: str = "") -> Mistake:
    """Return the mistake of a cell at the end of the notebook, or before its solution."""

    def make() -> NotebookNode:
        made = sound(cell)
        if first:
            made.cells.insert(2, made.cells.pop())
        return made

    name = cell.metadata.get("nbgrader", {}).get("grade_id") or ("cell 3" if first else "cell 6")
    return Mistake(kind, severity, name, example or cell.source, make)


def with_marks(
    kind: str, severity: str, example: str, *, at: int = 3, cell: str = "total_small", **marks: Any
) -> Mistake:
    """Return the mistake of nbgrader's metadata in one of the sound cells; None takes an entry away."""

    def make() -> NotebookNode:
        made = sound()
        own = made.cells[at].metadata.nbgrader
        for name, value in marks.items():
            if value is None:
                own.pop(name)
            else:
                own[name] = value
        return made

    return Mistake(kind, severity, cell, example, make)


def with_kernel(name: str, language: str) -> NotebookNode:
    """Return the sound notebook with another kernel."""
    made = sound()
    made.metadata["kernelspec"] = {"display_name": name, "name": name, "language": language}
    return made


def with_outputs() -> NotebookNode:
    """Return the sound notebook, saved after it ran."""
    made = sound()
    made.cells[3].execution_count = 4
    return made


def with_a_tag() -> NotebookNode:
    """Return the sound notebook, its set-up tagged as something that nobody needs."""
    made = sound()
    made.cells[1].metadata["tags"] = ["demonstration"]
    return made


def answer(source: str) -> NotebookNode:
    """Return a written answer."""
    return graded_cell("it", source, kind="markdown", grade=True, solution=True, points=1)


def task(source: str, kind: str = "markdown", **flags: bool) -> NotebookNode:
    """Return a task."""
    cell = graded_cell("it", source, kind=kind, points=1, **flags)
    cell.metadata.nbgrader["task"] = True
    return cell


def with_contract(named: Any) -> NotebookNode:
    """Return the sound notebook with a contract whose metadata name these tests."""
    cell = nbformat.v4.new_markdown_cell(CONTRACT, metadata={"kernelmark": {"contract": named}})
    return sound(cell)


def speed(steps: str = "{2: 1}", than: str = "reference.total", more: str = "") -> str:
    """Return a speed test."""
    return f"faster(total, than={than}, inputs=numbers, expect=np.sum, steps={steps}{more})"


SAME = solution(
    "mean",
    "def mean(x):\n    ### BEGIN SOLUTION\n    n = len(x)\n    s = total(x)\n    return s / n\n    ### END SOLUTION",
)

MARKS = [
    with_marks("no-grade-id", "error", "a test cell without a grade id", cell="cell 4", grade_id=""),
    with_marks("odd-grade-id", "warning", "the grade id `total small`", cell="total small", grade_id="total small"),
    with_marks("doubled-grade-id", "error", "a copied cell that kept its id", cell="total", grade_id="total"),
    with_marks("no-points", "error", "no points in the metadata", points=None),
    with_marks("points-no-number", "error", 'points "two"', points="two"),
    with_marks("negative-points", "error", "points -2", points=-2),
    with_marks("zero-points", "warning", "points 0", points=0),
    with_marks("not-locked", "warning", "a test that students can edit", locked=False),
    with_marks(
        "graded-by-hand", "warning", "points on the solution cell itself", at=2, cell="total", grade=True, points=2
    ),
    with_marks("schema", "error", "`schema_version` 1", schema_version=1),
    with_cell("graded-text", "error", graded_cell("it", "Well done.", kind="markdown", grade=True, points=1)),
    with_cell("task-of-code", "error", task("1 + 1", "code"), example="a code cell that is a task"),
    with_cell("task-and-more", "error", task("Do.", solution=True), example="a task that is a solution too"),
    with_cell("nothing-asked", "warning", answer(""), example="an empty written answer"),
    with_cell("no-mark-scheme", "warning", answer("Because."), example="a written answer without a scheme"),
    with_cell(
        "marker-out-of-place",
        "error",
        graded_cell("it", "### BEGIN SOLUTION\nx = 1\n### END SOLUTION", locked=True),
        example="a set-up cell with `### BEGIN SOLUTION`",
    ),
    with_test("marker", "error", "### BEGIN HIDDEN TEST\nassert total([7]) == 7"),
    Mistake("kernel", "error", "notebook", "a notebook for R", lambda: with_kernel("ir", "R")),
    Mistake("kernel", "error", "notebook", "a notebook for Python 2", lambda: with_kernel("python2", "python")),
    Mistake("outputs", "warning", "notebook", "a notebook saved after it ran", with_outputs),
    Mistake("refused", "error", "notebook", "a set-up cell with the tag `demonstration`", with_a_tag),
]
TESTS = [
    with_test("empty-test", "error", "# total is tested above"),
    with_test("empty-test", "error", "expected = 6"),
    with_test("test-not-called", "error", "def test_total():\n    assert total([1]) == 1"),
    with_test("no-assertion", "warning", "result = total([1, 2])"),
    with_test("always-true", "error", 'assert (total([1]) == 1, "one number")'),
    with_test("always-true", "error", 'assert "total([1]) == 1"'),
    with_test("always-true", "error", "assert total"),
    with_test("always-true", "error", "assert np.allclose, total([1])"),
    with_test("always-true", "error", "assert (total([n]) == n for n in range(9))"),
    with_test("always-true", "error", "assert lambda: total([1]) == 1"),
    with_test("always-true", "error", "assert [total([1]) == 1, total([2]) == 2]"),
    with_test("always-true", "error", "assert total([1]) == 1 or 1.0"),
    with_test("comma-for-equals", "error", "assert total([1, 2]), 3"),
    with_test("swallowed", "error", "try:\n    assert total([1]) == 1\nexcept Exception:\n    pass"),
    with_test("answer-let-go", "error", "total([1, 2]) == 3\nassert total([1]) == 1"),
    with_test("answer-let-go", "error", "np.allclose(total([1, 2]), 3)"),
    with_test("never-entered", "error", 'raises(TypeError)\ntotal("ab")'),
    with_test("with-itself", "warning", "assert total([1, 2]) == total([1, 2])"),
    with_test("with-itself", "warning", "close(total([1, 2]), total([1, 2]))"),
    with_test("wide-tolerance", "warning", "close(total([1, 2]), 3.0, rtol=10)"),
    with_test("no-abs", "warning", "assert total([1, 2]) - 3 < 1e-9"),
    with_test("exact-float", "warning", "assert total([0.1, 0.2]) == 0.3"),
    with_test(
        "zip-of-answers", "warning", "for got, right in zip(total([[1], [2]]), [1, 2]):\n    assert got == right"
    ),
    with_test("is-literal", "warning", "assert total([1, 2]) is 3"),
    with_test("doubled-key", "warning", "for x, y in {1: 1, 1: 2}.items():\n    assert total([x]) == y"),
]
NAMES = [
    with_test("undefined", "error", "assert totl([1]) == 1"),
    with_test("undefined", "error", "assert math.isclose(total([1]), 1)"),
    with_cell("before-its-solution", "error", asked("it", "assert total([5]) == 5"), first=True),
    Mistake(
        "before-its-definition",
        "error",
        "it",
        "assert total(data) == 3   # and `data = [1, 2]` in a later cell",
        lambda: sound(asked("it", "assert total(data) == 3"), plain("data = [1, 2]")),
    ),
    Mistake(
        "defined-in-hidden",
        "warning",
        "it",
        "### BEGIN HIDDEN TESTS\nx = [4, 5]\n### END HIDDEN TESTS\nassert total(x) == 9",
        lambda: sound(asked("it", "### BEGIN HIDDEN TESTS\nx = [4, 5]\n### END HIDDEN TESTS\nassert total(x) == 9")),
    ),
    with_test("no-python", "error", "assert total([1]) = 1"),
    with_cell(
        "never-tested",
        "warning",
        solution("it", "def product(x):\n    ### BEGIN SOLUTION\n    return np.prod(x)\n    ### END SOLUTION"),
    ),
    Mistake(
        "not-told",
        "warning",
        "it",
        "### BEGIN SOLUTION\ndef product(x): ...   # and only a hidden test says product",
        lambda: sound(
            solution("it", "### BEGIN SOLUTION\ndef product(x):\n    return np.prod(x)\n### END SOLUTION"),
            asked("there", "### BEGIN HIDDEN TESTS\nassert product([2, 3]) == 6\n### END HIDDEN TESTS"),
        ),
    ),
    Mistake(
        "import-in-solution",
        "warning",
        "it",
        "### BEGIN SOLUTION\nimport math   # and a test says math.pi",
        lambda: sound(
            solution("it", "### BEGIN SOLUTION\nimport math\narea = math.pi\n### END SOLUTION"),
            asked("there", "assert area == math.pi"),
        ),
    ),
    Mistake(
        "solution-published",
        "error",
        "cell 7",
        "a copy of the solution left in a cell to try",
        lambda: sound(SAME, plain("def mean(x):\n    n = len(x)\n    s = total(x)\n    return s / n")),
    ),
    with_test("asks-nobody", "warning", "assert reference.total([1, 2]) == 3"),
    with_test("test-twice", "warning", TEST),
    Mistake(
        "no-hidden-tests",
        "warning",
        "notebook",
        "no test with a hidden part",
        lambda: notebook_of(
            graded_cell("setup", SETUP, locked=True),
            solution("total", TOTAL),
            asked("total_small", "assert total([1]) == 1"),
        ),
    ),
    Mistake(
        "contract-untested",
        "warning",
        "cell 6",
        '"contract": [["total_small"], []]',
        lambda: with_contract([["total_small"], []]),
    ),
    Mistake(
        "contract-unknown",
        "error",
        "cell 6",
        '"contract": [["total_smal"], ["total_small"]]',
        lambda: with_contract([["total_smal"], ["total_small"]]),
    ),
    Mistake(
        "contract-no-test",
        "warning",
        "cell 6",
        '"contract": [["why"], ["total_small"]]',
        lambda: with_contract([["why"], ["total_small"]]),
    ),
    Mistake("contract-malformed", "error", "cell 6", '"contract": "total_small"', lambda: with_contract("total_small")),
]
SPEED = [
    with_test("steps-too-many", "error", speed("{2: 1, 10: 5}")),
    with_test("steps-too-few", "error", speed("{2: 1}"), points=3),
    with_test("steps-not-rising", "error", speed("{2: 1, 10: 1}")),
    with_test("than-unknown", "error", speed(than="reference.totel")),
    with_test("than-of-students", "error", speed(than="total")),
    with_test("than-not-of-the-course", "error", speed(than="lambda x: sum(x)")),
    with_test("faster-words", "error", "faster(total, than=reference.total, inputs=numbers, steps={2: 1})"),
    with_test("two-speed-checks", "error", f"{speed()}\n{speed()}"),
    with_test(
        "own-stopwatch",
        "warning",
        "import time\nstart = time.perf_counter()\ntotal([1])\nassert time.perf_counter() - start < 1",
    ),
]
ELSEWHERE = [
    with_test("unfit-word", "warning", 'assert total([float(input("n"))]) > 0'),
    with_test("unfit-word", "warning", 'assert "total" in globals()'),
    with_test("unfit-word", "warning", 'get_ipython().run_line_magic("time", "total([1])")\nassert total([1]) == 1'),
    with_test("no-seed", "warning", "x = np.random.rand(5)\nclose(total(x), np.sum(x))"),
    with_test(
        "hidden-printed",
        "warning",
        "### BEGIN HIDDEN TESTS\nprint(total([77]))\nassert total([77]) == 77\n### END HIDDEN TESTS",
    ),
    with_test(
        "hidden-told",
        "warning",
        "# up to 100 it is 5050\n### BEGIN HIDDEN TESTS\nassert total(range(101)) == 5050\n### END HIDDEN TESTS",
    ),
    with_cell("file-missing", "error", graded_cell("it", 'data = np.loadtxt("values.csv")', locked=True)),
    with_cell("file-elsewhere", "warning", plain('data = np.load("/home/me/values.npy")')),
    with_cell("network", "warning", plain('import pandas as pd\npd.read_csv("https://example.org/values.csv")')),
    with_cell("network", "warning", plain("!pip install scipy")),
]
GROUPS = {
    "nbgrader's marks": MARKS,
    "What a test asserts": TESTS,
    "Names": NAMES,
    "Speed": SPEED,
    "What does not work where it is graded": ELSEWHERE,
}
ALL = [mistake for group in GROUPS.values() for mistake in group]


def table() -> str:
    """Return the tables of the page: every mistake, and what is said of it."""
    parts = []
    for title, group in GROUPS.items():
        rows = [f"### {title}", "", "| kind | | for example | what is said |", "|---|---|---|---|"]
        for mistake in group:
            said = mistake.found()[0]
            words = f"{said.what}; {said.remedy}".replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")
            rows.append(f"| `{mistake.kind}` | {mistake.severity} | {_code(mistake)} | {words} |")
        parts.append("\n".join(rows))
    return "\n\n".join(parts)


def _code(mistake: Mistake) -> str:
    prose = mistake.example[:2] in ("a ", "no", "an", "po", "th", "`s") and "(" not in mistake.example
    if prose:
        return mistake.example
    lines = [line.replace("|", "\\|") for line in mistake.example.split("\n")]
    return "<br>".join(f"`` {line} ``" if "`" in line else f"`{line}`" for line in lines if line.strip())


def page() -> str:
    """Return the page with the tables as the code makes them."""
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"written: {PAGE}")
