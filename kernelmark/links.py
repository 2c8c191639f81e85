"""One sandboxed process and the line to it: requests with a time limit, timed batches, its end.

Whatever happens on the other side (a crash, a hang, nonsense on the line, a flood of
memory) comes out as a `SubmissionError` that a student can read; `SubmissionLost` means
that the process is gone. It does not know which cell is which: `referee` does, and it
starts a new process.
"""

import contextlib
import fcntl
import mmap
import os
import secrets
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from kernelmark import clock, sandbox
from kernelmark.errors import GraderError, MeasurementError, SubmissionError, SubmissionLost
from kernelmark.proxy import checked
from kernelmark.sandbox import Limits
from kernelmark.timing import Inputs, Value
from kernelmark.wire import REGION_BYTES, Channel, Decoder, Encoder, Plain, WireError, Withheld, withholdable

# After an interrupt, a process has this long to come back before it is killed.
GRACE_S = 2.0
# How long an ended process may take to be reported as ended.
FAREWELL_S = 0.5
# How often the memory of the process is looked at.
WATCH_S = 0.05

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
    """A process that runs `kernelmark.server` on code that is not trusted.

    Args:
        limits: what it may use.
        files: the submission's own files, shown beside the notebook.
        whose: "your code" or "the course's solution", for messages.
        watch: end it when it holds too much memory; needs a thread of its own.
        patience: how long a request may take, shared over restarts.
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
    ):
        self._trusted = trusted
        self.limits = limits
        self._patience = patience or Patience(limits.cell_s)
        self.whose = whose
        self._reason = ""
        self._identity = ""
        self._callbacks: dict[int, Callable[..., Any]] = {}
        self._given = 0
        self._regions = [_sealed_region("to"), _sealed_region("from")]
        ours, theirs = socket.socketpair()
        try:
            self._started = sandbox.start(limits, (theirs.fileno(), *self._regions), files)
        except GraderError:
            ours.close()
            for region in self._regions:
                os.close(region)
            raise
        finally:
            theirs.close()
        self.pid = self._started.pid
        self.channel = Channel(
            ours, mmap.mmap(self._regions[1], REGION_BYTES), mmap.mmap(self._regions[0], REGION_BYTES)
        )
        self.alive = True
        self._await_start()
        self.cpu_s = 0.0
        self.spent_s = 0.0
        if watch:
            threading.Thread(target=self._watch, daemon=True).start()

    def request(
        self, header: dict[str, Any], buffers: Sequence[Any] = (), timeout_s: float | None = None
    ) -> tuple[dict[str, Any], list[bytes]]:
        """Send a request and return the answer, serving callbacks meanwhile.

        Raises:
            SubmissionLost: the process ended, had to be killed, or answered nonsense.
            SubmissionError: it had to be interrupted, and came back.
        """
        limit_s = self._patience.seconds if timeout_s is None else timeout_s
        self._require_alive()
        # The other side learns the number with the request: an answer prepared beforehand lacks it.
        self._identity = secrets.token_hex(8)
        begun = time.monotonic()
        try:
            self.channel.send({**header, "id": self._identity}, buffers)
            self.channel.expect_by(time.monotonic() + limit_s)
            return self._answer()
        except TimeoutError:
            self._interrupt(limit_s)
            text = f"{self.whose} did not finish within {limit_s:.3g} s and was interrupted"
            raise (GraderError if self._trusted else SubmissionError)(text) from None
        except WireError as error:
            raise self._lost(f"{self.whose} put nonsense on the line to the grader: {error}") from None
        except (EOFError, OSError):
            raise self._lost() from None
        finally:
            self.spent_s += time.monotonic() - begun

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
            cpu_s = clock.cpu_seconds(self.pid) - cpu_s

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
        except TimeoutError:
            self._interrupt(limit_s)
            raise SubmissionError(f"a timed call did not finish within {limit_s:.3g} s") from None
        except WireError as error:
            raise self._lost(f"{self.whose} put nonsense on the line to the grader: {error}") from None
        except (EOFError, OSError):
            raise self._lost() from None
        except MeasurementError:
            if not os.path.exists(f"/proc/{self.pid}"):
                raise self._lost() from None
            self._lost("its clock could not be read")
            raise
        finally:
            self.spent_s += time.monotonic() - begun
        if self._forbid_helpers() != ticks:
            raise self._lost(f"{self.whose} started another process; a timed call may not")
        return Value(max(cpu_s, 1e-9), max(wall_s, 1e-9), self._outputs(checked(reply), payload))

    def _outputs(self, node: Plain, payload: list[bytes]) -> list[Any]:
        outputs = Decoder(payload, _no_objects, contiguous=True).decode(node)
        if isinstance(outputs, dict) and isinstance(outputs.get("stack"), np.ndarray) and outputs["stack"].ndim:
            outputs = list(outputs["stack"])
        if not isinstance(outputs, list):
            raise self._lost(f"{self.whose} put nonsense on the line to the grader: no list of outputs")
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
        """Run every thread of the process on one processor."""
        for task in os.listdir(f"/proc/{self.pid}/task"):
            with contextlib.suppress(ProcessLookupError):
                os.sched_setaffinity(int(task), {processor})  # a thread may end meanwhile

    def close(self) -> None:
        """Kill the process and everything it started, and give its memory back."""
        if self.alive:
            self._end()
        self.channel.close()
        for region in self._regions:
            with contextlib.suppress(OSError):
                os.close(region)
        self._regions = []

    def _await_start(self) -> None:
        self.channel.expect_by(time.monotonic() + sandbox.START_TIMEOUT_S)
        try:
            self.channel.receive()
        except (EOFError, OSError, WireError) as error:
            self.close()
            raise GraderError(f"a sandboxed process did not start: {type(error).__name__}: {error}") from None

    def _answer(self, pause: Callable[[], None] | None = None) -> tuple[dict[str, Any], list[bytes]]:
        while True:
            reply, buffers = self.channel.receive(pause or (lambda: None))
            if not isinstance(reply, dict) or reply.get("id") != self._identity:
                raise WireError("an answer to nothing that was asked")
            if "callback" not in reply:
                return reply, buffers
            if pause is not None:
                # The clock was read at this message; whatever came after it would be free of charge.
                raise WireError("a callback in a timed call")
            decoder = Decoder(buffers, _no_objects)
            args, kwargs = decoder.decode(reply.get("args")), decoder.decode(reply.get("kwargs"))
            index = reply["callback"]
            if type(index) is not int or not 0 <= index < self._given or not isinstance(kwargs, dict):
                raise WireError("a callback that was never given")
            encoder = Encoder(_refuse)
            try:
                if index not in self._callbacks:
                    raise RuntimeError("this function belonged to a test that is over")
                answer = {"ok": encoder.encode(self._callbacks[index](*args, **kwargs))}
            except Exception as error:  # the callback's own error belongs to whoever called it
                answer = {"error": f"{type(error).__name__}: {error}"}
            self.channel.send(answer, encoder.sent.buffers)

    def _interrupt(self, limit_s: float) -> None:
        """Interrupt what runs; kill the process where that does not help."""
        self._patience.shorten()
        clock.resume(self.pid)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGINT)
        try:
            self.channel.expect_by(time.monotonic() + GRACE_S)
            self._answer()
        except (OSError, EOFError, WireError):
            raise self._lost(
                f"{self.whose} did not finish within {limit_s:.3g} s and did not stop when interrupted"
            ) from None

    def _forbid_helpers(self) -> int:
        """Return the CPU ticks of children waited for so far; there may be no living child."""
        overseer = self._started.overseer
        siblings = clock.children(overseer) if overseer is not None else [self.pid]
        ticks = clock.childrens_ticks(self.pid)
        if clock.children(self.pid) or siblings != [self.pid]:
            raise self._lost(f"{self.whose} started another process; a timed call may not")
        return ticks

    def _require_alive(self) -> None:
        if not self.alive:
            text = self._reason or f"the process of {self.whose} has ended"
            raise (GraderError if self._trusted else SubmissionLost)(text)
        clock.resume(self.pid)

    def _lost(self, reason: str = "") -> SubmissionLost | GraderError:
        """Kill what is left and return the exception that says why."""
        if self.alive:
            if not reason:  # it ended by itself: let its overseer say how
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._started.process.wait(FAREWELL_S)
            status = self._end()
            self._reason = reason or self._reason or _farewell(self.whose, status)
        return GraderError(self._reason) if self._trusted else SubmissionLost(self._reason)

    def _end(self) -> int:
        self.alive = False
        with contextlib.suppress(OSError):
            self.cpu_s = time.clock_gettime((~self.pid << 3) | 2)
        return sandbox.end(self._started)

    def _watch(self) -> None:
        """Kill the process when it holds more memory than allowed."""
        page = os.sysconf("SC_PAGE_SIZE")
        while self.alive:
            held = 0
            for pid in {self.pid, *clock.children(self.pid), *self._siblings()}:
                with contextlib.suppress(OSError, ValueError), open(f"/proc/{pid}/statm") as file:
                    held += int(file.read().split()[1]) * page
            if held > self.limits.memory_bytes and self.alive:
                self._reason = (
                    f"{self.whose} used more than {self.limits.memory_bytes / 2**30:.3g} GiB of memory and was ended"
                )
                for victim in (self._started.overseer, self.pid):
                    if victim is not None:
                        with contextlib.suppress(ProcessLookupError):
                            os.kill(victim, signal.SIGKILL)
                return
            time.sleep(WATCH_S)

    def _siblings(self) -> list[int]:
        return clock.children(self._started.overseer) if self._started.overseer is not None else []


def _farewell(whose: str, status: int) -> str:
    if status in (-signal.SIGKILL, 128 + signal.SIGKILL):
        return f"the process of {whose} was killed"
    return f"the process of {whose} ended by itself (exit status {status})"


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
