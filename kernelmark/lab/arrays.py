"""An array that writes down the matrix products it takes part in.

Does: logs each product made with `@`, `np.matmul`, `np.dot`, `.dot`, `np.inner`,
`np.vdot`, `np.tensordot` and `np.einsum` as its three extents (m, k, n).
Does not: see products made by compiled code, by loops, or on a plain copy:
`np.array(x)`, `np.asarray(x)` and `np.ascontiguousarray(x)` forget the log.

With `withhold=True` the log cannot be forged. Sent to another process, such an array
holds the positions of its elements in the place of their values; a product of two of
them calls back to the process that has the values, which writes the log and returns the
result. Whoever does not make the product through the array never learns its values.
"""

from __future__ import annotations

import itertools
import re
import weakref
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

Product = tuple[int, int, int]

# By name: some of them came with later releases of NumPy 2.
_PRODUCT_UFUNCS = frozenset({"matmul", "matvec", "vecmat", "vecdot"})
# Products that NumPy does not route through these ufuncs.
_PRODUCT_FUNCTIONS = frozenset({np.dot, np.inner, np.vdot, np.tensordot, np.einsum, np.linalg.multi_dot})


# Arrays whose values were withheld, by number, while somebody may still ask for a product of them.
_withheld: weakref.WeakValueDictionary[int, LoggedArray] = weakref.WeakValueDictionary()
_numbers = itertools.count(1)
_SUBSCRIPTS = re.compile(r"([a-zA-Z])([a-zA-Z]),\2(?!\1|\2)([a-zA-Z])(->\1\3)?")


class LoggedArray(np.ndarray):
    """An ndarray with a list `products`; slices, transposes and copies write to the same list.

    Results of arithmetic, products included, are plain ndarrays: logging ends there.

    >>> a = LoggedArray(np.ones((4, 3)))
    >>> c = a[:2] @ np.ones((3, 5))
    >>> a.products, type(c).__name__
    ([(2, 3, 5)], 'ndarray')
    """

    products: list[Product]
    # Where the values are: the number of the array there, and the function to call.
    _elsewhere: tuple[int, Callable[..., Any]] | None
    _number: int

    def __new__(cls, values: Any, products: Iterable[Product] = (), *, withhold: bool = False) -> LoggedArray:
        """View `values` (not a copy) as a logged array with a log of its own."""
        array = np.asarray(values).view(cls)
        array.products = list(products)
        if withhold:
            array._number = next(_numbers)
            _withheld[array._number] = array
        return array

    def __array_finalize__(self, source: Any) -> None:
        """Share the log of the array this one was made from."""
        log = getattr(source, "products", None)
        self.products = [] if log is None else log
        self._elsewhere = getattr(source, "_elsewhere", None)
        self._number = 0

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, **kwargs: Any) -> Any:
        """Log `matmul`; compute everything on plain arrays."""
        if ufunc is np.matmul and method == "__call__":
            if any(_is_elsewhere(value) for value in inputs):
                return _into(out, _ask("matmul", inputs))
            _log(inputs)
        if out is not None:
            kwargs["out"] = tuple(_plain(array) for array in out)
        return getattr(ufunc, method)(*map(_plain, inputs), **kwargs)

    def __array_function__(self, func: Callable[..., Any], types: Any, args: Any, kwargs: Any) -> Any:
        """Log the products that are functions, not ufuncs; leave all others to NumPy."""
        if func not in _PRODUCT_FUNCTIONS:
            return super().__array_function__(func, types, args, kwargs)
        if any(_is_elsewhere(value) for value in args):
            if func not in (np.dot, np.einsum):
                raise TypeError(f"{func.__name__}: multiply these arrays with @, np.matmul, np.dot or np.einsum")
            out = kwargs.pop("out", None)
            return _into(None if out is None else (out,), _ask(func.__name__, args))
        _log([value for value in args if isinstance(value, np.ndarray)])
        return func(*map(_plain, args), **{name: _plain(value) for name, value in kwargs.items()})

    def dot(self, other: Any, out: Any = None) -> Any:
        """Multiply as `np.dot` does; the method of an ndarray would pass the log by."""
        return np.dot(self, other, out=out) if out is not None else np.dot(self, other)

    def to_plain(self) -> dict[str, Any]:
        """Return this array as plain data: `{"array": ndarray, "products": [(m, k, n), ...]}`.

        A withheld array gives positions (from 1, in C order) for values, and the
        function that multiplies: `{"array": ndarray, "number": int, "multiply": callable}`.

        Raises:
            ValueError: a withheld array's dtype cannot hold its positions.
        """
        if self._elsewhere is not None:
            return {}  # it came from there, and its log is kept there
        if not self._number:
            return {"array": _plain(self), "products": [tuple(product) for product in self.products]}
        positions = np.arange(1, self.size + 1).reshape(self.shape)
        codes = positions.astype(self.dtype)
        if not np.array_equal(codes.astype(np.int64), positions):
            raise ValueError(
                f"{self.dtype} cannot hold the positions of {self.size} elements; withhold a smaller array"
            )
        return {"array": codes, "number": self._number, "multiply": _multiply}

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> LoggedArray:
        """Make a logged array from what `to_plain` returned."""
        if "multiply" not in plain:
            return cls(plain["array"], _checked(plain["products"]))
        array = cls(plain["array"])
        array._elsewhere = (plain["number"], plain["multiply"])
        return array

    def update_from_plain(self, plain: dict[str, Any]) -> None:
        """Take over the log from `plain`, in place; the values stay as they are.

        A withheld array's log was written here, and what comes back is not read.

        Raises:
            ValueError: the log is not a list of three whole numbers each.
        """
        if not self._number:
            self.products[:] = _checked(plain["products"])


