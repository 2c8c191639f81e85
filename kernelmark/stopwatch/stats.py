"""Pairs in, verdict out: arithmetic only.

It holds no clock and no I/O: `timing` takes the pairs, `picture` draws them. Two
estimates must agree on which side of a threshold the speed-up lies. The first is
K-best: a loaded machine only adds time, so the smallest values are the least
disturbed. The second is the median of the pairs' own ratios with the interval of the
sign test: both values of a pair share their moment, so it holds when the processor
changes speed, as it does by a factor 2 when the core's other hardware thread wakes.

Source: Dixon and Mood 1946, JASA 41(236) (sign test); Bryant and O'Hallaron, Computer
Systems: A Programmer's Perspective, first edition, chapter 9 (K-best); Chen and Revels
2016, arXiv:1608.04295 (minimum).
"""

import math
import random
from collections.abc import Iterable, Mapping, Sequence

from kernelmark.errors import MeasurementError
from kernelmark.records import Outcome, Pair, Step, Verdict

# Fewer pairs than this have been seen to agree by chance.
MIN_PAIRS = 11
# A noisy machine gets this many chances; more has never helped.
MAX_PAIRS = 60
# The estimate is the third smallest: the smallest erred by 15 % when the host changed speed.
K_ESTIMATE = 3
# A threshold T is passed from 0.95 T. At 0.9 T a candidate 20 % too slow was left a factor 1.08 from
# passing, and did pass in 3 to 10 % of the gradings of memory-bound calls.
PASS_LINE = 0.95
# Wall time only guards against work that uses no CPU (sleeping, helpers): it read at most 5 % low.
WALL_LINE = 0.7
# Who takes so many times its CPU time by the wall clock in the best of so many values, and so many times as much as
# the other side, waits on purpose. What the kernel kept it waiting for a processor is taken off first; where that is
# not told, the factor is larger: were a machine to stretch one side alone, by 1 to 10 times at random, it would be
# taken for that in 3 % of races, and twice in a row in 0.1 %.
WAITS_PAIRS = 30
WAITS_FACTOR, WAITS_FACTOR_UNTOLD = 1.3, 2.0
# Two-sided chance, at one look, that the true median of the pairs' ratios lies outside its interval.
ALPHA = 0.002
# After the last pair both estimates must clear the line by this much where the interval does not.
LAST_MARGIN = 0.04
# A few pairs are enough where even the best of them is this far below the line.
HOPELESS = 1 / 3


def k_th_smallest(values: Sequence[float], k: int = K_ESTIMATE) -> float:
    """Return the k-th smallest value, or the largest where there are fewer than k.

    Raises:
        MeasurementError: no values, or one that is not finite and positive.
    """
    if not values:
        raise MeasurementError("an estimate needs at least one value, got none")
    for value in values:
        if not (math.isfinite(value) and value > 0):
            raise MeasurementError(f"a time must be finite and above 0 s, got {value!r}")
    return sorted(values)[min(k, len(values)) - 1]


def certain(pairs: Sequence[Pair], thresholds: Iterable[float]) -> bool:
    """Say whether the sample can stop growing: it lies clearly on one side of every threshold."""
    return len(pairs) >= MIN_PAIRS and all(side_of(pairs, at) for at in thresholds)


