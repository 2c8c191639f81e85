"""A verdict as a picture: HTML for a notebook and a page, SVG where nothing else passes, lines of text for a terminal.

It reads a `Verdict` and draws; it does not measure, decide, or import a plotting
library, since it runs in the judge and at the student's desk on every speed check.
Shapes and words carry the meaning, never colour alone. In HTML the words are text of the page, which wraps and can be
selected, and the drawing takes the width and the colour that it finds.
"""

import html
import math
import textwrap

from kernelmark.records import Verdict
from kernelmark.stopwatch.stats import PASS_LINE, number
from kernelmark.text import visible

WIDTH_PX, CHART_PX, MARGIN_PX = 760, 108, 24
# Bold text of 11 px takes 7.7 px a letter in DejaVu Sans, the widest of the usual fonts: this many fit a line.
LINE_CHARS = 90
# A terminal of 80 columns has room for these, indented; the drawing with the words of a step beside it fits them too.
TEXT_COLUMNS, PAGE_COLUMNS = 34, 73
# Numbers above and below the drawing that come closer than this, in per cent of its width, take another row, or go.
APART = 9
ROWS = 3
WORDS = {"pass": "PASS", "fail": "NOT YET", "inconclusive": "INCONCLUSIVE"}


def headline(verdict: Verdict) -> str:
    """Return the verdict in one line."""
    partly = verdict.outcome == "fail" and verdict.points > 0
    return f"{'PARTLY' if partly else WORDS[verdict.outcome]}: {verdict.reason}"


def earned(verdict: Verdict) -> str:
    """Return what a verdict gives, in a few words: "partly, 2 of 4 points"."""
    most = _points(verdict.max_points)
    if verdict.outcome == "inconclusive":
        least = f", at least {number(verdict.points)} of {most}" if verdict.points else ""
        return f"not decided{least}: run it again where little else runs, or leave it to the grader"
    word = "passed" if verdict.outcome == "pass" else "partly" if verdict.points else "failed"
    return f"{word}, {number(verdict.points)} of {most}"


def steps_in_words(verdict: Verdict) -> list[str]:
    """Return a line for each step: its threshold, its points, and whether it was reached."""
    said = {"pass": "reached", "fail": "not reached", "inconclusive": "not decided"}
    return [f"{number(s.threshold)}x for {_points(s.points)}: {said[s.outcome]}" for s in verdict.steps]


def alternative(verdict: Verdict) -> str:
    """Return what the drawing shows, for whoever does not see it: the ratio, the lines, the verdict."""
    where = f"{verdict.candidate} is {number(verdict.ratio)} times as fast as {verdict.baseline} on {clock_of(verdict)}"
    spread = f"{len(verdict.pairs)} pairs, 95 % of resampled estimates in {number(verdict.low)}..{number(verdict.high)}"
    lines = "; ".join(steps_in_words(verdict))
    return f"{where} ({spread}). Lines: {lines}. Verdict: {headline(verdict).partition(':')[0]}, {earned(verdict)}."


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
    scale = _Scale(verdict)
    row = [" "] * (TEXT_COLUMNS + 1)
    for pair in verdict.pairs:
        row[scale.column(pair.ratio)] = "."
    row[scale.column(verdict.ratio)] = "O"
    lines = [headline(verdict)]
    for step, words in zip(verdict.steps, steps_in_words(verdict), strict=True):
        lines.append(f"  {' ' * scale.column(step.threshold)}| {words}")
    lines.append(f"  {''.join(row).rstrip()}")
    lines.append("  . one pair, O the estimate, | a line that was asked for")
    lines.append("  " + trust(verdict))
    return "\n".join(piece for line in lines for piece in _wrapped(line))


def _wrapped(line: str) -> list[str]:
    return [line] if len(line) <= PAGE_COLUMNS else textwrap.wrap(line, PAGE_COLUMNS, subsequent_indent="    ")


def _points(points: float) -> str:
    return f"{number(points)} point{'' if points == 1 else 's'}"


def _escaped(text: str) -> str:
    """Return text that is safe in XML: markup escaped, control characters gone."""
    return html.escape(visible(text, lines=False))


def as_html(verdict: Verdict) -> str:
    """Return the picture as a part of a page: words that wrap, and a drawing as wide as there is room.

    It loads nothing, and what names and words hold is text.
    """
    items = "".join(f"<li>{_escaped(words)}</li>" for words in steps_in_words(verdict))
    return (
        '<figure class="kernelmark-speed" style="margin: .5em 0; max-width: 48em">'
        f'<p style="margin: 0 0 .4em"><strong>{_escaped(headline(verdict))}</strong></p>'
        f'<svg xmlns="http://www.w3.org/2000/svg" width="100%" height="{CHART_PX}" font-family="sans-serif" '
        f'font-size="12" fill="currentColor" role="img" aria-label="{_escaped(alternative(verdict))}">'
        f'<svg x="5%" width="90%" height="{CHART_PX}" overflow="visible">{_drawing(verdict)}</svg></svg>'
        f'<ul style="margin: .4em 0; padding-left: 1.4em">{items}</ul>'
        f'<figcaption style="font-size: .9em">{_escaped(_caption(verdict))} {_escaped(trust(verdict))}</figcaption>'
        "</figure>"
    )


