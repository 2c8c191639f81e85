"""nbgrader's autograding, with the referee in the place of its one process.

`SubmissionExporter` makes a run ready and reads what was handed in, whatever it is; `Conform` puts the
instructor's cells back; `Grade` referees; `SaveGrades` writes the marks to nbgrader's
grade book, from the results and never from a cell's output; `StudentView` makes
feedback that shows no hidden test. nbgrader's commands, formgrader and late penalties
go on working around them. It does not decide marks.
"""

import contextlib
import functools
import logging
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nbconvert.exporters import NotebookExporter
from nbconvert.exporters.exporter import ResourcesDict
from nbformat.notebooknode import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.plugins import LateSubmissionPlugin
from nbgrader.preprocessors import AssignLatePenalties, NbGraderPreprocessor
from traitlets import List, Unicode
from traitlets.config import Configurable

from kernelmark.course import steps
from kernelmark.course.feedback import feedback, rows_of
from kernelmark.course.gradebook import Book, Penalty, explain, in_one_transaction, void_marks, write_marks
from kernelmark.course.lateness import Lateness, of_course
from kernelmark.course.nbgrader_settings import told
from kernelmark.course.places import share
from kernelmark.course.resume import Ready, alone, check_free, prepare
from kernelmark.course.settings import Kernelmark
from kernelmark.errors import CourseError, GraderError, KernelmarkError
from kernelmark.notebook import folder, intake
from kernelmark.notebook.cells import hidden_lines, without_hidden_lines
from kernelmark.notebook.conform import Course, read_submission
from kernelmark.notebook.intake import own_files
from kernelmark.notebook.markers import Markers
from kernelmark.notebook.markup import PAGE_STYLE
from kernelmark.records import (
    HANDED_IN,
    CellResult,
    SubmissionResult,
    former_path,
    from_json,
    record_path,
    told_beside,
    write_record,
)
from kernelmark.referee.grading import graded_notebook, read_source, source_of, unanswered

OTHER_EXPORTER = (
    "this course does not use Kernelmark: c.Autograde.exporter_class is not kernelmark.course.autograde."
    "SubmissionExporter, nor made from it; add at the end of nbgrader_config.py: import kernelmark; kernelmark.use(c)"
)


