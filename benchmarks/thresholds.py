"""Whether the thresholds of the timed tests leave room on both sides.

For every speed check of the course: r_ref, the ratio of the instructor's solution;
r_bad, the best ratio among the submissions of the sample class (slow and wrong) that
get less than full marks there because they are slow; the steps; and the threshold that
lies in the middle, sqrt(r_ref * r_bad). Each is graded in several fresh processes; what
counts is the lowest r_ref and the highest r_bad.

It fails where r_ref / r_bad is below 2.25, where a step lies within a factor 1.5 of
r_ref, or where no slow submission is known. It changes no notebook.

    python benchmarks/thresholds.py --rounds 3 03_matmul
"""

import argparse
import dataclasses
import hashlib
import math
import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from _loads import Hogs  # noqa: E402

from kernelmark.notebook.conform import Course, read_submission  # noqa: E402
from kernelmark.records import CellResult  # noqa: E402
from kernelmark.referee.grading import own_files  # noqa: E402
from kernelmark.referee.warm import WarmJudges  # noqa: E402
from kernelmark.sandbox.limits import Limits  # noqa: E402
from kernelmark.stopwatch.stats import number  # noqa: E402
from tests.sample_class import Sample, samples  # noqa: E402

# See MEASURING.md: both kinds of student stay a factor 1.5 from the line, and 1.5 ** 2 is 2.25.
MIN_DISTANCE = 1.5
MIN_GAP = MIN_DISTANCE**2
SLOW_KINDS = ("slow", "wrong")
SPEED_CHECK = re.compile(r"\bfaster\(")


@dataclass
class Timed:
    """One speed check: what the solution and each slow submission reached, a ratio a round."""

    grade_id: str
    points: float
    steps: tuple[float, ...] = ()
    solution: list[float] = field(default_factory=list)
    slow: dict[str, list[float]] = field(default_factory=dict)
    trouble: list[str] = field(default_factory=list)

    def r_ref(self) -> float:
        """The lowest ratio of the instructor's solution."""
        return min(self.solution, default=math.nan)

    def bad(self) -> tuple[str, float]:
        """The best of the slow submissions, and its highest ratio."""
        best = {name: max(found) for name, found in self.slow.items()}
        name = max(best, key=lambda key: best[key], default="")
        return name, best.get(name, math.nan)

    def misses(self) -> Iterator[str]:
        """Yield what is wrong with the thresholds of this check."""
        yield from self.trouble
        r_ref, (name, r_bad) = self.r_ref(), self.bad()
        if not name:
            yield "no slow submission is known, so nothing says what the threshold keeps out"
        elif r_ref / r_bad < MIN_GAP:
            yield f"r_ref / r_bad is {r_ref / r_bad:.2f}, at least {MIN_GAP} is needed"
        for step in self.steps:
            if max(step / r_ref, r_ref / step) < MIN_DISTANCE:
                yield f"the step {number(step)} is within a factor {MIN_DISTANCE} of r_ref"

    def remarks(self) -> Iterator[str]:
        """Yield what is no fault by the rule, and worth a look."""
        name, r_bad = self.bad()
        for slow, found in self.slow.items():
            near = [step for step in self.steps for ratio in found if max(step / ratio, ratio / step) < MIN_DISTANCE]
            if near:
                yield f"{slow} is within a factor {MIN_DISTANCE} of the step {number(near[0])}"
        for low, high in zip(self.steps, self.steps[1:], strict=False):
            if high / low < MIN_DISTANCE:
                yield f"the steps {number(low)} and {number(high)} lie nearer than a factor {MIN_DISTANCE}"
        if name and self.steps and not r_bad < self.steps[-1] < self.r_ref():
            yield "the last step does not lie between r_bad and r_ref"

    def markdown(self) -> str:
        """Return the check as a line of the table."""
        r_ref, (name, r_bad) = self.r_ref(), self.bad()
        middle = math.sqrt(r_ref * r_bad)
        steps = ", ".join(number(step) for step in self.steps)
        faults = list(self.misses())
        return (
            f"| {self.grade_id} | {_range(self.solution)} | {_range(self.slow.get(name, []))} | {name or '-'} "
            f"| {r_ref / r_bad:.2f} | {steps} | {middle:.3g} | {'; '.join(faults) if faults else 'ok'} |"
        )


HEAD = "| timed test | r_ref | r_bad | the best slow one | r_ref / r_bad | steps | middle | |\n|" + "---|" * 8


