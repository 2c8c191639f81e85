"""nbgrader's autograding, with the referee in the place of its one process.

`SubmissionExporter` reads what was handed in, whatever it is; `Conform` puts the
instructor's cells back; `Grade` referees; `SaveGrades` writes the marks to nbgrader's
grade book, from the results and never from a cell's output; `StudentView` makes
feedback that shows no hidden test. nbgrader's commands, formgrader and late penalties
go on working around them. It does not decide marks.
"""

import hashlib
import html
import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbconvert.exporters.exporter import ResourcesDict
from nbconvert.preprocessors.sanitize import SanitizeHTML
from nbformat.notebooknode import NotebookNode
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.preprocessors import NbGraderPreprocessor, SaveAutoGrades
from traitlets import Bool, Float, Integer, List, Unicode
from traitlets.config import Configurable

from kernelmark.conform import Course, Plan, hidden_lines, mark_scheme, read_submission, without_hidden_lines
from kernelmark.errors import CourseError, SandboxError
from kernelmark.nursery import Nursery
from kernelmark.records import CellResult, SubmissionResult, from_json, to_json
from kernelmark.referee import Refereed, nobody_is_marked
from kernelmark.sandbox import Limits
from kernelmark.stats import number

RECORDS = ".kernelmark"
# More files and folders beside a notebook than this are not shown to it.
MAX_OWN_FILES = 200
# What Python and Jupyter leave beside a notebook is nobody's work.
LEFTOVERS = ("__pycache__", ".ipynb_checkpoints")
# The table of marks stands in the place of nbgrader's list of test cells.
FEEDBACK_STYLE = """
#toc { display: none }
table { width: 100%; margin: 1em 0 }
td, th { border: 1px solid #ccc; padding: .3em .6em; text-align: left; vertical-align: top; white-space: normal }
.output_text pre, .output_area pre { white-space: pre-wrap }
"""
_nursery = Nursery()


class Kernelmark(Configurable):
    """What an instructor can set in nbgrader_config.py, as c.Kernelmark.name = value."""

    source_directory = Unicode("source", help="Where the instructor's notebooks lie, below the course.").tag(
        config=True
    )
    memory_limit_bytes = Integer(Limits.memory_bytes, help="Memory of a submission's processes.").tag(config=True)
    cell_timeout_s = Float(Limits.cell_s, help="Seconds for one cell, or one call from a test.").tag(config=True)
    notebook_timeout_s = Float(Limits.notebook_s, help="Seconds for all cells of a notebook.").tag(config=True)
    blas_threads = Integer(Limits.threads, help="BLAS, OpenMP and Numba threads, on both sides of a race.").tag(
        config=True
    )
    allow_child_processes = Bool(
        False,
        help="Let submissions start processes, whose CPU time is not counted; better said in one notebook's metadata.",
    ).tag(config=True)
    run_submissions_uncontained = Bool(
        False,
        help="Run submissions WITHOUT a sandbox: they can then read and change everything that you can.",
    ).tag(config=True)

    def limits(self) -> Limits:
        """Return the limits that these settings ask for."""
        return Limits(
            memory_bytes=self.memory_limit_bytes,
            cell_s=self.cell_timeout_s,
            notebook_s=self.notebook_timeout_s,
            threads=self.blas_threads,
            children=self.allow_child_processes,
            contained=not self.run_submissions_uncontained,
        )


class SubmissionExporter(NotebookExporter):
    """Reads a submitted file as plain cells: no outputs, no metadata, and no error where it is no notebook."""

    def from_filename(self, filename: str, resources: Any = None, **kw: Any) -> Any:
        """Convert a file that may hold anything."""
        submission, notes = read_submission(Path(filename).read_bytes())
        submission.metadata["kernelmark_notes"] = notes
        resources = ResourcesDict() if resources is None else resources
        resources["metadata"] = ResourcesDict(name=Path(filename).stem, path=str(Path(filename).parent))
        return self.from_notebook_node(submission, resources=resources, **kw)  # type: ignore[no-untyped-call]


class Conform(NbGraderPreprocessor):
    """Puts the instructor's cells, metadata and order back; in the place of OverwriteCells and DeduplicateIds."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Return the notebook to be graded, made from the submission's text and the instructor's tests."""
        course = _course(self, resources)
        notes = tuple(nb.metadata.get("kernelmark_notes", ()))
        conformed, _ = course.plan(nb, notes)
        resources["kernelmark_notes"] = notes
        return conformed, resources


