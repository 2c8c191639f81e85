"""One piece of a class's work: a submitted notebook with all that a machine needs to grade it, here or elsewhere.

It reads no course folder and no grade book, so that a worker needs neither. `cluster` makes
the pieces and writes what comes back.
"""

import contextlib
import functools
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from traitlets.config import Config

from kernelmark.errors import GraderError
from kernelmark.notebook import folder
from kernelmark.notebook.conform import Course
from kernelmark.notebook.folder import Found
from kernelmark.records import SubmissionResult, to_json
from kernelmark.referee import grading
from kernelmark.sandbox.folders import own_folder
from kernelmark.sandbox.limits import Limits

# Files beside a notebook that are sent to another machine, all together.
MAX_SENT_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Work:
    """One submitted notebook, with all that a machine needs to grade it.

    Files beside the notebooks are paths here, or (sent to another machine) zip archives.
    `submitted` is what the student's folder holds of it.
    """

    assignment: str
    notebook: str
    student: str
    source: str
    submitted: Found
    limits: Mapping[str, Any]
    config: str
    files: Mapping[str, str] | bytes
    course_files: Mapping[str, str] | bytes
    handed_in: str = ""
    students_own: tuple[str, ...] = ()
    missing: str = ""
    # Said of the submission where it was read before, by the course's own steps.
    notes: tuple[str, ...] = ()
    doubt: str = ""


@dataclass(frozen=True)
class Graded:
    """What came of it: the graded notebook's text, its automatic comments, and the result."""

    notebook: str
    comments: Mapping[str, str | None]
    result: SubmissionResult


def grade_work(work: Work) -> Graded:
    """Grade one notebook: no folder of a course, no grade book, nothing written but what is removed again.

    Raises:
        CourseError: the instructor's notebook cannot be graded.
        SandboxError: submissions cannot be contained on this machine.
    """
    with contextlib.ExitStack() as stack:
        files, course_files = (unpacked(found, stack) for found in (work.files, work.course_files))
        course = _course(work.source, work.config)
        submission, notes, doubt = folder.read(course, work.submitted)
        notebook, result = grading.graded_notebook(
            course,
            submission,
            (work.assignment, work.notebook, work.student),
            files=files,
            course_files=course_files,
            limits=Limits(**work.limits),
            notes=(*work.notes, *notes),
            doubt=work.doubt or doubt,
            missing=work.missing,
            handed_in=work.handed_in,
            students_own=work.students_own,
        )
    return Graded(nbformat.writes(notebook), grading.unanswered(notebook, result), result)


def grade_sent(work: Work) -> tuple[str, dict[str, str | None], str]:
    """Do `grade_work` on another machine; what comes back is plain text."""
    graded = grade_work(work)
    return graded.notebook, dict(graded.comments), to_json(graded.result)


@functools.lru_cache(maxsize=4)
def _course(source: str, config: str) -> Course:
    return Course(nbformat.reads(source, as_version=4), Config(json.loads(config)))


def packed(files: Mapping[str, str]) -> bytes:
    """Return files and folders as a zip archive, links left out.

    Raises:
        GraderError: they are too large to be sent.
    """
    target, total = io.BytesIO(), 0
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, top in files.items():
            for path in (Path(top), *sorted(Path(top).rglob("*"))):
                inside = str(Path(name) / path.relative_to(top))
                if path.is_symlink() or not path.is_file() or not inside.isprintable():
                    continue  # a name that is no UTF-8 cannot stand in an archive
                total += path.stat().st_size
                if total > MAX_SENT_BYTES:
                    raise GraderError(f"more than {MAX_SENT_BYTES / 2**20:.0f} MiB beside the notebook; grade it here")
                archive.writestr(inside, path.read_bytes())
    return target.getvalue()


def unpacked(files: Mapping[str, str] | bytes, stack: contextlib.ExitStack) -> dict[str, str]:
    """Return files as they lie here, those that were sent in a folder that goes with the stack."""
    if not isinstance(files, bytes):
        return dict(files)
    place = stack.enter_context(own_folder())
    with zipfile.ZipFile(io.BytesIO(files)) as archive:
        archive.extractall(place)
    # A sandbox's user, who is another one where root grades, must be able to look.
    for path in (place, *place.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return {path.name: str(path) for path in sorted(place.iterdir())}


def plain(config: Config) -> str:
    """Return what of a configuration is plain data, as JSON: settings of nbgrader's release steps are."""
    found: dict[str, dict[str, Any]] = {}
    for section, values in config.items():
        for name, value in values.items() if isinstance(values, dict) else ():
            with contextlib.suppress(TypeError, ValueError):
                json.dumps(value)
                found.setdefault(section, {})[name] = value
    return json.dumps(found, sort_keys=True)
