"""The machine that marks are measured on: its name, and how fast it can multiply and copy at most.

It judges nothing: `racing` asks whether a call was faster than this allows.
"""

import contextlib
import functools
import math
import os
import platform
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from kernelmark.records import Machine


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


def machine_limits(*, again: bool = False) -> tuple[float, float]:
    """Return this machine's float32 operations and bytes copied a second, one thread, measured once.

    Args:
        again: measure once more, and keep the better of both.
    """
    if again or not _limits:
        rng = np.random.default_rng(0)
        a, b = (rng.random((384, 384), dtype=np.float32) for _ in range(2))
        source = np.ones(2**24, dtype=np.uint8)
        target = np.empty_like(source)
        gemm_s = _quickest(lambda: np.matmul(a, b))
        copy_s = _quickest(lambda: np.copyto(target, source))
        _limits.append((2 * 384**3 / gemm_s, 2 * source.nbytes / copy_s))
        _limits[:] = [(max(peak for peak, _ in _limits), max(bandwidth for _, bandwidth in _limits))]
    return _limits[0]


_limits: list[tuple[float, float]] = []


def _quickest(work: Callable[[], Any], rounds: int = 7) -> float:
    best = math.inf
    for _ in range(rounds):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return max(best, 1e-9)