def side_of(pairs: Sequence[Pair], threshold: float) -> int:
    """Return 1 where the speed-up surely reaches the pass line, -1 where it surely does not, else 0.

    Two estimates must agree: the K-best ratio, and the interval of the median of the pairs'
    own ratios. A pair shares its moment, so its ratio holds when the processor changes speed,
    as it does by a factor 2 where the other hardware thread of the core starts or stops.
    """
    line = PASS_LINE * threshold
    if len(pairs) < MIN_PAIRS:
        # Broken off as hopeless. Three values say nothing but that, and never a pass.
        return -1 if max(pair.ratio for pair in pairs) < line * HOPELESS else 0
    best = ratios(pairs)[0]
    own = sorted(pair.ratio for pair in pairs)
    low, high = median_interval(own)
    if min(low, best) >= line:
        return 1
    if max(high, best) < line:
        return -1
    if len(pairs) >= MAX_PAIRS:
        middle = own[len(own) // 2]
        if min(middle, best) >= line * (1 + LAST_MARGIN):
            return 1
        if max(middle, best) < line / (1 + LAST_MARGIN):
            return -1
    return 0


def median_interval(ordered: Sequence[float], alpha: float = ALPHA) -> tuple[float, float]:
    """Return the interval of the sign test for the median of sorted values, whatever the shape of the noise.

    Source: Dixon and Mood 1946, JASA 41(236).
    """
    n, tail, rank = len(ordered), 0.0, 0
    while (tail := tail + math.comb(n, rank) / 2**n) <= alpha / 2:
        rank += 1
    return (ordered[rank - 1], ordered[n - rank]) if rank else (0.0, math.inf)


def ratios(pairs: Sequence[Pair]) -> tuple[float, float]:
    """Return the speed-up on CPU time and on wall time, each from the K-best estimate."""
    cpu = k_th_smallest([p.baseline_cpu_s for p in pairs]) / k_th_smallest([p.candidate_cpu_s for p in pairs])
    wall = k_th_smallest([p.baseline_wall_s for p in pairs]) / k_th_smallest([p.candidate_wall_s for p in pairs])
    return cpu, wall


def interval(pairs: Sequence[Pair], *, resamples: int = 400, seed: int = 0) -> tuple[float, float]:
    """Return the 2.5 % and 97.5 % points of the estimate over resampled pairs.

    It says how much the estimate depends on which pairs were drawn. It is shown, and
    decides nothing: under load the noise is not independent from pair to pair.

    Source: Efron 1979, Annals of Statistics 7(1), the percentile bootstrap.
    """
    rng = random.Random(seed)
    found = sorted(ratios(rng.choices(pairs, k=len(pairs)))[0] for _ in range(resamples))
    return found[int(0.025 * resamples)], found[int(0.975 * resamples) - 1]


def agreed(pairs: Sequence[Pair], thresholds: Iterable[float]) -> bool:
    """Say whether the wall clock bears out what CPU time says: what is surely fast enough is not slow on it."""
    wall_ratio = ratios(pairs)[1]
    return all(wall_ratio >= WALL_LINE * at for at in thresholds if side_of(pairs, at) > 0)


def waits(pairs: Sequence[Pair]) -> bool:
    """Say whether the candidate waits in its calls: in next to none of many values is its wall time near its CPU time.

    A loaded machine makes a process wait now and then, one side more than the other, and not always.
    """
    told = all(p.candidate_queued_s > 0 for p in pairs)
    stretched = sorted((p.candidate_wall_s - p.candidate_queued_s) / p.candidate_cpu_s for p in pairs)
    candidate = stretched[min(K_ESTIMATE, len(pairs)) - 1] if told else stretched[0]
    baseline = min((p.baseline_wall_s - p.baseline_queued_s) / p.baseline_cpu_s for p in pairs)
    factor = WAITS_FACTOR if told else WAITS_FACTOR_UNTOLD
    return len(pairs) >= WAITS_PAIRS and candidate > factor * max(1.0, baseline)


def step_outcome(side: int, wall_ratio: float, threshold: float, *, waiting: bool = False) -> Outcome:
    """Return the outcome of one threshold from the side of it (see `side_of`) and the ratio on wall time.

    Args:
        waiting: the candidate waits in its calls (see `waits`), so that the wall clock decides against it.
    """
    if side <= 0:
        return "fail" if side else "inconclusive"
    if wall_ratio >= WALL_LINE * threshold:
        return "pass"
    return "fail" if waiting else "inconclusive"


def decide(
    pairs: Sequence[Pair],
    steps: Mapping[float, float],
    *,
    candidate: str,
    baseline: str,
    loops: tuple[int, int] = (1, 1),
    where: str = "",
) -> Verdict:
    """Return the verdict on pairs against steps of {threshold: points}.

    The points are those of the highest step passed. The verdict is inconclusive when
    a step above it is, since that step may have been earned.

    Raises:
        MeasurementError: no pairs, no steps, or times that are not finite and positive.
    """
    if not steps:
        raise MeasurementError("a verdict needs at least one step of {threshold: points}, got none")
    ratio, wall_ratio = ratios(pairs)
    low, high = interval(pairs)
    converged = certain(pairs, steps)
    waiting = waits(pairs)
    judged = tuple(
        Step(float(at), float(points), step_outcome(side_of(pairs, at), wall_ratio, at, waiting=waiting))
        for at, points in sorted(steps.items())
    )
    passed = [step for step in judged if step.outcome == "pass"]
    points = passed[-1].points if passed else 0.0
    open_above = any(s.outcome == "inconclusive" and s.points > points for s in judged)
    outcome: Outcome = "inconclusive" if open_above else ("pass" if points == judged[-1].points else "fail")
    verdict = Verdict(
        candidate=candidate,
        baseline=baseline,
        outcome=outcome,
        points=points,
        max_points=judged[-1].points,
        ratio=ratio,
        wall_ratio=wall_ratio,
        low=low,
        high=high,
        converged=converged,
        steps=judged,
        pairs=tuple(pairs),
        candidate_loops=loops[0],
        baseline_loops=loops[1],
        where=where,
        reason="",
    )
    return _with_reason(verdict)


def number(value: float) -> str:
    """Return a ratio or a number of points with three significant digits."""
    return f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"


def _with_reason(verdict: Verdict) -> Verdict:
    speed = f"{verdict.candidate} runs at {number(verdict.ratio)} times the speed of {verdict.baseline}"
    top = verdict.steps[-1]
    missed = next((s for s in verdict.steps if s.points > verdict.points and s.outcome != "pass"), None)
    if verdict.outcome == "inconclusive" and missed is not None:
        why = "the processor's clock and the wall clock disagree" if verdict.converged else "the values did not settle"
        reason = (
            f"{speed}, too close or too unsteady to say whether it reaches {number(missed.threshold)}: {why} "
            f"after {len(verdict.pairs)} pairs. It costs nothing: a person decides."
        )
    elif verdict.outcome == "pass":
        reason = f"{speed}; {number(top.threshold)} was asked for: all {number(top.points)} points."
    else:
        asked = missed.threshold if missed is not None else top.threshold
        if waits(verdict.pairs) and verdict.ratio >= PASS_LINE * asked:
            speed += f" in CPU time and {number(verdict.wall_ratio)} times by the wall clock: it waits in its calls"
        reason = (
            f"{speed}; {number(asked)} is needed for the next step: "
            f"{number(verdict.points)} of {number(top.points)} points."
        )
    return Verdict(**{**vars(verdict), "reason": reason})
