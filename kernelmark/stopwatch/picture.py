"""A verdict as a picture: SVG for a notebook, lines of text for a terminal.

It reads a `Verdict` and draws; it does not measure, decide, or import a plotting
library, since it runs in the judge and at the student's desk on every speed check.
Shapes and words carry the meaning, never colour alone.
"""

import html
import math
import textwrap

from kernelmark.records import Verdict
from kernelmark.stopwatch.stats import PASS_LINE, number
from kernelmark.text import visible

WIDTH_PX, CHART_PX, MARGIN_PX = 760, 132, 24
# A bold capital of the font is 8 px wide, ordinary text 5.5: this many fit a line.
LINE_CHARS = 120
TEXT_COLUMNS, PAGE_COLUMNS = 60, 100
WORDS = {"pass": "PASS", "fail": "NOT YET", "inconclusive": "INCONCLUSIVE"}


def headline(verdict: Verdict) -> str:
    """Return the verdict in one line."""
    return f"{WORDS[verdict.outcome]}: {verdict.reason}"


def trust(verdict: Verdict) -> str:
    """Return one line on how much the verdict can be trusted."""
    settled = "the quickest values and the median of the pairs agree on every step"
    if not verdict.converged:
        settled = "the quickest values and the median of the pairs do not agree on every step"
    return (
        f"{len(verdict.pairs)} pairs of {verdict.candidate_loops} and {verdict.baseline_loops} calls; {settled}; "
        f"95 % of resampled estimates lie in {number(verdict.low)}..{number(verdict.high)}; "
        f"on the wall clock {number(verdict.wall_ratio)}. {verdict.where}"
    ).strip()


def clock_of(verdict: Verdict) -> str:
    """Return what was compared: CPU time, or wall time that stood in for it, where all pairs hold the same twice."""
    same = all(p.candidate_cpu_s == p.candidate_wall_s and p.baseline_cpu_s == p.baseline_wall_s for p in verdict.pairs)
    return "wall time" if same else "CPU time"


def as_text(verdict: Verdict) -> str:
    """Return the picture as plain text: one row a step, one row of pairs, the trust line."""
    scale = _Scale(verdict, TEXT_COLUMNS)
    row = [" "] * (TEXT_COLUMNS + 1)
    for pair in verdict.pairs:
        row[scale(pair.ratio)] = "."
    row[scale(verdict.ratio)] = "O"
    lines = [headline(verdict)]
    for step in verdict.steps:
        at = scale(step.threshold)
        lines.append(f"  {' ' * at}| {number(step.threshold)}x, {number(step.points)} points: {step.outcome}")
    lines.append("  " + "".join(row).rstrip() + "   . one pair, O the estimate")
    lines.append("  " + trust(verdict))
    return "\n".join(piece for line in lines for piece in _wrapped(line))


def _wrapped(line: str) -> list[str]:
    return [line] if len(line) <= PAGE_COLUMNS else textwrap.wrap(line, PAGE_COLUMNS, subsequent_indent="    ")


def _escaped(text: str) -> str:
    """Return text that is safe in XML: markup escaped, control characters gone."""
    return html.escape(visible(text, lines=False))


def as_svg(verdict: Verdict) -> str:
    """Return the picture as an SVG document: pairs as rings, estimate as a diamond, steps as lines."""
    scale = _Scale(verdict, WIDTH_PX - 2 * MARGIN_PX)
    caption = (
        f"Speed of {verdict.candidate} over {verdict.baseline} on {clock_of(verdict)}, log scale. Rings: "
        f"{len(verdict.pairs)} pairs; diamond: the estimate, {number(verdict.ratio)}; "
        "dashed: steps, with the allowance below each in grey."
    )
    lines = [
        piece for text in (headline(verdict), caption, trust(verdict)) for piece in textwrap.wrap(text, LINE_CHARS)
    ]
    height = CHART_PX + 14 * len(lines)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH_PX}" height="{height}" '
        f'viewBox="0 0 {WIDTH_PX} {height}" font-family="sans-serif" font-size="11" role="img">',
        f"<title>{_escaped(headline(verdict))}</title>",
        f'<rect width="{WIDTH_PX}" height="{height}" fill="white"/>',
        f'<line x1="{MARGIN_PX}" y1="92" x2="{WIDTH_PX - MARGIN_PX}" y2="92" stroke="#444"/>',
    ]
    for index, step in enumerate(verdict.steps):
        x = MARGIN_PX + scale(step.threshold)
        line = MARGIN_PX + scale(step.threshold * PASS_LINE)
        anchor = "end" if x > WIDTH_PX * 0.6 else "start"
        label = f"{number(step.threshold)}x: {number(step.points)} points, {step.outcome}"
        parts.append(f'<rect x="{line}" y="40" width="{max(1, x - line)}" height="52" fill="#ddd"/>')
        parts.append(f'<line x1="{x}" y1="40" x2="{x}" y2="97" stroke="#000" stroke-dasharray="5 3"/>')
        offset = -4 if anchor == "end" else 4
        parts.append(f'<text x="{x + offset}" y="{36 - 13 * (index % 2)}" text-anchor="{anchor}">{label}</text>')
    for index, pair in enumerate(verdict.pairs):
        x, y = MARGIN_PX + scale(pair.ratio), 52 + (index % 5) * 8
        parts.append(f'<circle cx="{x}" cy="{y}" r="3" fill="none" stroke="#1f4e8c"/>')
    x = MARGIN_PX + scale(verdict.ratio)
    parts.append(f'<path d="M{x} 83 l6 9 l-6 9 l-6 -9 z" fill="#000"/>')
    for tick in scale.ticks():
        x = MARGIN_PX + scale(tick)
        parts.append(f'<line x1="{x}" y1="92" x2="{x}" y2="97" stroke="#444"/>')
        parts.append(f'<text x="{x}" y="110" text-anchor="middle">{number(tick)}</text>')
    for row, words in enumerate(lines):
        weight = ' font-weight="bold"' if row == 0 else ""
        parts.append(f'<text x="{MARGIN_PX}" y="{CHART_PX + 14 * row}"{weight}>{_escaped(words)}</text>')
    parts.append("</svg>")
    return "".join(parts)


class _Scale:
    """Maps a ratio to a column on a logarithmic axis that holds all pairs and steps."""

    def __init__(self, verdict: Verdict, width: int):
        shown = [pair.ratio for pair in verdict.pairs] + [verdict.ratio]
        shown += [step.threshold * side for step in verdict.steps for side in (PASS_LINE, 1.05)]
        self.low = math.log(min(shown)) - 0.05
        self.high = math.log(max(shown)) + 0.05
        self.width = width

    def __call__(self, ratio: float) -> int:
        return round((math.log(ratio) - self.low) / (self.high - self.low) * self.width)

    def ticks(self) -> list[float]:
        low, high = math.exp(self.low), math.exp(self.high)
        decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        found = [m * 10.0**d for d in decades for m in (1, 2, 5) if low <= m * 10.0**d <= high]
        return found if len(found) <= 10 else [tick for tick in found if math.log10(tick) % 1 < 1e-9]
