"""The one lock under which anything is timed on a host.

It lies where only the user who grades can write, so nobody else can hold it or put something in
its place. It does not time anything. Where the system has no such locks (Windows, where
nothing is graded) it keeps nobody out.
"""

import contextlib
import os
import stat
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from kernelmark.errors import MeasurementError

# Names another place, for graders of several users on one host: a plain file that all of them can open.
PLACE_VARIABLE = "KERNELMARK_STOPWATCH_LOCK"
NAME = "stopwatch.lock"
# A race holds it for a minute or two at the most; one process that holds it for so long hangs.
HELD_TOO_LONG_S = 900.0
# How often a process that waits looks who holds it.
LOOK_S = 5.0


@contextlib.contextmanager
def host_lock(
    path: Path | None = None,
    waits: Callable[[bool], None] = lambda waiting: None,
    held_too_long_s: float = HELD_TOO_LONG_S,
) -> Iterator[None]:
    """Hold the one lock under which anything is timed on this host.

    The kernel lets go of it when its holder dies. The file is never written, and a link in its
    place is not followed.

    Args:
        path: where it lies; None for its usual place.
        waits: told True when there is somebody to wait for, and False when the wait is over.
        held_too_long_s: how long one process may hold it before it is given up.

    Raises:
        MeasurementError: there is no plain file of ours in its place, or one process does not let go of it.
    """
    try:
        import fcntl
    except ModuleNotFoundError:  # every notebook's set-up comes here, on Windows too
        yield
        return
    target = path or usual_place()
    descriptor = _opened(target, shared=path is None and PLACE_VARIABLE in os.environ)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waits(True)
            _wait(lambda: fcntl.flock(descriptor, fcntl.LOCK_EX), target, descriptor, held_too_long_s)
            waits(False)
        yield
    finally:
        os.close(descriptor)


def keep_to_the_place() -> None:
    """Have the lock lie where it lies now, whatever this process takes for the folder of temporary files later."""
    global _kept
    _kept = usual_place()


_kept: Path | None = None


def usual_place() -> Path:
    """Return where the lock lies: root's own folder, the user's own one, or the place that the environment names."""
    if PLACE_VARIABLE in os.environ:
        return Path(os.environ[PLACE_VARIABLE])
    if _kept is not None:
        return _kept
    if os.geteuid() == 0:
        return Path("/run/kernelmark") / NAME
    own = os.environ.get("XDG_RUNTIME_DIR", "")
    return Path(own or Path(tempfile.gettempdir()) / f"kernelmark-{os.geteuid()}") / NAME


def _opened(target: Path, *, shared: bool) -> int:
    """Open the file of the lock, made where it is missing; nothing else in its place is ever waited for."""
    expected = f"expected a plain file of user {os.geteuid()} as the stopwatch's lock at {target}"
    remedy = f"remove it, or name another place in the environment as {PLACE_VARIABLE}"
    try:
        with contextlib.suppress(FileExistsError):
            target.parent.mkdir(mode=0o700)
        folder = target.parent.stat()
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            descriptor = os.open(target, flags | os.O_CREAT, 0o644)
        except PermissionError:  # a sticky folder refuses O_CREAT on another user's file
            descriptor = os.open(target, flags)
    except OSError as error:
        raise MeasurementError(f"{expected}: {error.strerror}; {remedy}") from None
    found = os.fstat(descriptor)
    theirs = not shared and (found.st_uid != os.geteuid() or folder.st_uid != os.geteuid() or folder.st_mode & 0o022)
    if stat.S_ISREG(found.st_mode) and not theirs:
        return descriptor
    os.close(descriptor)
    kind = "a file that others can replace" if stat.S_ISREG(found.st_mode) else "no plain file"
    raise MeasurementError(f"{expected}, found {kind}; {remedy}")


def _wait(acquire: Callable[[], None], target: Path, descriptor: int, held_too_long_s: float) -> None:
    """Wait in a thread, so that somebody can look who is waited for."""
    thread = threading.Thread(target=acquire, daemon=True)
    thread.start()
    since_s, former = time.monotonic(), _holder(descriptor)
    while True:
        thread.join(LOOK_S if held_too_long_s > LOOK_S else held_too_long_s / 4)
        if not thread.is_alive():
            return
        holder = _holder(descriptor)
        if holder != former:
            since_s, former = time.monotonic(), holder
        elif time.monotonic() - since_s > held_too_long_s:
            raise MeasurementError(
                f"{_named(holder)} has held the stopwatch's lock {target} for {held_too_long_s:g} s; "
                "end it, and grade again"
            )


def _holder(descriptor: int) -> int:
    """Return the process that took the lock on this file, 0 where the kernel does not say."""
    found = os.fstat(descriptor)
    where = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/locks").read_text().splitlines():
            words = line.split()
            if "->" not in words and words[1] == "FLOCK" and words[5] == where:
                return int(words[4])
    return 0


def _named(pid: int) -> str:
    with contextlib.suppress(OSError):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        return f"process {pid} ({''.join(c if c.isprintable() else '?' for c in words)[:80].strip()})"
    return f"process {pid}"
