"""nbgrader's settings whose work Kernelmark took over: each is set in one course, graded by either command."""

import json
import sqlite3
import stat
import subprocess
from pathlib import Path

import nbformat
import pytest
from nbformat.notebooknode import NotebookNode

from kernelmark.records import SubmissionResult, from_json, record_path
from tests import small_course
from tests.small_course import graded_cell, solved
from tests.whole_class.test_cluster import book, command

# Away from every default, and all at once: what one setting breaks in another would show.
SETTINGS = """
c.CourseDirectory.source_directory = "masters"
c.CourseDirectory.submitted_directory = "handed"
c.CourseDirectory.autograded_directory = "out/graded"
c.CourseDirectory.feedback_directory = "back"
c.CourseDirectory.directory_structure = "work/{nbgrader_step}/{assignment_id}/{student_id}"
c.CourseDirectory.student_id_exclude = "away,gone"
c.CourseDirectory.ignore.append("*.log")
c.CourseDirectory.groupshared = True
c.ClearSolutions.code_stub = {"python": "# write here"}
c.ClearSolutions.text_stub = "Answer here"
c.LockCells.lock_grade_cells = False
c.LockCells.lock_readonly_cells = False
c.LimitOutput.max_lines = 5
c.LimitOutput.max_traceback = 4
c.IgnorePattern.enabled = True
c.IgnorePattern.pattern = "harmless"
c.Execute.timeout = 3
c.IncludeHeaderFooter.header = "header.ipynb"
c.OverwriteCells.missing_cell_notification = "{cell_id} was not handed in.\\n"
c.NbGrader.logfile = "nbgrader.log"


def before(assignment, student, notebooks):
    open("hooks.txt", "a").write(f"before {assignment} {len(notebooks)}\\n")


def after(assignment, student, notebooks):
    open("hooks.txt", "a").write(f"after {assignment} {len(notebooks)}\\n")


c.Autograde.pre_convert_hook = before
c.Autograde.post_convert_hook = after

from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Unicode


class Stamp(NbGraderPreprocessor):
    word = Unicode("none").tag(config=True)

    def preprocess(self, nb, resources):
        earned = sum(cell.points or 0 for cell in resources["kernelmark"].cells)
        nb.metadata["stamp"] = f"{self.word} {resources['nbgrader']['student']} {earned:g}"
        return nb, resources


class Shout(NbGraderPreprocessor):
    def preprocess_cell(self, cell, resources, index):
        if cell.cell_type == "markdown":
            cell.source = cell.source.replace("whisper", "WHISPER")
        return cell, resources


c.Stamp.word = "seen"
c.Autograde.autograde_preprocessors.insert(1, Stamp)
c.Autograde.sanitize_preprocessors.insert(0, Shout)
"""
COMMENTS = (
    "SELECT b.name, c.auto_comment FROM comment c JOIN submitted_notebook n ON c.notebook_id = n.id "
    "JOIN submitted_assignment s ON n.assignment_id = s.id JOIN base_cell b ON c.cell_id = b.id "
    "WHERE s.student_id = 'none'"
)
NOISY = (
    "import sys, os\nlimit = 12\n"
    "print([n for n in ('own.log', 'given.log', 'own.txt', 'given.txt') if os.path.exists(n)])\n"
    "print('line\\n' * 50)\nprint('harmless: nothing', file=sys.stderr)"
)
DEEP = "def f(n):\n    return f(n - 1) if n else 1 / 0\nf(30)"


def course_notebook() -> NotebookNode:
    """The short course, whose first test needs a name of the header."""
    made = small_course.notebook()
    made.cells[3].source = made.cells[3].source.replace("== 5,", "== FIVE,")
    return made


def write_settled_course(root: Path) -> None:
    small_course.write_course(root, course_notebook())
    (root / "source").rename(root / "work")
    (root / "work" / "masters").mkdir()
    (root / "work" / "short").rename(root / "work" / "masters" / "short")
    for name in ("given.log", "given.txt"):
        (root / "work" / "masters" / "short" / name).write_text("1")
    cells = [nbformat.v4.new_markdown_cell("# Head"), graded_cell("head", "FIVE = 5", locked=True)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), root / "header.ipynb")
    with (root / "nbgrader_config.py").open("a") as config:
        config.write(SETTINGS)


