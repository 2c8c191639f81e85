"""One notebook graded: an instructor's notebook and a submission in, the graded notebook and its result out.

Whatever was handed in is read as a notebook of plain cells; hashes say what was graded from
what. No course folder, no grade book, nothing written: `autograde` and `cluster` do that. It
does not decide marks: `referee` does.
"""

import contextlib
import functools
import hashlib
import json
import os
import platform
import time
from collections.abc import Sequence
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode
from nbgrader import utils
from traitlets.config import Config

from kernelmark.errors import CourseError, SubmissionError
from kernelmark.notebook import intake
from kernelmark.notebook.cells import AUTOTEST, Plan, mark_scheme
from kernelmark.notebook.conform import MAX_NOTEBOOK_BYTES, Course, read_submission
from kernelmark.notebook.markup import Sanitise
from kernelmark.records import HANDED_IN, SubmissionResult
from kernelmark.referee.autotest import with_tests
from kernelmark.referee.run import Refereed
from kernelmark.referee.warm import WarmJudges
from kernelmark.sandbox.limits import Limits

# A class graded with other versions of these is graded again by `kernelmark autograde`.
ENVIRONMENT = ("kernelmark", "numpy", "scipy", "numba", "ipython", "nbgrader")
_warm_judges = WarmJudges()


def grade(source: Path, submitted: Path, limits: Limits | None = None) -> SubmissionResult:
    """Grade one notebook without a course folder and without a grade book.

    Raises:
        CourseError: the instructor's notebook cannot be graded.
        SandboxError: submissions cannot be contained on this machine.
    """
    course = Course(read_source(source))
    submission, notes = read_handed_in(submitted)
    _, result = graded_notebook(
        course,
        submission,
        (source.parent.name, source.stem, ""),
        files=intake.shown(submitted.parent),
        course_files=own_files(source.parent),
        limits=limits or Limits(),
        notes=notes,
    )
    return result


def graded_notebook(
    course: Course,
    submission: NotebookNode,
    who: tuple[str, str, str],
    *,
    files: dict[str, str],
    course_files: dict[str, str],
    limits: Limits,
    notes: Sequence[str] = (),
    handed_in: str = "",
) -> tuple[NotebookNode, SubmissionResult]:
    """Referee a submission; return the notebook to keep, outputs filled in, and the result. Nothing is written.

    Args:
        who: assignment, notebook, student.
        files: the student's own files, {name beside the notebook: path}; course_files: the instructor's.
        handed_in: the hash of what was handed in, read by the next run from the notebook to keep.
    """
    graded, plan = course.plan(submission, notes)
    source_sha256 = _source_sha256(course, course_files)
    start = time.monotonic()
    done = _warm_judges.grade(plan, source_sha256, _limits(course, limits), files, course_files)
    # What a student wrote opens in formgrader beside the instructor's own session.
    sanitise = Sanitise(trusted=[cell.source for cell in course.cells])
    for node, outputs, cell in zip(graded.cells, done.outputs, plan.cells, strict=True):
        if node.cell_type == "code":
            node.outputs = [nbformat.from_dict(output) for output in outputs]
        # Set-up ran in the student's process too, where it may have been told what to show.
        if cell.role != "test":
            sanitise.cell(node)
    graded.cells = _with_mark_schemes(graded.cells, course)
    result = _result(who, plan, files, source_sha256, done, time.monotonic() - start)
    # The notebook is the last that is written, after the grade book.
    graded.metadata[HANDED_IN] = handed_in
    return graded, replace(result, handed_in=handed_in)


def unanswered(nb: NotebookNode) -> dict[str, str | None]:
    """Return nbgrader's automatic comment for each solution cell of a conformed notebook."""
    found: dict[str, str | None] = {}
    for cell in nb.cells:
        if utils.is_solution(cell) or utils.is_task(cell):
            meta = cell.metadata.nbgrader
            untouched = meta.get("checksum") == utils.compute_checksum(cell) and not utils.is_task(cell)
            found[meta["grade_id"]] = "No response." if untouched else None
    return found


def close() -> None:
    """End the processes that wait for the next notebook, and those of notebooks being graded."""
    _warm_judges.close()


def _result(
    who: tuple[str, str, str],
    plan: Plan,
    files: dict[str, str],
    source_sha256: str,
    done: Refereed,
    elapsed_s: float,
) -> SubmissionResult:
    assignment, notebook, student = who
    return SubmissionResult(
        assignment=assignment,
        notebook=notebook,
        student=student,
        submission_sha256=_submission_sha256(plan, files),
        source_sha256=source_sha256,
        cells=done.cells,
        machine=done.machine,
        elapsed_s=elapsed_s,
        cpu_s=done.cpu_s,
        notes=plan.notes,
        environment_sha256=environment_sha256(),
    )


