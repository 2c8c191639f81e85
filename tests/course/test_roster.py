"""The roster: what a registrar's table may look like, and what is said of a line that cannot be understood."""

from pathlib import Path

import pytest

from kernelmark.course import roster
from kernelmark.errors import CourseError


def written(folder: Path, text: str) -> Path:
    path = folder / "students.csv"
    path.write_bytes(text.encode())
    return path


def test_columns_may_be_few_and_in_any_order(tmp_path: Path):
    """A spreadsheet's byte order mark, its semicolons and blank lines are no matter."""
    (anna,) = roster.read(written(tmp_path, "\ufeffSection;ID;Canvas ID\r\n01;anna;1001\r\n;;\r\n"))
    assert (anna.id, anna.section, anna.known_by("canvas_id"), anna.known_by("username")) == (
        "anna",
        "01",
        "1001",
        "anna",
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name\nAnna\n", "line 1: no column id"),
        ("id,nickname\nanna,a\n", "line 1: unknown: nickname"),
        ("id,name\nanna\n", "line 2: expected 2 fields"),
        ("id,name\nanna,A\n,B\n", "line 3: the field id is empty"),
        ("id\nanna\nben\nanna\n", "line 4: anna stands in line 2 already"),
        ('id,name\nanna,"A\n', "line 2"),
    ],
)
def test_what_cannot_be_understood_is_named_by_its_line(tmp_path: Path, text: str, said: str):
    """Nobody is guessed, and nobody is left out without a word."""
    with pytest.raises(CourseError, match=said):
        roster.read(written(tmp_path, text))
