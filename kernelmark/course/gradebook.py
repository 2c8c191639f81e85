"""nbgrader's grade book: all the marks of a submission in one transaction, or none of them.

`write_marks` puts what grading found beside what people gave: manual scores, extra credit
and manual comments are never touched, and late penalties follow the new score. `void_marks`
empties automatic marks that belong to other work than what is handed in now. A grade book
that cannot be written is told in one line with the remedy. It does not decide marks.
"""

import contextlib
import errno
import logging
import os
import sqlite3
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from nbgrader.api import Comment, Grade, Gradebook, InvalidEntry, MissingEntry, SubmittedNotebook
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError, SAWarning

from kernelmark.errors import CourseError, GraderError, StorageError
from kernelmark.records import CellResult, SubmissionResult

# Returns the penalty of a late notebook: (student, score, seconds late, assignment) -> points, or None.
Penalty = Callable[[str, float, float, str], float | None]
# How often a locked grade book is tried again.
RETRY_S = 0.1
AGAIN = "then run the same command again; nothing is lost"


class Book:
    """nbgrader's grade book, opened when first needed and kept open, which holds no lock between transactions."""

    def __init__(self, db_url: str, wait_s: float):
        self._db_url = db_url
        self._wait_s = wait_s
        self._open: Gradebook | None = None

    def in_one_transaction(self, write: Callable[[Gradebook], object]) -> None:
        """Write and commit; wait for a lock, or a server that comes back, as long as it may take.

        Raises:
            StorageError: it cannot be written; nothing was, and the message says what to do.
            GraderError: it refuses what was to be written; nothing was.
        """
        deadline = time.monotonic() + self._wait_s
        while True:
            try:
                self._write(write)
                return
            except (DBAPIError, InvalidEntry) as error:
                self.close()
                below = error.__context__ if isinstance(error, InvalidEntry) else error
                if isinstance(below, IntegrityError | DataError):
                    raise GraderError(_advice(self._db_url, str(error), self._wait_s)) from None
                if not self._may_pass(below) or time.monotonic() > deadline:
                    raise StorageError(_advice(self._db_url, str(error), self._wait_s)) from None
            except BaseException:  # ctrl-C included: a connection in the middle of something is of no more use
                self.close()
                raise
            time.sleep(RETRY_S)

    def close(self) -> None:
        """Close it; the next transaction opens it again."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def _write(self, write: Callable[[Gradebook], object]) -> None:
        if self._open is None:
            # Without a course's name nbgrader adds no row for the course.
            self._open = Gradebook(self._db_url, "")
        book = self._open
        book.db.remove()
        with book.engine.begin() as connection:
            # nbgrader commits after every row; here its commits are flushes, and this block's end is the commit.
            book.db.configure(bind=connection, join_transaction_mode="rollback_only")
            write(book)
            book.db.commit()
            book.db.remove()

    def _may_pass(self, error: BaseException | None) -> bool:
        """Say whether waiting may help: another program's lock, or a server that is away."""
        if make_url(self._db_url).get_backend_name() == "sqlite":
            return "locked" in str(error)
        return isinstance(error, OperationalError)


def in_one_transaction(db_url: str, write: Callable[[Gradebook], object], wait_s: float) -> None:
    """Do one transaction of `Book`, and close it.

    Raises:
        StorageError, GraderError: as there.
    """
    with contextlib.closing(Book(db_url, wait_s)) as book:
        book.in_one_transaction(write)


