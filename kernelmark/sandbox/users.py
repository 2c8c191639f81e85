"""Users for the sandboxes that root starts: one each that no other sandbox of this machine has.

Two sandboxes of one user would share its limits: the threads of one would be missing to the
other. What is taken is noted where root alone can write. It becomes nobody: `bubblewrap` does.
"""

import contextlib
import fcntl
import itertools
import os
import secrets
import stat
from collections.abc import Sequence
from pathlib import Path

from kernelmark.errors import SandboxError

# Users that Linux distributions leave unused; a fresh one for every sandbox started by root.
SPARE_USERS = range(60600, 61180)
# The user of what keeps a sandbox open for the server that is forked into it: no submission is ever this one.
KEEPER = 61180
PLACES = (Path("/run/kernelmark"), Path("/var/lib/kernelmark"))


class Reserved:
    """A user that is taken until this is closed, or its process and all forks of it have ended."""

    def __init__(self, user: int, descriptor: int):
        self.user = user
        self._descriptor = descriptor

    def close(self) -> None:
        """Give the user back."""
        with contextlib.suppress(OSError):
            os.close(self._descriptor)


def reserve(places: Sequence[Path] = PLACES) -> Reserved:
    """Return a user that no other sandbox of this machine has.

    Args:
        places: folders to note it in, the first that can be used; each is root's own.

    Raises:
        SandboxError: all are taken, or there is no place to note it.
    """
    place = _place(places)
    first = secrets.randbelow(len(SPARE_USERS))
    for user in itertools.chain(SPARE_USERS[first:], SPARE_USERS[:first]):
        descriptor = os.open(place / str(user), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            continue
        return Reserved(user, descriptor)
    raise SandboxError(
        f"all {len(SPARE_USERS)} users for submissions are taken; end other gradings on this machine "
        f"(lsof {place}/* names them)"
    )


def _place(places: Sequence[Path]) -> Path:
    said = []
    for place in places:
        try:
            place.mkdir(mode=0o700, exist_ok=True)
            found = place.lstat()
        except OSError as error:
            said.append(f"{place}: {error.strerror}")
            continue
        if stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o022:
            return place
        said.append(f"{place}: it must be a folder that only the grader's user can write")
    raise SandboxError(f"there is no place to note which user a sandbox has ({'; '.join(said)})")
