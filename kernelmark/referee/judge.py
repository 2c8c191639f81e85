"""The judge: an IPython shell for the instructor's cells, which submitted code never enters.

Names that the instructor's solution defines are proxies here: calling one calls the
student's function in its own process. A race is timed from here, by clocks of the
kernel. It decides what a test cell found; it does not decide which cells run.
"""

import contextlib
import functools
import io
import json
import math
import os
import platform
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from kernelmark import checks
from kernelmark.errors import CourseError, GraderError, KernelmarkError, MeasurementError, SubmissionError
from kernelmark.notebook.cells import Cell, Plan
from kernelmark.records import CellResult, Machine, Verdict
from kernelmark.referee.session import Session
from kernelmark.sandbox.link import Link
from kernelmark.sandbox.shell import Shell, make_shell
from kernelmark.stopwatch.stats import number
from kernelmark.stopwatch.timing import Inputs, Value
from kernelmark.wire.changes import Argument, Changes, told
from kernelmark.wire.proxy import Proxy, note_changes, printable, remote_traceback
from kernelmark.wire.values import Decoder, Plain, WireError

MAX_REASON_CHARS = 1_500
# An inconclusive race is run once more, in fresh processes, after this pause.
PAUSE_S = 2.0
# A call this many times faster than the machine was measured to be did not do the work.
IMPLAUSIBLE = 2.0
CACHE_OVER_MEMORY = 20.0

Output = dict[str, Any]
# The names of the shell, and those among the solution's that a cell of the judge's gave another meaning.
Names = tuple[dict[str, Any], set[str]]


class RemoteSide:
    """A racer in another process, timed from outside while it is stopped."""

    def __init__(
        self,
        name: str,
        line: Callable[[], Link],
        target: Plain,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        *,
        trusted: bool,
    ):
        self.name = name
        self._trusted = trusted
        self._line, self._target, self._args, self._kwargs = line, target, args, kwargs
        self._link: Link | None = None

    def run(self, batch: Sequence[Inputs]) -> Value:
        """Put the inputs in place, call once with each, and take the outputs out."""
        link = self._link = self._line()
        link.pin(max(os.sched_getaffinity(0)))
        try:
            return link.timed(self._target, batch, self._args, self._kwargs)
        except KernelmarkError:
            raise
        except Exception as error:
            if self._trusted:
                raise CourseError(f"the course's own {self.name} raised {type(error).__name__}: {error}") from error
            raise

    def rest(self) -> None:
        """Let the process run like any other again."""
        if self._link is not None and self._link.alive:
            self._link.unpin()


class Judge:
    """Runs set-up and test cells of one notebook; see `checks.Runtime` for what tests may ask of it."""

    def __init__(self, student: Session, reference: Session, plan: Plan, sound: set[str]):
        self._student = student
        self._reference = reference
        self._names = frozenset(plan.names)
        self._plan = plan
        # What stands for the solution's names, and those among them that a cell of the judge's gave another meaning.
        self._bound: dict[str, Any] = {}
        self._own: set[str] = set()
        self._shell: Shell = make_shell()
        self._verdicts: list[Verdict] = []
        self._may_repeat = False
        self.sound = sound
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
        trouble, why = _trouble(cell, error, verdicts), ""
        if changes.made and trouble is None and not verdicts:  # no change of a timed call comes back
            outputs, error, trouble, why = self._settle(cell, changes, (names, own), (outputs, error))
        if trouble is None and error is not None and (cell.grade_id not in self.sound or self._lacks_its_own(error)):
            # A test that the course's own solution fails too says nothing about a submission.
            second = self._on_the_reference(cell)
            if second is None:
                self.sound.add(cell.grade_id)
            else:
                trouble = f"the course's own solution fails this test: {type(second).__name__}: {second}"
        result = self._result(cell, error, verdicts, trouble, time.monotonic() - start)
        if why and result.mark == "fail":
            result = replace(result, reason=f"{why}\n{result.reason}"[:MAX_REASON_CHARS])
        return result, [_status(result), *_writable(outputs)]

    def solved(self, grade_id: str) -> None:
        """Give the names that a solution cell defines their meaning again: it has run."""
        self._own -= {name for name in self._own if grade_id in self._plan.names[name]}

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
        trouble = _trouble(cell, error, ())
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

    def _result(
        self,
        cell: Cell,
        error: BaseException | None,
        verdicts: tuple[Verdict, ...],
        trouble: str | None,
        elapsed_s: float,
    ) -> CellResult:
        def result(mark: Any, points: float | None, reason: str, staff: str = "") -> CellResult:
            return CellResult(
                cell.grade_id,
                mark,
                points,
                cell.points,
                cell.claim,
                printable(reason)[:MAX_REASON_CHARS],
                printable(staff),
                elapsed_s,
                verdicts,
            )

        if trouble is not None:
            return result(
                "person", None, "This test could not be judged; it costs you nothing, a person will look.", trouble
            )
        if error is not None:
            why = _left_out(error, self._student.left_out)
            return result("fail", 0.0, f"{_reason(cell, error, self._names)}{why}", f"{_staff(error)}{why}")
        if not verdicts:
            return result("pass", cell.points, "")
        verdict = verdicts[0]
        if verdict.outcome == "inconclusive":
            return result("person", None, verdict.reason, verdict.reason)
        return result("pass" if verdict.points == cell.points else "partial", verdict.points, verdict.reason)

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
        moved = sum(item.nbytes for item in inputs if isinstance(item, np.ndarray))
        peak, bandwidth = machine_limits()
        floor_s = max((flops or 0.0) / peak / IMPLAUSIBLE, moved / bandwidth / CACHE_OVER_MEMORY)
        if seconds < floor_s:
            raise MeasurementError(
                f"a call took {seconds:.3g} s, but this machine needs at least {floor_s:.3g} s for it"
            )

    def record(self, verdict: Verdict) -> None:
        """Keep a verdict for the marks of the running cell."""
        self._verdicts.append(verdict)


