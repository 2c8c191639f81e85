"""`faster`, in a place whose racers cost what they are told to: what it asserts, shows and leaves to a person."""

import contextlib
import functools
import random
import sys

import IPython
import IPython.display
import numpy as np
import pytest

from kernelmark import checks
from kernelmark.checks import faster, reference
from kernelmark.errors import CourseError, MeasurementError
from kernelmark.stopwatch.timing import Value


class Script:
    """A place to run in whose racers cost what they are told to; see `checks.Runtime`."""

    where = "Measured nowhere."

    def __init__(self, costs, repeats=0, implausible=False):
        self.costs, self.repeats, self.implausible = costs, repeats, implausible
        self.verdicts, self.sides, self.inputs = [], [], []

    def side(self, name, function, args, kwargs):
        self.sides.append(name)
        return ScriptedSide(self, name, functools.partial(function, *args, **kwargs), self.costs[name])

    def reference(self, name):
        return f"the reference's {name}"

    def turn(self):
        return checks.host_lock()

    def again(self):
        self.repeats -= 1
        return self.repeats >= 0

    def plausible(self, seconds, inputs, flops):
        if self.implausible:
            raise MeasurementError(f"too fast: {seconds:g} s for {flops:g} operations")

    def record(self, verdict):
        self.verdicts.append(verdict)


class ScriptedSide:
    def __init__(self, script, name, function, cost):
        self.script, self.name, self.function, self.cost = script, name, function, cost

    def run(self, batch):
        self.script.inputs += [inputs[0] for inputs in batch]
        cpu, wall = self.cost() if callable(self.cost) else (self.cost, self.cost)
        return Value(cpu * len(batch), wall * len(batch), [self.function(*inputs) for inputs in batch])

    def rest(self):
        pass


@pytest.fixture
def script(monkeypatch):
    """Return a way to make the words work in a scripted place, without the lock of the host."""
    monkeypatch.setattr(checks, "host_lock", contextlib.nullcontext)
    monkeypatch.setattr(checks, "_runtime", checks._runtime)

    def begin(mine=0.004, ours=0.008, **settings):
        place = Script({"mine": mine, "ours": ours, "mine(scale=2)": mine}, **settings)
        checks.use(place)
        return place

    return begin


def mine(x, scale=1):
    return x * scale


def ours(x, scale=1):
    return x * scale


def draw(generator):
    return (generator.random(4),)


def expect(x):
    return x.copy()


