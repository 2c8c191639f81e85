"""Figures that several notebooks draw: a roofline, a staircase of latencies, a strip of timings.

Does: draws numbers that it is given, with units on the axes; shapes and words tell things
apart, never colour alone. Does not: measure, or decide what the numbers mean.
Each returns the axes it drew on. Matplotlib is imported when a figure is asked for.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from kernelmark.lab.machine import size_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MARKERS = "osD^vP*X<>"
_INK = "#222222"
_ACCENT = "#4477aa"
_PALE = "#bbbbbb"


def roofline_plot(
    peak: float,
    bandwidth: float,
    points: Mapping[str, tuple[float, float | Sequence[float]]],
    *,
    title: str = "",
    axes: Axes | None = None,
) -> Axes:
    """Draw a roofline and, below it, what was measured.

    Args:
        peak: floating point operations a second.
        bandwidth: bytes a second.
        points: {label: (intensity, rate)}: operations a byte, and operations a second. In
            place of one rate there may be several, of repeated runs: the marker is at the
            best, and a bar reaches down to the worst.
        title: say the machine and the date.

    Raises:
        ValueError: a number that is not positive: it has no place on a logarithmic axis.
    """
    rates = {label: (float(at), _several(rate)) for label, (at, rate) in points.items()}
    numbers = [peak, bandwidth, *(value for at, several in rates.values() for value in (at, *several))]
    if not all(math.isfinite(value) and value > 0 for value in numbers):
        raise ValueError(f"roofline_plot: every number must be positive and finite, got {numbers}")
    axes = _axes(axes, (7.5, 4.6))
    ridge = peak / bandwidth
    left = min([ridge / 8, *(at / 3 for at, _ in rates.values())])
    right = max([ridge * 8, *(at * 6 for at, _ in rates.values())])
    roof = [min(peak, at * bandwidth) / 1e9 for at in (left, ridge, right)]
    axes.set(xscale="log", yscale="log", xlim=(left, right))
    axes.set_ylim(min([roof[0] / 2, *(min(several) / 4e9 for _, several in rates.values())]), peak * 3 / 1e9)
    axes.plot([left, ridge, right], roof, color=_INK, linewidth=2, zorder=2)
    _name_the_roof(axes, peak, bandwidth)
    for (label, measured), marker in zip(rates.items(), itertools.cycle(_MARKERS), strict=False):
        _mark_below_the_roof(axes, label, measured, marker, peak, bandwidth)
    if rates:
        axes.legend(loc="lower right", fontsize=8)
    axes.set_xlabel("arithmetic intensity (FLOP/byte)")
    axes.set_ylabel("GFLOP/s")
    axes.set_title(title, fontsize=9)
    return axes


def _name_the_roof(axes: Axes, peak: float, bandwidth: float) -> None:
    left, right = axes.get_xlim()
    ridge, top = peak / bandwidth, peak / 1e9
    middle = math.sqrt(left * ridge)
    axes.plot([ridge, ridge], [axes.get_ylim()[0], top], color=_PALE, linestyle=":", zorder=1)
    for text, place, shift, side in (
        (f"ridge {ridge:.3g}", (ridge, top), (0, 6), "center"),
        (f"peak {top:.3g} GFLOP/s", (right, top), (-4, 5), "right"),
        (f"memory {bandwidth / 1e9:.3g} GB/s", (middle, middle * bandwidth / 1e9), (-6, 6), "right"),
    ):
        axes.annotate(text, place, shift, textcoords="offset points", ha=side, fontsize=9)


def _mark_below_the_roof(
    axes: Axes, label: str, measured: tuple[float, Sequence[float]], marker: str, peak: float, bandwidth: float
) -> None:
    at, several = measured
    best, worst, limit = max(several) / 1e9, min(several) / 1e9, min(peak, at * bandwidth) / 1e9
    axes.plot([at, at], [best, limit], color=_PALE, linewidth=1, zorder=1)
    axes.plot([at, at], [worst, best], color=_ACCENT, linewidth=3, alpha=0.6, zorder=3)
    axes.plot(
        *([at], [best], marker),
        color=_ACCENT,
        markeredgecolor=_INK,
        markersize=8,
        zorder=4,
        label=f"{label}: {best:.3g} GFLOP/s, {best / limit:.0%} of its roof",
    )


def staircase_plot(
    sizes: Sequence[float],
    seconds: Sequence[float],
    *,
    caches: Mapping[str, int] | None = None,
    steps: Iterable[float] = (),
    title: str = "",
    axes: Axes | None = None,
) -> Axes:
    """Draw the latency of a load over the size of what is walked through.

    Args:
        sizes: bytes, rising.
        seconds: seconds a load, as many.
        caches: {name: bytes}: what the machine claims, drawn as dashed lines.
        steps: sizes after which the latency was found to jump, drawn as triangles.
        title: say the machine and the date.
    """
    axes = _axes(axes, (7.5, 3.9))
    axes.plot(sizes, [1e9 * value for value in seconds], marker="o", markersize=4, color=_ACCENT)
    axes.set(xscale="log", yscale="log")
    low, high = min(sizes), max(sizes)
    exponents = range(math.ceil(math.log2(low)), math.floor(math.log2(high)) + 1, 2)
    axes.set_xticks([2**e for e in exponents], [size_text(2**e) for e in exponents], fontsize=8)
    axes.set_xticks([], minor=True)
    axes.set_ylim(1e9 * min(seconds) / 2, 1e9 * max(seconds) * 3)
    top = axes.get_ylim()[1]
    for name, size in (caches or {}).items():
        if low <= size <= high:
            axes.axvline(size, color=_INK, linestyle="--", linewidth=1)
            axes.annotate(
                f"{name} {size_text(size)}", (size, top), (-3, -4), textcoords="offset points", rotation=90, ha="right",
                va="top", fontsize=8,
            )  # fmt: skip
    found = [step for step in steps if low <= step <= high]
    if found:
        heights = [1e9 * seconds[list(sizes).index(step)] if step in sizes else 1e9 * min(seconds) for step in found]
        axes.plot(found, heights, "v", color=_INK, markersize=9, label="last size before a jump")
        axes.legend(loc="lower right", fontsize=8)
    ticks = [value for value in (1, 2, 5, 10, 20, 50, 100, 200, 500) if axes.get_ylim()[0] <= value <= top]
    axes.set_yticks(ticks, [str(value) for value in ticks])
    axes.set_yticks([], minor=True)
    axes.set_xlabel("bytes walked through")
    axes.set_ylabel("nanoseconds a load")
    axes.set_title(title, fontsize=9)
    return axes


def timings_plot(
    timings: Mapping[str, Sequence[float]],
    *,
    unit: str = "ms",
    title: str = "",
    axes: Axes | None = None,
) -> Axes:
    """Draw every timing of each thing as a ring, the quickest as a triangle and the median as a stroke.

    Args:
        timings: {label: seconds of each run}.
        unit: "s", "ms", "us" or "ns", for display.
        title: say the machine and the date.

    Raises:
        ValueError: a unit it does not know, or nothing to draw.
    """
    scales = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}
    if unit not in scales or not timings or not all(timings.values()):
        raise ValueError(f"timings_plot: give at least one time each and a unit of {list(scales)}, got {unit!r}")
    axes = _axes(axes, (7.5, 0.9 + 0.45 * len(timings)))
    for row, times in enumerate(timings.values()):
        shown = [scales[unit] * value for value in times]
        axes.plot(shown, [row] * len(shown), "o", markerfacecolor="none", markeredgecolor=_ACCENT, alpha=0.8)
        axes.plot([min(shown)], [row], "^", color=_INK, markersize=8, label="quickest" if row == 0 else None)
        middle = statistics.median(shown)
        axes.plot([middle], [row], "|", color=_INK, markersize=18, label="median" if row == 0 else None)
    axes.set_yticks(range(len(timings)), list(timings))
    axes.set_ylim(len(timings) - 0.5, -0.5)
    everything = [value for times in timings.values() for value in times]
    if max(everything) > 5 * min(everything) > 0:  # a logarithmic axis has too few numbers for less
        axes.set_xscale("log")
    axes.set_xlabel(f"{unit} (each ring is one run)")
    axes.legend(fontsize=8, loc="best")
    axes.set_title(title, fontsize=9)
    return axes


def _axes(axes: Axes | None, inches: tuple[float, float]) -> Axes:
    if axes is not None:
        return axes
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=inches, layout="constrained")[1]


def _several(rate: float | Sequence[float]) -> list[float]:
    return [float(value) for value in np.ravel(rate)]
