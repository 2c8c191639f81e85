"""How often a verdict on speed is wrong: kernels of a known ratio, graded hundreds of times a cell.

A cell of the table is a load, a length of call and a kind of work. One grading is one
race, as `checks.faster` holds it: the candidate in one sandboxed process, the baseline
in another, under the host lock. Its pairs are judged against thresholds on both sides
of the truth; a verdict that is inconclusive gets one more race in fresh processes.
Beside it stands the plain assert: one `perf_counter` pair in one process, divided.

It says nothing about thresholds of real tests (`thresholds` does), nor about how the
ratio of two different programs moves between machines.

    python benchmarks/verdicts.py --calls 2ms --kinds python,blas --loads idle,busy
    python benchmarks/verdicts.py --report
"""

import argparse
import hashlib
import json
import math
import os
import random
import signal
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# One thread, here as in the processes that are timed, before NumPy is imported.
os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")

import _loads
import numpy as np
from _kernels import CALLS_S, KINDS, SOURCE, Work, fit, plain_ratio

import kernelmark
from kernelmark.errors import KernelmarkError
from kernelmark.records import Outcome, Verdict
from kernelmark.referee.machine import describe_machine
from kernelmark.referee.racing import RemoteSide
from kernelmark.referee.session import Session
from kernelmark.sandbox.limits import Limits
from kernelmark.stopwatch.lock import host_lock
from kernelmark.stopwatch.stats import PASS_LINE, decide
from kernelmark.stopwatch.timing import race

LOADS = ("idle", "busy", "twice", "bursts", "memory")
RESULTS = Path(__file__).parent / "results" / "verdicts.jsonl"
# Distance of a threshold from the truth. The demands of MEASURING.md are made at 20 %.
MARGINS = (0.10, 0.20, 0.50)
DEMANDED = 0.20
# (units of the baseline, units of the candidate): a candidate that is faster, and one that is slower.
RATIOS = [(13, 10), (10, 13)]
# Processes are renewed after so many gradings: layout and addresses differ from process to process.
RENEW_EVERY = 10
# One session grades for hours here; the limit of a notebook is for notebooks.
UNBOUNDED_S = 86_400.0
# Shorter than the judge's pause before its second race: the loads here do not go away.
PAUSE_S = 0.2
MAX_INCONCLUSIVE_IDLE = 0.01
MAX_INCONCLUSIVE_LOADED = 0.05
MAX_MEDIAN_2MS_S = 0.5
# Above this share of the machine used by others or taken by the host, an idle row was not idle.
DISTURBED = 0.05
CONFIDENCE = 0.95
# The files that decide what a verdict is; results of different versions are not pooled.
METHOD_FILES = (
    *("stopwatch/stats", "stopwatch/timing", "sandbox/link", "sandbox/memory", "sandbox/watchdog"),
    *("stopwatch/clock", "sandbox/server", "wire/values", "wire/channel", "referee/judge"),
    *("referee/racing", "sandbox/timed", "sandbox/batch", "wire/withheld", "sandbox/bubblewrap"),
    *("sandbox/limits", "sandbox/turns", "stopwatch/lock"),
)


@dataclass(frozen=True)
class Cell:
    """One row of the table."""

    load: str
    call: str
    kind: str


@dataclass
class Graded:
    """What one grading found."""

    truth: float
    ratio: float
    wall_ratio: float
    pairs: int
    converged: bool
    races: int
    cost_s: float
    plain: float
    outcomes: dict[str, list[Outcome]] = field(default_factory=dict)
    error: str = ""
    values: list[list[str]] = field(default_factory=list)


