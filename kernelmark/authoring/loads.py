"""Other work for the machine while something is measured: hogs of several kinds.

Each hog is a process that ends when its standard input does, so it never outlives the
measurement, however that ends. This room measures nothing itself.
"""

import os
import subprocess
import sys
import time

# Hogs that start together must not share their first, idle moments with the first grading.
WARM_UP_S = 1.5
LOADS = ("idle", "busy", "twice", "bursts", "memory")

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


class Hogs:
    """The processes of a load, kept busy while the block runs."""

    def __init__(self, name: str):
        self._kinds = hogs_of(name)
        self._started: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> "Hogs":
        variables = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        for kind in self._kinds:
            command = [sys.executable, "-c", _HOG, kind]
            self._started.append(subprocess.Popen(command, stdin=subprocess.PIPE, env=variables))
        if self._started:
            time.sleep(WARM_UP_S)
        return self

    def __exit__(self, *_: object) -> None:
        for hog in self._started:
            hog.kill()
            hog.wait()

    def cpu_s(self) -> float:
        """Return the CPU seconds that the hogs have used so far."""
        return sum(time.clock_gettime((~hog.pid << 3) | 2) for hog in self._started)