class SubmissionExporter(NotebookExporter):
    """Reads a submitted file as plain cells: no outputs, no metadata, and no error where it is no notebook."""

    def __init__(self, config: Any = None, **kw: Any):
        super().__init__(config=config, **kw)  # type: ignore[no-untyped-call]
        self.ready = Ready({}, {})
        self.penalty: Penalty = _never
        self._alone = contextlib.ExitStack()
        self._grading: tuple[str, ...] = ()
        self._folder = Path()
        self._shared = False
        # Of the submission at hand: what was odd about it, and why a person must look, or "".
        self.notes: tuple[str, ...] = ()
        self.doubt = ""
        if isinstance(self.parent, Autograde):
            intake.guard(self.parent)
            self._shared = self.parent.coursedir.groupshared
            self._folder = Path(self.parent.coursedir.root, self.parent.coursedir.autograded_directory)
            settings = Kernelmark(parent=self, config=self.config)
            tell = getattr(self.parent, "tell", self.parent.log.warning)
            most, ignore = settings.course_file_limit, self.parent.coursedir.ignore
            with _stopping(KernelmarkError):
                steps.check(self.parent)
                for line in told(self.config):
                    tell(line)
                source = Path(settings.source_directory)
                self.penalty = penalty_of_course(self.parent, settings)
                hashed = functools.cache(
                    functools.partial(source_of, source, self.config, self.parent.exclude_overwriting, most, ignore)
                )
                self.ready = prepare(self.parent, source, hashed, self.penalty, settings.grade_book_wait_s, tell)
            for name in sorted({assignment for assignment, _ in self.ready.handed_in}):
                place = Path(self.parent.coursedir.root, source, name)
                missing = intake.told(own_files(place, most, ignore)[1])
                if missing:
                    self.parent.log.warning("%s: left out, of the course's files: %s", name, missing)

    def from_filename(self, filename: str, resources: Any = None, **kw: Any) -> Any:
        """Convert a file that may hold anything; where that fails, no mark of the notebook stays."""
        place = (resources or {}).get("nbgrader")
        if place is None:
            return self._convert(filename, resources, **kw)
        grading = (place["assignment"], place["student"], place["notebook"])
        first = self._grading != grading
        self._grading = grading if first else ()
        try:
            if first:
                self._alone.close()
                with _stopping():
                    self._alone.enter_context(alone(*grading[:2]))
            output, resources = self._convert(filename, resources, first=first, **kw)
            with _stopping():
                check_free(self._folder, 2 * len(output.encode()))
        except BaseException as error:  # whatever broke, ctrl-C included, no mark of before may stand
            self._grading = ()
            with self._alone:
                if isinstance(error, Exception):
                    self._void(place)
            raise
        if not first:
            self._alone.close()
            if self._shared:
                share(records_of(*grading[:2]))
        return output, resources

    def _void(self, place: dict[str, str]) -> None:
        """Leave no mark for a notebook that could not be graded."""
        who = (place["assignment"], place["student"], place["notebook"])
        settings = Kernelmark(parent=self, config=self.config)
        with _stopping():
            in_one_transaction(
                place["db_url"], lambda book: void_marks(book, *who, self.penalty), settings.grade_book_wait_s
            )

    def _convert(self, filename: str, resources: Any, *, first: bool = True, **kw: Any) -> Any:
        path = Path(filename)
        place = (resources or {}).get("nbgrader")
        if first and place is not None:
            source = Path(Kernelmark(parent=self, config=self.config).source_directory) / place["assignment"]
            found = folder.find(path, [known.stem for known in source.glob("*.ipynb")])
            # The second time nbgrader reads what it wrote itself, and what was odd about the folder is not there.
            submission, self.notes, self.doubt = folder.read(_course(self, place), found)
            for note in self.notes:
                self.log.warning("%s: %s", place["student"], note)
        else:
            submission, _ = read_submission(folder.find(path).data or b"")
        resources = ResourcesDict() if resources is None else resources
        resources["metadata"] = ResourcesDict(name=Path(filename).stem, path=str(Path(filename).parent))
        return self.from_notebook_node(submission, resources=resources, **kw)  # type: ignore[no-untyped-call]


class Conform(NbGraderPreprocessor):
    """Puts the instructor's cells, metadata and order back; in the place of OverwriteCells and DeduplicateIds."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Return the notebook to be graded, made from the submission's text and the instructor's tests."""
        if not isinstance(self.parent, SubmissionExporter):
            raise SystemExit(f"nbgrader autograde stopped: {OTHER_EXPORTER}")
        conformed, _ = _course(self.parent, resources["nbgrader"]).plan(nb)
        conformed.metadata.pop(HANDED_IN, None)
        return conformed, resources


class Grade(NbGraderPreprocessor):
    """Referees a conformed notebook; in the place of Execute."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Fill in outputs, and leave the results in resources["kernelmark"] and in the records."""
        place = resources["nbgrader"]
        settings = Kernelmark(parent=self.parent, config=self.config)
        most, ignore = settings.submitted_file_limit, self.parent.parent.coursedir.ignore
        source = Path(settings.source_directory) / place["assignment"]
        own, left_out = own_files(source, settings.course_file_limit, ignore)
        graded, result = graded_notebook(
            _course(self.parent, place),
            nb,
            (place["assignment"], place["notebook"], place["student"]),
            files=intake.shown(_submitted(self, place), most, ignore),
            course_files=own,
            limits=settings.limits(),
            notes=self.parent.notes,
            doubt=self.parent.doubt,
            missing=intake.told(left_out),
            students_own=self.parent.parent.exclude_overwriting.get(place["assignment"], ()),
            handed_in=self.parent.ready.handed_in.get((place["assignment"], place["student"]), ""),
        )
        with _stopping():
            resources["kernelmark"], _ = keep(result, self.log)
        for module in result.missing_modules:
            self.log.warning("%s imports %s, which is not installed where it is graded", place["student"], module)
        for found in result.cells:
            if found.mark == "person" and found.staff and found.verdicts == () and found.claim:
                self.log.warning("%s: %s needs a person: %s", place["student"], found.grade_id, found.staff)
        if told := told_beside(result.cells):
            self.log.warning("%s: %s", place["student"], told)
        return graded, resources