def as_svg(verdict: Verdict) -> str:
    """Return the picture as an SVG document with its words in lines, black on white."""
    texts = (headline(verdict), *steps_in_words(verdict), _caption(verdict), trust(verdict))
    lines = [piece for text in texts for piece in textwrap.wrap(text, LINE_CHARS)]
    bold = len(textwrap.wrap(texts[0], LINE_CHARS))
    height = CHART_PX + 14 * len(lines) + 8
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH_PX}" height="{height}" '
        f'viewBox="0 0 {WIDTH_PX} {height}" font-family="sans-serif" font-size="11" color="#000" fill="currentColor" '
        f'role="img" aria-label="{_escaped(alternative(verdict))}">',
        f"<title>{_escaped(headline(verdict))}</title>",
        f'<rect width="{WIDTH_PX}" height="{height}" fill="white"/>',
        f'<svg x="{MARGIN_PX}" y="0" width="{WIDTH_PX - 2 * MARGIN_PX}" height="{CHART_PX}" overflow="visible">',
        _drawing(verdict),
        "</svg>",
    ]
    for row, words in enumerate(lines):
        weight = ' font-weight="bold"' if row < bold else ""
        parts.append(f'<text x="{MARGIN_PX}" y="{CHART_PX + 14 * (row + 1)}"{weight}>{_escaped(words)}</text>')
    parts.append("</svg>")
    return "".join(parts)


def _caption(verdict: Verdict) -> str:
    return (
        f"Speed of {verdict.candidate} over {verdict.baseline} on {clock_of(verdict)}, log scale. Rings: "
        f"{len(verdict.pairs)} pairs; diamond: the estimate, {number(verdict.ratio)}; "
        "dashed: steps, with the allowance below each in grey."
    )


def _drawing(verdict: Verdict) -> str:
    """Return pairs as rings, the estimate as a diamond and steps as lines, across in per cent of the width."""
    scale = _Scale(verdict)
    parts = ['<line x1="0%" y1="84" x2="100%" y2="84" stroke="currentColor"/>']
    taken = [-math.inf] * ROWS
    for step in verdict.steps:
        x, line = scale(step.threshold), scale(step.threshold * PASS_LINE)
        parts.append(f'<rect x="{line}%" y="40" width="{max(0.2, x - line):.2f}%" height="44" fill-opacity="0.2"/>')
        parts.append(f'<line x1="{x}%" y1="40" x2="{x}%" y2="89" stroke="currentColor" stroke-dasharray="5 3"/>')
        row = next((row for row in range(ROWS) if x - taken[row] >= APART), None)
        if row is not None:
            taken[row] = x
            parts.append(f'<text x="{x}%" y="{36 - 12 * row}" text-anchor="middle">{number(step.threshold)}x</text>')
    for index, pair in enumerate(verdict.pairs):
        place = f'cx="{scale(pair.ratio)}%" cy="{48 + (index % 5) * 7}"'
        parts.append(f'<circle {place} r="3" fill="none" stroke="currentColor"/>')
    parts.append(
        f'<svg x="{scale(verdict.ratio)}%" y="84" overflow="visible"><path d="M0 -9 l6 9 l-6 9 l-6 -9 z"/></svg>'
    )
    last = -math.inf
    for tick in scale.ticks():
        x = scale(tick)
        parts.append(f'<line x1="{x}%" y1="84" x2="{x}%" y2="89" stroke="currentColor"/>')
        if x - last >= APART:
            last = x
            parts.append(f'<text x="{x}%" y="103" text-anchor="middle" class="tick">{number(tick)}</text>')
    return "".join(parts)


class _Scale:
    """Maps a ratio to a place on a logarithmic axis that holds all pairs and steps, in per cent of its length."""

    def __init__(self, verdict: Verdict):
        shown = [pair.ratio for pair in verdict.pairs] + [verdict.ratio]
        shown += [step.threshold * side for step in verdict.steps for side in (PASS_LINE, 1.05)]
        self.low = math.log(min(shown)) - 0.05
        self.high = math.log(max(shown)) + 0.05

    def __call__(self, ratio: float) -> float:
        return round(self._part(ratio) * 100, 2)

    def column(self, ratio: float) -> int:
        return round(self._part(ratio) * TEXT_COLUMNS)

    def _part(self, ratio: float) -> float:
        return (math.log(ratio) - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        low, high = math.exp(self.low), math.exp(self.high)
        decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        found = [m * 10.0**d for d in decades for m in (1, 2, 5) if low <= m * 10.0**d <= high]
        return found if len(found) <= 10 else [tick for tick in found if math.log10(tick) % 1 < 1e-9]
