"""Whether the lines of the speed tests of an assignment leave room on both sides, measured on this machine.

For each speed test: the ratio of the course's own solution, the ratios of slow solutions, the steps, the margins, and
the steps that would lie in the middle. Each is graded in several fresh judges, idle and beside other work; what counts
is the own solution's lowest ratio and the highest of the best slow one. It changes no notebook.
"""

import ast
import dataclasses
import itertools
import math
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode

from kernelmark.authoring import written
from kernelmark.authoring.loads import LOADS, Hogs
from kernelmark.authoring.notebooks import OwnNotebook
from kernelmark.authoring.noticing import SPEED_CHECK
from kernelmark.errors import CourseError
from kernelmark.records import CellResult
from kernelmark.referee.warm import WarmJudges
from kernelmark.stopwatch.stats import number

# Both kinds of student stay this factor from the line, so the own solution must be its square above the slow ones.
MIN_DISTANCE = 1.5
MIN_GAP = MIN_DISTANCE**2


@dataclass(frozen=True)
class Slow:
    """A solution that should not reach a line.

    Attributes:
        name: as it stands in the table.
        notebook: the course's own solution, with some cells as a slow student has them.
        tests: the speed tests where it is slow.
    """

    name: str
    notebook: NotebookNode
    tests: frozenset[str]


@dataclass
class Timed:
    """One speed test: what the own solution and each slow one reached, a ratio a round.

    A part of the points has a step of its own.
    """

    grade_id: str
    points: float
    steps: dict[float, float] = field(default_factory=dict)
    solution: list[float] = field(default_factory=list)
    slow: dict[str, list[float]] = field(default_factory=dict)
    trouble: list[str] = field(default_factory=list)

    def r_ref(self) -> float:
        """Return the lowest ratio of the own solution; NaN where there is none."""
        return min(self.solution, default=math.nan)

    def bad(self) -> tuple[str, float]:
        """Return the best of the slow solutions, and its highest ratio."""
        best = {name: max(found) for name, found in self.slow.items() if found}
        name = max(best, key=lambda key: best[key], default="")
        return name, best.get(name, math.nan)

    def misses(self) -> Iterator[str]:
        """Yield what is wrong with the lines of this test, each with the remedy."""
        yield from self.trouble
        r_ref, (name, r_bad) = self.r_ref(), self.bad()
        if not self.solution:
            yield "the own solution was not timed"
            return
        if not name:
            yield "no slow solution is known, so nothing says what the line keeps out; give one by --slow"
        elif r_ref / r_bad < MIN_GAP:
            yield (
                f"the own solution is {r_ref / r_bad:.2f} times as fast as {name}, at least {MIN_GAP} is needed for "
                "a line that leaves room; time something that tells them better apart, or give the points otherwise"
            )
        for step in self.steps:
            if max(step / r_ref, r_ref / step) < MIN_DISTANCE:
                yield f"the step {number(step)} lies within a factor {MIN_DISTANCE} of the own solution ({r_ref:.3g})"
        if name and self.steps and not r_bad < max(self.steps) < r_ref:
            yield f"the last step {number(max(self.steps))} does not lie between {name} ({r_bad:.3g}) and {r_ref:.3g}"

    def remarks(self) -> Iterator[str]:
        """Yield what is no fault by the rule, and worth a look."""
        for slow, found in self.slow.items():
            near = [step for step in self.steps for ratio in found if max(step / ratio, ratio / step) < MIN_DISTANCE]
            if near:
                yield f"{slow} lies within a factor {MIN_DISTANCE} of the step {number(near[0])}"
        steps = sorted(self.steps)
        for low, high in itertools.pairwise(steps):
            if high / low < MIN_DISTANCE:
                yield f"the steps {number(low)} and {number(high)} lie nearer than a factor {MIN_DISTANCE}"

    def proposed(self) -> dict[float, float]:
        """Return steps that leave room, {ratio: points}: the last in the middle; none where there is no room.

        Parts of the points keep their share, at even factors between the best slow solution and the last step. Without
        a slow solution the last step lies as near the own one as may be.
        """
        r_ref, (_, r_bad) = self.r_ref(), self.bad()
        if not self.steps or math.isnan(r_ref) or r_ref / r_bad < MIN_GAP:
            return {}
        last = r_ref / MIN_DISTANCE if math.isnan(r_bad) else math.sqrt(r_ref * r_bad)
        low = last / MIN_DISTANCE ** len(self.steps) if math.isnan(r_bad) else r_bad
        parts = sorted(self.steps.items())
        return {_rounded(low * (last / low) ** (at / len(parts))): points for at, (_, points) in enumerate(parts, 1)}

    def line(self) -> str:
        """Return the test as a line of the table in Markdown."""
        r_ref, (name, r_bad) = self.r_ref(), self.bad()
        faults = "; ".join(self.misses()) or "ok"
        apart = f"{r_ref / r_bad:.2f}" if name else "-"
        return (
            f"| {self.grade_id} | {_range(self.solution)} | {_range(self.slow.get(name, []))} | {name or '-'} "
            f"| {apart} | {_steps(self.steps)} | {_steps(self.proposed()) or '-'} | {faults} |"
        )

    def as_json(self) -> dict[str, Any]:
        """Return all of it for `--json`."""
        fields = dataclasses.asdict(self) | {"faults": list(self.misses()), "remarks": list(self.remarks())}
        return fields | {"proposed": self.proposed()}


