"""The marks of an assignment, or of all, for a learning management system: final ones only, and nobody left out unsaid.

A mark is handed on when nothing of it waits for a person and it is of what is handed in now. Everybody else of the
roster, of the grade book and of submitted/ is told by name with the reason. It changes neither marks nor grade book;
`sheets` knows the formats.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook

from kernelmark.course import lateness, roster
from kernelmark.course.folder import has_grade_book, open_course
from kernelmark.course.gradebook import Book
from kernelmark.course.lateness import Lateness
from kernelmark.course.resume import folder_sha256
from kernelmark.course.roster import Person
from kernelmark.course.settings import Kernelmark
from kernelmark.course.standing import Standing, Standings, assignments, standings
from kernelmark.course.stores import kept, named
from kernelmark.errors import CourseError
from kernelmark.records import RECORDS
from kernelmark.whole_class import sheets
from kernelmark.whole_class.looks import students_in
from kernelmark.whole_class.sheets import Column, Entry

# A line names so many; the table has everybody.
MAX_NAMES = 40


@dataclass(frozen=True)
class Mark:
    """One student's mark in one assignment. `points` is None where there is none to hand on, and `why` says why."""

    student: str
    points: float | None
    why: str = ""
    # So far, where it waits; what lateness took; its sentence; the cells.
    so_far: float = 0.0
    penalty: float = 0.0
    late: str = ""
    cells: dict[str, float | None] = field(default_factory=dict)


@dataclass
class Marks:
    """The marks of a class in one assignment, and what is to be said of them, a line each."""

    assignment: str
    most: dict[str, float]
    people: list[Person]
    of: dict[str, Mark]
    told: list[str]

    @property
    def max_points(self) -> float:
        """All the points there are."""
        return sum(self.most.values())


@dataclass(frozen=True)
class Class:
    """What is known of a whole class: the roster, where there is one, and the marks of each assignment asked for."""

    marks: list[Marks]
    drop_lowest: int
    told: list[str]


def gather(names: Sequence[str], roster_file: Path | None) -> Class:
    """Return the marks of assignments of the course in the folder at hand; of all where none is named.

    Args:
        roster_file: None for `students.csv`, where it is there.

    Raises:
        CourseError: there is no grade book, no such assignment, or the roster or policies cannot be understood.
        StorageError: the grade book cannot be read.
    """
    app = open_course()
    course = app.coursedir
    assert course is not None
    if not has_grade_book(app):
        raise CourseError("there is no grade book here, so there are no marks; grade first: kernelmark autograde NAME")
    root = Path(course.root)
    told = []
    settings = Kernelmark(parent=app)
    file = roster_file or root / roster.FILE
    people = roster.read(file) if roster_file or file.is_file() else []
    if not people:
        told.append(f"no roster at {file}: who has not handed in is not known, nor any id but the folder's name")
    found: list[Standings] = []
    with contextlib.closing(Book(course.db_url, settings.grade_book_wait_s)) as book:
        late = lateness.of_course(root, book, root / settings.source_directory)
        book.in_one_transaction(lambda opened: _read(opened, names, found))
    with contextlib.chdir(root):
        marks = [_marks(course, each, people, late) for each in found]
    return Class(marks, late.policies.drop_lowest if late else 0, told)


def _read(opened: Gradebook, names: Sequence[str], found: list[Standings]) -> None:
    found.clear()
    there = assignments(opened)
    for name in names or there:
        one = standings(opened, name)
        if one is None:
            raise CourseError(f"{name} is not in the grade book; it has: {named(there) or 'no assignment'}")
        found.append(one)


def _marks(course: Any, book: Standings, people: Sequence[Person], late: Lateness | None) -> Marks:
    name = book.assignment
    here = students_in(course, course.submitted_directory, name)
    known = {person.id for person in people}
    strangers = sorted({*book.of, *here} - known)
    everybody = [*people, *(Person(student) for student in strangers)]
    changed = {student for student in here & set(book.of) if _changed(course, name, student)}
    of = {
        each.id: _mark(book, book.of.get(each.id), each.id, late, handed_in=each.id in here, changed=each.id in changed)
        for each in everybody
    }
    made = Marks(name, dict(book.most), everybody, of, [])
    reasons: dict[str, list[str]] = {}
    for mark in of.values():
        if mark.points is None:
            reasons.setdefault(mark.why, []).append(mark.student)
    made.told += [f"{name}: {why}: {named(who, MAX_NAMES)}" for why, who in sorted(reasons.items())]
    if people and strangers:
        made.told.append(f"{name}: handed in, and not in the roster: {named(strangers, MAX_NAMES)}")
    made.told += _doubts(book, late)
    return made


