"""Policies met with the grade book: what lateness costs each submission, and the sentence that says it.

A student's free days are used in the order of due dates, as far as each assignment needs them; so what an earlier
assignment took can change what is left for a later one. It writes nothing; `late` and `gradebook` write penalties.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from nbgrader.api import Assignment, Gradebook, SubmittedAssignment
from sqlalchemy import select

from kernelmark.course import policies, roster
from kernelmark.course.gradebook import Book, seconds_late
from kernelmark.course.policies import Loss, Policies
from kernelmark.course.standing import students
from kernelmark.errors import CourseError


@dataclass(frozen=True)
class Lateness:
    """The policies of a course, and how late everything in the grade book is.

    Args:
        late_s: {student: {assignment: seconds}}, nbgrader's extensions taken off, those of the policies not.
        order: the assignments by due date.
    """

    policies: Policies
    late_s: Mapping[str, Mapping[str, float]]
    order: tuple[str, ...]

    def loss(self, assignment: str, student: str, late_s: float | None = None) -> Loss:
        """Return what lateness costs a submission.

        Args:
            late_s: seconds after the due date, nbgrader's extension taken off; None: as the grade book has it.
        """
        all_s = self.late_s.get(student, {})
        late_s = all_s.get(assignment, 0.0) if late_s is None else late_s
        left = self.policies.free_days
        for earlier in self.order[: self.order.index(assignment)] if assignment in self.order else ():
            left -= self._one(earlier, student, all_s.get(earlier, 0.0), left).free_used
        return self._one(assignment, student, late_s, left)

    def sentence(self, assignment: str, student: str, score: float, lost: float) -> str:
        """Return what lateness cost a submission, or a notebook of it, in one sentence; "" where it was in time.

        Args:
            score: points before the penalty. lost: the penalty in the grade book, which has the last word.
        """
        found = self.loss(assignment, student)
        if abs(found.points(score) - lost) > 0.01:
            return f"handed in late: −{policies.in_points(lost)}" if lost else ""
        return found.sentence(lost)

    def _one(self, assignment: str, student: str, late_s: float, left: int) -> Loss:
        own_s = max(0.0, late_s - self.policies.allowance_s(assignment, student))
        return self.policies.rule(assignment).loss(own_s, left)


def of_course(root: Path, book: Book, source: Path) -> Lateness | None:
    """Return the lateness of a course's submissions by its policies file; None where it has none.

    Args:
        source: the folder of the instructor's notebooks, a folder for each assignment.

    Raises:
        CourseError: the file, or the roster, cannot be understood, or names what there is not.
        StorageError: the grade book cannot be read.
    """
    path = root / policies.FILE
    said = policies.read(path)
    if said is None:
        return None
    found: list[tuple[dict[str, datetime | None], dict[str, dict[str, float]], set[str]]] = []
    book.in_one_transaction(lambda opened: found.append(_look(opened)))
    due, late_s, known = found[-1]
    people = roster.read(root / roster.FILE) if (root / roster.FILE).is_file() else []
    said.check_names(
        {*due, *(each.name for each in source.glob("*") if each.is_dir())}, {*known, *(p.id for p in people)}, path
    )
    extra = {}
    for person in people:
        if person.extra_time:
            seconds = policies.duration_s(person.extra_time)
            if seconds is None:
                raise CourseError(
                    f"{root / roster.FILE}, line {person.line}: expected an extra time such as 1 day or 36 hours, got "
                    f"{person.extra_time!r}"
                )
            extra[person.id] = seconds
    order = sorted(due, key=lambda name: (due[name] or datetime.max, name))
    return Lateness(said.with_extra_time(extra), late_s, tuple(order))


def _look(
    opened: Gradebook,
) -> tuple[dict[str, datetime | None], dict[str, dict[str, float]], set[str]]:
    rows = opened.db.execute(select(Assignment.id, Assignment.name, Assignment.duedate)).all()
    names = {row.id: (row.name, row.duedate) for row in rows}
    late_s: dict[str, dict[str, float]] = {}
    for found in opened.db.execute(
        select(
            SubmittedAssignment.assignment_id,
            SubmittedAssignment.student_id,
            SubmittedAssignment.timestamp,
            SubmittedAssignment.extension,
        )
    ):
        name, due = names[found.assignment_id]
        late_s.setdefault(found.student_id, {})[name] = seconds_late(found.timestamp, due, found.extension)
    return dict(names.values()), late_s, students(opened)
