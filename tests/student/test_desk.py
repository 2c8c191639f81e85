"""What a student sees in a terminal: what is here, how far it is, what the visible tests say."""

from pathlib import Path

import nbformat
import pytest

from kernelmark.__main__ import main
from kernelmark.errors import KernelmarkError
from kernelmark.notebook.conform import Course
from kernelmark.student import desk, terminal
from tests import small_course
from tests.small_course import ADD, COUNTER


def put(folder: Path, notebook: nbformat.NotebookNode) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, folder / "short.ipynb")
    return folder / "short.ipynb"


def released(**cells: str) -> nbformat.NotebookNode:
    made = Course(small_course.notebook()).released
    headed = [nbformat.v4.new_markdown_cell(f"## Part {letter}: something (2 points)") for letter in "AB"]
    for cell in made.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = cells.get(name, cell.source)
    made.cells.insert(2, headed[0])
    at = next(i for i, c in enumerate(made.cells) if c.metadata.get("nbgrader", {}).get("grade_id") == "counter")
    made.cells.insert(at, headed[1])
    return made


class TestProgress:
    def test_counts_what_is_begun(self, tmp_path: Path):
        """A solution cell counts once its `raise NotImplementedError()` is gone, an answer once it is written."""
        path = put(tmp_path / "01_short", released(add=ADD, why="Since."))
        found = desk.progress(path)
        assert (found.points, found.solutions, found.begun, found.answers, found.written) == (12, 3, 1, 1, 1)
        assert found.checked == "not checked yet"
        assert terminal.as_status([found]).startswith("Next: A short course. Open")

    def test_finds_assignments_here_and_one_folder_down(self, tmp_path: Path):
        """Other notebooks and hidden folders are none."""
        path = put(tmp_path / "01_short", released())
        nbformat.write(nbformat.v4.new_notebook(), tmp_path / "notes.ipynb")
        put(tmp_path / ".ipynb_checkpoints", released())
        assert desk.notebooks(tmp_path) == [path]

    @pytest.mark.parametrize("name", ["01", "01_short", "short", "01_short/short.ipynb"])
    def test_a_notebook_goes_by_several_names(self, tmp_path: Path, name: str):
        """The beginning of the folder, the folder, the notebook, the file."""
        path = put(tmp_path / "01_short", released())
        assert desk.find(name, tmp_path) == path

    def test_an_unknown_name_is_told_what_there_is(self, tmp_path: Path):
        """The message lists the notebooks that are here."""
        put(tmp_path / "01_short", released())
        with pytest.raises(KernelmarkError, match=r"no notebook .*here are: .*short\.ipynb"):
            desk.find("02", tmp_path)

    @pytest.mark.parametrize("content", ["", "{", "[]", '{"cells": [1], "nbformat": 4, "nbformat_minor": 5}', "\xff"])
    def test_a_broken_neighbour_is_named_and_stops_nothing(
        self, tmp_path: Path, content: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ):
        """Status, check and export go on with what can be read."""
        path = put(tmp_path / "01_short", released(add=f"#| export\n{ADD}"))
        (path.parent / "Untitled.ipynb").write_text(content, encoding="latin-1")
        monkeypatch.chdir(tmp_path)
        for words in (["status"], ["check", "01", "A"], ["export"]):
            assert main(words) == 0
            said = capsys.readouterr()
            assert "left out: 01_short/Untitled.ipynb cannot be read" in said.err

    def test_a_duplicate_is_not_what_the_assignment_means(self, tmp_path: Path):
        """The folder's name means the notebook; a copy goes by its own."""
        path = put(tmp_path / "01_short", released())
        for name in ("short-Copy1", "short (1)"):
            nbformat.write(released(), path.with_name(f"{name}.ipynb"))
        assert desk.find("01", tmp_path) == path
        assert desk.find("short-Copy1", tmp_path).stem == "short-Copy1"


