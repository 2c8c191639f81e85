"""Under a test cell at a desk: `passed`, or the sentence of the failure and a folded traceback, by a real kernel."""

import re
from collections.abc import Callable

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.notebooknode import NotebookNode

from kernelmark import shown
from tests.small_course import ADD, SETUP

CELLS = {
    "setup": SETUP,
    "work": ADD
    + "\ndef todo(x):\n    raise NotImplementedError()\ndef keyed(x):\n    return x['k']\n"
    + "def refuses(x):\n    raise ValueError('no')\ndef fast(x):\n    return x\n"
    + "def slow(x):\n    for _ in range(50):\n        np.sort(x)\n    return x",
    "right": '"""add adds."""\nassert add(2, 3) == 5, "add(2, 3) must be 5"',
    "wrong": '"""add adds."""\nassert add(2, 3) == 6, "add(2, 3) must be 6"',
    "plain": '"""add adds."""\ngot, wanted = add(2, 3), 6\nassert got == wanted',
    "values": '"""add adds."""\nclose(add(2, 3),\n      6, what="add")',
    "unwritten": '"""todo does."""\nclose(todo(1), 2)',
    "raised": '"""keyed looks up."""\nclose(keyed(3), 4)',
    "last": "%tb",
    "pattern": '"""refuses says why."""\nwith raises(ValueError, match="2, 3.*4, 5", what="refuses"):\n    refuses(1)',
    "missing": '"""nowhere is."""\nclose(nowhere(1), 2)',
    "partly": '"""fast is fast."""\nfaster(fast, slow, lambda rng: (rng.random(400),), lambda x: x, {1.01: 1, 1e9: 4})',
    "own": "1 / 0",
}


@pytest.fixture(scope="module")
def outputs() -> dict[str, list[NotebookNode]]:
    """What each cell shows in a plain Jupyter kernel, run once."""
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS.values()]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, timeout=120, allow_errors=True, kernel_name="python3").execute()
    return dict(zip(CELLS, (cell.outputs for cell in notebook.cells), strict=True))


@pytest.fixture
def said(outputs: dict[str, list[NotebookNode]]) -> Callable[[str], list[str]]:
    """The lines of the error that a cell shows, without their colours."""

    def lines(name: str) -> list[str]:
        (error,) = [o for o in outputs[name] if o.output_type == "error"]
        return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(error.traceback)).split("\n")

    return lines


class TestFailed:
    @pytest.mark.parametrize(
        ("name", "sentence", "statement"),
        [
            ("wrong", "failed, line 2: add(2, 3) must be 6", "assert add(2, 3) == 6"),
            ("plain", "failed, line 3: this does not hold: got == wanted; got is 5, wanted is 6", ""),
            ("unwritten", "failed, line 2: not written yet: todo still raises NotImplementedError", ""),
            ("missing", "failed, line 2: name 'nowhere' is not defined: run the cell above that defines it", None),
            (
                "pattern",
                "failed, line 2: refuses: ValueError is right, but its message should mention '2, 3' and then '4, 5'; "
                "it says 'no'",
                "",
            ),
        ],
    )
    def test_is_a_sentence_with_its_line(self, said: Callable[[str], list[str]], name, sentence, statement):
        """One line says what failed and where; below it at most the statement of the test."""
        first, *more = said(name)
        assert first == sentence
        assert len(more) <= 1
        assert statement is None or "".join(more).strip().removeprefix("assert got == wanted") == statement

    def test_of_several_lines_is_shown_in_one(self, said: Callable[[str], list[str]]):
        """A call that was broken into lines is joined."""
        assert said("values")[1].strip() == 'close(add(2, 3), 6, what="add")'

    def test_names_the_line_of_the_students_code(self, said: Callable[[str], list[str]]):
        """An exception of the student's function says where in it."""
        assert said("raised")[0].startswith("failed, line 2: TypeError: 'int' object is not subscriptable (in keyed, ")
        assert said("raised")[0].endswith("return x['k'])")

    def test_is_red_and_the_traceback_is_folded_behind_it(self, outputs: dict[str, list[NotebookNode]]):
        """The first line alone is red; all frames are there for whoever opens them, as text."""
        error, folded = outputs["raised"]
        assert error.traceback[0].startswith("\x1b[1;31m")
        assert folded.data["text/html"].startswith("<details><summary>Traceback</summary><pre>")
        assert "in keyed(x)" in folded.data["text/html"]
        assert "\x1b" not in folded.data["text/html"]
        assert len(folded.data["text/plain"]) < 80

    def test_keeps_what_nbgrader_reads(self, outputs: dict[str, list[NotebookNode]]):
        """It is an error with the name and the message that it always had."""
        error = outputs["wrong"][0]
        assert (error.output_type, error.ename, error.evalue) == ("error", "AssertionError", "add(2, 3) must be 6")


class TestPassed:
    def test_says_so_in_a_line(self, outputs: dict[str, list[NotebookNode]]):
        """And only under tests: no cell of the student's says it."""
        assert [o.data for o in outputs["right"]] == [{"text/plain": "passed"}]
        assert outputs["setup"] == outputs["work"] == []

    def test_in_part_says_how_many_points(self, outputs: dict[str, list[NotebookNode]]):
        """A speed check that reached the first of two steps, on whatever machine."""
        assert outputs["partly"][-1].data["text/plain"] == "partly, 1 of 4 points"
        picture = outputs["partly"][0].data
        assert "Lines: 1.01x for 1 point: reached; " in picture["text/html"]


class TestElsewhere:
    def test_a_cell_that_is_no_test_has_its_traceback(self, said: Callable[[str], list[str]]):
        """IPython's own, as ever."""
        assert "Traceback (most recent call last)" in said("own")[1]

    def test_magics_show_it_in_full(self, said: Callable[[str], list[str]]):
        """%tb shows the last failure's frames."""
        assert "in keyed(x)" in "".join(said("last"))

    @pytest.mark.parametrize(
        ("source", "test"),
        [
            ('"""add adds."""\nassert add(1, 1) == 2', True),
            ('"""add adds."""\nfrom kernelmark.checks import close\nclose(1, 1)', True),
            ('"""What follows are functions."""\ndef f():\n    pass', False),
            ("assert add(1, 1) == 2", False),
            ("def f():\n    '''Adds.'''", False),
            ("%%bash\nls", False),
        ],
    )
    def test_a_test_is_told_by_its_claim(self, source: str, test: bool):
        """Where the notebook's program does not send what nbgrader keeps of a cell."""
        assert shown.is_test(source) == test


class TestSentence:
    def test_of_pytest_says_words_for_a_pattern(self):
        """A course's own tests may use pytest.raises; nobody has to read its regular expression."""
        failed = pytest.fail.Exception
        with pytest.raises((AssertionError, failed)) as caught, pytest.raises(ValueError, match=r"2, 3.*4, 5"):
            raise ValueError("no")
        said = shown.sentence(caught.value)
        assert said.removeprefix("Failed: ") == "the message should mention '2, 3' and then '4, 5'; it says 'no'"
