"""Marks given by question, from the files that markers saved, into the grade book: all that agree, and none in silence.

Two markers may share a class, and formgrader may be open beside them. So each saved answer says what the grade book had
when its page was made; where it has something else now, where two files differ, or where another answer was handed in
since, nothing is written for that student and the conflict is told. A rubric item whose points changed changes every
mark that was given by it. Marks, comments and the notes of `answers` are all that it writes.
"""

import contextlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbgrader.api import Assignment, Comment, Gradebook, Notebook, SolutionCell
from sqlalchemy import select

from kernelmark.errors import CourseError
from kernelmark.notebook.scheme import Item
from kernelmark.stopwatch.stats import number
from kernelmark.text import visible
from kernelmark.whole_class.answers import Answer, Course, Given, Notes, Question, rows_of

# A file of a class of a thousand is far smaller.
MAX_FILE_BYTES = 64 * 2**20


@dataclass(frozen=True)
class SavedItem:
    """A rubric item as a marker left it; `was` is its points when the page was made, None where the marker added it."""

    id: str
    text: str
    points: float
    was: float | None


@dataclass(frozen=True)
class SavedAnswer:
    """What a marker gave for one student's answer, and what there was when the page was made."""

    key: str
    sha256: str
    base: tuple[float | None, str]
    ticked: tuple[str, ...]
    own: float | None
    comment: str


@dataclass(frozen=True)
class Saved:
    """One file of one marker."""

    name: str
    assignment: str
    notebook: str
    grade_id: str
    rubric: tuple[SavedItem, ...]
    answers: tuple[SavedAnswer, ...]


@dataclass
class Applied:
    """What came of it: {student: (mark, comment)} to write, the notes to keep, and what could not be done, in lines."""

    marks: dict[str, tuple[float | None, str]] = field(default_factory=dict)
    notes: Notes = field(default_factory=Notes)
    conflicts: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)


def load(path: Path) -> Saved:
    """Return what a marker saved.

    Raises:
        CourseError: it is no such file, or a field of it is not what it should be.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ValueError("it is too large")
        said = json.loads(path.read_bytes())
        if said["kernelmark"] != "answers" or said["version"] != 1:
            raise ValueError("it is of another program or version")
        rubric = tuple(
            SavedItem(
                _text(each["id"]),
                _text(each["text"]),
                _finite(each["points"]),
                None if each["was"] is None else _finite(each["was"]),
            )
            for each in said["rubric"]
        )
        answers = tuple(
            SavedAnswer(
                key,
                _text(each["sha256"][key]),
                _base(each["base"][key]),
                tuple(map(_text, each["ticked"])),
                None if each["own"] is None else _finite(each["own"]),
                _text(each["comment"]).strip(),
            )
            for each in said["answers"]
            for key in map(_text, each["keys"])
        )
        assignment, notebook, grade_id = (_text(said[name]) for name in ("assignment", "notebook", "grade_id"))
        return Saved(path.name, assignment, notebook, grade_id, rubric, answers)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        why = f"no {error}" if isinstance(error, KeyError) else str(error)
        raise CourseError(f"{path}: expected a file saved by the page of `kernelmark answers`: {why}") from None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"expected text, got {str(value)[:40]!r}")
    return value


def _finite(value: Any) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ValueError(f"expected a number, got {str(value)[:40]!r}")
    return float(value)


def _base(value: Any) -> tuple[float | None, str]:
    manual, comment = value
    return None if manual is None else _finite(manual), _text(comment)


def mark(ticked: Sequence[str], own: float | None, rubric: Mapping[str, Item], most: float) -> float | None:
    """Return the points of ticked items, from 0 to the most, or a number of the marker's own; None for nothing."""
    if own is not None:
        return own
    if not ticked:
        return None
    return min(most, max(0.0, sum(rubric[item].points for item in ticked if item in rubric)))