def _is_elsewhere(value: Any) -> bool:
    return isinstance(value, LoggedArray) and value._elsewhere is not None


def _ask(name: str, operands: Iterable[Any]) -> Any:
    """Have the process that holds the values multiply them, and log it."""
    words: list[Any] = []
    multiply: Callable[..., Any] | None = None
    for operand in operands:
        if isinstance(operand, str):
            words.append(operand)
        elif isinstance(operand, LoggedArray) and operand._elsewhere is not None:
            number, multiply = operand._elsewhere
            words.append((number, np.array(operand.view(np.ndarray))))
        else:
            raise TypeError("this array can be multiplied with a piece of the other input only")
    assert multiply is not None
    return multiply(name, words)


def _multiply(name: str, operands: list[Any]) -> np.ndarray:
    """Return the product of pieces of withheld arrays; what is asked for is taken on trust in nothing.

    Raises:
        ValueError: no such function, array or position.
    """
    functions: dict[str, Callable[..., Any]] = {"matmul": np.matmul, "dot": np.dot, "einsum": np.einsum}
    subscripts = operands[0] if name == "einsum" and operands else ""
    pieces = operands[1:] if name == "einsum" else operands
    if name not in functions or len(pieces) != 2 or (name == "einsum" and not _is_product(subscripts)):
        raise ValueError("expected the product of two pieces: @, np.matmul, np.dot, or np.einsum('ij,jk->ik', ...)")
    values: list[Any] = []
    for number, codes in pieces:
        whole = _withheld.get(number)
        positions = np.asarray(codes).astype(np.int64)
        if whole is None or positions.ndim > 2 or positions.size > whole.size:
            raise ValueError("multiply slices of the inputs, unchanged")
        if positions.size == 0 or not (positions.min() >= 1 and positions.max() <= whole.size):
            raise ValueError("multiply slices of the inputs, unchanged")
        piece = LoggedArray(np.asarray(whole).ravel()[positions - 1].astype(np.asarray(codes).dtype))
        piece.products = whole.products
        values.append(piece)
    return np.asarray(functions[name](subscripts, *values) if subscripts else functions[name](*values))


def _is_product(subscripts: Any) -> bool:
    return isinstance(subscripts, str) and _SUBSCRIPTS.fullmatch(subscripts.replace(" ", "")) is not None


def _into(out: Any, product: np.ndarray) -> Any:
    """Return a product, written into `out` where one was given."""
    if out is None:
        return product
    out[0][...] = product
    return out[0]


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
