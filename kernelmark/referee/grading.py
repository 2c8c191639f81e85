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
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import Any

import nbformat
from nbconvert.exporters.exporter import ResourcesDict
from nbformat.notebooknode import NotebookNode
from nbgrader import utils
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import IncludeHeaderFooter
from traitlets.config import Config

from kernelmark.errors import CourseError
from kernelmark.notebook import folder, intake
from kernelmark.notebook.cells import AUTOTEST, Plan, mark_scheme
from kernelmark.notebook.conform import Course, read_submission
from kernelmark.notebook.markup import Sanitise
from kernelmark.records import HANDED_IN, CellResult, SubmissionResult
from kernelmark.referee.autotest import with_tests
from kernelmark.referee.run import Refereed
from kernelmark.referee.warm import WarmJudges
from kernelmark.sandbox.folders import own_folder
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
    submission, notes, doubt = folder.read(course, folder.find(submitted))
    _, result = graded_notebook(
        course,
        submission,
        (source.parent.name, source.stem, ""),
        files=intake.shown(submitted.parent),
        course_files=own_files(source.parent),
        limits=limits or Limits(),
        notes=notes,
        doubt=doubt,
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
    doubt: str = "",
    missing: str = "",
    handed_in: str = "",
    students_own: Sequence[str] = (),
) -> tuple[NotebookNode, SubmissionResult]:
    """Referee a submission; return the notebook to keep, outputs filled in, and the result. Nothing is written.

    Args:
        who: assignment, notebook, student.
        files: the student's own files, {name beside the notebook: path}; course_files: the instructor's.
        doubt: why a person must look at what earned nothing, or "".
        missing: what of the course's files is left out, for staff, where a test cannot be judged; or "".
        handed_in: the hash of what was handed in, read by the next run from the notebook to keep.
        students_own: paths below the instructor's folder that are not laid over a student's of the same name.
    """
    graded, plan = course.plan(submission, notes, doubt)
    source_sha256 = _source_sha256(course, course_files, students_own)
    if limits.beside:
        own, _ = read_submission(nbformat.writes(course.source).encode())
        _warm_judges.decide(course.plan(own)[1], source_sha256, _limits(course, limits), course_files)
    start = time.monotonic()
    with own_folder() if students_own else contextlib.nullcontext() as place:
        over = _laid_over(files, course_files, students_own, place)
        done = _warm_judges.grade(plan, source_sha256, _limits(course, limits), files, course_files, over)
    if missing:
        done = replace(done, cells=tuple(_with_missing(cell, missing) for cell in done.cells))
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


def _with_missing(cell: CellResult, missing: str) -> CellResult:
    """Say to staff, of a test that nobody could judge, which of the course's files were not there."""
    if cell.points is not None or cell.verdicts or not cell.claim:
        return cell
    return replace(cell, staff=f"{cell.staff}\nLeft out, of the course's files: {missing}.")


def unanswered(nb: NotebookNode, result: SubmissionResult) -> dict[str, str | None]:
    """Return nbgrader's automatic comment for each solution cell of a conformed notebook.

    What a person must look at first is not called unanswered.
    """
    found: dict[str, str | None] = {}
    for cell in nb.cells:
        if utils.is_solution(cell) or utils.is_task(cell):
            meta = cell.metadata.nbgrader
            as_released = meta.get("checksum") == utils.compute_checksum(cell) and not cell.get("attachments")
            untouched = as_released and not utils.is_task(cell)
            own = result.cell(meta["grade_id"])
            open_ = bool(result.doubt) or (own is not None and own.points is None)
            found[meta["grade_id"]] = "No response." if untouched and not open_ else None
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
        causes=done.causes,
        missing_modules=done.missing_modules,
        environment_sha256=environment_sha256(),
        doubt=plan.doubt,
    )


@functools.cache
def environment_sha256() -> str:
    """Return a hash of the versions of Python and of the libraries that marks may depend on."""
    found = [platform.python_version()]
    for name in ENVIRONMENT:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found.append(f"{name}=={metadata.version(name)}")
    return hashlib.sha256("\n".join(found).encode()).hexdigest()


def source_of(
    source: Path,
    config: Any,
    students_own: Mapping[str, Sequence[str]],
    most: int,
    ignore: Sequence[str],
    assignment: str,
    notebook: str,
) -> str:
    """Return the hash of an instructor's notebook and the files beside it, and of which of them are the student's."""
    path = source / assignment / f"{notebook}.ipynb"
    files = intake.own_files(path.parent, most, ignore)[0]
    return _source_sha256(Course(read_source(path, config), config), files, students_own.get(assignment, ()))


def read_source(path: Path, config: Any = None) -> NotebookNode:
    """Return the instructor's notebook between the course's header and footer, AUTOTEST lines made into tests.

    Raises:
        CourseError: it cannot be read, or its tests cannot be made.
    """
    try:
        found: NotebookNode = nbformat.read(path, as_version=4)
    except (OSError, ValueError) as error:
        raise CourseError(f"{path} cannot be read as a notebook: {str(error)[:200]}") from None
    settings = config or Config()
    return with_tests(between(found, settings), path.parent, settings, own_files(path.parent))