def _range(found: Sequence[float]) -> str:
    if not found:
        return "-"
    low, high = min(found), max(found)
    return f"{low:.3g}" if f"{low:.3g}" == f"{high:.3g}" else f"{low:.3g} to {high:.3g}"


def measure(path: Path, rounds: int, loads: Sequence[str]) -> list[Timed]:
    """Grade the solution and the slow submissions of one notebook, each round in fresh processes, under each load."""
    course = Course(nbformat.read(path, as_version=4))
    timed = {
        c.grade_id: Timed(c.grade_id, c.points)
        for c in course.cells
        if c.role == "test" and SPEED_CHECK.search(c.source)
    }
    sha = hashlib.sha256(path.read_bytes()).hexdigest()
    chosen = list(_slow_samples(path.parent.name, timed))
    files = own_files(path.parent)
    for turn, load in enumerate(loads * rounds):
        judges = WarmJudges()
        try:
            with Hogs(load):
                for result in _grade(judges, course, sha, path.read_bytes(), set(timed), files):
                    _take(timed[result.grade_id], result, "", turn)
                for sample, wanted in chosen:
                    for result in _grade(judges, course, sha, sample.content().encode(), wanted, files):
                        _take(timed[result.grade_id], result, sample.name, turn)
        finally:
            judges.close()
    return list(timed.values())


def _slow_samples(assignment: str, timed: Mapping[str, Timed]) -> Iterator[tuple[Sample, set[str]]]:
    """Yield the submissions that must lose points in a speed check, and the checks where they do."""
    for sample in samples(assignment):
        if sample.name.split("/")[0] not in SLOW_KINDS or sample.head["base"] != "solution":
            continue
        marks = sample.expected()
        low = {name for name, check in timed.items() if marks[name] != "person" and float(marks[name]) < check.points}
        if low:
            yield sample, low


def _grade(
    judges: WarmJudges, course: Course, sha: str, raw: bytes, wanted: set[str], files: dict[str, str]
) -> tuple[CellResult, ...]:
    """Grade a notebook's speed checks alone: the other tests say nothing here and take time."""
    _, plan = course.plan(*read_submission(raw))
    cells = tuple(cell for cell in plan.cells if cell.role != "test" or cell.grade_id in wanted)
    done = judges.grade(dataclasses.replace(plan, cells=cells), sha, Limits(), {}, files)
    return tuple(cell for cell in done.cells if cell.grade_id in wanted)


def _take(check: Timed, result: CellResult, slow: str, turn: int) -> None:
    """Note the ratio of a graded cell, or why there is none."""
    if not result.verdicts:
        # A wrong output ends a race before there is a verdict: that submission is wrong and not slow.
        if result.mark == "person" or not slow:
            check.trouble.append(f"round {turn + 1}, {slow or 'the solution'}: {result.staff or result.reason}")
        return
    verdict = result.verdicts[-1]
    check.steps = tuple(step.threshold for step in verdict.steps)
    if not slow:
        check.solution.append(verdict.ratio)
        if verdict.points < verdict.max_points or verdict.outcome != "pass":
            check.trouble.append(f"round {turn + 1}: the solution got {number(verdict.points)} ({verdict.outcome})")
    else:
        check.slow.setdefault(slow, []).append(verdict.ratio)


def main() -> int:
    """Print a table of every speed check; return 1 where a threshold leaves too little room."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("assignments", nargs="*", help="folders of source/ (all)")
    parser.add_argument("--rounds", type=int, default=2, help="fresh processes for each, under each load (2)")
    parser.add_argument("--loads", default="idle,busy", help="what else the machine does (idle,busy); see verdicts.py")
    options = parser.parse_args()
    paths = sorted((ROOT / "source").glob("*/*.ipynb"))
    paths = [path for path in paths if not options.assignments or path.parent.name in options.assignments]
    print(f"{options.rounds} rounds under each of {options.loads}, {time.strftime('%Y-%m-%d')}; a range is over all")
    print(f"\n{HEAD}", flush=True)
    faults, remarks = 0, []
    for path in paths:
        for check in measure(path, options.rounds, options.loads.split(",")):
            print(check.markdown(), flush=True)
            faults += any(True for _ in check.misses())
            remarks += [f"{check.grade_id}: {text}" for text in check.remarks()]
            remarks += [
                f"{check.grade_id}: {name} reached {_range(found)}" for name, found in sorted(check.slow.items())
            ]
    print("\n" + "\n".join(f"- {text}" for text in remarks))
    print(f"\n{faults} of the timed tests leave too little room." if faults else "\nEvery threshold leaves room.")
    return 1 if faults or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
