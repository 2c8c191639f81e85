"""All answers to one written question on one page, to be marked by question and saved as a file.

The page stands by itself: no server, no network. It names nobody: an answer goes by a key that only this course's
folder can turn back into a student, and answers stand in the order of their keys. Identical ones are shown once. What a
marker saves holds keys, points and comments; `answers_back` puts it into the grade book. This room reads, and changes
nothing but its own notes in .kernelmark/.
"""

import base64
import contextlib
import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from markupsafe import Markup
from nbgrader import utils
from nbgrader.api import (
    Assignment,
    Comment,
    Grade,
    Gradebook,
    GradeCell,
    Notebook,
    SolutionCell,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy import select

from kernelmark.course.folder import has_grade_book, open_course
from kernelmark.course.gradebook import Book
from kernelmark.course.settings import Kernelmark
from kernelmark.course.stores import named
from kernelmark.errors import CourseError
from kernelmark.notebook import page
from kernelmark.notebook.cells import mark_scheme
from kernelmark.notebook.markers import Markers
from kernelmark.notebook.markup import markdown2html
from kernelmark.notebook.scheme import Item, items
from kernelmark.records import RECORDS, SubmissionResult, from_json, record_path, write_record
from kernelmark.referee.grading import read_source
from kernelmark.text import visible

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
# A page with more is slow on a small machine; a class is split by --part.
MAX_CODE_CHARS = 50_000


@dataclass(frozen=True)
class Given:
    """What was given for one answer by way of the rubric: the ticked items, or points of the marker's own."""

    ticked: tuple[str, ...]
    own: float | None
    mark: float
    by: str


@dataclass
class Notes:
    """What is kept of a question beside the grade book: its rubric now, and {student: what was given by it}."""

    rubric: list[Item] = field(default_factory=list)
    given: dict[str, Given] = field(default_factory=dict)


@dataclass(frozen=True)
class Question:
    """A written question of an instructor's notebook."""

    assignment: str
    notebook: str
    grade_id: str
    max_points: float
    code: bool
    asked: str
    model: str
    scheme: str
    attachments: Mapping[str, Any]

    @property
    def rubric(self) -> list[Item]:
        """The items that the mark scheme names."""
        return items(self.scheme)


@dataclass(frozen=True)
class Answer:
    """One student's answer, and what the grade book has for it."""

    student: str
    source: str
    attachments: Mapping[str, Any]
    untouched: bool
    manual: float | None
    auto: float | None
    comment: str
    remark: str = ""

    @property
    def sha256(self) -> str:
        """Of the answer as it is shown; equal for identical ones."""
        words = " ".join(self.source.split())
        return hashlib.sha256(json.dumps([words, self.attachments], sort_keys=True).encode()).hexdigest()[:16]

    @property
    def empty(self) -> bool:
        """Whether nothing was written."""
        return not self.attachments and (self.untouched or not self.source.strip())


class Course:
    """The course in the folder at hand, as far as written questions are concerned."""

    def __init__(self) -> None:
        self.app = open_course()
        if not has_grade_book(self.app):
            raise CourseError("there is no grade book here; grade first: kernelmark autograde NAME")
        self.settings = Kernelmark(parent=self.app)
        self.root = Path(self.app.coursedir.root)
        self.markers = Markers.of(self.app.config)

    def book(self) -> Book:
        """Return the grade book; close it."""
        return Book(self.app.coursedir.db_url, self.settings.grade_book_wait_s)

    def questions(self, assignment: str, grade_id: str = "") -> list[Question]:
        """Return the written questions of an assignment, or the one of this name.

        Raises:
            CourseError: there is none.
        """
        folder = self.root / self.settings.source_directory / assignment
        found = [each for path in sorted(folder.glob("*.ipynb")) for each in self._questions(assignment, path)]
        meant = [each for each in found if grade_id in ("", each.grade_id)]
        if not meant:
            there = f"it has {named([each.grade_id for each in found])}" if found else f"none is in {folder}"
            raise CourseError(f"no written question {visible(grade_id, lines=False)} in {assignment}: {there}")
        return meant

    def _questions(self, assignment: str, path: Path) -> Iterable[Question]:
        notebook = read_source(path, self.app.config)
        before = ""
        for cell in notebook.cells:
            if not (utils.is_grade(cell) and utils.is_solution(cell)):
                before = cell.source if cell.cell_type == "markdown" else before
                continue
            meta = cell.metadata.nbgrader
            scheme = mark_scheme(cell.source, self.markers.scheme)
            model = cell.source.partition(self.markers.scheme.begin)[0].rstrip()
            code = cell.cell_type == "code"
            yield Question(
                assignment, path.stem, meta["grade_id"], float(meta["points"]), code, before, model, scheme,
                cell.get("attachments", {}),
            )  # fmt: skip

    def answers(self, question: Question) -> list[Answer]:
        """Return the answers of everybody who was graded, with the marks of the grade book."""
        held: dict[str, tuple[float | None, float | None, str]] = {}
        with contextlib.closing(self.book()) as book:
            book.in_one_transaction(lambda opened: held.update(marks_of(opened, question)))
        found = []
        with contextlib.chdir(self.root):
            for student, (manual, auto, comment) in held.items():
                cell = self._cell(question, student)
                if cell is None:
                    continue
                untouched = cell.metadata.nbgrader.get("checksum") == utils.compute_checksum(cell)
                pictures = cell.get("attachments", {})
                text = "" if auto is not None else _remark(question, student)
                found.append(Answer(student, cell.source, pictures, untouched, manual, auto, comment, text))
        return found

    def _cell(self, question: Question, student: str) -> Any:
        course = self.app.coursedir
        folder = course.format_path(course.autograded_directory, student, question.assignment)
        try:
            cells = nbformat.read(Path(folder) / f"{question.notebook}.ipynb", 4).cells
        except FileNotFoundError:
            return None
        return next((c for c in cells if c.metadata.get("nbgrader", {}).get("grade_id") == question.grade_id), None)

    def key(self, assignment: str, student: str) -> str:
        """Return what a page calls a student: nobody without this course's .kernelmark/ can tell who it is."""
        return hashlib.blake2b(f"{assignment}/{student}".encode(), key=self._salt(), digest_size=6).hexdigest()

    def _salt(self) -> bytes:
        path = self.root / RECORDS / "answers" / "salt"
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError), path.open("x") as file:
                file.write(secrets.token_hex(16))
        return bytes.fromhex(path.read_text())

    def notes(self, question: Question) -> Notes:
        """Return what was kept of a question; its mark scheme's items where nothing was yet."""
        path = self._notes_path(question)
        if not path.is_file():
            return Notes(question.rubric)
        said = json.loads(path.read_bytes())
        rubric = [Item(**item) for item in said["rubric"]]
        known = {item.id for item in rubric}
        rubric += [item for item in question.rubric if item.id not in known]
        given = {who: Given(**{**each, "ticked": tuple(each["ticked"])}) for who, each in said["given"].items()}
        return Notes(rubric, given)

    def keep(self, question: Question, notes: Notes) -> None:
        """Write what is kept of a question."""
        write_record(self._notes_path(question), notes)

    def _notes_path(self, question: Question) -> Path:
        return self.root / RECORDS / "answers" / question.assignment / question.notebook / f"{question.grade_id}.json"