@functools.cache
def environment_sha256() -> str:
    """Return a hash of the versions of Python and of the libraries that marks may depend on."""
    found = [platform.python_version()]
    for name in ENVIRONMENT:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found.append(f"{name}=={metadata.version(name)}")
    return hashlib.sha256("\n".join(found).encode()).hexdigest()


def source_of(source: Path, config: Any, assignment: str, notebook: str) -> str:
    """Return the hash of an instructor's notebook and the files beside it."""
    path = source / assignment / f"{notebook}.ipynb"
    return _source_sha256(Course(read_source(path, config), config), own_files(path.parent))


def read_source(path: Path, config: Any = None) -> NotebookNode:
    """Return the instructor's notebook, nbgrader's AUTOTEST lines made into tests.

    Raises:
        CourseError: it cannot be read, or its tests cannot be made.
    """
    try:
        found: NotebookNode = nbformat.read(path, as_version=4)
    except (OSError, ValueError) as error:
        raise CourseError(f"{path} cannot be read as a notebook: {str(error)[:200]}") from None
    return with_tests(found, path.parent, config or Config(), own_files(path.parent))


def source_text(path: Path, config: Any) -> str:
    """Return an instructor's notebook as text that can be graded elsewhere: as it lies there, unless tests are made.

    Raises:
        CourseError: its tests cannot be made. OSError: it cannot be read.
    """
    text = path.read_text(encoding="utf-8")
    delimiter = Config(config).InstantiateTests.get("autotest_delimiter", AUTOTEST)
    return str(nbformat.writes(read_source(path, config))) if delimiter in text else text


def _limits(course: Course, limits: Limits) -> Limits:
    """Return the limits, with what the instructor's notebook asks for itself."""
    return replace(limits, children=limits.children or course.allows_children)


def _with_mark_schemes(cells: Sequence[NotebookNode], course: Course) -> list[NotebookNode]:
    """Return the cells with the mark scheme of each written answer below it, for staff only."""
    found: list[NotebookNode] = []
    for cell in cells:
        found.append(cell)
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        scheme = mark_scheme(course.cells[course.by_id[grade_id]].source) if grade_id in course.by_id else ""
        if scheme:
            text = f"**Mark scheme of `{grade_id}`** (staff only)\n\n{scheme}"
            note = nbformat.v4.new_markdown_cell(text, metadata={"kernelmark": {"for": "staff"}})
            found.append(note)
    return found


def own_files(folder: Path) -> dict[str, str]:
    """Return the files and folders beside an instructor's notebook; links, notebooks and leftovers are left out."""
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    own = [p for p in found if not p.is_symlink() and p.suffix != ".ipynb" and p.name not in intake.LEFTOVERS]
    return {p.name: str(p.resolve()) for p in own[: intake.MAX_SHOWN]}


def read_handed_in(path: Path) -> tuple[NotebookNode, list[str]]:
    """Return a submitted file as a notebook of plain cells, and notes on it and on what lies beside it."""
    data, notes = handed_in_bytes(path)
    submission, more = as_notebook(data)
    return submission, [*more, *notes]


def handed_in_bytes(path: Path) -> tuple[bytes | None, list[str]]:
    """Return a submitted file's content, None where it cannot be read, and notes on it and on what lies beside it."""
    beside = intake.look(path.parent).note()
    try:
        return intake.read(path, MAX_NOTEBOOK_BYTES), beside
    except SubmissionError as error:
        return None, [str(error), *beside]


def as_notebook(data: bytes | None) -> tuple[NotebookNode, list[str]]:
    """Return content that may be anything as a notebook of plain cells, and notes on it."""
    return (nbformat.v4.new_notebook(), []) if data is None else read_submission(data)


def _submission_sha256(plan: Plan, files: dict[str, str]) -> str:
    """Return a hash of everything a student handed in: the text of the cells, and the files beside them."""
    digest = hashlib.sha256()
    for cell in plan.cells:
        if cell.role in ("student", "answer"):
            digest.update(hashlib.sha256(cell.source.encode()).digest())
    _add_files(digest, files)
    return digest.hexdigest()


def _source_sha256(course: Course, files: dict[str, str]) -> str:
    """Return a hash of everything an instructor wrote: the notebook, and the files beside it."""
    digest = hashlib.sha256(json.dumps(course.source, sort_keys=True).encode())
    _add_files(digest, files)
    return digest.hexdigest()


def _add_files(digest: Any, files: dict[str, str]) -> None:
    for name, path in files.items():
        digest.update(os.fsencode(name) + b"\0")
        intake.add_to_digest(digest, Path(path))
