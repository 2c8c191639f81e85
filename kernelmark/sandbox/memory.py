"""What processes hold in memory: the grader's own, bounded while a test is called back, and a submission's.

It ends nobody: `links` does.
"""

import contextlib
import functools
import os
import resource
import threading
from collections.abc import Iterator

from kernelmark.sandbox.limits import Limits
from kernelmark.wire.values import WireError

# A thread looks at memory while a test may have put something else in their place.
_open, _sysconf = open, os.sysconf


def own_bytes() -> int:
    """Return the memory of this process that is its own: neither a file's nor shared."""
    with _open("/proc/self/statm") as file:
        return int(file.read().split()[5]) * _sysconf("SC_PAGE_SIZE")


@functools.cache
def first_bytes() -> int:
    """Return what this process held when its first link began; a fork's is that of its parent."""
    return own_bytes()


@contextlib.contextmanager
def bounded(limit_bytes: int) -> Iterator[None]:
    """Let this process hold so much memory of its own and no more: a call beyond it raises MemoryError.

    Threads may be in here at the same time; the process has its former limit back when all of them have left.
    """
    with _bounding:
        soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
        bound = min(limit for limit in (limit_bytes, soft, hard) if limit != resource.RLIM_INFINITY)
        _former.append(soft)
        resource.setrlimit(resource.RLIMIT_DATA, (bound, hard))
    try:
        yield
    except MemoryError:
        raise WireError("a call of a function of the test needs more memory than the grader has for it") from None
    finally:
        with _bounding:
            # Whoever leaves first leaves the bound to the others.
            last = _former.pop()
            if not _former:
                resource.setrlimit(resource.RLIMIT_DATA, (last, hard))


_bounding = threading.Lock()
_former: list[int] = []


def size(count: int) -> str:
    """Return a number of bytes in words: 2 GiB, 300 MiB."""
    exponent, unit = (30, "GiB") if count >= 2**30 else (20, "MiB")
    return f"{count / 2**exponent:.3g} {unit}"


def held_bytes(pid: int, limits: Limits) -> int:
    """Return the memory of a process where no control group counts it.

    Shared memory without a file stays when a process takes it off its resident size, so
    its whole size is counted. A process whose address space is below the limit hides nothing.
    """
    page = _sysconf("SC_PAGE_SIZE")
    with _open(f"/proc/{pid}/statm") as file:
        space, resident = (int(word) * page for word in file.read().split()[:2])
    if space <= limits.memory_bytes:
        return resident
    shared = 0
    with _open(f"/proc/{pid}/maps") as maps:
        for line in maps:
            if line.rstrip().endswith("/dev/zero (deleted)"):
                low, _, high = line.split(maxsplit=1)[0].partition("-")
                shared += int(high, 16) - int(low, 16)
    return resident + shared
