"""What a run of grading finds before it starts, and how it goes on where another was killed.

A submission is done when every notebook in autograded/ carries the hash of what is handed
in now: that mark is written last, after the grade book. Whatever else stands there is left
of a run that was killed, or was made from other work; it is removed, and nbgrader grades
the submission. Marks that belong to other work, or to other tests, are emptied before
anything is graded, so that no failure can leave them standing. It does not grade.
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
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook

from kernelmark.course.gradebook import Penalty, check_place, check_writable, explain, in_one_transaction, void_marks
from kernelmark.course.places import has_name, literal_glob
from kernelmark.errors import CourseError, GraderError, StorageError
from kernelmark.notebook import intake
from kernelmark.records import HANDED_IN, SubmissionResult, former_path, from_json, record_path

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


def prepare(
    converter: Any, source: Path, source_sha256: Callable[[str, str], str], penalty: Penalty, wait_s: float
) -> dict[tuple[str, str], str]:
    """Make the course ready for `nbgrader autograde`; return the hashes of what is handed in, by assignment, student.

    Args:
        converter: nbgrader's, about to start; it decides which submissions are meant.
        source: the folder of the instructor's notebooks, below the course's.
        source_sha256: returns the hash of an assignment's notebook and its files.

    Raises:
        StorageError: a folder, the disk or the grade book cannot be written; nothing was changed.
        CourseError: the instructor's notebooks are missing or at fault; nothing was changed.
    """
    course = converter.coursedir
    with contextlib.chdir(course.root):
        found = [each for each in _handed_in(course, source) if not _busy(each)]
        for each in found:
            # nbgrader would pass over a student whose notebook is missing or has another name.
            converter.assignments[str(each.folder)] = [str(each.folder / f"{name}.ipynb") for name in each.notebooks]
        todo = [each for each in found if converter.force or not _done(course, each)]
        _check_room(course, todo)
        check_writable(course.db_url, wait_s, converter.log)
        stale = [each for each in todo if not _vouched(each, source_sha256)]
        only = None if course.notebook_id == "*" else course.notebook_id
        voided: list[str] = []

        def void(book: Gradebook) -> None:
            voided.clear()
            for each in stale:
                if void_marks(book, each.assignment, each.student, only, penalty):
                    voided.append(each.student)

        in_one_transaction(course.db_url, void, wait_s)
        try:
            for each in stale:
                _forget(each, only)
            for each in todo:
                _remove_leftover(converter, each)
        except OSError as error:
            raise StorageError(explain(error)) from None
        for student in voided:
            converter.log.warning("%s: marks of other work or other tests are emptied until this is graded", student)
    return {(each.assignment, each.student): each.sha256 for each in found}


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
    converter.log.warning("%s was not graded to its end, or from other work; it is graded again", place)
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