def write_marks(
    book: Gradebook, result: SubmissionResult, comments: Mapping[str, str | None], penalty: Penalty
) -> None:
    """Put the automatic marks and comments of one notebook in the grade book, without a commit.

    Args:
        comments: the automatic comment of each solution cell, None where there is none.

    Raises:
        CourseError: a cell is not in the grade book.
    """
    try:
        submission = book.find_submission(result.assignment, result.student)
        grades: dict[str, Any] = {}
        remarks: dict[str, Any] = {}
        if result.cells or comments:  # one that asks for nothing need not be in the grade book
            notebook = _notebook(book, submission, result.notebook)
            tasks = notebook.notebook.task_cells
            grades = _by_cell(book, Grade, notebook, [*notebook.notebook.grade_cells, *tasks])
            remarks = _by_cell(book, Comment, notebook, [*notebook.notebook.solution_cells, *tasks])
        missing = {cell.grade_id for cell in result.cells}.difference(grades) | set(comments).difference(remarks)
        if missing:
            raise MissingEntry(f"No such cells: {', '.join(sorted(missing))}")
    except MissingEntry as error:
        raise CourseError(
            f"source/ and the grade book differ ({error}); run: kernelmark update {result.assignment}"
        ) from None
    for cell in result.cells:
        set_grade(grades[cell.grade_id], cell)
    for grade_id, text in comments.items():
        remarks[grade_id].auto_comment = text
    set_penalties(book, submission, penalty)


def enter_submission(book: Gradebook, assignment: str, student: str, timestamp: Any) -> None:
    """Enter that a student handed something in, the student too where unknown, without a commit."""
    book.update_or_create_student(student)
    when = {"timestamp": timestamp} if timestamp else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)  # nbgrader builds a new submission piece by piece
        book.update_or_create_submission(assignment, student, **when)


def _notebook(book: Gradebook, submission: Any, name: str) -> Any:
    """Return a submitted notebook's row; one that is missing is made.

    Raises:
        MissingEntry: the assignment has no such notebook.
    """
    # Not `find_notebook`, for which SQLite counts the submissions of the whole class once more.
    own = next((each for each in submission.assignment.notebooks if each.name == name), None)
    if own is None:
        raise MissingEntry(f"No such notebook: {submission.assignment.name}/{name}")
    ids = {"notebook_id": own.id, "assignment_id": submission.id}
    found = book.db.query(SubmittedNotebook).filter_by(**ids).first()
    if found is None:
        found = SubmittedNotebook(**ids)
        book.db.add(found)
        book.db.flush()
    return found


def _by_cell(book: Gradebook, kind: Any, notebook: Any, cells: Sequence[Any]) -> dict[str, Any]:
    """Return the grades or comments of a submitted notebook, by the names of their cells; of two, the first's.

    nbgrader's `find_grade` and `find_comment` are looked up in SQLite by going through a cell's grades of the
    whole class; the two columns together have an index.
    """
    ids = [cell.id for cell in cells]
    rows = book.db.query(kind).filter(kind.cell_id.in_(ids), kind.notebook_id == notebook.id)
    found = {row.cell_id: row for row in rows}
    for cell_id in set(ids).difference(found):  # lost, or of a cell that came later
        found[cell_id] = kind(cell_id=cell_id, notebook_id=notebook.id)
        book.db.add(found[cell_id])
    return {cell.name: found[cell.id] for cell in reversed(cells) if cell.id in found}


def void_marks(book: Gradebook, assignment: str, student: str, notebook: str | None, penalty: Penalty) -> bool:
    """Empty the automatic marks of a submission, without a commit; return whether there were any.

    Args:
        notebook: only this one; None for all.
    """
    try:
        submission = book.find_submission(assignment, student)
    except MissingEntry:
        return False
    graded = [each for each in submission.notebooks if notebook in (None, each.name)]
    if all(grade.auto_score is None for each in graded for grade in each.grades):
        return False
    for each in graded:
        for grade in each.grades:
            set_grade(grade, None)
        for comment in each.comments:
            comment.auto_comment = None
    set_penalties(book, submission, penalty)
    return True


def set_grade(grade: Any, result: CellResult | None) -> None:
    """Set nbgrader's automatic score: empty where a person must look, and manual marks are never touched."""
    grade.auto_score = result.points if result is not None else None
    grade.needs_manual_grade = grade.manual_score is not None or grade.auto_score is None


