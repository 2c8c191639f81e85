"""The words of a test cell: `close`, `raises`, `unchanged`, `faster`, `reference`; of a set-up cell: `crosses`.

They read the same at a student's desk and under the grader. At the desk they work on
the functions of the student's own Jupyter kernel; under the grader a test cell runs in
the judge, the functions are proxies, and `faster` reads clocks that submitted code
cannot reach. At the desk nothing here is protected: the grader has the last word.
"""

import contextlib
import functools
import itertools
import os
import random
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from kernelmark import shown
from kernelmark.errors import CourseError, GraderError, KernelmarkError, MeasurementError
from kernelmark.own_types import crosses
from kernelmark.records import Verdict
from kernelmark.stopwatch import picture
from kernelmark.stopwatch.desk_clock import cpu_step_s, is_coarse
from kernelmark.stopwatch.lock import host_lock
from kernelmark.stopwatch.stats import decide, number, waits
from kernelmark.stopwatch.timing import Inputs, LocalSide, Side, race
from kernelmark.text import words_of_pattern

__all__ = ["close", "crosses", "faster", "raises", "reference", "unchanged"]

# Rounding grows with the length of a sum; these hold for sums of a few thousand terms.
RELATIVE_TOLERANCE = {"float16": 2e-2, "float32": 2e-4, "float64": 1e-9, "complex64": 2e-4, "complex128": 1e-9}


class TooSlow(AssertionError):
    """No step of a speed check was reached."""


