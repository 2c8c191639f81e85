"""`kernelmark validate`: the command, and what only running a notebook can find."""

import json
import re
import subprocess
from pathlib import Path

import nbformat
import pytest
from nbformat.notebooknode import NotebookNode

from kernelmark.__main__ import main
from kernelmark.authoring.sources import Here
from kernelmark.authoring.validate import Validated, validate
from tests import small_course
from tests.course.test_nbgrader import nbgrader
from tests.launcher import LAUNCHER
from tests.mistakes import sound, speed
from tests.small_course import asked, solution

TWICE = "def twice(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION"


def command(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return LAUNCHER.completed(root, "kernelmark", *words)


def run(folder: Path, *further: NotebookNode) -> Validated:
    """Validate the sound notebook with these cells at its end."""
    path = folder / "it.ipynb"
    nbformat.write(sound(*further), path)
    return validate(path, Here.of(folder), jobs=2)


def kinds(found: Validated) -> set[tuple[str, str, str]]:
    return {(each.severity, each.kind, each.cell) for each in found.findings}


@pytest.fixture(scope="module")
def slips(tmp_path_factory: pytest.TempPathFactory) -> Validated:
    """A notebook with many slips that only show when it runs, validated once."""
    return run(
        tmp_path_factory.mktemp("slips"),
        solution("twice", TWICE),
        # The slip of a pen in the right answer.
        asked("own_wrong", "assert twice(3) == 7"),
        # Whatever it raises, NotImplementedError too.
        asked("any_error", 'with raises(Exception):\n    twice(None)["a"]'),
        # It looks whether there is a function, and asks it nothing.
        asked("only_there", 'assert callable(twice), "write twice"'),
        # It adds a number of its own, and so more than there is.
        asked("too_many", "assert twice(1) == 2\n3 * twice(1)"),
        # Every answer that is a number.
        asked("no_answer", "try:\n    found = twice(2)\nexcept NotImplementedError:\n    found = 0\nassert found >= 0"),
    )


class TestRun:
    def test_a_sound_notebook_is_sound(self, tmp_path: Path):
        """Everything for the solution, nothing for the release, every emptied cell costs its tests."""
        found = run(tmp_path)
        assert found.sound
        assert found.findings == ()
        assert found.ran is not None
        assert (found.ran.points, found.ran.of, found.ran.by_hand, found.ran.released) == (2.0, 2.0, 2.0, 0.0)
        assert (found.ran.emptied, found.ran.speeds) == (1, ())

    def test_own_solution_that_fails_its_test(self, slips: Validated):
        """The grader would send that test to a person, for everybody."""
        assert ("error", "own-to-a-person", "own_wrong") in kinds(slips)

    def test_release_that_earns(self, slips: Validated):
        """Tests that an untouched notebook passes give their points to everybody."""
        assert ("error", "release-earns", "any_error") in kinds(slips)
        assert ("error", "release-earns", "only_there") in kinds(slips)

    def test_emptied_cell_that_loses_nothing(self, slips: Validated):
        """A test names the function, and passes without it."""
        told = {each.cell for each in slips.findings if each.kind == "passes-emptied"}
        assert {"only_there", "no_answer"} <= told

    def test_points_beyond_the_cell(self, slips: Validated):
        """The last line's number is the points; more than there are go to a person."""
        assert ("error", "own-to-a-person", "too_many") in kinds(slips)

    def test_sound_cells_beside_them_are_not_named(self, slips: Validated):
        """One slip does not make a neighbour one."""
        assert "total_small" not in {each.cell for each in slips.findings}

    def test_own_cell_that_does_not_run(self, tmp_path: Path):
        """The solution itself raises: the cell is named, and its test."""
        broken = solution("half", "### BEGIN SOLUTION\nhalf = 1 / 0\n### END SOLUTION\nhalf = 0.5")
        found = run(tmp_path, broken, asked("it", "assert half == 0.5"))
        assert ("error", "own-cell-fails", "half") in kinds(found)

    def test_speed_line_too_near(self, tmp_path: Path):
        """The course against itself is about as fast: a line at 0.8 is nearer than a factor 1.5."""
        found = run(tmp_path, asked("fast", speed("{0.8: 1}")))
        assert ("warning", "near-the-line", "fast") in kinds(found)
        assert found.ran is not None
        (timed,) = found.ran.speeds
        assert timed.steps == (0.8,)
        assert timed.margin == pytest.approx(timed.ratio / 0.8)
        assert "1 speed test, the least margin" in list(found.lines())[-1]

    def test_notebook_that_cannot_be_run_is_read(self, tmp_path: Path):
        """Two cells of one name: the finding is there, and the last line says that nothing ran."""
        found = run(tmp_path, asked("total", "assert total([1]) == 1"))
        assert found.ran is None
        assert not found.sound
        assert "read, not run" in list(found.lines())[-1]


class TestCommand:
    def test_prints_a_line_each_and_says_what_was_looked_at(self, tmp_path: Path):
        """Status 0 with warnings alone; the assignment by its name, where nbgrader's settings have it."""
        source = small_course.notebook()
        del source.cells[9].metadata["nbgrader"]["points"]
        source.cells[9].metadata["nbgrader"]["points"] = 0
        root = small_course.write_course(tmp_path, source)
        (root / "source").rename(root / "ours")
        with (root / "nbgrader_config.py").open("a") as config:
            config.write('\nc.CourseDirectory.source_directory = "ours"\n')
        done = command(root, "validate", "short", "--jobs", "2")
        assert done.returncode == 0, done.stderr
        first, last = done.stdout.strip().split("\n")
        assert first.startswith("warning why: it is graded with 0 points")
        assert re.search(r"own solution 8 of 8 points, release 0, 3 emptied cells, no speed test; \d+ s$", last)

    def test_errors_are_the_status(self, tmp_path: Path):
        """So that a CI stops; --json is one object with all of it."""
        source = small_course.notebook()
        source.cells[3].source = "add(2, 3) == 5"
        root = small_course.write_course(tmp_path, source)
        done = command(root, "validate", "--all", "--static", "--json")
        assert done.returncode == 1, done.stderr
        said = json.loads(done.stdout)
        assert said["errors"] == 1
        (found,) = said["notebooks"][0]["findings"]
        assert (found["kind"], found["cell"], found["severity"]) == ("answer-let-go", "add_small", "error")
        assert said["notebooks"][0]["ran"] is None

    @pytest.mark.parametrize("words", [["nothing_here"], ["source/short/none.ipynb"], [], ["short", "--all"]])
    def test_unknown_name_is_an_error(
        self, tmp_path: Path, words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ):
        """It lists what there is, or says what is wanted."""
        monkeypatch.chdir(small_course.write_course(tmp_path))
        assert main(["validate", "--static", *words]) == 1
        said = capsys.readouterr().err
        assert "in source are: short" in said.replace(str(tmp_path) + "/", "") or "takes the name" in said

    def test_path_of_a_notebook_anywhere(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ):
        """No course folder is needed."""
        nbformat.write(sound(), tmp_path / "mine.ipynb")
        monkeypatch.chdir(tmp_path)
        assert main(["validate", "--static", "mine.ipynb"]) == 0
        assert "mine.ipynb: no errors, no warnings; read, not run" in capsys.readouterr().out


class TestRelease:
    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        """A course with two errors and a warning."""
        source = small_course.notebook()
        source.cells[3].source = "add(2, 3) == 5"
        source.cells[8].source = "assert (limit == 12, 'a dozen')"
        source.cells[6].metadata["nbgrader"]["locked"] = False
        return small_course.write_course(tmp_path, source)

    def test_stops_at_all_errors_and_leaves_nothing(self, root: Path):
        """Both are in the message, the warning is not."""
        said = nbgrader(root, "generate_assignment", "short", fails=True)
        assert "stopped at 2 errors" in said
        assert "short/short.ipynb: add_small: 'add(2, 3) == 5' is asked" in said
        assert "short/short.ipynb: limit_value: assert (limit == 12, 'a dozen') holds always" in said
        assert "not locked" not in said
        assert not list(root.glob("release/short/*"))

    @pytest.mark.slow
    def test_goes_on_where_it_is_said(self, root: Path):
        """In a word more for nbgrader's command, and by --no-validate of the command of ours."""
        nbgrader(root, "generate_assignment", "short", "--Kernelmark.validate=False")
        assert (root / "release" / "short" / "short.ipynb").is_file()
        done = command(root, "generate_assignment", "short", "--force", "--no-validate")
        assert done.returncode == 0, done.stderr

    @pytest.mark.slow
    def test_to_the_exchange_too(self, root: Path):
        """What was generated before a change of the source is not released after it."""
        nbgrader(root, "generate_assignment", "short", "--Kernelmark.validate=False")
        said = nbgrader(root, "release_assignment", "short", fails=True)
        assert "nbgrader release_assignment stopped at 2 errors" in said
        assert not list((root / "exchange").rglob("short.ipynb"))
        nbgrader(root, "release_assignment", "short", "--Kernelmark.validate=False")
        assert list((root / "exchange").rglob("short.ipynb"))

    @pytest.mark.slow
    def test_a_marker_with_a_slip_stops_it_all_the_same(self, tmp_path: Path):
        """What would publish a hidden test is not a matter of taste."""
        source = small_course.notebook()
        source.cells[4].source = source.cells[4].source.replace("BEGIN HIDDEN TESTS", "BEGIN HIDDEN TEST")
        root = small_course.write_course(tmp_path, source)
        said = nbgrader(root, "generate_assignment", "short", "--Kernelmark.validate=False", fails=True)
        assert "add_arrays: line 5" in said