def set_penalties(book: Gradebook, submission: Any, penalty: Penalty) -> None:
    """Set the late penalty of every notebook of a submission from its score as it is now."""
    book.db.flush()
    # Not by `submission.notebooks`, for which SQLite goes through those of the whole class.
    ids = [notebook.id for notebook in submission.assignment.notebooks]
    late_s = seconds_late(submission.timestamp, submission.assignment.duedate, submission.extension)
    rows = book.db.query(SubmittedNotebook)
    for notebook in rows.filter(
        SubmittedNotebook.notebook_id.in_(ids), SubmittedNotebook.assignment_id == submission.id
    ):
        book.db.refresh(notebook)
        # The score is a sum for which SQLite goes through the grades of the whole class: asked of what is late alone.
        late = (late_s, submission.assignment.name)
        lost = penalty(submission.student_id, notebook.score, *late) if late_s > 0 else None
        notebook.late_submission_penalty = lost


def seconds_late(timestamp: datetime | None, duedate: datetime | None, extension: timedelta | None) -> float:
    """Return how late something was handed in; an extension of no due date extends nothing."""
    if timestamp is None or duedate is None:
        return 0.0
    return max(0.0, (timestamp - duedate - (extension or timedelta())).total_seconds())


def check_writable(db_url: str, wait_s: float, log: logging.Logger | None = None) -> None:
    """Make sure that the grade book can be written now; other databases than SQLite tell themselves.

    Raises:
        StorageError: it cannot; the message says what to do.
    """
    url = make_url(db_url)
    if url.get_backend_name() != "sqlite" or not url.database or not Path(url.database).is_file():
        return
    path = Path(url.database)
    check_place(path)
    check_place(path.parent)
    deadline = time.monotonic() + wait_s
    said = False
    while True:
        try:
            book = sqlite3.connect(path, timeout=RETRY_S, isolation_level=None)
            try:
                book.execute("BEGIN IMMEDIATE")
                book.execute("ROLLBACK")
                return
            finally:
                book.close()
        except sqlite3.DatabaseError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise StorageError(_advice(db_url, str(error), wait_s)) from None
        if log is not None and not said:
            log.warning("Another program holds the lock of the grade book %s; waiting up to %g s", path, wait_s)
            said = True


def check_place(path: Path) -> None:
    """Make sure that a file or folder, or the folder that it will be made in, can be written.

    Raises:
        StorageError: it cannot.
    """
    while not path.exists() and path != path.parent:
        path = path.parent
    if not os.access(path, os.W_OK | (os.X_OK if path.is_dir() else 0)):
        raise StorageError(explain(PermissionError(errno.EACCES, "", str(path))))


def explain(error: OSError) -> str:
    """Return a failure to write a file as one line that says what to do."""
    where = f"{error.filename}: " if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return f"{where}the disk is full, or a quota is used up; free some space, {AGAIN}"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return (
            f"{where}it is read-only, or belongs to another user; make it writable (chmod u+w, or mount its disk "
            f"for writing), {AGAIN}"
        )
    return f"{where}{error.strerror or error}; set that right, {AGAIN}"


def _advice(db_url: str, text: str, wait_s: float) -> str:
    name = make_url(db_url).database or "the grade book"
    lowered = text.lower()
    if "locked" in lowered:
        return (
            f"the grade book {name} is locked by another program (waited {wait_s:g} s); close formgrader, database "
            f"browsers and other nbgrader commands, {AGAIN}"
        )
    if "readonly" in lowered or "unable to open" in lowered:
        return explain(PermissionError(errno.EACCES, "", f"the grade book {name}"))
    if "full" in lowered or "disk i/o" in lowered:
        return explain(OSError(errno.ENOSPC, "", f"the grade book {name}"))
    if "no such column" in lowered or "no such table" in lowered:
        return f"the grade book {name} is of another version of nbgrader; back it up, run: nbgrader db upgrade"
    return f"the grade book {name} cannot be used: {text.splitlines()[0][:300]}"
