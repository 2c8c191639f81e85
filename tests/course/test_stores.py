"""The grade book, the record and the graded notebook: where one is lost or older, the marks come back."""

import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from kernelmark.records import record_path
from tests import small_course
from tests.small_course import solved
from tests.whole_class.test_cluster import WRONG, book, command, hand_in

BOTH = pytest.mark.parametrize("program", ["kernelmark", "nbgrader"])


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course whose class of two was graded."""
    made = tmp_path_factory.mktemp("course")
    small_course.write_course(made)
    command(made, "nbgrader", "generate_assignment", "short")
    hand_in(made, "anna", solved())
    hand_in(made, "ben", solved(add=WRONG))
    command(made, "kernelmark", "autograde", "short")
    return made


@pytest.fixture
def root(graded: Path, tmp_path: Path) -> Path:
    """That course, for one test."""
    subprocess.run(["cp", "-a", f"{graded}/.", str(tmp_path)], check=True)
    small_course.write_config(tmp_path)
    return tmp_path


def change(root: Path, *statements: str) -> None:
    with sqlite3.connect(root / "gradebook.db") as connection:
        for statement in statements:
            connection.execute(statement)


@BOTH
class TestGradeBook:
    def test_that_was_lost_is_written_again(self, root: Path, program: str):
        """Without grading, which is said, as is that manual marks are gone."""
        before = book(root)
        (root / "gradebook.db").unlink()
        command(root, "nbgrader", "generate_assignment", "short", "--force")
        said = command(root, program, "autograde", "short")
        assert book(root) == before
        assert "written again from the records: anna, ben" in said
        assert "by hand" in said
        assert "missing" not in command(root, program, "autograde", "short")

    def test_that_lost_one_student(self, root: Path, program: str):
        """Only that one is written again."""
        before = book(root)
        command(root, "nbgrader", "db", "student", "remove", "ben", "--force")
        command(root, "nbgrader", "db", "student", "add", "ben")
        assert "from the records: ben" in command(root, program, "autograde", "short")
        assert book(root) == before

    @pytest.mark.parametrize(
        "loss", ["delete from grade", "update grade set auto_score = null", "update grade set auto_score = 1"]
    )
    def test_that_lost_marks_or_holds_others(self, root: Path, program: str, loss: str):
        """As after an older copy was put back: comments by hand that are there stay."""
        before = [row[:-1] for row in book(root)]
        change(root, "update comment set manual_comment = 'well put'", loss)
        assert "from the records: anna, ben" in command(root, program, "autograde", "short")
        assert [row[:-1] for row in book(root)] == before
        with sqlite3.connect(root / "gradebook.db") as connection:
            assert connection.execute("select count(*) from comment where manual_comment = 'well put'").fetchone()[0]

    def test_that_does_not_know_the_assignment_is_told_so(self, root: Path, program: str):
        """The remedy works: the assignment is released already."""
        (root / "gradebook.db").unlink()
        said = command(root, program, "autograde", "short", status=1)
        assert "nbgrader generate_assignment short --force" in said
        assert "Traceback" not in said

    def test_of_other_tests_is_graded(self, root: Path, program: str):
        """Records of tests that were changed meanwhile are not written again."""
        changed = small_course.notebook()
        for cell in changed.cells:
            cell.source = cell.source.replace("add(2, 3) == 5", "add(2, 4) == 7")
        (root / "source" / "short" / "short.ipynb").write_text(small_course.nbformat.writes(changed))
        (root / "gradebook.db").unlink()
        command(root, "nbgrader", "generate_assignment", "short", "--force")
        assert "graded again: anna, ben" in command(root, program, "autograde", "short")
        assert ("anna", "add_small", 0.0) not in [row[:3] for row in book(root)]
        assert ("anna", "add_small", None) in [row[:3] for row in book(root)]

    def test_without_a_record_is_graded_and_manual_marks_stay(self, root: Path, program: str):
        """Nothing says where such marks come from."""
        shutil.rmtree(root / record_path("short", "ben", "short").parent)
        with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as opened:
            opened.find_grade("why", "short", "short", "ben").manual_score = 3.0
            opened.db.commit()
        command(root, program, "autograde", "short")
        assert (root / record_path("short", "ben", "short")).is_file()
        assert ("ben", "why", None, 3.0) in [row[:4] for row in book(root)]
        assert ("ben", "limit_value", 1.0) in [row[:3] for row in book(root)]


class TestReport:
    def test_of_a_whole_class_has_nothing_to_look_at(self, root: Path):
        """No line where everything is where it belongs."""
        assert "needs a look" not in command(root, "kernelmark", "report", "short")

    def test_of_one_who_waits_for_a_person_in_everything_has_no_store_to_look_at(self, root: Path):
        """No automatic mark in the record and none in the grade book is one and the same."""
        submitted = root / "submitted" / "ben" / "short"
        (submitted / "short.ipynb").rename(submitted / "short-Copy1.ipynb")
        shutil.copy(root / "release" / "short" / "short.ipynb", submitted)
        command(root, "kernelmark", "autograde", "short", "--force")
        said = command(root, "kernelmark", "report", "short")
        assert "'short-Copy1.ipynb' holds work" in said
        assert "without marks" not in said

    def test_names_whoever_is_in_one_place_only(self, root: Path):
        """On the terminal and on the page."""
        command(root, "nbgrader", "db", "student", "remove", "ben", "--force")
        hand_in(root, "cleo", solved())
        shutil.copytree(root / "autograded" / "anna", root / "autograded" / "dora")
        shutil.rmtree(root / ".kernelmark" / "short" / "anna")
        said = command(root, "kernelmark", "report", "short")
        page = (root / "reports" / "short.html").read_text()
        for line in (
            "ben: with a record, and without marks in the grade book",
            "anna: with marks in the grade book, and without a record",
            "cleo: handed in, and not graded",
            "dora: in autograded/, without a record or marks in the grade book",
        ):
            assert line in said
            assert line in page

    def test_makes_no_grade_book(self, root: Path):
        """One that is lost is named, and a record that cannot be read too."""
        (root / "gradebook.db").unlink()
        assert "short is not in the grade book" in command(root, "kernelmark", "report", "short")
        assert not (root / "gradebook.db").exists()

    def test_names_a_record_that_cannot_be_read(self, root: Path):
        """Half a record is no traceback."""
        (root / record_path("short", "ben", "short")).write_text("{")
        assert "ben: whose record cannot be read" in command(root, "kernelmark", "report", "short")
