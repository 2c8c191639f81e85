"""A class drawn as SVG: the marks in tenths, and the speed-ups of a test beside its lines.

Shapes and words carry the meaning, never colour alone, and every picture has its numbers as text. It computes nothing.
"""

import html
import math
from collections.abc import Mapping

from kernelmark.records import Verdict
from kernelmark.stopwatch.stats import number
from kernelmark.whole_class.overview import BINS, Spread

WIDTH_PX, BARS_PX, STRIP_PX, MARGIN_PX = 640, 120, 46, 24
# Dots of one height would lie on each other.
ROWS = 7
SIZE_PX, CROWD = 3, 300
WORDS = {"all": "with all points", "part": "with some", "none": "with none", "unsure": "could not be told"}


def bars(spread: Spread) -> str:
    """Return the marks in tenths as SVG."""
    most = max(spread.counts)
    step = (WIDTH_PX - 2 * MARGIN_PX) / BINS
    parts = []
    for place, count in enumerate(spread.counts):
        height = BARS_PX * count / most if most else 0
        left, top = MARGIN_PX + place * step, 20 + BARS_PX - height
        parts.append(f'<rect x="{left + 2:.1f}" y="{top:.1f}" width="{step - 4:.1f}" height="{height:.1f}"/>')
        middle = left + step / 2
        if count:
            parts.append(f'<text x="{middle:.1f}" y="{top - 5:.1f}">{count}</text>')
        parts.append(f'<text x="{left:.1f}" y="{BARS_PX + 36}">{place * 100 // BINS}</text>')
    parts.append(f'<text x="{WIDTH_PX - MARGIN_PX}" y="{BARS_PX + 36}">100 %</text>')
    said = ", ".join(
        f"{p * 100 // BINS} to {(p + 1) * 100 // BINS} %: {count}" for p, count in enumerate(spread.counts)
    )
    return _svg(BARS_PX + 44, f"Marks in tenths: {said}", parts)


def strip(races: Mapping[str, Verdict]) -> str:
    """Return the speed-ups of a test as SVG, a mark a submission on a scale of factors, and its lines; "" for none."""
    if not races:
        return ""
    first = next(iter(races.values()))
    lines = [step.threshold for step in first.steps]
    values = [*lines, *(verdict.ratio for verdict in races.values())]
    low, high = math.log(min(values) / 1.15), math.log(max(values) * 1.15)

    def at(ratio: float) -> float:
        return MARGIN_PX + (WIDTH_PX - 2 * MARGIN_PX) * (math.log(ratio) - low) / (high - low)

    paths: dict[str, list[str]] = {name: [] for name in WORDS}
    size = SIZE_PX if len(races) <= CROWD else SIZE_PX / 2
    for place, verdict in enumerate(races.values()):
        x, y = at(verdict.ratio), 8 + (STRIP_PX - 16) * (place * 3 % ROWS) / (ROWS - 1)
        outcome = _outcome(verdict)
        paths[outcome].append(_mark(outcome, x, y, size))
    parts = [f'<path class="{outcome}" d="{" ".join(marks)}"/>' for outcome, marks in paths.items() if marks]
    for line, step in zip(lines, first.steps, strict=True):
        x = at(line)
        parts.append(f'<path class="line" d="M{x:.1f} 0V{STRIP_PX}"/>')
        parts.append(f'<text x="{x:.1f}" y="{STRIP_PX + 14}">{number(line)}x: {number(step.points)}</text>')
    counts = ", ".join(f"{len(marks)} {WORDS[outcome]}" for outcome, marks in paths.items() if marks)
    ratios = values[len(lines) :]
    return _svg(STRIP_PX + 20, f"Speed-ups {number(min(ratios))} to {number(max(ratios))}; {counts}", parts)


def _outcome(verdict: Verdict) -> str:
    """Return whether a race earned all points, some or none, or could not be told."""
    if verdict.outcome == "inconclusive":
        return "unsure"
    return "all" if verdict.points >= verdict.max_points else "part" if verdict.points > 0 else "none"


def _mark(outcome: str, x: float, y: float, size: float) -> str:
    """Return a filled disc for all points, a plus for some, a cross for none, a ring for what could not be told."""
    if outcome == "none":
        return f"M{x - size:.1f} {y - size:.1f}l{2 * size} {2 * size}m0-{2 * size}l-{2 * size} {2 * size}"
    if outcome == "part":
        return f"M{x - size:.1f} {y:.1f}h{2 * size}M{x:.1f} {y - size:.1f}v{2 * size}"
    return f"M{x - size:.1f} {y:.1f}a{size} {size} 0 1 0 {2 * size} 0a{size} {size} 0 1 0-{2 * size} 0"


def _svg(height: int, said: str, parts: list[str]) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH_PX} {height}" width="{WIDTH_PX}" height="{height}" role="img" '
        f'aria-label="{html.escape(said)}"><title>{html.escape(said)}</title>{"".join(parts)}</svg>'
    )
