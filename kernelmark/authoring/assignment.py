"""An assignment as `audit` sees it: its mutants by function, the tests that can notice each, the contract beside them.

It reads the notebook and files of plausible wrong work, and hashes what an outcome rests on. It grades nothing.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode

from kernelmark.authoring.mutants import Mutant, diff_of, mutants
from kernelmark.authoring.noticing import reached, shortened
from kernelmark.errors import CourseError
from kernelmark.notebook import intake
from kernelmark.notebook.background import chosen_text
from kernelmark.notebook.cells import Plan, defined_names, used_names
from kernelmark.notebook.conform import DEMONSTRATION, Course, read_submission
from kernelmark.notebook.contracts import Item, contracts
from kernelmark.referee import grading
from kernelmark.sandbox.limits import Limits

# Of what is kept of an outcome; another number makes old outcomes worth nothing.
FORM = 1
_CELL = re.compile(r"^# %% (?P<id>\S+)[^\S\n]*(?P<rest>[^\n]*)$", re.MULTILINE)
_WORD = re.compile(r"[A-Za-z_]\w+|-?\d+(?:\.\d+)?")


@dataclass
class Unit:
    """A function, its mutants, and the notebook cut down to what can notice them."""

    function: str
    names: tuple[str, ...]
    mutants: list[Mutant]
    plan: Plan
    # What could not be asked of the own solution, and is left out, with the reason.
    left_out: dict[str, str] = field(default_factory=dict)

    @property
    def tests(self) -> tuple[str, ...]:
        """The grade ids of the tests that can notice."""
        return tuple(cell.grade_id for cell in self.plan.cells if cell.role == "test")


@dataclass
class Assignment:
    """One notebook of an assignment, read to be audited."""

    path: Path
    config: Any
    limits: Limits
    speed: bool = False

    def __post_init__(self) -> None:
        self.course = Course(grading.read_source(self.path, self.config), self.config)
        own = nbformat.from_dict(json.loads(json.dumps(self.course.source)))
        own.cells = [cell for cell in own.cells if DEMONSTRATION not in (cell.metadata.get("tags") or ())]
        self.plan = self.course.plan(*read_submission(nbformat.writes(own).encode()))[1]
        self.files = grading.own_files(self.path.parent)
        digest = hashlib.sha256()
        for name, place in self.files.items():
            digest.update(name.encode(errors="surrogateescape") + b"\0")
            intake.add_to_digest(digest, Path(place))
        self._files = digest.hexdigest()
        self.solution = hashlib.sha256(f"{nbformat.writes(self.course.source)}{self._files}".encode()).hexdigest()
        self._contracts = [items for _, items, _ in contracts(self.course.source)]

    def units(self, function: str = "", wrong: Sequence[Path] = ()) -> list[Unit]:
        """Return the functions with their mutants, and each file of wrong work as a unit of its own.

        Raises:
            CourseError: a file of wrong work names no solution cell, or no function has that name.
        """
        found: dict[str, Unit] = {}
        for cell in self.course.cells:
            if not (cell.code and cell.solves and cell.role in ("student", "answer")):
                continue
            try:
                made = mutants(cell.source, cell.grade_id, self.course.markers.solution)
            except SyntaxError:
                continue  # magics: what would be changed is not Python
            for mutant in made:
                if mutant.function not in found:
                    plan = shortened(self.plan, mutant.names, speed=self.speed)
                    found[mutant.function] = Unit(mutant.function, mutant.names, [], plan)
                found[mutant.function].mutants.append(mutant)
        units = list(found.values())
        if function:
            units = [unit for unit in units if unit.function == function]
        return [*units, *(self._wrong(path) for path in wrong if self._answers(path))]

    def _answers(self, path: Path) -> bool:
        ids = [match["id"] for match in _CELL.finditer(_read(path))]
        if not ids:
            raise CourseError(f"{path}: expected a line '# %% GRADE_ID' before the text of each cell, found none")
        return any(name in self.course.by_id for name in ids)

    def _wrong(self, path: Path) -> Unit:
        text = _read(path)
        matches = list(_CELL.finditer(text))
        sources: dict[str, str] = {}
        for match, following in zip(matches, [*matches[1:], None], strict=True):
            grade_id = match["id"]
            cell = self.course.cells[self.course.by_id[grade_id]] if grade_id in self.course.by_id else None
            if cell is None or not cell.solves or match["rest"]:
                raise CourseError(f"{path}: {match.group()!r} names no solution cell of {self.path.name}")
            sources[grade_id] = text[match.end() : following.start() if following else None].strip("\n")
        names = tuple(sorted(defined_names(list(sources.values()))))
        diffs = [diff_of(self.course.cells[self.course.by_id[name]].source, new) for name, new in sources.items()]
        first, *more = sources.items()
        mutant = Mutant(first[0], path.stem, "written by hand", 1, first[1], "\n".join(diffs), names, tuple(more))
        return Unit(path.stem, names, [mutant], shortened(self.plan, names, speed=self.speed))

    def key(self, unit: Unit, mutant: Mutant | None) -> str:
        """Return a hash of all that the outcome of a mutant rests on; of none, what its unit's tests rest on."""
        plan, sources = unit.plan, mutant.sources if mutant else {}
        cells = [[c.role, c.grade_id, sources.get(c.grade_id, c.source), c.points] for c in plan.cells]
        runs = [cell for cell in plan.solution if cell.code]
        tests = [cell for cell in plan.cells if cell.role in ("test", "setup")]
        before = [chosen_text(runs, plan.background, cell) for cell in tests]
        carried = {name: text for name, text in plan.carried.items() if name in unit.tests}
        rest = [FORM, grading.environment_sha256(), asdict(self.limits), self._files, before, carried, self.speed]
        return hashlib.sha256(json.dumps([cells, rest, sources]).encode()).hexdigest()

    def items(self, unit: Unit, mutant: Mutant) -> list[Item]:
        """Return the items of the nearest contract that names the function, those nearest in words to it first."""
        place = self.course.by_id[mutant.cell]
        before = [items for items in self._contracts if items[0].cell < place]
        named = [items for items in before if any(f"`{n}" in self._cell(items).source for n in unit.names)]
        chosen = (named or before or [[]])[-1]
        if any(item.tests for item in chosen):
            held = [item for item in chosen if not item.tests or set(item.tests) & set(unit.tests)]
            chosen = held or chosen
        words = set(_WORD.findall(" ".join(mutant.changed)))
        return sorted(chosen, key=lambda item: -len(words & set(_WORD.findall(item.text))))

    def _cell(self, items: Sequence[Item]) -> NotebookNode:
        found: NotebookNode = self.course.source.cells[items[0].cell]
        return found

    def entry_points(self, unit: Unit) -> list[str]:
        """Return the names by which tests reach a function: its own, or of those that use it."""
        asked = {name for cell in unit.plan.cells if cell.role == "test" for name in used_names(cell.source)}
        if direct := [name for name in unit.names if name in asked]:
            return direct
        solved = [cell for cell in unit.plan.cells if cell.role in ("student", "answer")]
        return sorted(reached(solved, unit.names) & asked & set(self.plan.names))

    def run_before(self, unit: Unit) -> Iterator[tuple[str, str]]:
        """Yield the grade id and the text of the cells that stand before the unit's tests, in order."""
        for cell in unit.plan.cells:
            if cell.role != "test" and cell.code:
                yield cell.grade_id, cell.source


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise CourseError(f"{path} cannot be read: {error}") from None
