"""Markers with a slip in them, pairs that do not match, pictures of a model answer: no release, nobody is marked."""

import subprocess
from pathlib import Path

import nbformat
import pytest
from traitlets.config import Config

from kernelmark.errors import CourseError
from kernelmark.notebook.conform import Course
from kernelmark.notebook.markers import Markers, check
from tests import small_course
from tests.course.test_nbgrader import nbgrader
from tests.small_course import graded_cell

PNG = {"image/png": "iVBORw0KGgo="}


def of(source: str, kind: str = "code", **flags: bool) -> nbformat.NotebookNode:
    cell = graded_cell("it", source, kind=kind, **flags)
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# A"), cell])


def refused(source: str, kind: str = "code", config: Config | None = None) -> str:
    try:
        check(of(source, kind), Markers.of(config))
    except CourseError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    "line",
    [
        "### BEGIN HIDDEN TEST", "### Begin Hidden Tests", "### begin hidden tests", "### BEGIN  HIDDEN TESTS",
        "###BEGINHIDDEN TESTS", "### BEGIN HIDEN TESTS", "### BEGIN_HIDDEN_TESTS", "### BEGN HIDDEN TESTS",
        "### HIDDEN TESTS BEGIN", "### START HIDDEN TESTS", "# BEGIN HIDDEN", "BEGIN HIDDEN TESTS",
        "### END HIDDEN TEST", "### END OF HIDDEN TESTS", "### BEGIN SOLUTIONS", "### Begin Solution",
        "### BEGIN SOULTION", "### BEGINSOLUTION", "### END SOLUTIONS", "=== BEGIN MARKSCHEME ===",
        "=== Begin mark scheme ===", "=== BEGIN MARKING SCHEME ===", "=== END MARK SCHEMES ===", "### BEGIN\tSOLUTION",
    ],
)  # fmt: skip
def test_a_slip_in_a_marker_is_named(line: str):
    """Case, blanks, singular and plural, letters, another order, no comment: the cell and the line are told."""
    assert refused(f"x = 1\n    {line}\ny = 2").startswith("it, line 2: ")


@pytest.mark.parametrize(
    "line",
    [
        "# the solution begins with a list", "# begin with the tests of the last part", "x = solution(begin, end)",
        "# hidden tests", "# Solution", "for end in ends:", "begin = 0", "# at the end of the loop",
        "## Solutions", "This is the end of the mark.", "# test the beginning", "# END",
    ],
)  # fmt: skip
def test_other_lines_are_none(line: str):
    """Prose and code with the same words."""
    assert refused(line) == ""


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("### BEGIN SOLUTION\nx", "line 1: 'BEGIN SOLUTION' is not ended"),
        ("x\n### END SOLUTION", "line 2: 'END SOLUTION' ends nothing"),
        ("### BEGIN SOLUTION\n### BEGIN SOLUTION\n### END SOLUTION", "line 2: 'BEGIN SOLUTION' stands inside"),
        ("### BEGIN SOLUTION\n### BEGIN HIDDEN TESTS\n### END SOLUTION\n### END HIDDEN TESTS", "stands inside"),
        ("### BEGIN HIDDEN TESTS\n### END SOLUTION", "line 2: 'END SOLUTION' ends nothing"),
        ("### BEGIN HIDDEN TESTS ### END HIDDEN TESTS", "more than one marker"),
        ("=== BEGIN MARK SCHEME ===\nx", "is not ended"),
    ],
)
def test_pairs_must_match(source: str, words: str):
    """Open, closed twice, one in another, crossed, both in a line."""
    assert words in refused(source)


def test_two_pairs_one_after_the_other_are_well():
    """And words beside a marker change nothing, as for nbgrader."""
    assert refused("### BEGIN SOLUTION (short)\n### END SOLUTION\n#BEGIN SOLUTION\n#END SOLUTION") == ""


