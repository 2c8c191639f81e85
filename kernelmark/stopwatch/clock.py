"""The stopwatch's clock: another process's CPU time, read from outside while it is stopped.

Submitted code cannot reach this clock: it is the kernel's account of the process, all
threads included, and nothing in the process runs while it is read. It does not time
anything by itself; `judge` uses it around "go" and "done".

Source: clock_getcpuclockid(3); the id of a process's CPU clock is (~pid << 3) | 2. sched(7).
"""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

from kernelmark.errors import MeasurementError

# A process that does not stop by then hangs in the kernel; nothing can be measured. On a crowded machine one
# that only has to be given a processor once, to see the signal, has waited for 6 s.
STOP_TIMEOUT_S = 30.0
# A process that is to stop and uses so much CPU time instead does it on purpose.
RESTLESS_S = 2.5
# The nice value of a timed process's group among the groups of a machine (sched(7), autogroup).
AHEAD, AMONG_OTHERS = -10, 0
# The last accounting may lag behind the stop: read until two readings agree.
MAX_READINGS = 1000
# The kernel brings the account of a running thread up to date this often at the latest (100 Hz).
TICK_S = 0.01


class Restless(MeasurementError):
    """A process went on working when it had to stand still: it did so on purpose, the machine never does."""


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that all threads of a stopped process have used.

    Raises:
        MeasurementError: the process is gone. Restless: its account does not stand still.
    """
    _settle(pid)
    before = used_seconds(pid)
    for _ in range(MAX_READINGS):
        now = used_seconds(pid)
        if now == before:
            return now
        before = now
    raise Restless(f"process {pid} uses CPU time although it is stopped")


def used_seconds(pid: int) -> float:
    """Return the CPU time of a process as its account is now, whether it runs or not.

    Raises:
        MeasurementError: the process is gone.
    """
    try:
        return time.clock_gettime_ns((~pid << 3) | 2) / 1e9
    except OSError as error:
        raise MeasurementError(f"the CPU clock of process {pid} cannot be read: {error}") from None


def queued_seconds(pid: int) -> float:
    """Return for how long the kernel has kept the main thread of a process waiting for a processor; 0 if not told.

    Whoever sleeps does not queue, and whoever has other threads work for the main one does not either.

    Source: "<pid>/schedstat" in the kernel's documentation of scheduler statistics, the second number (ns).
    """
    try:
        with open(f"/proc/{pid}/schedstat") as file:
            return int(file.read().split()[1]) / 1e9
    except (OSError, IndexError):
        return 0.0


def _settle(pid: int) -> None:
    """Return when no thread of a stopped process is on a processor any more.

    A thread is in state T a moment before it leaves the processor, and its account is
    brought up to date when it has left. If the host takes the processor away in that
    moment, the account can lack milliseconds and still stand still: 0.02 ms was once
    read for 2.2 ms. Reading `syscall` makes the kernel wait until the thread is off.
    """
    try:
        with os.scandir(f"/proc/{pid}/task") as tasks:
            for task in tasks:
                for _ in range(MAX_READINGS):
                    with open(f"{task.path}/syscall", "rb") as file:
                        if file.read(7) != b"running":
                            break
    except (FileNotFoundError, ProcessLookupError):
        return
    except PermissionError:
        time.sleep(TICK_S)


def stop(pid: int) -> float:
    """Stop every thread of a process, and return when all of them have stopped.

    Returns:
        The seconds for which the kernel could not stop a thread, since it waited in a state that no signal
        reaches (D: a write behind a lock, say). Whoever waits so on purpose gains time for another thread, or
        for the kernel, to work in; so it counts as work.

    Raises:
        MeasurementError: the process is gone or does not stop. Restless: it works on instead.
    """
    deadline = time.monotonic() + STOP_TIMEOUT_S
    try:
        os.kill(pid, signal.SIGSTOP)
        before_s, out_of_reach_s, looked_s = used_seconds(pid), 0.0, time.monotonic()
        while (found := states(pid)) - set("TtZX"):
            now_s = time.monotonic()
            out_of_reach_s += now_s - looked_s if "D" in found else 0.0
            looked_s = now_s
            if used_seconds(pid) - before_s > RESTLESS_S:
                raise Restless(f"process {pid} worked on for {RESTLESS_S:g} s of CPU time when it was to stop")
            if time.monotonic() > deadline:
                raise MeasurementError(f"process {pid} did not stop within {STOP_TIMEOUT_S:g} s")
            time.sleep(0)
            # Again: a SIGCONT that a timer of its own brings takes the first one back.
            os.kill(pid, signal.SIGSTOP)
        return out_of_reach_s
    except (ProcessLookupError, FileNotFoundError):
        raise MeasurementError(f"process {pid} ended while it was being timed") from None


def resume(pid: int) -> None:
    """Let a stopped process go on; one that is gone is left alone."""
    try:
        os.kill(pid, signal.SIGCONT)
    except ProcessLookupError:
        return


def take_processor(pid: int, processor: int) -> None:
    """Keep every thread of a process on one processor, ahead of other work there where we may say so.

    The kernel shares a processor out among sessions first. On a machine with more work than
    processors a session with one process was seen to wait for seconds, its turn put off again and
    again; moved ahead, for 0.03 s at most.
    """
    _spread(pid, {processor})
    _rank(pid, AHEAD)


def leave_processor(pid: int) -> None:
    """Let a process run where and when any other may, as before `take_processor`."""
    _spread(pid, os.sched_getaffinity(0))
    _rank(pid, AMONG_OTHERS)


def comes_first() -> bool:
    """Say whether a timed process gets its turn soon on a crowded machine: no autogroups, or we may move it ahead."""
    try:
        if Path("/proc/sys/kernel/sched_autogroup_enabled").read_text().strip() != "1":
            return True
    except FileNotFoundError:
        return True
    # Tried in a session of its own, as timed processes have one: it ends with its group, and the caller keeps its rank.
    trial = ["sh", "-c", f"echo {AHEAD} > /proc/self/autogroup"]
    return subprocess.run(trial, start_new_session=True, stderr=subprocess.DEVNULL).returncode == 0


def _spread(pid: int, processors: set[int]) -> None:
    with contextlib.suppress(FileNotFoundError):  # it has ended: the next request says how
        for task in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(ProcessLookupError):
                os.sched_setaffinity(int(task), processors)  # a thread may end meanwhile


def _rank(pid: int, nice: int) -> None:
    # Not where the kernel has no such groups, nor for a user who may not.
    with contextlib.suppress(OSError), open(f"/proc/{pid}/autogroup", "w") as file:
        file.write(str(nice))


def states(pid: int) -> set[str]:
    """Return the states of all threads: T (stopped), R (running), D (waits, and no signal reaches it) and so on."""
    found = set()
    with os.scandir(f"/proc/{pid}/task") as tasks:
        for task in tasks:
            with contextlib.suppress(FileNotFoundError, ProcessLookupError), open(f"{task.path}/stat", "rb") as file:
                found.add(file.read().rpartition(b") ")[2][:1].decode())
    return found


def children(pid: int) -> list[int]:
    """Return the processes whose parent is `pid`, empty where it is gone."""
    found: list[int] = []
    try:
        for task in (Path("/proc") / str(pid) / "task").iterdir():
            found += [int(text) for text in (task / "children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return found
    return found


def childrens_ticks(pid: int) -> int:
    """Return the CPU time of ended children that a process has waited for, in clock ticks (10 ms).

    Raises:
        MeasurementError: the process is gone.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        raise MeasurementError(f"process {pid} ended while it was being timed") from None
    return int(fields[13]) + int(fields[14])  # cutime and cstime, fields 16 and 17 of proc(5)
