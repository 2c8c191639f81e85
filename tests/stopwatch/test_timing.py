"""The loop around a clock, with racers whose times are written down: no test here waits or measures."""

import contextlib
import gc
import itertools
import random

import pytest

from kernelmark.stopwatch.stats import MAX_PAIRS, MIN_PAIRS
from kernelmark.stopwatch.timing import (
    HOPELESS_PAIRS,
    MAX_BATCH_BYTES,
    MAX_LOOPS,
    MIN_VALUE_S,
    LocalSide,
    Value,
    race,
)


class FakeSide:
    """A racer that costs what it is told to: `cost` seconds a call, or a function of the number of its run."""

    def __init__(self, name, cost, log=None, answer=lambda inputs: inputs[0].number):
        self.name = name
        self.cost = cost if callable(cost) else lambda run: cost
        self.log = [] if log is None else log
        self.answer = answer
        self.runs = self.rested = 0

    def run(self, batch):
        cost = self.cost(self.runs) * len(batch)
        self.runs += 1
        self.log.append((self.name, [inputs[0] for inputs in batch]))
        return Value(cost, cost, [self.answer(inputs) for inputs in batch])

    def rest(self):
        self.rested += 1


class Item:
    """An input with a number; equal to itself only."""

    counter = itertools.count()

    def __init__(self, nbytes=8):
        self.nbytes = nbytes
        self.number = next(self.counter)


def run_race(candidate=0.004, baseline=0.008, *, seed=1, nbytes=8, answer=lambda inputs: inputs[0].number, **settings):
    """Race two fake sides and return the race, the log of runs, and the items that were checked."""
    log, checked = [], []

    def check(inputs, output):
        checked.append(inputs[0])
        assert output == inputs[0].number, "wrong output"

    sides = FakeSide("candidate", candidate, log, answer), FakeSide("baseline", baseline, log)
    settings = {"thresholds": (1.0,), "shuffle": random.Random(seed), "now": lambda: 0.0, **settings}
    return race(*sides, lambda: (Item(nbytes),), check, **settings), log, checked


def timed_part(result, log):
    """Return the runs that made pairs, without warm-up and calibration."""
    return log[len(log) - 2 * len(result.pairs) :]


def noisy(seed):
    """Return costs that never settle, between 4 and 12 ms."""
    rng = random.Random(seed)
    return lambda run: 0.004 * (1 + 2 * rng.random())


class TestInterleaving:
    def test_every_pair_holds_one_run_of_each_side(self):
        """Two runs of one side never make a pair."""
        result, log, _ = run_race()
        runs = [name for name, _ in timed_part(result, log)]
        assert all(set(runs[i : i + 2]) == {"candidate", "baseline"} for i in range(0, len(runs), 2))

    def test_both_orders_occur(self):
        """Who goes first is shuffled; in 40 pairs one order alone has a chance of 2 in 2**40."""
        result, log, _ = run_race(noisy(1), noisy(2))
        assert len(result.pairs) == MAX_PAIRS
        assert {name for name, _ in timed_part(result, log)[::2]} == {"candidate", "baseline"}

    def test_both_sides_of_a_pair_get_the_same_inputs(self):
        """A pair compares like with like."""
        result, log, _ = run_race()
        runs = timed_part(result, log)
        for first, second in zip(runs[::2], runs[1::2], strict=True):
            assert first[1] == second[1]

    def test_a_pair_holds_each_sides_own_seconds_per_call(self):
        """Costs of 4 and 8 ms a call come out as such, whatever the order and the number of calls."""
        result, _, _ = run_race(0.0004, 0.008)
        assert [p.candidate_cpu_s for p in result.pairs] == pytest.approx([0.0004] * MIN_PAIRS)
        assert [p.baseline_wall_s for p in result.pairs] == pytest.approx([0.008] * MIN_PAIRS)