def test_the_course_s_own_markers_are_honoured():
    """nbgrader's settings say which lines these are; a slip in one of them is told too, and feedback hides the part."""
    config = Config()
    config.ClearHiddenTests.begin_test_delimeter = "VERBORGEN"
    config.ClearHiddenTests.end_test_delimeter = "SICHTBAR"
    assert refused("# VERBORGEN\nx\n# SICHTBAR", config=config) == ""
    assert "looks like 'VERBORGEN'" in refused("# VERBORGN\nx", config=config)
    source = small_course.notebook()
    source.cells[3].source += "\n# VERBORGEN\nassert add(1, 1) == 2\n# SICHTBAR"
    source.cells[4].source = (
        source.cells[4].source.replace("### BEGIN HIDDEN TESTS\n", "").replace("\n### END HIDDEN TESTS", "")
    )
    assert Course(source, config).cells[3].hidden == (3, 4, 5)


class TestPictures:
    @pytest.mark.parametrize(
        "source",
        [
            "Because ![k](attachment:k.png)",
            "Say.\n=== BEGIN MARK SCHEME ===\n![k](attachment:k.png)\n=== END MARK SCHEME ===",
            '### BEGIN SOLUTION\n<img src="attachment:k.png">\n### END SOLUTION',
            "No picture any more.",
        ],
    )
    def test_of_an_answer_stop_the_release(self, source: str):
        """In a model answer, in a mark scheme, or left over in the cell."""
        made = of(source, "markdown", solution=True, grade=True)
        made.cells[1]["attachments"] = {"k.png": PNG}
        with pytest.raises(CourseError, match=r"it, line \d+: the picture 'k\.png'"):
            check(made, Markers.of())

    def test_of_a_mark_scheme_go_out_where_the_course_says_so(self):
        """nbgrader's check_attachment_leakage, off: a task's scheme alone, and not what is left over in the cell."""
        config = Config({"ClearMarkScheme": {"check_attachment_leakage": False}})
        made = of("Do.\n=== BEGIN MARK SCHEME ===\n![k](attachment:k.png)\n=== END MARK SCHEME ===", "markdown")
        made.cells[1].metadata.nbgrader |= {"task": True, "points": 2}
        made.cells[1]["attachments"] = {"k.png": PNG}
        check(made, Markers.of(config))
        assert "k.png" not in Course(made, config).released.cells[1].source
        made.cells[1]["attachments"]["left.png"] = PNG
        with pytest.raises(CourseError, match=r"the picture 'left\.png'"):
            check(made, Markers.of(config))

    def test_of_the_question_are_well(self):
        """Where the student's text shows it, it is meant for students; so it is in a cell of plain prose."""
        made = of("See ![q](attachment:q).\n### BEGIN SOLUTION\nx\n### END SOLUTION", "markdown", solution=True)
        for cell in made.cells:
            cell["attachments"] = {"q": PNG}
        check(made, Markers.of())


class TestRelease:
    def test_stops_and_leaves_nothing(self, tmp_path: Path):
        """The line names notebook, cell and line; the next run is no "existing assignment"; grading refuses too."""
        source = small_course.notebook()
        source.cells[4].source = source.cells[4].source.replace("BEGIN HIDDEN TESTS", "BEGIN HIDDEN TEST")
        root = small_course.write_course(tmp_path, source)
        for _ in range(2):
            said = nbgrader(root, "generate_assignment", "short", fails=True)
            assert "short/short.ipynb: add_arrays: line 5: '### BEGIN HIDDEN TEST' looks like" in said
            assert "Traceback" not in said
            assert not list(root.glob("release/short/*"))
        with pytest.raises(CourseError, match="add_arrays, line 5"):
            Course(source)

    def test_stops_where_outputs_would_go_out(self, tmp_path: Path):
        """A course that took ClearOutput out of the steps releases no output of a cell with a grade id."""
        source = small_course.notebook()
        source.cells[3].outputs = [nbformat.v4.new_output("stream", text="42")]
        root = small_course.write_course(tmp_path, source)
        nbgrader(root, "generate_assignment", "short")
        config = (
            "\nfrom nbgrader.preprocessors import ClearOutput\nc.GenerateAssignment.preprocessors.remove(ClearOutput)"
        )
        subprocess.run(["tee", "-a", str(root / "nbgrader_config.py")], input=config.encode(), check=True, stdout=-3)
        said = nbgrader(root, "generate_assignment", "short", "--force", fails=True)
        assert "add_small: its outputs would be released" in said
