"""What was refused while a test ran, whatever the test made of it.

A value that may not cross, an object in the place of a plain value, a process that is gone: each
is an exception in the test, where `except Exception` takes it for one of the function's. So it is
noted here too. What it costs is the judge's to decide.
"""

import contextlib
from collections.abc import Iterator

from kernelmark.errors import GraderError, KernelmarkError, SubmissionError


class ObjectRefused(SubmissionError):
    """A plain value was asked for, and an object of another process stood in its place."""


class Refused:
    """The first of each kind that a test met: what decides the cell, and what only denies full marks."""

    def __init__(self) -> None:
        self.decides: KernelmarkError | None = None
        self.denies: ObjectRefused | None = None

    def note(self, error: KernelmarkError) -> None:
        """Remember what was refused."""
        if isinstance(error, ObjectRefused):
            self.denies = self.denies or error
        else:
            self.decides = self.decides or error


def note_refused(refused: Refused | None) -> None:
    """Have what is refused from now on noted there."""
    global _refused
    _refused = refused


_refused: Refused | None = None


@contextlib.contextmanager
def noted(*, trusted: bool = False) -> Iterator[None]:
    """Note what the block is refused; a fault of the course's own process is marked as that.

    Args:
        trusted: the block asks the course's own process.
    """
    try:
        yield
    except KernelmarkError as error:
        if trusted and isinstance(error, GraderError):
            error.kernelmark_reference = True  # type: ignore[attr-defined]
        if _refused is not None:
            _refused.note(error)
        raise
