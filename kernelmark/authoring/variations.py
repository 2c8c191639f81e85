"""Arguments like those that a test passes: other sizes, zero, negative, NaN, empty, other layouts and dtypes, edges.

And how they are written as Python. It calls no function of a notebook.
"""

import copy
import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

# An array of more elements is described and not written out.
MAX_WRITTEN = 64

Arguments = tuple[tuple[Any, ...], dict[str, Any]]


def of_call(args: tuple[Any, ...], kwargs: dict[str, Any], defaults: Mapping[str, Any]) -> Iterator[Arguments]:
    """Yield calls that differ from this one in one argument, or in the same way in all arrays."""
    for at, value in enumerate(args):
        for new in of_value(value):
            yield (*args[:at], new, *args[at + 1 :]), kwargs
    for name, value in kwargs.items():
        for new in of_value(value):
            yield args, {**kwargs, name: new}
        yield args, {key: each for key, each in kwargs.items() if key != name}
    for name, value in defaults.items():
        for new in of_value(value):
            yield args, {**kwargs, name: new}
    arrays = [value for value in (*args, *kwargs.values()) if isinstance(value, np.ndarray)]
    if len(arrays) > 1:
        for change in _ARRAY_CHANGES:
            new_args = tuple(_changed(change, value) for value in args)
            yield new_args, {name: _changed(change, value) for name, value in kwargs.items()}
    numbers = [at for at, value in enumerate(args) if _is_number(value)]
    for first, second in itertools.pairwise(numbers):
        swapped = list(args)
        swapped[first], swapped[second] = swapped[second], swapped[first]
        yield tuple(swapped), kwargs
        yield tuple(args[first] if at == second else value for at, value in enumerate(args)), kwargs