class Grade(NbGraderPreprocessor):
    """Referees a conformed notebook; in the place of Execute."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Fill in outputs, and leave the results in resources["kernelmark"] and in the records."""
        place = resources["nbgrader"]
        settings = Kernelmark(parent=self.parent, config=self.config)
        course = _course(self, resources)
        graded, plan = course.plan(nb)
        course_files = own_files(Path(settings.source_directory) / place["assignment"])
        source_sha256 = _source_sha256(course, course_files)
        start = time.monotonic()
        files = own_files(Path(resources["metadata"]["path"]))
        try:
            done = _nursery.grade(plan, source_sha256, _limits(course, settings.limits()), files, course_files)
        except SandboxError as error:
            # No stale mark may stand for a submission that was not graded.
            done = nobody_is_marked(plan, f"SandboxError: {error}")
            _save(self, done, place)
            raise
        for position, (node, outputs, cell) in enumerate(zip(graded.cells, done.outputs, plan.cells, strict=True)):
            if node.cell_type == "code":
                node.outputs = [nbformat.from_dict(output) for output in outputs]
            if cell.role in ("student", "answer") or not cell.grade_id:
                # What a student wrote opens in formgrader beside the instructor's own session.
                graded.cells[position], _ = SanitizeHTML().preprocess_cell(node, resources, position)
        graded.cells = _with_mark_schemes(graded.cells, course)
        who = (place["assignment"], place["notebook"], place["student"])
        result = _result(who, plan, files, source_sha256, done, time.monotonic() - start)
        result = replace(result, notes=resources.get("kernelmark_notes", ()))
        resources["kernelmark"] = _keep(self, result)
        for found in result.cells:
            if found.mark == "person" and found.staff and found.verdicts == () and found.claim:
                self.log.warning("%s: %s needs a person: %s", place["student"], found.grade_id, found.staff)
        return graded, resources


class SaveGrades(SaveAutoGrades):
    """Writes the referee's marks to the grade book; what a cell printed decides nothing."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Save the marks of every graded cell, and the comments of every answer."""
        result: SubmissionResult = resources["kernelmark"]
        self._results = {cell.grade_id: cell for cell in result.cells}
        saved: tuple[NotebookNode, ResourcesDict] = super().preprocess(nb, resources)
        return saved

    def _add_score(self, cell: NotebookNode, resources: ResourcesDict) -> None:
        grade_id = cell.metadata["nbgrader"]["grade_id"]
        try:
            grade = self.gradebook.find_grade(grade_id, self.notebook_id, self.assignment_id, self.student_id)
        except MissingEntry:
            raise CourseError(
                f"{grade_id} is in source/ but not in the grade book; run: nbgrader generate_assignment "
                f"{self.assignment_id} --force"
            ) from None
        _set_grade(grade, self._results.get(grade_id))
        self.gradebook.db.commit()


class StudentView(NbGraderPreprocessor):
    """Makes a graded notebook fit for its student: a table of marks, no hidden test, no staff output."""

    # The HTML exporter configures this for every step; without it each run would warn.
    display_data_priority = List(Unicode()).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Return the notebook with the marks and their reasons in words at its head."""
        place = resources["nbgrader"]
        nb.cells = [cell for cell in nb.cells if cell.metadata.get("kernelmark", {}).get("for") != "staff"]
        nb, resources = super().preprocess(nb, resources)
        path = _record_path(place["assignment"], place["student"], place["notebook"])
        if path.is_file():
            table = _marks(nb, from_json(SubmissionResult, path.read_bytes()))
            resources.setdefault("inlining", {}).setdefault("css", []).append(FEEDBACK_STYLE)
            nb.cells.insert(0, nbformat.v4.new_markdown_cell(table))
        return nb, resources

    def preprocess_cell(
        self, cell: NotebookNode, resources: ResourcesDict, index: int
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Cut what only staff may read out of a test cell."""
        meta = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "code" and meta.get("grade") and not meta.get("solution"):
            if hidden_lines(cell.source):
                cell.source = without_hidden_lines(cell.source) + "\n# (hidden tests)"
            kept = ("display_data",)
            cell.outputs = [output for output in cell.outputs if output.output_type in kept]
        return cell, resources


def grade(source: Path, submitted: Path, limits: Limits | None = None) -> SubmissionResult:
    """Grade one notebook without a course folder and without a grade book.

    Raises:
        CourseError: the instructor's notebook cannot be graded.
        SandboxError: submissions cannot be contained on this machine.
    """
    course = Course(nbformat.read(source, as_version=4))
    submission, notes = read_submission(submitted.read_bytes())
    _, plan = course.plan(submission, notes)
    start = time.monotonic()
    course_files = own_files(source.parent)
    source_sha256 = _source_sha256(course, course_files)
    files = own_files(submitted.parent)
    done = _nursery.grade(plan, source_sha256, _limits(course, limits or Limits()), files, course_files)
    return _result((source.parent.name, source.stem, ""), plan, files, source_sha256, done, time.monotonic() - start)


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
    )


