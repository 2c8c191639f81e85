"""The one lock under which anything is timed on a host.

It does not time anything. Where the system has no such locks (Windows, where nothing
is graded) it keeps nobody out.
"""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def host_lock(path: Path | None = None) -> Iterator[None]:
    """Hold the one lock under which anything is timed on this host.

    The kernel lets go of it when its holder dies. The file is shared by all users of
    the host, is never written, and a link in its place is not followed.
    """
    try:
        import fcntl
    except ModuleNotFoundError:  # every notebook's set-up comes here, on Windows too
        yield
        return
    target = path or Path(tempfile.gettempdir()) / "kernelmark-stopwatch.lock"
    try:
        descriptor = os.open(target, os.O_RDONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    except PermissionError:  # a sticky directory refuses O_CREAT on another user's file
        descriptor = os.open(target, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
