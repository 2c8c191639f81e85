"""What Python asks of an object without naming a method: operators, conversions, `str`, `hash`, `isinstance`.

Both ends of a line know these by name. The question is asked where the object lives, by Python's own function, so that
reflected methods, NotImplemented and errors are as at a desk. Whether the answer is believed is not decided here.
"""

import asyncio
import builtins
import contextlib
import copy
import math
import operator
import sys
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from kernelmark.wire.described import described, names_of

# The longest text that an object says of itself.
MAX_TEXT_CHARS = 100_000

_BINARY = "add sub mul matmul truediv floordiv mod pow lshift rshift"
BINARY = (*_BINARY.split(), "and", "or", "xor", "divmod")
IN_PLACE = (*(f"i{name}" for name in _BINARY.split()), "iand", "ior", "ixor")
COMPARED = ("eq", "ne", "lt", "le", "gt", "ge")
# With the type that Python insists on; None where any will do.
UNARY: dict[str, type | tuple[type, ...] | None] = {
    **dict.fromkeys(("neg", "pos", "abs", "invert", "round", "trunc", "floor", "ceil", "reversed"), None),
    **dict.fromkeys(("int", "index", "hash"), int),
    **{"float": float, "complex": complex, "str": str, "repr": str, "format": str},
    **dict.fromkeys(("copy", "deepcopy"), None),
}


def _bounded(function: Callable[..., str]) -> Callable[..., str]:
    return lambda *args: function(*args)[:MAX_TEXT_CHARS]


def _completed(awaitable: Any) -> Any:
    """Wait for an awaitable, on one loop for all: an asynchronous generator lives from one step to the next."""
    global _loop
    if _loop is None or _loop.is_closed():
        _loop = asyncio.new_event_loop()

    async def wait() -> Any:
        return await awaitable

    return _loop.run_until_complete(wait())


_loop: asyncio.AbstractEventLoop | None = None


def error_of(kind: str, message: str) -> Exception | None:
    """Return an exception by its name: one of the notebook's own or a builtin one; None where there is none such."""
    for found in (vars(sys.modules["__main__"]).get(kind), getattr(builtins, kind, None)):
        if isinstance(found, type) and issubclass(found, Exception):
            with contextlib.suppress(TypeError):
                return found(message)
    return None


def _error(told: list[str] | None) -> BaseException | None:
    return None if told is None else error_of(*told) or RuntimeError(": ".join(told))


def _leave(manager: Any, told: list[str] | None) -> bool:
    """Leave a `with` block; say whether what ended it is taken back."""
    error = _error(told)
    return bool(type(manager).__exit__(manager, type(error) if error else None, error, None))


def _leave_later(manager: Any, told: list[str] | None) -> bool:
    error = _error(told)
    return bool(_completed(type(manager).__aexit__(manager, type(error) if error else None, error, None)))


# Under this name an object of a class of the test's knows its number there.
_NUMBER = "_kernelmark_number"


def _build(name: str, bases: list[type], defined: list[list[Any]]) -> type:
    """Return a class of the test's as it stands here: its methods ask the test's own."""
    space = {key: _member(how, value) for key, how, value in defined}
    return types.new_class(name, tuple(bases), {}, lambda own: own.update(space, __module__="__main__"))


def _member(how: str, value: Any) -> Any:
    if how == "property":
        fget, fset, fdel = (each and _method(each) for each in value)
        return property(fget, fset, fdel)
    if how == "class":
        return classmethod(lambda cls, *args, **kwargs: value(None, *args, **kwargs))
    if how == "static":
        return staticmethod(value)
    return _method(value) if how == "method" else value


def _method(given: Callable[..., Any]) -> Callable[..., Any]:
    def ask(self: Any, *args: Any, **kwargs: Any) -> Any:
        return given(getattr(self, "__dict__", {}).get(_NUMBER, self), *args, **kwargs)

    return ask


def _new(kind: type, number: int, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Make an object of such a class, and leave it to the test to have it made ready."""
    made = kind.__new__(kind, *args, **kwargs)
    vars(made)[_NUMBER] = number
    return made


def _function(name: str) -> Callable[..., Any]:
    for module in (operator, math, copy, builtins):
        found = getattr(module, name if name not in ("and", "or") else f"{name}_", None)
        if found is not None:
            return found  # type: ignore[no-any-return]
    raise LookupError(name)


OPERATIONS: dict[str, Callable[..., Any]] = {
    **{name: _function(name) for name in (*BINARY, *IN_PLACE, *COMPARED, *UNARY) if name not in ("int", "float")},
    **{"int": int, "float": float, "complex": complex, "round": round, "pow": pow},
    **{name: _bounded(getattr(builtins, name)) for name in ("str", "repr", "format")},
    **{"isinstance": isinstance, "issubclass": issubclass, "delitem": operator.delitem, "delattr": delattr},
    **{"exit": _leave, "aexit": _leave_later, "await": _completed},
    "is": operator.is_,
    "is_array": lambda found: hasattr(type(found), "__array__") or hasattr(type(found), "__getitem__"),
    "array": np.asarray,
    **{"build": _build, "new": _new, "above": lambda kind, found, name: getattr(super(kind, found), name)},
    **{"describe": described, "dir": names_of},
    "throw": lambda generator, told: generator.throw(_error(told)),
    "anext": lambda items: _completed(type(items).__anext__(items)),
    "aenter": lambda manager: _completed(type(manager).__aenter__(manager)),
    "aiter": lambda items: type(items).__aiter__(items),
}
