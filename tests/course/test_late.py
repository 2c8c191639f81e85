"""Deadlines: zones in timestamps, due dates that move, and what staff are told."""

import sqlite3
import subprocess
from pathlib import Path

import pytest

from tests import small_course
from tests.small_course import solved
from tests.whole_class.test_cluster import command, hand_in

ZERO = """
c.AssignLatePenalties.plugin_class = "nbgrader.plugins.LateSubmissionPlugin"
c.LateSubmissionPlugin.penalty_method = "zero"
"""
STAMPS = {
    "berlin": "2025-07-02 01:30:00 CEST",
    "pacific": "2025-07-01 18:00:00 PDT",
    "odd": "half past ten",
}


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course with a due date whose class was graded; what was said of it lies in said.txt."""
    made = tmp_path_factory.mktemp("course")
    small_course.write_course(made)
    with (made / "nbgrader_config.py").open("a") as config:
        config.write(ZERO)
    command(made, "nbgrader", "generate_assignment", "short")
    command(made, "nbgrader", "db", "assignment", "add", "short", "--duedate=2025-07-02 00:00:00 UTC")
    for student, stamp in STAMPS.items():
        (hand_in(made, student, solved()).parent / "timestamp.txt").write_text(stamp)
    (made / "said.txt").write_text(command(made, "kernelmark", "autograde", "short"))
    return made


@pytest.fixture
def root(graded: Path, tmp_path: Path) -> Path:
    """That course, for one test."""
    subprocess.run(["cp", "-a", f"{graded}/.", str(tmp_path)], check=True)
    return tmp_path


def penalties(root: Path) -> dict[str, float]:
    query = "select student_id, coalesce(late_submission_penalty, 0) from submitted_notebook n join "
    with sqlite3.connect(root / "gradebook.db") as connection:
        return dict(connection.execute(query + "submitted_assignment s on s.id = n.assignment_id").fetchall())


def test_a_time_stamp_is_read_in_its_zone(root: Path):
    """In time is in time and late is late; one that cannot be read is told, in the run and in the report."""
    assert penalties(root) == {"berlin": 0.0, "pacific": 8.0, "odd": 0.0}
    assert "odd: when this was handed in cannot be read" in (root / "said.txt").read_text()
    assert "needs a look: odd: timestamp.txt" in command(root, "kernelmark", "report", "short")


@pytest.mark.parametrize("program", ["kernelmark", "nbgrader"])
def test_a_due_date_that_moves_changes_penalties(root: Path, program: str):
    """Without grading again, and it is said whose; there and back."""
    for day, penalty in (("2025-07-09", 0.0), ("2025-07-02", 8.0)):
        command(root, "nbgrader", "db", "assignment", "add", "short", f"--duedate={day} 00:00:00 UTC")
        said = command(root, program, "autograde", "short")
        assert f"pacific: late penalty was {8 - penalty:g}, is {penalty:g}" in said
        assert "berlin: late" not in said
        assert penalties(root) == {"berlin": 0.0, "pacific": penalty, "odd": 0.0}
    assert "late penalty was" not in command(root, program, "autograde", "short")


def test_a_wrong_reading_of_before_is_put_right(root: Path):
    """A grade book in which PDT was read as UTC."""
    with sqlite3.connect(root / "gradebook.db") as connection:
        connection.execute(
            "update submitted_assignment set timestamp = '2025-07-01 18:00:00.000000' where student_id = 'pacific'"
        )
        connection.execute("update submitted_notebook set late_submission_penalty = null")
    assert "pacific: late penalty was 0, is 8" in command(root, "kernelmark", "autograde", "short")
    assert penalties(root)["pacific"] == 8.0