class TestInputs:
    def test_no_side_sees_an_input_twice(self):
        """Warm-up included: remembering an answer never pays."""
        _, log, _ = run_race(0.0005, 0.004)
        for side in ("candidate", "baseline"):
            seen = [id(item) for name, items in log if name == side for item in items]
            assert len(seen) == len(set(seen))

    def test_pairs_use_none_of_the_warm_up_inputs(self):
        """What either side saw before the race does not come back in it."""
        result, log, _ = run_race(0.0005, 0.004)
        timed = timed_part(result, log)
        early = {id(item) for _, items in log[: len(log) - len(timed)] for item in items}
        assert early.isdisjoint(id(item) for _, items in timed for item in items)

    def test_every_output_of_every_timed_call_is_checked(self):
        """Each call that counts, and none of the baseline's alone."""
        result, log, checked = run_race(0.0005, 0.004)
        timed = [item for name, items in timed_part(result, log) if name == "candidate" for item in items]
        assert result.loops[0] > 1
        assert checked[-len(timed) :] == timed

    def test_one_wrong_output_among_many_is_found(self):
        """The last call of the last pair is checked like the first."""
        answered = itertools.count()
        run_race(0.0005, 0.004, answer=lambda inputs: (next(answered), inputs[0].number)[1])
        last, again = next(answered) - 1, itertools.count()
        with pytest.raises(AssertionError, match="wrong output"):
            run_race(0.0005, 0.004, answer=lambda inputs: -1 if next(again) == last else inputs[0].number)

    def test_the_very_first_answer_is_checked(self):
        """A candidate that is wrong is told so before a race of ten seconds."""
        with pytest.raises(AssertionError, match="wrong output"):
            run_race(answer=lambda inputs: -1)

    def test_too_few_outputs_are_no_outputs(self):
        """A side that answers fewer calls than it was asked is refused, not paired."""

        class Lazy(FakeSide):
            def run(self, batch):
                value = super().run(batch)
                return Value(value.cpu_s, value.wall_s, value.outputs[:-1] if len(batch) > 1 else value.outputs)

        with pytest.raises(ValueError, match=r"zip\(\)"):
            race(
                Lazy("candidate", 0.0005),
                FakeSide("baseline", 0.004),
                lambda: (Item(),),
                lambda inputs, output: None,
                thresholds=(1.0,),
                shuffle=random.Random(1),
            )


class TestCalibration:
    @pytest.mark.parametrize("cost", [1e-5, 1e-4, 7e-4, 1.9e-3, 2e-3, 0.05])
    def test_a_value_is_at_least_two_milliseconds(self, cost):
        """Short calls are repeated until the work around a call vanishes."""
        result, _, _ = run_race(cost, 0.004)
        assert result.loops[0] * cost >= MIN_VALUE_S

    @pytest.mark.parametrize("cost", [1e-5, 1e-4, 7e-4])
    def test_and_not_much_more(self, cost):
        """Long values are interrupted more often: twice the least is plenty."""
        result, _, _ = run_race(cost, 0.004)
        assert result.loops[0] * cost <= 2 * MIN_VALUE_S

    def test_a_long_call_is_made_once_a_value(self):
        """A call of 4 ms needs no repeating."""
        assert run_race(0.004, 0.004)[0].loops == (1, 1)

    def test_each_side_has_its_own_loops(self):
        """A fast candidate is repeated more often than the slow baseline."""
        result, _, _ = run_race(0.0005, 0.004)
        assert result.loops[0] > result.loops[1] == 1

    def test_a_first_call_that_compiles_does_not_count(self):
        """A first call of a second and later ones of half a millisecond: the later ones set the loops."""
        result, _, _ = run_race(lambda run: 1.0 if run == 0 else 0.0005, 0.004)
        assert result.loops[0] > 1

    def test_calls_that_cost_nothing_end_at_the_most_loops(self):
        """A clock that shows nothing does not make the calibration endless."""
        result, _, _ = run_race(1e-9, 0.004)
        assert result.loops[0] == MAX_LOOPS

    def test_a_batch_of_large_inputs_stays_in_bounds(self):
        """Fresh inputs for every call are held at once; there are no more than 32 MiB of them."""
        nbytes = 2**20
        result, log, _ = run_race(1e-5, 0.004, nbytes=nbytes)
        assert result.loops[0] * nbytes <= MAX_BATCH_BYTES
        assert max(len(items) for _, items in log) * nbytes <= MAX_BATCH_BYTES