def hand_in(root: Path, student: str, notebook: NotebookNode) -> Path:
    folder = root / "work" / "handed" / "short" / student
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / "short.ipynb")
    return folder


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The course with these settings, released and handed in."""
    root = tmp_path_factory.mktemp("settled")
    write_settled_course(root)
    command(root, "nbgrader", "generate_assignment", "short")
    hand_in(root, "none", nbformat.read(root / "work" / "release" / "short" / "short.ipynb", 4))
    short = solved(limit=NOISY, counter=DEEP)
    short.cells = [cell for cell in short.cells if cell.metadata.get("nbgrader", {}).get("grade_id") != "add"]
    short.cells.append(nbformat.v4.new_markdown_cell("a whisper"))
    folder = hand_in(root, "noisy", short)
    for name in ("own.log", "own.txt"):
        (folder / name).write_text("1")
    hand_in(root, "slow", solved(limit="import time\ntime.sleep(20)\nlimit = 12"))
    hand_in(root, "away", solved())
    kept = root / "work" / "out" / "graded" / "short" / "away"
    kept.mkdir(parents=True)
    (kept / "short.ipynb").write_text("of another day")
    return root


@pytest.fixture(scope="module", params=["kernelmark", "nbgrader"])
def graded(released: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """That class, graded by either command; what was said of it lies in said.txt."""
    root = tmp_path_factory.mktemp("graded")
    subprocess.run(["cp", "-a", f"{released}/.", str(root)], check=True)
    config = root / "nbgrader_config.py"
    config.write_text(config.read_text().replace(str(released), str(root)))
    (root / "said.txt").write_text(command(root, request.param, "autograde", "short"))
    return root


def notebook_of(root: Path, student: str) -> NotebookNode:
    return nbformat.read(root / "work" / "out" / "graded" / "short" / student / "short.ipynb", 4)


def cell_of(root: Path, student: str, name: str) -> NotebookNode:
    cells = notebook_of(root, student).cells
    return next(cell for cell in cells if cell.metadata.get("nbgrader", {}).get("grade_id") == name)


def printed(root: Path, student: str, name: str, stream: str) -> str:
    outputs = cell_of(root, student, name).outputs
    return "".join(each.text for each in outputs if each.output_type == "stream" and each.name == stream)


def record(root: Path, student: str) -> SubmissionResult:
    return from_json(SubmissionResult, (root / record_path("short", student, "short")).read_bytes())


def test_folders_are_where_the_settings_say(graded: Path):
    """Notebooks of the course, of students, and graded ones; the header's name is there for a test."""
    assert {path.name for path in (graded / "work" / "out" / "graded" / "short").iterdir()} == {
        *("none", "noisy", "slow", "away")
    }
    assert {row[0]: row[2] for row in book(graded) if row[1] == "add_small"} == {"none": 0, "noisy": 0, "slow": 2}


def test_a_header_is_part_of_the_notebook(graded: Path):
    """Its locked cell is set-up: it runs for tests, and what a student wrote over it does not."""
    assert cell_of(graded, "noisy", "head").source == "FIVE = 5"
    assert "head" not in {row[1] for row in book(graded)}


def test_whoever_is_excluded_is_left_alone(graded: Path):
    """No mark, and what was graded on another day stays."""
    assert "away" not in {row[0] for row in book(graded)}
    assert (graded / "work" / "out" / "graded" / "short" / "away" / "short.ipynb").read_text() == "of another day"


def test_stubs_are_known_as_no_response(graded: Path):
    """Text and code as they were released under the course's own stubs."""
    with sqlite3.connect(graded / "gradebook.db") as connection:
        comments = connection.execute(COMMENTS).fetchall()
    assert {name for name, comment in comments if comment == "No response."} == {"add", "counter", "limit", "why"}
    assert cell_of(graded, "none", "limit").source == "limit = None\n# write here"
    assert cell_of(graded, "none", "why").source == "Answer here"


