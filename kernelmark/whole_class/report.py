"""Summaries for staff, from records alone: a table for a terminal, a page for a browser.

It reads what grading left behind and changes nothing. Everything a student wrote is
escaped; the page loads nothing and runs nothing.
"""

import contextlib
from collections.abc import Sequence
from pathlib import Path

from kernelmark.errors import KernelmarkError
from kernelmark.notebook import page
from kernelmark.records import SubmissionResult, from_json, missing_module
from kernelmark.stopwatch import picture
from kernelmark.stopwatch.stats import number
from kernelmark.text import visible

# What one cell has to say to staff; a message that a submission made long is cut.
MAX_STAFF_CHARS = 20_000
# In a line on a terminal; the page has all.
MAX_NAMED = 5


def load_records(root: Path, assignment: str) -> list[SubmissionResult]:
    """Return every record of an assignment, by student.

    Raises:
        KernelmarkError: there is none.
    """
    found = []
    for path in sorted((root / assignment).glob("*/*.json")):
        with contextlib.suppress(ValueError):  # `looks` names it
            found.append(from_json(SubmissionResult, path.read_bytes()))
    if not found:
        raise KernelmarkError(f"no records of {assignment} in {root}; run: nbgrader autograde {assignment}")
    return found


def as_table(records: Sequence[SubmissionResult]) -> str:
    """Return the class as lines of text: what did not run, points, cells for a person, and the time it took."""
    width = max(7, *(len(visible(record.student, lines=False)) for record in records))
    causes = [f"{text}: {_some(students)}" for text, students in did_not_run(records)]
    first = [visible(line, lines=False) for line in (*missing_modules(records), *causes)]
    lines = [*first, *([""] if first else []), f"{'student':{width}}  points  of   person  time"]
    for record in records:
        earned, most, people = totals(record)
        student = visible(record.student, lines=False)
        lines.append(
            f"{student:{width}}  {number(earned):>6}  {number(most):>3}  {people:>6}  {record.elapsed_s:4.1f} s"
        )
    odd = [f"  {visible(r.student, lines=False)}: {visible(' '.join(r.notes), lines=False)}" for r in _odd(records)]
    beside = [
        f"  {visible(name, lines=False)} ({count} of {len(records)}): {visible(why, lines=False)}"
        for name, count, why in judged_beside(records)
    ]
    lines += ["judged beside the submissions, could be forged:", *beside] if beside else []
    return "\n".join([*lines, *(["needs a look:"] if odd else []), *odd])


def as_page(records: Sequence[SubmissionResult], looks: Sequence[str] = ()) -> str:
    """Return the class as an HTML page: marks, the cells most often missed, and every doubtful verdict.

    Args:
        looks: what needs a look, a line each; put before them.
    """
    doubtful = [
        (record.student, cells)
        for record in records
        if (cells := [cell for cell in record.cells if cell.points is None and cell.staff and cell.claim])
    ]
    return page.render(
        "report.html",
        assignment=records[0].assignment,
        records=records,
        looks=looks,
        machines=sorted({f"{r.machine.processor}, {r.machine.cores} cores, NumPy {r.machine.numpy}" for r in records}),
        missed=_missed(records),
        beside=judged_beside(records),
        odd=_odd(records),
        missing=missing_modules(records),
        causes=did_not_run(records),
        doubtful=doubtful,
        most_chars=MAX_STAFF_CHARS,
        totals=totals,
        number=number,
        as_svg=picture.as_svg,
    )


def judged_beside(records: Sequence[SubmissionResult]) -> list[tuple[str, int, str]]:
    """Return the tests that ran beside submissions, each with how often and why, in the order of the notebook."""
    found: dict[str, tuple[int, str]] = {}
    for record in records:
        for cell in record.cells:
            if cell.beside:
                found[cell.grade_id] = (found.get(cell.grade_id, (0, ""))[0] + 1, cell.beside)
    return [(name, count, why) for name, (count, why) in found.items()]


def totals(record: SubmissionResult) -> tuple[float, float, int]:
    """Return the points earned, the points there are, and how many cells need a person."""
    earned = sum(cell.points or 0.0 for cell in record.cells)
    return earned, sum(cell.max_points for cell in record.cells), sum(cell.points is None for cell in record.cells)


def _odd(records: Sequence[SubmissionResult]) -> list[SubmissionResult]:
    """Return the records of folders about which something was odd, those first that wait for a person."""
    return sorted((record for record in records if record.notes), key=lambda record: not record.doubt)


def missing_modules(records: Sequence[SubmissionResult]) -> list[str]:
    """Return a sentence for each module that submissions import and that is not installed, the commonest first."""
    importing: dict[str, set[str]] = {}
    for record in records:
        for module in record.missing_modules:
            importing.setdefault(module, set()).add(record.student)
    return [missing_module(name, len(who)) for name, who in sorted(importing.items(), key=lambda i: (-len(i[1]), i[0]))]


def did_not_run(records: Sequence[SubmissionResult]) -> list[tuple[str, list[str]]]:
    """Return what kept cells from running, each with the students whom it befell, the commonest first."""
    found: dict[str, dict[str, None]] = {}
    for record in records:
        for cause in record.causes:
            found.setdefault(cause.text, {})[record.student] = None
    return sorted(((text, list(who)) for text, who in found.items()), key=lambda item: -len(item[1]))


def _some(students: Sequence[str]) -> str:
    more = len(students) - MAX_NAMED
    return ", ".join(students[:MAX_NAMED]) + (f" and {more} more" if more > 0 else "")


def _missed(records: Sequence[SubmissionResult]) -> list[tuple[str, int, str]]:
    counts: dict[str, tuple[int, str]] = {}
    for record in records:
        for cell in record.cells:
            if cell.points is not None and cell.points < cell.max_points:
                counts[cell.grade_id] = (counts.get(cell.grade_id, (0, ""))[0] + 1, cell.claim)
    ranked = sorted(counts.items(), key=lambda item: (-item[1][0], item[0]))[:20]
    return [(name, count, claim.partition("\n")[0]) for name, (count, claim) in ranked]
