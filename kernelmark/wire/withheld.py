"""Calls whose contents are held back until the clock runs: arrays as views on a region, plain numbers as gaps.

Both ends are here: what the judge withholds, and what the other process finds in its place. It
moves nothing (`channel` does), and it is no part of the general encoding (`values` is).
"""

import math
import mmap
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kernelmark.wire.kinds_numpy import is_plain_number
from kernelmark.wire.values import REGION_BYTES, Plain, WireError, dtype_of, raw_of, require_numeric

_ALIGNMENT_BYTES = 64


@dataclass
class Withheld:
    """Calls whose contents are not sent yet: arrays as views on a region, plain numbers as gaps."""

    calls: list[Plain] = field(default_factory=list)
    pieces: list[tuple[int, Any]] = field(default_factory=list)
    numbers: list[list[Any]] = field(default_factory=list)
    used: int = 0

    def add(self, inputs: Sequence[Any]) -> None:
        """Add the inputs of one call: arrays and numbers, see `withholdable`.

        Raises:
            WireError: the region is full, or an array does not hold numbers.
        """
        nodes: list[Plain] = []
        numbers: list[Any] = []
        for array in inputs:
            if type(array) is not np.ndarray:
                nodes.append(None)
                numbers.append(array)
                continue
            require_numeric(array.dtype)
            raw, layout = raw_of(array, contiguous=False)
            at = -(-self.used // _ALIGNMENT_BYTES) * _ALIGNMENT_BYTES
            self.used = at + len(raw)
            if self.used > REGION_BYTES:
                raise WireError(f"the inputs of one value may hold {REGION_BYTES} bytes")
            self.pieces.append((at, raw))
            nodes.append([at, array.dtype.str, list(array.shape), layout])
        self.calls.append(nodes)
        self.numbers.append(numbers)


def withholdable(value: Any) -> bool:
    """Say whether a value can be an input of a `Withheld` call: a plain array of numbers, or a number."""
    if type(value) is float:
        return math.isfinite(value)
    if type(value) is np.ndarray:
        return is_plain_number(value.dtype)
    return type(value) in (int, bool)


def views(region: mmap.mmap, call: Plain) -> tuple[Any, ...]:
    """Return the arrays of one call of a `Withheld` batch as views on the region, and None in the place of a number."""
    made: list[Any] = []
    for node in call:
        if node is None:
            made.append(None)
            continue
        at, dtype, shape, layout = node
        strides, offset = layout or (None, 0)
        made.append(np.ndarray(tuple(shape), dtype_of(dtype), region, at + offset, strides and tuple(strides)))
    return tuple(made)


def completed(inputs: tuple[Any, ...], numbers: Sequence[Any]) -> tuple[Any, ...]:
    """Return the inputs of a call with its numbers in their places."""
    if len(numbers) == len(inputs):
        return tuple(numbers)
    left = iter(numbers)
    return tuple(next(left) if value is None else value for value in inputs)
