"""A notebook that changed after grading: a run stops before it changes anything, `update` keeps what people gave."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from tests import postgres, small_course
from tests.small_course import graded_cell, solved
from tests.whole_class.test_cluster import book, command, hand_in

NEGATIVE = "assert add(-1, -2) == -3"


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course of one who was graded and then marked by hand."""
    made = tmp_path_factory.mktemp("course")
    small_course.write_course(made)
    command(made, "nbgrader", "generate_assignment", "short")
    hand_in(made, "anna", solved())
    command(made, "kernelmark", "autograde", "short")
    mark_by_hand(f"sqlite:///{made / 'gradebook.db'}")
    return made


@pytest.fixture
def root(graded: Path, tmp_path: Path) -> Path:
    """That course, for one test."""
    subprocess.run(["cp", "-a", f"{graded}/.", str(tmp_path)], check=True)
    small_course.write_config(tmp_path)
    return tmp_path


def mark_by_hand(url: str) -> None:
    with Gradebook(url) as opened:
        for name, score in (("why", 3.5), ("limit_value", 0.5)):
            opened.find_grade(name, "short", "short", "anna").manual_score = score
        opened.find_comment("why", "short", "short", "anna").manual_comment = "well put"
        opened.db.commit()


def rewrite(root: Path, change: Callable[[nbformat.NotebookNode], None]) -> None:
    notebook = small_course.notebook()
    change(notebook)
    nbformat.write(notebook, root / "source" / "short" / "short.ipynb")


def add_test(notebook: nbformat.NotebookNode) -> None:
    notebook.cells.insert(4, graded_cell("add_negative", NEGATIVE, grade=True, locked=True, points=2))


def change_points(points: int, *names: str) -> Callable[[nbformat.NotebookNode], None]:
    def change(notebook: nbformat.NotebookNode) -> None:
        for cell in notebook.cells:
            if cell.metadata.get("nbgrader", {}).get("grade_id") in names:
                cell.metadata["nbgrader"]["points"] = points

    return change


def remove(name: str) -> Callable[[nbformat.NotebookNode], None]:
    def change(notebook: nbformat.NotebookNode) -> None:
        notebook.cells = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") != name]

    return change


def score_and_most(root: Path) -> tuple[float, float]:
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as opened:
        found = opened.find_submission("short", "anna")
        return found.score, found.max_score


class TestStop:
    @pytest.mark.parametrize("program", ["kernelmark", "nbgrader"])
    @pytest.mark.parametrize(
        ("change", "named"),
        [(add_test, "add_negative"), (change_points(50, "add_small"), "50 points"), (remove("counter"), "counter")],
        ids=["test", "points", "solution"],
    )
    def test_comes_before_anything_is_changed(self, root: Path, program: str, change: Callable, named: str):
        """One line, with what differs and the command that helps."""
        before = book(root)
        rewrite(root, change)
        said = command(root, program, "autograde", "short", status=1)
        assert "kernelmark update short" in said
        assert named in said
        assert "Traceback" not in said
        assert book(root) == before


class TestUpdate:
    def test_adds_a_test_that_is_then_graded(self, root: Path):
        """What people gave stays; nbgrader's own release works again."""
        rewrite(root, add_test)
        assert "kernelmark autograde short" in command(root, "kernelmark", "update", "short")
        command(root, "nbgrader", "generate_assignment", "short", "--force")
        command(root, "nbgrader", "autograde", "short")
        assert score_and_most(root) == (2 + 3 + 2 + 2 + 0.5 + 3.5, 14)
        with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as opened:
            assert opened.find_comment("why", "short", "short", "anna").manual_comment == "well put"
        assert "already" in command(root, "kernelmark", "update", "short")

    @pytest.mark.parametrize("program", ["kernelmark", "nbgrader"])
    def test_changes_points(self, root: Path, program: str):
        """The next run grades by them."""
        rewrite(root, change_points(50, "add_small"))
        command(root, "kernelmark", "update", "short")
        command(root, program, "autograde", "short")
        assert score_and_most(root) == (50 + 3 + 2 + 0.5 + 3.5, 60)

    def test_brings_marks_down_to_a_new_maximum_and_names_those_given_by_hand(self, root: Path):
        """No mark is above it; a person is asked to look."""
        rewrite(root, change_points(1, "why", "add_small"))
        said = command(root, "kernelmark", "update", "short")
        assert "anna: why was given 3.5 by hand; now 1" in said
        assert score_and_most(root) == (1 + 3 + 2 + 0.5 + 1, 8)

    def test_says_which_marks_go_with_a_removed_cell(self, root: Path):
        """By hand one by one, automatic ones as a number."""
        rewrite(root, remove("limit_value"))
        said = command(root, "kernelmark", "update", "short")
        assert "anna: 0.5 points given by hand for limit_value are lost" in said
        assert score_and_most(root) == (2 + 3 + 2 + 3.5, 11)

    def test_adds_and_removes_a_notebook(self, root: Path):
        """Its marks by hand are named too."""
        path = root / "source" / "short" / "short.ipynb"
        path.rename(path.with_name("other.ipynb"))
        said = command(root, "kernelmark", "update", "short")
        assert "the notebook other is new" in said
        assert "a comment on why is lost: well put" in said
        assert score_and_most(root) == (0.0, 12)

    def test_keeps_marks_of_a_test_that_becomes_a_task(self, root: Path):
        """It is another kind of row, and the same cell."""

        def change(notebook: nbformat.NotebookNode) -> None:
            (cell,) = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == "why"]
            cell.metadata["nbgrader"] |= {"grade": False, "solution": False, "locked": True, "task": True}

        rewrite(root, change)
        assert "lost" not in command(root, "kernelmark", "update", "short")
        assert score_and_most(root) == (2 + 3 + 2 + 0.5 + 3.5, 12)

    def test_of_an_unknown_assignment_is_one_line(self, root: Path):
        """No traceback."""
        assert "is the assignment's name right?" in command(root, "kernelmark", "update", "other", status=1)


@pytest.mark.skipif(postgres.programs() is None, reason="no PostgreSQL server; apt-get install postgresql")
class TestPostgres:
    @pytest.fixture
    def server(self) -> Iterator[postgres.Server]:
        with postgres.server() as running:
            yield running

    def test_is_updated_alike(self, server: postgres.Server, tmp_path: Path):
        """A new test, other points and a removed cell, and what people gave."""
        small_course.write_course(tmp_path)
        with (tmp_path / "nbgrader_config.py").open("a") as config:
            config.write(f"\nc.CourseDirectory.db_url = {server.database('drift')!r}\n")
        command(tmp_path, "nbgrader", "generate_assignment", "short")
        hand_in(tmp_path, "anna", solved())
        command(tmp_path, "kernelmark", "autograde", "short")
        mark_by_hand(server.url("drift"))

        def change(notebook: nbformat.NotebookNode) -> None:
            add_test(notebook)
            change_points(5, "add_small")(notebook)
            remove("limit_value")(notebook)

        rewrite(tmp_path, change)
        command(tmp_path, "kernelmark", "update", "short")
        command(tmp_path, "kernelmark", "autograde", "short")
        with Gradebook(server.url("drift")) as opened:
            found = opened.find_submission("short", "anna")
            assert (found.score, found.max_score) == (5 + 2 + 3 + 2 + 3.5, 16)
