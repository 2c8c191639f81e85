"""What a student reads in a terminal: in its width, what to do next first; which cell runs; again at each save."""

import io
import os
import re
import time
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from kernelmark.records import Cause
from kernelmark.student import desk, terminal
from kernelmark.student.desk import Check, Checks, Progress
from tests.small_course import asked, notebook_of, plain, solution

LONG = "A claim of many words, as claims are that say what comes in, what goes out, and what is raised where none fits."
SPEED = """import numpy as np
from kernelmark.checks import faster"""
FAST = """def fast(x):
    return x
def slow(x):
    for _ in range(50):
        np.sort(x)
    return x"""
RACE = """\"\"\"fast is fast.\"\"\"
faster(fast, slow, lambda rng: (rng.random(400),), lambda x: x, {1.01: 1, 1e9: 4})"""


def found(*outcomes: str, causes: tuple[Cause, ...] = ()) -> Checks:
    checks = [
        Check(f"a_test_with_a_longish_name_{n}", "Part A: something", 2.0, outcome, LONG, f"{LONG} {n}", line=n + 1)
        for n, outcome in enumerate(outcomes)
    ]
    return Checks(checks, causes)


@pytest.mark.parametrize("width", [40, 80, 200])
class TestWidth:
    def test_check_fits(self, width: int, monkeypatch: pytest.MonkeyPatch):
        """No line is longer than the terminal, whatever is said; names of tests alone are left whole."""
        monkeypatch.setenv("COLUMNS", str(width))
        cause = Cause("add", 3, "ValueError", LONG, 2)
        text = terminal.as_report(Path("03_short/short.ipynb"), found("passed", "failed", "partly", causes=(cause,)))
        assert max(len(line) for line in text.split("\n") if "a_test" not in line) <= min(width, 110)

    def test_status_fits(self, width: int, monkeypatch: pytest.MonkeyPatch):
        """A long title is cut, and nothing else."""
        monkeypatch.setenv("COLUMNS", str(width))
        item = Progress(Path("03/short.ipynb"), LONG, 100, 12, 3, 4, 1, "4 of 34 pass, before your last change")
        text = terminal.as_status([item, replace(item, title="Short")])
        table = text.partition("\n\n")[2]
        assert "4 of 34 pass *" in table
        assert "* before your last change" in table
        assert width == 40 or max(map(len, text.split("\n"))) <= min(width, 110)


class TestOrder:
    def test_what_to_do_comes_first(self):
        """The first line says it, whatever was found."""
        for outcomes in (("passed",), ("passed", "failed"), ("not started",), ("partly",), ("not decided",)):
            assert terminal.as_report(Path("a.ipynb"), found(*outcomes)).startswith("Next: ")

    def test_a_sentence_twice_over_stands_once(self):
        """Six tests of one function often fail alike."""
        checks = found("failed", "failed")
        checks[1] = replace(checks[1], said=checks[0].said)
        text = " ".join(terminal.as_report(Path("a.ipynb"), checks).split())
        assert text.count(f"line 1: {LONG}") == 1
        assert "as the test before it" in text

    def test_a_trial_of_the_students_own_that_fails_is_no_cause(self):
        """A cell that no test needs is not what to mend first."""
        checks = found("failed", causes=(Cause("", 9, "NameError", "name 'x' is not defined"),))
        assert terminal.as_report(Path("a.ipynb"), checks).startswith("Next: mend what a_test_with_a_longish_name_0")


def test_part_of_the_points_counts_as_part(tmp_path: Path):
    """A speed check that reached the first of two lines is neither passed nor failed."""
    path = tmp_path / "short.ipynb"
    nbformat.write(notebook_of(plain(SPEED), solution("fast", FAST), asked("race", RACE, 4)), path)
    names: list[str] = []
    checks = desk.check(path, tell=names.append)
    assert [(item.outcome, item.earned, item.points) for item in checks] == [("partly", 1.0, 4.0)]
    text = terminal.as_report(path, checks)
    assert "0 of 1 visible tests pass, 1 in part, in cells of 1 of 4 points." in text
    assert "1 of 4\n" in text
    assert names == ["cell 1 (1 of 3)", "cell fast (2 of 3)", "cell race (3 of 3)"]


class TestRunning:
    def test_shows_the_cell_and_its_seconds_in_a_terminal(self):
        """One line, written over, and gone at the end; text that came after stands on its own."""
        stream = io.StringIO()
        stream.isatty = lambda: True  # type: ignore[method-assign]
        with terminal.running(stream) as tell:
            tell("cell \x1b[2J slow")
            until = time.monotonic() + 30
            while "slow: " not in stream.getvalue() and time.monotonic() < until:
                time.sleep(0.05)
        assert re.search(r"cell \\x1b\[2J slow: \d+ s", stream.getvalue())
        assert stream.getvalue().endswith("\r\x1b[K")

    def test_is_silent_where_nobody_watches(self):
        """A file or a pipe gets the report alone."""
        stream = io.StringIO()
        with terminal.running(stream) as tell:
            tell("cell slow")
        assert stream.getvalue() == ""


class TestChanges:
    def test_comes_at_once_and_at_each_save(self, tmp_path: Path):
        """Also where the file is put in the place of the old one, as JupyterLab saves, and away for a moment."""
        path = tmp_path / "short.ipynb"
        path.write_text("a")
        seen = terminal.changes(path, look_s=0.01)
        next(seen)
        path.write_text("more")
        next(seen)
        path.unlink()
        (tmp_path / "new").write_text("other words")
        os.replace(tmp_path / "new", path)
        next(seen)
