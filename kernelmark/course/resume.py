"""What a run of grading finds before it starts, and how it goes on where another was killed.

A submission is done when every notebook in autograded/ carries the hash of what is handed
in now (that mark is written last, after the grade book), its record is of the same work, and
the grade book holds the record's marks. Where only the grade book lacks them, they are written
again from the record. Whatever else stands in autograded/ is left of a run that was killed, or
was made from other work; it is removed, and nbgrader grades the submission. Marks that
belong to other work, or to other tests, are emptied before anything is graded, so that no
failure can leave them standing. It does not grade.
"""

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook

from kernelmark.course.drift import stop_at_drift
from kernelmark.course.gradebook import (
    Book,
    Penalty,
    check_place,
    check_writable,
    enter_submission,
    explain,
    void_marks,
    write_marks,
)
from kernelmark.course.late import penalties_again
from kernelmark.course.places import has_name, literal_glob
from kernelmark.course.stores import Kept, Ledger, agree, kept, ledger, named
from kernelmark.errors import CourseError, GraderError, StorageError
from kernelmark.notebook import intake
from kernelmark.records import HANDED_IN, SubmissionResult, former_path, from_json, record_path
from kernelmark.referee.grading import read_source, unanswered

# A submission is written twice to autograded/, and once more with its outputs.
COPIES = 3
SPARE_BYTES = 2**20
SPARE_FILES = 16


@dataclass(frozen=True)
class HandedIn:
    """One student's folder for an assignment, and the course's notebooks that should be in it."""

    assignment: str
    student: str
    folder: Path
    notebooks: tuple[str, ...]
    sha256: str
    size_bytes: int


@dataclass
class Ready:
    """What a run knows before it starts.

    `handed_in` are hashes of the folders, by assignment and student; `kept` outlines of the records of what is done,
    by assignment, student and notebook.
    """

    handed_in: dict[tuple[str, str], str]
    kept: dict[tuple[str, str, str], Kept]


@dataclass
class _Sorted:
    """Submissions by what is to be done: graded; written to the grade book again, from the record; nothing."""

    todo: list[HandedIn] = field(default_factory=list)
    again: list[HandedIn] = field(default_factory=list)
    done: list[HandedIn] = field(default_factory=list)
    # Those of the first two that were graded to their end, and whose marks the grade book lacks.
    lost: list[HandedIn] = field(default_factory=list)
    kept: dict[tuple[str, str, str], Kept] = field(default_factory=dict)


def prepare(
    converter: Any,
    source: Path,
    source_sha256: Callable[[str, str], str],
    penalty: Penalty,
    wait_s: float,
    tell: Callable[[str], None],
) -> Ready:
    """Make the course ready for `nbgrader autograde`; return what is handed in and what is known of it.

    Args:
        converter: nbgrader's, about to start; it decides which submissions are meant.
        source: the folder of the instructor's notebooks, below the course's.
        source_sha256: returns the hash of an assignment's notebook and its files.
        tell: says something to staff, in a line.

    Raises:
        StorageError: a folder, the disk or the grade book cannot be written; nothing was changed.
        CourseError: the instructor's notebooks are missing or at fault; nothing was changed.
    """
    course = converter.coursedir
    with contextlib.chdir(course.root), contextlib.closing(Book(course.db_url, wait_s)) as book:
        found = [each for each in _handed_in(course, source) if not _busy(each)]
        for each in found:
            # nbgrader would pass over a student whose notebook is missing or has another name.
            converter.assignments[str(each.folder)] = [str(each.folder / f"{name}.ipynb") for name in each.notebooks]
        check_writable(course.db_url, wait_s, converter.log)
        ledgers = _ledgers(book, found, source, course.notebook_id, converter.config)
        sorts = _sort(converter, found, ledgers, source_sha256)
        _check_room(course, [*sorts.todo, *sorts.again])
        _empty_stale(converter, book, sorts, source_sha256, penalty)
        _say_lost(sorts, ledgers, tell)
        for each in sorts.again:
            _write_again(converter, book, each, penalty)
        _see_to_deadlines(converter, book, found, sorts, ledgers, penalty, tell)
    return Ready({(each.assignment, each.student): each.sha256 for each in found}, sorts.kept)


