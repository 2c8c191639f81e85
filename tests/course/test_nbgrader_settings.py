"""Every setting of nbgrader's whose work Kernelmark took over stands in a table; one that nobody reads is told."""

import json
import logging
import subprocess
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbgrader import preprocessors
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from kernelmark.course.nbgrader_settings import CLASSES, HONOURED, NBGRADERS_OWN, REFUSED, told
from kernelmark.course.settings import Kernelmark, source_directory
from kernelmark.errors import CourseError
from kernelmark.notebook.conform import Course
from kernelmark.referee.grading import read_source
from kernelmark.whole_class.cluster import ClassAutogradeApp
from tests import small_course
from tests.course.test_late import penalties
from tests.small_course import solved
from tests.whole_class.test_cluster import command, hand_in

REFUSED_NAMES = {name: " ".join(row.names for row in rows) for name, rows in REFUSED.items()}
# Kernelmark's own steps, without which `told` has more to say.
SEAMS = {
    "GenerateAssignment": {"preprocessors": ["kernelmark.course.release.CheckRelease"]},
    "GenerateFeedback": {"preprocessors": ["kernelmark.course.autograde.StudentView"]},
}


def config(**sections: dict[str, Any]) -> Config:
    return Config(SEAMS | sections)


class TestTables:
    @pytest.mark.parametrize("name", sorted(CLASSES))
    def test_hold_every_setting_once(self, name: str):
        """A setting that a new nbgrader brings, or takes away, is noticed."""
        words = " ".join(table.get(name, "") for table in (HONOURED, NBGRADERS_OWN, REFUSED_NAMES)).split()
        assert sorted(words) == sorted(CLASSES[name].class_traits(config=True))

    def test_hold_every_class(self):
        """Each of nbgrader's steps, and each step of nbconvert's in the lists that Kernelmark replaces."""
        assert {*HONOURED, *NBGRADERS_OWN, *REFUSED} == set(CLASSES)
        assert {*preprocessors.__all__} - {"NbGraderPreprocessor"} <= set(CLASSES)
        for trait in ("sanitize_preprocessors", "autograde_preprocessors"):
            assert {step.__name__ for step in CLASSES["Autograde"].class_traits()[trait].default()} <= set(CLASSES)


class TestTold:
    @pytest.mark.parametrize(
        ("name", "trait"), [(name, trait) for name, words in REFUSED_NAMES.items() for trait in words.split()]
    )
    def test_names_what_is_refused(self, name: str, trait: str):
        """Whatever it is set to but for what is done anyway, in one line with what to do."""
        value: Any = ["other"]
        if trait in ("enabled", "add_missing_cells"):
            value = name == "ClearMetadataPreprocessor"
        (line,) = told(config(**{name: {trait: value}}))
        assert line.startswith(f"c.{name}.{trait} = {value!r} is not read: ")
        assert "; " in line
        assert "\n" not in line

    @pytest.mark.parametrize(
        ("name", "trait", "value"),
        [
            ("OverwriteCells", "add_missing_cells", True),
            ("Execute", "enabled", True),
            ("Execute", "timeout", 60),
            ("Execute", "force_raise_errors", False),
            ("LimitOutput", "max_lines", 3),
            ("CourseDirectory", "max_dir_size", 10),
        ],
    )
    def test_says_nothing_of_what_holds(self, name: str, trait: str, value: Any):
        """A setting that is honoured, and one that asks for what is always done."""
        assert told(config(**{name: {trait: value}})) == []

    def test_finds_what_is_set_for_a_class_above(self):
        """nbgrader's Execute reads nbconvert's and nbclient's sections too."""
        (line,) = told(config(NotebookClient={"kernel_name": "xeus"}))
        assert line.startswith("c.NotebookClient.kernel_name = 'xeus' is not read")

    @pytest.mark.parametrize("value", [None, -1, 0])
    def test_no_timeout_is_none(self, value: int | None):
        """Every cell has one; the default holds."""
        (line,) = told(config(Execute={"timeout": value}))
        assert "set c.Kernelmark.cell_timeout_s" in line
        assert Kernelmark(config=config(Execute={"timeout": value})).limits().cell_s == 30

    def test_two_timeouts_are_told(self):
        """Kernelmark's own comes first."""
        both = config(Execute={"timeout": 60}, Kernelmark={"cell_timeout_s": 5.0})
        assert Kernelmark(config=both).limits().cell_s == 5
        (line,) = told(both)
        assert "comes first" in line

    def test_an_exchange_beyond_what_is_read_is_told(self):
        """What it collects would not be graded."""
        (line,) = told(config(CourseDirectory={"max_dir_size": 500_000}))
        assert "100000 kB are read" in line

    @pytest.mark.parametrize("name", ["GenerateAssignment", "GenerateFeedback"])
    def test_a_list_without_our_step_is_told(self, name: str):
        """Set to nbgrader's own, or not set."""
        for sections in (SEAMS | {name: {"preprocessors": []}}, {k: v for k, v in SEAMS.items() if k != name}):
            (line,) = told(Config(sections))
            assert line.startswith(f"c.{name}.preprocessors lacks ")


