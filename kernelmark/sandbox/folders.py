"""Folders of the grader's own, which go when they are no longer needed, however their maker ended.

A process that is killed tidies nothing up. So each folder is locked as long as its maker lives,
and whoever starts next removes those that nobody holds any more. It does not look into them.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

PREFIX = "kernelmark-held-"


@contextlib.contextmanager
def own_folder() -> Iterator[Path]:
    """Make a folder below the system's temporary one; it is removed at the end, or by the next `sweep`."""
    folder, held = _made_and_held()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)


def _made_and_held() -> tuple[Path, int]:
    """Return a new folder and the descriptor that locks it; one swept before it was locked is made again."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        with contextlib.suppress(FileNotFoundError):
            held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                fcntl.flock(held, fcntl.LOCK_EX)
                if os.path.samestat(os.stat(folder), os.fstat(held)):
                    return folder, held
            except BaseException:  # whatever ends it, the lock goes
                os.close(held)
                raise
            os.close(held)


def sweep(within: Path | None = None) -> list[Path]:
    """Remove this user's folders whose makers were killed, and return them.

    Args:
        within: where to look; None for the system's temporary folder.
    """
    removed = []
    for folder in sorted((within or Path(tempfile.gettempdir())).glob(f"{PREFIX}*")):
        with contextlib.suppress(OSError):  # another user's, a file, or gone meanwhile
            held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                if os.fstat(held).st_uid == os.geteuid():
                    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(folder, ignore_errors=True)
                    removed.append(folder)
            finally:
                os.close(held)
    return removed
