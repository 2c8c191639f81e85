"""The judge: an IPython shell for the instructor's cells, which submitted code never enters.

Names that the instructor's solution defines are proxies here: calling one calls the
student's function in its own process. A race is timed from here, by clocks of the
kernel. It decides what a test cell found; it does not decide which cells run.
"""

import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from kernelmark import checks
from kernelmark.errors import CourseError, GraderError, SubmissionError
from kernelmark.notebook.causes import Causes
from kernelmark.notebook.cells import Cell, Plan
from kernelmark.records import Cause, CellResult, Verdict
from kernelmark.referee.asking import Asking
from kernelmark.referee.beside import Beside
from kernelmark.referee.machine import describe_machine
from kernelmark.referee.outcome import MAX_REASON_CHARS, Found, Output, result_of, status, trouble_of, writable
from kernelmark.referee.racing import Implausible, RemoteSide, require_plausible
from kernelmark.referee.scene import Names, Ran, lacks, may_be_lent
from kernelmark.referee.session import TIMES_THE_COURSE, Session
from kernelmark.stopwatch.lock import host_lock
from kernelmark.stopwatch.timing import Inputs
from kernelmark.wire.asked import build_on
from kernelmark.wire.changes import Argument, Changes, told
from kernelmark.wire.foundation import foundation_of
from kernelmark.wire.proxy import Proxy, know_of_objects
from kernelmark.wire.refused import noted

# An inconclusive race is run once more, in fresh processes, after this pause.
PAUSE_S = 2.0
# So many of the course's cells that failed are named beside a test that its own solution fails.
MAX_FAILED_TOLD = 3
BY_THE_SUBMISSION = "This test could not be finished with what your code returned or did."


