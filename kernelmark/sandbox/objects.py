"""What stays behind in a server: objects under numbers, the names of the notebook, and exceptions as plain data.

It runs beside submitted code and protects nothing; `server` answers with it.
"""

import importlib
import os
import traceback
from typing import Any

from kernelmark.errors import SubmissionError
from kernelmark.sandbox.shared import Globals
from kernelmark.sandbox.shell import MAX_MESSAGE_CHARS, text_of
from kernelmark.wire.operators import OPERATIONS, error_of
from kernelmark.wire.raised import described, fields_of
from kernelmark.wire.values import Encoder, Plain, WireError, function_by_name

MAX_HANDLES = 100_000


class Objects:
    """The objects that the other end knows by a number, and the names that a notebook has defined."""

    def __init__(self, names: Globals):
        self._names = names
        # Numbers of another process mean nothing here: one that was lost takes its objects with it.
        self._handles: dict[int, Any] = {}
        self._next_handle = int.from_bytes(os.urandom(6), "big")

    def leave(self, value: Any) -> Plain:
        """Keep an object here, and return the node that stands for it.

        Raises:
            WireError: too many are held.
        """
        if len(self._handles) >= MAX_HANDLES:
            raise WireError(f"at most {MAX_HANDLES} objects may be held at once")
        self._next_handle += 1
        self._handles[self._next_handle] = value
        kind = type(value)
        named = {"type": kind.__name__[:100], "module": str(kind.__module__)[:200]}
        return {"h": self._next_handle, **named, "callable": callable(value)}

    def find(self, target: Plain) -> Any:
        """Return what a node stands for: a name, a function of the allow-list, an attribute, an object.

        Raises:
            NameError: no cell defined the name. SubmissionError: the object was lost.
        """
        ((tag, content),) = target.items()
        if tag == "n":
            return self._names.own(content)
        if tag == "f":
            return function_by_name(content)
        if tag == "m":
            return getattr(importlib.import_module("matplotlib.pyplot"), content)
        if tag == "o":
            return OPERATIONS[content]
        if tag == "g":
            return getattr(self.find(content[0]), content[1])
        if content not in self._handles:
            raise SubmissionError("an object of an earlier call was lost when its process was started again")
        return self._handles[content]

    def forget(self) -> None:
        """Keep no object any longer."""
        self._handles.clear()


def can_cross(value: Any) -> bool:
    """Say whether a value is plain data, all of it."""
    try:
        Encoder(_stay_behind).encode(value)
    except WireError:
        return False
    return True


def describe_error(error: BaseException, skipped: frozenset[str]) -> dict[str, Any]:
    """Return an exception as plain data: nearest builtin type, own name, message, traceback as text, own classes.

    Args:
        skipped: files whose frames, the first ones of the traceback, are no work of a student's.
    """
    builtin = next((kind for kind in type(error).__mro__ if kind.__module__ == "builtins"), Exception)
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename in skipped:
        trace = trace.tb_next
    try:
        lines = "".join(traceback.format_exception(type(error), error, trace, limit=-12, chain=False))
    except BaseException:  # what is formatted is submitted code's: its __str__ may raise anything, or exit
        lines = ""
    return {
        "type": builtin.__name__,
        "name": type(error).__name__[:200],
        "message": text_of(error),
        "traceback": lines[-4 * MAX_MESSAGE_CHARS :],
        **({} if type(error) is builtin else {"bases": described(type(error)), "fields": fields_of(error)}),
    }


def rebuilt(kind: str, message: str) -> Exception:
    """Return what a function of the test raised, so that the code which called it can catch it."""
    return error_of(kind, message) or SubmissionError(f"{kind}: {message}")


def _stay_behind(value: Any) -> Plain:
    """Stand for an object while it is tried whether what holds it can cross."""