def _ledgers(book: Book, found: list[HandedIn], source: Path, meant: str, config: Any) -> dict[str, Ledger]:
    """Return what the grade book holds of each assignment.

    Raises:
        CourseError: it has no such assignment, or other cells or points than the notebooks that are meant.
    """
    made: dict[str, Ledger] = {}

    def look(opened: Gradebook) -> None:
        for name in sorted({each.assignment for each in found}):
            read = ledger(opened, name, [each.student for each in found if each.assignment == name])
            if read is None:
                raise CourseError(
                    f"{name} is not in the grade book, so no mark can be; run: nbgrader generate_assignment {name} "
                    "--force; then the same command again"
                )
            paths = [path for path in sorted((source / name).glob("*.ipynb")) if fnmatch(path.stem, meant)]
            also = [notebook for notebook in read.points if fnmatch(notebook, meant)]
            stop_at_drift(opened, name, {path.stem: read_source(path, config) for path in paths}, also)
            made[name] = read

    if found:
        book.in_one_transaction(look)
    return made


def _sort(
    converter: Any, found: list[HandedIn], ledgers: dict[str, Ledger], source_sha256: Callable[[str, str], str]
) -> _Sorted:
    """Tell what is done (the grade book, the record and the graded notebook say the same) from what is not."""
    sorts = _Sorted()
    for each in found:
        records = _kept(each)
        if converter.force or records is None or not _done(converter.coursedir, each):
            sorts.todo.append(each)
            continue
        in_book = ledgers[each.assignment]
        if all(agree(in_book, each.student, name, record) for name, record in records.items()):
            sorts.done.append(each)
        else:
            sorts.lost.append(each)
            current = all(record.source_sha256 == source_sha256(each.assignment, n) for n, record in records.items())
            known = converter.create_student or each.student in in_book.held
            (sorts.again if current and known and _results(each) else sorts.todo).append(each)
        sorts.kept |= {(each.assignment, each.student, name): record for name, record in records.items()}
    return sorts


def _empty_stale(
    converter: Any, book: Book, sorts: _Sorted, source_sha256: Callable[[str, str], str], penalty: Penalty
) -> None:
    """Empty marks that belong to other work or other tests, before anything is graded."""
    course = converter.coursedir
    stale = [each for each in sorts.todo if not _vouched(each, source_sha256)]
    only = None if course.notebook_id == "*" else course.notebook_id
    voided: list[str] = []

    def void(opened: Gradebook) -> None:
        voided.clear()
        for each in stale:
            if void_marks(opened, each.assignment, each.student, only, penalty):
                voided.append(each.student)

    if stale:
        book.in_one_transaction(void)
    try:
        for each in stale:
            _forget(each, only)
        for each in sorts.todo:
            for name in each.notebooks:
                sorts.kept.pop((each.assignment, each.student, name), None)
            _remove_leftover(converter, each)
    except OSError as error:
        raise StorageError(explain(error)) from None
    for student in voided:
        converter.log.warning("%s: marks of other work or other tests are emptied until this is graded", student)


def _say_lost(sorts: _Sorted, ledgers: dict[str, Ledger], tell: Callable[[str], None]) -> None:
    again = {id(each) for each in sorts.again}
    for how, meant in (
        ("written again from the records", [each for each in sorts.lost if id(each) in again]),
        ("graded again", [each for each in sorts.lost if id(each) not in again]),
    ):
        if meant:
            tell(
                f"marks of {len(meant)} graded before were missing in the grade book, or others: {how}: "
                f"{named([each.student for each in meant])}"
            )
    gone = [each.student for each in sorts.lost if each.student not in ledgers[each.assignment].held]
    if gone:
        tell(
            f"the grade book had no row of {named(gone)}: marks, comments and extensions given by hand, if there were "
            "any, went with it and are in no record; give them again, or take them from a backup. A due date may be "
            "gone too: nbgrader db assignment list"
        )


