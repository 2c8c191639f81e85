"""How each student stands in an assignment, as the grade book has it: the mark, what of it waits, what lateness cost.

A mark is final when each cell that has points has one, by the machine or by a person. It reads the grade book in three
queries whatever the class's size, decides no mark and changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from nbgrader.api import (
    Assignment,
    Grade,
    Gradebook,
    GradeCell,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
    TaskCell,
)
from sqlalchemy import select


@dataclass
class Standing:
    """One submission in the grade book.

    Args:
        raw: points of all cells, before the late penalty; of those that have a mark where some wait.
        penalty: points that lateness took, in the grade book.
        cells: points of each cell, by name; None where it waits for a person.
        again: cells whose mark was given by hand and that were graded again since, so nbgrader asks for another look.
    """

    student: str
    timestamp: datetime | None
    extension: timedelta | None
    raw: float = 0.0
    penalty: float = 0.0
    cells: dict[str, float | None] = field(default_factory=dict)
    again: list[str] = field(default_factory=list)
    # The notebooks' own scores: a late penalty is worked out for each.
    scores: dict[str, float] = field(default_factory=dict)

    @property
    def waiting(self) -> list[str]:
        """The cells that nobody has marked."""
        return [name for name, points in self.cells.items() if points is None]

    @property
    def points(self) -> float:
        """The mark as nbgrader exports it; what waits counts nothing."""
        return max(0.0, self.raw - self.penalty)


@dataclass(frozen=True)
class Standings:
    """An assignment in the grade book: {cell: points there are}, and {student: standing}."""

    assignment: str
    duedate: datetime | None
    most: Mapping[str, float]
    of: Mapping[str, Standing]

    @property
    def max_points(self) -> float:
        """All the points there are."""
        return sum(self.most.values())


def assignments(book: Gradebook) -> list[str]:
    """Return the names of the assignments in the grade book, in the order of their due dates."""
    rows = book.db.execute(select(Assignment.name, Assignment.duedate)).all()
    return [row.name for row in sorted(rows, key=lambda row: (row.duedate or datetime.max, row.name))]


def students(book: Gradebook) -> set[str]:
    """Return the ids of the students in the grade book."""
    return set(book.db.execute(select(Student.id)).scalars())


def standings(book: Gradebook, assignment: str) -> Standings | None:
    """Return how everybody stands who is in the grade book with a submission; None for an unknown assignment."""
    row = book.db.execute(select(Assignment.id, Assignment.duedate).where(Assignment.name == assignment)).first()
    if row is None:
        return None
    books = {
        found.id: found.name
        for found in book.db.execute(select(Notebook.id, Notebook.name).where(Notebook.assignment_id == row.id))
    }
    cells: dict[str, tuple[str, str]] = {}
    most: dict[str, float] = {}
    several = len(books) > 1
    for kind in (GradeCell, TaskCell):
        wanted = select(kind.id, kind.name, kind.notebook_id, kind.max_score).where(kind.notebook_id.in_(books))
        for cell in book.db.execute(wanted):
            name = f"{books[cell.notebook_id]}/{cell.name}" if several else cell.name
            # An answer of no points waits for nobody.
            if cell.max_score:
                cells[cell.id] = (name, books[cell.notebook_id])
                most[name] = cell.max_score
    wanted_rows = select(
        SubmittedAssignment.id,
        SubmittedAssignment.student_id,
        SubmittedAssignment.timestamp,
        SubmittedAssignment.extension,
    ).where(SubmittedAssignment.assignment_id == row.id)
    made = {
        found.id: Standing(found.student_id, found.timestamp, found.extension, cells=dict.fromkeys(most))
        for found in book.db.execute(wanted_rows)
    }
    _read_grades(book, books, cells, made)
    return Standings(assignment, row.duedate, most, {each.student: each for each in made.values()})


def _read_grades(
    book: Gradebook, books: Mapping[str, str], cells: Mapping[str, tuple[str, str]], made: Mapping[str, Standing]
) -> None:
    rows = select(
        SubmittedNotebook.id,
        SubmittedNotebook.notebook_id,
        SubmittedNotebook.assignment_id,
        SubmittedNotebook.late_submission_penalty,
    ).where(SubmittedNotebook.notebook_id.in_(books))
    place: dict[str, tuple[Standing, str]] = {}
    for found in book.db.execute(rows):
        if found.assignment_id in made:
            standing = made[found.assignment_id]
            name = books[found.notebook_id]
            place[found.id] = (standing, name)
            standing.penalty += found.late_submission_penalty or 0.0
            standing.scores.setdefault(name, 0.0)
    grades = select(
        Grade.notebook_id,
        Grade.cell_id,
        Grade.auto_score,
        Grade.manual_score,
        Grade.extra_credit,
        Grade.needs_manual_grade,
    ).where(Grade.cell_id.in_(cells))
    for notebook, cell, auto, manual, extra, look in book.db.execute(grades):
        if notebook not in place:
            continue
        standing, name = place[notebook]
        given = auto if manual is None else manual
        points = (given or 0.0) + (extra or 0.0)
        standing.raw += points
        standing.scores[name] += points
        if given is not None:
            standing.cells[cells[cell][0]] = points
        if manual is not None and look:
            standing.again.append(cells[cell][0])
