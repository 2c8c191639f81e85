"""The lists of steps around grading in c.Autograde, and its hooks: what must stand there, and how a class has them.

`nbgrader autograde` runs the lists itself; this room does so for `kernelmark autograde`, in the process that writes. A
list that would run submissions bare, or take marks from outputs, stops a run. It grades nothing.
"""

from collections.abc import Callable, Sequence
from typing import Any

import nbformat
from nbconvert.exporters.exporter import ResourcesDict
from nbformat.notebooknode import NotebookNode

from kernelmark.course.nbgrader_settings import paths_of
from kernelmark.errors import GraderError
from kernelmark.notebook.conform import Course
from kernelmark.notebook.folder import Found, read
from kernelmark.records import SubmissionResult

_OWN = "kernelmark.course.autograde."
_NEEDED = {"sanitize_preprocessors": ("Conform",), "autograde_preprocessors": ("Grade", "SaveGrades")}
# What each of nbgrader's steps would do beside ours.
_REPLACED = {
    "ExecutePreprocessor": "runs submissions without a sandbox",
    "Execute": "runs submissions without a sandbox",
    "OverwriteCells": "is what Conform does",
    "DeduplicateIds": "is what Conform does",
    "SaveAutoGrades": "takes marks from what a cell printed",
    "AssignLatePenalties": "is what SaveGrades does",
}
# Steps of nbgrader's after grading that touch outputs at most, or nothing.
_LEAVE_METADATA = {"IgnorePattern", "LimitOutput", "CheckCellMetadata"}


def check(converter: Any) -> None:
    """Make sure that the lists hold Kernelmark's steps, and none of nbgrader's that they replace.

    Raises:
        GraderError: they do not; the message names the list and the step.
    """
    for name, needed in _NEEDED.items():
        steps = getattr(converter, name)
        for step in steps:
            for replaced, does in _REPLACED.items():
                if replaced in {path.rpartition(".")[2] for path in paths_of(step)}:
                    raise GraderError(f"c.Autograde.{name} holds {replaced}, which {does}; take it out")
        places = [_place(steps, each) for each in needed]
        for each, place in zip(needed, places, strict=True):
            if place is None:
                raise GraderError(
                    f"c.Autograde.{name} must hold {_OWN}{each}, and does not; let this stand at the end "
                    "of nbgrader_config.py: import kernelmark; kernelmark.use(c)"
                )
        if places != sorted(places, key=lambda place: place or 0):
            raise GraderError(f"c.Autograde.{name} must hold {' before '.join(needed)}")


def prepared(
    converter: Any, source: str, found: Found, who: tuple[str, str, str]
) -> tuple[Found, tuple[str, ...], str]:
    """Return a submission as the course's own steps before grading leave it, the notes on it, and any doubt.

    Args:
        source: the instructor's notebook, as text. who: assignment, student, notebook.

    Raises:
        GraderError: a step failed.
    """
    wanted = _before(converter)
    if not wanted:
        return found, (), ""
    notebook, notes, doubt = read(Course(nbformat.reads(source, as_version=4), converter.config), found)
    return Found(nbformat.writes(_run(converter, wanted, notebook, who)).encode()), notes, doubt


def finished(converter: Any, graded: str, result: SubmissionResult) -> str:
    """Return a graded notebook's text as the steps after grading leave it.

    Raises:
        GraderError: a step failed.
    """
    wanted = converter.autograde_preprocessors
    wanted = wanted[(_place(wanted, "Grade") or 0) + 1 :]
    wanted = [step for step in wanted if f"{_OWN}SaveGrades" not in paths_of(step)]
    if all(_nbgraders(step) in _LEAVE_METADATA for step in wanted):
        # The metadata are those of the course's own cells, which were checked when its notebook was read.
        wanted = [step for step in wanted if _nbgraders(step) != "CheckCellMetadata"]
    who = result.assignment, result.student, result.notebook
    notebook = nbformat.reads(graded, as_version=4)
    return str(nbformat.writes(_run(converter, wanted, notebook, who, kernelmark=result)))


def call(converter: Any, hook: Any, notebooks: Sequence[str], note: Callable[[str], None]) -> None:
    """Call a hook of the course's with what nbgrader gives it; one that fails is told, and grading goes on."""
    if not hook:
        return
    course = converter.coursedir
    try:
        hook(assignment=course.assignment_id, student=course.student_id, notebooks=[*notebooks])
    except Exception as error:  # the course's own code, which may raise anything
        note(f"{getattr(hook, '__name__', 'a hook')} failed: {type(error).__name__}: {error}")


def _before(converter: Any) -> list[Any]:
    """Return the steps before grading, Conform among them; none where Conform and a check of metadata are all."""
    steps = converter.autograde_preprocessors
    found = [*converter.sanitize_preprocessors, *steps[: _place(steps, "Grade")]]
    usual = {"Conform", "CheckCellMetadata"}
    return [] if all(usual & {path.rpartition(".")[2] for path in paths_of(step)} for step in found) else found


def _nbgraders(step: Any) -> str:
    """Return the name of a step that is nbgrader's own class, "" for any other and for those made from it."""
    kind = step if isinstance(step, str | type) else type(step)
    path = kind if isinstance(kind, str) else f"{kind.__module__}.{kind.__qualname__}"
    return path.rpartition(".")[2] if path.startswith("nbgrader.preprocessors.") else ""


def _run(
    converter: Any, steps: Sequence[Any], notebook: NotebookNode, who: tuple[str, str, str], **more: Any
) -> NotebookNode:
    exporter, (assignment, student, name) = converter.exporter, who
    place = {"assignment": assignment, "student": student, "notebook": name, "db_url": converter.coursedir.db_url}
    resources = ResourcesDict(nbgrader=place, unique_key=name, metadata=ResourcesDict(), **more)
    for step in steps:
        exporter._preprocessors = []
        exporter.register_preprocessor(step)
        try:
            notebook, resources = exporter._preprocess(notebook, resources)
        except Exception as error:  # a step may be the course's own code, and may raise anything
            which = step if isinstance(step, str) else getattr(step, "__name__", type(step).__name__)
            raise GraderError(f"the step {which} failed: {type(error).__name__}: {str(error)[:200]}") from error
        finally:
            exporter._preprocessors = []
    return notebook


def _place(steps: Sequence[Any], name: str) -> int | None:
    return next((at for at, step in enumerate(steps) if f"{_OWN}{name}" in paths_of(step)), None)