class TestCourse:
    """What grading takes for the released notebook: what nbgrader's steps make of it, set as they are."""

    def test_a_region_outside_a_solution_cell_is_cleared_where_set(self):
        """ClearSolutions.enforce_metadata: refused, or cleared like the others."""
        source = small_course.notebook()
        source.cells[0] = nbformat.v4.new_code_cell("x = 1\n### BEGIN SOLUTION\nx = 2\n### END SOLUTION")
        with pytest.raises(CourseError, match="non-solution cell"):
            Course(source)
        made = Course(source, config(ClearSolutions={"enforce_metadata": False}))
        assert "x = 2" not in made.released.cells[0].source

    @pytest.mark.parametrize("step", ["ClearSolutions", "ClearOutput", "ComputeChecksums"])
    def test_a_step_that_is_off_does_nothing(self, step: str):
        """As it does nothing in the release."""
        source = small_course.notebook()
        source.cells[2].outputs = [nbformat.v4.new_output("stream", text="said")]
        source.cells[-1].source = "Because."
        plain, off = (Course(source, config(**{step: {"enabled": on}})).released.cells[2] for on in (True, False))
        assert plain != off

    def test_metadata_of_outputs_are_cleared_as_set(self):
        """ClearOutput.remove_metadata_fields."""
        source = small_course.notebook()
        source.cells[2].metadata.mine = 1
        made = Course(source, config(ClearOutput={"remove_metadata_fields": {"mine"}}))
        assert "mine" not in made.released.cells[2].metadata

    @pytest.mark.parametrize("text", ["{grade_id} is missing", "{"])
    def test_a_notification_with_other_braces_is_refused(self, text: str):
        """Before anybody is graded, with the setting's name."""
        with pytest.raises(CourseError, match=r"missing_cell_notification.*\{cell_id\}"):
            Course(small_course.notebook(), config(OverwriteCells={"missing_cell_notification": text}))

    def test_a_header_that_is_not_there_is_refused(self, tmp_path: Path):
        """With the setting's name."""
        nbformat.write(small_course.notebook(), tmp_path / "a.ipynb")
        with pytest.raises(CourseError, match=r"c\.IncludeHeaderFooter.*no\.ipynb"):
            read_source(tmp_path / "a.ipynb", config(IncludeHeaderFooter={"footer": "no.ipynb"}))


class TestSourceDirectory:
    @pytest.mark.parametrize(
        ("structure", "found"),
        [
            ("{nbgrader_step}/{student_id}/{assignment_id}", "masters"),
            ("{nbgrader_step}/{assignment_id}/{student_id}", "masters"),
            ("all/{nbgrader_step}/{student_id}/{assignment_id}", "all/masters"),
        ],
    )
    def test_is_nbgraders(self, structure: str, found: str):
        """Where its structure has a folder for each assignment in one folder."""
        set_ = config(CourseDirectory={"source_directory": "masters", "directory_structure": structure})
        assert Kernelmark(config=set_).source_directory == found

    @pytest.mark.parametrize(
        "structure", ["{assignment_id}/{nbgrader_step}/{student_id}", "{nbgrader_step}/{student_id}-{assignment_id}"]
    )
    def test_refuses_another_structure(self, structure: str):
        """The message says what was expected and what came."""
        with pytest.raises(CourseError, match="expected a folder that ends in /A"):
            source_directory(CourseDirectory(directory_structure=structure))


