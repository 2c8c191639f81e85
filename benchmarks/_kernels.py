"""Compute kernels whose cost is a counted number of equal pieces, so that a ratio is known without a clock.

A call does `count` pieces; 13 units against 10 is a ratio of 1.30, whatever a piece
costs. How many pieces make a unit is measured once (a unit is a tenth of a call), and
the ratio of bare calls in one idle process is measured beside it, as a check.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from kernelmark.checks import close
from kernelmark.referee.session import Session
from kernelmark.wire.proxy import call

# What a call costs, in seconds, with ten units of work.
CALLS_S = {"10us": 10e-6, "2ms": 2e-3, "50ms": 50e-3}
UNITS = 10

# Runs in both processes of a race. `at` in `memory` is a place in a buffer of 64 MiB, so
# that what one call touched is out of the caches before another comes near.
SOURCE = """
import gc
import time
import numpy as np

FROM, TO = np.ones(2**23), np.ones(2**23)

def python(seed, count, size):
    total = seed
    for step in range(count):
        total = (total * 31 + step) & 0xFFFF
    return seed + count

def blas(a, b, count, size):
    c = np.empty((size, size), np.float32)
    for _ in range(count):
        np.matmul(a, b, out=c)
    return c

def memory(at, count, size):
    for step in range(count):
        low = (at + step * size) % (FROM.size - size)
        np.copyto(TO[low : low + size], FROM[low : low + size])
    return at + count

def alloc(seed, count, size):
    kept = []
    for step in range(count):
        kept.append(np.full(size, seed))
        if len(kept) == 8:
            last = kept[-1]
            kept.clear()
    return last

def bare_s(name, inputs, kwargs, loops):
    work = globals()[name]
    gc.disable()
    start = time.process_time()
    for _ in range(loops):
        work(*inputs, **kwargs)
    used = time.process_time() - start
    gc.enable()
    return used / loops

def plain_assert(name, inputs, first, second):
    work = globals()[name]
    work(*inputs, **first)
    work(*inputs, **second)
    start = time.perf_counter()
    work(*inputs, **first)
    middle = time.perf_counter()
    work(*inputs, **second)
    end = time.perf_counter()
    return middle - start, end - middle
"""


@dataclass(frozen=True)
class Kind:
    """A kind of work: how inputs are drawn and outputs checked, and how large a piece is for a call of each length."""

    draw: Callable[[np.random.Generator, int], tuple[Any, ...]]
    check: Callable[[tuple[Any, ...], Any, int, int], None]
    sizes: dict[str, int]


def _draw_blas(rng: np.random.Generator, size: int) -> tuple[Any, ...]:
    return rng.random((size, size), dtype=np.float32), rng.random((size, size), dtype=np.float32)


def _check_blas(inputs: tuple[Any, ...], output: Any, count: int, size: int) -> None:
    close(output, inputs[0] @ inputs[1])


def _check_sum(inputs: tuple[Any, ...], output: Any, count: int, size: int) -> None:
    assert output == inputs[0] + count


def _check_alloc(inputs: tuple[Any, ...], output: Any, count: int, size: int) -> None:
    assert output.shape == (size,)
    assert (output == inputs[0]).all()


KINDS = {
    "python": Kind(lambda rng, size: (int(rng.integers(2**16)),), _check_sum, {"10us": 1, "2ms": 1, "50ms": 1}),
    "blas": Kind(_draw_blas, _check_blas, {"10us": 24, "2ms": 96, "50ms": 256}),
    "memory": Kind(
        lambda rng, size: (int(rng.integers(2**22)),), _check_sum, {"10us": 2**8, "2ms": 2**14, "50ms": 2**17}
    ),
    "alloc": Kind(lambda rng, size: (float(rng.random()),), _check_alloc, {"10us": 64, "2ms": 2**12, "50ms": 2**16}),
}


@dataclass(frozen=True)
class Work:
    """One kind of work at one length of call, with the measured number of pieces in a unit."""

    kind: str
    call: str
    unit: int
    bare: dict[tuple[int, int], float]

    def kwargs(self, units: int) -> dict[str, int]:
        """Return the arguments that make a call of so many units."""
        return {"count": units * self.unit, "size": KINDS[self.kind].sizes[self.call]}


def fit(kind: str, length: str, ratios: list[tuple[int, int]], session: Session, rng: np.random.Generator) -> Work:
    """Measure how many pieces make a unit, and what ratio bare calls in one process have."""
    size = KINDS[kind].sizes[length]
    inputs = KINDS[kind].draw(rng, size)
    loops = max(1, round(0.01 / CALLS_S[length]))

    def bare_s(count: int) -> float:
        return float(_ask(session, "bare_s", kind, inputs, {"count": count, "size": size}, loops))

    pieces = max(16, round(CALLS_S[length] / min(bare_s(16) for _ in range(9)) * 16))
    seconds = min(bare_s(pieces) for _ in range(9))
    unit = max(2, round(pieces * CALLS_S[length] / seconds / UNITS))
    bare = {}
    for ratio in ratios:
        turns = [(bare_s(ratio[0] * unit), bare_s(ratio[1] * unit)) for _ in range(25)]
        bare[ratio] = min(t[0] for t in turns) / min(t[1] for t in turns)
    return Work(kind, length, unit, bare)


def plain_ratio(session: Session, work: Work, units: tuple[int, int], rng: np.random.Generator) -> float:
    """Return what a careful plain assert would see: a warm-up, then one call each by `perf_counter` in one process."""
    inputs = KINDS[work.kind].draw(rng, KINDS[work.kind].sizes[work.call])
    turns = [0, 1] if rng.random() < 0.5 else [1, 0]
    seconds = _ask(session, "plain_assert", work.kind, inputs, *(work.kwargs(units[at]) for at in turns))
    return float(seconds[turns.index(0)] / seconds[turns.index(1)])


def _ask(session: Session, name: str, *args: Any) -> Any:
    return call(session.line, {"n": name}, args, {})
