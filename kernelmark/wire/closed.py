"""What a test puts in the place of `open` opens no file for submitted code.

A function of a test runs in the judge, with the grader's rights; one that watches `open` hands on to the real one what
it is told. The file could not go back as an answer, but opened to be written it would be empty by then.
"""

import sys
import threading
from collections.abc import Callable
from typing import Any

_here = threading.local()
_watching = False


def opening_nothing(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that does what another does, except that it opens no file."""

    def ask(*args: Any, **kwargs: Any) -> Any:
        _watch()
        before, _here.closed = getattr(_here, "closed", False), True
        try:
            return function(*args, **kwargs)
        finally:
            _here.closed = before

    return ask


def _watch() -> None:
    global _watching
    if not _watching:
        _watching = True
        sys.addaudithook(_refuse)


def _refuse(event: str, _: Any) -> None:
    if event == "open" and getattr(_here, "closed", False):
        raise PermissionError("a function of the test opens no file for submitted code")
