"""A started sandbox: its processes, how one is signalled and waited for, and what else of ours is in there.

It starts nothing and tidies nothing up: `bubblewrap` does.
"""

import contextlib
import os
import signal
import subprocess
from dataclasses import dataclass

from kernelmark.sandbox import cgroups, users, zygote
from kernelmark.sandbox.limits import HOME
from kernelmark.stopwatch import clock

# The folders that can be written, each in memory and of its own size.
SCRATCH = ("/tmp", "/dev/shm", HOME)


@dataclass(frozen=True)
class Started:
    """A started process: the one to wait for, the one that runs the code, and its overseer.

    It is signalled through descriptors: its number may belong to somebody else once it has ended.
    """

    process: "subprocess.Popen[bytes]"
    pid: int
    overseer: int | None
    handles: tuple[int, ...] = ()
    group: cgroups.Group | None = None
    user: users.Reserved | None = None
    forked: zygote.Forked | None = None
    # What else runs in the sandbox and is ours: its first process, and what keeps it open for a forked one.
    companions: tuple[int, ...] = ()

    def kill(self) -> None:
        """Kill the process and everything in its sandbox."""
        for handle in self.handles:
            with contextlib.suppress(OSError):
                signal.pidfd_send_signal(handle, signal.SIGKILL)

    def interrupt(self) -> None:
        """Send SIGINT to the process that runs the code."""
        for handle in self.handles[:1]:
            with contextlib.suppress(OSError):
                signal.pidfd_send_signal(handle, signal.SIGINT)

    def wait(self, timeout_s: float) -> int | None:
        """Return how the process ended, as a shell counts (128 and the signal), or None where it still runs."""
        if self.forked is not None:
            status = self.forked.status(timeout_s)
            return 128 - status if status is not None and status < 0 else status
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.process.wait(timeout_s)
        return None

    def bystanders(self) -> dict[int, tuple[float, str]]:
        """Return what else of ours is in the sandbox, its CPU time and its program: neither changes."""
        found = {}
        for pid in self.companions:
            used_s, program = clock.used_seconds(pid), ""
            with contextlib.suppress(OSError):  # where the kernel does not show it, the clock speaks alone
                program = os.readlink(f"/proc/{pid}/exe")
            found[pid] = (used_s, program)
        return found

    def scratch_bytes(self) -> int:
        """Return what its scratch folders hold, deleted files that are still open included; 0 where nobody can look."""
        held = 0
        if self.overseer is not None:
            for folder in SCRATCH:
                with contextlib.suppress(OSError):
                    found = os.statvfs(f"/proc/{self.overseer}/root{folder}")
                    held += (found.f_blocks - found.f_bfree) * found.f_frsize
        return held

    def pids(self) -> list[int]:
        """Return the processes that run in it, those that were orphaned too."""
        found, seen = [self.pid], {self.pid}
        waiting = [self.pid, *([] if self.overseer is None else [self.overseer])]
        while waiting:
            for pid in clock.children(waiting.pop()):
                if pid not in seen:
                    seen.add(pid)
                    found.append(pid)
                    waiting.append(pid)
        return found
