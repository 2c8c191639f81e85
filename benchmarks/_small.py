"""The small notebook of the benchmarks of throughput: an import, three functions, three test cells, no speed test."""

import shutil
import sys
from pathlib import Path

import nbformat
from nbformat.notebooknode import NotebookNode

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.small_course import graded_cell

NAME = "small"
POINTS = 6.0
PARTS = (
    ("add", "def add(a, b):", "return a + b", "assert np.array_equal(add(np.arange(3), 1), [1, 2, 3])"),
    ("mean", "def mean(x):", "return x.sum() / x.size", "assert abs(mean(np.arange(5.0)) - 2) < 1e-12"),
    ("outer", "def outer(x, y):", "return x[:, None] * y", "assert outer(np.ones(2), np.ones(3)).shape == (2, 3)"),
)


def notebook() -> NotebookNode:
    """Return the instructor's notebook; its tests run under stock nbgrader too."""
    cells = [graded_cell("setup", "import numpy as np", locked=True)]
    for name, head, body, test in PARTS:
        source = f"{head}\n    ### BEGIN SOLUTION\n    {body}\n    ### END SOLUTION"
        cells.append(graded_cell(name, source, solution=True))
        cells.append(
            graded_cell(f"{name}_values", f'"""{name} is right."""\n{test}', grade=True, locked=True, points=2)
        )
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    made = nbformat.v4.new_notebook(cells=cells, metadata=kernel)
    for position, cell in enumerate(made.cells):
        cell["id"] = f"s{position}"
    return made


def submission(number: int) -> NotebookNode:
    """Return a right submission, unlike that of any other number."""
    made = notebook()
    for cell in made.cells:
        cell.source = cell.source.replace("### BEGIN SOLUTION", f"# student {number}").replace(
            "    ### END SOLUTION", ""
        )
    return made


def write_course(root: Path, count: int, config: str) -> None:
    """Write a course folder with `count` submissions of the small notebook; it is not generated yet."""
    (root / "source" / NAME).mkdir(parents=True)
    nbformat.write(notebook(), root / "source" / NAME / f"{NAME}.ipynb")
    (root / "nbgrader_config.py").write_text(config)
    for number in range(count):
        hand_in(root, number)


def hand_in(root: Path, number: int) -> None:
    """Write one submission."""
    folder = root / "submitted" / f"student{number:05}" / NAME
    folder.mkdir(parents=True)
    nbformat.write(submission(number), folder / f"{NAME}.ipynb")


def otter_files(root: Path, count: int) -> list[Path]:
    """Write the same work for otter-grader: its tests, and submissions that hold no test cell."""
    (root / "tests").mkdir(parents=True)
    for name, _, _, test in PARTS:
        case = {"code": f">>> {test}", "hidden": False, "locked": False}
        suite = {"cases": [case], "scored": True, "setup": "", "teardown": "", "type": "doctest"}
        found = {"name": name, "points": 2, "suites": [suite]}
        (root / "tests" / f"{name}.py").write_text(f"OK_FORMAT = True\ntest = {found!r}\n")
    paths = []
    for number in range(count):
        made = submission(number)
        made.cells = [cell for cell in made.cells if not cell.metadata["nbgrader"]["grade"]]
        paths.append(root / f"student{number:05}" / f"{NAME}.ipynb")
        paths[-1].parent.mkdir()
        nbformat.write(made, paths[-1])
    return paths


def remove_grades(root: Path) -> None:
    """Make a graded course ungraded again, its grade book and generated assignment kept as they were generated."""
    for name in ("autograded", ".kernelmark"):
        shutil.rmtree(root / name, ignore_errors=True)
