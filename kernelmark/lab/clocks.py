"""Clocks that are moved by hand, and work that takes as long as it is told.

Does: makes a measurement repeatable. A `ManualClock` stands still until something
advances it, and a `Workload` advances it by a known amount at each call, so what a
stopwatch must read is known to the last bit. Both note whether the garbage
collector was on and whether tracemalloc was tracing; the functions run something
in the process of a student's function and say how they left it.
Does not: measure anything. In a student's process (`beside`) what they noted can be
forged, like everything there; in the judge's process it cannot, but the collector and
the tracing seen are then the judge's.
"""

from __future__ import annotations

import contextlib
import gc
import io
import tracemalloc
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kernelmark.lab.remote import where_it_lives

# Taken before any submitted cell runs: to replace gc.isenabled afterwards changes nothing here.
_collecting, _collect, _ignore = gc.isenabled, gc.enable, gc.disable
_tracing, _stop_tracing = tracemalloc.is_tracing, tracemalloc.stop


class ManualClock:
    """A clock in seconds that stands still until it is advanced.

    Args:
        start: what it reads at first. Clocks have no common zero, so neither has this one.
        follows: another ManualClock; this one then runs at `rate` seconds for each of its seconds.
        rate: for example 0.25 for the CPU time of work that waits three quarters of the time.

    Attributes:
        now: the reading.
        readings: how often it was read.
        tracing: for each reading, whether tracemalloc was tracing.

    >>> clock = ManualClock(start=100.0)
    >>> clock.advance(0.5)
    >>> clock(), clock.readings
    (100.5, 1)
    """

    def __init__(self, start: float = 0.0, *, follows: ManualClock | None = None, rate: float = 1.0) -> None:
        self._start = start
        self._advanced = 0.0
        self._follows = follows
        self._rate = rate
        self.tracing: list[bool] = []

    @property
    def now(self) -> float:
        """The reading, which is not counted."""
        followed = 0.0 if self._follows is None else self._rate * self._follows._advanced
        return self._start + self._advanced + followed

    @property
    def readings(self) -> int:
        """How often the clock was read by calling it."""
        return len(self.tracing)

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        self._advanced += seconds

    def __call__(self) -> float:
        """Return the reading, and count it."""
        self.tracing.append(_tracing())
        return self.now


class Workload:
    """A function that takes a known time on a ManualClock and holds a known number of bytes.

    Args:
        clock: the clock that each call advances; None for work that takes no time.
        costs: seconds of each call in turn; the last one holds for all further calls.
        traced: a call takes this many times as long while tracemalloc is tracing, as a Python loop does.
        temporary_bytes: held only during the call.
        kept_bytes: the size of the uint8 array that the call returns.
        first_bytes: like `temporary_bytes`, at the first call only, as when something is compiled or cached.
        fails_at: the call, counted from 1, that raises ArithmeticError.

    Attributes:
        calls: how many calls were begun.
        collecting, tracing: for each call, whether the garbage collector was on, and tracemalloc tracing.
    """

    def __init__(
        self,
        clock: ManualClock | None = None,
        costs: Sequence[float] = (0.0,),
        *,
        traced: float = 1.0,
        temporary_bytes: int = 0,
        kept_bytes: int = 0,
        first_bytes: int = 0,
        fails_at: int = 0,
    ) -> None:
        self._clock = clock
        self._costs = [float(cost) for cost in costs]
        self._traced = traced
        self._bytes = (temporary_bytes, kept_bytes, first_bytes)
        self._fails_at = fails_at
        self.__name__ = "workload"
        self.collecting: list[bool] = []
        self.tracing: list[bool] = []

    @property
    def calls(self) -> int:
        """How many calls were begun."""
        return len(self.tracing)

    def __call__(self, *_: Any, **__: Any) -> np.ndarray:
        """Take the time, hold the bytes, return the array; arguments are ignored."""
        self.collecting.append(_collecting())
        self.tracing.append(_tracing())
        cost = self._costs[min(self.calls, len(self._costs)) - 1]
        if self._clock is not None:
            self._clock.advance(cost * (self._traced if self.tracing[-1] else 1.0))
        if self.calls == self._fails_at:
            raise ArithmeticError(f"call {self.calls} fails, as it was told to")
        temporary, kept, first = self._bytes
        result = np.zeros(kept, np.uint8)
        temporaries = np.empty(temporary + (first if self.calls == 1 else 0), np.uint8)
        del temporaries
        return result


@where_it_lives
def state_after(
    function: Callable[..., Any], *args: Any, collector_on: bool = True, **kwargs: Any
) -> dict[str, bool | str]:
    """Call a function with the garbage collector on or off, and say how it left the process.

    Afterwards the collector is as it was, and tracemalloc is off.

    Returns:
        `"collector_on"` and `"tracing"`: the state when the call ended; `"raised"`: the
        message of the exception it ended with, or "".
    """
    before = _collecting()
    raised = ""
    (_collect if collector_on else _ignore)()
    try:
        function(*args, **kwargs)
    except Exception as error:  # what the function raised is what is reported
        raised = f"{type(error).__name__}: {error}"
    finally:
        after: dict[str, bool | str] = {"collector_on": _collecting(), "tracing": _tracing(), "raised": raised}
        (_collect if before else _ignore)()
        if _tracing():
            _stop_tracing()
    return after


@where_it_lives
def run_inside(manager: Any, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Enter a context manager, call the function, leave it; return the result, or raise what it raises.

    Returns None where the manager swallows an exception.
    """
    with manager:
        return function(*args, **kwargs)


@where_it_lives
def printed(function: Callable[..., Any], *args: Any, **kwargs: Any) -> str:
    """Call a function and return what it prints, which is then not shown."""
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        function(*args, **kwargs)
    return text.getvalue()