class Bench:
    """The two processes of a race and the gradings done with them."""

    def __init__(self, seed: int, ratios: list[tuple[int, int]], *, plain: bool = True):
        self.rng = np.random.default_rng(seed)
        self.shuffle = random.Random(seed)
        self.ratios = ratios
        self._plain = plain
        self._ended_s = 0.0
        self.candidate, self.baseline = (Session(Limits(notebook_s=UNBOUNDED_S)) for _ in range(2))
        for session in (self.candidate, self.baseline):
            session.run(SOURCE)

    def renew(self) -> None:
        """Start both processes afresh."""
        for session in (self.candidate, self.baseline):
            self._ended_s += time.clock_gettime((~session.line().pid << 3) | 2)
            session.renew()
            session.line()

    def close(self) -> None:
        """End both processes."""
        self.candidate.close()
        self.baseline.close()

    def cpu_s(self) -> float:
        """Return the CPU seconds that the benchmark has used, its processes included."""
        running = sum(time.clock_gettime((~session.line().pid << 3) | 2) for session in (self.candidate, self.baseline))
        return time.process_time() + running + self._ended_s

    def fit(self, kind: str, call: str) -> Work:
        """Size the work in a fresh process."""
        return fit(kind, call, self.ratios, self.candidate, self.rng)

    def grade(self, work: Work, units: tuple[int, int]) -> Graded:
        """Grade a kernel of known ratio once, with a second race where the first leaves a verdict open."""
        truth = units[0] / units[1]
        plain = plain_ratio(self.candidate, work, units, self.rng) if self._plain else math.nan
        try:
            verdict, cost_s = self._race(work, units, truth)
            outcomes = _outcomes(verdict, truth)
            graded = Graded(
                truth,
                verdict.ratio,
                verdict.wall_ratio,
                len(verdict.pairs),
                verdict.converged,
                1,
                cost_s,
                plain,
                outcomes,
            )
            graded.values = [[f"{value:.4g}" for value in vars(pair).values()] for pair in verdict.pairs]
            if "inconclusive" in outcomes[_key(DEMANDED)]:
                self.renew()
                time.sleep(PAUSE_S)
                verdict, again_s = self._race(work, units, truth)
                second = _outcomes(verdict, truth)
                graded.races, graded.cost_s = 2, cost_s + again_s
                graded.outcomes = {
                    key: [b if a == "inconclusive" else a for a, b in zip(first, second[key], strict=True)]
                    for key, first in outcomes.items()
                }
        except KernelmarkError as error:
            unknown: dict[str, list[Outcome]] = {_key(m): ["inconclusive", "inconclusive"] for m in MARGINS}
            return Graded(
                truth, math.nan, math.nan, 0, False, 1, math.nan, plain, unknown, f"{type(error).__name__}: {error}"
            )
        return graded

    def _race(self, work: Work, units: tuple[int, int], truth: float) -> tuple[Verdict, float]:
        kind, size = KINDS[work.kind], KINDS[work.kind].sizes[work.call]
        ours, theirs = work.kwargs(units[1]), work.kwargs(units[0])
        target = {"n": work.kind}
        with host_lock():
            start = time.perf_counter()
            run = race(
                RemoteSide("candidate", self.candidate.line, target, (), ours, trusted=True),
                RemoteSide("baseline", self.baseline.line, target, (), theirs, trusted=True),
                lambda: kind.draw(self.rng, size),
                lambda inputs, output: kind.check(inputs, output, ours["count"], size),
                thresholds=(truth / (1 + DEMANDED), truth * (1 + DEMANDED)),
                shuffle=self.shuffle,
            )
            verdict = decide(
                run.pairs,
                {at: points for points, at in enumerate(_thresholds(truth), 1)},
                candidate="candidate",
                baseline="baseline",
                loops=run.loops,
            )
            return verdict, time.perf_counter() - start


def _thresholds(truth: float) -> list[float]:
    """Return the thresholds in rising order: those to be passed, then those to be missed."""
    return [truth / (1 + m) for m in reversed(MARGINS)] + [truth * (1 + m) for m in MARGINS]


def _key(margin: float) -> str:
    return f"{100 * margin:.0f}"


def _outcomes(verdict: Verdict, truth: float) -> dict[str, list[Outcome]]:
    """Return {margin: [outcome of the honest, outcome of the slow]}."""
    found = [step.outcome for step in verdict.steps]
    return {_key(m): [found[len(MARGINS) - 1 - at], found[len(MARGINS) + at]] for at, m in enumerate(MARGINS)}


def method() -> str:
    """Return a short name for the version of the stopwatch that is measured here."""
    folder = Path(kernelmark.__file__).parent
    digest = hashlib.sha256(b"".join((folder / f"{name}.py").read_bytes() for name in METHOD_FILES))
    return digest.hexdigest()[:8]


