"""One notebook: which cell runs where, and what a failure costs.

Set-up runs in the judge and in the student's process, student cells in the student's
process only, test cells in the judge only. It trusts nothing that comes from the
student's process, and it never lets one cell's failure decide another's marks.
"""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from kernelmark.errors import GraderError
from kernelmark.notebook.cells import Cell, Plan
from kernelmark.records import Cause, CellResult, Machine
from kernelmark.referee.judge import Judge
from kernelmark.referee.outcome import Output, status
from kernelmark.referee.session import TIMES_THE_COURSE, Session, error_output
from kernelmark.sandbox.limits import Limits
from kernelmark.sandbox.link import Link

UNTOUCHED = "No response: the cell is as it was released."
ANSWERED = "A written answer: a person reads it."
ELSEWHERE = "A person reads it: this cell is as it was released, and there is text in other cells of the notebook."
DOUBTED = "What you handed in could not be graded as it is; a person will look. The note at the top says why."


@dataclass(frozen=True)
class Job:
    """A plan to be refereed, and what the submission may use."""

    plan: Plan
    limits: Limits = field(default_factory=Limits)
    files: Mapping[str, str] = field(default_factory=dict)
    sound: tuple[str, ...] = ()
    beside: Mapping[str, str] = field(default_factory=dict)
    # It is the course's own solution, graded to find which tests cannot be judged apart.
    decides: bool = False
    # Nothing more is wanted once a test is lost: what comes after it is not run, and has no result.
    until_lost: bool = False


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
    causes: tuple[Cause, ...] = ()
    missing_modules: tuple[str, ...] = ()
    # The tests that cannot be judged apart and why; see the room `beside`.
    beside: Mapping[str, str] = field(default_factory=dict)


class Listener:
    """Whoever is told how far a judge is; this one does nothing with it."""

    def waits(self, waiting: bool) -> None:
        """Others measure on this host: the judge waits for them, or no longer."""

    def judged(self, cells: int, results: Sequence[CellResult], outputs: list[Output]) -> None:
        """So many cells are done, with all these results; the last one showed these outputs."""


def referee(job: Job, reference: Session, listener: Listener | None = None) -> Refereed:
    """Run a notebook's cells where they belong and return what they earned.

    Args:
        reference: the session in which the course's solution has run (see `prime`).
        listener: is told what is known so far, and when others are waited for.

    Raises:
        SandboxError: submissions cannot be contained on this machine.
    """
    start, cpu_start = time.monotonic(), time.process_time()
    student = Session(job.limits, job.files, classes=job.plan.own_classes)
    listener = listener or Listener()
    judge = Judge(student, reference, job.plan, set(job.sound), listener.waits, job.beside, decides=job.decides)
    results: list[CellResult] = []
    outputs: list[list[Output]] = []
    position = 0
    try:
        for cell in job.plan.cells:
            found: list[Output] = []
            position += cell.code
            slow_s = TIMES_THE_COURSE * reference.slow.get(cell.grade_id or cell.source, 0.0)
            if cell.role == "setup":
                found, _ = student.run(cell.source, slow_s)
                judge.setup(cell)
            elif cell.role == "test":
                result, found = judge.test(cell)
                results.append(_unless_doubted(result, job.plan))
                if results[-1] is not result:
                    found[0] = status(results[-1])
                if cell.grade_id in job.plan.carried:
                    student.run(job.plan.carried[cell.grade_id])
            elif cell.role in ("student", "answer") and cell.code:
                found, _ = student.run(cell.source, slow_s)
                judge.solved(cell.grade_id)
                judge.causes.note(cell.grade_id, position, cell.source, found)
            if cell.role == "answer" and cell.points:
                results.append(_unless_doubted(_answer(cell), job.plan))
            outputs.append(found)
            listener.judged(len(outputs), results, found)
            if job.until_lost and cell.role == "test" and results[-1].mark in ("fail", "partial"):
                break
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
        causes=judge.causes.listed,
        missing_modules=judge.causes.missing_modules,
        beside=judge.beside.known,
    )


def prime(
    solution: Sequence[Cell],
    link: Link,
    limits: Limits,
    files: Mapping[str, str] | None = None,
    classes: Sequence[str] = (),
) -> Session:
    """Run the instructor's own cells in a process and return its session.

    A cell that fails costs the tests that need it, and no others; the session knows which did, and what they said.
    """
    session = Session(limits, files, whose="the course's solution", link=link, classes=classes)
    for cell in solution:
        if not cell.code:
            continue
        start = time.monotonic()
        outputs, failed = session.run(cell.source)
        took_s = time.monotonic() - start
        if failed:
            errors = [o for o in outputs if o.get("output_type") == "error"]
            session.failed[cell.source] = f"{errors[-1]['ename']}: {errors[-1]['evalue']}" if errors else "it fails"
        elif took_s * TIMES_THE_COURSE > limits.cell_s:
            session.slow[cell.grade_id or cell.source] = took_s
    return session


def nobody_is_marked(
    plan: Plan, why: str, results: Sequence[CellResult] = (), outputs_so_far: Sequence[list[Output]] = ()
) -> Refereed:
    """Return the outcome where the grader or the course is at fault: every cell needs a person.

    Args:
        results: those of the cells that were judged before; they stand, with the outputs so far.
    """
    known = {result.grade_id: result for result in results}
    cells = [
        known.get(cell.grade_id)
        or (_unless_doubted(_answer(cell), plan) if cell.role == "answer" else _for_a_person(cell, why))
        for cell in plan.cells
        if cell.role == "test" or (cell.role == "answer" and cell.points)
    ]
    left = plan.cells[len(outputs_so_far) :]
    outputs = (*outputs_so_far, *([error_output(GraderError(why))] if cell.role == "test" else [] for cell in left))
    machine = Machine("unknown", os.cpu_count() or 1, "", "", 0)
    return Refereed(tuple(cells), outputs, machine, (), 0.0, 0.0, False)


def _for_a_person(cell: Cell, why: str) -> CellResult:
    reason = "This test could not be judged; it costs you nothing, a person will look."
    return CellResult(cell.grade_id, "person", None, cell.points, cell.claim, reason, why, 0.0)


def _answer(cell: Cell) -> CellResult:
    if cell.elsewhere:
        return CellResult(cell.grade_id, "person", None, cell.points, "", ELSEWHERE, ELSEWHERE, 0.0)
    if cell.untouched:
        return CellResult(cell.grade_id, "fail", 0.0, cell.points, "", UNTOUCHED, "", 0.0)
    return CellResult(cell.grade_id, "person", None, cell.points, "", ANSWERED, ANSWERED, 0.0)


def _unless_doubted(result: CellResult, plan: Plan) -> CellResult:
    """Return a result, left to a person where it is nothing and work may lie where it was not graded."""
    if not plan.doubt or result.points != 0.0:
        return result
    staff = f"{plan.doubt} What was graded: {result.reason}"
    return replace(result, mark="person", points=None, reason=DOUBTED, staff=staff)
