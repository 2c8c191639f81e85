"""Other work for the machine while a benchmark runs: hogs of several kinds, and what they used.

Each hog is a process that ends when its standard input does, so it never outlives the
benchmark, however that ends. This room does not measure verdicts; `verdicts` does.
"""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator

# Hogs that start together must not share their first, idle moments with the first grading.
WARM_UP_S = 1.5

_HOG = """
import os, random, sys, threading, time
def until_end():
    sys.stdin.buffer.read()
    os._exit(0)
threading.Thread(target=until_end, daemon=True).start()
kind = sys.argv[1]
if kind != "python":
    import numpy as np
def python():
    total = 0
    for step in range(20_000):
        total = (total * 31 + step) & 0xFFFF
if kind in ("blas", "bursts"):
    a = np.random.default_rng(0).random((256, 256), dtype=np.float32)
    c = np.empty_like(a)
def blas():
    np.matmul(a, a, out=c)
if kind == "memory":
    source = np.ones(2**25)
    target = np.ones(2**25)
def memory():
    np.copyto(target, source)
if kind == "bursts":
    while True:
        end = time.monotonic() + random.uniform(0.005, 0.3)
        work = random.choice([python, blas])
        while time.monotonic() < end:
            work()
        time.sleep(random.uniform(0.005, 0.3))
work = {"python": python, "blas": blas, "memory": memory}[kind]
while True:
    work()
"""


def hogs_of(load: str) -> list[str]:
    """Return the kinds of hogs that make up a load.

    Args:
        load: "idle", "busy" (one hog a core), "twice" (two a core), "bursts" (one a
            core, on and off at random, 5 to 300 ms each) or "memory" (one that streams).
    """
    cores = len(os.sched_getaffinity(0))
    mixed = [("blas", "python")[at % 2] for at in range(2 * cores)]
    return {
        "idle": [],
        "busy": mixed[:cores],
        "twice": mixed,
        "bursts": ["bursts"] * cores,
        "memory": ["memory"],
    }[load]


@contextlib.contextmanager
def load(name: str) -> Iterator[None]:
    """Keep the machine busy in the way of that name while the block runs."""
    variables = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    started = [
        subprocess.Popen([sys.executable, "-c", _HOG, kind], stdin=subprocess.PIPE, env=variables)
        for kind in hogs_of(name)
    ]
    try:
        if started:
            time.sleep(WARM_UP_S)
        yield
    finally:
        for hog in started:
            hog.kill()
            hog.wait()


class Usage:
    """How busy the processors are with work that is not the benchmark's own, hogs included in the own."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._all_s, self._steal_s = _processors()
        self._own_s = _own()

    def shares(self) -> tuple[float, float]:
        """Return the share of the machine that others used, and the share the host took, since the start."""
        all_s, steal_s = _processors()
        room_s = (time.monotonic() - self._start) * (os.cpu_count() or 1)
        others_s = all_s - self._all_s - (_own() - self._own_s)
        return max(0.0, others_s / room_s), max(0.0, (steal_s - self._steal_s) / room_s)


def _processors() -> tuple[float, float]:
    """Return the seconds that all processors were busy, and those that the host took from them."""
    with open("/proc/stat") as file:
        user, nice, system, _, _, irq, soft, steal = (int(text) for text in file.readline().split()[1:9])
    tick = os.sysconf("SC_CLK_TCK")
    return (user + nice + system + irq + soft) / tick, steal / tick


def _own() -> float:
    """Return the CPU seconds of this process and of all below it, as far as they can still be seen."""
    parents: dict[int, list[int]] = {}
    used: dict[int, int] = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        with contextlib.suppress(OSError), open(f"/proc/{name}/stat") as file:
            fields = file.read().rpartition(") ")[2].split()
            parents.setdefault(int(fields[1]), []).append(int(name))
            # own user and system time, and that of children which have ended and were waited for
            used[int(name)] = sum(int(text) for text in fields[11:15])
    total, waiting = 0, [os.getpid()]
    while waiting:
        pid = waiting.pop()
        total += used.get(pid, 0)
        waiting += parents.get(pid, [])
    return total / os.sysconf("SC_CLK_TCK")
