"""Cells that did not run: what is said of each, which names are missing for it, and what only follows from it."""

import pytest

from kernelmark.notebook.causes import MAX_LISTED, Causes, names_of
from kernelmark.records import Cause

NAMES = {"add": ["add"], "Counter": ["counter"], "limit": ["limit"]}


def error(name: str, message: str, trace: str = "") -> list[dict]:
    return [{"output_type": "error", "ename": name, "evalue": message, "traceback": [trace]}]


def missing(name: str) -> tuple[str, str]:
    return "NameError", f"name '{name}' is not defined"


class TestNames:
    @pytest.mark.parametrize(
        ("source", "names"),
        [
            ("import numpy.linalg\nfrom os import path as p, sep\ndef f(): x = 1\nclass C: pass\na, b = 1, 2",
             "numpy p sep f C a b"),
            ("try:\n    import torch\nexcept ImportError:\n    torch = None", "torch"),
            ("%matplotlib inline\nif True:\n    !ls\nx = 1", "x"),
            ("def add(a, b:\n    return a + b\n\nasync def later(): pass\ny == 2\nz, w = 1, 2", "add later z w"),
            ("import numpy as np, os.path\nfrom a import b as c\ndef f(:", "np os c f"),
            ("%%time\nx = 1", "x"),
        ],
    )  # fmt: skip
    def test_are_found_in_what_is_python_and_in_what_is_none(self, source: str, names: str):
        """Assigned, defined, imported at the top level; of a text with a syntax error, by the lines that look so."""
        assert names_of(source) == set(names.split())

    @pytest.mark.parametrize("source", ["(" * 10**6, "-" * 10**6 + "1", "!x\n" * 10**5, "x=\0", "a," * 10**5])
    def test_of_hostile_text_end(self, source: str):
        """What no person wrote is read as far as a person would write, and raises nothing."""
        assert names_of(source) == set() or "\0" in source


class TestWhatIsSaid:
    @pytest.mark.parametrize(
        ("name", "message", "trace", "said"),
        [
            ("SyntaxError", "expected ':' (<ipython-input-1-8cee>, line 3)", "", "SyntaxError: expected ':' (line 3)"),
            ("SyntaxError", "expected ':' (3160951842.py, line 3)", "", "SyntaxError: expected ':' (line 3)"),
            ("SyntaxError", "bad (helper.py, line 9)", "  Cell In[5], line 2\n import helper",
             "SyntaxError: bad (helper.py, line 9) (line 2)"),
            ("ZeroDivisionError", "division by zero", "\x1b[36mCell\x1b[39m \x1b[32mIn[2], line 4\x1b[39m",
             "ZeroDivisionError: division by zero (line 4)"),
            ("KeyboardInterrupt", "", "", "KeyboardInterrupt"),
            ("SubmissionLost", "the process of your code ended by itself (exit status 7)", "",
             "the process of your code ended by itself (exit status 7)"),
            ("ValueError", "two\nlines\x1b[0m " + "x" * 400, "", "ValueError: two lines " + "x" * 290 + "..."),
        ],
    )  # fmt: skip
    def test_is_kind_message_and_line(self, name: str, message: str, trace: str, said: str):
        """One line: the cell, the exception in Python's words, and the line in the cell."""
        causes = Causes(NAMES)
        causes.note("add", 2, "def add(", error(name, message, trace))
        assert [cause.text for cause in causes.listed] == [f"cell `add` did not run: {said}"]

    def test_a_cell_without_an_id_goes_by_its_place(self):
        """Counted among the code cells, from 1."""
        assert Cause("", 3, "ValueError", "no").text == "code cell 3 did not run: ValueError: no"


class TestBehind:
    def test_a_missing_name_is_laid_at_the_cell_that_defines_it(self):
        """By the student's text, and by the course's own cell of that id where the text says nothing."""
        causes = Causes(NAMES)
        causes.note("add", 2, "dfe plus(a, b): pass", error("SyntaxError", "invalid syntax"))
        causes.note("", 5, "import scipy as sp\nhelp = 1", error("ModuleNotFoundError", "No module named 'scipy'"))
        assert causes.behind(*missing("add")).where == "cell `add`"
        assert causes.behind(*missing("sp")).where == "code cell 5"
        assert causes.behind(*missing("other")) is None
        assert causes.behind("TypeError", "nothing to do with it") is None
        assert causes.missing_modules == ("scipy",)

    def test_what_follows_from_another_failure_points_to_the_first(self):
        """A cell that lacks a name of one that failed is no cause, and what lacks its names sees the first."""
        causes = Causes(NAMES)
        causes.note("", 2, "base = 1 / 0", error("ZeroDivisionError", "division by zero"))
        causes.note("add", 3, "twice = base * 2\ndef add(a, b): pass", error(*missing("base")))
        causes.note("counter", 4, "Counter = twice", error(*missing("twice")))
        assert causes.behind(*missing("Counter")).where == "code cell 2"
        assert [cause.where for cause in causes.listed] == ["code cell 2"]

    def test_a_lost_object_is_laid_at_the_cell_that_ended_the_process(self):
        """And not where a call of a test's ended it."""
        lost = "SubmissionError", "an object of an earlier call was lost when its process was started again"
        causes = Causes(NAMES)
        assert causes.behind(*lost) is None
        causes.note("limit", 4, "exit_hard()", error("SubmissionLost", "exit status 7"))
        assert causes.behind(*lost).where == "cell `limit`"
        causes.behind("SubmissionLost", "exit status 3")
        assert causes.behind(*lost) is None

    def test_a_cell_that_ends_the_process_when_it_is_run_again_is_named(self):
        """It had run, so its names were there; then they are not."""
        causes = Causes(NAMES)
        causes.note("counter", 3, "class Counter: pass", [])
        causes.lost("class Counter: pass", "exit status 7")
        causes.lost("class Counter: pass", "exit status 7")
        assert causes.behind(*missing("Counter")).text == "cell `counter` did not run: exit status 7"
        assert len(causes.listed) == 1


class TestListed:
    def test_a_trial_that_costs_nothing_is_not(self):
        """A cell of the student's own that raises counts only where something needs its names."""
        causes = Causes(NAMES)
        causes.note("", 3, "shown = add('a', 1)", error("TypeError", "no"))
        assert causes.listed == ()
        causes.behind(*missing("shown"))
        assert len(causes.listed) == 1

    def test_what_is_not_written_yet_is_not(self):
        """The tests say so themselves."""
        causes = Causes(NAMES)
        causes.note("limit", 3, "raise NotImplementedError()", error("NotImplementedError", ""))
        assert causes.behind(*missing("limit")).error == "NotImplementedError"
        assert causes.listed == ()

    def test_the_end_of_a_notebooks_time_is_said_once(self):
        """Every later cell meets the same limit."""
        causes = Causes(NAMES)
        for name in ("add", "counter", "limit"):
            causes.note(name, 1, name, error("SubmissionLost", "the notebook used up its 9 s (notebook_timeout_s)"))
        assert len(causes.listed) == 1

    def test_has_a_bound(self):
        """A thousand cells that fail make no page of a thousand lines."""
        causes = Causes({})
        for position in range(1000):
            causes.note("", position, "x = 1 / 0", error("ZeroDivisionError", "x"))
        assert len(causes.listed) == MAX_LISTED
