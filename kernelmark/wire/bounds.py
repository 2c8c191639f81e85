"""What one message of the wire may hold, and the error for what it may not.

Counts and bounds. It decodes nothing: `values` and the kinds of value (`kinds`) do.
"""

import itertools
import math
from typing import Any

import numpy as np

from kernelmark.errors import SubmissionError

MAX_DEPTH = 32
MAX_ITEMS = 1_000_000
# Values of one hash: a set of many takes time that grows with the square of their number.
MAX_SAME_HASH = 256
# What the arrays of a message would hold, were each broadcast or repeated one written out.
MAX_WRITTEN_BYTES = 2**30


class WireError(SubmissionError):
    """What came over the wire is malformed, too large, or of a kind that may not cross."""


class Allowance:
    """What one message may still hold: items, bytes written out, values of one hash; beyond it `WireError`."""

    def __init__(self) -> None:
        self._items = self._bytes = 0
        self._hashes: dict[int, list[Any]] = {}

    def item(self, depth: int, count: int = 1) -> None:
        """Count an item so deep in a value, or as many as a range has."""
        self._items += count
        if depth > MAX_DEPTH or self._items > MAX_ITEMS:
            raise WireError(f"a value may nest {MAX_DEPTH} deep and hold {MAX_ITEMS} items; this one has more")

    def spread(self, value: Any) -> Any:
        """Return a value, unless too many others share its hash: a set made of them would never be finished."""
        try:
            alike = self._hashes.setdefault(hash(value), [])
            if value not in alike:
                alike.append(value)
        except Exception:  # a tuple that holds a list is in no set, nor one whose objects are not ready to be hashed
            return value
        if len(alike) > MAX_SAME_HASH:
            raise WireError(f"more than {MAX_SAME_HASH} values share one hash")
        return value

    def room(self, shape: tuple[int, ...], dtype: np.dtype) -> None:
        """Count what arrays would hold if each were written out: a broadcast or repeated one, and rows of nothing."""
        self._bytes += math.prod(max(n, 1) for n in shape) * max(dtype.itemsize, 1)
        if len(shape) > MAX_DEPTH or self._bytes > MAX_WRITTEN_BYTES:
            raise WireError(f"arrays may hold {MAX_WRITTEN_BYTES} bytes; with shape {str(shape)[:80]} it is more")


def set_in_order(items: list[Any]) -> set[Any]:
    """Return a set that lists its items as the one they came from, where that can be had in a few tries.

    A set lists items by their places in its table, and two that want one place stand as they were put in: {7, 15}
    prints as {15, 7}, and what is built from 15 and 7 as {7, 15}. Both sides hash alike, so putting the items that
    come out elsewhere in later, or the other way round, mends nearly all; of four at most, every order is tried.
    """
    made = set(items)
    if len(made) != len(items):
        return made
    order = items
    for turn in range(6):
        late = {id(a) for a, b in zip(made, items, strict=True) if a is not b}
        if not late:
            return made
        stay, go = ([x for x in order if (id(x) in late) is moved] for moved in (False, True))
        order = stay + go[:: 1 if turn % 2 else -1]
        made = set(order)
    for few in itertools.permutations(items) if len(items) <= 4 else ():
        made = set(few)
        if all(a is b for a, b in zip(made, items, strict=True)):
            break
    return made


def natural(value: Any) -> int:
    """Return a count that came over the wire.

    Raises:
        WireError: it is none.
    """
    if type(value) is not int or value < 0:
        raise WireError(f"expected a count, got {str(value)[:40]!r}")
    return value
