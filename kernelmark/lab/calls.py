"""Several calls in a row, with all their results looked at afterwards.

A result that crosses to another process is copied on its way, so from there nobody
sees whether a later call has written over it. Does: call one after the other in the
process of the function, and hand over the results as they are after the last call.
Does not: say which of them share memory.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from kernelmark.lab.remote import where_it_lives


@where_it_lives
def kept_results(function: Callable[..., Any], calls: Sequence[Sequence[Any]]) -> list[Any]:
    """Call `function` once with each of the argument tuples; return all results, as they are at the end.

    >>> buffer = [0]
    >>> def careless(x):
    ...     buffer[0] = x
    ...     return buffer
    >>> kept_results(careless, [(1,), (2,)])
    [[2], [2]]
    """
    return [function(*arguments) for arguments in calls]
