"""Late penalties of work graded before, worked out again at every run: a due date moves, a mark is given by hand.

It grades nothing and changes nothing but penalties, and timestamps that were read wrongly.
"""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from nbgrader import utils
from nbgrader.api import Gradebook, SubmittedAssignment, SubmittedNotebook

from kernelmark.course.gradebook import Book, Penalty, seconds_late
from kernelmark.course.stores import Held, Ledger
from kernelmark.notebook.intake import timestamp_text
from kernelmark.stopwatch.stats import number


@dataclass(frozen=True)
class Changed:
    """One submission whose timestamp or penalty in the grade book is another now."""

    student: str
    timestamp: datetime | None
    penalties: Mapping[str, float | None]
    was: float
    now: float


def penalties_again(
    book: Book,
    assignment: str,
    held: Ledger,
    folders: Mapping[str, Path],
    penalty: Penalty,
    read: Callable[[Path], object],
) -> list[str]:
    """Bring penalties up to date; return whose changed, and whose could not be worked out, in lines.

    Args:
        folders: of what was handed in, by student; only these are looked at.
        read: returns when a folder was handed in, or None.
    """
    said: list[str] = []
    changed: list[Changed] = []
    for student, folder in folders.items():
        row = held.held.get(student)
        if row is None:
            continue
        when = _timestamp(row, folder, read)
        late_s = seconds_late(when, held.duedate, row.extension)
        old = {name: place.penalty for name, place in row.notebooks.items()}
        try:
            new = {name: penalty(student, place.score, late_s, assignment) for name, place in row.notebooks.items()}
        except Exception as error:  # the plugin is the instructor's own code, and may raise anything
            said.append(f"{student}: the late penalty could not be worked out: {type(error).__name__}: {error}")
            continue
        was, now = (sum(each or 0.0 for each in every.values()) for every in (old, new))
        if when != row.timestamp or any(abs((old[name] or 0.0) - (new[name] or 0.0)) > 1e-9 for name in new):
            changed.append(Changed(student, when, new, was, now))
    if changed:
        book.in_one_transaction(lambda opened: _write(opened, assignment, changed))
    said += [
        f"{each.student}: late penalty was {number(each.was)}, is {number(each.now)} (not graded again)"
        for each in changed
        if each.was != each.now
    ]
    return said


def _timestamp(row: Held, folder: Path, read: Callable[[Path], object]) -> datetime | None:
    """Return when it was handed in: as the grade book has it, but where that is a wrong reading of the file."""
    when = read(folder)
    if not isinstance(when, datetime) or when == row.timestamp:
        return row.timestamp
    stock = None
    with contextlib.suppress(ValueError, OverflowError, TypeError):
        stock = utils.parse_utc(timestamp_text(folder))
    return when if row.timestamp is None or row.timestamp == stock else row.timestamp


def _write(opened: Gradebook, assignment: str, changed: list[Changed]) -> None:
    row = opened.find_assignment(assignment)
    names = {notebook.id: notebook.name for notebook in row.notebooks}
    for each in changed:
        submission = opened.db.query(SubmittedAssignment).filter_by(assignment_id=row.id, student_id=each.student).one()
        submission.timestamp = each.timestamp
        rows = opened.db.query(SubmittedNotebook).filter(SubmittedNotebook.notebook_id.in_(names))
        for notebook in rows.filter(SubmittedNotebook.assignment_id == submission.id):
            notebook.late_submission_penalty = each.penalties.get(names[notebook.notebook_id])
