"""A control group for a sandbox, where one can be made: the kernel's own account of all its memory.

A group counts what no resident size shows: files in scratch folders, shared memory that
nobody maps any more, what the kernel holds for a process. Where the memory controller
of version 2 can be used it bounds processes too; version 1 bounds memory alone.
It does not decide what a breach costs, and it is never the only limit: where no group
can be made, `links` watches from outside.

Source: cgroups(7); the kernel's Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst.
"""

import contextlib
import functools
import itertools
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PREFIX = "kernelmark-"
# An ended process may stay in its group for a moment.
FAREWELL_S = 1.0
_numbers = itertools.count()


@dataclass(frozen=True)
class Home:
    """A folder of the control-group file system below which groups can be made."""

    folder: Path
    version: int


class Group:
    """The control group of one sandbox.

    Args:
        memory_bytes: what all processes in it may hold together, files in memory included.
        processes: how many processes and threads there may be (version 2 only).

    Raises:
        OSError: it cannot be made.
    """

    def __init__(self, home: Home, memory_bytes: int, processes: int):
        self._home, self._version = home, home.version
        self._folder = home.folder / f"{PREFIX}{os.getpid()}-{next(_numbers)}"
        self._folder.mkdir()
        try:
            for name, value, needed in _settings(home.version, memory_bytes, processes):
                try:
                    (self._folder / name).write_text(value)
                except OSError:
                    if needed:
                        raise
        except OSError:
            self.close()
            raise

    def add(self, pid: int) -> None:
        """Put a process into the group, with whatever it starts from then on.

        Raises:
            OSError: it is gone, or it may not be moved.
        """
        (self._folder / "cgroup.procs").write_text(str(pid))

    @property
    def ran_out(self) -> bool:
        """Whether the kernel ended a process of the group because its memory was used up."""
        name = "memory.events" if self._version == 2 else "memory.oom_control"
        with contextlib.suppress(OSError):
            found = re.search(r"^oom_kill (\d+)", (self._folder / name).read_text(), re.MULTILINE)
            return found is not None and int(found[1]) > 0
        return False

    @property
    def pids(self) -> list[int]:
        """The processes in the group."""
        with contextlib.suppress(OSError):
            return [int(word) for word in (self._folder / "cgroup.procs").read_text().split()]
        return []

    def close(self) -> None:
        """End what is in the group, and remove it, with the empty groups of graders that were killed."""
        self._remove()
        _clean(self._home)

    def _remove(self) -> None:
        deadline = time.monotonic() + FAREWELL_S
        while True:
            try:
                self._folder.rmdir()
                return
            except FileNotFoundError:
                return
            except OSError:
                if time.monotonic() > deadline:
                    return
            for pid in self.pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.001)


@functools.cache
def home() -> Home | None:
    """Return where groups can be made: below the own group or the nearest group above it; None where nowhere.

    It is tried with a process of its own, once.
    """
    for candidate in _candidates(Path("/proc/self/mountinfo"), Path("/proc/self/cgroup")):
        if _works(candidate):
            return candidate
    return None


def _settings(version: int, memory_bytes: int, processes: int) -> list[tuple[str, str, bool]]:
    """Return (file, text, whether it is needed) in the order of writing."""
    memory = str(memory_bytes)
    if version == 1:
        return [
            ("memory.limit_in_bytes", memory, True),
            ("memory.memsw.limit_in_bytes", memory, False),
            ("memory.swappiness", "0", False),
        ]
    return [
        ("memory.max", memory, True),
        ("memory.swap.max", "0", False),
        ("memory.oom.group", "1", False),
        ("pids.max", str(processes), False),
    ]


def _candidates(mounts: Path, own: Path) -> Iterator[Home]:
    """Yield the folders to try, version 2 first, from the own group upwards."""
    try:
        lines, groups = mounts.read_text().splitlines(), own.read_text().splitlines()
    except OSError:
        return
    paths = {tuple(names.split(",")): path for _, names, path in (line.split(":", 2) for line in groups)}
    for version in (2, 1):
        for line in lines:
            before, _, after = line.partition(" - ")
            root, point = before.split()[3:5]
            kind, _, options = after.partition(" ")
            if version == 2 and kind == "cgroup2":
                path = paths.get(("",), "/")
            elif version == 1 and kind == "cgroup" and "memory" in options.split()[-1].split(","):
                path = next((path for names, path in paths.items() if "memory" in names), "/")
            else:
                continue
            inside = os.path.relpath(path, root) if path.startswith(root) else "."
            for folder in _upwards(Path(point), inside):
                yield Home(folder, version)


def _upwards(top: Path, inside: str) -> list[Path]:
    folder = top / inside
    if ".." in folder.parts or not folder.is_dir():
        return [top]
    return [folder, *(parent for parent in folder.parents if parent.is_relative_to(top))]


def _works(candidate: Home) -> bool:
    try:
        group = Group(candidate, 2**30, 64)
    except OSError:
        return False
    probe = None
    try:
        probe = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
        group.add(probe.pid)
        return group.pids == [probe.pid]
    except OSError:
        return False
    finally:
        if probe is not None:
            probe.kill()
            probe.communicate()
        group.close()


def _clean(at: Home) -> None:
    """Remove empty groups whose maker is gone; one that still holds a process cannot be removed by anybody."""
    for folder in at.folder.glob(f"{PREFIX}*"):
        maker = folder.name.removeprefix(PREFIX).partition("-")[0]
        if maker.isdigit() and not Path(f"/proc/{maker}").exists():
            with contextlib.suppress(OSError):
                folder.rmdir()
