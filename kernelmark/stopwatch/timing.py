"""The loop around a clock: warm-up, calls a value, interleaved pairs.

It does not read a clock of its own (a `Side` reports what a batch of calls cost), it
does not judge (`stats` does), and it keeps nobody else from timing meanwhile (`lock` does).
"""

import copy
import gc
import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from kernelmark.records import Pair
from kernelmark.stopwatch.desk_clock import is_coarse
from kernelmark.stopwatch.stats import HOPELESS, MAX_PAIRS, MIN_PAIRS, PASS_LINE, WAITS_PAIRS, agreed, certain

# Below 2 ms the tens of microseconds around a call show; above, calls are pre-empted more often.
MIN_VALUE_S = 0.002
# After this long the sample stops growing, converged or not, once it has the least number of pairs.
BUDGET_S = 10.0
# A batch holds fresh inputs for every call of a value; more than this leaves every cache.
MAX_BATCH_BYTES = 32 * 2**20
MAX_LOOPS = 2048
# Calibration takes the quickest of so many values; a call this long needs no calibration.
SETTLING_VALUES = 3
LONG_CALL_S = 0.02
# A side that waited for so long in a race, and for so many times as much as it worked more than the other side did,
# rests in its calls; it must not hold the host's lock for that.
REST_S = 10.0
REST_FACTOR = 10.0
# However it goes, a race ends then, with what it has; everybody else on this host waits for it.
MAX_RACE_S = 180.0
# Far below the lowest threshold so many pairs say enough: nobody waits for eleven slow calls.
HOPELESS_PAIRS = 3
# A batch quicker than this is below what the clocks of some systems show (macOS: 1 us): it counts as this long.
LEAST_VALUE_S = 1e-6

Inputs = tuple[Any, ...]


@dataclass(frozen=True)
class Value:
    """What one batch of calls cost, in seconds for the whole batch, and what it returned."""

    cpu_s: float
    wall_s: float
    outputs: Sequence[Any]
    # Of the wall time, what the kernel kept it waiting for a processor; 0 where that is not known.
    queued_s: float = 0.0


class Side(Protocol):
    """One of the two racers."""

    name: str

    def run(self, batch: Sequence[Inputs]) -> Value:
        """Call once with each of the inputs; they are in place before the clock starts."""

    def rest(self) -> None:
        """Give back what a timed process has and others do not: the race is over."""


class LocalSide:
    """A function in this very process, as at a student's desk; nothing guards its clock.

    Where the clock of CPU time moves in steps too long for a value, the wall clock
    stands in for it, and both times of a value are the same.
    """

    def __init__(self, name: str, function: Callable[..., Any]):
        self.name = name
        self._function = function

    def run(self, batch: Sequence[Inputs]) -> Value:
        """Call the function with each of the inputs, garbage collection held back meanwhile."""
        function, coarse = self._function, is_coarse()
        batch = copy.deepcopy(list(batch))  # a function that spoils its inputs spoils nobody else's
        outputs = []
        collecting = gc.isenabled()
        gc.disable()
        try:
            wall, cpu = time.perf_counter(), time.process_time()
            for inputs in batch:
                outputs.append(function(*inputs))
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        finally:
            if collecting:
                gc.enable()
        wall = max(wall, LEAST_VALUE_S)
        return Value(wall if coarse else max(cpu, LEAST_VALUE_S), wall, outputs)

    def rest(self) -> None:
        """Do nothing: a student's process is as it was."""


class Rests(AssertionError):
    """A candidate waits in its timed calls: it has earned no step of speed, whatever CPU time it used."""


class _Paced:
    """A side with an account of the CPU time of all its calls, and of their wall time less what the machine took."""

    def __init__(self, side: Side):
        self.name = side.name
        self._side = side
        self.cpu_s = self.wall_s = 0.0

    def run(self, batch: Sequence[Inputs]) -> Value:
        value = self._side.run(batch)
        self.cpu_s += value.cpu_s
        self.wall_s += value.wall_s - value.queued_s
        return value

    def rest(self) -> None:
        self._side.rest()

    def slack(self) -> float:
        """Return how many times its CPU time it took by the wall clock."""
        return max(1.0, self.wall_s / max(self.cpu_s, 1e-9))


class _Pacer(_Paced):
    """The candidate's account, held against the other side's."""

    def __init__(self, side: Side, other: _Paced):
        super().__init__(side)
        self._other = other

    def run(self, batch: Sequence[Inputs]) -> Value:
        value = super().run(batch)
        waited_s = self.wall_s - self.cpu_s
        if waited_s > REST_S and self.slack() > REST_FACTOR * self._other.slack():
            raise Rests(
                f"{self.name} waits: its timed calls used {self.cpu_s:.2g} s of CPU time and took {self.wall_s:.2g} s; "
                "a timed call works from beginning to end"
            )
        return value


