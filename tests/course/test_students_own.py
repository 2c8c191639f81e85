"""c.Autograde.exclude_overwriting: files that students write run in their process, the instructor's elsewhere."""

from pathlib import Path

import pytest

from tests import small_course
from tests.small_course import solved
from tests.whole_class.test_cluster import book, command, hand_in

RIGHT, WRONG = (f"def plus(a, b):\n    return a {sign} b\n" for sign in "+-")


@pytest.mark.parametrize(
    ("program", "name"),
    [
        ("kernelmark", "parts/helper.py"),
        ("nbgrader", "helper.py"),
        pytest.param("kernelmark", "helper.py", marks=pytest.mark.slow),
        pytest.param("nbgrader", "parts/helper.py", marks=pytest.mark.slow),
    ],
)
def test_the_students_file_is_graded(tmp_path: Path, program: str, name: str):
    """Beside the notebook and in a folder; the rest of the folder is the instructor's."""
    module = name.removesuffix(".py").replace("/", ".")
    notebook = small_course.notebook()
    cells = {"add": f"from {module} import plus\n\ndef add(a, b):\n    return plus(a, b)"}
    work = solved(**cells)
    notebook.cells[2].source = (
        work.cells[2].source.replace("    return", "    ### BEGIN SOLUTION\n    return") + "\n    ### END SOLUTION"
    )
    small_course.write_course(tmp_path, notebook)
    with (tmp_path / "nbgrader_config.py").open("a") as config:
        config.write(f'\nc.Autograde.exclude_overwriting = {{"short": ["{name}"]}}\n')
    given = tmp_path / "source" / "short" / name
    given.parent.mkdir(exist_ok=True)
    given.write_text(RIGHT)
    given.with_name("table.csv").write_text("1")
    command(tmp_path, "nbgrader", "generate_assignment", "short")
    for student, text in (("right", RIGHT), ("wrong", WRONG)):
        path = hand_in(tmp_path, student, work).parent / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    command(tmp_path, program, "autograde", "short")
    marks = {row[:2]: row[2] for row in book(tmp_path)}
    assert [marks[who, cell] for who in ("right", "wrong") for cell in ("add_small", "add_arrays")] == [2, 3, 0, 0]
