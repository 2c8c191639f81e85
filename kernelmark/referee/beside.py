"""Tests that cannot be asked from outside, run beside the student's code as nbgrader runs them.

Only where the instructor allows it, and only a test that the course's own solution fails when it is judged apart and
passes when it runs beside it. Which these are is found out once, by grading the course's own solution in a judge of its
own; no submission has a say in it. Such a mark could be forged, and every place that shows it says so. A race is never
run here.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kernelmark.errors import GraderError, SandboxError
from kernelmark.notebook.cells import Cell
from kernelmark.records import CellResult, Mark
from kernelmark.referee.outcome import MAX_REASON_CHARS, Output
from kernelmark.referee.session import Session
from kernelmark.stopwatch.stats import number
from kernelmark.wire.raised import printable

COULD_BE_FORGED = "Judged beside the submission: could be forged."
SETTING = 'c.Kernelmark.tests_beside_submissions = "allow"'
# Words of a test cell that mean what they say only where they are asked from outside.
_APART_ONLY = re.compile(r"\b(?:faster|reference)\b")


@dataclass(frozen=True)
class Marked:
    """What a test came to where it ran: points by nbgrader's rules, None where there are none, and its words."""

    points: float | None
    error: str
    outputs: list[Output]


class Beside:
    """Runs such tests in the student's process, and says of each why it is one.

    Args:
        known: those found, {grade id: why it cannot be judged apart}.
        decides: it is the course's own solution that is graded, to find them.
    """

    def __init__(self, student: Session, reference: Session, known: Mapping[str, str], *, decides: bool = False):
        self._decides = decides
        self._student = student
        self._reference = reference
        self.known = dict(known)

    def found(self, cell: Cell, why: str, place: int, before: Sequence[Cell]) -> bool:
        """Say whether a test that the course's own solution fails apart is one to be run beside, and remember it.

        Args:
            why: what the course's own solution met.
            place: how many code cells of the solution stand before the test.
            before: the cells of the judge's that the test needs.
        """
        if not self._decides or _APART_ONLY.search(cell.source):
            return False
        session = self._reference.as_of(place)
        try:
            marked = run(session, cell, before)
        except SandboxError:
            raise
        except GraderError:
            return False
        finally:
            session.close()
        if marked.points != cell.points:
            return False
        self.known[cell.grade_id] = why
        return True

    def hint(self, cell: Cell) -> str:
        """Return what staff can allow where a test cannot be judged apart, or ""."""
        if self._student.limits.beside or _APART_ONLY.search(cell.source):
            return ""
        return f"; if it passes at a desk, {SETTING} has it run beside submissions, where its marks could be forged"

    def judged(self, cell: Cell, before: Sequence[Cell], elapsed_s: float) -> tuple[CellResult, list[Output]]:
        """Run a test beside the student's code; return its result and what it showed."""
        marked = run(self._student, cell, before)
        mark: Mark = "person" if marked.points is None else "partial"
        if marked.points in (0.0, cell.points):
            mark = "pass" if marked.points == cell.points else "fail"
        given = f"This test gives {number(marked.points or 0.0)} of {number(cell.points)} points."
        reason = marked.error or ("" if mark == "pass" else given)
        why = f"{COULD_BE_FORGED} Why not apart: {self.known[cell.grade_id]}"
        result = CellResult(
            cell.grade_id,
            mark,
            marked.points,
            cell.points,
            cell.claim,
            printable(reason)[:MAX_REASON_CHARS],
            printable(f"{why}\n{marked.error}".strip()),
            elapsed_s,
            beside=printable(self.known[cell.grade_id]),
        )
        return result, [_for_staff(why), *marked.outputs]


def run(session: Session, cell: Cell, before: Sequence[Cell]) -> Marked:
    """Run a test in a process as nbgrader does, after what it needs of the tests before it; nothing is remembered."""
    for former in before:
        if former.role == "test":
            session.ask(former.source)
    outputs, _ = session.ask(cell.source)
    return _marked(cell, outputs)


def _marked(cell: Cell, outputs: Sequence[Output]) -> Marked:
    """Return the points by nbgrader's rules: an error or a word on stderr is 0, a number of the last line is them."""
    shown = [output for output in outputs if output["output_type"] not in ("error", "execute_result")]
    for output in outputs:
        if output["output_type"] == "error":
            return Marked(0.0, _in_words(cell, output), shown)
        if output["output_type"] == "stream" and output["name"] == "stderr":
            return Marked(0.0, "The test printed a warning, which nbgrader takes for an error.", shown)
        if output["output_type"] == "execute_result":
            return _partial(cell, str(output["data"].get("text/plain", "")), shown)
    return Marked(cell.points, "", shown)


def _partial(cell: Cell, text: str, shown: list[Output]) -> Marked:
    try:
        points = float(text)
    except ValueError:
        return Marked(cell.points, "", shown)
    if not 0 <= points <= cell.points:
        return Marked(None, f"The test ends in {points:g}, and the cell has {number(cell.points)} points.", shown)
    return Marked(points, "", shown)


def _in_words(cell: Cell, output: Output) -> str:
    """Return why a test failed, for the student: never a line of a hidden test."""
    name, said = str(output.get("ename", "")), str(output.get("evalue", "")).strip()
    if name == "NotImplementedError":
        return "Not implemented yet: your code still raises NotImplementedError."
    if name == "AssertionError":
        return said or ("A hidden check did not hold." if cell.hidden else "A check of this test did not hold.")
    return f"Your code, or the test with what it returned, raised {name}{f': {said}' if said else ''}"


def _for_staff(text: str) -> dict[str, Any]:
    return {"output_type": "display_data", "data": {"text/plain": text}, "metadata": {"kernelmark": {"for": "staff"}}}
