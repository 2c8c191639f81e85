"""Exceptions that come back: as the nearest builtin one, or as a class that stands for one of the solution's own.

`except TheirError` needs a real class. It is made here from names alone: the class's own, those it is built on, and the
builtin exception that they come from. Calling it makes the real one where it lives. Text from there is bounded and made
fit to be shown. What an exception costs is not decided here.
"""

import builtins
import contextlib
import types
from collections.abc import Callable
from typing import Any

from kernelmark.errors import SubmissionError
from kernelmark.text import visible

_ERROR_FIELDS = ("type", "name", "message", "traceback")
# What a submission may make up of classes, and of fields of an exception.
MAX_CLASSES, MAX_FIELDS = 1_000, 20
# No loop of a test's ends by an error of the solution's.
_ENDS_A_LOOP = (StopIteration, StopAsyncIteration, GeneratorExit)


class _Kind(type):
    """The type of what stands for an exception class of the solution's."""

    def __instancecheck__(cls, value: Any) -> bool:
        if type.__instancecheck__(cls, value):
            return True
        maker = _makers.get(cls)
        return maker is not None and hasattr(type(value), "_kernelmark_apply_") and isinstance(value, maker)


class StandIn(Exception, metaclass=_Kind):
    # No docstring: a test may ask for the student's.

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args)
        maker = _makers.get(type(self))
        if maker is not None:
            vars(self)["_lives"] = maker(*args, **kwargs)

    def __str__(self) -> str:
        fields = vars(self)
        return (
            str(fields["_lives"]) if "_lives" in fields else str(fields.get("_said", self.args[0] if self.args else ""))
        )

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or "_lives" not in vars(self):
            raise AttributeError(name)
        return getattr(vars(self)["_lives"], name)


_classes: dict[tuple[str, tuple[type, ...]], type[StandIn]] = {}
_makers: dict[type, Any] = {}


def stands_for(described: Any, maker: Callable[..., Any]) -> type[StandIn] | None:
    """Return the class that stands for an exception class, or None where its description makes none.

    Args:
        described: as `described` of the other side gives it.
        maker: what makes the real one.
    """
    kind = _class_of(described)
    if kind is not None:
        _makers[kind] = maker
    return kind


def lives(value: Any) -> Any:
    """Return what a stand-in stands for, class or exception; any other value as it is."""
    if isinstance(value, type) and issubclass(value, StandIn):
        return _makers.get(value, value)
    return vars(value).get("_lives", value) if type.__instancecheck__(StandIn, value) else value


def described(kind: type[BaseException]) -> list[Any]:
    """Return the names of an exception class, of those it is built on, and of what each of them is built on."""
    own = [above for above in kind.__mro__ if issubclass(above, BaseException) and above.__module__ != "builtins"]
    return [[above.__name__[:200], [base.__name__[:200] for base in above.__bases__[:5]]] for above in own[:MAX_FIELDS]]


def fields_of(error: BaseException) -> dict[str, Any]:
    """Return those attributes of an exception that are short and plain."""
    found = {}
    for name, value in list(getattr(error, "__dict__", {}).items())[:MAX_FIELDS]:
        short = value is None or type(value) in (bool, float) or (type(value) is int and abs(value) < 2**53)
        if type(name) is str and not name.startswith("_") and (short or (type(value) is str and len(value) < 1_000)):
            found[name] = value
    return found


def _class_of(described: Any) -> type[StandIn] | None:
    """Return the class that stands for one with these names, the same for the same names."""
    made: dict[str, type[StandIn]] = {}
    if not isinstance(described, list) or not 0 < len(described) <= MAX_FIELDS:
        return None
    try:
        for name, above in reversed(described):
            bases = tuple(base for base in (made.get(n) or getattr(builtins, n, None) for n in above) if base)
            made[name] = _made(printable(name)[:200], bases)
        found = made[described[0][0]]
    except (LookupError, TypeError, ValueError):
        return None
    return None if issubclass(found, _ENDS_A_LOOP) else found


def _made(name: str, bases: tuple[type, ...]) -> type[StandIn]:
    if not bases or not all(isinstance(base, type) and issubclass(base, Exception) for base in bases):
        raise TypeError("not built on exceptions alone")
    if (name, bases) not in _classes:
        if len(_classes) >= MAX_CLASSES:  # made up by a submission: those that no cell names are made again at need
            for other in [key for key, kind in _classes.items() if kind not in _makers]:
                del _classes[other]
        mixed = bases if any(issubclass(base, StandIn) for base in bases) else (StandIn, *bases)
        mixed = tuple(base for base in mixed if base is not Exception) or (StandIn,)
        _classes[name, bases] = types.new_class(name, mixed, {}, lambda own: own.update(__module__="__main__"))
    return _classes[name, bases]


def printable(value: Any) -> str:
    """Return text from the other side, bounded and fit to be written anywhere; what does not show is written out."""
    return visible(str(value)[:20_000])


def remote_traceback(error: BaseException) -> str:
    """Return the student's own traceback that an exception brought along, or ""."""
    return str(getattr(error, "kernelmark_traceback", ""))


def checked(reply: dict[str, Any], *, step: bool = False) -> Any:
    """Return what an answer holds, or raise what it reports, as the nearest builtin exception.

    StopIteration would end a loop of the test's own, as in `all(map(f, inputs))`, before
    the last input; except from a step of an iteration it comes out as RuntimeError.
    """
    if "error" not in reply:
        return reply.get("ok")
    fields = reply["error"] if isinstance(reply["error"], dict) else {}
    kind_name, own_name, message, trace = (printable(fields.get(f, "")) for f in _ERROR_FIELDS)
    kind = getattr(builtins, kind_name, None)
    shown = message if own_name in ("", kind_name) else f"{own_name}: {message}"
    if kind in (StopIteration, StopAsyncIteration) and not step:
        kind, shown = RuntimeError, f"{kind_name}: {message}"
    error: Exception
    if (own := _own(fields, message)) is not None:
        error = own
    elif isinstance(kind, type) and issubclass(kind, Exception):
        error = _built(kind, shown)
    else:
        error = SubmissionError(f"the call ended with {own_name or kind_name}: {message}")
    error.kernelmark_message = message  # type: ignore[attr-defined]
    error.kernelmark_traceback = trace  # type: ignore[attr-defined]
    error.kernelmark_remote = True  # type: ignore[attr-defined]
    raise error


def _own(fields: dict[str, Any], message: str) -> StandIn | None:
    """Return an exception of the class that stands for the solution's own, where a cell names one it is built on."""
    kind = _class_of(fields.get("bases")) if _makers else None
    if kind is None or not any(above in _makers for above in kind.__mro__):
        return None
    error = kind.__new__(kind, message)
    vars(error)["_said"] = message
    given = fields.get("fields")
    for name, value in given.items() if isinstance(given, dict) else ():
        if not name.startswith(("_", "kernelmark")) and isinstance(value, str | int | float | None):
            vars(error)[name] = value
    return error


def _built(kind: type[Exception], message: str) -> Exception:
    """Return an exception of this kind, or of the nearest one above it that is made from a message alone."""
    for above in kind.__mro__:
        with contextlib.suppress(TypeError):
            return above(message)  # type: ignore[no-any-return]
    return SubmissionError(f"{kind.__name__}: {message}")
