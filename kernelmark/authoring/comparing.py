"""Two answers to the same input: the same, rounded differently, or different, and in what.

Values, types, shapes, layout, exceptions, changed arguments, and whether a result is a view of an argument. It
calls nothing.
"""

import linecache
import math
import traceback
from dataclasses import dataclass, field
from typing import Any

import numpy as np

# Sums in another order differ by some units in the last place for each number that goes in.
ULPS = 8
# Differences that are none of the value, the greater first: the last digits; NumPy's number in the place of Python's.
SLIGHT = ("rounds", "scalar")
MAX_SHOWN_CHARS = 160
MAX_DEPTH = 6


@dataclass
class Answer:
    """What a function did with an input.

    Attributes:
        kind: "value", "planned" for an exception of a `raise` in the solution, "unplanned" for any other, "late" where
            it was stopped.
        said: the results so far. given: the arguments afterwards. shares: which results share memory with arguments.
        error: the exception's class; bases: it and those that it is derived from.
    """

    kind: str
    said: list[Any]
    given: list[Any]
    error: str = ""
    message: str = ""
    shares: list[Any] = field(default_factory=list)
    bases: tuple[str, ...] = ()

    @classmethod
    def of_error(cls, error: BaseException, said: list[Any], given: list[Any]) -> "Answer":
        """Return the answer of a call that raised."""
        frames = traceback.extract_tb(error.__traceback__)
        line = linecache.getline(frames[-1].filename, frames[-1].lineno or 0).strip() if frames else ""
        planned = line.startswith("raise") and frames[-1].filename.startswith("<")
        kind = "planned" if planned else "unplanned"
        bases = tuple(each.__name__ for each in type(error).__mro__)
        return cls(kind, said, given, type(error).__name__, str(error), bases=bases)

    def shown(self) -> str:
        """Return it in a line."""
        if self.kind != "value":
            return f"{self.error}: {self.message}"[:MAX_SHOWN_CHARS]
        return shown(self.said[0] if len(self.said) == 1 else self.said)


def difference(own: Answer, other: Answer) -> tuple[str, str]:
    """Return the kind of a difference ("wrong", "message", "rounds", "scalar" or "") and both answers in words."""
    both = f"the solution: {own.shown()}; this: {other.shown()}"
    if own.kind != "value" or other.kind != "value":
        # Whoever expects the solution's exception catches those that are derived from it.
        if (own.kind == "value") != (other.kind == "value") or own.error not in (other.error, *other.bases):
            return "wrong", both
        if (own.error, own.message) != (other.error, other.message):
            return "message", both
    found = _compare(own.said, other.said)
    if found and found not in SLIGHT:
        return "wrong", f"{found}; {both}"
    changed = _compare(own.given, other.given)
    if changed and changed not in SLIGHT:
        return "wrong", f"the arguments afterwards: {changed}; {both}"
    if own.shares != other.shares:
        return "wrong", f"the result shares memory with its arguments: {own.shares} against {other.shares}; {both}"
    slight = _worst([found, changed])
    return (slight, both) if slight else ("", "")


def shown(value: Any) -> str:
    """Return a value in a line, with type and shape where it is an array."""
    if isinstance(value, np.ndarray):
        text = np.array2string(value, threshold=12, edgeitems=3, separator=", ").replace("\n", "")
        return f"{text} {value.shape} {value.dtype}"[:MAX_SHOWN_CHARS]
    try:
        return repr(value)[:MAX_SHOWN_CHARS]
    except Exception as error:  # a class of the notebook's may do anything in its repr
        return f"<{type(value).__name__}, whose repr raises {type(error).__name__}>"


def _compare(own: Any, other: Any, depth: int = 0) -> str:
    """Return in what two values differ: "" not at all, one of `SLIGHT`, else in words."""
    if type(own) is not type(other) and not _same_class(own, other):
        if (plain := _plain_number(own)) is not None and type(plain) is type(_plain_number(other)):
            return _worst(["scalar", _compare(plain, _plain_number(other))])
        return f"type {type(own).__name__} against {type(other).__name__}"
    if isinstance(own, np.ndarray | np.generic):
        return _arrays(np.asarray(own), np.asarray(other), isinstance(own, np.ndarray))
    if isinstance(own, float):
        return _arrays(np.asarray(own), np.asarray(other), layout=False)
    if isinstance(own, dict):
        if list(own) != list(other) and set(own) != set(other):
            return f"keys {list(own)[:6]} against {list(other)[:6]}"
        return _worst(_compare(own[key], other[key], depth + 1) for key in own)
    if isinstance(own, list | tuple):
        if len(own) != len(other):
            return f"{len(own)} items against {len(other)}"
        return _worst(_compare(a, b, depth + 1) for a, b in zip(own, other, strict=True))
    if callable(own) or depth > MAX_DEPTH:
        return ""
    if type(own).__module__ not in ("builtins", "numpy") and hasattr(own, "__dict__"):
        mine, others = ({k: v for k, v in vars(x).items() if not k.startswith("_")} for x in (own, other))
        return _compare(mine, others, depth + 1)
    try:
        same = bool(own == other)
    except Exception:  # a class may refuse to be compared in any way it likes
        same = shown(own) == shown(other)
    return "" if same else f"{shown(own)} against {shown(other)}"


def _worst(found: Any) -> str:
    slight = set()
    for each in found:
        if each and each not in SLIGHT:
            return str(each)
        slight.add(each)
    return next((each for each in SLIGHT if each in slight), "")


def _plain_number(value: Any) -> Any:
    """Return Python's number for one of Python's or NumPy's, None for anything else."""
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    return float(value) if isinstance(value, float) else None  # np.float64 is a float


def _same_class(own: Any, other: Any) -> bool:
    """A class of the notebook is another object in each run of its cell."""
    kinds = type(own), type(other)
    return kinds[0].__name__ == kinds[1].__name__ and kinds[0].__module__ == kinds[1].__module__ != "builtins"


def _arrays(own: np.ndarray, other: np.ndarray, layout: bool) -> str:
    if own.dtype != other.dtype:
        return f"dtype {own.dtype} against {other.dtype}"
    if own.shape != other.shape:
        return f"shape {own.shape} against {other.shape}"
    if layout and own.flags.c_contiguous != other.flags.c_contiguous:
        return f"C-contiguous: {own.flags.c_contiguous} against {other.flags.c_contiguous}"
    if own.dtype.kind not in "fc":
        return "" if bool(np.all(own == other)) else "values"
    if np.array_equal(own, other, equal_nan=True):
        return ""
    finite = np.isfinite(own) & np.isfinite(other)
    rest = ~finite
    if not np.array_equal(own[rest], other[rest], equal_nan=True):
        return "values"
    largest = float(np.max(np.abs(own[finite]), initial=0.0))
    wide = complex if own.dtype.kind == "c" else float
    off = float(np.max(np.abs(own[finite].astype(wide) - other[finite].astype(wide)), initial=0.0))
    bound = ULPS * float(np.finfo(own.dtype).eps) * max(1.0, math.sqrt(own.size)) * largest
    return "rounds" if off <= bound else "values"
