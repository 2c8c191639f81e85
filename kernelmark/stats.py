"""Pairs in, verdict out: arithmetic only.

It holds no clock and no I/O: `timing` takes the pairs, `picture` draws them. The
method and the reasons for its constants are those of the K-best scheme: a loaded
machine only ever adds time, so the smallest values are the least disturbed, and the
third smallest is less fragile than the smallest when the machine changes speed.

Source: Bryant and O'Hallaron, Computer Systems: A Programmer's Perspective, first
edition, chapter 9 (K-best); Chen and Revels 2016, arXiv:1608.04295 (minimum).
"""

import math
import random
from collections.abc import Iterable, Mapping, Sequence

from kernelmark.errors import MeasurementError
from kernelmark.records import Outcome, Pair, Step, Verdict

# Fewer pairs than this have been seen to agree by chance.
MIN_PAIRS = 11
# A noisy machine gets this many chances; more has never helped.
MAX_PAIRS = 40
# How many of the smallest values must agree, and how closely.
K_BEST = 5
K_SPREAD = 0.03
# The estimate is the third smallest: the smallest erred by 15 % when the host changed speed.
K_ESTIMATE = 3
# A threshold T is passed from 0.9 T: the worst error seen between processes under load was 8.7 %.
PASS_LINE = 0.9
# Wall time only guards against work that uses no CPU (sleeping, helpers): it read at most 5 % low.
WALL_LINE = 0.7
# Without convergence a pass must clear the line by 10 %, and a fail must miss it by 20 %.
DOUBT_ABOVE = 0.10
DOUBT_BELOW = 0.20
# A race may end early where every threshold is this factor away and the best values agree this well:
# then no value still to come can change the verdict.
FAR = 1.4
FAR_SPREAD = 0.10


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


def has_converged(values: Sequence[float], spread: float = K_SPREAD) -> bool:
    """Say whether the K smallest values lie within `spread` of the smallest."""
    best = sorted(values)[:K_BEST]
    return len(best) == K_BEST and best[-1] <= best[0] * (1 + spread)


def enough(pairs: Sequence[Pair], spread: float = K_SPREAD) -> bool:
    """Say whether the sample can stop growing: both sides have converged."""
    return (
        len(pairs) >= MIN_PAIRS
        and has_converged([pair.candidate_cpu_s for pair in pairs], spread)
        and has_converged([pair.baseline_cpu_s for pair in pairs], spread)
    )


def certain(pairs: Sequence[Pair], thresholds: Iterable[float]) -> bool:
    """Say whether the verdict can no longer change: converged, or far from every threshold on both clocks."""
    if enough(pairs):
        return True
    if not enough(pairs, FAR_SPREAD):
        return False
    ratio, wall_ratio = ratios(pairs)
    passes = [ratio >= PASS_LINE * at * FAR and wall_ratio >= WALL_LINE * at * FAR for at in thresholds]
    fails = [ratio * FAR <= PASS_LINE * at for at in thresholds]
    return all(passed or failed for passed, failed in zip(passes, fails, strict=True))


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


def step_outcome(ratio: float, wall_ratio: float, converged: bool, threshold: float) -> Outcome:
    """Return the outcome of one threshold.

    Args:
        ratio: speed-up on CPU time. wall_ratio: the same on wall time.
        converged: whether the K-best rule was met on both sides.
        threshold: the speed-up that was asked for.
    """
    line = PASS_LINE * threshold
    if ratio < line:
        return "fail" if converged or ratio < line * (1 - DOUBT_BELOW) else "inconclusive"
    if not converged and ratio < line * (1 + DOUBT_ABOVE):
        return "inconclusive"
    return "pass" if wall_ratio >= WALL_LINE * threshold else "inconclusive"


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
    converged = enough(pairs)
    judged = tuple(
        Step(float(at), float(points), step_outcome(ratio, wall_ratio, converged, at))
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
        why = (
            "the processor's clock and the wall clock disagree"
            if verdict.converged or verdict.ratio >= PASS_LINE * missed.threshold * (1 + DOUBT_ABOVE)
            else "the values did not settle"
        )
        reason = (
            f"{speed}, too close or too unsteady to say whether it reaches {number(missed.threshold)}: {why} "
            f"after {len(verdict.pairs)} pairs. It costs nothing: a person decides."
        )
    elif verdict.outcome == "pass":
        reason = f"{speed}; {number(top.threshold)} was asked for: all {number(top.points)} points."
    else:
        asked = missed.threshold if missed is not None else top.threshold
        reason = (
            f"{speed}; {number(asked)} is needed for the next step: "
            f"{number(verdict.points)} of {number(top.points)} points."
        )
    return Verdict(**{**vars(verdict), "reason": reason})