class TestFaster:
    def test_fast_enough_passes_and_shows_text(self, script, capsys):
        """Twice the baseline's speed for a step of 1.5: no error, a verdict, and lines to read."""
        place = script()
        faster(mine, ours, draw, expect, {1.5: 4})
        assert [v.points for v in place.verdicts] == [4.0]
        assert "PASS: mine runs at 2 times the speed of ours" in capsys.readouterr().out

    def test_too_slow_raises_after_the_picture_was_shown(self, script, capsys):
        """The student sees how far it is, then the assertion that fails the cell."""
        place = script(mine=0.009)
        with pytest.raises(AssertionError, match=r"1\.5 is needed"):
            faster(mine, ours, draw, expect, {1.5: 4})
        assert place.verdicts[0].outcome == "fail"
        assert "NOT YET" in capsys.readouterr().out

    def test_some_steps_reached_raise_nothing(self, script):
        """Partial points are points."""
        place = script()
        faster(mine, ours, draw, expect, {1.5: 1, 4.0: 4})
        assert (place.verdicts[0].outcome, place.verdicts[0].points) == ("fail", 1.0)

    @pytest.mark.parametrize(
        "wrong",
        [
            lambda x: x + 1,
            lambda x: None,
            lambda x: x[:2],
            lambda x: x.astype(np.float32),
            lambda x: np.full(4, np.nan),
        ],
    )
    def test_a_wrong_output_is_never_timed_away(self, script, wrong):
        """However fast, an output that is not right fails, and no verdict is kept."""
        place = script()
        place.costs["wrong"] = 1e-6
        wrong.__name__ = "wrong"
        with pytest.raises(AssertionError, match="on a timed call"):
            faster(wrong, ours, draw, expect, {1.5: 4})
        assert place.verdicts == []

    def test_the_right_answer_to_an_earlier_call_is_wrong(self, script):
        """A result remembered from the first call does not answer the second."""
        place = script()
        place.costs["remembers"] = 0.004
        memory = []

        def remembers(x):
            memory.append(x.copy())
            return memory[0]

        with pytest.raises(AssertionError, match="on a timed call"):
            faster(remembers, ours, draw, expect, {1.5: 4})

    def test_inputs_are_new_for_every_call_and_every_grading(self, script):
        """No two drawn inputs are equal, within a race or between two."""
        place = script()
        for _ in range(2):
            faster(mine, ours, draw, expect, {1.5: 4})
        drawn = {id(x): x.tobytes() for x in place.inputs}
        assert len(set(drawn.values())) == len(drawn)

    @pytest.mark.parametrize("steps", [{}, {1.0: 4, 2.0: 3}, {1.0: 4, 2.0: 4}, {0.0: 4}, {-1.0: 1, 2.0: 4}])
    def test_bad_steps_are_the_courses_fault(self, script, steps):
        """Steps that give no more points for more speed are refused before anything is timed."""
        place = script()
        with pytest.raises(CourseError, match="steps"):
            faster(mine, ours, draw, expect, steps)
        assert place.inputs == []

    def test_a_partial_is_named_with_its_arguments(self, script):
        """Keywords of a partial reach the function and its name."""
        place = script()
        scaled = functools.partial(mine, scale=2)
        faster(scaled, ours, draw, lambda x: 2 * x, {1.5: 4})
        assert place.sides == ["mine(scale=2)", "ours"]

    def test_a_partial_with_positions_is_the_courses_fault(self, script):
        """Inputs come first, so a partial may only fix keywords."""
        script()
        with pytest.raises(CourseError, match="keyword"):
            faster(functools.partial(mine, 2), ours, draw, expect, {1.5: 4})

    def test_an_inconclusive_race_is_run_again_where_the_place_can(self, script):
        """The wall clock disagrees in the first race and not in the second: the second counts."""
        place = script(repeats=1)
        place.costs["mine"] = lambda: (0.004, 0.1 if len(place.sides) == 2 else 0.004)
        faster(mine, ours, draw, expect, {1.5: 4})
        assert place.sides == ["mine", "ours"] * 2
        assert [v.outcome for v in place.verdicts] == ["pass"]

    def test_an_inconclusive_race_fails_nobody(self, script, capsys):
        """Where it stays open the cell does not raise; the verdict says that a person decides."""
        place = script(mine=lambda: (0.004, 0.0078))
        faster(mine, ours, draw, expect, {1.5: 4})
        assert [v.outcome for v in place.verdicts] == ["inconclusive"]
        assert "a person decides" in " ".join(capsys.readouterr().out.split())

    def test_who_waits_in_both_races_has_earned_nothing(self, script, capsys):
        """Resting in a timed call is decided by a clock, twice, and is no way to have a person look."""
        place = script(mine=lambda: (0.004, 0.04), repeats=1)
        with pytest.raises(checks.TooSlow, match="it waits in its calls"):
            faster(mine, ours, draw, expect, {1.5: 4})
        assert place.sides == ["mine", "ours"] * 2

    def test_who_waits_for_long_is_not_waited_for(self, script):
        """A call of 2 ms of CPU time and 28 s ends the race at once: everybody else on the host waits for it."""
        place = script(mine=lambda: (0.002, 28.0))
        with pytest.raises(AssertionError, match=r"mine waits: its timed calls used 0.002 s of CPU time and took 28 s"):
            faster(mine, ours, draw, expect, {1.5: 4})
        assert place.verdicts == []

    def test_an_impossible_speed_marks_nobody(self, script):
        """A call faster than the machine is a measurement that cannot be trusted."""
        place = script(implausible=True)
        with pytest.raises(MeasurementError, match="1000 operations"):
            faster(mine, ours, draw, expect, {1.5: 4}, flops=1000)
        assert place.verdicts == []

    def test_tolerance_is_passed_on(self, script):
        """An output 10 % off passes only where the test allows it."""
        place = script()
        place.costs["sloppy"] = 0.004

        def sloppy(x):
            return 1.1 * x

        faster(sloppy, ours, draw, expect, {1.5: 4}, rtol=0.2)
        with pytest.raises(AssertionError):
            faster(sloppy, ours, draw, expect, {1.5: 4}, rtol=0.05)
        assert len(place.verdicts) == 1

    def test_races_under_the_lock_of_the_host(self, script, monkeypatch):
        """Nothing is timed outside the lock, and the lock is free when the cell is over."""
        events = []

        @contextlib.contextmanager
        def lock():
            events.append("taken")
            yield
            events.append("free")

        place = script()
        monkeypatch.setattr(checks, "host_lock", lock)
        monkeypatch.setattr(place, "record", lambda verdict: events.append("verdict"))
        place.costs["ours"] = lambda: events.append("timed") or (0.008, 0.008)
        faster(mine, ours, draw, expect, {1.5: 4})
        assert events[0] == "taken"
        assert events[-2:] == ["free", "verdict"]
        assert set(events[1:-2]) == {"timed"}

    def test_where_it_is_graded_the_picture_is_svg_and_text(self, script, monkeypatch):
        """A graded notebook keeps a drawing and, for a terminal, the same in words."""
        shown = []
        monkeypatch.setattr(IPython, "get_ipython", lambda: object())
        monkeypatch.setattr(IPython.display, "display", lambda data, **how: shown.append((data, how)))
        script()
        faster(mine, ours, draw, expect, {1.5: 4})
        ((data, how),) = shown
        assert how["raw"] is True
        assert data["image/svg+xml"].startswith("<svg")
        assert "PASS" in data["text/plain"]


