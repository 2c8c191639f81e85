"""A notebook as `audit` sees it: its mutants by function, the tests that can notice each, the contract beside them.

It makes a unit of each file of plausible wrong work, too, and hashes what an outcome rests on. It grades nothing.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from nbformat.notebooknode import NotebookNode

from kernelmark.authoring import written
from kernelmark.authoring.mutants import Mutant, diff_of, mutants
from kernelmark.authoring.notebooks import OwnNotebook
from kernelmark.authoring.noticing import reached, shortened
from kernelmark.authoring.written import Written
from kernelmark.notebook.background import chosen_text
from kernelmark.notebook.cells import Plan, used_names
from kernelmark.notebook.contracts import Item, contracts
from kernelmark.referee import grading

# Of what is kept of an outcome; another number makes old outcomes worth nothing.
FORM = 1
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


class Units:
    """What of a notebook is changed and tried.

    Attributes:
        own: the notebook.
        speed: whether tests with a speed check are asked, too.
    """

    def __init__(self, own: OwnNotebook, *, speed: bool = False):
        self.own, self.speed = own, speed
        self._contracts = [items for _, items, _ in contracts(own.course.source)]

    def of(self, function: str = "", wrong: Sequence[Path] = ()) -> list[Unit]:
        """Return the functions with their mutants, and a unit for each file of wrong work that answers a cell.

        Raises:
            CourseError: a file of wrong work names no solution cell, or no function has that name.
        """
        found: dict[str, Unit] = {}
        for cell in self.own.course.cells:
            if not (cell.code and cell.solves and cell.role in ("student", "answer")):
                continue
            try:
                made = mutants(cell.source, cell.grade_id, self.own.course.markers.solution)
            except SyntaxError:
                continue  # magics: what would be changed is not Python
            for mutant in made:
                if mutant.function not in found:
                    plan = shortened(self.own.own_plan, mutant.names, speed=self.speed)
                    found[mutant.function] = Unit(mutant.function, mutant.names, [], plan)
                found[mutant.function].mutants.append(mutant)
        units = list(found.values())
        if function:
            units = [unit for unit in units if unit.function == function]
        files = [written.read(path) for path in wrong]
        return [*units, *(self._wrong(each) for each in files if each.answers(self.own.course))]

    def _wrong(self, wrong: Written) -> Unit:
        course = self.own.course
        wrong.require_solution_cells(course, self.own.name)
        names = tuple(sorted(wrong.names))
        diffs = [diff_of(course.cells[course.by_id[name]].source, new) for name, new in wrong.cells.items()]
        first, *more = wrong.cells.items()
        name = wrong.path.stem
        mutant = Mutant(first[0], name, "written by hand", 1, first[1], "\n".join(diffs), names, tuple(more))
        return Unit(name, names, [mutant], shortened(self.own.own_plan, names, speed=self.speed))

    def key(self, unit: Unit, mutant: Mutant | None) -> str:
        """Return a hash of all that the outcome of a mutant rests on; of none, what its unit's tests rest on."""
        plan, sources = unit.plan, mutant.sources if mutant else {}
        cells = [[c.role, c.grade_id, sources.get(c.grade_id, c.source), c.points] for c in plan.cells]
        runs = [cell for cell in plan.solution if cell.code]
        tests = [cell for cell in plan.cells if cell.role in ("test", "setup")]
        before = [chosen_text(runs, plan.background, cell) for cell in tests]
        carried = {name: text for name, text in plan.carried.items() if name in unit.tests}
        rest = [
            FORM,
            grading.environment_sha256(),
            asdict(self.own.limits),
            self.own.files_sha256,
            before,
            carried,
            self.speed,
        ]
        return hashlib.sha256(json.dumps([cells, rest, sources]).encode()).hexdigest()

    def items(self, unit: Unit, mutant: Mutant) -> list[Item]:
        """Return the items of the nearest contract that names the function, those nearest in words to it first."""
        place = self.own.course.by_id[mutant.cell]
        before = [items for items in self._contracts if items[0].cell < place]
        named = [items for items in before if any(f"`{n}" in self._cell(items).source for n in unit.names)]
        chosen = (named or before or [[]])[-1]
        if any(item.tests for item in chosen):
            held = [item for item in chosen if not item.tests or set(item.tests) & set(unit.tests)]
            chosen = held or chosen
        words = set(_WORD.findall(" ".join(mutant.changed)))
        return sorted(chosen, key=lambda item: -len(words & set(_WORD.findall(item.text))))

    def _cell(self, items: Sequence[Item]) -> NotebookNode:
        found: NotebookNode = self.own.course.source.cells[items[0].cell]
        return found

    def entry_points(self, unit: Unit) -> list[str]:
        """Return the names by which tests reach a function: its own, or of those that use it."""
        asked = {name for cell in unit.plan.cells if cell.role == "test" for name in used_names(cell.source)}
        if direct := [name for name in unit.names if name in asked]:
            return direct
        solved = [cell for cell in unit.plan.cells if cell.role in ("student", "answer")]
        return sorted(reached(solved, unit.names) & asked & set(self.own.own_plan.names))

    def run_before(self, unit: Unit) -> Iterator[tuple[str, str]]:
        """Yield the grade id and the text of the cells that stand before the unit's tests, in order."""
        for cell in unit.plan.cells:
            if cell.role != "test" and cell.code:
                yield cell.grade_id, cell.source
