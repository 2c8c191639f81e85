"""`nbgrader export` to a table that a spreadsheet may open: every field quoted, and no field a formula.

The columns are those of nbgrader's own export. Names and ids come from people and platforms; a
spreadsheet would compute one that begins like a formula, so such a field begins with an apostrophe.
It changes no mark and reads nothing but the grade book.
"""

import csv
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.plugins import ExportPlugin

from kernelmark.text import field

COLUMNS = (
    "assignment",
    "duedate",
    "timestamp",
    "student_id",
    "last_name",
    "first_name",
    "email",
    "raw_score",
    "late_submission_penalty",
    "score",
    "max_score",
)


class GradeSheet(ExportPlugin):
    """Writes grades.csv, or what --to names."""

    def export(self, gradebook: Gradebook) -> None:
        """Write one row for each student and assignment that was asked for."""
        target = Path(self.to or "grades.csv")
        self.log.info("Exporting grades to %s", target)
        assignments, students = ({str(name) for name in names} for names in (self.assignment, self.student))
        with target.open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
            rows.writerow(COLUMNS)
            for assignment in gradebook.assignments:
                for student in gradebook.students:
                    if assignment.name in (assignments or {assignment.name}) and student.id in (
                        students or {student.id}
                    ):
                        rows.writerow([field(value) for value in _row(gradebook, assignment, student)])


def _row(gradebook: Gradebook, assignment: Any, student: Any) -> tuple[Any, ...]:
    try:
        submission = gradebook.find_submission(assignment.name, student.id)
        penalty = submission.late_submission_penalty
        when, raw = submission.timestamp, submission.score
    except MissingEntry:
        when, raw, penalty = None, 0.0, 0.0
    who = (student.id, student.last_name, student.first_name, student.email)
    return (
        assignment.name,
        assignment.duedate,
        when,
        *who,
        raw,
        penalty,
        max(0.0, raw - penalty),
        assignment.max_score,
    )
