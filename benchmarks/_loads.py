"""What the processors do while a benchmark runs, beside its own work; the hogs are `kernelmark.authoring.loads`."""

import os
import time
from collections.abc import Callable

from kernelmark.authoring.loads import WARM_UP_S as WARM_UP_S
from kernelmark.authoring.loads import Hogs as Hogs
from kernelmark.authoring.loads import hogs_of as hogs_of


class Usage:
    """How busy the processors are with work that is neither the benchmark's nor its hogs'.

    Args:
        own_s: returns the CPU seconds that the benchmark and its hogs have used so far.
    """

    def __init__(self, own_s: Callable[[], float]):
        self._own = own_s
        self._start = time.monotonic()
        self._busy_s, self._steal_s = _processors()
        self._own_s = own_s()

    def shares(self) -> tuple[float, float]:
        """Return the share of the machine that others used, and the share the host took, since the start."""
        busy_s, steal_s = _processors()
        room_s = (time.monotonic() - self._start) * (os.cpu_count() or 1)
        others_s = busy_s - self._busy_s - (self._own() - self._own_s)
        return max(0.0, others_s / room_s), max(0.0, (steal_s - self._steal_s) / room_s)


def _processors() -> tuple[float, float]:
    """Return the seconds that all processors were busy, and those that the host took from them."""
    with open("/proc/stat") as file:
        user, nice, system, _, _, irq, soft, steal = (int(text) for text in file.readline().split()[1:9])
    tick = os.sysconf("SC_CLK_TCK")
    return (user + nice + system + irq + soft) / tick, steal / tick