def merge(
    question: Question,
    files: Sequence[Saved],
    notes: Notes,
    answers: Mapping[str, Answer],
    *,
    overwrite: bool = False,
) -> Applied:
    """Return what the files of several markers come to; nothing is written.

    Args:
        answers: by key, as they stand in the grade book and in autograded/ now.
        overwrite: a file wins over the grade book; two files that differ never do.
    """
    done = Applied(notes=Notes(list(notes.rubric), dict(notes.given)))
    _merge_rubric(files, done)
    rubric = {item.id: item for item in done.notes.rubric}
    proposals: dict[str, dict[tuple[Any, ...], tuple[SavedAnswer, str]]] = {}
    for saved in files:
        for each in saved.answers:
            what = (frozenset(each.ticked), each.own, each.comment)
            proposals.setdefault(each.key, {})[what] = (each, saved.name)
    for key, several in proposals.items():
        answer = answers.get(key)
        if answer is None:
            done.conflicts.append(
                f"answer {visible(key, lines=False)[:40]}: nobody here has it; is the file of another course?"
            )
            continue
        if len(several) > 1:
            ways = "; ".join(
                f"{name}: {_shown(mark(e.ticked, e.own, rubric, question.max_points))}" for e, name in several.values()
            )
            done.conflicts.append(f"{answer.student} is marked twice and differently ({ways}); nothing is written")
            continue
        ((each, name),) = several.values()
        _take(question, each, name, answer, rubric, done, overwrite=overwrite)
    _follow_rubric(question, notes, answers, set(proposals), done)
    return done


def _merge_rubric(files: Sequence[Saved], done: Applied) -> None:
    """Take changes of items' points, and items that were added; where two files differ, neither."""
    rubric = {item.id: item for item in done.notes.rubric}
    wanted: dict[str, dict[float, SavedItem]] = {}
    for saved in files:
        for item in saved.rubric:
            if item.was is None or item.points != item.was:
                wanted.setdefault(item.id, {})[item.points] = item
            elif item.id not in rubric:
                rubric[item.id] = Item(item.id, item.text, item.points)
    for item_id, ways in wanted.items():
        (first, *others) = ways.values()
        now = rubric.get(item_id)
        if others:
            points = " and ".join(number(each) for each in sorted(ways))
            done.conflicts.append(f'rubric item "{first.text}" has {points} points in two files; it stays as it is')
            rubric.setdefault(item_id, Item(item_id, first.text, first.points))
        elif now is not None and first.was is not None and now.points not in (first.was, first.points):
            done.conflicts.append(
                f'rubric item "{first.text}" has {number(now.points)} points by now, not {number(first.was)}, and '
                "keeps them"
            )
        else:
            rubric[item_id] = Item(item_id, first.text, first.points)
    done.notes.rubric = list(rubric.values())


def _take(
    question: Question,
    each: SavedAnswer,
    name: str,
    answer: Answer,
    rubric: Mapping[str, Item],
    done: Applied,
    *,
    overwrite: bool,
) -> None:
    points = mark(each.ticked, each.own, rubric, question.max_points)
    unknown = [item for item in each.ticked if item not in rubric]
    has = (answer.manual, answer.comment.strip())
    before = (each.base[0], each.base[1].strip())
    why = ""
    if answer.sha256 != each.sha256:
        why = "the answer is another one by now; mark it on a new page"
    elif unknown:
        why = f"no rubric item {', '.join(visible(item, lines=False) for item in unknown)}"
    elif points is not None and not 0 <= points <= question.max_points:
        why = f"expected 0 to {number(question.max_points)} points, got {number(points)}"
    elif not _same(has, before) and not _same(has, (points, each.comment)) and not overwrite:
        why = (
            f"the grade book has {_shown(has[0])} by now, not {_shown(before[0])}, or another comment, and this file "
            f"has {_shown(points)}; left as it is (--overwrite takes the file's)"
        )
    if why:
        done.conflicts.append(f"{answer.student} ({name}): {why}")
        return
    if not _same(has, (points, each.comment)):
        done.marks[answer.student] = (points, each.comment)
    if points is None:
        done.notes.given.pop(answer.student, None)
    else:
        done.notes.given[answer.student] = Given(each.ticked, each.own, points, name)


