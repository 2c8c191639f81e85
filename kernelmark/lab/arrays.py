"""An array that writes down the matrix products it takes part in.

Does: logs each product made with `@`, `np.matmul`, `np.dot`, `.dot`, `np.inner`,
`np.vdot`, `np.tensordot` and `np.einsum` as its three extents (m, k, n).
Does not: see products made by compiled code, by loops, or on a plain copy:
`np.array(x)`, `np.asarray(x)` and `np.ascontiguousarray(x)` forget the log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

Product = tuple[int, int, int]

# By name: some of them came with later releases of NumPy 2.
_PRODUCT_UFUNCS = frozenset({"matmul", "matvec", "vecmat", "vecdot"})
# Products that NumPy does not route through these ufuncs.
_PRODUCT_FUNCTIONS = frozenset({np.dot, np.inner, np.vdot, np.tensordot, np.einsum, np.linalg.multi_dot})


class LoggedArray(np.ndarray):
    """An ndarray with a list `products`; slices, transposes and copies write to the same list.

    Results of arithmetic, products included, are plain ndarrays: logging ends there.

    >>> a = LoggedArray(np.ones((4, 3)))
    >>> c = a[:2] @ np.ones((3, 5))
    >>> a.products, type(c).__name__
    ([(2, 3, 5)], 'ndarray')
    """

    products: list[Product]

    def __new__(cls, values: Any, products: Iterable[Product] = ()) -> LoggedArray:
        """View `values` (not a copy) as a logged array with a log of its own."""
        array = np.asarray(values).view(cls)
        array.products = list(products)
        return array

    def __array_finalize__(self, source: Any) -> None:
        """Share the log of the array this one was made from."""
        log = getattr(source, "products", None)
        self.products = [] if log is None else log

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, **kwargs: Any) -> Any:
        """Log products; compute everything on plain arrays."""
        if ufunc.__name__ in _PRODUCT_UFUNCS and method == "__call__":
            _log(inputs)
        if out is None:
            return getattr(ufunc, method)(*map(_plain, inputs), **kwargs)
        result = getattr(ufunc, method)(*map(_plain, inputs), out=_plain(out), **kwargs)
        return result if isinstance(result, tuple) else out[0]

    def __array_function__(
        self, function: Callable[..., Any], types: Iterable[Any], args: Iterable[Any], kwargs: Mapping[str, Any]
    ) -> Any:
        """Log the products that are functions, not ufuncs; leave all others to NumPy."""
        if function not in _PRODUCT_FUNCTIONS:
            return super().__array_function__(function, types, args, kwargs)
        args = list(args)
        _log(_arrays_in(args))
        return function(*map(_plain, args), **{name: _plain(value) for name, value in kwargs.items()})

    def dot(self, other: Any, out: Any = None) -> Any:
        """Multiply as `np.dot` does; the method of an ndarray would pass the log by."""
        return np.dot(self, other, out) if out is not None else np.dot(self, other)

    def to_plain(self) -> dict[str, Any]:
        """Return this array as plain data: `{"array": ndarray, "products": [(m, k, n), ...]}`."""
        return {"array": _plain(self), "products": [tuple(product) for product in self.products]}

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> LoggedArray:
        """Make a logged array from what `to_plain` returned."""
        return cls(plain["array"], _checked(plain["products"]))

    def update_from_plain(self, plain: dict[str, Any]) -> None:
        """Take over the log from `plain`, in place; the values stay as they are.

        Raises:
            ValueError: the log is not a list of three whole numbers each.
        """
        self.products[:] = _checked(plain["products"])


def _plain(value: Any) -> Any:
    if isinstance(value, LoggedArray):
        return value.view(np.ndarray)
    if isinstance(value, list | tuple):
        return type(value)(map(_plain, value))
    return value


def _arrays_in(values: Iterable[Any]) -> list[np.ndarray]:
    """Return the arrays among the values, and those in lists among them, as `multi_dot` takes them."""
    found: list[np.ndarray] = []
    for value in values:
        if isinstance(value, np.ndarray):
            found.append(value)
        elif isinstance(value, list | tuple):
            found.extend(_arrays_in(value))
    return found


def _log(operands: Iterable[Any]) -> None:
    """Write the product of the first two operands into the log of every logged one, once a log."""
    arrays = list(operands)
    left, right = ([*map(np.shape, arrays), (), ()])[:2]
    product = (
        int(left[-2]) if len(left) > 1 else 1,
        int(left[-1]) if len(left) > 0 else 1,
        int(right[-1]) if len(right) > 1 else 1,
    )
    logs = {id(array.products): array.products for array in arrays if isinstance(array, LoggedArray)}
    for log in logs.values():
        log.append(product)


def _checked(products: Any) -> list[Product]:
    """Return the log as a list of triples; it may come from another process, so nothing is taken on trust."""
    triples = [tuple(product) for product in products]
    if not all(len(triple) == 3 and all(type(extent) is int for extent in triple) for triple in triples):
        raise ValueError("a log of products holds three whole numbers (m, k, n) for each product")
    return triples
