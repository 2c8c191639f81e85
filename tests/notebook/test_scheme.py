"""Mark schemes as rubric items: the course's own, and what a scheme may look like."""

import nbformat
import pytest

from kernelmark.notebook.cells import mark_scheme
from kernelmark.notebook.scheme import items
from tests.sample_class import ROOT

QUESTIONS = [
    (path.parent.name, cell.metadata.nbgrader.grade_id, cell)
    for path in sorted((ROOT / "source").glob("*/*.ipynb"))
    for cell in nbformat.read(path, 4).cells
    if mark_scheme(cell.source)
]


@pytest.mark.parametrize("cell", [each[2] for each in QUESTIONS], ids=[f"{each[0]}-{each[1]}" for each in QUESTIONS])
def test_items_of_every_question_add_up_to_its_points(cell):
    """Who ticks all of them, and nothing that takes points, gives full marks."""
    found = items(mark_scheme(cell.source))
    assert sum(item.points for item in found if item.points > 0) == cell.metadata.nbgrader.points
    assert len({item.id for item in found}) == len(found)


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        ("anything goes", []),
        ("2 points, sizes: stated (1); right (1).", [("sizes: stated", 1), ("sizes: right", 1)]),
        ("3 points, sizes: stated (1).", [("sizes: stated", 1), ("sizes: the rest", 2)]),
        ("1 point, sizes: stated (1); right (1).", [("sizes: stated (1); right (1)", 1)]),
        ("1 point: a machine.", [("a machine", 1)]),
        ("Take off 1 if no machine is named.", [("Take off 1 if no machine is named", -1)]),
        ("- first (0.5)\n- second (2 points)", [("first", 0.5), ("second", 2)]),
    ],
)
def test_a_scheme_may_be_written_in_several_ways(scheme: str, expected: list[tuple[str, float]]):
    """Points behind a piece, before a paragraph, or taken off."""
    assert [(item.text, item.points) for item in items(scheme)] == expected


def test_an_item_keeps_its_name_while_its_words_stay():
    """Marks given by it go on when another item comes before it."""
    (one,) = items("sizes stated (1)")
    assert one in items("cores stated (1); sizes stated (1)")
