"""Where source/ and the grade book differ in cells and points, and a way to bring the grade book to the notebook.

nbgrader refuses to add or remove cells once something was handed in, and its remedy removes
every mark. `stop_at_drift` ends a run before it changes anything; `update` adds, changes and
removes cells in one transaction and keeps what people gave. It grades nothing.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbformat.notebooknode import NotebookNode
from nbgrader import utils
from nbgrader.api import (
    Comment,
    Grade,
    Gradebook,
    GradeCell,
    MissingEntry,
    Notebook,
    SolutionCell,
    SourceCell,
    SubmittedAssignment,
    SubmittedNotebook,
    TaskCell,
)
from sqlalchemy import insert

from kernelmark.course.folder import open_course
from kernelmark.course.gradebook import in_one_transaction
from kernelmark.course.settings import Kernelmark
from kernelmark.errors import CourseError
from kernelmark.notebook.conform import Course
from kernelmark.referee.grading import read_source
from kernelmark.stopwatch.stats import number

KINDS = {"test": GradeCell, "task": TaskCell, "solution": SolutionCell}
# So many differences are named in the line that stops a run.
MAX_NAMED = 6
# {(kind, grade id): (points, type of cell)}; a solution cell has neither.
Cells = dict[tuple[str, str], tuple[float, str] | None]


def cells_of(notebook: NotebookNode) -> Cells:
    """Return the cells of a notebook that the grade book has to know."""
    found: Cells = {}
    for cell in notebook.cells:
        meta = cell.metadata.get("nbgrader", {})
        name, worth = str(meta.get("grade_id", "")), (float(meta.get("points") or 0.0), str(cell.cell_type))
        if utils.is_grade(cell):
            found["test", name] = worth
        if utils.is_task(cell):
            found["task", name] = worth
        if utils.is_solution(cell):
            found["solution", name] = None
    return found


def stop_at_drift(book: Gradebook, assignment: str, notebooks: Mapping[str, NotebookNode], also: Sequence[str]) -> None:
    """Compare cells and points of source/ and the grade book, before anything is changed.

    Args:
        notebooks: the instructor's, by name.
        also: names of notebooks in the grade book that are to be compared.

    Raises:
        CourseError: they differ; the message names what, and the command that helps.
    """
    found = differences(book, assignment, notebooks, also)
    if not found:
        return
    handed_in = _submissions(book, assignment)
    remedy = f"kernelmark update {assignment}" if handed_in else f"nbgrader generate_assignment {assignment} --force"
    more = f" and {len(found) - MAX_NAMED} more" if len(found) > MAX_NAMED else ""
    raise CourseError(
        f"source/ and the grade book differ ({'; '.join(found[:MAX_NAMED])}{more}); run: {remedy}; then the same "
        "command again; nothing was changed"
    )


def differences(
    book: Gradebook, assignment: str, notebooks: Mapping[str, NotebookNode], also: Sequence[str]
) -> list[str]:
    """Return how the cells of source/ differ from those of the grade book, a clause each."""
    known = {row.name: row for row in book.find_assignment(assignment).notebooks}
    found = []
    for name, notebook in notebooks.items():
        new = cells_of(notebook)
        old = _held_cells(known[name]) if name in known else {}
        if name not in known and new:
            found.append(f"the notebook {name} is new")
        found += [] if name not in known else _clauses(old, new)
    return found + [f"the notebook {name} is gone" for name in known if name in also and name not in notebooks]


def _held_cells(row: Any) -> Cells:
    found: Cells = {("test", cell.name): (float(cell.max_score), str(cell.cell_type)) for cell in row.grade_cells}
    found |= {("task", cell.name): (float(cell.max_score), str(cell.cell_type)) for cell in row.task_cells}
    return found | {("solution", cell.name): None for cell in row.solution_cells}


def _clauses(old: Cells, new: Cells) -> Iterator[str]:
    for key in sorted(new.keys() | old.keys()):
        kind, name = key
        if key not in old:
            worth = new[key]
            yield f"the {kind} {name} is new" + (f", {number(worth[0])} points" if worth else "")
        elif key not in new:
            yield f"the {kind} {name} is gone"
        elif (was := old[key]) and (now := new[key]) and was != now:
            yield f"{name} has {number(now[0])} points in {now[1]}, in the grade book {number(was[0])} in {was[1]}"


def _submissions(book: Gradebook, assignment: str) -> int:
    row = book.find_assignment(assignment)
    return int(book.db.query(SubmittedAssignment).filter_by(assignment_id=row.id).count())


@dataclass
class Update:
    """One transaction that brings the grade book to the notebooks of source/; `said` are lines for staff."""

    book: Gradebook
    assignment: str
    said: list[str] = field(default_factory=list)

    def run(self, sources: Mapping[str, NotebookNode], released: Callable[[str], NotebookNode]) -> int:
        """Do it, without a commit; return how many submissions there are.

        Args:
            sources: the instructor's notebooks, by name.
            released: returns one of them as it is released, for nbgrader's table of sources.

        Raises:
            CourseError: the assignment is not in the grade book.
        """
        try:
            row = self.book.find_assignment(self.assignment)
        except MissingEntry:
            raise CourseError(
                f"{self.assignment} is not in the grade book; run: nbgrader generate_assignment {self.assignment} "
                "--force"
            ) from None
        self.said += differences(self.book, self.assignment, sources, [each.name for each in row.notebooks])
        for notebook in list(row.notebooks):
            if notebook.name not in sources:
                self._remove_notebook(notebook)
        for name, source in sources.items():
            self._bring(row, name, source, released(name))
        self.book.db.flush()
        return _submissions(self.book, self.assignment)

    def _bring(self, row: Any, name: str, source: NotebookNode, released: NotebookNode) -> None:
        db = self.book.db
        notebook = db.query(Notebook).filter_by(name=name, assignment_id=row.id).first()
        if notebook is None:
            notebook = Notebook(name=name, assignment_id=row.id)
            db.add(notebook)
            db.flush()
            submissions = db.query(SubmittedAssignment.id).filter_by(assignment_id=row.id)
            self._insert(
                SubmittedNotebook, [{"notebook_id": notebook.id, "assignment_id": each.id} for each in submissions]
            )
        notebook.kernelspec = json.dumps(source.metadata.get("kernelspec", {}))
        held = {
            (kind, cell.name): cell
            for kind, table in KINDS.items()
            for cell in db.query(table).filter_by(notebook_id=notebook.id)
        }
        wanted = cells_of(source)
        for key, worth in wanted.items():
            if key not in held:
                self._add(notebook, key, worth, held, wanted)
            elif worth is not None:
                self._change(held[key], *worth)
        for key, cell in held.items():
            if key not in wanted:
                self._remove(cell)
        self._sources(notebook, released)

    def _add(self, notebook: Any, key: tuple[str, str], worth: Any, held: Mapping[Any, Any], wanted: Cells) -> None:
        """Add a cell and its rows; marks and comments of one that was of another kind go over to it."""
        kind, name = key
        settings = {} if worth is None else {"max_score": worth[0], "cell_type": worth[1]}
        cell = KINDS[kind](name=name, notebook_id=notebook.id, **settings)
        self.book.db.add(cell)
        self.book.db.flush()
        for table, kinds in ((Grade, ("test", "task")), (Comment, ("solution", "task"))):
            if kind not in kinds:
                continue
            other = next((k for k in kinds if k != kind and (k, name) in held and (k, name) not in wanted), None)
            if other is not None:
                rows = self.book.db.query(table).filter_by(cell_id=held[other, name].id)
                rows.update({"cell_id": cell.id}, synchronize_session=False)
            has = {row.notebook_id for row in self.book.db.query(table.notebook_id).filter_by(cell_id=cell.id)}
            submitted = self.book.db.query(SubmittedNotebook.id).filter_by(notebook_id=notebook.id)
            fresh = {"needs_manual_grade": True} if table is Grade else {}
            self._insert(
                table, [{"cell_id": cell.id, "notebook_id": r.id, **fresh} for r in submitted if r.id not in has]
            )
        if worth is not None:
            self._cap(cell, worth[0])

    def _change(self, cell: Any, points: float, cell_type: str) -> None:
        lower = points < cell.max_score
        cell.max_score, cell.cell_type = points, cell_type
        if lower:
            self._cap(cell, points)

    def _cap(self, cell: Any, points: float) -> None:
        """Bring marks above a maximum down to it; those given by hand are named, and a person looks again."""
        for grade in self.book.db.query(Grade).filter(Grade.cell_id == cell.id, Grade.auto_score > points):
            grade.auto_score = points
        for grade in self.book.db.query(Grade).filter(Grade.cell_id == cell.id, Grade.manual_score > points):
            who = grade.notebook.assignment.student_id
            self.said.append(
                f"{who}: {cell.name} was given {number(grade.manual_score)} by hand; now {number(points)}, the most "
                "there is, and marked for a person to look again"
            )
            grade.manual_score, grade.needs_manual_grade = points, True

    def _remove(self, cell: Any) -> None:
        """Remove a cell with its marks and comments, after saying what is lost."""
        db = self.book.db
        automatic = 0
        for grade in db.query(Grade).filter_by(cell_id=cell.id):
            who = grade.notebook.assignment.student_id
            automatic += bool(grade.auto_score)
            if grade.manual_score is not None or grade.extra_credit:
                by_hand = number((grade.manual_score or 0.0) + (grade.extra_credit or 0.0))
                self.said.append(f"{who}: {by_hand} points given by hand for {cell.name} are lost")
        if automatic:
            self.said.append(f"automatic marks for {cell.name} are lost: {automatic} above zero")
        texts = db.query(Comment).filter(Comment.cell_id == cell.id, Comment.manual_comment.is_not(None))
        for text in texts:
            who = text.notebook.assignment.student_id
            self.said.append(f"{who}: a comment on {cell.name} is lost: {text.manual_comment}")
        for table in (Grade, Comment):
            db.query(table).filter_by(cell_id=cell.id).delete(synchronize_session=False)
        db.expire_all()
        db.delete(cell)
        db.flush()

    def _remove_notebook(self, notebook: Any) -> None:
        db = self.book.db
        for kind in KINDS.values():
            for cell in db.query(kind).filter_by(notebook_id=notebook.id).all():
                self._remove(cell)
        db.query(SourceCell).filter_by(notebook_id=notebook.id).delete(synchronize_session=False)
        db.query(SubmittedNotebook).filter_by(notebook_id=notebook.id).delete(synchronize_session=False)
        db.expire_all()
        db.delete(notebook)
        db.flush()

    def _sources(self, notebook: Any, released: NotebookNode) -> None:
        """Write nbgrader's table of cells' texts, as its release step does."""
        db = self.book.db
        db.query(SourceCell).filter_by(notebook_id=notebook.id).delete(synchronize_session=False)
        rows = [
            {
                "name": cell.metadata.nbgrader["grade_id"],
                "notebook_id": notebook.id,
                "cell_type": cell.cell_type,
                "locked": bool(utils.is_locked(cell)),
                "source": cell.source,
                "checksum": cell.metadata.nbgrader.get("checksum"),
            }
            for cell in released.cells
            if utils.is_grade(cell) or utils.is_solution(cell) or utils.is_locked(cell) or utils.is_task(cell)
        ]
        self._insert(SourceCell, rows)

    def _insert(self, table: Any, rows: Sequence[dict[str, Any]]) -> None:
        if rows:
            self.book.db.execute(insert(table), list(rows))


def update(assignment: str) -> list[str]:
    """Bring the grade book to source/, all of it or nothing; return what changed and what to do next, in lines.

    Raises:
        CourseError: the assignment is not there, or its notebooks are at fault; nothing was changed.
        StorageError: the grade book cannot be written; nothing was changed.
    """
    app = open_course()
    assert app.coursedir is not None
    settings = Kernelmark(parent=app)
    sources = sources_of(Path(app.coursedir.root, settings.source_directory, assignment), app.config)
    released = {name: Course(source, app.config).released for name, source in sources.items()}
    said: list[str] = []

    def write(book: Gradebook) -> None:
        made = Update(book, assignment)
        count = made.run(sources, released.__getitem__)
        said[:] = made.said or [f"the grade book has the cells and points of source/{assignment} already"]
        said.append(f"for students: nbgrader generate_assignment {assignment} --force")
        said.extend([f"for {count} handed in: kernelmark autograde {assignment}"] if count else [])

    in_one_transaction(app.coursedir.db_url, write, settings.grade_book_wait_s)
    return said


def sources_of(folder: Path, config: Any = None) -> dict[str, NotebookNode]:
    """Return the instructor's notebooks of an assignment, by name.

    Raises:
        CourseError: there is none.
    """
    found = {path.stem: read_source(path, config) for path in sorted(folder.glob("*.ipynb"))}
    if not found:
        raise CourseError(f"expected the instructor's notebooks in {folder}; is the assignment's name right?")
    return found
