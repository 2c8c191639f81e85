"""The words of a test cell, at a desk: what they accept, what they refuse, and what they say then."""

import contextlib
import functools
import random
import sys

import IPython
import IPython.display
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from kernelmark import checks
from kernelmark.checks import close, faster, raises, reference, unchanged
from kernelmark.errors import CourseError, MeasurementError
from kernelmark.stopwatch.timing import Value

# The same examples every time, and no example fails for being slow.
without_a_clock = settings(deadline=None, derandomize=True)

NUMERIC = st.sampled_from(["f2", "f4", "f8", "c8", "c16", "i1", "i4", "i8", "u1", "u8", "?"])


class TestClose:
    @without_a_clock
    @given(NUMERIC.flatmap(lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, min_side=0, max_dims=3))))
    def test_an_array_is_close_to_its_copy(self, array):
        """Any numbers, NaN and infinity included, in any shape, equal themselves."""
        close(array.copy(), array)

    @pytest.mark.parametrize("value", [3, 3.5, 2 + 1j, True, [1, 2], (1.0, 2.0), [], np.float32(0.1), np.int64(7)])
    def test_a_value_is_close_to_itself(self, value):
        """Scalars and lists are compared like arrays."""
        close(value, value)

    @pytest.mark.parametrize(
        ("actual", "expected", "words"),
        [
            (np.zeros((2, 3)), np.zeros((3, 2)), ["(3, 2)", "(2, 3)", "swapped"]),
            (np.zeros(4), np.zeros((2, 2)), ["(2, 2)", "(4,)"]),
            (np.zeros(()), np.zeros(1), ["(1,)", "()"]),
            (np.zeros(0), np.zeros((0, 3)), ["(0, 3)", "(0,)"]),
            (np.zeros(3, "f8"), np.zeros(3, "f4"), ["float32", "float64"]),
            (np.zeros(0, "f8"), np.zeros(0, "f4"), ["float32", "float64"]),
            (np.zeros(3, "i8"), np.zeros(3, "f8"), ["float64", "int64"]),
            (None, np.zeros(3), ["(3,)", "None", "return missing"]),
            ([0.0, 0.0], np.zeros(2), ["(2,)", "list"]),
            (0.0, np.zeros(()), ["()", "float"]),
            ("text", 1.0, ["numbers", "str"]),
            (np.array([None]), [1.0], ["numbers"]),
            (object(), 1.0, ["numbers", "object"]),
        ],
    )
    def test_refuses_another_kind_of_thing_and_says_which(self, actual, expected, words):
        """Shape, dtype and type must be right; the message names what was needed and what came."""
        with pytest.raises(AssertionError) as caught:
            close(actual, expected, what="tiled_matmul")
        for word in ["tiled_matmul", *words]:
            assert word in str(caught.value)

    def test_says_how_many_values_are_off_and_where_the_first_is(self):
        """A student reads the count, the index, the expected and the actual value."""
        actual = np.zeros((3, 4), np.float32)
        actual[1, 2] = actual[2, 3] = 5.0
        with pytest.raises(AssertionError, match=r"C: 2 of 12 values .* \[1, 2\]: expected 0, got 5"):
            close(actual, np.zeros((3, 4), np.float32), what="C")

    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
    @pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "c8"])
    def test_a_value_that_is_no_number_is_off(self, bad, dtype):
        """NaN or infinity where a number belongs is never within a tolerance."""
        actual = np.ones(3, dtype)
        actual[1] = bad
        with pytest.raises(AssertionError, match="1 of 3"):
            close(actual, np.ones(3, dtype), rtol=1e3)

    @pytest.mark.parametrize("special", [np.nan, np.inf, -np.inf])
    def test_a_number_where_none_belongs_is_off(self, special):
        """An expected NaN or infinity must come as such; the other values keep their own tolerance."""
        expected = np.array([1.0, special])
        close(expected.copy(), expected)
        with pytest.raises(AssertionError, match="1 of 2"):
            close(np.array([1.0, 1e300]), expected)
        with pytest.raises(AssertionError, match="1 of 2"):
            close(np.array([2.0, special]), expected)

    def test_infinity_of_the_other_sign_is_off(self):
        """Plus is not minus infinity."""
        with pytest.raises(AssertionError):
            close(np.array([np.inf]), np.array([-np.inf]))

    @pytest.mark.parametrize("dtype", ["i1", "i4", "i8", "u1", "u8", "?"])
    def test_integers_are_exact(self, dtype):
        """One off in the last place is wrong, at the ends of the range too."""
        top = 1 if dtype == "?" else np.iinfo(dtype).max
        expected = np.array([top, top], dtype)
        actual = expected.copy()
        actual[1] = top - 1
        close(expected.copy(), expected)
        with pytest.raises(AssertionError, match="1 of 2"):
            close(actual, expected)

    def test_integers_may_be_given_a_tolerance(self):
        """A test that says atol=1 gets it."""
        close(np.array([5]), np.array([6]), atol=1)
        with pytest.raises(AssertionError):
            close(np.array([4]), np.array([6]), atol=1)

    @pytest.mark.parametrize(("dtype", "tolerance"), [("f2", 2e-2), ("f4", 2e-4), ("f8", 1e-9), ("c8", 2e-4)])
    def test_tolerance_goes_with_the_largest_expected_value(self, dtype, tolerance):
        """Half the tolerance of the largest value passes, twice does not: rounding is as large as a sum's terms."""
        expected = np.array([1024.0, 0.0], dtype)
        close(expected + np.array([0, 512 * tolerance], dtype), expected)
        with pytest.raises(AssertionError):
            close(expected + np.array([0, 2048 * tolerance], dtype), expected)

    def test_given_tolerances_add_up(self):
        """atol stands beside rtol."""
        close(np.array([10.0, 0.29]), np.array([10.0, 0.0]), rtol=0.02, atol=0.1)
        with pytest.raises(AssertionError):
            close(np.array([10.0, 0.31]), np.array([10.0, 0.0]), rtol=0.02, atol=0.1)

    def test_zero_tolerance_asks_for_the_same_bits(self):
        """rtol=0 is exact for floats too."""
        with pytest.raises(AssertionError):
            close(np.array([1.0 + 2**-52]), np.array([1.0]), rtol=0)

    def test_an_object_that_equals_everything_is_no_array(self):
        """What a student's class says about its own equality does not count."""

        class Agreeable:
            def __eq__(self, other):
                return True

            __hash__ = None

        with pytest.raises(AssertionError):
            close(Agreeable(), 3.0)


