"""Calibration: what the lines of speed tests leave room for, on a real notebook, and the arithmetic of it."""

import json
import math

import nbformat
import pytest

from kernelmark.__main__ import main
from kernelmark.authoring import calibrate, notebooks
from kernelmark.authoring.calibrate import Timed
from tests.small_course import asked, graded_cell, notebook_of, plain, solution

SETUP = "import numpy as np\nfrom kernelmark.checks import close, faster, reference"
RACE = (
    '"""total is quick."""\n'
    "faster(total, than=reference.total, inputs=lambda rng: (rng.random(20_000),), expect=np.sum, steps=STEPS)"
)
SLOW = '"""\n[marks]\ntotal_speed = 0\n"""\n\n# %% total\ndef total(x):\n    return sum(x.tolist())\n'


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course of one assignment with a speed test, and the function that writes it with other steps."""
    monkeypatch.chdir(tmp_path)

    def write(steps="{0.3: 2}", slow=None):
        looped = solution("looped", "def looped(x):\n    return sum(x.tolist())")
        if slow is not None:
            looped.metadata["kernelmark"] = {"slow": slow}
        cells = [
            graded_cell("setup", SETUP, locked=True),
            solution("total", "def total(x):\n    return x.sum()"),
            looped,
            asked("total_value", "assert total(np.ones(3)) == 3"),
            asked("total_speed", RACE.replace("STEPS", steps), points=2),
            plain("total(np.ones(2))"),
        ]
        folder = tmp_path / "source" / "sums"
        folder.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook_of(*cells), folder / "sums.ipynb")
        (tmp_path / "slow.py").write_text(SLOW)
        return tmp_path

    return write


class TestCommand:
    def test_says_where_the_line_lies(self, course, capsys):
        """Own solution and slow one stand apart, the line between them: exit status 0 and one row."""
        course()
        assert main(["calibrate", "sums", "--slow", "slow.py", "--rounds", "1", "--loads", "idle", "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert found["grade_id"] == "total_speed"
        assert found["steps"] == {"0.3": 2.0}
        assert max(found["slow"]["slow"]) < 0.3 < min(found["solution"])
        assert found["faults"] == []

    def test_a_line_without_room_is_refused(self, course, capsys):
        """At 0.9 of NumPy's own speed an honest solution is one stall from losing its points."""
        course(steps="{0.9: 2}", slow={"total": "looped"})
        assert main(["calibrate", "sums", "--rounds", "1", "--loads", "idle"]) == 1
        said = capsys.readouterr().out
        assert "the step 0.9 lies within a factor 1.5 of the own solution" in said
        assert "| looped |" in said
        assert "1 of 1 speed tests leave too little room." in said

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (["nosuch"], "are: sums"),
            (["sums", "--test", "nosuch"], "there are: total_speed"),
            (["sums", "--loads", "nosuch"], "expected idle, busy"),
            (["sums", "--slow", "nosuch.py"], "nosuch.py cannot be read"),
            (["sums", "--slow", "other.py"], "got nosuch; sums has total, looped"),
            (["sums", "--slow", "unasked.py"], "speed tests: total_speed"),
        ],
    )
    def test_what_is_unknown_is_an_error(self, course, capsys, words, said):
        """Names that are there stand in the message."""
        folder = course()
        (folder / "other.py").write_text("# %% nosuch\n1")
        (folder / "unasked.py").write_text("# %% looped\ndef looped(x):\n    return 0")
        assert main(["calibrate", *words]) == 1
        assert said in capsys.readouterr().err

    def test_metadata_that_means_nothing_is_an_error(self, course, capsys):
        """A name that no solution cell defines; something else than names."""
        for slow in ({"total": "nosuch"}, {"total": 3}, "looped"):
            course(slow=slow)
            assert main(["calibrate", "sums"]) == 1
            assert "kernelmark.slow" in capsys.readouterr().err


class TestLines:
    def test_a_test_is_slow_for_a_file_where_it_names_what_the_file_defines(self, course):
        """Without marks in the file, the names decide."""
        folder = course()
        (folder / "slow.py").write_text(SLOW.partition("\n\n")[2])
        (only,) = notebooks.find("sums")
        assert calibrate.slow_file(only, folder / "slow.py").tests == {"total_speed"}

    def test_misses_name_what_is_wrong(self):
        """Too near, no slow solution, a line beyond the own solution, nothing timed."""
        sound = Timed("t", 2, {2.0: 1, 4.0: 2}, [10.0, 8.0], {"a": [1.0], "b": [1.2]})
        assert list(sound.misses()) == []
        assert "2.00 times as fast as a" in next(Timed("t", 2, {3.0: 2}, [8.0], {"a": [4.0]}).misses())
        assert "no slow solution is known" in next(Timed("t", 2, {3.0: 2}, [8.0]).misses())
        assert any("does not lie between" in text for text in Timed("t", 2, {20.0: 2}, [8.0], {"a": [1.0]}).misses())
        assert list(Timed("t", 2).misses()) == ["the own solution was not timed"]

    def test_proposals_leave_the_room_that_is_asked_for(self):
        """The last step is a factor 1.5 from both; without room, or without steps, nothing is proposed."""
        for timed in (
            Timed("t", 4, {2.0: 2, 4.0: 4}, [9.0], {"a": [1.0]}),
            Timed("t", 4, {2.0: 4}, [8.0], {"a": [3.0]}),
            Timed("t", 4, {2.0: 2, 4.0: 4}, [9.0]),
        ):
            steps = timed.proposed()
            assert list(steps.values()) == list(timed.steps.values())
            assert max(steps) * 1.4 < timed.r_ref()
            assert not timed.bad()[0] or timed.bad()[1] * 1.4 < max(steps)
        assert Timed("t", 4, {2.0: 4}, [8.0], {"a": [4.0]}).proposed() == {}
        assert Timed("t", 4, {}, [8.0]).proposed() == {}
        assert math.isnan(Timed("t", 4).r_ref())

    def test_remarks_name_steps_that_lie_near_each_other_or_a_slow_solution(self):
        """Worth a look, and no fault."""
        timed = Timed("t", 4, {2.0: 2, 2.5: 4}, [9.0], {"a": [1.5]})
        assert list(timed.remarks()) == [
            "a lies within a factor 1.5 of the step 2",
            "the steps 2 and 2.5 lie nearer than a factor 1.5",
        ]
