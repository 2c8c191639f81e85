"""Floating point warnings, made to count.

Does: turns what NumPy warns of during a call (overflow, invalid value, division by
zero) into an error. Does not: see what compiled code does, nor what a function
silences itself with `np.errstate`, which is a way to say that it was meant.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from kernelmark.lab.remote import where_it_lives


@where_it_lives
def strictly(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Return `function(*args, **kwargs)`, with the floating point warnings of NumPy as errors.

    Raises:
        FloatingPointError: the call made NumPy warn; the message says of what.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        try:
            return function(*args, **kwargs)
        except RuntimeWarning as warning:
            name = getattr(function, "__name__", type(function).__name__)
            raise FloatingPointError(f"{name}: expected no warning of NumPy, got: {warning}") from warning
