"""Instruments for work in several threads or processes: do the calls overlap, and how many run at once?

Does: prove overlap by a meeting. Every call waits inside until as many calls as asked for
are inside at the same time, or until a time is over; a loop that runs one call after the
other never has two inside. Does not: measure speed, or say on which core anything ran.

Given to a student's function by a test, they are called back from its threads and processes, each call by itself: the
meeting is the judge's then. Made `beside` the function they see whose memory an array is, and what
they say is evidence from hostile ground.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
import threading
import time
import uuid
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kernelmark.lab.remote import calling_process

SHARED_MEMORY = Path("/dev/shm")
# A semaphore is a file there, too: 32 bytes with glibc on 64-bit machines. Anything larger is no semaphore.
SEMAPHORE_BYTES = 64
# How often a process looks whether the others have arrived.
POLL_S = 0.001


class _Meeting:
    """Counts the calls that are inside, and lets each wait for others.

    Once a wait has timed out, nobody waits any more: a serial loop costs one timeout.
    """

    def __init__(self, parties: int, timeout_s: float):
        if parties < 1:
            raise ValueError(f"parties must be at least 1, got {parties}")
        self.timeout_s = timeout_s
        self.most_at_once = 0
        self._inside = 0
        self._rounds = 0
        self._lock = threading.Lock()
        self._barrier = threading.Barrier(parties, action=self._count_round)
        self._threads: set[int] = set()

    @property
    def met(self) -> bool:
        """Whether every call so far met as many others as were asked for."""
        return self._rounds > 0 and not self._barrier.broken and self._inside == 0

    @property
    def threads(self) -> int:
        """How many threads have called."""
        return len(self._threads)

    def _count_round(self) -> None:
        self._rounds += 1

    @contextlib.contextmanager
    def _call(self) -> Iterator[None]:
        with self._lock:
            self._inside += 1
            self.most_at_once = max(self.most_at_once, self._inside)
            self._threads.add(threading.get_ident())
        try:
            with contextlib.suppress(threading.BrokenBarrierError):
                self._barrier.wait(self.timeout_s)
            yield
        finally:
            with self._lock:
                self._inside -= 1


class MeetingKernel(_Meeting):
    """A kernel `kernel(x, out)` or `kernel(a, b, out)` in which `parties` calls must be at the same time.

    With one input it writes max(x, 0) into `out`, with two their matrix product, times `scale`.
    Results that are right by a scale that only the test knows were made by these calls.

    >>> kernel = MeetingKernel(1)
    >>> kernel(np.array([-1.0, 2.0]), np.empty(2))
    >>> kernel.met, kernel.sizes
    (True, [2])

    Args:
        parties: how many calls must meet.
        timeout_s: how long a call waits for the others; it works all the same afterwards.
        fails: raise ValueError after the meeting, in the place of working.
        scale: what the result is multiplied by.
    """

    def __init__(self, parties: int, timeout_s: float = 2.0, *, fails: bool = False, scale: float = 1):
        super().__init__(parties, timeout_s)
        self.fails = fails
        self.scale = scale
        self.sizes: list[int] = []

    def __call__(self, *arrays: np.ndarray) -> None:
        """Wait for the others, then fill the last array from those before it."""
        *inputs, out = arrays
        with self._call():
            with self._lock:
                self.sizes.append(len(out))
            if self.fails:
                raise ValueError("this kernel fails on purpose")
            _work(inputs, out, self.scale)


class MeetingOperation(_Meeting):
    """An operation on one item, its square, in which `parties` calls must be at the same time.

    Args:
        parties: how many calls must meet; their number must be a multiple of it.
        delays_s: {item: seconds} or a list indexed by the item; how long the call with this item takes.
        fails_at: items, whole numbers, with which it raises ValueError.
        timeout_s: how long a call waits for the others; it works all the same afterwards.
    """

    def __init__(
        self,
        parties: int = 1,
        delays_s: Mapping[int, float] | Sequence[float] = (),
        fails_at: Sequence[int] = (),
        timeout_s: float = 2.0,
    ):
        super().__init__(parties, timeout_s)
        self.delays_s = dict(delays_s) if isinstance(delays_s, Mapping) else dict(enumerate(delays_s))
        self.fails_at = frozenset(fails_at)
        self.items: list[int] = []

    def __call__(self, item: Any) -> Any:
        """Wait for the others, take the time that this item takes, and return the item's square."""
        key = int(np.ravel(item)[0])
        with self._call():
            with self._lock:
                self.items.append(key)
            time.sleep(self.delays_s.get(key, 0.0))
            if key in self.fails_at:
                raise ValueError(f"this operation fails on purpose at item {key}")
            return item * item


