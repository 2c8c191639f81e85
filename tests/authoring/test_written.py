"""Files of cells: read the same by whoever asks for them, and refused where they cannot be meant."""

import pytest

from kernelmark.authoring import written
from kernelmark.errors import CourseError
from kernelmark.notebook.conform import Course
from tests.small_course import notebook_of, solution


def file(folder, text):
    path = folder / "wrong.py"
    path.write_text(text)
    return path


def test_cells_come_by_name_with_what_stands_before_them(tmp_path):
    """The docstring is the head; a cell ends where the next begins."""
    found = written.read(file(tmp_path, '"""why"""\n\n# %% a\nx = 1\n\n# %% b \ny = 2\n'))
    assert (found.head.strip(), found.cells) == ('"""why"""', {"a": "x = 1", "b": "y = 2"})
    assert found.names == {"x", "y"}


@pytest.mark.parametrize(
    ("text", "said"),
    [("x = 1\n", "found none"), ("# %% a\nx = 1\n# %% a\nx = 2\n", "several for a"), ("# %% a b\nx = 1\n", "got a b")],
)
def test_what_cannot_be_meant_is_refused(tmp_path, text, said):
    """No cell at all, two texts for one cell, words behind the name."""
    course = Course(notebook_of(solution("a", "x = 0")))
    with pytest.raises(CourseError, match=said):
        written.read(file(tmp_path, text)).require_solution_cells(course, "short")