def marks_of(opened: Gradebook, question: Question) -> dict[str, tuple[float | None, float | None, str]]:
    """Return {student: (mark by hand, mark by the machine, comment by hand)} of a question."""
    return {
        student: (grade.manual_score, grade.auto_score, (comment.manual_comment if comment else "") or "")
        for student, (grade, comment) in rows_of(opened, question).items()
    }


def rows_of(opened: Gradebook, question: Question) -> dict[str, tuple[Any, Any]]:
    """Return {student: (the grade's row, the comment's row or None)} of a question.

    Raises:
        CourseError: the grade book has no such question.
    """
    names = (Assignment.name == question.assignment, Notebook.name == question.notebook)
    cells = []
    for kind in (GradeCell, SolutionCell):
        wanted = select(kind.id).join(Notebook, kind.notebook_id == Notebook.id)
        wanted = wanted.join(Assignment, Notebook.assignment_id == Assignment.id)
        cells.append(opened.db.execute(wanted.where(*names, kind.name == question.grade_id)).scalar())
    if cells[0] is None:
        raise CourseError(f"{question.grade_id} is not in the grade book; run: kernelmark update {question.assignment}")
    places = dict(
        opened.db.execute(
            select(SubmittedNotebook.id, SubmittedAssignment.student_id)
            .join(SubmittedAssignment, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
            .join(Notebook, SubmittedNotebook.notebook_id == Notebook.id)
            .join(Assignment, Notebook.assignment_id == Assignment.id)
            .where(*names)
        ).all()
    )
    grades = opened.db.query(Grade).filter(Grade.cell_id == cells[0])
    comments = {row.notebook_id: row for row in opened.db.query(Comment).filter(Comment.cell_id == cells[1])}
    return {
        places[row.notebook_id]: (row, comments.get(row.notebook_id)) for row in grades if row.notebook_id in places
    }


def _remark(question: Question, student: str) -> str:
    """Return what grading said of an answer that looks untouched, such as text of the student's elsewhere."""
    try:
        path = record_path(question.assignment, student, question.notebook)
        cell = from_json(SubmissionResult, path.read_bytes()).cell(question.grade_id)
    except (OSError, ValueError):
        return ""
    return cell.reason if cell else ""


def groups(answers: Sequence[Answer], keys: Mapping[str, str]) -> list[list[Answer]]:
    """Return the answers, identical ones together, in the order of their keys; those without a word come last.

    Text that may stand elsewhere in the notebook is nobody's empty answer: such ones stay by themselves.
    """
    found: dict[tuple[str, str], list[Answer]] = {}
    for each in sorted(answers, key=lambda answer: keys[answer.student]):
        alone = each.student if each.empty and each.remark and each.auto is None else ""
        found.setdefault(("" if each.empty else each.sha256, alone), []).append(each)
    return sorted(found.values(), key=lambda group: (group[0].empty, keys[group[0].student]))


def part_of(found: Sequence[list[Answer]], part: str) -> Sequence[list[Answer]]:
    """Return the share of a class that "2/3" means, every third group from the second.

    Raises:
        CourseError: it means none.
    """
    if not part:
        return found
    one, _, of = part.partition("/")
    if not (one.isdecimal() and of.isdecimal() and 1 <= int(one) <= int(of)):
        raise CourseError(f"expected a part such as 1/2, got {visible(part, lines=False)}")
    return found[int(one) - 1 :: int(of)]


def as_page(course: Course, question: Question, *, part: str = "", names: bool = False) -> tuple[str, int]:
    """Return the page of a question, and how many answers are on it."""
    answers = course.answers(question)
    keys = {each.student: course.key(question.assignment, each.student) for each in answers}
    shown = part_of(groups(answers, keys), part)
    notes = course.notes(question)
    script = (TEMPLATES / "answers.js").read_text(encoding="utf-8")
    hashed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    known = {item.id: item for item in notes.rubric}
    boxes = [_box(question, group, keys, notes, known, names=names) for group in shown]
    pages = {
        "assignment": question.assignment,
        "notebook": question.notebook,
        "grade_id": question.grade_id,
        "max_points": question.max_points,
    }
    text = page.render(
        "answers.html",
        question=question,
        asked=Markup(markdown2html(question.asked)),
        model=_shown(question.model, question.attachments, code=question.code),
        scheme=Markup(markdown2html(question.scheme)),
        rubric=notes.rubric,
        boxes=boxes,
        part=part,
        script=Markup(script),
        script_sha256=hashed,
        page_data=json.dumps(pages),
    )
    return text, sum(len(group) for group in shown)


def _box(
    question: Question,
    group: list[Answer],
    keys: Mapping[str, str],
    notes: Notes,
    known: Mapping[str, Item],
    *,
    names: bool,
) -> dict[str, Any]:
    """Return what the template shows of one group of identical answers."""
    first = group[0]
    marks = {(each.manual, each.comment) for each in group}
    given = [notes.given.get(each.student) for each in group]
    same = given[0] if given[0] and all(g == given[0] for g in given) and given[0].mark == first.manual else None
    same = same if same is None or all(item in known for item in same.ticked) else None
    return {
        "data": json.dumps(
            {
                "keys": [keys[each.student] for each in group],
                "sha256": {keys[each.student]: each.sha256 for each in group},
                "base": {keys[each.student]: [each.manual, each.comment] for each in group},
            }
        ),
        "key": keys[first.student],
        "count": len(group),
        "empty": first.empty,
        "remark": first.remark if first.empty and first.auto is None else "",
        "html": "" if first.empty else _shown(first.source, first.attachments, code=question.code),
        "names": ", ".join(visible(each.student, lines=False) for each in group) if names else "",
        "differ": len(marks) > 1,
        "manual": first.manual if len(marks) == 1 else None,
        "auto": first.auto,
        "comment": first.comment if len(marks) == 1 else "",
        "ticked": list(same.ticked) if same and same.own is None else [],
        "own": same is None or same.own is not None,
    }


def _shown(source: str, attachments: Mapping[str, Any], *, code: bool) -> Markup:
    if code:
        return Markup("<pre>{}</pre>").format(visible(source[:MAX_CODE_CHARS]))
    return Markup(markdown2html(source, attachments))
