"""What a race in the judge is made of: a racer in another process, and a bound on what can be true.

It takes no pairs (`stopwatch.timing` does) and starts no process (`session` does).
"""

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kernelmark.errors import CourseError, KernelmarkError, MeasurementError
from kernelmark.referee.machine import machine_limits
from kernelmark.sandbox.link import Link
from kernelmark.stopwatch.timing import Inputs, Value
from kernelmark.wire.values import Plain

# A call this many times faster than the machine was measured to be did not do the work.
IMPLAUSIBLE = 2.0
CACHE_OVER_MEMORY = 20.0


class Implausible(MeasurementError):
    """A call was faster than the machine can be: the submission's doing, unless the course's own is as fast."""


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
        except Exception as error:  # whatever the called function raised
            if self._trusted:
                raise CourseError(f"the course's own {self.name} raised {type(error).__name__}: {error}") from error
            raise

    def rest(self) -> None:
        """Let the process run like any other again."""
        if self._link is not None and self._link.alive:
            self._link.unpin()


def require_plausible(seconds: float, inputs: Inputs, flops: float | None) -> None:
    """Raise Implausible when a call was faster than memory and arithmetic allow."""
    moved = sum(item.nbytes for item in inputs if isinstance(item, np.ndarray))
    for again in (False, True):  # measured in a bad moment, the machine would look slower than it is
        peak, bandwidth = machine_limits(again=again)
        floor_s = max((flops or 0.0) / peak / IMPLAUSIBLE, moved / bandwidth / CACHE_OVER_MEMORY)
        if seconds >= floor_s:
            return
    raise Implausible(f"a call took {seconds:.3g} s, but this machine needs at least {floor_s:.3g} s for it")
