"""What a sandboxed process may use, watched from outside: its memory and its CPU time, and its end.

The kernel's own bounds are in `limits`; what is looked at here is what the kernel does not
count for us, the memory and CPU time of everything in a sandbox together. It does not know
what the process was asked: `links` does.
"""

import contextlib
import threading
from collections.abc import Sequence
from time import clock_gettime, sleep  # by name: a test may put something in the place of the module's

from kernelmark.errors import MeasurementError
from kernelmark.sandbox import bubblewrap, memory
from kernelmark.sandbox.limits import Limits
from kernelmark.sandbox.started import Started
from kernelmark.stopwatch import clock

# How often the memory and the CPU time of the process are looked at.
WATCH_S = 0.05


class Guard:
    """Counts what a started process uses, and ends it: when asked to, or when it used more than it may.

    Args:
        started: the process, in its sandbox.
        limits: what it may use.
        may_have_children: whether there can be more than one process.
        cpu_before_s: the CPU time that earlier processes of the same notebook used.
    """

    def __init__(self, started: Started, limits: Limits, *, may_have_children: bool, cpu_before_s: float = 0.0):
        self._started = started
        self._limits = limits
        self._may_have_children = may_have_children
        self._cpu_before_s = cpu_before_s
        self._cpu_of: dict[int, float] = {}
        self._ending = threading.Lock()
        self.alive = True
        self.cpu_s = 0.0
        # What it used too much of, in words that go on "your code used more than"; "" as long as it did not.
        self.breach = ""

    def watch(self) -> None:
        """Look at the process from now on, in a thread, and kill it when it has used too much."""
        threading.Thread(target=self._watch, daemon=True).start()

    def end(self) -> int:
        """Kill the process and what it started, and return its exit status."""
        group = self._started.group
        if group is not None and group.ran_out:
            self.breach = self._in_words("memory")
        with self._ending:
            self.alive = False
            self.cpu_s = max(self.cpu_s, _used_s([self._started.pid]))
            return bubblewrap.end(self._started)

    def _watch(self) -> None:
        while self.alive:
            with contextlib.suppress(OSError, ValueError, IndexError, MemoryError):
                self._look()
            sleep(WATCH_S)

    def _look(self) -> None:
        """Kill the process when it, and what it started, hold more memory or used more CPU time than allowed."""
        started, group, limits = self._started, self._started.group, self._limits
        pids = started.pids() if self._may_have_children else [started.pid, *started.companions]
        self.cpu_s = max(self.cpu_s, _used_s(pids), self._seen_s(pids))
        breach = ""
        if self._cpu_before_s + self.cpu_s > limits.cpu_s:
            breach = "cpu"
        elif group is not None:
            breach = "memory" if group.ran_out else ""
        elif started.scratch_bytes() + sum(memory.held_bytes(pid, limits) for pid in pids) > limits.memory_bytes:
            breach = "memory"
        if not breach:
            return
        with self._ending:
            if self.alive:
                self.breach = self._in_words(breach)
                started.kill()

    def _in_words(self, kind: str) -> str:
        if kind == "memory":
            return f"{memory.size(self._limits.memory_bytes)} of memory and was ended (memory_limit_bytes)"
        return f"{self._limits.cpu_s:.0f} s of CPU time in this notebook and was ended (cpu_limit_s)"

    def _seen_s(self, pids: Sequence[int]) -> float:
        """Return the CPU time of all processes ever seen, where nobody waited for one that ended as well."""
        for pid in pids:
            with contextlib.suppress(OSError):
                self._cpu_of[pid] = clock_gettime((~pid << 3) | 2)
        return sum(self._cpu_of.values())


def _used_s(pids: Sequence[int]) -> float:
    """Return the CPU time of processes, and of the children that they have waited for."""
    used_s = 0.0
    for pid in pids:
        with contextlib.suppress(OSError, MeasurementError):
            used_s += clock_gettime((~pid << 3) | 2) + clock.childrens_ticks(pid) * clock.TICK_S
    return used_s
