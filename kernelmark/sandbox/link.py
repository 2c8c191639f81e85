"""One sandboxed process and the line to it: requests with a time limit, timed batches, its end.

Whatever happens on the other side (a crash, a hang, nonsense on the line, a flood of
memory) comes out as a `SubmissionError` that a student can read; `SubmissionLost` means
that the process is gone. It does not know which cell is which: `referee` does, and it
starts a new process.
"""

import contextlib
import fcntl
import math
import mmap
import os
import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from kernelmark.errors import CourseError, GraderError, MeasurementError, SubmissionError, SubmissionLost
from kernelmark.sandbox import bubblewrap, memory
from kernelmark.sandbox.limits import Limits
from kernelmark.sandbox.watchdog import Guard
from kernelmark.stopwatch import clock
from kernelmark.stopwatch.timing import Inputs, Value
from kernelmark.wire.channel import Channel
from kernelmark.wire.proxy import checked
from kernelmark.wire.values import REGION_BYTES, Decoder, Encoder, Plain, WireError, Withheld, withholdable

# After an interrupt, a process has this long to come back before it is killed.
GRACE_S = 2.0
# How long an ended process may take to be reported as ended.
FAREWELL_S = 0.5
# The course's solution lives through many notebooks: it may hold so many times the memory of a submission.
TRUSTED_MEMORY = 4

# A stopped process uses no CPU time at all; more than this is no matter of accounts.
STILL_S = 0.001
# By so many times the memory of a submission the grader's own may grow while it tests one.
JUDGE_MEMORY = 2
# Its own memory is looked at again after so many bytes from the other side.
WEIGH_BYTES = 4 * 2**20

# However often it hung before, a call may take this long.
LEAST_PATIENCE_S = 3.0


class Patience:
    """How long a cell or call may take: all of the limit at first, half as long after every hang.

    Many tests may call one function that hangs; all of them together should not take
    ten minutes. Code that does not hang never notices.
    """

    def __init__(self, seconds: float):
        self.seconds = seconds

    def shorten(self) -> None:
        """Something hung: wait half as long from now on."""
        self.seconds = max(min(self.seconds, LEAST_PATIENCE_S), self.seconds / 2)


