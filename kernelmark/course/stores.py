"""What the grade book and the records hold of a class, each in one look, and whether they say the same.

A submission's marks lie in three places: the grade book, the record, the graded notebook.
None of them decides for the others: each can be lost, or be older than the others. It
changes nothing; `resume` does.
"""

import json
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from nbgrader.api import (
    Assignment,
    Grade,
    Gradebook,
    GradeCell,
    Notebook,
    SubmittedAssignment,
    SubmittedNotebook,
    TaskCell,
)
from sqlalchemy import select

# So many students are asked for by name; beyond, the whole class is read, which is as quick.
MAX_ASKED = 100


@dataclass
class HeldNotebook:
    """What the grade book holds of one submitted notebook: {cell: automatic mark}, the score, the late penalty."""

    marks: dict[str, float | None] = field(default_factory=dict)
    score: float = 0.0
    penalty: float | None = None
    by_hand: bool = False


@dataclass
class Held:
    """What the grade book holds of one submission."""

    timestamp: datetime | None
    extension: timedelta | None
    notebooks: dict[str, HeldNotebook] = field(default_factory=dict)


@dataclass
class Ledger:
    """What the grade book holds of an assignment: {notebook: {cell: points}}, and {student: submission}."""

    duedate: datetime | None
    points: dict[str, dict[str, float]]
    held: dict[str, Held]


@dataclass(frozen=True)
class Kept:
    """What a record says, as far as it is asked again and again: hashes, and {cell: (mark, points)}."""

    handed_in: str
    source_sha256: str
    environment_sha256: str
    marks: dict[str, tuple[float | None, float]]


def kept(path: Path) -> Kept | None:
    """Return the outline of a record, None where there is none that can be read; `from_json` reads all of it."""
    try:
        found = json.loads(path.read_bytes())
        marks = {cell["grade_id"]: (cell["points"], cell["max_points"]) for cell in found["cells"]}
        return Kept(found["handed_in"], found["source_sha256"], found.get("environment_sha256", ""), marks)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def ledger(book: Gradebook, assignment: str, students: Collection[str] | None = None) -> Ledger | None:
    """Return what the grade book holds of an assignment, None where it has no such assignment.

    Args:
        students: those that matter; None for all.
    """
    row = book.db.execute(select(Assignment.id, Assignment.duedate).where(Assignment.name == assignment)).first()
    if row is None:
        return None
    names = {
        found.id: found.name
        for found in book.db.execute(select(Notebook.id, Notebook.name).where(Notebook.assignment_id == row.id))
    }
    made = Ledger(row.duedate, {name: {} for name in names.values()}, {})
    cells = _cells(book, names, made)
    few = students if students is not None and len(students) <= MAX_ASKED else None
    wanted = select(
        SubmittedAssignment.id,
        SubmittedAssignment.student_id,
        SubmittedAssignment.timestamp,
        SubmittedAssignment.extension,
    ).where(SubmittedAssignment.assignment_id == row.id)
    if few is not None:
        wanted = wanted.where(SubmittedAssignment.student_id.in_(few))
    submissions: dict[str, Held] = {}
    for found in book.db.execute(wanted):
        submissions[found.id] = made.held[found.student_id] = Held(found.timestamp, found.extension)
    _read_marks(book, names, cells, submissions, asked=few is not None)
    return made


def _cells(book: Gradebook, names: dict[str, str], made: Ledger) -> dict[str, tuple[str, bool]]:
    """Return {id of a cell with points: its name, and whether the first of this name}; tests before tasks."""
    cells: dict[str, tuple[str, bool]] = {}
    for kind in (GradeCell, TaskCell):
        rows = select(kind.id, kind.name, kind.notebook_id, kind.max_score).where(kind.notebook_id.in_(names))
        for found in book.db.execute(rows):
            points = made.points[names[found.notebook_id]]
            cells[found.id] = (found.name, found.name not in points)
            points.setdefault(found.name, found.max_score)
    return cells


def _read_marks(
    book: Gradebook,
    names: dict[str, str],
    cells: dict[str, tuple[str, bool]],
    submissions: dict[str, Held],
    *,
    asked: bool,
) -> None:
    """Fill in notebooks and marks: by columns that have an index, and without nbgrader's objects."""
    rows: Any = select(
        SubmittedNotebook.id,
        SubmittedNotebook.notebook_id,
        SubmittedNotebook.assignment_id,
        SubmittedNotebook.late_submission_penalty,
    ).where(SubmittedNotebook.notebook_id.in_(names))
    if asked:
        rows = rows.where(SubmittedNotebook.assignment_id.in_(submissions))
    notebooks: dict[str, HeldNotebook] = {}
    for found in book.db.execute(rows):
        if found.assignment_id in submissions:
            made = notebooks[found.id] = HeldNotebook(penalty=found.late_submission_penalty)
            submissions[found.assignment_id].notebooks[names[found.notebook_id]] = made
    rows = select(Grade.notebook_id, Grade.cell_id, Grade.auto_score, Grade.manual_score, Grade.extra_credit)
    rows = rows.where(Grade.cell_id.in_(cells))
    if asked:
        rows = rows.where(Grade.notebook_id.in_(notebooks))
    for notebook, cell, auto, manual, extra in book.db.execute(rows):
        place = notebooks.get(notebook)
        if place is None:
            continue
        name, first = cells[cell]
        if first:
            place.marks[name] = auto
        # As nbgrader's Grade.score.
        place.score += (auto or 0.0 if manual is None else manual) + (extra or 0.0)
        place.by_hand = place.by_hand or manual is not None or bool(extra)


def agree(book: Ledger, student: str, notebook: str, record: Kept) -> bool:
    """Say whether the grade book holds a notebook's automatic marks as the record has them, of as many points."""
    held = book.held.get(student)
    points = book.points.get(notebook)
    if points is None:  # one that asks for nothing need not be in the grade book
        return not record.marks and held is not None
    place = held.notebooks.get(notebook) if held is not None else None
    # An answer of no points is in no record.
    if place is None or {name for name, most in points.items() if most or name in record.marks} != set(record.marks):
        return False
    return all(
        name in place.marks and _equal(place.marks[name], mark) and _equal(points[name], most)
        for name, (mark, most) in record.marks.items()
    )


def _equal(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    # Some databases keep six digits.
    return math.isclose(one, other, rel_tol=1e-5, abs_tol=1e-9)


def named(names: Sequence[str], most: int = 10) -> str:
    """Return names for one line: the first of them, and how many more."""
    # A terminal obeys what is not printable.
    shown = ["".join(c if c.isprintable() else "?" for c in name) for name in names[:most]]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")