HEAD = (
    "| speed test | own solution | best slow one | which | own / slow | steps (points) | proposed | |\n"
    "|---|--:|--:|---|--:|---|---|---|"
)


def known_loads(said: str) -> list[str]:
    """Return the loads in a list with commas.

    Raises:
        CourseError: one of them is none.
    """
    loads = [load for load in said.split(",") if load]
    if unknown := [load for load in loads if load not in LOADS] or ([] if loads else ["nothing"]):
        raise CourseError(f"--loads: expected {', '.join(LOADS)}, with commas between; got {', '.join(unknown)}")
    return loads


def measure(
    assignment: OwnNotebook, slow: Sequence[Slow], rounds: int, loads: Sequence[str], tests: Iterable[str] = ()
) -> list[Timed]:
    """Grade the own solution and slow ones of a notebook, each round in fresh judges, under each load.

    Args:
        rounds: how many times under each load.
        loads: names of `loads.LOADS`.
        tests: grade ids of the speed tests to look at; all by default.

    Raises:
        CourseError: one of them is none.
    """
    chosen, known = set(tests), speed_tests(assignment)
    if unknown := chosen - set(known):
        raise CourseError(
            f"no speed test {', '.join(sorted(unknown))} in {assignment.name}; there are: {', '.join(known) or 'none'}"
        )
    timed = {name: found for name, found in known.items() if not chosen or name in chosen}
    for turn, load in enumerate([*loads] * rounds):
        judges = WarmJudges()
        try:
            with Hogs(load):
                for result in _graded(judges, assignment, assignment.course.source, set(timed)):
                    _take(timed[result.grade_id], result, "", turn)
                for each in slow:
                    wanted = each.tests & set(timed)
                    for result in _graded(judges, assignment, each.notebook, wanted) if wanted else ():
                        _take(timed[result.grade_id], result, each.name, turn)
        finally:
            judges.close()
    return list(timed.values())


def speed_tests(assignment: OwnNotebook) -> dict[str, Timed]:
    """Return the speed tests of a notebook by grade id, with nothing measured."""
    return {
        cell.grade_id: Timed(cell.grade_id, cell.points)
        for cell in assignment.course.cells
        if cell.role == "test" and SPEED_CHECK.search(cell.source)
    }


def slow_file(assignment: OwnNotebook, path: Path) -> Slow:
    """Read a slow solution: Python in which `# %% grade_id` begins the text of a solution cell.

    It is slow in the speed tests that name something which its cells define. A docstring before the first cell may hold
    TOML, as in `[marks]` / `test_id = 2`; then it is slow where that gives less than all points.

    Raises:
        CourseError: it cannot be read, or a cell is none of the notebook's solution cells.
    """
    slow, course = written.read(path), assignment.course
    slow.require_solution_cells(course, assignment.name)
    marks, names = _marks(slow.head), slow.names
    timed = speed_tests(assignment)
    tests = {cell.grade_id for cell in course.cells if cell.grade_id in timed and names & _names(cell.source)}
    if marks is not None:
        tests = {name for name, worth in marks.items() if name in timed and worth < timed[name].points}
    if not tests:
        raise CourseError(
            f"{path}: no speed test of {assignment.name} names {', '.join(sorted(names)) or 'what it defines'}; "
            f"speed tests: {', '.join(timed) or 'none'}"
        )
    return Slow(path.stem, replaced(assignment, slow.cells), frozenset(tests))


