"""`kernelmark audit`: do the tests of an assignment catch wrong work.

Each mutant of a solution, and each plausible wrong solution, is graded by the referee, many at once; what survives
is compared with the solution. Outcomes are kept by hash. It prints no page, `audit_page` does, and changes no notebook.
"""

import json
import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from kernelmark.authoring import accepted, equivalence, notebooks, trial
from kernelmark.authoring.accepted import Accepted
from kernelmark.authoring.equivalence import ORDER, Comparison
from kernelmark.authoring.kept import Kept
from kernelmark.authoring.mutants import Mutant
from kernelmark.authoring.trial import Outcome, Trial
from kernelmark.authoring.units import Unit, Units
from kernelmark.errors import CourseError, KernelmarkError
from kernelmark.notebook.contracts import Item
from kernelmark.records import RECORDS
from kernelmark.whole_class.work import packed
from kernelmark.whole_class.workers import MAX_LOSSES, Workers, workers

# A call or cell of a mutant may take so many times as long as the solution's slowest test, and so much more.
TIMES_THE_SOLUTION = 3
MORE_S = 2.0
# Of what is kept of a comparison; another number makes old ones worth nothing.
COMPARED = 2


@dataclass(frozen=True)
class Wanted:
    """What is asked of an audit; see the command's help."""

    assignment: str
    function: str = ""
    minutes: float = 0.0
    jobs: int = 0
    scheduler: str = ""
    speed: bool = False
    wrong: tuple[Path, ...] = ()
    seed: int = 0


@dataclass(frozen=True)
class Survivor:
    """A mutant that no test caught, what the comparison says of it, and the contract beside it."""

    mutant: Mutant
    comparison: Comparison
    items: tuple[Item, ...]
    # Why a person must look, where a test could not be judged; "" where all were passed.
    person: str = ""


@dataclass
class Score:
    """How one function's tests did."""

    function: str
    mutants: int
    tests: tuple[str, ...]
    caught: int = 0
    accepted: int = 0
    untried: int = 0
    kept: int = 0
    survivors: list[Survivor] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)

    def count(self, kind: str) -> int:
        """How many survivors are of a kind; those for a person are counted apart."""
        return sum(each.comparison.kind == kind and not each.person for each in self.survivors)

    @property
    def persons(self) -> int:
        """How many went to a person."""
        return sum(bool(each.person) for each in self.survivors)

    @property
    def wrong(self) -> int:
        """How many survivors are surely wrong."""
        return self.count("wrong") + self.count("forbidden")


@dataclass
class Audit:
    """What an audit of one notebook found."""

    assignment: str
    notebook: str
    scores: list[Score]
    unused: list[Accepted]
    seconds: float

    def survivors(self) -> list[Survivor]:
        """Return all survivors, most likely wrong first."""
        found = [each for score in self.scores for each in score.survivors]
        return sorted(found, key=lambda each: (bool(each.person), ORDER.index(each.comparison.kind)))


def audit(wanted: Wanted, root: Path, tell: Callable[[str], None]) -> list[Audit]:
    """Audit every notebook of an assignment.

    Raises:
        CourseError: there is no such assignment or function, or it cannot be graded.
        SandboxError: nothing can be contained here.
    """
    found = []
    try:
        with workers(wanted.jobs, wanted.scheduler) as crew:
            for own in notebooks.find(wanted.assignment, root):
                named = replace(wanted, assignment=own.path.parent.name)
                found.append(_Run(named, root, Units(own, speed=wanted.speed), crew, tell).run())
    finally:
        trial.close()
    known = {score.function for each in found for score in each.scores}
    if idle := [str(path) for path in wanted.wrong if path.stem not in known]:
        raise CourseError(f"--wrong: no cell of {wanted.assignment} is answered by {', '.join(idle)}")
    if not known:
        raise CourseError(f"{wanted.assignment}: no solution cell defines {wanted.function or 'anything to change'}")
    return found


