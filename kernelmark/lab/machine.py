"""The machine that a notebook runs on, as far as it can be read or measured, and made-up machines to test with.

Does: names the processor, its cores, memory and caches, and measures with one thread how
fast it multiplies matrices and how fast it streams through memory, with the spread.
Does not: prove anything. The caches are what the operating system says, a virtual
machine may say what it likes, and other work on the machine lowers what is measured.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

# float32, 1024 x 1024: large enough that a call is nearly all arithmetic, and done in some 20 ms.
_PRODUCT_EXTENT = 1024
# Three arrays of this size: beyond the last cache of most cores, within the memory of any laptop.
_STREAM_BYTES = 48 * 2**20
_ADD_WORDS = 3


@dataclass(frozen=True)
class Rate:
    """How much was done a second: in the quickest call, in the middle one and in the slowest."""

    best: float
    median: float
    worst: float

    @classmethod
    def of(cls, amount: float, seconds: list[float]) -> Rate:
        """Return the rates of calls that did `amount` each."""
        return cls(amount / min(seconds), amount / statistics.median(seconds), amount / max(seconds))

    def __str__(self) -> str:
        """Return the three, in 10**9 a second."""
        return f"{self.best / 1e9:.3g} (median {self.median / 1e9:.3g}, worst {self.worst / 1e9:.3g})"


@dataclass(frozen=True)
class MachineDescription:
    """What `describe_machine` found; printing it gives a few lines to put under a figure.

    Sizes are bytes; rates are floating point operations and bytes a second, of one thread.
    """

    processor: str
    architecture: str
    system: str
    cores: int
    memory_bytes: int
    python: str
    numpy: str
    caches: dict[str, int] = field(default_factory=dict)
    float32_rate: Rate | None = None
    stream_rate: Rate | None = None

    def __str__(self) -> str:
        """Return it as lines of text."""
        sizes = ", ".join(f"{name} {size_text(size)}" for name, size in self.caches.items())
        lines = [
            f"processor  {self.processor} ({self.architecture}, {self.system}), {self.cores} cores for this process",
            f"memory     {size_text(self.memory_bytes)}",
            f"caches     {sizes or 'not told'}",
            f"software   Python {self.python}, NumPy {self.numpy}",
        ]
        if self.float32_rate is not None:
            lines.append(f"GFLOP/s    {self.float32_rate}: float32 product, n = {_PRODUCT_EXTENT}, one thread")
        if self.stream_rate is not None:
            size = size_text(_STREAM_BYTES)
            lines.append(f"GB/s       {self.stream_rate}: a = b + c on arrays of {size}, 3 words counted, one thread")
        return "\n".join(lines)


def describe_machine(*, measure: bool = True, rounds: int = 7) -> MachineDescription:
    """Return what this machine is and, unless `measure` is false, how fast it is just now (about a second).

    Args:
        rounds: calls per measurement, after one that does not count.
    """
    return MachineDescription(
        processor=_processor(),
        architecture=platform.machine(),
        system=platform.system(),
        cores=_cores(),
        memory_bytes=_memory_bytes(),
        python=platform.python_version(),
        numpy=np.__version__,
        caches=_caches(),
        float32_rate=_float32_rate(rounds) if measure else None,
        stream_rate=_stream_rate(rounds) if measure else None,
    )


def write_tree(files: Mapping[str, str]) -> str:
    """Write text files into a new temporary folder and return its path.

    For a made-up `/sys`: `write_tree({"index0/level": "1\\n", "index0/size": "32K\\n"})`. In a test,
    make it where the student's function can see it: `beside(detect_caches, write_tree, files)`.

    Args:
        files: {path below the folder, with "/": what the file holds}.

    Raises:
        ValueError: a path that leads out of the folder.
    """
    root = Path(tempfile.mkdtemp(prefix="tree-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    for name, text in files.items():
        path = root / name
        if not path.resolve().is_relative_to(root.resolve()):
            raise ValueError(f"write_tree: {name!r} leads out of the folder")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    return str(root)


def _processor() -> str:
    with contextlib.suppress(OSError):
        told = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
        found = re.search(r"^model name\s*:\s*(.+)$", told, re.MULTILINE)
        if found:
            return found.group(1).strip()
    return platform.processor() or platform.machine()


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _memory_bytes() -> int:
    import psutil

    return int(psutil.virtual_memory().total)


def _caches() -> dict[str, int]:
    """Return the sizes of the data caches of one core, as the `lscpu` command tells them; {} where it cannot."""
    command = ["lscpu", "--bytes", "--json", "--caches=NAME,ONE-SIZE"]
    try:
        told = json.loads(subprocess.run(command, capture_output=True, timeout=5, check=True, text=True).stdout)
        return {str(row["name"]): int(row["one-size"]) for row in told["caches"] if not row["name"].endswith("i")}
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError):
        return {}


def _float32_rate(rounds: int) -> Rate:
    a, b = (np.random.default_rng(0).random((_PRODUCT_EXTENT,) * 2, dtype=np.float32) for _ in range(2))
    out = np.empty_like(a)
    with _one_blas_thread():
        seconds = _seconds(lambda: np.matmul(a, b, out=out), rounds)
    return Rate.of(2 * _PRODUCT_EXTENT**3, seconds)


def _stream_rate(rounds: int) -> Rate:
    a, b, c = (np.ones(_STREAM_BYTES // 8) for _ in range(3))
    return Rate.of(_ADD_WORDS * a.nbytes, _seconds(lambda: np.add(b, c, out=a), rounds))


def _one_blas_thread() -> contextlib.AbstractContextManager[Any]:
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        return contextlib.nullcontext()
    limits: contextlib.AbstractContextManager[Any] = threadpool_limits(1)
    return limits


def _seconds(work: Callable[[], Any], rounds: int) -> list[float]:
    work()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return times


def size_text(size_bytes: float) -> str:
    """Return a size as it is spoken of: 32 KB is 32 * 1024 bytes."""
    for unit in ("bytes", "KB", "MB"):
        if size_bytes < 1024:
            return f"{size_bytes:.4g} {unit}"
        size_bytes /= 1024
    return f"{size_bytes:.4g} GB"
