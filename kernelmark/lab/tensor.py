"""A value type that wraps an array, as frameworks do.

Does: holds one numeric array, without copying it, and shows it. Crosses between the
judge and a student's process like an array does.
Does not: arithmetic or gradients. What takes a `Tensor` takes its array out first.
"""

from __future__ import annotations

from typing import Any

import numpy as np


class Tensor:
    """An array in a wrapper: `data`, `shape`, `dtype`.

    Args:
        data: an array (kept, not copied), another Tensor (its array is shared), or nested numbers.
        dtype: convert to it; this copies where the dtype differs.

    Raises:
        TypeError: the data do not hold numbers or booleans.

    >>> Tensor([[1, 2], [3, 4]])
    Tensor([[1, 2],
            [3, 4]])
    """

    def __init__(self, data: Any, dtype: Any = None) -> None:
        self.data: np.ndarray = np.asarray(data.data if isinstance(data, Tensor) else data, dtype)
        if self.data.dtype.kind not in "biufc":
            raise TypeError(f"Tensor: expected numbers or booleans, got an array of {self.data.dtype}")

    @property
    def shape(self) -> tuple[int, ...]:
        """The extents of the array."""
        return self.data.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of one element."""
        return self.data.dtype

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """Let NumPy read the array itself; a copy is made only where one is asked for or the dtype differs."""
        if dtype is not None and np.dtype(dtype) != self.data.dtype:
            if copy is False:
                raise ValueError(f"Tensor: {self.data.dtype} cannot be read as {np.dtype(dtype)} without a copy")
            return self.data.astype(dtype)
        return self.data.copy() if copy else self.data

    def __repr__(self) -> str:
        return f"Tensor({np.array2string(self.data, separator=', ', prefix='Tensor(')})"

    def __str__(self) -> str:
        return f"Tensor(shape={self.shape}, dtype={self.dtype})\n{self.data}"

    def to_plain(self) -> dict[str, Any]:
        """Return the tensor as plain data: `{"data": ndarray}`."""
        return {"data": self.data}

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> Tensor:
        """Make a tensor around the array of `to_plain`.

        Raises:
            TypeError: no array of numbers; it may come from another process.
        """
        return cls(_array_of(plain))

    def update_from_plain(self, plain: dict[str, Any]) -> None:
        """Hold what the tensor held elsewhere: written into the same array where it fits, else as a new one.

        Raises:
            TypeError: no array of numbers.
        """
        array = _array_of(plain)
        if array is self.data:
            return
        if array.shape == self.data.shape and array.dtype == self.data.dtype and self.data.flags.writeable:
            self.data[...] = array
        else:
            self.data = array


def _array_of(plain: dict[str, Any]) -> np.ndarray:
    array = plain["data"]
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "biufc":
        raise TypeError("a Tensor crosses as an array of numbers")
    return array
