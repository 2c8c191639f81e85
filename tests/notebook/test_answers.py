"""A written answer that does not stand in its cell: a person reads it, wherever in the notebook the text is."""

import nbformat
import pytest

from kernelmark.notebook.conform import Course, read_submission
from kernelmark.records import Machine, SubmissionResult
from kernelmark.referee import grading
from kernelmark.referee.run import nobody_is_marked
from tests import small_course
from tests.small_course import graded_cell

COURSE = Course(small_course.notebook())
RELEASED = nbformat.writes(COURSE.released)


def release() -> nbformat.NotebookNode:
    return nbformat.reads(RELEASED, as_version=4)


def note(text: str, kind: str = "markdown") -> nbformat.NotebookNode:
    return {
        "markdown": nbformat.v4.new_markdown_cell,
        "raw": nbformat.v4.new_raw_cell,
        "code": nbformat.v4.new_code_cell,
    }[kind](text)


def answer(notebook: nbformat.NotebookNode, course: Course = COURSE) -> tuple[float | None, str | None, list[str]]:
    """Return the points of the answer, nbgrader's comment and the texts that staff see, conformed twice."""
    once, _ = course.plan(read_submission(nbformat.writes(notebook).encode())[0])
    graded, plan = course.plan(read_submission(nbformat.writes(once).encode())[0])
    cells = nobody_is_marked(plan, "not run").cells
    result = SubmissionResult("a", "n", "s", "", "", cells, Machine("", 1, "", "", 1), 0.0, 0.0)
    found = result.cell("why")
    assert found is not None
    return found.points, grading.unanswered(graded, result)["why"], [cell.source for cell in graded.cells]


@pytest.mark.parametrize("where", [0, 4, -1, 99])
@pytest.mark.parametrize("kind", ["markdown", "raw"])
def test_in_a_cell_of_its_own_a_person_reads_it(where: int, kind: str):
    """Above or below the placeholder, as text of either kind: no zero, and not called unanswered."""
    made = release()
    made.cells.insert(where, note("Because it is bound by memory.", kind))
    points, comment, texts = answer(made)
    assert (points, comment) == (None, None)
    assert "Because it is bound by memory." in texts


def test_whose_marks_were_lost_a_person_reads_it():
    """No cell has metadata any more: the answer is a text that the release does not have."""
    made = release()
    for cell in made.cells:
        cell.metadata = {}
    made.cells[-1].source = "Because it is bound by memory."
    assert answer(made)[:2] == (None, None)


def test_written_over_the_course_s_own_prose_a_person_reads_it():
    """A locked cell is the course's again, and what stood there is shown beside it."""
    source = small_course.notebook()
    source.cells.insert(1, graded_cell("task", "Say why.", kind="markdown", locked=True))
    course = Course(source)
    made = nbformat.reads(nbformat.writes(course.released), as_version=4)
    made.cells[1].source = "Say why.\n\nBecause it is bound by memory."
    points, _, texts = answer(made, course)
    assert points is None
    assert {"Say why.", "Say why.\n\nBecause it is bound by memory."} <= set(texts)


@pytest.mark.parametrize("change", ["nothing", "blanks", "no marks", "code", "deleted"])
def test_without_text_of_ones_own_it_is_unanswered(change: str):
    """The release, saved by any tool, with code to try things in, or without the cell."""
    made = release()
    for cell in made.cells:
        cell.source = f"\n{cell.source} \r\n" if change == "blanks" else cell.source
        cell.metadata = {} if change == "no marks" else cell.metadata
    if change == "code":
        made.cells.append(note("1 + 1", "code"))
    if change == "deleted":
        del made.cells[-1]
    points, comment, _ = answer(made)
    assert points == 0.0
    assert comment == ("No response." if change != "blanks" else None)


def test_in_a_picture_a_person_sees_it():
    """A picture alone, below the placeholder's own words, is an answer."""
    made = release()
    made.cells[-1]["attachments"] = {"p": {"image/png": "iVBORw0KGgo="}}
    assert answer(made)[:2] == (None, None)