SET = """
c.Execute.kernel_name = "xeus"
c.OverwriteCells.add_missing_cells = False
c.GenerateFeedback.preprocessors = ["nbgrader.preprocessors.GetGrades"]
"""
LINES = (
    "c.Execute.kernel_name = 'xeus' is not read: submissions run in the Python that grades",
    "c.OverwriteCells.add_missing_cells = False is not read: a cell that a submission lacks is always put back",
    "c.GenerateFeedback.preprocessors lacks StudentView: feedback shows hidden tests",
)


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course whose assignment is generated, and one submission."""
    made = tmp_path_factory.mktemp("course")
    small_course.write_course(made)
    command(made, "nbgrader", "generate_assignment", "short")
    hand_in(made, "ann", solved())
    return made


@pytest.fixture
def root(generated: Path, tmp_path: Path) -> Path:
    """That course, for one test."""
    subprocess.run(["cp", "-a", f"{generated}/.", str(tmp_path)], check=True)
    return tmp_path


def add_settings(root: Path, text: str) -> None:
    with (root / "nbgrader_config.py").open("a") as config:
        config.write(text)


# Both commands read the same tables; nbgrader's own, slower to start, is tried by `make test-all`.
PROGRAMS = ["kernelmark", pytest.param("nbgrader", marks=pytest.mark.slow)]


class TestRuns:
    @pytest.mark.parametrize(
        "words", [["kernelmark", "doctor"], ["kernelmark", "autograde", "short"], ["nbgrader", "autograde", "short"]]
    )
    def test_say_what_is_not_read(self, root: Path, words: list[str]):
        """Each line once, and the class is graded."""
        add_settings(root, SET)
        said = command(root, *words)
        assert [said.count(line) for line in LINES] == [1, 1, 1]

    def test_say_it_to_a_program(self, root: Path):
        """One JSON object a line."""
        add_settings(root, SET)
        events = [json.loads(line) for line in command(root, "kernelmark", "autograde", "short", "--json").splitlines()]
        notes = [event["text"] for event in events if event["event"] == "note"]
        assert all(any(note.startswith(line) for note in notes) for line in LINES)

    @pytest.mark.parametrize("program", PROGRAMS)
    @pytest.mark.parametrize(
        ("text", "message"),
        [
            (
                "c.Autograde.autograde_preprocessors.insert(0, 'nbgrader.preprocessors.Execute')",
                "holds Execute, which runs submissions without a sandbox; take it out",
            ),
            (
                "c.Autograde.autograde_preprocessors = ['kernelmark.course.autograde.Grade']",
                "must hold kernelmark.course.autograde.SaveGrades",
            ),
            ("c.Autograde.autograde_preprocessors.reverse()", "must hold Grade before SaveGrades"),
            ("c.Autograde.exporter_class = 'nbconvert.exporters.NotebookExporter'", "exporter_class is not"),
            (
                "c.CourseDirectory.directory_structure = '{assignment_id}/{nbgrader_step}/{student_id}'",
                "",
            ),
        ],
    )
    def test_stop_at_what_would_grade_bare_or_not_at_all(self, root: Path, program: str, text: str, message: str):
        """No mark is written."""
        add_settings(root, f"\n{text}\n")
        if not message:
            (root / "short" / "submitted").mkdir(parents=True)
            (root / "submitted" / "ann" / "short").rename(root / "short" / "submitted" / "ann")
            message = "expected a folder that ends in /A"
        assert message in command(root, program, "autograde", "short", status=1)
        assert not (root / "autograded" / "ann" / "short" / "short.ipynb").exists()

    @pytest.mark.parametrize("program", PROGRAMS)
    def test_without_penalties_nobody_loses_points(self, root: Path, program: str):
        """c.AssignLatePenalties.enabled, and the student who is not to be made."""
        add_settings(
            root,
            "\nc.LateSubmissionPlugin.penalty_method = 'zero'\nc.AssignLatePenalties.enabled = False\n"
            "c.Autograde.create_student = False\nc.Autograde.permissions = 640\n",
        )
        command(root, "nbgrader", "db", "assignment", "add", "short", "--duedate=2025-07-02 00:00:00 UTC")
        command(root, "nbgrader", "db", "student", "add", "ann")
        (root / "submitted" / "ann" / "short" / "timestamp.txt").write_text("2025-07-03 00:00:00 UTC")
        hand_in(root, "unknown", solved())
        said = command(root, program, "autograde", "short", status=1)
        assert "unknown" in said
        assert penalties(root) == {"ann": 0.0}
        assert (root / "autograded" / "ann" / "short" / "short.ipynb").stat().st_mode & 0o777 == 0o640

    @pytest.mark.parametrize("program", PROGRAMS)
    def test_one_notebook_of_two_is_graded_alone(self, tmp_path: Path, program: str):
        """c.CourseDirectory.notebook_id: what was graded of the other one stays, though its test changed meanwhile."""
        root = small_course.write_course(tmp_path)
        first, second = (root / "source" / "short" / f"{name}.ipynb" for name in ("short", "other"))
        nbformat.write(small_course.notebook(), second)
        command(root, "nbgrader", "generate_assignment", "short")
        handed = hand_in(root, "ann", solved())
        nbformat.write(solved(), handed.with_name("other.ipynb"))
        command(root, program, "autograde", "short")
        changed = small_course.notebook()
        changed.cells[3].source += "\nassert add(1, 1) == 2"
        for path in (first, second):
            nbformat.write(changed, path)
        graded = root / "autograded" / "ann" / "short"
        stamp = (graded / "other.ipynb").stat().st_mtime_ns
        add_settings(root, "\nc.CourseDirectory.notebook_id = 'short'\n")
        command(root, program, "autograde", "short", *(["--force"] if program == "nbgrader" else []))
        assert (graded / "other.ipynb").stat().st_mtime_ns == stamp
        assert "add(1, 1)" in (graded / "short.ipynb").read_text()

    @pytest.mark.parametrize("program", PROGRAMS)
    def test_a_course_elsewhere_is_graded_there(
        self, root: Path, tmp_path_factory: pytest.TempPathFactory, program: str
    ):
        """c.CourseDirectory.root: marks and records are the course's, and nothing lies where the command was given."""
        here = tmp_path_factory.mktemp("here")
        command(here, program, "autograde", "short", f"--CourseDirectory.root={root}")
        assert (root / ".kernelmark" / "short" / "ann" / "short.json").is_file()
        assert (root / "autograded" / "ann" / "short" / "short.ipynb").is_file()
        assert list(here.iterdir()) == []


def test_a_run_says_as_much_as_set():
    """c.NbGrader.log_level; by itself a class's run shows warnings."""
    assert ClassAutogradeApp(config=Config({"NbGrader": {"log_level": "INFO"}})).log_level == logging.INFO
    assert ClassAutogradeApp().log_level == logging.WARNING