class TestRaises:
    @pytest.mark.parametrize(
        "kinds", [(ValueError,), (TypeError, ValueError), (ArithmeticError, LookupError, ValueError)]
    )
    def test_accepts_each_of_the_types(self, kinds):
        """One of the types is enough."""
        with raises(*kinds):
            raise ValueError("no")

    def test_accepts_a_subclass(self):
        """An exception class of the student's own counts as what it is derived from."""

        class ShapeError(ValueError):
            pass

        with raises(ValueError):
            raise ShapeError

    def test_nothing_raised_fails(self):
        """A function that accepts what it should refuse is told so."""
        with pytest.raises(AssertionError, match="matmul: expected ValueError or TypeError, but nothing was raised"):  # noqa: SIM117
            with raises(ValueError, TypeError, what="matmul"):
                pass

    def test_another_exception_fails_and_keeps_its_cause(self):
        """The message names both, and the traceback of the student's own is behind it."""
        with pytest.raises(AssertionError, match="expected ValueError, got KeyError: 'm'") as caught:  # noqa: SIM117
            with raises(ValueError):
                raise KeyError("m")
        assert isinstance(caught.value.__cause__, KeyError)

    def test_message_must_match(self):
        """Where a message is asked for, the right type alone is not enough."""
        with raises(ValueError, match=r"\(2, 3\).*shape"):
            raise ValueError("(2, 3) is no shape for it")
        with pytest.raises(AssertionError, match="should mention 'shape'; it says 'no'"):  # noqa: SIM117
            with raises(ValueError, match="shape"):
                raise ValueError("no")

    @pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
    def test_an_interrupt_goes_through(self, kind):
        """Stopping the kernel at a desk stops the cell."""
        with pytest.raises(kind), raises(ValueError):
            raise kind


class TestUnchanged:
    def test_reading_is_allowed(self):
        """What is only read, NaN included, is unchanged."""
        array = np.array([1.0, np.nan])
        with unchanged(array):
            array.sum()

    @pytest.mark.parametrize("dtype", ["f4", "c8", "i4", "?"])
    def test_one_changed_value_is_found_and_its_argument_named(self, dtype):
        """The second of two inputs was written to."""
        a, b = np.zeros((2, 2), dtype), np.zeros((2, 2), dtype)
        with pytest.raises(AssertionError, match="matmul: input number 2 was changed"), unchanged(a, b, what="matmul"):
            b[1, 1] = 1

    def test_writing_through_a_view_is_found(self):
        """A change by way of a transpose or slice is a change."""
        array = np.zeros((3, 3))
        with pytest.raises(AssertionError, match="changed"), unchanged(array):
            array.T[0, 2] = 1

    def test_an_error_in_the_block_is_not_hidden(self):
        """The block's own error is what the student sees."""
        array = np.zeros(2)
        with pytest.raises(ZeroDivisionError), unchanged(array):
            raise ZeroDivisionError


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
        place = script(mine=lambda: (0.004, 0.1))
        faster(mine, ours, draw, expect, {1.5: 4})
        assert [v.outcome for v in place.verdicts] == ["inconclusive"]
        assert "a person decides" in capsys.readouterr().out

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

    def test_in_a_notebook_the_picture_is_svg_and_text(self, script, monkeypatch):
        """Jupyter gets an SVG and, for a terminal, the same in words."""
        shown = []
        monkeypatch.setattr(IPython, "get_ipython", lambda: object())
        monkeypatch.setattr(IPython.display, "display", lambda data, raw: shown.append((data, raw)))
        script()
        faster(mine, ours, draw, expect, {1.5: 4})
        ((data, raw),) = shown
        assert raw is True
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