class TestEnd:
    def test_steady_sides_need_eleven_pairs(self):
        """Without noise the race is over at the least number of pairs."""
        assert len(run_race()[0].pairs) == MIN_PAIRS

    def test_noisy_sides_get_forty_pairs_and_no_more(self):
        """Values that never settle end at the bound."""
        assert len(run_race(noisy(3), noisy(4))[0].pairs) == MAX_PAIRS

    def test_hopeless_work_is_not_repeated_eleven_times(self):
        """At a tenth of the lowest step three pairs say enough."""
        assert len(run_race(0.08, 0.008)[0].pairs) == HOPELESS_PAIRS

    def test_work_at_half_the_lowest_step_is_not_hopeless(self):
        """Near the line the full number of pairs is taken."""
        assert len(run_race(0.016, 0.008)[0].pairs) == MIN_PAIRS

    def test_budget_ends_the_race(self):
        """Once the injected clock has passed the budget, no further pair is begun after the eleventh.

        Before it there would be no verdict: a candidate that is too slow, and rests in its
        calls until the time is up, would go to a person instead of failing.
        """
        ticks = itertools.count(0, 6.0)
        assert len(run_race(noisy(5), noisy(6), now=lambda: next(ticks), budget_s=10.0)[0].pairs) == MIN_PAIRS

    def test_it_ends_however_it_goes(self):
        """Three minutes by the injected clock: then a race ends with what it has, verdict or not."""
        ticks = itertools.count(0, 100.0)
        assert 0 < len(run_race(noisy(5), noisy(6), now=lambda: next(ticks))[0].pairs) < MIN_PAIRS

    def test_budget_that_is_not_spent_ends_nothing(self):
        """A race within its budget goes on until it converges or has its forty pairs."""
        ticks = itertools.count(0, 0.001)
        assert len(run_race(noisy(5), noisy(6), now=lambda: next(ticks), budget_s=10.0)[0].pairs) == MAX_PAIRS

    @pytest.mark.parametrize("answer", [lambda inputs: inputs[0].number, lambda inputs: -1], ids=["right", "wrong"])
    def test_however_it_ends_both_sides_are_let_go(self, answer):
        """What a timed process has and others do not, it has for the race alone."""
        sides = FakeSide("candidate", 0.004, answer=answer), FakeSide("baseline", 0.008)

        def check(inputs, output):
            assert output == inputs[0].number

        with contextlib.suppress(AssertionError):
            race(*sides, lambda: (Item(),), check, thresholds=(1.0,), shuffle=random.Random(1), now=lambda: 0.0)
        assert [side.rested for side in sides] == [1, 1]


class TestLocalSide:
    def test_calls_once_with_each_of_the_inputs_in_order(self):
        """The outputs are those of the inputs, one each."""
        value = LocalSide("add", lambda a, b: a + b).run([(1, 2), (3, 4)])
        assert value.outputs == [3, 7]
        assert value.cpu_s > 0
        assert value.wall_s > 0

    def test_an_error_of_the_function_is_its_own(self):
        """The student sees what was raised, and garbage is collected again afterwards."""
        with pytest.raises(ZeroDivisionError):
            LocalSide("divide", lambda a: a / 0).run([(1,)])
        assert gc.isenabled()

    def test_garbage_collection_is_held_back_meanwhile(self):
        """A collection that falls into one side's turn would be charged to it."""
        assert LocalSide("ask", gc.isenabled).run([()]).outputs == [False]
