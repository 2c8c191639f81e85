"""The judge: an IPython shell for the instructor's cells, which submitted code never enters.

Names that the instructor's solution defines are proxies here: calling one calls the
student's function in its own process. A race is timed from here, by clocks of the
kernel. It decides what a test cell found; it does not decide which cells run.
"""

import contextlib
import io
import re
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from kernelmark import checks
from kernelmark.errors import CourseError, SubmissionError
from kernelmark.notebook.causes import Causes
from kernelmark.notebook.cells import Cell, Plan
from kernelmark.records import Cause, CellResult, Verdict
from kernelmark.referee.machine import describe_machine
from kernelmark.referee.outcome import MAX_REASON_CHARS, Found, Output, result_of, status, trouble_of, writable
from kernelmark.referee.racing import RemoteSide, require_plausible
from kernelmark.referee.session import Session
from kernelmark.sandbox.shell import Shell, make_shell
from kernelmark.stopwatch.lock import host_lock
from kernelmark.stopwatch.timing import Inputs
from kernelmark.wire.changes import Argument, Changes, told
from kernelmark.wire.proxy import Proxy, note_changes, printable
from kernelmark.wire.values import Decoder, Plain, WireError

# An inconclusive race is run once more, in fresh processes, after this pause.
PAUSE_S = 2.0
# The names of the shell, and those among the solution's that a cell of the judge's gave another meaning.
Names = tuple[dict[str, Any], set[str]]


