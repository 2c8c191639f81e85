"""The warm process and its judges: what a judge that is given up leaves, and whose time stands still."""

import threading
import time
from pathlib import Path

import nbformat

from kernelmark.notebook.conform import Course, read_submission
from kernelmark.referee import grading, warm
from kernelmark.sandbox.limits import Limits
from kernelmark.stopwatch.lock import host_lock
from tests.small_course import SETUP, graded_cell

DOUBLE = "def double(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION"
RACE = (
    '"""double is as fast as the course\'s."""\n'
    "faster(double, than=reference.double, inputs=lambda rng: (rng.standard_normal(9),), "
    "expect=lambda x: 2 * x, steps={0.01: 2})"
)


def course(*tests: tuple[str, str, int]) -> nbformat.NotebookNode:
    """Return a notebook with one solution cell and these tests: (grade id, source, points)."""
    cells = [
        graded_cell("setup", SETUP, locked=True),
        graded_cell("double", DOUBLE, solution=True),
        *(graded_cell(name, source, grade=True, locked=True, points=points) for name, source, points in tests),
    ]
    return nbformat.v4.new_notebook(cells=cells)


def grade(source: nbformat.NotebookNode, limits: Limits) -> dict[str, tuple[float | None, str]]:
    """Grade the solution itself; return points and staff's words of each cell."""
    work, _ = read_submission(nbformat.writes(source).encode())
    who = ("a", "short", "ann")
    work = grading.graded_notebook(Course(source), work, who, files={}, course_files={}, limits=limits)
    return {cell.grade_id: (cell.points, cell.staff) for cell in work[1].cells}


def test_a_judge_that_is_given_up_hands_over_what_it_has_judged(monkeypatch):
    """A test of the course's own that never ends costs a person that test and those after it, not those before."""
    monkeypatch.setattr(warm, "SLACK_S", 2.0)
    hangs = '"""It hangs."""\nimport time\ntime.sleep(3600)\nassert double(1) == 2'
    right = '"""double doubles."""\nassert double(3) == 6'
    found = grade(course(("before", right, 3), ("hangs", hangs, 2), ("after", right, 1)), Limits(notebook_s=4.0))
    assert found["before"][0] == 3.0
    assert found["hangs"][0] is None
    assert found["after"][0] is None
    assert "the judge ended without an answer" in found["hangs"][1]


def test_waiting_for_the_lock_counts_in_nobodys_limits(monkeypatch, tmp_path: Path):
    """Others measure for longer than a notebook may take: the judge that waits for them is not given up."""
    monkeypatch.setattr(warm, "SLACK_S", 1.0)
    free = threading.Event()
    taken = threading.Event()

    def measure() -> None:
        with host_lock():
            taken.set()
            free.wait(60)

    others = threading.Thread(target=measure)
    others.start()
    taken.wait(60)
    threading.Thread(target=lambda: (time.sleep(12), free.set()), daemon=True).start()
    try:
        assert grade(course(("speed", RACE, 2)), Limits(notebook_s=6.0)) == {"speed": (2.0, "")}
    finally:
        free.set()
        others.join()