def _course(step: NbGraderPreprocessor, resources: ResourcesDict) -> Course:
    """Return the instructor's notebook for the submission at hand; nbgrader runs us in the course's folder.

    Raises:
        CourseError: it is not there.
    """
    place = resources["nbgrader"]
    root = Kernelmark(parent=step.parent, config=step.config).source_directory
    path = Path(root) / place["assignment"] / f"{place['notebook']}.ipynb"
    if not path.is_file():
        raise CourseError(
            f"expected the instructor's notebook at {path}; set c.Kernelmark.source_directory if it moved"
        )
    return Course(nbformat.read(path, as_version=4), step.config)


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


def _marks(nb: NotebookNode, record: SubmissionResult) -> str:
    """Return the table of marks as HTML in a markdown cell; what the student wrote is escaped."""
    rows = []
    for cell in nb.cells:
        meta = cell.metadata.get("nbgrader", {})
        if not meta.get("grade"):
            continue
        result = record.cell(meta["grade_id"])
        name, claim, reason, points = (
            html.escape(meta["grade_id"]),
            "",
            "",
            f"{number(meta['score'])} of {number(meta['points'])}",
        )
        if result is not None:
            claim, reason = html.escape(result.claim), html.escape(result.reason).replace("\n", "<br>")
            waiting = result.points is None and not meta["score"]
            points += "<br>waits for a person" if waiting else ""
        rows.append(f'<tr><td><a href="#{name}">{name}</a><br>{claim}</td><td>{points}</td><td>{reason}</td></tr>')
    head = "<tr><th>what was tested</th><th>points</th><th>why</th></tr>"
    return f'<table class="marks">{head}{"".join(rows)}</table>'


def own_files(folder: Path) -> dict[str, str]:
    """Return the files and folders beside a notebook, {name: path}; links, notebooks and leftovers are left out."""
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    own = [p for p in found if not p.is_symlink() and p.suffix != ".ipynb" and p.name not in LEFTOVERS]
    return {p.name: str(p.resolve()) for p in own[:MAX_OWN_FILES]}


def _submission_sha256(plan: Plan, files: dict[str, str]) -> str:
    """Return a hash of everything a student handed in: the text of the cells, and the files beside them."""
    digest = hashlib.sha256()
    for cell in plan.cells:
        if cell.role in ("student", "answer"):
            digest.update(cell.source.encode() + b"\0")
    _add_files(digest, files)
    return digest.hexdigest()


def _source_sha256(course: Course, files: dict[str, str]) -> str:
    """Return a hash of everything an instructor wrote: the notebook, and the files beside it."""
    digest = hashlib.sha256(json.dumps(course.source, sort_keys=True).encode())
    _add_files(digest, files)
    return digest.hexdigest()


def _add_files(digest: Any, files: dict[str, str]) -> None:
    for name, path in files.items():
        for part in sorted(p for p in (Path(path), *Path(path).rglob("*")) if p.is_file() and not p.is_symlink()):
            if part.parent.name not in LEFTOVERS:
                digest.update(f"{name}/{part.name}\0".encode() + part.read_bytes())


def _keep(step: NbGraderPreprocessor, result: SubmissionResult) -> SubmissionResult:
    """Write the record, and let a regrade of the same work keep any speed mark it had earned."""
    path = _record_path(result.assignment, result.student, result.notebook)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_file():
        try:
            former = from_json(SubmissionResult, path.read_bytes())
        except ValueError as error:
            step.log.warning("%s cannot be read and is written anew: %s", path, error)
        else:
            same = former.submission_sha256 == result.submission_sha256 and former.source_sha256 == result.source_sha256
            if same:
                cells = tuple(_better(cell, former.cell(cell.grade_id)) for cell in result.cells)
                result = SubmissionResult(**{**vars(result), "cells": cells})
    temporary = path.with_suffix(".tmp")
    temporary.write_text(to_json(result))
    temporary.replace(path)
    return result


def _record_path(assignment: str, student: str, notebook: str) -> Path:
    return Path(RECORDS) / assignment / student / f"{notebook}.json"


def _better(new: CellResult, former: CellResult | None) -> CellResult:
    """Return the better result of a speed check; every other result is the new one."""
    if former is None or not former.verdicts or former.points is None:
        return new
    earned = new.points if new.points is not None else -1.0
    return former if new.verdicts and former.points > earned else new


def _set_grade(grade: Any, result: CellResult | None) -> None:
    """Set nbgrader's automatic score: empty where a person must look, and manual marks are never touched."""
    grade.auto_score = result.points if result is not None else None
    grade.needs_manual_grade = grade.manual_score is not None or grade.auto_score is None


def _save(step: NbGraderPreprocessor, done: Refereed, place: dict[str, str]) -> None:
    with Gradebook(place["db_url"]) as gradebook:
        for result in done.cells:
            try:
                grade = gradebook.find_grade(result.grade_id, place["notebook"], place["assignment"], place["student"])
            except MissingEntry:
                step.log.warning("%s is not in the grade book", result.grade_id)
                continue
            _set_grade(grade, result)
        gradebook.db.commit()