def of_value(value: Any, depth: int = 0) -> Iterator[Any]:
    """Yield values like this one."""
    if isinstance(value, np.ndarray):
        for change in _ARRAY_CHANGES:
            new = _changed(change, value)
            if new is not value:
                yield new
    elif isinstance(value, bool | np.bool_):
        yield not value
    elif isinstance(value, int | np.integer):
        whole = int(value)
        for new in dict.fromkeys([whole - 1, whole + 1, 0, -1, 1, 2, 3, 5, 7, -whole, 2 * whole, whole // 2]):
            if new != whole:
                yield type(value)(new) if isinstance(value, np.integer) and 0 <= new < 100 else new
    elif isinstance(value, float | np.floating):
        up, down = math.nextafter(value, math.inf), math.nextafter(value, -math.inf)
        near = [0.0, 1.0, -1.0, 0.5, 2.0, -value, 2 * value, value / 2, up, down, math.inf, -math.inf, math.nan]
        yield from (new for new in near if new != value)
    elif isinstance(value, str):
        yield from dict.fromkeys(new for new in ("", f"{value}x", value.upper(), value[::-1]) if new != value)
    elif isinstance(value, list | tuple) and depth < 2:
        yield from _of_items(value, depth)
    elif isinstance(value, dict) and depth < 2:
        yield {}
        for key, item in list(value.items())[:4]:
            yield {k: v for k, v in value.items() if k != key}
            for new in of_value(item, depth + 1):
                yield {**value, key: new}
    elif value is None and depth == 0:
        yield from (0, 1, 2, 3, -1)


def _of_items(value: Any, depth: int) -> Iterator[Any]:
    kind = list if isinstance(value, list) else tuple
    items = list(value)
    if type(value) not in (list, tuple):
        return  # a named tuple has its own number of fields
    for new in ([], items[:1], items[:-1], items[1:], items[::-1], items * 2, [*items, *items[:1]], sorted_or(items)):
        if new != items:
            yield kind(new)
    for at in dict.fromkeys([0, len(items) - 1]) if items else []:
        for item in of_value(items[at], depth + 1):
            yield kind([*items[:at], item, *items[at + 1 :]])


def sorted_or(items: list[Any]) -> list[Any]:
    """Return the items in order, or as they are where they have none."""
    try:
        return sorted(items)
    except (TypeError, ValueError):
        return items


def copied(value: Any) -> Any:
    """Return a deep copy in which arrays keep their layout, and what was one object is one object."""
    memo: dict[int, Any] = {}
    for x in _arrays_in(value):
        if not x.flags.c_contiguous and not x.flags.f_contiguous:
            memo[id(x)] = np.repeat(x, 2, axis=-1)[..., ::2]
    return copy.deepcopy(value, memo)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)


def _with(place: str, what: float) -> Callable[[np.ndarray], np.ndarray | None]:
    def change(x: np.ndarray) -> np.ndarray | None:
        if x.dtype.kind != "f" or x.size == 0:
            return None
        new = x.copy()
        if place == "all":
            new[...] = what
        elif place == "row" and x.ndim:
            new[0] = what
        else:
            new.reshape(-1)[0 if place == "first" else -1] = what
        return new

    return change


def _as(dtype: str) -> Callable[[np.ndarray], np.ndarray | None]:
    return lambda x: x.astype(dtype) if x.dtype != dtype and x.dtype.kind in "fiu" else None


def _strided(x: np.ndarray) -> np.ndarray | None:
    return np.repeat(x, 2, axis=-1)[..., ::2] if x.ndim and x.size else None


_ARRAY_CHANGES: tuple[Callable[[np.ndarray], np.ndarray | None], ...] = (
    lambda x: x[:1] if x.ndim and len(x) > 1 else None,
    lambda x: x[:2] if x.ndim and len(x) > 2 else None,
    lambda x: x[..., :1] if x.ndim > 1 else None,
    lambda x: x[..., :2] if x.ndim > 1 else None,
    lambda x: x[:0] if x.ndim and x.size else None,
    lambda x: x[..., :0] if x.ndim > 1 and x.size else None,
    lambda x: x[:-1] if x.ndim and len(x) > 1 else None,
    lambda x: x[..., :-1] if x.ndim > 1 else None,
    lambda x: np.concatenate([x, x[:1]]) if x.ndim else None,
    lambda x: np.asfortranarray(x) if x.ndim > 1 and x.flags.c_contiguous else None,
    lambda x: x[::-1] if x.ndim and len(x) > 1 else None,
    _strided,
    lambda x: np.zeros_like(x),
    lambda x: np.ones_like(x) if x.dtype.kind in "fiu" else None,
    lambda x: -x if x.dtype.kind in "fi" else None,
    lambda x: np.abs(x) if x.dtype.kind in "fi" and x.size and x.min() < 0 else None,
    lambda x: x + x.dtype.type(1) if x.dtype.kind in "fi" else None,
    lambda x: x - x.dtype.type(1) if x.dtype.kind in "fi" else None,
    lambda x: x * x.dtype.type(1000) if x.dtype.kind == "f" else None,
    lambda x: x / x.dtype.type(1000) if x.dtype.kind == "f" else None,
    lambda x: np.sort(x, axis=-1) if x.ndim else None,
    lambda x: x.T if x.ndim > 1 else None,
    lambda x: x[None] if x.ndim < 3 else None,
    lambda x: x[0] if x.ndim and len(x) else None,
    lambda x: (
        x * np.geomspace(1e-3, 1e3, len(x)).reshape(-1, *[1] * (x.ndim - 1)).astype(x.dtype)
        if x.dtype.kind == "f" and x.ndim and len(x) > 1
        else None
    ),
    _with("first", math.nan),
    _with("last", math.nan),
    _with("first", math.inf),
    _with("last", -math.inf),
    _with("row", -math.inf),
    _with("all", -math.inf),
    _with("all", math.nan),
    _as("float32"),
    _as("float64"),
    _as("int64"),
)


_SIMPLER: tuple[Callable[[np.ndarray], np.ndarray | None], ...] = (
    *_ARRAY_CHANGES[:4],
    lambda x: np.round(x) if x.dtype.kind == "f" and x.size else None,
    lambda x: np.zeros_like(x) if x.size else None,
)


def simpler(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Iterator[Arguments]:
    """Yield calls that are like this one and shorter to write, all arrays changed alike before single ones."""
    for change in _SIMPLER:
        yield (
            tuple(_changed(change, value) for value in args),
            {name: _changed(change, value) for name, value in kwargs.items()},
        )
    for name in kwargs:
        yield args, {key: each for key, each in kwargs.items() if key != name}
    for at, value in enumerate(args):
        for change in _SIMPLER if isinstance(value, np.ndarray) else ():
            yield (*args[:at], _changed(change, value), *args[at + 1 :]), kwargs
        if isinstance(value, list) and len(value) > 1:
            yield (*args[:at], value[:1], *args[at + 1 :]), kwargs
            yield (*args[:at], value[: len(value) // 2], *args[at + 1 :]), kwargs


def _changed(change: Callable[[np.ndarray], np.ndarray | None], value: Any) -> Any:
    if not isinstance(value, np.ndarray):
        return value
    with np.errstate(all="ignore"):
        try:
            new = change(value)
        except (TypeError, ValueError, IndexError):  # not for an array of this kind
            new = None
    return value if new is None else new


def expression(value: Any) -> str:
    """Return a value as Python where it is small enough, else in words."""
    if isinstance(value, np.ndarray):
        return _array(value)
    if isinstance(value, np.generic):
        return f"np.{type(value).__name__}({value.item()!r})"
    if isinstance(value, list):
        return f"[{', '.join(map(expression, value))}]"
    if isinstance(value, tuple):
        return f"({', '.join(map(expression, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{expression(k)}: {expression(v)}" for k, v in value.items()) + "}"
    if isinstance(value, float) and not math.isfinite(value):
        return f"float('{value}')"
    if callable(value):
        return getattr(value, "__name__", type(value).__name__)
    return repr(value)


def _array(x: np.ndarray) -> str:
    if x.size > MAX_WRITTEN:
        if bool(np.all(x == x.reshape(-1)[0])):
            return f"np.full({x.shape}, {x.reshape(-1)[0].item()!r}, np.{x.dtype.name})"
        return f"<{x.shape} {x.dtype}, first {x.reshape(-1)[0].item()!r}, {_layout(x) or 'C order'}, of a test>"
    if x.size == 0:
        return f"np.empty({x.shape}, np.{x.dtype.name})"
    values = repr(x.tolist()).replace("nan", "np.nan").replace("inf", "np.inf")
    text = f"np.array({values}, np.{x.dtype.name})" if x.dtype.kind in "fiucb" else f"np.array({values})"
    match _layout(x):
        case "Fortran order":
            return f"np.asfortranarray({text})"
        case "strided":
            return f"np.repeat({text}, 2, axis=-1)[..., ::2]"
    return text


def _layout(x: np.ndarray) -> str:
    if x.flags.c_contiguous:
        return ""
    return "Fortran order" if x.flags.f_contiguous else "strided"


def size_of(value: Any) -> int:
    """Return about how much there is to read in a value."""
    if isinstance(value, np.ndarray):
        return 1 + int(value.size)
    if isinstance(value, dict):
        return 1 + sum(size_of(item) for item in value.values())
    if isinstance(value, list | tuple):
        return 1 + sum(size_of(item) for item in value)
    return 1 + (len(value) // 8 if isinstance(value, str) else 0)


def nbytes(value: Any) -> int:
    """Return the bytes of the arrays and texts in a value."""
    if isinstance(value, np.ndarray):
        return int(value.nbytes)
    if isinstance(value, dict):
        return sum(nbytes(item) for item in value.values())
    if isinstance(value, list | tuple):
        return sum(nbytes(item) for item in value) + 8 * len(value)
    return len(value) if isinstance(value, str | bytes) else 8


def shared(results: list[Any], given: list[Any]) -> list[list[int]]:
    """Return which arrays of the results share memory with which of the arguments."""
    outs, ins = _arrays_in(results), _arrays_in(given)
    return [[at for at, each in enumerate(ins) if np.may_share_memory(each, out)] for out in outs]


def _arrays_in(value: Any) -> list[np.ndarray]:
    if isinstance(value, np.ndarray):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [each for item in value for each in _arrays_in(item)] if isinstance(value, list | tuple) else []
