"""How a cell of the judge's is run: against which process, after which others, and whose objects may answer in it.

An object of the submission's may answer where the course's own solution has one of that class too (`standing`). Which
is looked up only where an object was asked something: the cell is then run against the reference, and, where something
answered that should not have, once more against the submission, refusing it. What a run means is the judge's to say.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from kernelmark.errors import SubmissionError
from kernelmark.notebook.background import chosen_text
from kernelmark.notebook.cells import Cell, Plan, bound_names, used_names
from kernelmark.notebook.sharing import Shares
from kernelmark.referee.scene import Names, Ran, Scene
from kernelmark.referee.session import Session
from kernelmark.sandbox.link import Link
from kernelmark.wire.asked import same
from kernelmark.wire.changes import Argument, Changes
from kernelmark.wire.standing import Known, Standing

EQUALS_EVERYTHING = "objects of your code say that they equal everything; __eq__ must tell them apart"
# What no object of a course equals.
STRANGERS = (None, "a stranger", 0.123456789)


def _equals_everything(theirs: list[tuple[str, Any]], ours: list[tuple[str, Any]]) -> bool:
    """Say whether objects say yes to all to which those of the course's own solution say no.

    An answer is worth something where it might have been another. A test asks few questions, so these are asked after
    it: the objects of the test crosswise, and each of them what no object equals.
    """
    both = [(they, we) for (_, they), (_, we) in zip(theirs, ours, strict=False)]
    strangers = [same(they, stranger) for they, we in both for stranger in STRANGERS if not same(we, stranger)]
    crosswise = [
        same(they, they_too)
        for n, (they, we) in enumerate(both)
        for they_too, we_too in both[n + 1 :]
        if not same(we, we_too) and not same(they, they_too, "is")
    ]
    if [name for name, _ in theirs] != [name for name, _ in ours]:  # another order: they are not each other's
        crosswise = []
    return (bool(strangers) and all(strangers)) or (len(crosswise) > 1 and all(crosswise))


class Asking:
    """Runs cells against the two sessions; what has run is kept, since later cells build on it."""

    def __init__(self, student: Session, reference: Session, plan: Plan):
        self._student, self._reference, self._plan = student, reference, plan
        self._scene = Scene(plan, student.limits)
        self._runs = [cell for cell in plan.solution if cell.code]
        self._given: set[tuple[int, str]] = set()
        # The cells of the judge's that have run, in their order.
        self._ran: list[Cell] = []
        self._may_repeat = False
        # What the course's own solution gives in which test; and the tests tried with all the cells they build on.
        self._known = Known(plan.classes)
        self._learnt: set[Cell] = set()

    def _on_the_submission(
        self, cell: Cell, before: Names, allowed: set[Argument] | None = None
    ) -> tuple[Ran, Changes]:
        """Run a test against the student's process; an object answers where the course's own would; see `standing`.

        Args:
            allowed: the arguments whose changes come back; all where None.
        """
        changes, standing = Changes(allowed=allowed), Standing(cell.source, self._known)
        ran = self._run(cell, self._student.line, changes, standing)
        if standing.doubtful:
            self._learn(cell, before, standing)
        if ran.doubts_files:
            self._traced(cell, before)
        if standing.doubtful or (ran.doubts_files and self._scene.changes_files(cell.source)):
            changes.exchange()
            self._scene.go_back(before)
            changes = Changes(allowed=allowed)
            standing = Standing(cell.source, self._known, strict=standing.doubtful)
            ran = self._run(cell, self._student.line, changes, standing)
        if ran.error is None and standing.compared:
            if cell.source not in self._known.traces:
                self._traced(cell, before)
            if _equals_everything(standing.operands, self._known.traces[cell.source].operands):
                ran = replace(ran, error=SubmissionError(EQUALS_EVERYTHING), number=None)
        return ran, changes

    def _set_up(self, cell: Cell, before: Names) -> BaseException | None:
        """Run a set-up cell against the student's process; objects answer as in a test."""
        standing = Standing(cell.source, self._known)
        error = self._scene.set_up(cell.source, self._student.line, standing, plain=not cell.grade_id)
        if standing.doubtful:
            self._learn(cell, before, standing)
        if standing.doubtful:
            self._scene.go_back(before)
            strict = Standing(cell.source, self._known, strict=True)
            error = self._scene.set_up(cell.source, self._student.line, strict, plain=not cell.grade_id)
        return error

    def _give_background(self, cell: Cell) -> None:
        """Run what a cell needs of the instructor's other cells before it, each once; see the room `background`."""
        for index, source in chosen_text(self._runs, self._plan.background, cell):
            if (index, source) not in self._given:
                self._given.add((index, source))
                made = Cell("setup", source)
                self._set_up(made, self._scene.names())
                self._ran.append(made)

    def _learn(self, cell: Cell, before: Names, standing: Standing) -> None:
        """Note what each call of a cell gives on the course's own solution, at need after cells that it builds on."""
        if cell.source not in self._known.traces:
            self._traced(cell, before)
        needed = self._needed_by(cell)
        if standing.doubtful and needed and cell not in self._learnt:
            self._learnt.add(cell)
            with self._scene.aside():
                self._repeat(needed)
                self._traced(cell, self._scene.names())

    def _traced(self, cell: Cell, before: Names) -> None:
        changes = Changes(trusted=True)
        with self._scene.aside():
            self._scene.go_back(before)
            self._repeat([cell], changes)
        changes.exchange()

    def _run(
        self,
        cell: Cell,
        line: Callable[[], Link],
        changes: Changes | None = None,
        standing: Standing | None = None,
    ) -> Ran:
        self._may_repeat = True
        for session in (self._student, self._reference):
            session.forget_callbacks()
        standing = standing or Standing(cell.source, Known(self._known.classes), trusted=True)
        shares = Shares(**self._plan.shares.get(cell.grade_id, {}))
        return self._scene.run(cell.source, line, changes, standing, shares)

    def _as_tested(self) -> Link:
        """Return the line to the reference in the place of a submission, told from what `reference` asks."""
        return self._reference.line()

    def _needed_by(self, cell: Cell) -> list[Cell]:
        """Return the judge's cells before this one that bind what it uses, and what they use in turn."""
        wanted, needed = set(used_names(cell.source)), []
        for former in reversed(self._ran):
            if bound_names(former.source) & wanted:
                wanted |= used_names(former.source)
                needed.append(former)
        return needed[::-1]

    def _repeat(self, cells: list[Cell], changes: Changes | None = None) -> None:
        """Run cells of the judge's against the reference, as far as each comes."""
        for cell in cells:
            if cell.role == "setup":
                self._set_up_of_the_course(cell)
            else:
                self._run(cell, self._as_tested, changes, Standing(cell.source, self._known, trusted=True))

    def _set_up_of_the_course(self, cell: Cell) -> BaseException | None:
        """Run a set-up cell against the reference; return what ended it."""
        standing = Standing(cell.source, self._known, trusted=True)
        return self._scene.set_up(cell.source, self._as_tested, standing, plain=not cell.grade_id)
