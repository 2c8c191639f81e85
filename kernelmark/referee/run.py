"""One notebook: which cell runs where, and what a failure costs.

Set-up runs in the judge and in the student's process, student cells in the student's
process only, test cells in the judge only. It trusts nothing that comes from the
student's process, and it never lets one cell's failure decide another's marks.
"""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kernelmark.errors import CourseError, GraderError, SandboxError
from kernelmark.notebook.cells import Cell, Plan
from kernelmark.records import CellResult, Machine
from kernelmark.referee.judge import Judge
from kernelmark.referee.outcome import Output
from kernelmark.referee.session import Session, error_output
from kernelmark.sandbox.limits import Limits
from kernelmark.sandbox.link import Link

UNTOUCHED = "No response: the cell is as it was released."
ANSWERED = "A written answer: a person reads it."


@dataclass(frozen=True)
class Job:
    """A plan to be refereed, and what the submission may use."""

    plan: Plan
    limits: Limits = field(default_factory=Limits)
    files: Mapping[str, str] = field(default_factory=dict)
    sound: tuple[str, ...] = ()


@dataclass(frozen=True)
class Refereed:
    """What came of a job: results in the order of the test and answer cells, outputs by cell."""

    cells: tuple[CellResult, ...]
    outputs: tuple[list[Output], ...]
    machine: Machine
    sound: tuple[str, ...]
    elapsed_s: float
    cpu_s: float
    reference_intact: bool


def referee(job: Job, reference: Session) -> Refereed:
    """Run a notebook's cells where they belong and return what they earned.

    Args:
        reference: the session in which the course's solution has run (see `prime`).

    Raises:
        SandboxError: submissions cannot be contained on this machine.
    """
    start, cpu_start = time.monotonic(), time.process_time()
    student = Session(job.limits, job.files)
    judge = Judge(student, reference, job.plan, set(job.sound))
    results: list[CellResult] = []
    outputs: list[list[Output]] = []
    broken = ""
    try:
        for cell in job.plan.cells:
            found: list[Output] = []
            if cell.role == "setup":
                found, _ = student.run(cell.source)
                broken = broken or _setup_fault(judge, cell)
            elif cell.role == "test" and not broken:
                result, found = judge.test(cell)
                results.append(result)
            elif cell.role == "test":
                results.append(_for_a_person(cell, broken))
                found = [_note(results[-1].reason)]
            elif cell.role in ("student", "answer") and cell.code:
                found, _ = student.run(cell.source)
                judge.solved(cell.grade_id)
            if cell.role == "answer" and cell.points:
                results.append(_answer(cell))
            outputs.append(found)
    finally:
        judge.close()
        cpu_s = student.close() + time.process_time() - cpu_start
    return Refereed(
        cells=tuple(results),
        outputs=tuple(outputs),
        machine=judge.machine,
        sound=tuple(sorted(judge.sound)),
        elapsed_s=time.monotonic() - start,
        cpu_s=cpu_s,
        reference_intact=reference.intact,
    )


def prime(solution: Sequence[Cell], link: Link, limits: Limits, files: Mapping[str, str] | None = None) -> Session:
    """Run the instructor's own cells in a process and return its session.

    Raises:
        CourseError: the set-up or a solution cell fails.
    """
    required = needed(solution)
    session = Session(limits, files, whose="the course's solution", link=link, needed=required)
    for cell in solution:
        outputs, failed = session.run(cell.source) if cell.code else ([], False)
        if failed and cell.source in required:
            errors = [o for o in outputs if o.get("output_type") == "error"]
            said = f"{errors[-1]['ename']}: {errors[-1]['evalue']}" if errors else "see the notebook"
            raise CourseError(f"the instructor's cell {cell.grade_id or cell.source[:60]!r} fails: {said}")
    return session


def needed(solution: Sequence[Cell]) -> set[str]:
    """Return the cells of a solution without which it is none: those with a grade id, and set-up."""
    return {cell.source for cell in solution if cell.code and (cell.grade_id or cell.role == "setup")}


def nobody_is_marked(plan: Plan, why: str) -> Refereed:
    """Return the outcome where the grader or the course is at fault: every cell needs a person."""
    cells = [
        _answer(cell) if cell.role == "answer" else _for_a_person(cell, why)
        for cell in plan.cells
        if cell.role == "test" or (cell.role == "answer" and cell.points)
    ]
    outputs = tuple([error_output(GraderError(why))] if cell.role == "test" else [] for cell in plan.cells)
    machine = Machine("unknown", os.cpu_count() or 1, "", "", 0)
    return Refereed(tuple(cells), outputs, machine, (), 0.0, 0.0, False)


def _setup_fault(judge: Judge, cell: Cell) -> str:
    try:
        judge.setup(cell)
    except SandboxError:
        raise
    except (CourseError, GraderError) as error:
        return f"{type(error).__name__}: {error}"
    return ""


def _for_a_person(cell: Cell, why: str) -> CellResult:
    reason = "This test could not be judged; it costs you nothing, a person will look."
    return CellResult(cell.grade_id, "person", None, cell.points, cell.claim, reason, why, 0.0)


def _answer(cell: Cell) -> CellResult:
    if cell.untouched:
        return CellResult(cell.grade_id, "fail", 0.0, cell.points, "", UNTOUCHED, "", 0.0)
    return CellResult(cell.grade_id, "person", None, cell.points, "", ANSWERED, ANSWERED, 0.0)


def _note(text: str) -> Output:
    return {"output_type": "display_data", "data": {"text/plain": text}, "metadata": {"kernelmark": {"for": "student"}}}