def run_cell(
    bench: Bench, cell: Cell, work: Work, gradings: int, hogs: _loads.Hogs, note: Callable[[dict[str, Any]], None]
) -> None:
    """Grade so many times under a load that already runs."""
    usage = _loads.Usage(lambda: bench.cpu_s() + hogs.cpu_s())
    for number in range(gradings):
        if number % RENEW_EVERY == 0:
            bench.renew()
        graded = bench.grade(work, bench.ratios[number % len(bench.ratios)])
        others, steal = usage.shares()
        note({**vars(cell), **vars(graded), "others": round(others, 3), "steal": round(steal, 3)})


# The report reads lines of JSON and nothing else.


def upper_bound(wrong: int, of: int, confidence: float = CONFIDENCE) -> float:
    """Return the one-sided upper bound of a rate of which `wrong` of `of` trials were seen.

    Source: Clopper and Pearson 1934, Biometrika 26(4); 3/n for none, the rule of three.
    """
    if wrong >= of:
        return 1.0
    low, high = wrong / of, 1.0
    for _ in range(60):
        rate = (low + high) / 2
        terms = (
            math.lgamma(of + 1)
            - math.lgamma(k + 1)
            - math.lgamma(of - k + 1)
            + k * math.log(rate)
            + (of - k) * math.log1p(-rate)
            for k in range(wrong + 1)
        )
        low, high = (rate, high) if sum(math.exp(term) for term in terms) > 1 - confidence else (low, rate)
    return high


@dataclass(frozen=True)
class Row:
    """The counts of one cell, or of several pooled."""

    name: str
    lines: Sequence[dict[str, Any]]

    def wrong(self, margin: float) -> tuple[int, int]:
        """Return how many honest gradings failed and how many slow ones passed."""
        both = [line["outcomes"][_key(margin)] for line in self.lines]
        return sum(b[0] == "fail" for b in both), sum(b[1] == "pass" for b in both)

    def plain_wrong(self, margin: float) -> tuple[int, int]:
        """Return the same for the plain assert."""
        shares = [line["plain"] / line["truth"] for line in self.lines]  # NaN, where left out, is on neither side
        return sum(s < 1 / (1 + margin) for s in shares), sum(s >= 1 + margin for s in shares)

    def plain_count(self) -> int:
        """Return how many gradings stood beside a plain assert."""
        return sum(not math.isnan(line["plain"]) for line in self.lines)

    def inconclusive(self) -> float:
        """Return the share of verdicts at the demanded margin that a person would have to look at."""
        both = [line["outcomes"][_key(DEMANDED)] for line in self.lines]
        return sum(outcome == "inconclusive" for b in both for outcome in b) / (2 * len(both))

    def cost_s(self) -> float:
        """Return the median cost of a verdict in seconds, second races included."""
        costs = [line["cost_s"] for line in self.lines if not line["error"]]
        return statistics.median(costs) if costs else math.nan

    def errors(self) -> list[float]:
        """Return the relative errors of the ratios, sorted."""
        return sorted(line["ratio"] / line["truth"] - 1 for line in self.lines if not line["error"])

    def pull(self) -> float:
        """Return the median error towards a ratio of 1, which a cost that both sides share makes."""
        known = [line for line in self.lines if not line["error"]]
        towards = [(line["ratio"] / line["truth"] - 1) * (1 if line["truth"] < 1 else -1) for line in known]
        return statistics.median(towards) if towards else math.nan

    def disturbed(self) -> tuple[float, float]:
        """Return the shares of the machine that others and the host took while the cell ran."""
        return self.lines[-1]["others"], self.lines[-1]["steal"]

    def misses(self, cell: Cell) -> list[str]:
        """Return the demands that the cell misses."""
        found = []
        failed, passed = self.wrong(DEMANDED)
        if failed or passed:
            found.append(f"{self.name}: {failed} honest failed and {passed} slow passed at 20 %")
        quiet = cell.load == "idle" and sum(self.disturbed()) <= DISTURBED
        allowed = MAX_INCONCLUSIVE_IDLE if quiet else MAX_INCONCLUSIVE_LOADED
        if self.inconclusive() >= allowed:
            found.append(
                f"{self.name}: {100 * self.inconclusive():.1f} % inconclusive, under {100 * allowed:.0f} % is asked"
            )
        if cell.call == "2ms" and self.cost_s() >= MAX_MEDIAN_2MS_S:
            found.append(f"{self.name}: a verdict costs {self.cost_s():.2f} s, under {MAX_MEDIAN_2MS_S} s is asked")
        return found

    def markdown(self) -> str:
        """Return the row as a line of the table."""
        n, errors = len(self.lines), self.errors() or [math.nan]
        own = " | ".join(_percent(self.wrong(m), n) for m in MARGINS)
        plain = " | ".join(_percent(self.plain_wrong(m), self.plain_count()) for m in MARGINS)
        pairs = statistics.median(line["pairs"] for line in self.lines)
        again = sum(line["races"] - 1 for line in self.lines)
        others, steal = self.disturbed()
        return (
            f"| {self.name} | {n} | {own} | {100 * self.inconclusive():.1f} | {again} | {pairs:.0f} "
            f"| {self.cost_s():.2f} | {100 * self.pull():+.1f} | {100 * errors[0]:+.1f} to {100 * errors[-1]:+.1f} "
            f"| {plain} | {100 * others:.0f} + {100 * steal:.0f} |"
        )