def _write_again(converter: Any, book: Book, each: HandedIn, penalty: Penalty) -> None:
    """Put the marks of the records in the grade book, without grading."""
    place = _destination(converter.coursedir, each)
    results = _results(each)
    comments = {
        result.notebook: unanswered(read_source(place / f"{result.notebook}.ipynb"), result) for result in results
    }
    timestamp = converter.coursedir.get_existing_timestamp(str(each.folder))

    def write(opened: Gradebook) -> None:
        enter_submission(opened, each.assignment, each.student, timestamp)
        for result in results:
            write_marks(opened, result, comments[result.notebook], penalty)

    with alone(each.assignment, each.student):
        book.in_one_transaction(write)


def _see_to_deadlines(
    converter: Any,
    book: Book,
    found: list[HandedIn],
    sorts: _Sorted,
    ledgers: dict[str, Ledger],
    penalty: Penalty,
    tell: Callable[[str], None],
) -> None:
    """Work out penalties of what is done again, and name timestamps that cannot be read."""
    clock = intake.exchange_clock(converter.config)
    for each in found:
        if fault := intake.timestamp_fault(each.folder, *clock):
            tell(f"{each.student}: when this was handed in cannot be read, so nothing is said of lateness: {fault}")
    for assignment, held in ledgers.items():
        folders = {each.student: each.folder for each in sorts.done if each.assignment == assignment}
        for line in penalties_again(
            book, assignment, held, folders, penalty, converter.coursedir.get_existing_timestamp
        ):
            tell(line)


def _kept(each: HandedIn) -> dict[str, Kept] | None:
    """Return the outlines of a submission's records; None where one is missing, or of other work."""
    found = {name: kept(record_path(each.assignment, each.student, name)) for name in each.notebooks}
    known = {name: record for name, record in found.items() if record is not None and record.handed_in == each.sha256}
    return known if len(known) == len(found) > 0 else None


def _results(each: HandedIn) -> list[SubmissionResult]:
    """Return the records of a submission, none where one of them cannot be read."""
    try:
        paths = [record_path(each.assignment, each.student, name) for name in each.notebooks]
        return [from_json(SubmissionResult, path.read_bytes()) for path in paths]
    except (OSError, ValueError):
        return []


