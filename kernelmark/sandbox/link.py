"""One sandboxed process and the line to it: requests with a time limit, timed batches, its end.

Whatever happens on the other side (a crash, a hang, nonsense on the line, a flood of
memory) comes out as a `SubmissionError` that a student can read; `SubmissionLost` means
that the process is gone. It does not know which cell is which: `referee` does, and it
starts a new process.
"""

import contextlib
import math
import os
import secrets
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from kernelmark.errors import GraderError, MeasurementError, SubmissionError, SubmissionLost
from kernelmark.sandbox import bubblewrap, luggage, memory
from kernelmark.sandbox.callbacks import Callbacks
from kernelmark.sandbox.limits import Limits
from kernelmark.sandbox.timed import Batch, Hold
from kernelmark.sandbox.turns import GRACE_S, Patience, Turns
from kernelmark.sandbox.visits import Visits
from kernelmark.sandbox.watchdog import Guard
from kernelmark.stopwatch import clock
from kernelmark.stopwatch.timing import Inputs, Value
from kernelmark.wire import channel
from kernelmark.wire.raised import checked
from kernelmark.wire.values import Plain, WireError

# How long an ended process may take to be reported as ended.
FAREWELL_S = 0.5
# The course's solution lives through many notebooks: it may hold so many times the memory of a submission.
TRUSTED_MEMORY = 4
# By so many times the memory of a submission the grader's own may grow while it tests one.
JUDGE_MEMORY = 2
# Its own memory is looked at again after so many bytes from the other side.
WEIGH_BYTES = 4 * 2**20