class TestDesk:
    def test_measures_real_functions_here(self, monkeypatch, capsys):
        """No work against much work: whatever the machine, the step of 1.01 is reached and the desk says so."""
        monkeypatch.setattr(checks, "host_lock", contextlib.nullcontext)

        def nothing(x):
            return x

        def much(x):
            for _ in range(100):
                np.sort(x)
            return x

        faster(nothing, much, draw, expect, {1.01: 4})
        assert "the grader has the last word" in " ".join(capsys.readouterr().out.split())

    def test_wrong_work_is_refused_here_too(self, monkeypatch):
        """The desk checks the outputs of timed calls like the grader."""
        monkeypatch.setattr(checks, "host_lock", contextlib.nullcontext)
        with pytest.raises(AssertionError, match="on a timed call"):
            faster(lambda x: x + 1, ours, draw, expect, {1.01: 4})


class TestReference:
    def test_at_a_desk_is_the_students_own_function(self, monkeypatch):
        """`reference.name` is what the notebook itself calls by that name."""
        monkeypatch.setattr(sys.modules["__main__"], "blocked_matmul", mine, raising=False)
        assert reference.blocked_matmul is mine

    def test_at_a_desk_without_the_function_says_what_to_do(self):
        """A missing name is explained, not only missed."""
        with pytest.raises(NameError, match="never_written: at your desk this is your own never_written; run the cell"):
            _ = reference.never_written

    def test_under_a_grader_is_the_courses(self, script):
        """The place decides what the reference is."""
        script()
        assert reference.anything == "the reference's anything"

    def test_is_no_trap_for_tools_that_look_around(self):
        """Underscored names are no functions of the course: `copy`, `hasattr` and completion work."""
        assert not hasattr(reference, "__deepcopy__")
        assert not hasattr(reference, "_repr_html_")


def test_fixed_seeds_of_python_do_not_fix_the_inputs(script):
    """A student who seeds every generator still cannot know what is drawn."""
    drawn = []
    for _ in range(2):
        random.seed(1)
        np.random.seed(1)
        place = script()
        faster(mine, ours, draw, expect, {1.5: 4})
        drawn.append(place.inputs[0].tobytes())
    assert drawn[0] != drawn[1]