class Judge(Asking):
    """Runs set-up and test cells of one notebook.

    It starts with the two sessions and the plan; `setup` and `test` run a cell and say what came of it, `solved`
    tells it that a cell of the student's has run. What a test cell asks through `checks` (see `checks.Runtime`)
    stands at its end. `close` ends what it started itself.
    """

    def __init__(
        self,
        student: Session,
        reference: Session,
        plan: Plan,
        sound: set[str],
        waits: Callable[[bool], None] = lambda waiting: None,
        beside: Mapping[str, str] | None = None,
        *,
        decides: bool = False,
    ):
        self._waits = waits
        super().__init__(student, reference, plan)
        self._whole = reference
        self._place: int | None = None
        # What set-up cells said that failed in the judge by no doing of a student's.
        self._failed: list[str] = []
        self.sound = sound
        self.beside = Beside(student, reference, beside or {}, decides=decides)
        # Tests that the course's own solution fails when it is asked apart, with what it met.
        self._unsound: dict[str, str] = {}
        self.causes = Causes(plan.names)
        self.machine = describe_machine()
        self.where = f"Measured by the grader on {self.machine.processor}, {time.strftime('%Y-%m-%d')}."
        checks.use(self)
        know_of_objects()
        build_on(foundation_of)

    def setup(self, cell: Cell) -> None:
        """Run a locked set-up cell; where it fails, what it defines is missing to the tests that need it."""
        self._give_background(cell)
        error = self._set_up(cell, self._scene.names())
        self._ran.append(cell)
        if error is not None and not isinstance(error, SubmissionError) and not _is_of_a_student(error):
            self._failed.append(f"a set-up cell fails: {type(error).__name__}: {error}; it begins {cell.source[:80]!r}")

    def test(self, cell: Cell) -> tuple[CellResult, list[Output]]:
        """Run a test cell against the student's process; return its result and outputs."""
        start = time.monotonic()
        self._take_place(cell)
        self._give_background(cell)
        if cell.grade_id in self.beside.known:
            return self._judged_beside(cell, start)
        before = self._scene.names()
        self._student.allow(TIMES_THE_COURSE * self._whole.slow.get(cell.grade_id, 0.0))
        ran, trouble, why = self._asked(cell, before)
        # What cannot be asked twice was tried on the course's own solution already.
        if (trouble is not None and not why) or (trouble is None and _earns_nothing(cell, ran)):
            ran, trouble = self._whose_doing(cell, before, ran, trouble)
        if (unsound := self._unsound.get(cell.grade_id)) and trouble is not None:
            place = self._plan.stands.get(cell.grade_id, len(self._runs))
            if self.beside.found(cell, unsound, place, self._needed_by(cell)):
                return self._judged_beside(cell, start)
            trouble = f"{trouble}{self._where_it_stands()}{self.beside.hint(cell)}"
        self._ran.append(cell)
        cause, elapsed_s = self._cause(ran.error), time.monotonic() - start
        found = Found(ran.error, ran.verdicts, trouble, elapsed_s, cause, self._scene.solutions, ran.number)
        result = result_of(cell, found)
        if why and result.mark == "fail":
            result = replace(result, reason=f"{why}\n{result.reason}"[:MAX_REASON_CHARS])
        return result, [status(result), *writable(ran.outputs)]

    def solved(self, grade_id: str) -> None:
        """Give the names that a solution cell defines their meaning again: it has run."""
        self._scene.solved(grade_id)

    def _cause(self, error: BaseException | None) -> Cause | None:
        """Return the student's cell that did not run and that explains what a test found, if there is one."""
        for source, why in self._student.left_out:
            self.causes.lost(source, why)
        of_the_student = [e for e in (error, getattr(error, "__cause__", None)) if e and not _is_of_the_course(e)]
        for remote in filter(_is_of_a_student, of_the_student):
            self.causes.note_module(type(remote).__name__, str(remote))
        found = [self.causes.behind(type(e).__name__, str(e)) for e in of_the_student]
        return next((cause for cause in found if cause is not None), None)

    def close(self) -> None:
        """End the reference that stands further up in the notebook, if there is one."""
        if self._reference is not self._whole:
            self._reference.close()

    def _take_place(self, cell: Cell) -> None:
        """Have the reference stand where the test stands; where no name changes further down, its end will do."""
        place = self._plan.places.get(cell.grade_id)
        if place != self._place:
            self.close()
            self._place, self._reference = place, self._whole if place is None else self._whole.as_of(place)
        self._reference.forgive()

    def _asked(self, cell: Cell, before: Names) -> tuple[Ran, str | None, str]:
        """Run a test against the student's process: what it came to, why nobody can be marked, what was overwritten."""
        ran, changes = self._on_the_submission(cell, before)
        trouble = trouble_of(cell, ran.error, ran.verdicts, ran.number)
        if changes.made and trouble is None and not ran.verdicts:  # no change of a timed call comes back
            return self._settle(cell, changes, before, ran)
        return ran, trouble, ""

    def _whose_doing(self, cell: Cell, before: Names, ran: Ran, trouble: str | None) -> tuple[Ran, str | None]:
        """Return what a test that did not pass comes to, once the course's own solution has been tried on it.

        Where that fails too, or meets the same trouble, nobody can be marked. Where it does not, the submission
        answers for the outcome, whatever its words are, unless it is a clock's or the machine's.
        """
        error = ran.error
        if isinstance(error, GraderError) and not isinstance(error, Implausible) and not _is_of_the_reference(error):
            return ran, trouble
        if cell.grade_id not in self.sound:
            second = self._on_the_reference(cell, before)
            if second is not None:
                said = self._fails_itself(cell, second)
                return ran, trouble or said
            self.sound.add(cell.grade_id)
            if cell.grade_id in self._whole.slow and isinstance(error, SubmissionError):
                self._student.allow(TIMES_THE_COURSE * self._whole.slow[cell.grade_id])
                self._scene.go_back(before)
                ran, trouble, _ = self._asked(cell, before)
                return ran, trouble
        if (lent := self._lent(cell, before, error)) is not None:
            return lent
        if trouble is None:
            return ran, None
        if isinstance(error, GraderError) and not isinstance(error, Implausible):
            # The course's own process was lost or late: once may be the machine's doing, twice is the submission's.
            self._scene.go_back(before)
            ran, trouble, _ = self._asked(cell, before)
            if trouble is None or not (isinstance(ran.error, CourseError) or _is_of_the_reference(ran.error)):
                return ran, trouble
        told_ = SubmissionError(str(error) if isinstance(error, Implausible) else BY_THE_SUBMISSION)
        told_.kernelmark_staff = trouble  # type: ignore[attr-defined]
        return Ran(ran.outputs, told_), None

    def _fails_itself(self, cell: Cell, error: BaseException) -> str:
        """Return that the course's own solution fails a test, in words, and remember it."""
        self._unsound[cell.grade_id] = f"the course's own solution fails this test: {type(error).__name__}: {error}"
        return self._unsound[cell.grade_id]

    def _judged_beside(self, cell: Cell, start: float) -> tuple[CellResult, list[Output]]:
        """Run a test in the student's process; its names are there for the judge's later cells as if it had failed."""
        result, outputs = self.beside.judged(cell, self._needed_by(cell), time.monotonic() - start)
        self._ran.append(cell)
        return replace(result, elapsed_s=time.monotonic() - start), [status(result), *outputs]

    def _where_it_stands(self) -> str:
        """Return what staff should know of a test that the course's own solution fails: what failed before it."""
        place = "the solution has run only as far as this test's place in the notebook"
        cells = [
            f"the instructor's cell {cell.grade_id or cell.source[:60]!r} fails: {said[:200]}"
            for cell in self._runs
            if (said := self._whole.failed.get(cell.source))
        ]
        found = [
            *cells[:MAX_FAILED_TOLD],
            *self._failed[:MAX_FAILED_TOLD],
            *([place] if self._place is not None else []),
        ]
        return "".join(f"; {each}" for each in found)

    def _lent(self, cell: Cell, before: Names, error: BaseException | None) -> tuple[Ran, str | None] | None:
        """Return what a test comes to with the helpers that a cell which failed before it did not come to define."""
        missing, found = lacks(error), None
        while missing:
            with self._scene.aside():
                self._repeat(self._needed_by(cell))
                value = self._scene.named(missing)
            if missing in self._scene.solutions or not may_be_lent(value):
                break
            self._scene.go_back(before)
            self._scene.lend(missing, value)
            before = self._scene.names()
            ran, trouble, _ = self._asked(cell, before)
            found, further = (ran, trouble), lacks(ran.error)
            missing = further if further != missing else ""
        return found

    def _on_the_reference(self, cell: Cell, before: Names) -> BaseException | None:
        """Run a test against the course's own solution, and return why it fails, if it does.

        What an earlier cell of the judge's bound may hold what the student's code returned. So where the test
        fails, it is tried once more after these cells, run against the course's own solution too.
        """
        limit_s = self._student.limits.cell_s
        self._reference.allow(TIMES_THE_COURSE * limit_s)
        self._reference.line().longest_s()
        error = self._changed_by_the_reference(cell, before)[1]
        longest_s = self._reference.line().longest_s()
        self._reference.allow(0.0)
        if error is None and TIMES_THE_COURSE * longest_s > limit_s:
            self._whole.slow[cell.grade_id] = longest_s
        needed = self._needed_by(cell)
        if error is None or not needed:
            return error
        with self._scene.aside():
            self._repeat(needed)
            return self._changed_by_the_reference(cell, self._scene.names())[1]

    def _settle(self, cell: Cell, changes: Changes, before: Names, found: Ran) -> tuple[Ran, str | None, str]:
        """Return what a test found that did not rest on arrays which the submission overwrote; see `changes`.

        What the course's own solution changes in this test comes back. A test that passes after any other change
        is asked again with these arrays left as they were: what it took for right may have been worked out from
        them. Arrays of earlier cells hold what they held.
        """
        changes.exchange()
        in_place, second = self._changed_by_the_reference(cell, before)
        overwritten = changes.made - in_place
        if not overwritten or found.error is not None:
            changes.exchange(only=in_place)
            return found, None, ""
        if second is not None:
            return found, self._fails_itself(cell, second), ""
        self._scene.go_back(before)
        ran, _ = self._on_the_submission(cell, before, in_place)
        if ran.number is not None and found.number is not None:
            ran = replace(ran, number=min(ran.number, found.number))
        trouble = trouble_of(cell, ran.error, (), ran.number)
        if ran.error is not None and trouble is None:
            _, third = self._changed_by_the_reference(cell, before)
            if third is not None:
                trouble = f"the submission overwrites {told(overwritten)}, and this test cannot be asked twice: {third}"
        why = f"Your code overwrites what it is given ({told(overwritten)}); with the arrays left as they were:"
        return ran, trouble, why

    def _changed_by_the_reference(self, cell: Cell, before: Names) -> tuple[set[Argument], BaseException | None]:
        """Return which arguments the course's own solution changes in a test, and why it fails, if it does."""
        changes = Changes(trusted=True)
        with self._scene.aside():
            self._scene.go_back(before)
            ran = self._run(cell, self._as_tested, changes)
        changes.exchange()
        trouble = trouble_of(cell, ran.error, ran.verdicts, ran.number)
        if ran.error is None and trouble is None and _earns_nothing(cell, ran):
            trouble = "it gives 0 points"
        return changes.made, ran.error if trouble is None or ran.error is not None else CourseError(trouble)

    # What test cells ask for through `checks`.

    def side(
        self, name: str, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> RemoteSide:
        """Return a racer: a proxy where it lives, anything of the instructor's in the reference process."""
        with noted():
            return self._side(name, function, args, kwargs)

    def _side(
        self, name: str, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> RemoteSide:
        ours = self._reference.line
        if isinstance(function, Proxy):
            own = function._line in (ours, self._as_tested)
            return RemoteSide(name, function._line, function._target, args, kwargs, trusted=own)
        if isinstance(function, np.ufunc):
            return RemoteSide(name, ours, {"f": f"numpy.{function.__name__}"}, args, kwargs, trusted=True)
        for solved in self._scene.solutions:
            if self._scene.named(solved) is function:
                raise SubmissionError(f"{solved} must be a function, it is of type {type(function).__name__}")
        own_name = getattr(function, "__name__", "")
        if self._scene.named(own_name) is not function:
            raise CourseError(f"faster: {name} must be a function of a solution or set-up cell, or a NumPy ufunc")
        return RemoteSide(name, ours, {"n": own_name}, args, kwargs, trusted=True)

    def reference(self, name: str) -> Any:
        """Return the course's own function of that name."""
        return Proxy(self._reference.line, {"n": name}, name)

    def turn(self) -> contextlib.AbstractContextManager[None]:
        """Wait for the host's lock; the wait counts in nobody's limits."""
        return host_lock(waits=self._waits)

    def again(self) -> bool:
        """Prepare one more race, in fresh processes, after a pause."""
        may, self._may_repeat = self._may_repeat, False
        if may:
            self._student.renew()
            self._reference.renew()
            time.sleep(PAUSE_S)
        return may

    def plausible(self, seconds: float, inputs: Inputs, flops: float | None) -> None:
        """Raise MeasurementError when a call was faster than memory and arithmetic allow."""
        with noted():
            require_plausible(seconds, inputs, flops)

    def record(self, verdict: Verdict) -> None:
        """Keep a verdict for the marks of the running cell."""
        self._scene.verdicts.append(verdict)


def _earns_nothing(cell: Cell, ran: Ran) -> bool:
    """Say whether a test failed, or ended in a 0 where there were points to be had."""
    return ran.error is not None or (ran.number == 0 and cell.points > 0 and not ran.verdicts)


def _is_of_the_reference(error: BaseException | None) -> bool:
    """Say whether what went wrong is that the course's own process was late or lost: submitted work may lead to it."""
    return isinstance(error, GraderError) and getattr(error, "kernelmark_reference", False) is True


def _is_of_the_course(error: BaseException) -> bool:
    return bool(getattr(error, "kernelmark_reference", False))


def _is_of_a_student(error: BaseException | None) -> bool:
    """Say whether an exception was raised by submitted code, and not by the course's own."""
    remote = getattr(error, "kernelmark_remote", False)
    return bool(remote) and not getattr(error, "kernelmark_reference", False)
