"""The clock of a desk: the CPU time of this very process, or the wall clock where that is told too coarsely.

It is for students' own machines, whatever their system, and guards nothing. The
grader reads another process's time from outside (`clock`).
"""

import functools
import time

# A clock that moves in longer steps cannot tell values of 2 ms apart. Windows' clock of CPU time moves by 15.6 ms.
COARSE_STEP_S = 1e-4
# A clock that has not moved by then is as good as none.
STEP_TIMEOUT_S = 0.1


def cpu_clock() -> float:
    """Return the seconds of CPU time that this process has used; wall-clock seconds where `is_coarse`."""
    return time.perf_counter() if is_coarse() else time.process_time()


@functools.cache
def is_coarse() -> bool:
    """Say whether this system's clock of CPU time moves in steps too long for values of a few milliseconds."""
    return cpu_step_s() > COARSE_STEP_S


@functools.cache
def cpu_step_s() -> float:
    """Return in what steps the clock of CPU time was seen to move, in seconds; what a system says of it is not true."""

    def step_s() -> float:
        start, deadline = time.process_time(), time.perf_counter() + STEP_TIMEOUT_S
        while (now := time.process_time()) == start:
            if time.perf_counter() > deadline:
                return STEP_TIMEOUT_S
        return now - start

    return min(step_s() for _ in range(3))
