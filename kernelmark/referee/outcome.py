"""What came of a test cell, as a result with its reasons: what a student may read, and what staff read.

A student never reads a line of a hidden test, nor words of the course's own code. It runs
nothing: `judge` does.
"""

import json
from dataclasses import dataclass
from typing import Any

from kernelmark.errors import CourseError, GraderError, SubmissionError
from kernelmark.notebook.cells import Cell, holds_no_statement
from kernelmark.records import Cause, CellResult, Mark, Verdict
from kernelmark.stopwatch.stats import number
from kernelmark.wire.raised import printable, remote_traceback

MAX_REASON_CHARS = 1_500
UNWRITTEN = "Not implemented yet: your code still raises NotImplementedError."

Output = dict[str, Any]


@dataclass(frozen=True)
class Found:
    """What a test cell came to.

    Args:
        error: the exception that ended it, if any.
        verdicts: what its speed checks found.
        trouble: why nobody can be marked, or None.
        cause: the cell that did not run and that explains the error, or None.
        names: those that the solution defines.
        number: what the test ended in, where that is a number of its own: the points.
    """

    error: BaseException | None
    verdicts: tuple[Verdict, ...]
    trouble: str | None
    elapsed_s: float
    cause: Cause | None
    names: frozenset[str]
    number: float | None = None


def trouble_of(
    cell: Cell, error: BaseException | None, verdicts: tuple[Verdict, ...], number_: float | None = None
) -> str | None:
    """Return why nobody can be marked, or None where the submission answers for the outcome."""
    if isinstance(error, GraderError | CourseError):
        return f"{type(error).__name__}: {error}"
    if holds_no_statement(cell.source):
        return "CourseError: this test holds no statement that could fail, so everybody would pass; give it an assert"
    if len(verdicts) > 1:
        return "CourseError: a test cell may hold one speed check, this one holds more"
    if verdicts and verdicts[0].max_points != cell.points:
        return f"CourseError: the last step gives {verdicts[0].max_points} points, the cell has {cell.points}"
    if error is None and number_ is not None:
        if verdicts:
            return "CourseError: a speed check gives the points, and so does the number on the last line; leave one out"
        if not 0 <= number_ <= cell.points:
            return (
                f"CourseError: the number on the last line of a test is its points: {number_:g} came, and the cell has "
                f"{cell.points:g}; end it in an assert, or divide"
            )
    return None


def result_of(cell: Cell, found: Found) -> CellResult:
    """Return the mark of a test cell, its points and its reasons."""

    def result(mark: Mark, points: float | None, reason: str, staff: str = "") -> CellResult:
        shown = printable(reason)[:MAX_REASON_CHARS]
        given = (cell.grade_id, mark, points, cell.points, cell.claim, shown, printable(staff))
        return CellResult(*given, found.elapsed_s, found.verdicts)

    error = found.error
    if found.trouble is not None:
        words = "This test could not be judged; it costs you nothing, a person will look."
        return result("person", None, words, found.trouble)
    if error is not None:
        said = f"{type(error).__name__}: {error}"
        detail = getattr(error, "kernelmark_staff", "")
        if detail:  # words of the course's own, for staff alone
            return result("fail", 0.0, str(error), f"by the submission's doing, not by the course's: {detail}")
        if found.cause is not None and found.cause.error != "NotImplementedError":
            not_reached = f"not reached: see {found.cause.where}"
            return result("fail", 0.0, not_reached, f"{not_reached} ({said})")
        return result("fail", 0.0, UNWRITTEN if found.cause else _reason(cell, error, found.names), said)
    if not found.verdicts and found.number is not None:
        given = f"This test gives {number(found.number)} of {number(cell.points)} points."
        part: Mark = "partial" if found.number > 0 else "fail"
        full = found.number == cell.points
        return result("pass" if full else part, found.number, "" if full else given)
    if not found.verdicts:
        return result("pass", cell.points, "")
    verdict = found.verdicts[0]
    if verdict.outcome == "inconclusive":
        return result("person", None, verdict.reason, verdict.reason)
    return result("pass" if verdict.points == cell.points else "partial", verdict.points, verdict.reason)


def writable(outputs: list[Output]) -> list[Output]:
    """Return outputs whose text can be written to a file: a value of the student's may hold half a character."""
    found: list[Output] = json.loads(json.dumps(outputs, ensure_ascii=False).encode("utf-8", "replace"))
    return found


def status(result: CellResult) -> Output:
    """Return the line that students and staff see first under a test cell."""
    earned = (
        "needs a person" if result.points is None else f"{number(result.points)} of {number(result.max_points)} points"
    )
    head = {"pass": "Passed", "partial": "Partly", "fail": "Not passed", "person": "Not judged"}[result.mark]
    words = (f"{head}: {earned}.", result.claim if result.mark == "fail" else "", result.reason)
    text = "\n".join(word for word in words if word)
    return {"output_type": "display_data", "data": {"text/plain": text}, "metadata": {"kernelmark": {"for": "student"}}}


def _reason(cell: Cell, error: BaseException, names: frozenset[str]) -> str:
    """Return why the cell failed, for the student: never a line of a hidden test."""
    remote = next((e for e in (error, error.__cause__) if getattr(e, "kernelmark_remote", False)), None)
    if getattr(remote, "kernelmark_reference", False) and remote is error:
        # Its words and its lines are the course's own.
        return f"The course's own code could not use what your code returned ({type(error).__name__})."
    own = None if getattr(remote, "kernelmark_reference", False) else remote
    if isinstance(own, NotImplementedError):
        return UNWRITTEN
    trace = f"\n{remote_traceback(own)}" if own is not None else ""
    if own is error:
        return f"Your code raised {type(error).__name__}: {error}{trace}"
    if isinstance(error, AssertionError | SubmissionError) and str(error).strip():
        return f"{error}{trace}"
    if isinstance(error, AssertionError):
        return _failing_line(cell, error)
    said = f"{type(error).__name__}: {error}"
    if isinstance(error, NameError) and error.name in names:
        return f"Your notebook lacks it: name '{error.name}' is not defined."
    if _line_number(error) not in range(1, min(cell.hidden, default=10**9) - 1):
        # Python's words may quote the test: a name, a key, the signature of a helper.
        said = type(error).__name__ if type(error).__module__ == "builtins" else "an error of its own"
    return f"The test could not use what your code returned ({said})."


def _line_number(error: BaseException) -> int:
    """Return the line of the test cell that raised; a magic in its first line takes one away."""
    trace, number_ = error.__traceback__, 0
    while trace is not None:
        if trace.tb_frame.f_code.co_name == "<module>":
            number_ = trace.tb_lineno
        trace = trace.tb_next
    return number_


def _failing_line(cell: Cell, error: BaseException) -> str:
    number_ = _line_number(error)
    lines = cell.source.split("\n")
    if number_ in cell.hidden or not 0 < number_ <= len(lines):
        return "A hidden check did not hold."
    return f"This check did not hold: {lines[number_ - 1].strip()}"