def between(notebook: NotebookNode, config: Config) -> NotebookNode:
    """Return a notebook with nbgrader's header and footer around it, as a release has them.

    Raises:
        CourseError: one of them cannot be read.
    """
    step = IncludeHeaderFooter(config=config)
    for name in ("header", "footer"):
        if value := getattr(step, name):
            places = [Path.cwd() / value, Path(CourseDirectory(config=config).root, value)]
            setattr(step, name, str(next((place for place in places if place.is_file()), places[-1])))
    try:
        found: NotebookNode = step(notebook, ResourcesDict())[0]
    except (OSError, ValueError) as error:
        raise CourseError(
            f"c.IncludeHeaderFooter: expected notebooks, below the course's folder: {str(error)[:200]}"
        ) from None
    return found


def source_text(path: Path, config: Any) -> str:
    """Return an instructor's notebook as text that can be graded elsewhere: as it lies there, unless tests are made.

    Raises:
        CourseError: its tests cannot be made. OSError: it cannot be read.
    """
    text = path.read_text(encoding="utf-8")
    delimiter = Config(config).InstantiateTests.get("autotest_delimiter", AUTOTEST)
    around = IncludeHeaderFooter(config=config)
    made = delimiter in text or around.header or around.footer
    return str(nbformat.writes(read_source(path, config))) if made else text


def _limits(course: Course, limits: Limits) -> Limits:
    """Return the limits, with what the instructor's notebook asks for itself."""
    return replace(limits, children=limits.children or course.allows_children)


def _with_mark_schemes(cells: Sequence[NotebookNode], course: Course) -> list[NotebookNode]:
    """Return the cells with the mark scheme of each written answer below it, for staff only."""
    found: list[NotebookNode] = []
    for cell in cells:
        found.append(cell)
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        scheme = (
            mark_scheme(course.cells[course.by_id[grade_id]].source, course.markers.scheme)
            if grade_id in course.by_id
            else ""
        )
        if scheme:
            text = f"**Mark scheme of `{grade_id}`** (staff only)\n\n{scheme}"
            note = nbformat.v4.new_markdown_cell(text, metadata={"kernelmark": {"for": "staff"}})
            found.append(note)
    return found


def _laid_over(
    files: Mapping[str, str], course_files: Mapping[str, str], students_own: Sequence[str], place: Path | None
) -> dict[str, str]:
    """Return the instructor's files and folders that stand before a student's, as nbgrader lays them over.

    Args:
        students_own: paths that are left out; where one lies in a folder, the two folders become one in `place`.
    """
    own = [PurePosixPath(os.path.normpath(name)) for name in students_own]
    found = {}
    for name, path in course_files.items():
        inside = [str(each.relative_to(name)) for each in own if len(each.parts) > 1 and each.parts[0] == name]
        if PurePosixPath(name) in own:
            continue
        found[name] = path
        if inside and place is not None and Path(path).is_dir():
            found[name] = str(place / name)
            _merge(files.get(name), path, inside, place / name)
    if place is not None:  # a sandbox's user, who is another one where root grades, must be able to look
        for below in (place, *place.rglob("*")):
            if not below.is_symlink():
                below.chmod(0o755 if below.is_dir() else 0o644)
    return found


def _merge(students: str | None, instructors: str, inside: Sequence[str], target: Path) -> None:
    """Copy a student's folder and over it the instructor's, but for what is left out."""

    def left_out(folder: str, names: list[str]) -> list[str]:
        here = os.path.relpath(folder, instructors)
        return [name for name in names if os.path.normpath(os.path.join(here, name)) in inside]

    target.mkdir(parents=True)
    if students is not None and Path(students).is_dir():
        for name in intake.look(Path(students)).files:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(Path(students, name), target / name, follow_symlinks=False)
    shutil.copytree(instructors, target, ignore=left_out, dirs_exist_ok=True)


def own_files(place: Path) -> dict[str, str]:
    """Return the files and folders beside an instructor's notebook that are shown."""
    return intake.own_files(place)[0]


def _submission_sha256(plan: Plan, files: dict[str, str]) -> str:
    """Return a hash of everything a student handed in: the text of the cells, and the files beside them."""
    digest = hashlib.sha256()
    for cell in plan.cells:
        if cell.role in ("student", "answer"):
            digest.update(hashlib.sha256(cell.source.encode()).digest())
    _add_files(digest, files)
    return digest.hexdigest()


def _source_sha256(course: Course, files: dict[str, str], students_own: Sequence[str] = ()) -> str:
    """Return a hash of everything an instructor wrote: the notebook, and the files beside it."""
    digest = hashlib.sha256(json.dumps(course.source, sort_keys=True).encode())
    digest.update("".join(f"\0{name}" for name in sorted(students_own)).encode())
    _add_files(digest, files)
    return digest.hexdigest()


def _add_files(digest: Any, files: dict[str, str]) -> None:
    for name, path in files.items():
        digest.update(os.fsencode(name) + b"\0")
        intake.add_to_digest(digest, Path(path))