class SaveGrades(NbGraderPreprocessor):
    """Writes the referee's marks to the grade book; in the place of SaveAutoGrades and AssignLatePenalties."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Save the marks, the comments and the late penalty of a notebook, all of them or none."""
        settings = Kernelmark(parent=self.parent, config=self.config)
        result: SubmissionResult = resources["kernelmark"]
        comments = unanswered(nb, result)
        late: Penalty = self.parent.penalty

        def write(book: Gradebook) -> None:
            write_marks(book, result, comments, late)

        with _stopping():
            in_one_transaction(resources["nbgrader"]["db_url"], write, settings.grade_book_wait_s)
        return nb, resources


class StudentView(NbGraderPreprocessor):
    """Makes a graded notebook fit for its student: marks with their reasons, no hidden test, no staff output."""

    # The HTML exporter configures this for every step; without it each run would warn.
    display_data_priority = List(Unicode()).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Return the notebook, and in resources["kernelmark"] what a page says at its head and with each cell."""
        place = resources["nbgrader"]
        nb.cells = [cell for cell in nb.cells if cell.metadata.get("kernelmark", {}).get("for") != "staff"]
        path = record_path(place["assignment"], place["student"], place["notebook"])
        record = from_json(SubmissionResult, path.read_bytes()) if path.is_file() else None
        late = ""
        if record is not None:
            with _stopping(KernelmarkError, "nbgrader generate_feedback"):
                late = self._late(place)
        rows = rows_of(nb, record, Markers.of(self.config).hidden)
        nb, resources = super().preprocess(nb, resources)
        resources.setdefault("inlining", {}).setdefault("css", []).append(PAGE_STYLE)
        resources["kernelmark"] = feedback(nb, rows, record, place, late)
        return nb, resources

    def _late(self, place: dict[str, Any]) -> str:
        """Return what lateness cost, in one sentence; "" where the course has no policies, or it cost nothing."""
        lost = place.get("late_penalty", 0.0)
        found = _lateness(self.parent.parent) if isinstance(self.parent.parent, GenerateFeedback) else None
        if found is None:
            return ""
        return found.sentence(place["assignment"], place["student"], place.get("score", 0.0) + lost, lost)

    def preprocess_cell(
        self, cell: NotebookNode, resources: ResourcesDict, index: int
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Cut what only staff may read out of a test cell."""
        meta = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "code" and meta.get("grade") and not meta.get("solution"):
            hiding = Markers.of(self.config).hidden
            if hidden_lines(cell.source, hiding):
                cell.source = without_hidden_lines(cell.source, hiding) + "\n# (hidden tests)"
            kept = ("display_data",)
            cell.outputs = [output for output in cell.outputs if output.output_type in kept]
        return cell, resources


def penalty(step: Configurable, by_policies: Lateness | None = None) -> Penalty:
    """Return how late notebooks are penalised: by policies.toml, or by the plugin of nbgrader's AssignLatePenalties.

    Its limits hold for both: never below 0, never more than the score.

    Raises:
        CourseError: both are there.
    """
    late = AssignLatePenalties(parent=step, config=step.config)
    late.init_plugin()
    if by_policies is not None and by_policies.policies.late is not None:
        stock = type(late.plugin_inst) is LateSubmissionPlugin and late.plugin_inst.penalty_method == "none"
        if not stock:
            raise CourseError(
                "late penalties are set twice: by [late] in policies.toml and by c.AssignLatePenalties.plugin_class or "
                "c.LateSubmissionPlugin.penalty_method in nbgrader_config.py; take one of them out"
            )

    def points(student: str, score: float, late_s: float, assignment: str) -> float | None:
        if late_s <= 0 or not late.enabled:
            return None
        if by_policies is None or by_policies.policies.late is None:
            lost = late.plugin_inst.late_submission_penalty(student, score, late_s)
        else:
            lost = by_policies.loss(assignment, student, late_s).points(score) or None
        return None if lost is None else float(late._check_late_penalty(types.SimpleNamespace(score=score), lost))

    return points


