"""What a student reads of a graded notebook, in the order of what matters: the marks, what lost points, the notebook.

It reads the grade book's marks in the cells and the record's reasons, and writes parts of a page, all of it text that
is escaped. It marks nothing; which lines of a test may be shown is `autograde.StudentView`'s to say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup
from nbformat.notebooknode import NotebookNode

from kernelmark.notebook import page
from kernelmark.notebook.cells import Marks, claim_of, without_hidden_lines
from kernelmark.notebook.parts import parts_of
from kernelmark.records import CellResult, SubmissionResult, Verdict
from kernelmark.stopwatch import picture
from kernelmark.stopwatch.stats import number

# In a cell's metadata, put there as the page is made: which of `Feedback.cells` is its own.
AT = "kernelmark_at"
NO_PART = "Elsewhere"


@dataclass(frozen=True)
class Row:
    """One graded cell as its student sees it.

    Args:
        at: which cell of the notebook it is.
        score: points that the grade book holds, those that a person gave included.
        waits: a person has still to look, so that 0 is not its mark.
        answer: it is a written answer, not a test.
    """

    at: int
    name: str
    part: str
    score: float
    points: float
    waits: bool
    answer: bool
    claim: str = ""
    reason: str = ""
    comment: str = ""
    verdicts: tuple[Verdict, ...] = ()

    @property
    def lost(self) -> float:
        """Points that are gone, none while a person has still to look."""
        return 0.0 if self.waits else max(0.0, self.points - self.score)

    @property
    def outcome(self) -> str:
        """Return what came of it in a word or two."""
        if self.waits:
            return "waits for a person"
        if self.lost == 0:
            return "full points" if self.answer else "passed"
        return "partly" if self.score > 0 else "no points" if self.answer else "not passed"


@dataclass(frozen=True)
class Part:
    """The points of one part of the notebook."""

    title: str
    score: float
    points: float
    lost: float
    waiting: float


@dataclass
class Feedback:
    """What stands on the page beside the notebook itself.

    Args:
        head: the summary and what lost points, as HTML.
        cells: by a cell's place: its heading and its pictures as HTML, and whether it is folded.
    """

    head: str = ""
    cells: dict[int, dict[str, Any]] = field(default_factory=dict)


def rows_of(nb: NotebookNode, record: SubmissionResult | None, hiding: Marks) -> list[Row]:
    """Return the graded cells of a notebook in its order, with nbgrader's marks in their metadata."""
    found = []
    for at, (cell, (_, part)) in enumerate(zip(nb.cells, parts_of(nb.cells), strict=True)):
        meta = cell.metadata.get("nbgrader", {})
        if not meta.get("grade") and not meta.get("task"):
            continue
        result = record.cell(meta["grade_id"]) if record else None
        score = float(meta.get("score") or 0)
        found.append(
            Row(
                at,
                meta["grade_id"],
                part or NO_PART,
                score,
                float(meta.get("points") or 0),
                waits=result is not None and result.points is None and not score,
                answer=bool(meta.get("solution") or meta.get("task")),
                claim="" if result is None else _claim(cell.source, result, hiding),
                reason="" if result is None else result.reason,
                comment=str(meta.get("comment") or ""),
                verdicts=() if result is None else result.verdicts,
            )
        )
    return found


def parts(rows: Sequence[Row]) -> list[Part]:
    """Return the parts, those that lost most first."""
    titles = list(dict.fromkeys(row.part for row in rows))
    found = []
    for title in titles:
        own = [row for row in rows if row.part == title]
        waiting = sum(row.points for row in own if row.waits)
        found.append(
            Part(title, sum(r.score for r in own), sum(r.points for r in own), sum(r.lost for r in own), waiting)
        )
    return sorted(found, key=lambda part: -part.lost)


def feedback(
    nb: NotebookNode, rows: Sequence[Row], record: SubmissionResult | None, marks: Mapping[str, Any], late: str = ""
) -> Feedback:
    """Return the page's head and what stands with each cell, and write into each cell which one it is.

    A drawing of a speed check goes out of the outputs: the page draws it from the record, in its own colours.

    Args:
        marks: nbgrader's `score`, `max_score` and `late_penalty` of the notebook.
        late: what lateness cost by the course's policies, in a sentence.
    """
    for at, cell in enumerate(nb.cells):
        cell.metadata[AT] = at
    for row in rows:
        if row.verdicts:
            cell = nb.cells[row.at]
            cell.outputs = [o for o in cell.outputs if "image/svg+xml" not in o.get("data", {})]
    head = page.render(
        "feedback_head.html",
        score=number(float(marks.get("score") or 0)),
        most=number(float(marks.get("max_score") or 0)),
        late=late,
        penalty=float(marks.get("late_penalty") or 0),
        waiting=[row for row in rows if row.waits],
        parts=parts(rows),
        lost=sorted((row for row in rows if row.lost), key=lambda row: (-row.lost, row.at)),
        causes=record.causes if record else (),
        commented=[row for row in rows if row.comment and not row.lost],
        number=number,
        points=_points,
        drawn=_drawn,
    )
    return Feedback(head, {row.at: _cell(row) for row in rows})


def _cell(row: Row) -> dict[str, Any]:
    passed = row.outcome in ("passed", "full points")
    return {
        "heading": page.render("feedback_cell.html", row=row, number=number, points=_points),
        "comment": page.render("feedback_comment.html", row=row) if row.comment else "",
        # A test that lost points has its picture above, with its reason.
        "pictures": _drawn(row) if not row.lost else "",
        "folded": passed and not row.answer,
        "look": "waits" if row.waits else "passed" if passed else "lost",
    }


def _drawn(row: Row) -> Markup:
    """Return the pictures of a speed check, which escape the words in them themselves."""
    return Markup("".join(picture.as_html(verdict) for verdict in row.verdicts))


def _points(points: float) -> str:
    return f"{number(points)} point{'' if points == 1 else 's'}"


def _claim(source: str, result: CellResult, hiding: Marks) -> str:
    """Return what a test claims; what stands among its hidden lines is said only where it explains a loss."""
    lost = result.points is not None and result.points < result.max_points
    return result.claim if lost or result.claim == claim_of(without_hidden_lines(source, hiding)) else ""
