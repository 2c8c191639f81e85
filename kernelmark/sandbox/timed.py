"""A batch of timed calls: what is sent before and with "go", and the process held still while its clock is read.

What the inputs hold is written after the first reading, so nothing can be worked out before
it; outputs are taken at the second, so nothing can be finished after it. It waits for nobody
and decides nothing: `link` does the one, `stopwatch.stats` the other.
"""

import time
from collections.abc import Sequence
from typing import Any

from kernelmark.errors import MeasurementError
from kernelmark.sandbox.started import Started
from kernelmark.stopwatch import clock
from kernelmark.stopwatch.timing import Inputs
from kernelmark.wire.channel import Channel
from kernelmark.wire.values import Decoder, Encoder, Plain, WireError, no_objects, refuse
from kernelmark.wire.withheld import Withheld, withholdable

# A stopped process uses no CPU time at all; more than this is no matter of accounts.
STILL_S = 0.001


class Batch:
    """The inputs of one batch of calls, as they cross: places first, contents with "go"."""

    def __init__(self, calls: Sequence[Inputs]):
        """Take the inputs of each call.

        Raises:
            WireError: one of them cannot cross.
        """
        self._calls = calls
        self._withheld = _withheld(calls)
        self._encoder = Encoder(refuse)
        self._batch = self._encoder.encode(list(calls)) if self._withheld is None else None

    def announcement(
        self, target: Plain, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[dict[str, Any], list[Any]]:
        """Return the request that has everything put in place but the contents."""
        encoder = Encoder(refuse)
        header = {"op": "timed", "target": target, "calls": self._withheld.calls if self._withheld else None}
        header |= {"args": encoder.encode(args), "kwargs": encoder.encode(kwargs)}
        return header, encoder.sent.buffers

    def go(self, channel: Channel) -> None:
        """Hand over the contents, and the word to begin, to a process that is stopped."""
        if self._withheld is not None:
            channel.fill(self._withheld.pieces)
            numbers = self._withheld.numbers
            channel.send({"go": True, "numbers": numbers if any(numbers) else None})
        else:
            channel.send({"go": True, "batch": self._batch}, self._encoder.sent.buffers, through_region=True)

    def outputs(self, node: Plain, payload: list[bytes]) -> list[Any]:
        """Return the outputs, one a call, from what the process answered.

        Raises:
            WireError: it is something else.
        """
        outputs = Decoder(payload, no_objects, contiguous=True).decode(node)
        stack = outputs.get("stack") if isinstance(outputs, dict) else None
        count = len(self._calls)
        if getattr(stack, "shape", ())[:1] == (count,):
            outputs = list(stack)  # type: ignore[arg-type]
        if not isinstance(outputs, list) or len(outputs) != count:
            raise WireError("no list of outputs, one a call")
        return outputs


class Hold:
    """Stops a process for the stopwatch, reads its CPU clock meanwhile, and sees to it that nothing goes on.

    Raises, in all its methods:
        Restless: it went on while it was stopped, or did not work alone.
        MeasurementError: its clock cannot be read. ProcessLookupError: it has ended.
    """

    def __init__(self, started: Started):
        self._started = started
        self._pid = started.pid
        self._stood_at_s: float | None = None
        self._cpu_s = self._wall_s = self._queued_s = 0.0
        self._helpers_ticks = 0
        self._rests = False
        self._bystanders: dict[int, tuple[float, str]] = {}

    def begin(self) -> None:
        """Stop the process and take the first reading."""
        clock.stop(self._pid)
        self._helpers_ticks = self._ticks_alone()
        self._bystanders = self._at_rest()
        self._cpu_s = clock.cpu_seconds(self._pid)
        self._queued_s = clock.queued_seconds(self._pid)

    def go(self) -> None:
        """Let it work, from now on by the wall clock too."""
        self._wall_s = time.perf_counter()
        clock.resume(self._pid)

    def done(self) -> None:
        """Stop it again, at the first word of its answer, and take the second reading; it stays stopped."""
        self._wall_s = time.perf_counter() - self._wall_s
        out_of_reach_s = clock.stop(self._pid)
        self._stood_at_s = clock.cpu_seconds(self._pid)
        self._cpu_s = self._stood_at_s - self._cpu_s + out_of_reach_s
        self._queued_s = clock.queued_seconds(self._pid) - self._queued_s

    def spent(self) -> tuple[float, float, float]:
        """Return the seconds of CPU time, of wall time, and queued of that, between the readings; the answer is in."""
        cpu_s = self._cpu_s + self._used_while_stopped()
        if self._ticks_alone() != self._helpers_ticks:
            raise clock.Restless("started another process; a timed call may not")
        cpu_s += self._used_by_bystanders()
        wall_s = max(self._wall_s, 1e-9)
        return max(cpu_s, 1e-9), wall_s, min(self._queued_s, wall_s)

    def release(self) -> None:
        """Let a process run again that may have been stopped, unless it went on by itself."""
        self._used_while_stopped()
        self.let_go()

    def let_go(self) -> None:
        """Let it run again, whatever it did."""
        self._stood_at_s = None
        clock.resume(self._pid)

    def _at_rest(self) -> dict[int, tuple[float, str]]:
        """Return what else is in the sandbox, once it has come to rest; on a crowded machine it may still be starting.

        Raises:
            MeasurementError: it does not.
        """
        deadline_s = time.monotonic() + clock.STOP_TIMEOUT_S
        while not self._rests:
            self._rests = all(clock.states(pid) <= {"S"} for pid in self._started.companions)
            if time.monotonic() > deadline_s:
                raise MeasurementError("what keeps a sandbox open did not come to rest")
        return self._started.bystanders()

    def _used_by_bystanders(self) -> float:
        """Return the CPU time that everything else in the sandbox used since the first reading.

        A parent is woken for a moment when its child is stopped; that is all that may be there, and it counts.
        """
        now = self._started.bystanders()
        used_s = sum(now[pid][0] - before_s for pid, (before_s, _) in self._bystanders.items())
        if used_s > STILL_S or any(now[pid][1] != program for pid, (_, program) in self._bystanders.items()):
            raise clock.Restless("had another process of its sandbox work for it; a timed call may not")
        return used_s

    def _ticks_alone(self) -> int:
        """Return the CPU ticks of children waited for so far; there may be no living child."""
        overseer = self._started.overseer
        siblings = clock.children(overseer) if overseer is not None else []
        ours = {self._pid, *self._started.companions}
        try:
            ticks = clock.childrens_ticks(self._pid)
        except MeasurementError:  # ended meanwhile, which is no fault of the machine's
            raise ProcessLookupError(f"process {self._pid} has ended") from None
        if clock.children(self._pid) or not ours.issuperset(siblings):
            raise clock.Restless("started another process; a timed call may not")
        return ticks

    def _used_while_stopped(self) -> float:
        """Return the CPU time that the process used since it was stopped: next to none.

        The kernel may continue a process by itself, on a timer or a message that was asked
        for beforehand. It could then finish its answer, or work against the reference, for nothing.
        """
        if self._stood_at_s is None:
            return 0.0
        used_s = clock.used_seconds(self._pid) - self._stood_at_s
        if used_s > STILL_S:
            raise clock.Restless("went on while it was stopped for the stopwatch")
        return used_s


def _withheld(calls: Sequence[Inputs]) -> Withheld | None:
    """Return the batch with its contents held back, or None where an input is neither a plain array nor a number."""
    if not all(withholdable(item) for inputs in calls for item in inputs):
        return None
    found = Withheld()
    for inputs in calls:
        found.add(inputs)
    return found