@functools.cache
def describe_machine() -> Machine:
    """Return the machine that this process runs on."""
    match = None
    with contextlib.suppress(OSError):
        match = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    return Machine(
        processor=match.group(1) if match else platform.processor() or platform.machine(),
        cores=len(os.sched_getaffinity(0)),
        python=platform.python_version(),
        numpy=np.__version__,
        blas_threads=int(os.environ.get("OPENBLAS_NUM_THREADS", "0")),
    )


def machine_limits() -> tuple[float, float]:
    """Return this machine's float32 operations and bytes copied a second, one thread, measured once."""
    if not _limits:
        rng = np.random.default_rng(0)
        a, b = (rng.random((384, 384), dtype=np.float32) for _ in range(2))
        source = np.ones(2**24, dtype=np.uint8)
        target = np.empty_like(source)
        gemm_s = _quickest(lambda: np.matmul(a, b))
        copy_s = _quickest(lambda: np.copyto(target, source))
        _limits.append((2 * 384**3 / gemm_s, 2 * source.nbytes / copy_s))
    return _limits[0]


_limits: list[tuple[float, float]] = []


def _quickest(work: Callable[[], Any], rounds: int = 7) -> float:
    best = math.inf
    for _ in range(rounds):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return max(best, 1e-9)


def _is_of_a_student(error: BaseException | None) -> bool:
    """Say whether an exception was raised by submitted code, and not by the course's own."""
    return getattr(error, "kernelmark_remote", False) and not getattr(error, "kernelmark_reference", False)


def _trouble(cell: Cell, error: BaseException | None, verdicts: tuple[Verdict, ...]) -> str | None:
    """Return why nobody can be marked, or None where the submission answers for the outcome."""
    if isinstance(error, GraderError | CourseError):
        return f"{type(error).__name__}: {error}"
    if re.match(r"\s*%%capture\b", cell.source):
        return "CourseError: %%capture hides what a test finds; take it out of the test cell"
    if len(verdicts) > 1:
        return "CourseError: a test cell may hold one speed check, this one holds more"
    if verdicts and verdicts[0].max_points != cell.points:
        return f"CourseError: the last step gives {verdicts[0].max_points} points, the cell has {cell.points}"
    return None


def _reason(cell: Cell, error: BaseException, names: frozenset[str]) -> str:
    """Return why the cell failed, for the student: never a line of a hidden test."""
    remote = next((e for e in (error, error.__cause__) if getattr(e, "kernelmark_remote", False)), None)
    if getattr(remote, "kernelmark_reference", False) and remote is error:
        # Its words and its lines are the course's own.
        return f"The course's own code could not use what your code returned ({type(error).__name__})."
    own = None if getattr(remote, "kernelmark_reference", False) else remote
    if isinstance(own, NotImplementedError):
        return "Not implemented yet: your code still raises NotImplementedError."
    trace = f"\n{remote_traceback(own)}" if own is not None else ""
    if own is error:
        return f"Your code raised {type(error).__name__}: {error}{trace}"
    if isinstance(error, AssertionError | SubmissionError) and str(error).strip():
        return f"{error}{trace}"
    if isinstance(error, AssertionError):
        return _failing_line(cell, error)
    said = f"{type(error).__name__}: {error}"
    if isinstance(error, NameError) and error.name in names:
        return f"Your notebook lacks it: name '{error.name}' is not defined."
    if _line_number(error) not in range(1, min(cell.hidden, default=10**9) - 1):
        # Python's words may quote the test: a name, a key, the signature of a helper.
        said = type(error).__name__ if type(error).__module__ == "builtins" else "an error of its own"
    return f"The test could not use what your code returned ({said})."


def _left_out(error: BaseException, reason: str) -> str:
    """Return, where a name is missing, why an earlier cell does not count."""
    missing = isinstance(error, NameError) or isinstance(error.__cause__, NameError)
    return f"\nAn earlier cell was left out: {reason}." if missing and reason and reason not in str(error) else ""


def _line_number(error: BaseException) -> int:
    """Return the line of the test cell that raised; a magic in its first line takes one away."""
    trace, number_ = error.__traceback__, 0
    while trace is not None:
        if trace.tb_frame.f_code.co_name == "<module>":
            number_ = trace.tb_lineno
        trace = trace.tb_next
    return number_


def _failing_line(cell: Cell, error: BaseException) -> str:
    number_ = _line_number(error)
    lines = cell.source.split("\n")
    if number_ in cell.hidden or not 0 < number_ <= len(lines):
        return "A hidden check did not hold."
    return f"This check did not hold: {lines[number_ - 1].strip()}"


def _staff(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def _writable(outputs: list[Output]) -> list[Output]:
    """Return outputs whose text can be written to a file: a value of the student's may hold half a character."""
    found: list[Output] = json.loads(json.dumps(outputs, ensure_ascii=False).encode("utf-8", "replace"))
    return found


def _status(result: CellResult) -> Output:
    """Return the line that students and staff see first under a test cell."""
    earned = (
        "needs a person" if result.points is None else f"{number(result.points)} of {number(result.max_points)} points"
    )
    head = {"pass": "Passed", "partial": "Partly", "fail": "Not passed", "person": "Not judged"}[result.mark]
    words = (f"{head}: {earned}.", result.claim if result.mark == "fail" else "", result.reason)
    text = "\n".join(word for word in words if word)
    return {"output_type": "display_data", "data": {"text/plain": text}, "metadata": {"kernelmark": {"for": "student"}}}