def _follow_rubric(
    question: Question, former: Notes, answers: Mapping[str, Answer], taken: set[str], done: Applied
) -> None:
    """Change the marks that were given by an item whose points are others now."""
    was = {item.id: item.points for item in former.rubric}
    rubric = {item.id: item for item in done.notes.rubric}
    changed = {name for name, item in rubric.items() if name in was and was[name] != item.points}
    for item in (rubric[name] for name in rubric if name in changed):
        done.told.append(f'rubric item "{item.text}": {number(was[item.id])}, now {number(item.points)} points')
    keys = {answer.student: key for key, answer in answers.items()}
    for student, given in former.given.items():
        key = keys.get(student)
        if key is None or key in taken or given.own is not None or not changed.intersection(given.ticked):
            continue
        points = mark(given.ticked, None, rubric, question.max_points)
        answer = answers[key]
        if not _same((answer.manual, ""), (given.mark, "")):
            done.conflicts.append(
                f"{student}: the rubric gave {_shown(given.mark)} and would give {_shown(points)} now; the grade book "
                f"has {_shown(answer.manual)}, given elsewhere, and keeps it"
            )
        elif points is not None:
            done.notes.given[student] = Given(given.ticked, None, points, given.by)
            if points != given.mark:
                done.marks[student] = (points, answer.comment)


def _same(one: tuple[float | None, str], other: tuple[float | None, str]) -> bool:
    if (one[0] is None) != (other[0] is None) or one[1] != other[1]:
        return False
    return one[0] is None or other[0] is None or abs(one[0] - other[0]) < 1e-6


def _shown(points: float | None) -> str:
    return "no mark" if points is None else number(points)


def apply(
    files: Sequence[Saved], assignment: str, grade_id: str = "", *, overwrite: bool = False
) -> dict[str, Applied]:
    """Put what markers saved into the grade book; return what came of it, by question.

    Raises:
        CourseError: a file is of another assignment, or of no question of it; nothing was written.
        StorageError: the grade book cannot be written; nothing was.
    """
    course = Course()
    found: dict[tuple[str, str], list[Saved]] = {}
    for saved in files:
        if saved.assignment != assignment or grade_id not in ("", saved.grade_id):
            raise CourseError(
                f"{saved.name} is of {visible(f'{saved.assignment}, {saved.grade_id}', lines=False)}; nothing written"
            )
        found.setdefault((saved.notebook, saved.grade_id), []).append(saved)
    questions = {(each.notebook, each.grade_id): each for each in course.questions(assignment)}
    for place in found:
        if place not in questions:
            raise CourseError(
                f"no written question {visible(place[1], lines=False)} in {assignment}; nothing is written"
            )
    done = {}
    for place, own in found.items():
        question = questions[place]
        answers = {course.key(assignment, each.student): each for each in course.answers(question)}
        applied = merge(question, own, course.notes(question), answers, overwrite=overwrite)
        _write(course, question, applied, {each.student: each for each in answers.values()})
        course.keep(question, applied.notes)
        done[question.grade_id] = applied
    return done


def _write(course: Course, question: Question, applied: Applied, answers: Mapping[str, Answer]) -> None:
    """Write marks and comments in one transaction; whose row is another since they were read is a conflict."""
    written: list[list[str]] = []

    def write(opened: Gradebook) -> None:
        late = []
        for student, (grade, comment) in rows_of(opened, question).items():
            if student not in applied.marks:
                continue
            read = answers[student]
            if (grade.manual_score, (comment.manual_comment if comment else "") or "") != (read.manual, read.comment):
                late.append(student)
                continue
            points, words = applied.marks[student]
            grade.manual_score = points
            grade.needs_manual_grade = points is None and grade.auto_score is None
            if comment is None and words:
                comment = Comment(cell_id=_solution_cell(opened, question), notebook_id=grade.notebook_id)
                opened.db.add(comment)
            if comment is not None:
                comment.manual_comment = words or None
        written.append(late)

    if applied.marks:
        with contextlib.closing(course.book()) as book:
            book.in_one_transaction(write)
        for student in written[-1]:
            del applied.marks[student]
            applied.conflicts.append(f"{student}: marked by somebody else at this very moment; apply the file again")


def _solution_cell(opened: Gradebook, question: Question) -> Any:
    wanted = select(SolutionCell.id).join(Notebook, SolutionCell.notebook_id == Notebook.id)
    wanted = wanted.join(Assignment, Notebook.assignment_id == Assignment.id)
    names = (Assignment.name == question.assignment, Notebook.name == question.notebook)
    return opened.db.execute(wanted.where(*names, SolutionCell.name == question.grade_id)).scalar()