def _mark(
    book: Standings, one: Standing | None, student: str, late: Lateness | None, *, handed_in: bool, changed: bool
) -> Mark:
    if one is None:
        return Mark(student, None, "handed in, not graded" if handed_in else "not handed in")
    said = late.sentence(book.assignment, student, one.raw, one.penalty) if late else ""
    so_far, cells = one.points, dict(one.cells)
    if not one.scores:
        why = "handed in, not graded" if handed_in else "not handed in"
    elif changed:
        why = "handed in again since it was graded"
    else:
        why = f"waits for a person ({', '.join(one.waiting)})" if one.waiting else ""
    return Mark(student, None if why else so_far, why, so_far, one.penalty, said, cells)


def _changed(course: Any, assignment: str, student: str) -> bool:
    """Say whether other work lies in submitted/ than what was graded, as far as a record can tell."""
    folder = Path(course.format_path(course.submitted_directory, student, assignment))
    records = [kept(path) for path in (Path(RECORDS) / assignment / student).glob("*.json")]
    hashes = {record.handed_in for record in records if record is not None and record.handed_in}
    return bool(hashes) and hashes != {folder_sha256(folder)[0]}


def _doubts(book: Standings, late: Lateness | None) -> list[str]:
    """Return what staff may want to look at before they hand marks on."""
    again = [each.student for each in book.of.values() if each.again]
    told = []
    if again:
        told.append(
            f"{book.assignment}: marked by hand, graded again since, the mark by hand counts: {named(again, MAX_NAMES)}"
        )
    if late is not None and late.policies.late is not None:
        other = [
            each.student
            for each in book.of.values()
            if abs(_by_policies(late, book.assignment, each) - each.penalty) > 0.01
        ]
        if other:
            told.append(
                f"{book.assignment}: the late penalty in the grade book is not the policies': "
                f"{named(other, MAX_NAMES)}; run: kernelmark autograde {book.assignment}"
            )
    return told


def _by_policies(late: Lateness, assignment: str, one: Standing) -> float:
    loss = late.loss(assignment, one.student)
    return sum(loss.points(score) for score in one.scores.values())


def table(found: Class, *, tests: bool = False, waiting: bool = False) -> tuple[list[Column], list[Entry]]:
    """Return columns and students for `sheets`: the marks, with `tests` one column for each cell too.

    Of several assignments there is a last column, the total in percent, the lowest dropped as the policies say.

    Args:
        waiting: hand on what there is so far of a mark that waits.
    """
    columns = []
    for marks in found.marks:
        columns.append(Column(marks.assignment, marks.max_points))
        if tests:
            several = len(found.marks) > 1
            columns += [Column(f"{marks.assignment}/{n}" if several else n, most) for n, most in marks.most.items()]
    people = {person.id: person for marks in found.marks for person in marks.people}
    entries = []
    for student, person in people.items():
        row: list[float | None] = []
        beside: dict[str, sheets.Cell] = {}
        for marks in found.marks:
            mark = marks.of.get(student) or Mark(student, None, "not handed in")
            row.append(handed_on(mark, waiting=waiting))
            if tests:
                row += [mark.cells.get(name) if row[-1] is not None else None for name in marks.most]
            before = f"{marks.assignment}: " if len(found.marks) > 1 else ""
            state = mark.why or "final"
            beside |= {f"{before}state": state, f"{before}late penalty": mark.penalty, f"{before}late": mark.late}
        if len(found.marks) > 1:
            percent, dropped = total(found, student, waiting=waiting)
            row.append(percent)
            beside["dropped"] = ", ".join(dropped)
        entries.append(Entry(person, row, beside))
    if len(found.marks) > 1:
        columns.append(Column("total", 100.0))
    return columns, entries


def handed_on(mark: Mark, *, waiting: bool) -> float | None:
    """Return the points that go to the system, None for none."""
    return mark.so_far if waiting and mark.why.startswith("waits") else mark.points


def total(found: Class, student: str, *, waiting: bool = False) -> tuple[float | None, list[str]]:
    """Return a student's total in percent of all points that count, and the assignments that were dropped.

    What was not handed in counts 0, and is dropped first. While something else waits there is no total.
    """
    shares: list[tuple[float, float, str]] = []
    for marks in found.marks:
        mark = marks.of.get(student) or Mark(student, None, "not handed in")
        points = handed_on(mark, waiting=waiting)
        if points is None and mark.why != "not handed in":
            return None, []
        shares.append((points or 0.0, marks.max_points, marks.assignment))
    shares.sort(key=lambda share: share[0] / share[1] if share[1] else 1.0)
    drop = min(found.drop_lowest, len(shares) - 1)
    counted = shares[drop:]
    most = sum(share[1] for share in counted)
    return (100 * sum(share[0] for share in counted) / most if most else None), [share[2] for share in shares[:drop]]
