"""Who may ask a process something, and how long it may take: turns on a line, and patience with what hangs.

It does not ask, and it ends nobody: `link` does.
"""

import contextlib
import threading
import time
from collections.abc import Iterator

from kernelmark.errors import CourseError

# After an interrupt, a process has this long to come back before it is killed.
GRACE_S = 2.0
# However often it hung before, a call may take this long.
LEAST_PATIENCE_S = 3.0


class Patience:
    """How long a cell or call may take: all of the limit at first, half as long after every hang.

    Many tests may call one function that hangs; all of them together should not take
    ten minutes. Code that does not hang never notices.
    """

    def __init__(self, seconds: float):
        self.seconds = seconds
        # What the course's own solution needs, for as long as a test that needs it runs.
        self.at_least_s = 0.0

    @property
    def limit_s(self) -> float:
        """How long a call may take now."""
        return max(self.seconds, self.at_least_s)

    def shorten(self) -> None:
        """Something hung: wait half as long from now on."""
        self.seconds = max(min(self.seconds, LEAST_PATIENCE_S), self.seconds / 2)


class Turns:
    """One question at a time on a line, and the seconds that the outermost questions took.

    A test's own threads take turns; a function of the test that submitted code calls may ask in
    its turn, while the question that led to it waits.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._asking = 0
        self.spent_s = 0.0
        self.longest_s = 0.0

    @property
    def is_outermost(self) -> bool:
        """Whether the question that is being asked was not asked on behalf of another."""
        return self._asking == 1

    @contextlib.contextmanager
    def take(self, limit_s: float) -> Iterator[None]:
        """Hold the line for one question.

        Raises:
            CourseError: another thread holds the line and does not let go.
        """
        if not self._lock.acquire(timeout=limit_s + GRACE_S):
            raise CourseError("a test's threads wait for each other: one holds the line to the process, one wants it")
        begun = time.monotonic()
        self._asking += 1
        try:
            yield
        finally:
            self._asking -= 1
            if not self._asking:
                took_s = time.monotonic() - begun
                self.spent_s += took_s
                self.longest_s = max(self.longest_s, took_s)
            self._lock.release()