@dataclass(frozen=True)
class Race:
    """The pairs of a race and how many calls made one value on either side."""

    pairs: tuple[Pair, ...]
    loops: tuple[int, int]


def race(
    candidate: Side,
    baseline: Side,
    draw: Callable[[], Inputs],
    check: Callable[[Inputs, Any], None],
    *,
    thresholds: Sequence[float],
    shuffle: random.Random,
    now: Callable[[], float] = time.monotonic,
    budget_s: float = BUDGET_S,
) -> Race:
    """Take interleaved pairs until the verdict is certain or the budget is spent.

    Args:
        draw: returns the inputs of one call, never the same twice.
        check: raises when the candidate's output for these inputs is wrong. Every
            output of every timed call is checked, after the clock has stopped.
        thresholds: the speed-ups of the steps; far from all of them the race ends early.
        shuffle: decides who goes first in a pair.
        now: seconds, for the budget only.

    Raises:
        Rests: the candidate waits in its calls, far more than a busy machine makes the other side wait.
    """
    second = _Paced(baseline)
    first = _Pacer(candidate, second)
    start = now()
    try:
        baseline_loops = _calibrate(second, draw, None)
        loops = (_calibrate(first, draw, check), baseline_loops)
        pairs: list[Pair] = []
        begun, start = start, now()
        while len(pairs) < MAX_PAIRS and not (certain(pairs, thresholds) and agreed(pairs, thresholds)):
            if now() - begun > MAX_RACE_S and pairs:
                break
            if len(pairs) >= HOPELESS_PAIRS:
                # On the best pair: one disturbed value must not end a race that is going well.
                if max(pair.ratio for pair in pairs) < min(thresholds) * PASS_LINE * HOPELESS:
                    break
                # Not before a verdict can be had: whoever rests in its calls would wait for "inconclusive", not fail.
                enough = MIN_PAIRS if agreed(pairs, thresholds) else WAITS_PAIRS
                if len(pairs) >= enough and now() - start > budget_s:
                    break
            pairs.append(_pair((first, second), loops, draw, check, shuffle))
        return Race(tuple(pairs), loops)
    finally:
        candidate.rest()
        baseline.rest()


def _pair(
    sides: tuple[Side, Side],
    loops: tuple[int, int],
    draw: Callable[[], Inputs],
    check: Callable[[Inputs, Any], None],
    shuffle: random.Random,
) -> Pair:
    """Take one value of each side, back to back, on inputs that neither has seen, and check the candidate's outputs."""
    batch = [draw() for _ in range(max(loops))]
    turns = list(enumerate(sides))
    shuffle.shuffle(turns)
    values = {at: side.run(batch[: loops[at]]) for at, side in turns}
    for inputs, output in zip(batch[: loops[0]], values[0].outputs, strict=True):
        check(inputs, output)
    return Pair(
        candidate_cpu_s=values[0].cpu_s / loops[0],
        baseline_cpu_s=values[1].cpu_s / loops[1],
        candidate_wall_s=values[0].wall_s / loops[0],
        baseline_wall_s=values[1].wall_s / loops[1],
        candidate_queued_s=values[0].queued_s / loops[0],
        baseline_queued_s=values[1].queued_s / loops[1],
    )


def _calibrate(side: Side, draw: Callable[[], Inputs], check: Callable[[Inputs, Any], None] | None) -> int:
    """Warm up (compilation happens here) and return how many calls make a value of `MIN_VALUE_S`."""
    loops = 1
    sample = draw()
    first = side.run([sample])
    if check is not None:
        check(sample, first.outputs[0])
    if side.run([draw()]).cpu_s >= LONG_CALL_S:
        return loops
    size = sum(getattr(item, "nbytes", 0) for item in sample)
    most = max(1, min(MAX_LOOPS, MAX_BATCH_BYTES // max(size, 1)))
    while True:
        # The quickest of a few: one slow value (a first touch, a moment's load) would settle for too few calls.
        value_s = min(side.run([draw() for _ in range(loops)]).cpu_s for _ in range(SETTLING_VALUES))
        if value_s >= MIN_VALUE_S or loops >= most:
            return loops
        wanted = math.ceil(1.2 * loops * MIN_VALUE_S / max(value_s, 1e-6))
        loops = min(most, max(loops + 1, wanted))