class _Run:
    """One notebook's audit."""

    def __init__(self, wanted: Wanted, root: Path, all_units: Units, crew: Workers, tell: Callable[[str], None]):
        self._wanted, self._units, self._crew, self._tell = wanted, all_units, crew, tell
        self._kept = Kept(root / RECORDS / "audit" / wanted.assignment / f"{all_units.own.path.stem}.json")
        self._accepted = accepted.load(accepted.place(root, wanted.assignment))
        self._where = accepted.inputs(accepted.place(root, wanted.assignment))
        self._start = time.monotonic()
        self._deadline = self._start + 60 * wanted.minutes if wanted.minutes else float("inf")
        self._files: Any = packed(all_units.own.files) if crew.remote else all_units.own.files
        self._outcomes: dict[int, Outcome] = {}

    def run(self) -> Audit:
        """Try every mutant and look at what survives."""
        units = self._units.of(self._wanted.function, self._wanted.wrong)
        every = [mutant for unit in units for mutant in unit.mutants]
        self._require_known_inputs()
        unused = [] if self._wanted.function else accepted.unused(self._accepted, every)
        scores = {unit.function: Score(unit.function, len(unit.mutants), unit.tests) for unit in units}
        taken = {id(m) for m in every if any(entry.is_of(m) for entry in self._accepted)}
        todo = []
        for unit in units:
            score = scores[unit.function]
            score.accepted = sum(id(m) in taken for m in unit.mutants)
            for mutant in unit.mutants:
                if id(mutant) in taken:
                    continue
                if (known := self._kept.get(self._units.key(unit, mutant), Outcome)) is not None:
                    self._outcomes[id(mutant)] = known
                    score.kept += 1
                elif unit.tests:
                    todo.append((unit, mutant))
                else:
                    self._outcomes[id(mutant)] = Outcome("survived")
        self._try_all(self._in_turn(todo), len(every), len(every) - len(todo))
        # Each waits for a sandbox of its own; on this machine, also where the grading was elsewhere.
        with ThreadPoolExecutor(self._wanted.jobs or len(os.sched_getaffinity(0))) as pool:
            list(pool.map(lambda unit: self._settle(unit, scores[unit.function], taken), units))
        self._kept.save()
        seconds = time.monotonic() - self._start
        name = self._units.own.path.stem
        return Audit(self._wanted.assignment, name, list(scores.values()), unused, seconds)

    def _require_known_inputs(self) -> None:
        names = set(self._units.own.own_plan.names)
        if unknown := sorted(name for name in self._where if name.split(".")[0] not in names):
            raise CourseError(
                f"audit/{self._wanted.assignment}.toml: [[inputs]] names {', '.join(unknown)}, which no solution cell "
                f"defines; there are: {', '.join(sorted(names))}"
            )

    def _in_turn(self, todo: Sequence[tuple[Unit, Mutant]]) -> list[tuple[Unit, Mutant]]:
        """Where time is short, go round the functions, in each in a random order."""
        if not self._wanted.minutes:
            return list(todo)
        rng = random.Random(self._wanted.seed)
        shuffled = rng.sample(list(todo), len(todo))
        turns: dict[str, int] = {}
        order = []
        for unit, mutant in shuffled:
            turns[unit.function] = turns.get(unit.function, 0) + 1
            order.append((turns[unit.function], unit, mutant))
        return [(unit, mutant) for _, unit, mutant in sorted(order, key=lambda each: each[0])]

    def _try_all(self, todo: list[tuple[Unit, Mutant]], total: int, known: int) -> None:
        """Grade what is not known yet, many at once, until it is done or the time is over."""
        limits = self._baselines(list({id(unit): unit for unit, _ in todo}.values()))
        waiting = iter([(unit, mutant) for unit, mutant in todo if unit.tests])
        running: dict[Future[Any], tuple[Unit, Mutant, int]] = {}
        done, said = known, time.monotonic()
        try:
            while True:
                while len(running) < 2 * self._crew.count and time.monotonic() < self._deadline:
                    pair = next(waiting, None)
                    if pair is None:
                        break
                    running[self._submit(*pair, limits[id(pair[0])])] = (*pair, 0)
                if not running:
                    return
                ready = wait(running, 5.0, FIRST_COMPLETED)[0]
                if not ready:
                    self._tell_trouble()
                for future in ready:
                    unit, mutant, losses = running.pop(future)
                    try:
                        outcome = future.result()
                    except KernelmarkError:
                        raise
                    except Exception:  # a worker or its connection went away; Dask raises what it met, of any kind
                        if losses >= MAX_LOSSES:
                            raise
                        running[self._submit(unit, mutant, limits[id(unit)])] = (unit, mutant, losses + 1)
                        continue
                    self._outcomes[id(mutant)] = outcome
                    self._kept.put(self._units.key(unit, mutant), asdict(outcome))
                    done += 1
                if time.monotonic() - said > 5.0:
                    said = time.monotonic()
                    self._tell(f"{self._wanted.assignment}: {done} of {total}, {said - self._start:.0f} s")
        except BaseException:  # whatever ends the run, ctrl-C too, what is known is kept
            self._crew.drop(running)
            self._kept.save()
            raise

    def _baselines(self, units: Sequence[Unit]) -> dict[int, float]:
        """Grade the own solution on each unit's tests; leave out those it does not pass. Return the time for a call."""
        limit_s = self._units.own.limits.cell_s
        running = {
            id(unit): self._crew.submit(trial.results, self._trial(unit, {}, limit_s, until_lost=False))
            for unit in units
        }
        found = {}
        for unit in units:
            cells = self._awaited(running[id(unit)])
            unit.left_out = {cell.grade_id: (cell.staff or cell.reason)[:300] for cell in cells if cell.mark != "pass"}
            if unit.left_out:
                keep = tuple(cell for cell in unit.plan.cells if cell.grade_id not in unit.left_out)
                unit.plan = replace(unit.plan, cells=keep)
            slowest_s = max((cell.elapsed_s for cell in cells), default=0.0)
            found[id(unit)] = TIMES_THE_SOLUTION * slowest_s + MORE_S
        return found

    def _awaited(self, future: Future[Any]) -> Any:
        """Return what comes of a piece of work, and tell what holds all work up meanwhile."""
        while not wait([future], 5.0)[0]:
            self._tell_trouble()
        try:
            return future.result()
        except CancelledError:  # what Dask says of all work where the scheduler is gone
            self._tell_trouble()
            raise

    def _tell_trouble(self) -> None:
        if trouble := self._crew.trouble():
            self._tell(f"{self._wanted.assignment}: {trouble}")

    def _submit(self, unit: Unit, mutant: Mutant, limit_s: float) -> Future[Any]:
        return self._crew.submit(trial.try_out, self._trial(unit, mutant.sources, limit_s))

    def _trial(self, unit: Unit, sources: dict[str, str], limit_s: float, *, until_lost: bool = True) -> Trial:
        own = self._units.own
        limits = replace(own.limits, cell_s=limit_s)
        return Trial(unit.plan.to_json(), sources, own.sha256, asdict(limits), self._files, until_lost)

    def _settle(self, unit: Unit, score: Score, taken: set[int]) -> None:
        """Count what came of a unit's mutants, and compare those that survived with the solution."""
        left = []
        for mutant in unit.mutants:
            outcome = self._outcomes.get(id(mutant))
            if id(mutant) in taken:
                continue
            if outcome is None:
                score.untried += 1
            elif outcome.fate == "caught":
                score.caught += 1
            else:
                left.append((mutant, outcome))
        score.left_out = unit.left_out
        known = {id(m): self._kept.get(self._compared(unit, m), Comparison) for m, _ in left}
        fresh = [m for m, _ in left if known[id(m)] is None]
        if fresh:
            self._tell(f"{self._wanted.assignment}: {unit.function}: {len(fresh)} survivors compared with the solution")
            found = equivalence.compare(self._units, unit, fresh, self._wanted.seed, self._where)
            for mutant, comparison in zip(fresh, found, strict=True):
                known[id(mutant)] = comparison
                if comparison.complete:
                    self._kept.put(self._compared(unit, mutant), asdict(comparison))
        for mutant, outcome in left:
            person = f"{outcome.test}: {outcome.said}" if outcome.fate == "person" else ""
            items = tuple(self._units.items(unit, mutant))
            score.survivors.append(Survivor(mutant, known[id(mutant)], items, person))

    def _compared(self, unit: Unit, mutant: Mutant) -> str:
        where = json.dumps(self._where, sort_keys=True) if self._where else ""
        return f"compared {COMPARED} {self._units.key(unit, mutant)} {self._wanted.seed}{where}"


