"""nbgrader's own commands, as its documentation gives them, on a course that uses Kernelmark."""

import csv
import html
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from kernelmark.notebook.conform import Course
from tests import small_course
from tests.launcher import LAUNCHER
from tests.small_course import ADD, MARKER, solved


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course folder whose assignment `short` has been generated, made once."""
    made = tmp_path_factory.mktemp("course")
    small_course.write_course(made)
    nbgrader(made, "generate_assignment", "short")
    return made


@pytest.fixture
def root(generated: Path, tmp_path: Path) -> Path:
    """A course folder of the test's own."""
    shutil.copytree(generated, tmp_path, dirs_exist_ok=True)
    small_course.write_config(tmp_path)
    return tmp_path


def nbgrader(root: Path, *words: str, fails: bool = False) -> str:
    folder = Path(sys.executable).parent
    env = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "USER": "anna", "LOGNAME": "anna"}
    status, said = LAUNCHER.run(root, "nbgrader", *words, env=env)
    assert (status != 0) == fails, said
    return said


def hand_in(root: Path, student: str, notebook: nbformat.NotebookNode | str) -> None:
    folder = root / "submitted" / student / "short"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "short.ipynb").write_text(notebook if isinstance(notebook, str) else nbformat.writes(notebook))


def scores(root: Path) -> dict[str, float]:
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as book:
        return {s.student.id: s.score for s in book.assignment_submissions("short")}


def grade(root: Path, student: str, grade_id: str) -> tuple[float | None, bool]:
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as book:
        found = book.find_grade(grade_id, "short", "short", student)
        return found.auto_score, found.needs_manual_grade


class TestAutograde:
    def test_a_class_with_good_bad_and_broken_work(self, root: Path):
        """Each gets its own marks; a file that is no notebook stops nobody; answers wait for a person."""
        hand_in(root, "good", solved())
        hand_in(root, "wrong", solved(add="def add(a, b): return a"))
        hand_in(root, "junk", "this is no notebook")
        hand_in(root, "untouched", Course(small_course.notebook()).released)
        nbgrader(root, "autograde", "short")
        assert scores(root) == {"good": 8.0, "wrong": 3.0, "junk": 0.0, "untouched": 0.0}
        assert grade(root, "good", "why") == (None, True)
        assert grade(root, "untouched", "why") == (0.0, False)
        for student in scores(root):
            assert (root / "autograded" / student / "short" / "short.ipynb").is_file()

    def test_force_regrades_one_student_and_keeps_manual_marks(self, root: Path):
        """A new hand-in changes the automatic marks; a mark given by hand and its comment stay."""
        hand_in(root, "anna", solved(add="def add(a, b): return a"))
        nbgrader(root, "autograde", "short")
        with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as book:
            book.find_grade("why", "short", "short", "anna").manual_score = 3.5
            book.find_comment("why", "short", "short", "anna").manual_comment = "well put"
            book.db.commit()
        hand_in(root, "anna", solved())
        nbgrader(root, "autograde", "short", "--student", "anna", "--force")
        assert scores(root) == {"anna": 11.5}
        with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as book:
            assert book.find_comment("why", "short", "short", "anna").manual_comment == "well put"

    def test_source_changed_after_release_is_refused_by_name(self, root: Path):
        """A test that the grade book does not know stops grading with the command to run."""
        changed = small_course.notebook()
        for cell in changed.cells:
            if cell.metadata.get("nbgrader", {}).get("grade_id") == "limit_value":
                cell.metadata["nbgrader"]["grade_id"] = "limit_new"
        nbformat.write(changed, root / "source" / "short" / "short.ipynb")
        hand_in(root, "anna", solved())
        said = nbgrader(root, "autograde", "short", fails=True)
        assert "limit_new" in said
        assert "nbgrader generate_assignment short --force" in said

    def test_refuses_where_nothing_contains_submissions(self, root: Path, monkeypatch: pytest.MonkeyPatch):
        """Without bubblewrap no submission runs, the remedy is named, and no stale mark is left."""
        hand_in(root, "anna", solved())
        nbgrader(root, "autograde", "short")
        empty = root / "bin"
        empty.mkdir()
        code = (
            "import os, sys; os.environ['PATH'] = sys.argv.pop(1); from nbgrader.apps import NbGraderApp; "
            "NbGraderApp.launch_instance()"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, str(empty), "autograde", "short", "--force"],
            cwd=root,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode != 0
        assert "sudo apt-get install bubblewrap" in done.stderr
        assert grade(root, "anna", "add_small") == (None, True)

    def test_own_files_beside_the_notebook_shadow_nothing(self, root: Path):
        """numpy.py and nbgrader_config.py of a submission are data, not code; a helper module still imports."""
        hand_in(
            root, "anna", solved(add="from helper import plus\n" + ADD.replace("return a + b", "return plus(a, b)"))
        )
        folder = root / "submitted" / "anna" / "short"
        (folder / "helper.py").write_text("def plus(a, b):\n    return a + b\n")
        (folder / "numpy.py").write_text("raise SystemExit('shadowed')")
        (folder / "nbgrader_config.py").write_text("raise SystemExit('shadowed')")
        nbgrader(root, "autograde", "short")
        assert scores(root) == {"anna": 8.0}