def _never(*_: object) -> None:
    """Penalise nobody: where nothing is graded."""


def penalty_of_course(converter: Autograde, settings: Kernelmark) -> Penalty:
    """Return how a course penalises late notebooks, by its policies where it has such a file.

    Raises:
        CourseError: the policies cannot be understood.
        StorageError: the grade book cannot be read.
    """
    root = Path(converter.coursedir.root)
    with contextlib.closing(Book(converter.coursedir.db_url, settings.grade_book_wait_s)) as book:
        return penalty(converter, of_course(root, book, root / settings.source_directory))


@functools.lru_cache(maxsize=1)
def _lateness(converter: Any) -> Lateness | None:
    """Return the lateness of a class, read once for all of its feedback."""
    settings = Kernelmark(parent=converter, config=converter.config)
    root = Path(converter.coursedir.root)
    with contextlib.closing(Book(converter.coursedir.db_url, settings.grade_book_wait_s)) as book:
        return of_course(root, book, root / settings.source_directory)


def records_of(assignment: str, student: str) -> list[Path]:
    """Return the folders and files that a run writes beside autograded/ for one submission."""
    place = record_path(assignment, student, "any").parent
    return [place.parent.parent, place.parent, place, *place.iterdir()]


@contextlib.contextmanager
def _stopping(kind: type[Exception] = GraderError, command: str = "nbgrader autograde") -> Iterator[None]:
    """End the whole run, in one line, for what would befall every submission alike."""
    try:
        yield
    except kind as error:
        raise SystemExit(f"{command} stopped: {error}") from error
    except OSError as error:
        raise SystemExit(f"{command} stopped: {explain(error)}") from error


def _course(exporter: Configurable, place: dict[str, str]) -> Course:
    """Return the instructor's notebook for the submission at hand; nbgrader runs us in the course's folder.

    Raises:
        CourseError: it is not there.
    """
    root = Kernelmark(parent=exporter, config=exporter.config).source_directory
    path = Path(root) / place["assignment"] / f"{place['notebook']}.ipynb"
    if not path.is_file():
        raise CourseError(
            f"expected the instructor's notebook at {path}; set c.Kernelmark.source_directory if it moved"
        )
    return Course(read_source(path, exporter.config), exporter.config)


def _submitted(step: NbGraderPreprocessor, place: dict[str, str]) -> Path:
    """Return the folder that was handed in; not all that lies in it is copied to autograded/."""
    course = step.parent.parent.coursedir
    return Path(course.format_path(course.submitted_directory, place["student"], place["assignment"]))


def keep(result: SubmissionResult, log: logging.Logger) -> tuple[SubmissionResult, SubmissionResult | None]:
    """Write the record, and let a regrade of the same work keep any speed mark it had earned.

    Returns:
        The result as kept, and the former one, None where there is none.
    """
    path = record_path(result.assignment, result.student, result.notebook)
    aside = former_path(path)
    found = path if path.is_file() else aside
    former = None
    if found.is_file():
        try:
            former = from_json(SubmissionResult, found.read_bytes())
        except ValueError as error:
            log.warning("%s cannot be read and is written anew: %s", found, error)
        else:
            same = former.submission_sha256 == result.submission_sha256 and former.source_sha256 == result.source_sha256
            if same:
                cells = tuple(_better(cell, former.cell(cell.grade_id)) for cell in result.cells)
                result = SubmissionResult(**{**vars(result), "cells": cells})
    write_record(path, result)
    aside.unlink(missing_ok=True)
    return result, former


def _better(new: CellResult, former: CellResult | None) -> CellResult:
    """Return the better result of a speed check; every other result is the new one."""
    if former is None or not former.verdicts or former.points is None:
        return new
    earned = new.points if new.points is not None else -1.0
    return former if new.verdicts and former.points > earned else new