def test_cells_are_locked_as_set(released: Path):
    """In the release, which is where locks are for: solutions are, tests and set-up are not."""
    cells = nbformat.read(released / "work" / "release" / "short" / "short.ipynb", 4).cells
    locked = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell.metadata.get("deletable") for cell in cells}
    assert (locked["add"], locked["add_small"], locked["setup"]) == (False, None, None)


def test_outputs_are_as_long_as_set(graded: Path):
    """Lines of a stream, and of a traceback."""
    assert printed(graded, "noisy", "limit", "stdout").split("\n")[3:] == ["line", "... Output truncated ..."]
    error = next(each for each in cell_of(graded, "noisy", "counter").outputs if each.output_type == "error")
    assert len(error.traceback) <= 4


def test_a_pattern_of_stderr_is_left_out(graded: Path):
    """IgnorePattern, once it is enabled."""
    assert "own.txt" in printed(graded, "noisy", "limit", "stdout")
    assert "harmless" not in printed(graded, "noisy", "limit", "stderr")


def test_nbgraders_timeout_is_that_of_a_cell(graded: Path):
    """Execute.timeout, where c.Kernelmark.cell_timeout_s says nothing."""
    lost = record(graded, "slow").cell("limit_value")
    assert lost is not None
    assert lost.points == 0
    assert "3 s" in json.dumps([vars(cause) for cause in record(graded, "slow").causes], default=str) + lost.reason


def test_ignored_files_are_neither_copied_nor_shown(graded: Path):
    """The student's and the instructor's; others are."""
    place = graded / "work" / "out" / "graded" / "short" / "noisy"
    assert {path.name for path in place.iterdir()} == {"short.ipynb", "own.txt", "given.txt"}
    assert printed(graded, "noisy", "limit", "stdout").startswith("['own.txt', 'given.txt']")


def test_groups_share_what_is_written(graded: Path):
    """Graded notebooks, records and locks: another instructor can grade again."""
    folders = [graded / "work" / "out" / "graded" / "short" / "noisy", graded / ".kernelmark"]
    for path in (each for folder in folders for each in (folder, *folder.rglob("*"))):
        mode = path.stat().st_mode
        assert mode & stat.S_IWGRP, path
        assert path.is_file() or mode & stat.S_ISGID, path


def test_hooks_are_called(graded: Path):
    """Once before and once after each submission that is graded."""
    lines = (graded / "hooks.txt").read_text().splitlines()
    assert sorted(lines) == ["after short 1"] * 3 + ["before short 1"] * 3


def test_a_missing_cell_says_so_in_the_courses_words(graded: Path):
    """OverwriteCells.missing_cell_notification."""
    assert cell_of(graded, "noisy", "add").source.startswith("# add was not handed in.\n")


def test_steps_of_the_course_run(graded: Path):
    """After grading, with the results; before it, on what was handed in."""
    assert notebook_of(graded, "slow").metadata.stamp == "seen slow 7"
    assert "a WHISPER" in {cell.source for cell in notebook_of(graded, "noisy").cells}


def test_feedback_and_report_find_it_all(graded: Path):
    """The commands after grading, with the same folders, and the one that brings the grade book to the notebook."""
    command(graded, "nbgrader", "generate_feedback", "short")
    page = (graded / "work" / "back" / "short" / "slow" / "short.html").read_text()
    assert "add_small" in page
    assert small_course.MARKER not in page
    assert "needs a look" not in command(graded, "kernelmark", "report", "short")
    assert "already" in command(graded, "kernelmark", "update", "short")


def test_a_second_run_grades_nobody(graded: Path):
    """Nothing of these settings makes work look changed."""
    before = book(graded)
    said = command(graded, "kernelmark", "autograde", "short")
    assert "0 to grade, 3 done before" in said
    assert book(graded) == before


def test_doctor_says_which_limit_the_course_has(graded: Path):
    """And nothing of settings that hold."""
    said = command(graded, "kernelmark", "doctor")
    assert "cell_timeout_s = 3.0 in this course" in said
    assert "is not read" not in said


def test_a_logfile_is_written(graded: Path):
    """c.NbGrader.logfile has what is warned of."""
    assert (graded / "nbgrader.log").is_file()
