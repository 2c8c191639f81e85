"""What must run or be made where a student's function lives.

A test cell may hold a proxy of an object in the student's process. A function
marked `where_it_lives` is then called over there, by its name, and `beside` makes
an instrument over there; with an ordinary object both happen here. The proxy says
what it is by having `_kernelmark_apply_`.

A function of the test, an instrument among them, may also be called from a student's process; then
`calling_process` says from which.
"""

from __future__ import annotations

import contextlib
import functools
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any


def where_it_lives(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return `function`, made to run in the process of its first argument.

    The name sent is `kernelmark.lab.NAME`, so the function must be exported there.
    """

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        apply = getattr(args[0], "_kernelmark_apply_", None) if args else None
        if apply is None:
            return function(*args, **kwargs)
        return apply(f"kernelmark.lab.{function.__name__}", args, kwargs)

    return wrapper


def beside(neighbour: Callable[..., Any], maker: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Return `maker(*args, **kwargs)`, made in the process in which `neighbour` lives.

    For an instrument that a student's function calls too often, or from a thread, to
    be called back: `beside(parallel_relu, MeetingKernel, 4)`. What such an instrument
    says is evidence from hostile ground.

    Args:
        neighbour: the student's function that will use it.
        maker: a class or function that `kernelmark.lab` exports.
    """
    apply = getattr(neighbour, "_kernelmark_apply_", None)
    return maker(*args, **kwargs) if apply is None else apply(f"kernelmark.lab.{maker.__name__}", args, kwargs)


@contextlib.contextmanager
def on_behalf_of(process: int) -> Iterator[None]:
    """Have `calling_process` return this one, in this thread; whoever serves a call from elsewhere says so."""
    _caller.process = process
    try:
        yield
    finally:
        del _caller.process


def calling_process() -> int:
    """Return the number of the process that a call comes from: this one, unless it is made on behalf of another."""
    return getattr(_caller, "process", None) or os.getpid()


_caller = threading.local()