def graded_from(path: Path) -> str:
    """Return the hash of the work that a notebook in autograded/ was graded from; "" where it was not to its end."""
    try:
        metadata = json.loads(path.read_bytes())["metadata"]
        return str(metadata.get(HANDED_IN, ""))
    except (OSError, ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return ""


@contextlib.contextmanager
def alone(assignment: str, student: str) -> Iterator[None]:
    """Hold a submission's own lock while it is graded; the kernel lets go of it when its holder dies.

    Raises:
        GraderError: another program is grading it.
    """
    path = _lock_path(assignment, student)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    except OSError as error:
        raise StorageError(explain(error)) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise GraderError(
            f"{student}'s {assignment} is being graded by another program; wait until it is done, then run the same "
            "command again"
        ) from None
    finally:
        os.close(descriptor)


def folder_sha256(folder: Path) -> tuple[str, int]:
    """Return a hash of everything in a folder, as far as it is read, and the size of what is."""
    digest = hashlib.sha256()
    intake.add_to_digest(digest, folder)
    return digest.hexdigest(), intake.look(folder).size_bytes


def _handed_in(course: Any, source: Path) -> Iterator[HandedIn]:
    names = (course.submitted_directory, course.student_id, course.assignment_id)
    pattern = course.format_path(names[0], "(?P<student>.*)", "(?P<assignment>.*)", escape=True)
    for folder in sorted(literal_glob(course.format_path(*names))):
        match = re.match(pattern, folder)
        if match is None or not has_name(folder) or not os.path.isdir(folder):
            continue
        assignment, student = match["assignment"], match["student"]
        if student in course.student_id_exclude.split(","):
            continue
        known = {path.stem for path in (source / assignment).glob("*.ipynb")}
        if not known:
            raise CourseError(
                f"expected the instructor's notebooks in {source / assignment}; set c.Kernelmark.source_directory "
                "if they moved"
            )
        meant = tuple(sorted(name for name in known if fnmatch(name, course.notebook_id)))
        yield HandedIn(assignment, student, Path(folder), meant, *folder_sha256(Path(folder)))


def _destination(course: Any, each: HandedIn) -> Path:
    return Path(course.format_path(course.autograded_directory, each.student, each.assignment))


def _done(course: Any, each: HandedIn) -> bool:
    place = _destination(course, each)
    return bool(each.notebooks) and all(graded_from(place / f"{n}.ipynb") == each.sha256 for n in each.notebooks)


def _vouched(each: HandedIn, source_sha256: Callable[[str, str], str]) -> bool:
    """Return whether the records say that marks in the grade book come from this very work and these tests."""
    for notebook in each.notebooks:
        try:
            path = record_path(each.assignment, each.student, notebook)
            record = from_json(SubmissionResult, path.read_bytes())
        except (OSError, ValueError):
            return False
        if (record.handed_in, record.source_sha256) != (each.sha256, source_sha256(each.assignment, notebook)):
            return False
    return bool(each.notebooks)


def _forget(each: HandedIn, only: str | None) -> None:
    """Put the records of other work aside, so that no report shows marks that the grade book no longer has."""
    folder = record_path(each.assignment, each.student, "any").parent
    for path in folder.glob("*.json"):
        if only in (None, path.stem):
            path.replace(former_path(path))


def _remove_leftover(converter: Any, each: HandedIn) -> None:
    """Remove what nbgrader would take for a graded submission and skip."""
    place = _destination(converter.coursedir, each)
    if converter.force or not place.exists():
        return
    converter.log.warning(
        "%s was not graded to its end, or from other work, or has no record or no marks; it is graded again", place
    )
    if converter.coursedir.notebook_id == "*":
        shutil.rmtree(place)
        return
    for notebook in each.notebooks:
        (place / f"{notebook}.ipynb").unlink(missing_ok=True)


def _check_room(course: Any, todo: list[HandedIn]) -> None:
    if not todo:
        return
    needed = {_destination(course, todo[0]): SPARE_BYTES + COPIES * sum(each.size_bytes for each in todo)}
    needed |= {record_path(each.assignment, each.student, "any"): SPARE_BYTES for each in todo[:1]}
    for path, size_bytes in needed.items():
        check_place(path)
        check_free(path, size_bytes)


def check_free(path: Path, needed_bytes: int) -> None:
    """Make sure that so much can still be written at a place, whether it is there yet or not.

    Raises:
        StorageError: the disk has less.
    """
    while not path.exists() and path != path.parent:
        path = path.parent
    disk = os.statvfs(path)
    free = disk.f_bavail * disk.f_frsize
    if disk.f_files and disk.f_favail < SPARE_FILES:
        raise StorageError(explain(OSError(errno.ENOSPC, "", str(path))))
    if free < needed_bytes:
        raise GraderError(
            f"{path}: the disk is full: grading needs some {needed_bytes / 2**20:.1f} MiB here and {free / 2**20:.1f} "
            "MiB are free; free some space, then run the same command again; nothing is lost"
        )


def _lock_path(assignment: str, student: str) -> Path:
    return record_path(assignment, student, "any").parent / "lock"


def _busy(each: HandedIn) -> bool:
    """Return whether another program is grading this submission now; what stands there is its own."""
    try:
        descriptor = os.open(_lock_path(each.assignment, each.student), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