class TestCheck:
    def test_runs_the_visible_tests_and_says_what_is_next(self, tmp_path: Path):
        """Passed, failed with its message, not started; then the first thing to do."""
        wrong = "def add(a, b):\n    return a + b if isinstance(a, int) else a - b"
        path = put(tmp_path / "01_short", released(add=wrong))
        found = desk.check(path)
        outcomes = {item.grade_id: item.outcome for item in found}
        assert outcomes == {
            "add_small": "passed", "add_arrays": "failed", "counter_steps": "not started", "limit_value": "failed",
        }  # fmt: skip
        text = " ".join(terminal.as_report(path, found).split())
        assert "1 of 4 visible tests pass, in cells of 2 of 8 points." in text
        assert "add_arrays 3 line 4: add: 3 of 4 values are off" in text
        assert text.startswith("Next: mend what add_arrays tests (Part A). add works on arrays and leaves them alone.")
        assert desk.progress(path).checked == "1 of 4 pass"

    def test_one_part_needs_only_what_it_uses(self, tmp_path: Path):
        """Tests of other parts are not run; cells of the student's own are, where a chosen cell uses their names."""
        notebook = released(counter="from math import inf\nCounter = Own", limit="limit = DOZEN")
        own = nbformat.v4.new_code_cell(
            "class Own:\n    count = 0\n    def step(self):\n        self.count += 1\n"
            "        return self.count\nDOZEN = 12"
        )
        fails = nbformat.v4.new_code_cell("raise SystemError('a trial that has nothing to do with it')")
        notebook.cells[3:3] = [own, fails]
        path = put(tmp_path / "01_short", notebook)
        found = desk.check(path, "b")
        assert {item.grade_id: item.outcome for item in found} == {"counter_steps": "passed", "limit_value": "passed"}
        assert found[0].part == "Part B: something"

    def test_an_unknown_part_is_told_what_there_is(self, tmp_path: Path):
        """The message lists the parts."""
        path = put(tmp_path / "01_short", released())
        with pytest.raises(KernelmarkError, match="it has A, B"):
            desk.check(path, "Z")

    def test_the_cause_stands_once_and_first(self, tmp_path: Path):
        """A cell with a syntax error is named with its line; the tests that need it say where to look."""
        path = put(tmp_path / "01_short", released(add="def add(a, b)\n    return a + b", limit="limit = 12"))
        found = desk.check(path)
        assert {item.said for item in found[:2]} == {"not reached: see cell `add`"}
        text = terminal.as_report(path, found)
        said = "cell `add` did not run: SyntaxError: expected ':' (line 1)"
        assert text.count("expected ':'") == 1
        assert text.startswith(f"Next: mend cell `add`, which did not run.\n  {said}\n")
        assert text.count("not reached  add_") == text.count("see cell `add`") == 2
        assert found[3].outcome == "passed"

    def test_set_up_that_fails_is_named(self, tmp_path: Path):
        """A library that is missing on the student's machine is the cause of all that follows."""
        notebook = released(add=ADD)
        notebook.cells[1].source = f"import nowhere_at_all\n{notebook.cells[1].source}"
        found = desk.check(put(tmp_path / "01_short", notebook))
        assert found.causes[0].text.startswith("cell `setup` did not run: ModuleNotFoundError")
        assert found[1].said == "not reached: see cell `setup`"

    @pytest.mark.parametrize("ending", ["import os; os._exit(3)", "import ctypes; ctypes.string_at(0)"])
    def test_a_cell_that_ends_the_kernel_is_named(self, tmp_path: Path, ending: str):
        """The other cells run again without it, and every test has its outcome."""
        path = put(tmp_path / "01_short", released(add=ADD, counter=f"{ending}\n{COUNTER}", limit="limit = 12"))
        found = desk.check(path)
        assert [item.outcome for item in found] == ["passed", "passed", "failed", "passed"]
        assert found[2].said == "not reached: see cell `counter`"
        assert [c.text for c in found.causes] == ["cell `counter` did not run: it ended the Jupyter kernel"]

    def test_what_the_kernels_program_says_at_its_end_is_not_shown(self, tmp_path: Path, capfd):
        """ZeroMQ writes "Assertion failed" at times when it shuts down, which is no word about the notebook."""
        last = "import atexit, sys\natexit.register(print, 'Assertion failed', file=sys.__stderr__, flush=True)"
        desk.check(put(tmp_path / "01_short", released(add=f"{last}\n{ADD}")))
        assert "Assertion" not in "".join(capfd.readouterr())

    def test_a_kernel_that_does_not_come_up_says_why(self, tmp_path: Path, monkeypatch):
        """The last line of its program stands in the error."""
        (tmp_path / "ipykernel_launcher.py").write_text("import not_installed\n")
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        with pytest.raises(KernelmarkError, match="No module named 'not_installed'"):
            desk.check(put(tmp_path / "01_short", released(add=ADD)))

    def test_a_function_that_ends_the_kernel_costs_its_tests(self, tmp_path: Path):
        """They are named; a call of `exit()` ends nothing, as in grading."""
        ends = "def add(a, b):\n    import os; os._exit(3)"
        path = put(tmp_path / "01_short", released(add=ends, counter=COUNTER, limit="exit()\nlimit = 12"))
        found = desk.check(path)
        assert [item.outcome for item in found] == ["failed", "failed", "passed", "passed"]
        assert found[0].said == "it ended the Jupyter kernel"
        assert found.causes == ()

    def test_a_change_makes_the_last_result_old(self, tmp_path: Path):
        """Status says that the notebook has changed since it was checked."""
        path = put(tmp_path / "01_short", released(add=ADD))
        desk.check(path, "A")
        put(tmp_path / "01_short", released(add=ADD + "\n# more"))
        assert desk.progress(path).checked == "2 of 4 pass, before your last change"