COLUMNS = (
    "load, call, kind", "gradings", "wrong at 10 %", "at 20 %", "at 50 %", "inconclusive %", "second races", "pairs",
    "cost s", "pulled to 1 %", "errors %", "plain assert, wrong at 10 %", "at 20 %", "at 50 %", "others + host %",
)  # fmt: skip
HEAD = f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}"
LEGEND = f"""
Wrong verdicts are in percent, honest failed / slow passed. A pass is given from {PASS_LINE} of a
threshold, so one that lies 10 % above the truth asks for {1.1 * PASS_LINE:.2f} of it: that column is
for information, as is that at 50 %. "pulled to 1" is the median error towards a ratio of 1. idle* was not
idle: others or the host used more than 5 % of the machine. Upper bounds hold with 95 %
confidence, for thresholds 20 % from the truth.
"""


def _percent(counts: Iterable[int], of: int) -> str:
    return " / ".join("-" if not of else "0" if not count else f"{100 * count / of:.1f}" for count in counts)


def report(lines: Sequence[dict[str, Any]]) -> list[str]:
    """Print the table and the pooled bounds; return the demands that are missed."""
    cells: dict[Cell, list[dict[str, Any]]] = {}
    for line in lines:
        cells.setdefault(Cell(line["load"], line["call"], line["kind"]), []).append(line)
    ordered = sorted(cells, key=lambda c: (LOADS.index(c.load), list(CALLS_S).index(c.call), list(KINDS).index(c.kind)))
    missed: list[str] = []
    print(HEAD)
    for cell in ordered:
        row = _row(cell, cells[cell])
        print(row.markdown())
        missed += row.misses(cell)
    print(LEGEND)
    head = ("cells", "gradings", "honest failed", "at most %", "slow passed", "at most %", "plain: failed", "passed")
    print(f"| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for name, chosen in [(load, [c for c in ordered if c.load == load]) for load in LOADS] + [("all", ordered)]:
        if chosen:
            print(_pooled(name, [line for cell in chosen for line in cells[cell]]))
    print(
        "\nOne cell with nothing wrong: "
        + "; ".join(
            f"{n} gradings bound a rate at {100 * upper_bound(0, n):.2f} %"
            for n in sorted({len(v) for v in cells.values()})
        )
        + "."
    )
    errors = sorted({line["error"] for line in lines if line["error"]})
    for error in errors:
        print(f"Error in a race (counted as inconclusive): {error}")
    return missed


def _row(cell: Cell, lines: Sequence[dict[str, Any]]) -> Row:
    row = Row(f"{cell.load}, {cell.call}, {cell.kind}", lines)
    # An idle row that was not idle is marked, and is judged as what it was.
    return (
        Row(row.name.replace("idle", "idle*"), lines)
        if cell.load == "idle" and sum(row.disturbed()) > DISTURBED
        else row
    )


def _pooled(name: str, lines: Sequence[dict[str, Any]]) -> str:
    row, n = Row(name, lines), len(lines)
    failed, passed = row.wrong(DEMANDED)
    plain = row.plain_wrong(DEMANDED)
    return (
        f"| {name} | {n} | {failed} | {100 * upper_bound(failed, n):.2f} "
        f"| {passed} | {100 * upper_bound(passed, n):.2f} | {plain[0]} | {plain[1]} |"
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)

    def chosen(known: Iterable[str]) -> Callable[[str], list[str]]:
        def words(text: str) -> list[str]:
            unknown = set(text.split(",")) - set(known)
            if unknown:
                raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}; there are {', '.join(known)}")
            return text.split(",")

        return words

    parser.add_argument("--gradings", type=int, default=300, help="a cell (300)")
    parser.add_argument("--calls", type=chosen(CALLS_S), default=list(CALLS_S))
    parser.add_argument("--kinds", type=chosen(KINDS), default=list(KINDS))
    parser.add_argument("--loads", type=chosen(LOADS), default=list(LOADS))
    parser.add_argument("--ratios", default=",".join(f"{a}:{b}" for a, b in RATIOS), help="units of baseline:candidate")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--results", type=Path, default=RESULTS, help="lines of JSON, added to")
    parser.add_argument(
        "--without-plain", action="store_true", help="leave out the plain assert, to add gradings sooner"
    )
    parser.add_argument("--report", action="store_true", help="only print the table of what is in the results")
    parser.add_argument("--method", help="report on this version of the stopwatch (the last one in the results)")
    return parser.parse_args()