class ProcessKernel:
    """A kernel like `MeetingKernel` for worker processes: it can be pickled, and writes its log to files.

    Args:
        parties: how many calls, in as many processes, must meet.
        timeout_s: how long a call waits for the others; it works all the same afterwards.
        fails: raise ValueError after the meeting, in the place of working.
        scale: what the result is multiplied by.
    """

    def __init__(self, parties: int = 1, timeout_s: float = 2.0, *, fails: bool = False, scale: float = 1):
        self.parties = parties
        self.timeout_s = timeout_s
        self.fails = fails
        self.scale = scale
        self.owner = os.getpid()
        self._folder = tempfile.mkdtemp(prefix="kernelmark-")
        self._end = weakref.finalize(self, _remove, self._folder, self.owner)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what belongs to the process that made this."""
        return {name: value for name, value in vars(self).items() if name != "_end"}

    def __call__(self, *arrays: np.ndarray) -> None:
        """Wait for the others, then fill the last array from those before it."""
        *inputs, out = arrays
        name, process = uuid.uuid4().hex, calling_process()
        self._write(f"{name}.arrived", "")
        met = self._wait()
        call = {"process": process, "size": len(out), "met": met, "shared": [in_shared_memory(a) for a in arrays]}
        self._write(f"{name}.call", json.dumps(call))
        if self.fails:
            raise ValueError("this kernel fails on purpose")
        _work(inputs, out, self.scale)

    @property
    def calls(self) -> list[dict[str, Any]]:
        """The calls so far, in all processes: {"process", "size", "met", "shared"} for each.

        `shared` says for each array of the call whether its memory is shared between processes.
        """
        return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(Path(self._folder).glob("*.call"))]

    @property
    def met(self) -> bool:
        """Whether every call so far met as many others as were asked for."""
        calls = self.calls
        return bool(calls) and all(call["met"] for call in calls)

    @property
    def sizes(self) -> list[int]:
        """The first extent of `out` in every call, sorted."""
        return sorted(call["size"] for call in self.calls)

    @property
    def workers(self) -> int:
        """How many processes have called, leaving out the one that made this instrument."""
        return len({call["process"] for call in self.calls} - {self.owner})

    def _wait(self) -> bool:
        folder = Path(self._folder)
        deadline = time.monotonic() + self.timeout_s
        while len(list(folder.glob("*.arrived"))) < self.parties:
            if time.monotonic() > deadline or (folder / "given-up").exists():
                self._write("given-up", "")
                return False
            time.sleep(POLL_S)
        return not (folder / "given-up").exists()

    def _write(self, name: str, text: str) -> None:
        """Write a file of the log; whoever lists the folder sees all of it or nothing."""
        unfinished = Path(self._folder) / f"{uuid.uuid4().hex}.tmp"
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(Path(self._folder) / name)


def in_shared_memory(array: np.ndarray) -> bool:
    """Return whether an array's memory is shared with other processes; True for an empty one.

    It reads /proc/self/maps; without that file, on other systems than Linux, it returns True.
    """
    maps = Path("/proc/self/maps")
    if array.size == 0 or not maps.exists():
        return True
    low, _ = np.lib.array_utils.byte_bounds(array)
    for line in maps.read_text(encoding="utf-8", errors="replace").splitlines():
        where, mode = line.split(maxsplit=2)[:2]
        start, end = (int(text, 16) for text in where.split("-"))
        if start <= low < end:
            return mode.endswith("s")
    return False


def shared_segments(of: Callable[..., Any] | None = None) -> list[str]:
    """Return the names of the shared memory segments that exist, sorted; semaphores are left out.

    [] on systems that do not show them below /dev/shm.

    Args:
        of: a function; what its processes see is meant, looked at from outside when they are a student's.
    """
    root = getattr(of, "_kernelmark_root_", None)
    if root is None:
        return _segments(SHARED_MEMORY)
    try:
        return _segments(root() / SHARED_MEMORY.relative_to("/"))
    except PermissionError:  # from outside nobody may look here
        return list(of._kernelmark_apply_("kernelmark.lab.shared_segments", (), {}))  # type: ignore[union-attr]


def _segments(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if not _is_semaphore(path))


def _is_semaphore(path: Path) -> bool:
    try:
        return path.name.startswith("sem.") and path.lstat().st_size <= SEMAPHORE_BYTES
    except FileNotFoundError:  # unlinked between listing and looking
        return True


def _work(inputs: Sequence[np.ndarray], out: np.ndarray, scale: float) -> None:
    if len(inputs) == 1:
        np.maximum(inputs[0], 0, out=out)
    elif len(inputs) == 2:
        np.matmul(inputs[0], inputs[1], out=out)
    else:
        raise TypeError(f"a kernel takes one or two inputs and then `out`, got {len(inputs) + 1} arrays")
    if scale != 1:
        np.multiply(out, scale, out=out)


def _remove(folder: str, owner: int) -> None:
    """Remove the log, in the process that began it; a forked child has the same finalizer."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)