class Link:
    """A process that runs `kernelmark.sandbox.server` on code that is not trusted.

    It starts with the object; `request` and `timed` ask it something; `close` ends it, and so does whatever
    it does against the rules, which the exception names.

    Args:
        limits: what it may use.
        files: the submission's own files, copied beside the notebook, {name: path}.
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
        self._own_limit_bytes = memory.first_bytes() + JUDGE_MEMORY * limits.memory_bytes
        self._weighed_bytes = 0
        may_have_children = bubblewrap.may_start_processes(limits)
        if trusted:
            limits = replace(limits, cpu_s=math.inf, memory_bytes=TRUSTED_MEMORY * limits.memory_bytes)
        self.limits, self.whose, self.trusted = limits, whose, trusted
        self._patience = patience or Patience(limits.cell_s)
        self._turns, self._callbacks = Turns(), Callbacks()
        self._reason = self._identity = ""
        copied, shown = luggage.split(files or {}, limits)
        door, their_door = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._visits = Visits(door, self._visited)
        self.channel, theirs = channel.line(luggage.packed(copied), their_door.detach())
        with theirs:
            try:
                self._started = bubblewrap.start(limits, theirs.descriptors, shown)
            except GraderError:
                self.channel.close()
                self._visits.close()
                raise
        self.pid = self._visits.home = self._started.pid
        self._hold = Hold(self._started)
        self._guard = Guard(self._started, limits, may_have_children=may_have_children, cpu_before_s=cpu_before_s)
        self._await_start()
        if watch:
            self._guard.watch()

    @property
    def alive(self) -> bool:
        """Whether the process has not been ended from here; one that ended by itself is found at the next request."""
        return self._guard.alive

    @property
    def root(self) -> Path:
        """Where the files that the process sees lie here. Names below it are the submission's own choice."""
        return Path(f"/proc/{self._started.overseer or self.pid}/root")

    @property
    def cpu_s(self) -> float:
        """The CPU seconds that it used, what it started included, as far as they were looked at."""
        return self._guard.cpu_s

    @property
    def spent_s(self) -> float:
        """The seconds that it was waited for."""
        return self._turns.spent_s

    def be_patient(self, patience: Patience) -> None:
        """Wait for calls as that one says from now on."""
        self._patience = patience

    def longest_s(self) -> float:
        """Return how long the longest question took since this was last asked."""
        found, self._turns.longest_s = self._turns.longest_s, 0.0
        return found

    def request(
        self, header: dict[str, Any], buffers: Sequence[Any] = (), timeout_s: float | None = None
    ) -> tuple[dict[str, Any], list[bytes]]:
        """Send a request and return the answer, serving callbacks meanwhile.

        Raises:
            SubmissionLost: the process ended, had to be killed, or answered nonsense.
            SubmissionError: it had to be interrupted, and came back.
        """
        limit_s = self._patience.limit_s if timeout_s is None else timeout_s
        late = f"{self.whose} did not finish within {limit_s:.3g} s and was interrupted (cell_timeout_s)"
        with self._asking(limit_s), self._in_words(late, limit_s):
            self._require_alive()
            # The other side learns the number with the request: an answer prepared beforehand lacks it.
            self._identity = secrets.token_hex(8)
            self.channel.send({**header, "id": self._identity}, buffers)
            self.channel.expect_by(time.monotonic() + limit_s)
            found = self._answer()
            if self._callbacks.fault is not None and self._turns.is_outermost:
                raise self._callbacks.fault
            return found

    def timed(self, target: Plain, calls: Sequence[Inputs], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Value:
        """Run a batch of calls between two readings of the process's CPU clock, taken while it is stopped.

        The process stays stopped until the next request; see `Batch` and `Hold`.

        Raises:
            SubmissionLost, SubmissionError: as `request`; SubmissionLost also where
            another process was started. Any builtin exception that a call raised.
            MeasurementError: the clock cannot be read.
        """
        batch = Batch(calls)
        self.request(*batch.announcement(target, args, kwargs))
        limit_s = self._patience.limit_s
        late = f"a timed call did not finish within {limit_s:.3g} s (cell_timeout_s)"
        with self._turns.take(limit_s), self._in_words(late, limit_s), self._visits.none():
            self._hold.begin()
            batch.go(self.channel)
            self.channel.expect_by(time.monotonic() + limit_s)
            self._hold.go()
            reply, payload = self._answer(pause=self._hold.done)
            cpu_s, wall_s, queued_s = self._hold.spent()
        node = checked(reply)
        with self._in_words(late, limit_s):
            return Value(cpu_s, wall_s, batch.outputs(node, payload), queued_s)

    def callback(self, function: Callable[..., Any]) -> Plain:
        """Return the mark under which the other side can call a function of ours, from any thread or process."""
        self._visits.open()
        return self._callbacks.give(function)

    def forget_callbacks(self) -> None:
        """Serve the functions given so far no more: a new test cell begins."""
        self._callbacks.forget()

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
        self._visits.close()
        self._callbacks.forget()  # what they keep of a test goes with it

    def _await_start(self) -> None:
        self.channel.expect_by(time.monotonic() + bubblewrap.START_TIMEOUT_S)
        try:
            self.channel.receive()
        except (EOFError, OSError, WireError) as error:
            self.close()
            raise GraderError(f"a sandboxed process did not start: {type(error).__name__}: {error}") from None

    @contextlib.contextmanager
    def _asking(self, limit_s: float) -> Iterator[None]:
        """Take a turn on the line; a question asked on behalf of another leaves that one as it was."""
        with self._turns.take(limit_s):
            asked, deadline_s = self._identity, self.channel.deadline_s
            try:
                yield
            finally:
                if self._turns.is_outermost:
                    self._callbacks.fault = None
                else:
                    self._identity = asked
                    self.channel.expect_by(deadline_s)

    @contextlib.contextmanager
    def _in_words(self, late: str, limit_s: float) -> Iterator[None]:
        """Turn what goes wrong on the line into what a student, or staff, can read; the process may end by it."""
        try:
            yield
        except TimeoutError:
            self._interrupt(limit_s)
            raise (GraderError if self.trusted else SubmissionError)(late) from None
        except WireError as error:
            raise self._lost(f"{self.whose} put nonsense on the line to the grader: {error}") from None
        except (EOFError, OSError):
            raise self._lost() from None
        except clock.Restless as error:
            raise self._lost(f"{self.whose} {error}") from None
        except MeasurementError:
            if not os.path.exists(f"/proc/{self.pid}"):
                raise self._lost() from None
            self._lost("its clock could not be read")
            raise

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
                answer, payload = self._callbacks.answer(reply, buffers)
            self.channel.send(answer, payload)

    def _visited(self, request: dict[str, Any], buffers: list[bytes]) -> tuple[dict[str, Any], list[Any]]:
        with memory.bounded(self._own_limit_bytes):
            return self._callbacks.answer(request, buffers)

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
        self._hold.let_go()
        self._started.interrupt()
        try:
            self.channel.expect_by(time.monotonic() + GRACE_S)
            self._answer()
        except (OSError, EOFError, WireError):
            raise self._lost(
                f"{self.whose} did not finish within {limit_s:.3g} s and did not stop when interrupted (cell_timeout_s)"
            ) from None

    def _require_alive(self) -> None:
        if not self.alive:
            text = self._reason or f"the process of {self.whose} has ended"
            raise (GraderError if self.trusted else SubmissionLost)(text)
        try:
            self._hold.release()
        except clock.Restless:
            raise
        except MeasurementError:  # ended meanwhile, which is no fault of the machine's
            raise self._lost() from None

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
