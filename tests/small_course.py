"""A course of one short notebook, for tests of the machinery: quick to grade, with a hidden marker to look for."""

import json
from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode

from kernelmark.records import SubmissionResult

# Stands in a hidden test and nowhere else: whoever can read it has read the test.
MARKER = "marker_of_the_hidden_test_" + "7f3a"

SETUP = "import numpy as np\nfrom kernelmark.checks import close, faster, raises, reference, unchanged"
ADD = "def add(a, b):\n    ### BEGIN SOLUTION\n    return a + b\n    ### END SOLUTION"
COUNTER = (
    "class Counter:\n    ### BEGIN SOLUTION\n    def __init__(self):\n        self.count = 0\n\n"
    "    def step(self):\n        self.count += 1\n        return self.count\n    ### END SOLUTION"
)
LIMIT = "limit = None\n### BEGIN SOLUTION\nlimit = 12\n### END SOLUTION"
TESTS = {
    "add_small": (2, '"""add returns the sum of two numbers."""\nassert add(2, 3) == 5, "add(2, 3) must be 5"'),
    "add_arrays": (
        3,
        '"""add works on arrays and leaves them alone."""\n'
        "a = np.arange(4.0)\n"
        'with unchanged(a, what="add"):\n'
        '    close(add(a, a), np.array([0.0, 2.0, 4.0, 6.0]), what="add")\n'
        "### BEGIN HIDDEN TESTS\n"
        f"{MARKER} = np.ones((2, 2), np.float32)\n"
        f'assert np.allclose(add({MARKER}, 1), 2), "add must work on float32"\n'
        "### END HIDDEN TESTS",
    ),
    "counter_steps": (
        2,
        '"""Counter counts its steps."""\nc = Counter()\nassert [c.step(), c.step()] == [1, 2], "two steps are 1, 2"\n'
        'assert c.count == 2, "count must follow"',
    ),
    "limit_value": (1, '"""limit is a dozen."""\nassert limit == 12, f"limit must be 12, got {limit}"'),
}
ANSWER = "Because.\n\n=== BEGIN MARK SCHEME ===\nanything goes\n=== END MARK SCHEME ==="


def notebook() -> NotebookNode:
    """Return the instructor's notebook: set-up, three solutions, four tests, one written answer."""
    cells = [
        nbformat.v4.new_markdown_cell("# A short course"),
        graded_cell("setup", SETUP, locked=True),
        graded_cell("add", ADD, solution=True),
        graded_cell("add_small", TESTS["add_small"][1], grade=True, locked=True, points=2),
        graded_cell("add_arrays", TESTS["add_arrays"][1], grade=True, locked=True, points=3),
        graded_cell("counter", COUNTER, solution=True),
        graded_cell("counter_steps", TESTS["counter_steps"][1], grade=True, locked=True, points=2),
        graded_cell("limit", LIMIT, solution=True),
        graded_cell("limit_value", TESTS["limit_value"][1], grade=True, locked=True, points=1),
        graded_cell("why", ANSWER, kind="markdown", grade=True, solution=True, points=4),
    ]
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    made = nbformat.v4.new_notebook(cells=cells, metadata=kernel)
    for position, cell in enumerate(made.cells):
        cell["id"] = f"c{position}"
    return made


def write_course(root: Path, source: NotebookNode | None = None) -> Path:
    """Write a course folder with this one assignment, `short`, and return it."""
    folder = root / "source" / "short"
    folder.mkdir(parents=True)
    nbformat.write(source or notebook(), folder / "short.ipynb")
    (root / "exchange").mkdir()
    write_config(root)
    return root


def write_config(root: Path) -> None:
    """Write the course's own nbgrader_config.py, with an exchange below this folder."""
    config = (Path(__file__).parent.parent / "nbgrader_config.py").read_text()
    config += f'\nc.Exchange.root = "{root / "exchange"}"\nc.Exchange.cache = "{root / "cache"}"\n'
    (root / "nbgrader_config.py").write_text(config)


def solved(**cells: str) -> NotebookNode:
    """Return the instructor's notebook as a submission, with other text in the named cells."""
    made = nbformat.from_dict(json.loads(json.dumps(notebook())))
    for cell in made.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in cells:
            cell.source = cells[name]
    return made


def graded_cell(name: str, source: str, kind: str = "code", points: int | None = None, **flags: Any) -> NotebookNode:
    """Return a cell with nbgrader's metadata: grade, solution and locked are off where not given."""
    make = nbformat.v4.new_code_cell if kind == "code" else nbformat.v4.new_markdown_cell
    marks = {"grade": False, "solution": False, "locked": False, **flags}
    marks |= {"grade_id": name, "schema_version": 3, "task": False}
    if points is not None:
        marks["points"] = points
    return make(source, metadata={"nbgrader": marks})


def solution(name: str, source: str) -> NotebookNode:
    """Return a cell that students write."""
    return graded_cell(name, source, solution=True)


def asked(name: str, source: str, points: int = 1) -> NotebookNode:
    """Return a test cell."""
    return graded_cell(name, source, grade=True, locked=True, points=points)


def plain(source: str) -> NotebookNode:
    """Return a cell of code that nbgrader knows nothing of."""
    return nbformat.v4.new_code_cell(source)


def notebook_of(*cells: NotebookNode) -> NotebookNode:
    """Return a notebook of these cells."""
    return nbformat.v4.new_notebook(cells=list(cells))


def marks(result: SubmissionResult) -> dict[str, float | None]:
    """Return the points of every graded cell, None where a person looks."""
    return {cell.grade_id: cell.points for cell in result.cells}
