"""One changed solution graded by the referee: was a test lost, which, or must a person look.

It runs wherever the work is sent, on this machine or another; it reads no course folder. What to try, and what becomes
of the outcome, `audit` decides.
"""

import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from kernelmark.notebook.cells import Plan
from kernelmark.records import CellResult
from kernelmark.referee.warm import WarmJudges
from kernelmark.sandbox.limits import Limits
from kernelmark.whole_class.work import unpacked

Fate = Literal["caught", "survived", "person"]
_judges = WarmJudges()


@dataclass(frozen=True)
class Trial:
    """A plan to be graded up to its first lost test.

    Attributes:
        plan: as JSON. sources: the text that stands in some of its cells, by grade id.
        solution: a hash of the course's own notebook, by which its process is known.
        files: those beside the course's notebook, paths here or a zip archive.
    """

    plan: str
    sources: Mapping[str, str]
    solution: str
    limits: Mapping[str, Any]
    files: Mapping[str, str] | bytes
    until_lost: bool = True


@dataclass(frozen=True)
class Outcome:
    """What came of it: the test that caught it or that a person must look at, and what it said."""

    fate: Fate
    test: str = ""
    said: str = ""
    elapsed_s: float = 0.0


def try_out(trial: Trial) -> Outcome:
    """Grade a changed solution; it is caught by the first test that gives it less than full points.

    Raises:
        SandboxError: submissions cannot be contained on this machine.
    """
    start = time.monotonic()
    cells = results(trial)
    elapsed_s = time.monotonic() - start
    for cell in cells:
        if cell.mark in ("fail", "partial"):
            return Outcome("caught", cell.grade_id, cell.reason[:300], elapsed_s)
    for cell in cells:
        if cell.mark == "person":
            return Outcome("person", cell.grade_id, cell.staff[:300], elapsed_s)
    return Outcome("survived", elapsed_s=elapsed_s)


def results(trial: Trial) -> tuple[CellResult, ...]:
    """Return what the tests of a plan came to, written answers left out.

    Raises:
        SandboxError: submissions cannot be contained on this machine.
    """
    plan = Plan.from_json(trial.plan)
    cells = tuple(
        replace(cell, source=trial.sources[cell.grade_id]) if cell.grade_id in trial.sources else cell
        for cell in plan.cells
    )
    with contextlib.ExitStack() as stack:
        files = unpacked(trial.files, stack)
        limits = Limits(**trial.limits)
        done = _judges.grade(replace(plan, cells=cells), trial.solution, limits, {}, files, until_lost=trial.until_lost)
    tests = {cell.grade_id for cell in cells if cell.role == "test"}
    return tuple(cell for cell in done.cells if cell.grade_id in tests)


def close() -> None:
    """End the processes that wait for the next trial."""
    _judges.close()