class Judge:
    """Runs set-up and test cells of one notebook.

    It starts with the two sessions and the plan; `setup` and `test` run a cell and say what came of it, `solved`
    tells it that a cell of the student's has run. What a test cell asks through `checks` (see `checks.Runtime`)
    stands at its end. Nothing ends it but the process it is in.
    """

    def __init__(
        self,
        student: Session,
        reference: Session,
        plan: Plan,
        sound: set[str],
        waits: Callable[[bool], None] = lambda waiting: None,
    ):
        self._waits = waits
        self._student = student
        self._reference = reference
        self._names = frozenset(plan.names)
        self._plan = plan
        # What stands for the solution's names, and those among them that a cell of the judge's gave another meaning.
        self._bound: dict[str, Any] = {}
        self._own: set[str] = set()
        self._shell: Shell = make_shell(runs_commands=True)
        self._verdicts: list[Verdict] = []
        self._may_repeat = False
        self.sound = sound
        self.causes = Causes(plan.names)
        self.machine = describe_machine()
        self.where = f"Measured by the grader on {self.machine.processor}, {time.strftime('%Y-%m-%d')}."
        checks.use(self)

    def setup(self, source: str) -> None:
        """Run a locked set-up cell.

        Raises:
            CourseError: it fails here, where no submitted code is.
        """
        self._bind(source, self._student, lenient=True)
        _, error = self._shell.run(source)
        self._note_own()
        if isinstance(error, SubmissionError) or _is_of_a_student(error):
            return  # it asks something of the student's code; what it defines is missing to the tests that need it
        if error is not None:
            raise CourseError(f"a set-up cell fails: {type(error).__name__}: {error}; it begins {source[:80]!r}")

    def test(self, cell: Cell) -> tuple[CellResult, list[Output]]:
        """Run a test cell against the student's process; return its result and outputs."""
        start = time.monotonic()
        names, own, changes = dict(self._shell.user_ns), set(self._own), Changes()
        outputs, error = self._run(cell, self._student, changes)
        verdicts = tuple(self._verdicts)
        trouble, why = trouble_of(cell, error, verdicts), ""
        if changes.made and trouble is None and not verdicts:  # no change of a timed call comes back
            outputs, error, trouble, why = self._settle(cell, changes, (names, own), (outputs, error))
        if trouble is None and error is not None and (cell.grade_id not in self.sound or self._lacks_its_own(error)):
            # A test that the course's own solution fails too says nothing about a submission.
            second = self._on_the_reference(cell)
            if second is None:
                self.sound.add(cell.grade_id)
            else:
                trouble = f"the course's own solution fails this test: {type(second).__name__}: {second}"
        cause, elapsed_s = self._cause(error), time.monotonic() - start
        result = result_of(cell, Found(error, verdicts, trouble, elapsed_s, cause, self._names))
        if why and result.mark == "fail":
            result = replace(result, reason=f"{why}\n{result.reason}"[:MAX_REASON_CHARS])
        return result, [status(result), *writable(outputs)]

    def solved(self, grade_id: str) -> None:
        """Give the names that a solution cell defines their meaning again: it has run."""
        self._own -= {name for name in self._own if grade_id in self._plan.names[name]}

    def _cause(self, error: BaseException | None) -> Cause | None:
        """Return the student's cell that did not run and that explains what a test found, if there is one."""
        for source, why in self._student.left_out:
            self.causes.lost(source, why)
        of_the_student = [e for e in (error, getattr(error, "__cause__", None)) if e and not _is_of_the_course(e)]
        for remote in filter(_is_of_a_student, of_the_student):
            self.causes.note_module(type(remote).__name__, str(remote))
        found = [self.causes.behind(type(e).__name__, str(e)) for e in of_the_student]
        return next((cause for cause in found if cause is not None), None)

    def _note_own(self) -> None:
        """Remember which of the solution's names the cell that has just run defined itself, as a later cell may."""
        names = self._shell.user_ns
        self._own |= {name for name, value in self._bound.items() if names.get(name, value) is not value}

    def _settle(
        self, cell: Cell, changes: Changes, before: Names, found: tuple[list[Output], BaseException | None]
    ) -> tuple[list[Output], BaseException | None, str | None, str]:
        """Return what a test found that did not rest on arrays which the submission overwrote; see `changes`.

        What the course's own solution changes in this test comes back. A test that passes after any other change
        is asked again with these arrays left as they were: what it took for right may have been worked out from
        them. Arrays of earlier cells hold what they held.
        """
        changes.exchange()
        in_place, second = self._changed_by_the_reference(cell, before)
        overwritten = changes.made - in_place
        if not overwritten or found[1] is not None:
            changes.exchange(only=in_place)
            return *found, None, ""
        if second is not None:
            return *found, f"the course's own solution fails this test: {type(second).__name__}: {second}", ""
        self._go_back_to(before)
        outputs, error = self._run(cell, self._student, Changes(allowed=in_place))
        trouble = trouble_of(cell, error, ())
        if error is not None and trouble is None:
            _, third = self._changed_by_the_reference(cell, before)
            if third is not None:
                trouble = f"the submission overwrites {told(overwritten)}, and this test cannot be asked twice: {third}"
        why = f"Your code overwrites what it is given ({told(overwritten)}); with the arrays left as they were:"
        return outputs, error, trouble, why

    def _changed_by_the_reference(self, cell: Cell, before: Names) -> tuple[set[Argument], BaseException | None]:
        """Return which arguments the course's own solution changes in a test, and how the test ended."""
        after = dict(self._shell.user_ns), set(self._own)
        changes = Changes(trusted=True)
        self._go_back_to(before)
        try:
            error = self._run(cell, self._reference, changes)[1]
        finally:
            self._go_back_to(after)
        changes.exchange()
        return changes.made, error

    def _go_back_to(self, names: Names) -> None:
        self._shell.user_ns.clear()
        self._shell.user_ns.update(names[0])
        self._own = set(names[1])

    def _on_the_reference(self, cell: Cell) -> BaseException | None:
        """Run a test against the course's own solution; what it binds does not stay for the tests that follow."""
        return self._changed_by_the_reference(cell, (dict(self._shell.user_ns), self._own))[1]

    def _lacks_its_own(self, error: BaseException) -> bool:
        """Say whether a test lacks a name of the tests' own: an earlier one failed before it came to define it."""
        own = isinstance(error, NameError) and not getattr(error, "kernelmark_remote", False)
        return own and getattr(error, "name", None) not in self._names

    def _run(
        self, cell: Cell, session: Session, changes: Changes | None = None
    ) -> tuple[list[Output], BaseException | None]:
        self._verdicts.clear()
        self._may_repeat = True
        session.forget_callbacks()
        try:
            self._bind(cell.source, session, lenient=False)
        except SubmissionError as error:
            return [], error
        note_changes(changes)
        try:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                found = self._shell.run(cell.source)
        finally:
            note_changes(None)
        self._note_own()
        return found

    def _bind(self, source: str, session: Session, *, lenient: bool) -> None:
        """Make the solution's names that a cell mentions stand for those of a process."""
        names = self._names - self._own
        self._bound = {
            name: Proxy(session.line, {"n": name}, name, gives_objects=name in self._plan.classes) for name in names
        }
        self._shell.user_ns.update(self._bound)
        wanted = sorted(names.intersection(re.findall(r"[^\W\d]\w*", source)))
        if not wanted:
            return
        try:
            reply, buffers = session.line().request({"op": "names", "names": wanted})
            found = reply.get("ok")
            decoder = Decoder(buffers, self._object_of(session))
            for name in wanted:
                entry = found.get(name) if isinstance(found, dict) else None
                if isinstance(entry, dict) and entry.get("kind") == "value":
                    value = decoder.decode(entry.get("value"))
                    # A function is called where it lives: one of NumPy's, sent as a value, would run for nothing.
                    if isinstance(value, Proxy) or not callable(value):
                        self._shell.user_ns[name] = self._bound[name] = value
                elif isinstance(entry, dict) and entry.get("kind") == "missing" and not lenient:
                    # Something that stands for it would pass `is not None`; Python's own NameError does not.
                    self._shell.user_ns.pop(name, None)
                    del self._bound[name]
        except SubmissionError:
            if not lenient:
                raise

    def _object_of(self, session: Session) -> Callable[[Plain], Any]:
        def resolve(node: Plain) -> Any:
            if type(node.get("h")) is not int:
                raise WireError("unknown kind of value")
            return Proxy(session.line, {"h": node["h"]}, printable(node.get("type"))[:100])

        return resolve

    # What test cells ask for through `checks`.

    def side(
        self, name: str, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> RemoteSide:
        """Return a racer: a proxy where it lives, anything of the instructor's in the reference process."""
        if isinstance(function, Proxy):
            own = function._line == self._reference.line
            return RemoteSide(name, function._line, function._target, args, kwargs, trusted=own)
        if isinstance(function, np.ufunc):
            target = {"f": f"numpy.{function.__name__}"}
            return RemoteSide(name, self._reference.line, target, args, kwargs, trusted=True)
        for solved in self._names:
            if self._shell.user_ns.get(solved) is function:
                raise SubmissionError(f"{solved} must be a function, it is of type {type(function).__name__}")
        own_name = getattr(function, "__name__", "")
        if self._shell.user_ns.get(own_name) is not function:
            raise CourseError(f"faster: {name} must be a function of a solution or set-up cell, or a NumPy ufunc")
        return RemoteSide(name, self._reference.line, {"n": own_name}, args, kwargs, trusted=True)

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
        require_plausible(seconds, inputs, flops)

    def record(self, verdict: Verdict) -> None:
        """Keep a verdict for the marks of the running cell."""
        self._verdicts.append(verdict)


def _is_of_the_course(error: BaseException) -> bool:
    return bool(getattr(error, "kernelmark_reference", False))


def _is_of_a_student(error: BaseException | None) -> bool:
    """Say whether an exception was raised by submitted code, and not by the course's own."""
    return getattr(error, "kernelmark_remote", False) and not getattr(error, "kernelmark_reference", False)