def marked_slow(assignment: OwnNotebook) -> list[Slow]:
    """Return the slow ways that the notebook has itself: solution cells whose metadata says what they are slow for.

    `{"kernelmark": {"slow": {"fast_name": "slow_name"}}}` in the metadata of a solution cell means that a student who
    hands in `fast_name = slow_name` is slow.

    Raises:
        CourseError: it says something else.
    """
    found = []
    for node, cell in zip(assignment.course.source.cells, assignment.course.cells, strict=True):
        said = node.metadata.get("kernelmark", {}).get("slow", {})
        if not isinstance(said, Mapping) or not all(isinstance(word, str) for word in said.values()):
            raise CourseError(
                f"{cell.grade_id}: metadata kernelmark.slow must be {{fast name: slow name}}, got {said!r}"
            )
        for fast, slow in said.items():
            homes = [assignment.course.names.get(name, []) for name in (fast, slow)]
            if not all(homes):
                raise CourseError(
                    f"{cell.grade_id}: metadata kernelmark.slow: no solution cell defines {fast} and {slow}"
                )
            ids = [name for home in homes for name in home]
            last = max(ids, key=assignment.course.by_id.__getitem__)
            text = assignment.course.source.cells[assignment.course.by_id[last]].source
            tests = {
                other.grade_id
                for other in assignment.course.cells
                if other.grade_id in speed_tests(assignment) and fast in _names(other.source)
            }
            notebook = replaced(assignment, {last: f"{text}\n\n{fast} = {slow}"})
            found.append(Slow(slow, notebook, frozenset(tests)))
    return found


def replaced(assignment: OwnNotebook, cells: Mapping[str, str]) -> NotebookNode:
    """Return the own solution with other text in some cells."""
    notebook: NotebookNode = nbformat.reads(nbformat.writes(assignment.course.source), as_version=4)
    for name, text in cells.items():
        notebook.cells[assignment.course.by_id[name]].source = text
    return notebook


def _graded(
    judges: WarmJudges, assignment: OwnNotebook, notebook: NotebookNode, wanted: set[str] | frozenset[str]
) -> tuple[CellResult, ...]:
    """Grade some tests of a notebook alone: the others say nothing here and take time."""
    plan = assignment.plan(notebook)
    cells = tuple(cell for cell in plan.cells if cell.role != "test" or cell.grade_id in wanted)
    plan = dataclasses.replace(plan, cells=cells)
    done = judges.grade(plan, assignment.sha256, assignment.limits, {}, assignment.files)
    return tuple(cell for cell in done.cells if cell.grade_id in wanted)


def _take(timed: Timed, result: CellResult, slow: str, turn: int) -> None:
    """Note the ratio of a graded test, or why there is none."""
    if not result.verdicts:
        # A wrong output ends a race before there is a verdict: that solution is wrong and not slow.
        if result.mark == "person" or not slow:
            timed.trouble.append(f"round {turn + 1}, {slow or 'own solution'}: {result.staff or result.reason}")
        elif slow not in timed.slow:
            timed.trouble.append(f"{slow} is not timed: {result.reason[:160]}")
            timed.slow[slow] = []
        return
    verdict = result.verdicts[-1]
    timed.steps = {step.threshold: step.points for step in verdict.steps}
    if not slow:
        timed.solution.append(verdict.ratio)
        if verdict.points < verdict.max_points or verdict.outcome != "pass":
            timed.trouble.append(
                f"round {turn + 1}: the own solution got {number(verdict.points)} of {number(verdict.max_points)} "
                f"({verdict.outcome})"
            )
    else:
        timed.slow.setdefault(slow, []).append(verdict.ratio)


def _marks(head: str) -> Mapping[str, float] | None:
    """Return the marks in numbers that the docstring of a file of cells says; None where it says none."""
    try:
        said = tomllib.loads(ast.get_docstring(ast.parse(head)) or "").get("marks")
    except (SyntaxError, tomllib.TOMLDecodeError):
        return None
    return {name: worth for name, worth in said.items() if isinstance(worth, int | float)} if said else None


def _names(source: str) -> set[str]:
    return set(re.findall(r"\w+", source))


def _rounded(value: float) -> float:
    """Return a value with two digits, as a line is written."""
    return float(f"{value:.2g}")


def _steps(steps: Mapping[float, float]) -> str:
    return ", ".join(f"{number(at)} ({number(points)})" for at, points in sorted(steps.items()))


def _range(found: Sequence[float]) -> str:
    if not found:
        return "-"
    low, high = min(found), max(found)
    return f"{low:.3g}" if f"{low:.3g}" == f"{high:.3g}" else f"{low:.3g} to {high:.3g}"
