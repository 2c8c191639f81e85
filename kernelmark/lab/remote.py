"""Functions that must run where their argument lives.

A test cell may hold a proxy of an object in the student's process. A function
marked `where_it_lives` is then called over there, by its name; with an ordinary
object it is called here. The proxy says what it is by having `_kernelmark_apply_`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any


def where_it_lives(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return `function`, made to run in the process of its first argument.

    The name sent is `kernelmark.lab.NAME`, so the function must be exported there.
    """

    @functools.wraps(function)
    def wrapper(*args: Any) -> Any:
        apply = getattr(args[0], "_kernelmark_apply_", None) if args else None
        if apply is None:
            return function(*args)
        return apply(f"kernelmark.lab.{function.__name__}", args)

    return wrapper