def _read(path: Path, version: str | None) -> list[dict[str, Any]]:
    lines = [json.loads(text) for text in path.read_text().splitlines()] if path.exists() else []
    wanted = version or (lines[-1]["method"] if lines else None)
    return [line for line in lines if line["method"] == wanted]


def main() -> int:
    """Run what the arguments ask for; return 1 when a demand is missed."""
    options = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    lines: list[dict[str, Any]] = []
    if options.report:
        lines = _read(options.results, options.method)
    else:
        machine = describe_machine()
        print(
            f"{machine.processor}, {machine.cores} cores, Python {machine.python}, NumPy {machine.numpy}, "
            f"{time.strftime('%Y-%m-%d')}, method {method()}",
            flush=True,
        )
        lines = _measure(options)
    if not lines:
        print(f"nothing in {options.results}")
        return 1
    missed = report(lines)
    print("\n" + ("Missed:\n" + "\n".join(f"- {text}" for text in missed) if missed else "Every demand is met."))
    return 1 if missed else 0


def _measure(options: argparse.Namespace) -> list[dict[str, Any]]:
    ratios = [(int(a), int(b)) for a, b in (text.split(":") for text in options.ratios.split(","))]
    options.results.parent.mkdir(parents=True, exist_ok=True)
    common = {"method": method(), "seed": options.seed}
    bench = Bench(options.seed, ratios, plain=not options.without_plain)
    lines: list[dict[str, Any]] = []
    try:
        works = {(kind, call): bench.fit(kind, call) for call in options.calls for kind in options.kinds}
        for work in works.values():
            bare = ", ".join(
                f"{a}:{b} measured bare {found:.3f} (true {a / b:.3f})" for (a, b), found in work.bare.items()
            )
            print(f"{work.call} {work.kind}: {work.unit} pieces a unit; {bare}", flush=True)
        print(HEAD, flush=True)
        with options.results.open("a") as file:

            def note(line: dict[str, Any]) -> None:
                lines.append({**common, **line})
                file.write(json.dumps(lines[-1]) + "\n")
                file.flush()

            for load in options.loads:
                with _loads.Hogs(load) as hogs:
                    for call in options.calls:
                        for kind in options.kinds:
                            cell, before = Cell(load, call, kind), len(lines)
                            run_cell(bench, cell, works[kind, call], options.gradings, hogs, note)
                            print(_row(cell, lines[before:]).markdown(), flush=True)
    finally:
        bench.close()
    print()
    return lines


if __name__ == "__main__":
    sys.exit(main())