def lines(found: Audit) -> Iterator[str]:
    """Yield the audit for a terminal: a line for each function, then the survivors, most likely wrong first."""
    width = max([8, *(len(score.function) for score in found.scores)])
    yield f"{'function':{width}} mutants  caught  survived  wrong  person  accepted  untried"
    for score in found.scores:
        survived = len(score.survivors) - score.persons
        counts = (score.mutants, score.caught, survived, score.wrong, score.persons, score.accepted, score.untried)
        yield f"{score.function:{width}} " + "  ".join(
            f"{count:>{size}}" for count, size in zip(counts, (7, 6, 8, 5, 6, 8, 7), strict=True)
        )
    totals = [sum(getattr(score, name) for score in found.scores) for name in ("mutants", "caught", "wrong", "kept")]
    yield f"{totals[0]} mutants, {totals[1]} caught, {totals[2]} survive and are wrong; {found.seconds:.0f} s, " + (
        f"{totals[3]} of the outcomes were known from an earlier run"
    )
    for score in found.scores:
        for grade_id, why in score.left_out.items():
            yield f"left out: {grade_id}, which the own solution does not pass: {why}"
        if not score.tests:
            yield f"{score.function}: no test can notice a change of it"
    for entry in found.unused:
        yield f"accepted in the file, and there is no such mutant any more: {entry.function}: {entry.added}"
    for each in found.survivors():
        yield ""
        yield from survivor_lines(each)


def survivor_lines(each: Survivor) -> Iterator[str]:
    """Yield a survivor in words, with its diff and the contract beside it."""
    mutant, comparison = each.mutant, each.comparison
    yield f"{mutant.function}: {mutant.operator} (cell {mutant.cell}, line {mutant.line})"
    if each.person:
        yield f"  a person looks: {each.person}"
    yield f"  {equivalence.MEANING[comparison.kind]} ({comparison.asked} tried)"
    if comparison.input:
        yield f"  {comparison.input_is}: {comparison.input}"
    if comparison.said:
        yield f"  {comparison.said}"
    for item in each.items[:3]:
        yield f"  contract: {item.text}" + (f" [{', '.join(item.tests)}]" if item.tests else "")
    yield from (f"    {line}" for line in mutant.diff.split("\n")[2:])