class TestFeedback:
    def test_shows_reasons_and_no_hidden_test(self, root: Path):
        """The student reads what failed; hidden text is in the staff's notebook only."""
        hand_in(root, "anna", solved(add="def add(a, b): return a"))
        nbgrader(root, "autograde", "short")
        nbgrader(root, "generate_feedback", "short")
        page = (root / "feedback" / "anna" / "short" / "short.html").read_text()
        assert "add(2, 3) must be 5" in page
        assert "waits for a person" in page
        assert MARKER not in page
        assert MARKER in (root / "autograded" / "anna" / "short" / "short.ipynb").read_text()

    def test_says_the_cause_once_and_first(self, root: Path):
        """A cell that did not run stands above the table, as text; the tests that need it point to it."""
        hand_in(root, "anna", solved(add="raise ValueError('<script>steal()</script> **now**')"))
        nbgrader(root, "autograde", "short")
        nbgrader(root, "generate_feedback", "short")
        page = (root / "feedback" / "anna" / "short" / "short.html").read_text()
        text = html.unescape(re.sub(r"<[^>]+>", "", page))
        assert text.count("cell `add` did not run: ValueError: <script>steal()</script> **now** (line 1)") == 1
        assert text.index("did not run: ValueError") < text.index("not reached: see cell `add`")
        assert "<script>steal()" not in page

    def test_runs_no_script_of_a_student(self, root: Path):
        """HTML that a student displays is cleaned."""
        shown = "display(HTML('<script>steal()</script><b>bold</b>'))"
        hostile = f"from IPython.display import HTML, display\n{shown}\nlimit = 12"
        hand_in(root, "anna", solved(limit=hostile))
        nbgrader(root, "autograde", "short")
        nbgrader(root, "generate_feedback", "short")
        page = (root / "feedback" / "anna" / "short" / "short.html").read_text()
        assert "<b>bold</b>" in page
        assert "<script>steal()" not in page

    def test_markdown_of_a_student_carries_no_script(self, root: Path):
        """nbgrader's pages render markdown raw, so it is cleaned before it is stored."""
        work = solved()
        work.cells.append(nbformat.v4.new_markdown_cell("<script>steal()</script><form action='/x'></form> kept"))
        hand_in(root, "anna", work)
        nbgrader(root, "autograde", "short")
        stored = (root / "autograded" / "anna" / "short" / "short.ipynb").read_text()
        assert "kept" in stored
        assert "<script" not in stored
        assert "<form" not in stored


class TestExchange:
    def test_release_fetch_submit_collect_grade_return(self, root: Path):
        """The file-system exchange works from release to the feedback in the student's folder."""
        (root / "exchange").chmod(0o777)
        nbgrader(root, "release_assignment", "short")
        assert "short" in nbgrader(root, "list")
        desk = root / "desk"
        desk.mkdir()
        (desk / "nbgrader_config.py").write_text((root / "nbgrader_config.py").read_text())
        nbgrader(desk, "fetch_assignment", "short")
        fetched = desk / "kernelmark" / "short"
        (fetched / "short.ipynb").write_text(nbformat.writes(solved()))
        nbgrader(desk, "submit", "short")
        nbgrader(root, "collect", "short")
        nbgrader(root, "autograde", "short")
        nbgrader(root, "generate_feedback", "short")
        nbgrader(root, "release_feedback", "short")
        assert list(scores(root).values()) == [8.0]
        nbgrader(desk, "fetch_feedback", "short")
        assert list(desk.glob("kernelmark/short/feedback/*/short.html"))

    def test_zip_collect(self, root: Path):
        """An archive from a learning platform is unpacked, graded and exported."""
        archive = root / "downloaded" / "short" / "archive"
        archive.mkdir(parents=True)
        (root / "one.ipynb").write_text(nbformat.writes(solved()))
        with zipfile.ZipFile(archive / "class.zip", "w") as file:
            file.write(root / "one.ipynb", "short_anna_attempt_2026-11-20-10-00-00_short.ipynb")
        pattern = r".*_(?P<student_id>\w+)_attempt_(?P<timestamp>[0-9\-]+)_(?P<file_id>\w+)"
        nbgrader(root, "zip_collect", "short", f"--FileNameCollectorPlugin.named_regexp={pattern}")
        nbgrader(root, "autograde", "short")
        nbgrader(root, "export")
        rows = list(csv.DictReader((root / "grades.csv").read_text().splitlines()))
        assert [(row["student_id"], row["score"]) for row in rows] == [("anna", "8.0")]


class TestOtherCommands:
    def test_validate_says_yes_to_the_solution_and_no_to_the_release(self, root: Path):
        """`nbgrader validate` runs the notebook in a plain Jupyter kernel; the words work there too."""
        assert "Success" in nbgrader(root, "validate", "source/short/short.ipynb")
        assert "failed" in nbgrader(root, "validate", "release/short/short.ipynb")

    def test_db_commands(self, root: Path):
        """Students can be added and listed."""
        nbgrader(root, "db", "student", "add", "anna", "--last-name=A")
        assert "anna" in nbgrader(root, "db", "student", "list")
        assert "short" in nbgrader(root, "db", "assignment", "list")