class Link:
    """A process that runs `kernelmark.sandbox.server` on code that is not trusted.

    Args:
        limits: what it may use.
        files: the submission's own files, shown beside the notebook.
        whose: "your code" or "the course's solution", for messages.
        watch: end it when it holds too much memory; needs a thread of its own.
        patience: how long a request may take, shared over restarts.
        cpu_before_s: the CPU time that earlier processes of the same notebook used.
        trusted: the instructor's code: what goes wrong is the grader's fault, not a student's.

    Raises:
        SandboxError: it cannot be contained here. GraderError: it did not start.
    """

    def __init__(
        self,
        limits: Limits,
        files: Mapping[str, str] | None = None,
        whose: str = "your code",
        *,
        watch: bool = True,
        patience: Patience | None = None,
        trusted: bool = False,
        cpu_before_s: float = 0.0,
    ):
        self.trusted = trusted
        self._turn = threading.RLock()
        self._asking = 0
        # What went wrong in a function of the test, and is no fault of the code that called it.
        self._fault: CourseError | GraderError | None = None
        may_have_children = bubblewrap.may_start_processes(limits)
        if trusted:
            limits = replace(limits, cpu_s=math.inf, memory_bytes=TRUSTED_MEMORY * limits.memory_bytes)
        self.limits = limits
        self._patience = patience or Patience(limits.cell_s)
        self.whose = whose
        self._reason = ""
        self._identity = ""
        self._callbacks: dict[int, Callable[..., Any]] = {}
        self._given = 0
        self._weighed_bytes = 0
        self._own_limit_bytes = memory.first_bytes() + JUDGE_MEMORY * limits.memory_bytes
        self._stood_at_s: float | None = None
        self._regions = [_sealed_region("to"), _sealed_region("from")]
        ours, theirs = socket.socketpair()
        try:
            self._started = bubblewrap.start(limits, (theirs.fileno(), *self._regions), files)
        except GraderError:
            ours.close()
            for region in self._regions:
                os.close(region)
            raise
        finally:
            theirs.close()
        self.pid = self._started.pid
        self._guard = Guard(self._started, limits, may_have_children=may_have_children, cpu_before_s=cpu_before_s)
        self._maps = [mmap.mmap(region, REGION_BYTES) for region in self._regions]
        self.channel = Channel(ours, self._maps[1], self._maps[0])
        self.spent_s = 0.0
        self._await_start()
        if watch:
            self._guard.watch()

    @property
    def alive(self) -> bool:
        """Whether the process has not been ended from here; one that ended by itself is found at the next request."""
        return self._guard.alive

    @property
    def cpu_s(self) -> float:
        """The CPU seconds that it used, what it started included, as far as they were looked at."""
        return self._guard.cpu_s

    def request(
        self, header: dict[str, Any], buffers: Sequence[Any] = (), timeout_s: float | None = None
    ) -> tuple[dict[str, Any], list[bytes]]:
        """Send a request and return the answer, serving callbacks meanwhile.

        Raises:
            SubmissionLost: the process ended, had to be killed, or answered nonsense.
            SubmissionError: it had to be interrupted, and came back.
        """
        limit_s = self._patience.seconds if timeout_s is None else timeout_s
        with self._turn_to_ask(limit_s):
            try:
                self._require_alive()
                # The other side learns the number with the request: an answer prepared beforehand lacks it.
                self._identity = secrets.token_hex(8)
                self.channel.send({**header, "id": self._identity}, buffers)
                self.channel.expect_by(time.monotonic() + limit_s)
                found = self._answer()
                if self._fault is not None and self._asking == 1:
                    raise self._fault
                return found
            except TimeoutError:
                self._interrupt(limit_s)
                text = f"{self.whose} did not finish within {limit_s:.3g} s and was interrupted (cell_timeout_s)"
                raise (GraderError if self.trusted else SubmissionError)(text) from None
            except WireError as error:
                raise self._lost(f"{self.whose} put nonsense on the line to the grader: {error}") from None
            except (EOFError, OSError):
                raise self._lost() from None

    @contextlib.contextmanager
    def _turn_to_ask(self, limit_s: float) -> Iterator[None]:
        """Hold the line, which carries one question at a time, and count the seconds of the outermost question.

        A test's own threads take turns; a function of the test that submitted code calls may ask in
        its turn, while the question that led to it waits.

        Raises:
            CourseError: another thread holds the line and does not let go.
        """
        if not self._turn.acquire(timeout=limit_s + GRACE_S):
            raise CourseError("a test's threads wait for each other: one holds the line to the process, one wants it")
        asked, deadline_s = self._identity, self.channel.deadline_s
        begun = time.monotonic()
        self._asking += 1
        try:
            yield
        finally:
            self._asking -= 1
            if self._asking:
                self._identity = asked
                self.channel.expect_by(deadline_s)
            else:
                self._fault = None
                self.spent_s += time.monotonic() - begun
            self._turn.release()

    def timed(self, target: Plain, batch: Sequence[Inputs], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Value:
        """Run a batch of calls between two readings of the process's CPU clock, taken while it is stopped.

        What the inputs hold is written after the first reading, so nothing can be
        worked out before it; outputs are taken at the second, so nothing can be
        finished after it. The process stays stopped until the next request.

        Raises:
            SubmissionLost, SubmissionError: as `request`; SubmissionLost also where
            another process was started. Any builtin exception that a call raised.
            MeasurementError: the clock cannot be read.
        """
        begun = time.monotonic()
        encoder = Encoder(_refuse)
        withheld = _withheld(batch)
        header = {"op": "timed", "target": target, "calls": withheld.calls if withheld else None}
        header |= {"args": encoder.encode(args), "kwargs": encoder.encode(kwargs)}
        self.request(header, encoder.sent.buffers)
        wall_s = cpu_s = 0.0

        def done() -> None:
            nonlocal wall_s, cpu_s
            wall_s = time.perf_counter() - wall_s
            clock.stop(self.pid)
            self._stood_at_s = clock.cpu_seconds(self.pid)
            cpu_s = self._stood_at_s - cpu_s

        limit_s = self._patience.seconds
        try:
            clock.stop(self.pid)
            ticks = self._forbid_helpers()
            cpu_s = clock.cpu_seconds(self.pid)
            self._go(batch, withheld)
            self.channel.expect_by(time.monotonic() + limit_s)
            wall_s = time.perf_counter()
            clock.resume(self.pid)
            reply, payload = self._answer(pause=done)
            cpu_s += self._used_while_stopped()
        except TimeoutError:
            self._interrupt(limit_s)
            raise SubmissionError(f"a timed call did not finish within {limit_s:.3g} s (cell_timeout_s)") from None
        except WireError as error:
            raise self._lost(f"{self.whose} put nonsense on the line to the grader: {error}") from None
        except (EOFError, OSError):
            raise self._lost() from None
        except clock.Restless:
            raise self._lost(f"{self.whose} went on while it was stopped for the stopwatch") from None
        except MeasurementError:
            if not os.path.exists(f"/proc/{self.pid}"):
                raise self._lost() from None
            self._lost("its clock could not be read")
            raise
        finally:
            self.spent_s += time.monotonic() - begun
        if self._forbid_helpers() != ticks:
            raise self._lost(f"{self.whose} started another process; a timed call may not")
        return Value(max(cpu_s, 1e-9), max(wall_s, 1e-9), self._outputs(checked(reply), payload, len(batch)))

    def _outputs(self, node: Plain, payload: list[bytes], count: int) -> list[Any]:
        outputs = Decoder(payload, _no_objects, contiguous=True).decode(node)
        stack = outputs.get("stack") if isinstance(outputs, dict) else None
        if isinstance(stack, np.ndarray) and stack.shape[:1] == (count,):
            outputs = list(stack)
        if not isinstance(outputs, list) or len(outputs) != count:
            raise self._lost(f"{self.whose} put nonsense on the line to the grader: no list of outputs, one a call")
        return outputs

    def _go(self, batch: Sequence[Inputs], withheld: Withheld | None) -> None:
        """Hand over the contents of the inputs while the process is stopped, and let it go on."""
        if withheld is not None:
            self.channel.fill(withheld.pieces)
            self.channel.send({"go": True, "numbers": withheld.numbers if any(withheld.numbers) else None})
        else:
            encoder = Encoder(_refuse)
            node = encoder.encode(list(batch))
            self.channel.send({"go": True, "batch": node}, encoder.sent.buffers, through_region=True)

    def callback(self, function: Callable[..., Any]) -> Plain:
        """Return the mark under which the other side can call a function of ours."""
        self._callbacks[self._given] = function
        self._given += 1
        return {"k": self._given - 1}

    def forget_callbacks(self) -> None:
        """Serve the functions given so far no more: a new test cell begins."""
        self._callbacks.clear()

    def pin(self, processor: int) -> None:
        """Run every thread of the process on one processor, until `unpin`."""
        clock.take_processor(self.pid, processor)

    def unpin(self) -> None:
        """Run it like any other process again."""
        clock.leave_processor(self.pid)

    def close(self) -> None:
        """Kill the process and everything it started, and give its memory back."""
        if self.alive:
            self._guard.end()
        self.channel.close()
        for mapped in self._maps:
            with contextlib.suppress(BufferError):  # somebody reads it still; it goes with the last reader
                mapped.close()
        for region in self._regions:
            with contextlib.suppress(OSError):
                os.close(region)
        self._regions = []

    def _await_start(self) -> None:
        self.channel.expect_by(time.monotonic() + bubblewrap.START_TIMEOUT_S)
        try:
            self.channel.receive()
        except (EOFError, OSError, WireError) as error:
            self.close()
            raise GraderError(f"a sandboxed process did not start: {type(error).__name__}: {error}") from None

    def _answer(self, pause: Callable[[], None] | None = None) -> tuple[dict[str, Any], list[bytes]]:
        while True:
            reply, buffers = self.channel.receive(pause or (lambda: None))
            self._weigh()
            if not isinstance(reply, dict) or reply.get("id") != self._identity:
                raise WireError("an answer to nothing that was asked")
            if "callback" not in reply:
                return reply, buffers
            if pause is not None:
                # The clock was read at this message; whatever came after it would be free of charge.
                raise WireError("a callback in a timed call")
            with memory.bounded(self._own_limit_bytes):
                answer, payload = self._call_back(reply, buffers)
            self.channel.send(answer, payload)

    def _call_back(self, reply: dict[str, Any], buffers: list[bytes]) -> tuple[dict[str, Any], list[Any]]:
        """Call the function of ours that a message asks for; return the answer."""
        decoder = Decoder(buffers, _no_objects)
        args, kwargs = decoder.decode(reply.get("args")), decoder.decode(reply.get("kwargs"))
        index = reply["callback"]
        if type(index) is not int or not 0 <= index < self._given or not isinstance(kwargs, dict):
            raise WireError("a callback that was never given")
        encoder = Encoder(_refuse)
        try:
            if index not in self._callbacks:
                raise RuntimeError("this function belonged to a test that is over")
            return {"ok": encoder.encode(self._callbacks[index](*args, **kwargs))}, encoder.sent.buffers
        except Exception as error:  # the callback's own error belongs to whoever called it
            if isinstance(error, CourseError | GraderError):
                self._fault = error
            if isinstance(error, TypeError) and error.__traceback__ and error.__traceback__.tb_next is None:
                # It was not entered; Python's message would name what stands in a test.
                error = TypeError("this function of the test takes other arguments")
            return {"error": {"kind": type(error).__name__, "message": str(error)}}, []

    def _weigh(self) -> None:
        """End the process when what it has handed over fills the grader's memory: a test may keep all it gets."""
        if self.channel.received_bytes - self._weighed_bytes < WEIGH_BYTES:
            return
        self._weighed_bytes = self.channel.received_bytes
        if memory.own_bytes() > self._own_limit_bytes:
            raise self._lost(f"{self.whose} handed the grader more than it can hold in one test")

    def _interrupt(self, limit_s: float) -> None:
        """Interrupt what runs; kill the process where that does not help."""
        self._patience.shorten()
        self._stood_at_s = None
        clock.resume(self.pid)
        self._started.interrupt()
        try:
            self.channel.expect_by(time.monotonic() + GRACE_S)
            self._answer()
        except (OSError, EOFError, WireError):
            raise self._lost(
                f"{self.whose} did not finish within {limit_s:.3g} s and did not stop when interrupted (cell_timeout_s)"
            ) from None

    def _forbid_helpers(self) -> int:
        """Return the CPU ticks of children waited for so far; there may be no living child."""
        overseer = self._started.overseer
        siblings = clock.children(overseer) if overseer is not None else []
        ours = {self.pid, *self._started.companions}
        try:
            ticks = clock.childrens_ticks(self.pid)
        except MeasurementError:  # ended meanwhile, which is no fault of the machine's
            raise self._lost() from None
        if clock.children(self.pid) or not ours.issuperset(siblings):
            raise self._lost(f"{self.whose} started another process; a timed call may not")
        return ticks

    def _require_alive(self) -> None:
        if not self.alive:
            text = self._reason or f"the process of {self.whose} has ended"
            raise (GraderError if self.trusted else SubmissionLost)(text)
        try:
            self._used_while_stopped()
        except MeasurementError as error:
            restless = isinstance(error, clock.Restless)
            raise self._lost(f"{self.whose} {error}" if restless else "") from None
        self._stood_at_s = None
        clock.resume(self.pid)

    def _used_while_stopped(self) -> float:
        """Return the CPU time that the process used since the stopwatch stopped it: next to none.

        The kernel may continue a process by itself, on a timer or a message that was asked
        for beforehand. It could then finish its answer, or work against the reference, for nothing.

        Raises:
            Restless: it did go on. MeasurementError: it is gone.
        """
        if self._stood_at_s is None:
            return 0.0
        used_s = clock.used_seconds(self.pid) - self._stood_at_s
        if used_s > STILL_S:
            raise clock.Restless("went on while it was stopped for the stopwatch")
        return used_s

    def _lost(self, reason: str = "") -> SubmissionLost | GraderError:
        """Kill what is left and return the exception that says why."""
        if self.alive:
            if not reason:  # it ended by itself: let its overseer say how
                self._started.wait(FAREWELL_S)
            ended = self._started.wait(0) is not None
            status = self._guard.end()
            if self._guard.breach:
                reason = f"{self.whose} used more than {self._guard.breach}"
            self._reason = reason or _farewell(self.whose, status if ended else None, self.limits)
        return GraderError(self._reason) if self.trusted else SubmissionLost(self._reason)


def _farewell(whose: str, status: int | None, limits: Limits) -> str:
    """Return why a process ended, from its exit status; None where it still ran, off the line."""
    if status is None:
        return f"the process of {whose} closed its line to the grader"
    if status in (-signal.SIGKILL, 128 + signal.SIGKILL):
        return f"the process of {whose} was killed"
    if status == 128 + signal.SIGXFSZ:
        return f"{whose} wrote a file of more than {memory.size(limits.file_bytes)} and was ended (file_limit_bytes)"
    try:
        name = f", {signal.Signals(status - 128).name}"
    except ValueError:
        name = ""
    return f"the process of {whose} ended by itself (exit status {status}{name})"


def _sealed_region(name: str) -> int:
    """Return shared memory whose size neither side can change, so reading it cannot fault."""
    descriptor = os.memfd_create(f"kernelmark-{name}", os.MFD_ALLOW_SEALING | os.MFD_CLOEXEC)
    os.ftruncate(descriptor, REGION_BYTES)
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
    return descriptor


def _withheld(batch: Sequence[Inputs]) -> Withheld | None:
    """Return the batch with its contents held back, or None where an input is neither a plain array nor a number."""
    if not all(withholdable(item) for inputs in batch for item in inputs):
        return None
    found = Withheld()
    for inputs in batch:
        found.add(inputs)
    return found


def _no_objects(node: Plain) -> Any:
    if isinstance(node, dict) and "h" in node:
        return f"an object of type {str(node.get('type'))[:80]}"
    raise WireError("only plain data may stand here")


def _refuse(value: Any) -> Plain:
    raise WireError(f"{type(value).__name__} may not cross to submitted code")