class Runtime(Protocol):
    """Where a test cell runs: the desk here, the judge in its own room."""

    @property
    def where(self) -> str:
        """Where, and on which clock where it is not the usual one: shown below a picture."""

    def side(self, name: str, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Side:
        """Return the racer for a function."""

    def reference(self, name: str) -> Any:
        """Return what the course's own solution calls by this name."""

    def turn(self) -> AbstractContextManager[None]:
        """Return what is held while a race runs: nobody else on this host times anything meanwhile."""

    def again(self) -> bool:
        """Prepare a second race after an inconclusive one; False where there is none."""

    def plausible(self, seconds: float, inputs: Inputs, flops: float | None) -> None:
        """Raise MeasurementError when a call cannot have been this fast on this machine."""

    def record(self, verdict: Verdict) -> None:
        """Keep a verdict for the marks."""


class Desk:
    """The student's own Jupyter kernel (or any Python session)."""

    @property
    def where(self) -> str:
        """Say that this is a desk, and which clock it has where it is not CPU time."""
        clock = ""
        if is_coarse():
            clock = f" on the wall clock, since CPU time is told here in steps of {cpu_step_s() * 1e3:.0f} ms only"
        return f"Measured at your desk{clock}; the grader has the last word."

    def side(self, name: str, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Side:
        """Return a racer in this process."""
        return LocalSide(name, lambda *inputs: function(*inputs, *args, **kwargs))

    def reference(self, name: str) -> Any:
        """Return the student's own function: the course's solution is not here."""
        shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
        names = shell.user_ns if shell is not None else vars(sys.modules["__main__"])
        if name not in names:
            raise NameError(f"reference.{name}: at your desk this is your own {name}; run the cell that defines it")
        return names[name]

    def turn(self) -> AbstractContextManager[None]:
        """Wait for whoever else measures on this machine."""
        return host_lock()

    def again(self) -> bool:
        """Measure once: the student can run the cell again."""
        return False

    def plausible(self, seconds: float, inputs: Inputs, flops: float | None) -> None:
        """Trust the desk; it decides nothing."""

    def record(self, verdict: Verdict) -> None:
        """Say the points in the line below the cell."""
        shown.scored(picture.earned(verdict))


_runtime: Runtime = Desk()


def use(runtime: Runtime) -> Runtime:
    """Make the words work in another place, and return the former one. The judge calls this."""
    global _runtime
    former, _runtime = _runtime, runtime
    return former


class _Reference:
    """`reference.name`: the course's own solution under the grader, your own function at your desk."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return _runtime.reference(name)


reference = _Reference()


def close(
    actual: Any,
    expected: Any,
    rtol: float | None = None,
    atol: float | None = None,
    what: str = "the result",
) -> None:
    """Assert that a result has the shape, the dtype and the values of `expected`.

    Args:
        rtol: relative to the largest expected magnitude; by dtype where not given, and
            exact for integers and booleans.
        atol: absolute; 0 where not given.
        what: the name of the thing, for the message.

    Raises:
        AssertionError: names the thing, what was expected and what came.
    """
    wanted = np.asarray(expected)
    if actual is None:
        raise AssertionError(f"{what}: expected an array of shape {wanted.shape}, got None; is the return missing?")
    if isinstance(expected, np.ndarray) and not isinstance(actual, np.ndarray):
        raise AssertionError(f"{what}: expected an array of shape {wanted.shape}, got {type(actual).__name__}")
    if not isinstance(actual, np.ndarray | np.generic | bool | int | float | complex | list | tuple):
        raise AssertionError(f"{what}: expected numbers ({wanted.dtype}), got {type(actual).__name__}")
    try:
        got = np.asarray(actual)
    except ValueError:
        raise AssertionError(f"{what}: expected shape {wanted.shape}, got a list whose rows differ in length") from None
    if got.dtype.kind not in "biufc":
        raise AssertionError(f"{what}: expected numbers ({wanted.dtype}), got {type(actual).__name__}")
    if got.shape != wanted.shape:
        hint = "; are the axes swapped?" if got.shape == wanted.shape[::-1] else ""
        raise AssertionError(f"{what}: expected shape {wanted.shape}, got {got.shape}{hint}")
    if isinstance(expected, np.ndarray | np.generic) and got.dtype != wanted.dtype:
        raise AssertionError(f"{what}: expected dtype {wanted.dtype}, got {got.dtype}")
    if wanted.size == 0:
        return
    relative = RELATIVE_TOLERANCE.get(wanted.dtype.name, 0.0) if rtol is None else rtol
    with np.errstate(all="ignore"):
        # The quick way, for every timed call; NaN and infinity fall through to the long one.
        largest = float(np.abs(wanted).max())
        if got.dtype.kind in "fc" and float(np.abs(got - wanted).max()) <= relative * largest < np.inf:
            return
    finite = np.isfinite(wanted)
    largest = float(np.abs(wanted[finite]).max()) if finite.any() else 0.0
    allowed = relative * largest + (atol or 0.0)
    with np.errstate(all="ignore"):
        if wanted.dtype.kind in "biu" and allowed == 0:
            wrong = got != wanted
        else:
            wrong = ~(np.abs(got.astype(np.result_type(got, np.float64)) - wanted) <= allowed)
            wrong &= ~((got == wanted) | (np.isnan(got) & np.isnan(wanted)))
    if wrong.any():
        at = tuple(int(i) for i in np.argwhere(wrong)[0]) if wrong.ndim else ()
        place = f"the first at {list(at)}: " if at else ""
        raise AssertionError(
            f"{what}: {int(wrong.sum())} of {wanted.size} values are off, {place}"
            f"expected {_shown(wanted[at])}, got {_shown(got[at])} (allowed difference {allowed:.2g})"
        )


def _shown(value: Any) -> str:
    return str(value) if value.dtype.kind in "biu" else f"{value:.7g}"


@contextlib.contextmanager
def raises(*types: type[BaseException], match: str | None = None, what: str = "this call") -> Iterator[None]:
    """Assert that the block raises one of the types, with a message that matches.

    Args:
        match: a regular expression searched for in the message.
        what: the name of the thing, for the message.
    """
    names = " or ".join(kind.__name__ for kind in types)
    try:
        yield
    except types as error:
        # A student's own kind of error comes with its name before its words, which are what is matched.
        said = str(getattr(error, "kernelmark_message", error))
        if isinstance(error, KernelmarkError) and not any(issubclass(kind, KernelmarkError) for kind in types):
            raise  # no error of the function's, but what became of its process
        if match is not None and not re.search(match, said):
            raise AssertionError(
                f"{what}: {type(error).__name__} is right, but its message should mention {words_of_pattern(match)}; "
                f"it says {said[:200]!r}"
            ) from error
    except (CourseError, GraderError):
        raise  # nobody's work is at fault
    except Exception as error:  # any that is not of the kind expected
        raise AssertionError(f"{what}: expected {names}, got {type(error).__name__}: {str(error)[:200]}") from error
    else:
        raise AssertionError(f"{what}: expected {names}, but nothing was raised")


@contextlib.contextmanager
def unchanged(*arrays: np.ndarray, what: str = "this call") -> Iterator[None]:
    """Assert that the block leaves the contents of the arrays as they were."""
    before = [np.array(array, copy=True, subok=False) for array in arrays]
    yield
    for position, (array, old) in enumerate(zip(arrays, before, strict=True), 1):
        if not np.array_equal(np.asarray(array), old, equal_nan=old.dtype.kind in "fc"):
            raise AssertionError(f"{what}: input number {position} was changed; leave the inputs as they are")


def faster(
    candidate: Callable[..., Any],
    than: Callable[..., Any],
    inputs: Callable[[np.random.Generator], Inputs],
    expect: Callable[..., Any],
    steps: Mapping[float, float],
    *,
    flops: float | None = None,
    rtol: float | None = None,
) -> None:
    """Race `candidate` against `than`, show the picture, and give points by steps.

    Every call gets inputs of its own, and every output is compared with `expect`.

    Args:
        candidate: the student's function, or `functools.partial` of it.
        than: the baseline: `reference.name`, a NumPy function, or a partial of one.
        inputs: takes a NumPy generator, returns the tuple of arguments of one call.
        expect: takes these arguments, returns the right answer.
        steps: {speed-up over the baseline: points}, points rising with the speed-up.
        flops: operations of one call; a call that did them impossibly fast goes to a person.
        rtol: as in `close`.

    Raises:
        AssertionError: an output of a timed call was wrong, or no step was reached.
        CourseError: the steps are not a rising ladder.
    """
    _require_rising(steps)
    first, second = _Racer(candidate), _Racer(than)
    generator = np.random.default_rng(int.from_bytes(os.urandom(8)))

    def check(arguments: Inputs, output: Any) -> None:
        close(output, expect(*arguments), rtol=rtol, what=f"{first.name}, on a timed call")

    def measure() -> Verdict:
        with _runtime.turn():
            start = time.monotonic()
            run = race(
                first.side(),
                second.side(),
                lambda: tuple(inputs(generator)),
                check,
                thresholds=list(steps),
                shuffle=random.Random(int.from_bytes(os.urandom(8))),
            )
            held_s = time.monotonic() - start
        verdict = decide(
            run.pairs, steps, candidate=first.name, baseline=second.name, loops=run.loops, where=_runtime.where
        )
        return replace(verdict, held_s=held_s)

    verdict = _measured_twice_where_unsure(measure)
    fastest = min(pair.candidate_cpu_s for pair in verdict.pairs)
    _runtime.plausible(fastest, tuple(inputs(generator)), flops)
    _runtime.record(verdict)
    _show(verdict)
    if verdict.outcome == "fail" and verdict.points == 0:
        raise TooSlow(verdict.reason)


def _require_rising(steps: Mapping[float, float]) -> None:
    ladder = sorted(steps.items())
    if not ladder or any(a[1] >= b[1] for a, b in itertools.pairwise(ladder)) or ladder[0][0] <= 0:
        raise CourseError(f"faster: steps must give more points for more speed, got {dict(steps)}")


def _measured_twice_where_unsure(measure: Callable[[], Verdict]) -> Verdict:
    try:
        verdict = measure()
    except MeasurementError:  # the machine stalled
        if not _runtime.again():
            raise
        return measure()
    unsure = verdict.outcome == "inconclusive" or waits(verdict.pairs)
    if not unsure or not _runtime.again():
        return verdict
    second = measure()
    return replace(second, held_s=verdict.held_s + second.held_s)


class _Racer:
    """A function, or a partial of one, taken apart: a printable name and what it is called with beside its inputs."""

    def __init__(self, function: Callable[..., Any]):
        self.name, self._function, self._args, self._kwargs = _unwrap(function)

    def side(self) -> Side:
        return _runtime.side(self.name, self._function, self._args, self._kwargs)


def _unwrap(function: Callable[..., Any]) -> tuple[str, Callable[..., Any], tuple[Any, ...], dict[str, Any]]:
    """Return a printable name and the parts of a function or a partial of it."""
    if not isinstance(function, functools.partial):
        return getattr(function, "__name__", type(function).__name__), function, (), {}
    if function.args:
        raise CourseError("faster: give a partial its arguments by keyword, since inputs come first")
    inner = getattr(function.func, "__name__", type(function.func).__name__)
    given = ", ".join(f"{key}={number(v) if isinstance(v, float) else repr(v)}" for key, v in function.keywords.items())
    return f"{inner}({given})", function.func, (), dict(function.keywords)


def _show(verdict: Verdict) -> None:
    text, desk = picture.as_text(verdict), isinstance(_runtime, Desk)
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is None:
        print(text)
    else:
        from IPython.display import display

        # What the judge shows goes into pages that keep a drawing, and no HTML but the plainest.
        drawn = {"text/html": picture.as_html(verdict)} if desk else {"image/svg+xml": picture.as_svg(verdict)}
        told = {"points": verdict.points, "most": verdict.max_points, "outcome": verdict.outcome}
        display({**drawn, "text/plain": text}, raw=True, metadata={shown.KEY: {"speed": told}})


# The one import that acts: a student's kernel learns to say a failed test in a sentence when the set-up cell brings
# the words in, so that no notebook needs a line for it.
shown.install()
