"""What of an assignment needs a look: whoever is in one place only, of the folders, the records and the grade book.

Lines of text for `report`. It reads and changes nothing; `kernelmark autograde` puts most of it right.
"""

import contextlib
import re
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook

from kernelmark.course.folder import has_grade_book, open_course
from kernelmark.course.gradebook import Book
from kernelmark.course.places import literal_glob
from kernelmark.course.settings import Kernelmark
from kernelmark.course.stores import Kept, Ledger, agree, kept, ledger, named
from kernelmark.notebook.intake import exchange_clock, timestamp_fault

# A report lists names; longer lists are cut.
MAX_NAMES = 40


def looks(assignment: str, records: Path) -> list[str]:
    """Return what needs a look, a line each, and none where everything is where it belongs.

    Raises:
        StorageError: the grade book cannot be read.
    """
    app = open_course()
    course = app.coursedir
    assert course is not None
    with contextlib.chdir(course.root):
        places = {
            "submitted": students_in(course, course.submitted_directory, assignment),
            "autograded": students_in(course, course.autograded_directory, assignment),
            "record": {path.name for path in (records / assignment).glob("*") if any(path.glob("*.json"))},
        }
        outlines = {
            (student, path.stem): kept(path)
            for student in places["record"]
            for path in (records / assignment / student).glob("*.json")
        }
        book = _ledger(app, assignment)
        clock = exchange_clock(app.config)
        faults = {
            student: timestamp_fault(course.format_path(course.submitted_directory, student, assignment), *clock)
            for student in sorted(places["submitted"])
        }
    unread = [f"{named([student])}: timestamp.txt: {fault}" for student, fault in faults.items() if fault]
    return _lines(assignment, places, outlines, book) + unread


def _lines(
    assignment: str,
    places: dict[str, set[str]],
    outlines: dict[tuple[str, str], Kept | None],
    book: Ledger | None,
) -> list[str]:
    again = f"; run: kernelmark autograde {assignment}"
    if book is None:
        remedy = f"; run: nbgrader generate_assignment {assignment} --force, kernelmark autograde {assignment}"
        missing = f"{assignment} is not in the grade book, nor is anybody's mark{remedy}"
        return [missing] if any(places.values()) else []
    # Where everything waits for a person, the record has no marks either, and a row is all that there can be.
    waiting = {
        who for (who, _), record in outlines.items() if record and all(m is None for m, _ in record.marks.values())
    }
    held = {student for student, row in book.held.items() if _graded(row) or (student in waiting and row.notebooks)}
    whole = {student for student, _ in outlines}
    differ = {
        student
        for (student, notebook), record in outlines.items()
        if student in held and record is not None and not agree(book, student, notebook, record)
    }
    here = places["submitted"]
    unread = {student for (student, _), record in outlines.items() if record is None}
    found = [
        (places["record"] - held, "with a record, and without marks in the grade book", again),
        (held - places["record"], "with marks in the grade book, and without a record", again),
        (differ, "whose automatic marks in the grade book are not those of the record", again),
        (unread, "whose record cannot be read", again),
        (places["autograded"] - held - whole, "in autograded/, without a record or marks in the grade book", again),
        (here - held - whole - places["autograded"], "handed in, and not graded", again),
        (
            (held | places["record"]) - here,
            "graded, and no longer in submitted/",
            "; a run of grading passes over them",
        ),
    ]
    return [f"{named(sorted(who), MAX_NAMES)}: {what}{remedy}" for who, what, remedy in found if who]


def _graded(row: Any) -> bool:
    return any(place.by_hand or any(m is not None for m in place.marks.values()) for place in row.notebooks.values())


def students_in(course: Any, directory: str, assignment: str) -> set[str]:
    """Return whose folders for an assignment lie in one of nbgrader's directories, as seen from the course's root."""
    pattern = re.compile(course.format_path(directory, "(?P<student>.*)", re.escape(assignment), escape=True))
    excluded = course.student_id_exclude.split(",")
    found = (
        pattern.match(path)
        for path in literal_glob(course.format_path(directory, "*", assignment))
        if Path(path).is_dir()
    )
    return {match["student"] for match in found if match is not None} - {*excluded, "."}


def _ledger(app: Any, assignment: str) -> Ledger | None:
    if not has_grade_book(app):
        return None
    found: list[Ledger | None] = []

    def look(opened: Gradebook) -> None:
        found.append(ledger(opened, assignment))

    with contextlib.closing(Book(app.coursedir.db_url, Kernelmark(parent=app).grade_book_wait_s)) as book:
        book.in_one_transaction(look)
    return found[-1]
