"""An instructor's notebook run through the referee before anybody hands in: solved, as released, each cell emptied.

The same judges grade it that will grade the class. The own solution comes alone, so that nothing else is measured
beside it; what follows holds no race that anybody could win, and goes many at once. It decides no mark.
"""

import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat.notebooknode import NotebookNode

from kernelmark.errors import SandboxError
from kernelmark.notebook.cells import Cell, bound_names, used_names
from kernelmark.notebook.conform import DEMONSTRATION, Course, read_submission
from kernelmark.notebook.finding import Finding
from kernelmark.records import CellResult
from kernelmark.referee.grading import own_files
from kernelmark.referee.run import Refereed
from kernelmark.referee.warm import WarmJudges
from kernelmark.sandbox.limits import Limits
from kernelmark.stopwatch.stats import number

# A student as good as the course must not miss the line on a bad day: see benchmarks/thresholds.py.
MIN_DISTANCE = 1.5
MAX_TOLD_CHARS = 200


@dataclass(frozen=True)
class Speed:
    """What the own solution reached in a speed test: the ratio, the last line, and how far it lies beyond."""

    grade_id: str
    ratio: float
    steps: tuple[float, ...]
    margin: float


@dataclass(frozen=True)
class Ran:
    """What came of the runs of a notebook.

    Args:
        points: the own solution's in its tests, `of` so many. by_hand: what a person gives.
        released: the points of the untouched release. emptied: how many solution cells were emptied in turn.
    """

    points: float
    of: float
    by_hand: float
    released: float
    emptied: int
    speeds: tuple[Speed, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class _Task:
    """One submission to be graded: which cell is emptied, and the tests that must lose by it (all where None)."""

    notebook: NotebookNode
    emptied: str = ""
    wanted: frozenset[str] | None = None


def run(course: Course, place: Path, limits: Limits, jobs: int) -> Ran:
    """Grade an instructor's notebook solved, as released, and with each solution cell emptied in turn.

    Args:
        place: the folder where it lies. jobs: how many at once.

    Raises:
        SandboxError: nothing can be contained on this machine.
    """
    limits = dataclasses.replace(limits, children=limits.children or course.allows_children)
    files = own_files(place)
    digest = hashlib.sha256(json.dumps([course.source, str(place.absolute())], sort_keys=True).encode()).hexdigest()
    judges = WarmJudges()

    def grade(task: _Task) -> Refereed:
        submission, notes = read_submission(nbformat.writes(task.notebook).encode())
        _, plan = course.plan(submission, notes)
        if task.wanted is not None:
            needed = _needed([cell for cell in plan.cells if cell.role == "test"], task.wanted)
            kept = {*needed, *plan.carried}
            cells = tuple(cell for cell in plan.cells if cell.role != "test" or cell.grade_id in kept)
            plan = dataclasses.replace(plan, cells=cells)
        return judges.grade(plan, digest, limits, {}, files)

    try:
        own = _own(course)
        if limits.beside:
            judges.decide(course.plan(read_submission(nbformat.writes(own).encode())[0])[1], digest, limits, files)
        first = grade(_Task(own))
        tasks = [_Task(_without_demonstrations(course, course.released)), *_emptied(course, own)]
        return _told(course, first, tasks, _side_by_side(grade, tasks, jobs))
    finally:
        judges.close()


def _side_by_side(grade: Callable[[_Task], Refereed], tasks: Sequence[_Task], jobs: int) -> list[Refereed]:
    with ThreadPoolExecutor(max(1, jobs)) as pool:
        waiting = [pool.submit(grade, task) for task in tasks]
        try:
            return [each.result() for each in waiting]
        except (SandboxError, KeyboardInterrupt):
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _own(course: Course) -> NotebookNode:
    """Return the course's own solution as somebody hands it in: without cells that only show something."""
    return _without_demonstrations(course, course.source)


def _without_demonstrations(course: Course, notebook: NotebookNode) -> NotebookNode:
    made: NotebookNode = nbformat.from_dict(json.loads(json.dumps(notebook)))
    shown = [DEMONSTRATION in (node.metadata.get("tags") or ()) for node in course.source.cells]
    made.cells = [cell for cell, demo in zip(made.cells, shown, strict=True) if not demo]
    return made


def _emptied(course: Course, own: NotebookNode) -> Iterator[_Task]:
    """Yield the own solution with one of its cells as released, for each cell whose names a test asks for."""
    released = {cell.grade_id: node.source for cell, node in zip(course.cells, course.released.cells, strict=True)}
    for cell in course.cells:
        if not (cell.code and cell.solves and cell.grade_id) or released[cell.grade_id].strip() == cell.source.strip():
            continue
        names = {name for name, cells in course.names.items() if cell.grade_id in cells}
        wanted = {test.grade_id for test in course.cells if test.role == "test" and used_names(test.source) & names}
        if not wanted:
            continue
        made: NotebookNode = nbformat.from_dict(json.loads(json.dumps(own)))
        for node in made.cells:
            if node.metadata.get("nbgrader", {}).get("grade_id") == cell.grade_id:
                node.source = released[cell.grade_id]
        yield _Task(made, cell.grade_id, frozenset(wanted))


def _needed(tests: Sequence[Cell], wanted: frozenset[str]) -> set[str]:
    """Return these tests, and those before them that define names which they ask for."""
    found, names = set(wanted), set[str]()
    for test in reversed(tests):
        if test.grade_id in found or bound_names(test.source) & names:
            found.add(test.grade_id)
            names |= used_names(test.source)
    return found


def _told(course: Course, own: Refereed, tasks: Sequence[_Task], done: Sequence[Refereed]) -> Ran:
    tests = {cell.grade_id for cell in course.cells if cell.role == "test"}
    found = [*_of_the_own(own, tests), *_of_the_release(done[0], tests)]
    for task, refereed in zip(tasks[1:], done[1:], strict=True):
        found += _of_an_emptied(task, refereed)
    graded = [cell for cell in own.cells if cell.grade_id in tests]
    return Ran(
        points=sum(cell.points or 0.0 for cell in graded),
        of=sum(cell.max_points for cell in graded),
        by_hand=sum(cell.max_points for cell in own.cells if cell.grade_id not in tests),
        released=sum(cell.points or 0.0 for cell in done[0].cells),
        emptied=len(tasks) - 1,
        speeds=tuple(_speeds(graded)),
        findings=tuple(found),
    )


def _speeds(cells: Sequence[CellResult]) -> Iterator[Speed]:
    for cell in cells:
        for verdict in cell.verdicts:
            steps = tuple(step.threshold for step in verdict.steps)
            yield Speed(cell.grade_id, verdict.ratio, steps, verdict.ratio / steps[-1])


def _of_the_own(own: Refereed, tests: set[str]) -> Iterator[Finding]:
    for cause in own.causes:
        yield Finding(
            "error" if cause.cell else "warning",
            "own-cell-fails",
            cause.cell or cause.where,
            f"your own cell does not run: {_short(cause.text)}",
            "mend it, or tag it `demonstration` if nothing needs it",
        )
    for cell in own.cells:
        if cell.grade_id not in tests:
            continue
        unsure = any(verdict.outcome == "inconclusive" for verdict in cell.verdicts)
        if cell.points is None and unsure:
            yield Finding(
                "warning",
                "own-unsure",
                cell.grade_id,
                f"the race of your own solution was not decided: {_short(cell.reason)}",
                "run this on a quieter machine, or move the line away from the ratio",
            )
        elif cell.points is None:
            yield Finding(
                "error",
                "own-to-a-person",
                cell.grade_id,
                f"with your own solution a person would have to look: {_short(cell.staff or cell.reason)}",
                "mend the test, or the solution; the class would wait for a person too",
            )
        elif cell.points < cell.max_points:
            yield Finding(
                "error",
                "own-fails",
                cell.grade_id,
                f"your own solution gets {number(cell.points)} of {number(cell.max_points)}: "
                f"{_short(cell.staff or cell.reason)}",
                "mend the test, or the solution",
            )
        if cell.beside:
            yield Finding(
                "warning",
                "judged-beside",
                cell.grade_id,
                f"it runs beside the submission, where its marks could be forged: {_short(cell.beside)}",
                "let it ask for values; see 'What a test cell can ask' in docs/book/instructors.md",
            )
    for speed in _speeds(own.cells):
        if speed.margin < MIN_DISTANCE:
            yield Finding(
                "warning",
                "near-the-line",
                speed.grade_id,
                f"your own solution reaches {speed.ratio:.3g} and the last line is {number(speed.steps[-1])}: "
                f"a factor {speed.margin:.2f} apart",
                f"leave a factor {MIN_DISTANCE} for other days and machines",
            )


def _of_the_release(done: Refereed, tests: set[str]) -> Iterator[Finding]:
    for cell in done.cells:
        if cell.grade_id in tests and cell.points is None:
            yield Finding(
                "error",
                "release-to-a-person",
                cell.grade_id,
                f"a person would have to look at an untouched notebook: {_short(cell.staff or cell.reason)}",
                "let the test call what students write, and nothing that needs more",
            )
        elif cell.points:
            yield Finding(
                "error",
                "release-earns",
                cell.grade_id,
                f"the untouched release gets {number(cell.points)} of {number(cell.max_points)} points",
                "ask for an answer that nobody has before writing it",
            )


def _of_an_emptied(task: _Task, done: Refereed) -> Iterator[Finding]:
    cells = [cell for cell in done.cells if task.wanted and cell.grade_id in task.wanted]
    kept = [cell for cell in cells if cell.points]
    for cell in kept:
        every = len(kept) == len(cells)
        yield Finding(
            "error" if every else "warning",
            "passes-emptied",
            cell.grade_id,
            f"it names what {task.emptied} defines, and gives {number(cell.points or 0.0)} of "
            f"{number(cell.max_points)} points while that cell is as released",
            "let it call the function and look at what comes back",
        )
    for cell in cells:
        if cell.points is None:
            yield Finding(
                "warning",
                "emptied-to-a-person",
                cell.grade_id,
                f"with {task.emptied} as released a person would have to look: {_short(cell.staff or cell.reason)}",
                "let the test call what students write, and nothing that needs more",
            )


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_TOLD_CHARS else f"{line[: MAX_TOLD_CHARS - 3]}..."
