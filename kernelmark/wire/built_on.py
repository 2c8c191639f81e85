"""Classes that a test builds on one of the solution's: `class Mine(Theirs)` with methods of its own.

The methods run here and never leave; where the solution lives stands a class built on its own, whose methods ask these.
An object of such a class is made and kept there, as any of the solution's, and what it holds is the submission's word.
It moves nothing: `proxy` says how the other side is asked.
"""

from collections.abc import Callable
from typing import Any

# What a class statement leaves in a class, and is no method or value of the test's.
_OF_PYTHON = frozenset({"__module__", "__qualname__", "__doc__", "__classcell__", "__dict__", "__weakref__"})
# What is made anew wherever it is read; these a test reads as it left them.
_KEPT_HERE = (list, dict, set, bytearray)


class Built(type):
    """The type of a class that a test builds: making an object makes one where the solution lives."""

    # What stands for the class that is built there.
    _theirs: Any

    def __new__(mcs, name: str, bases: tuple[type, ...], space: dict[str, Any]) -> "Built":
        made = super().__new__(mcs, name, bases, space)
        if "_there" not in space:  # it is a test's, and not what such classes are built on
            own = {key: value for key, value in space.items() if key not in _OF_PYTHON}
            made._theirs = there_of(made).make(made, bases, own)
        return made

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        """Make an object there, and have it made ready here or there, as the class says."""
        made = there_of(cls).new(cls, args, kwargs)
        cls.__init__(made, *args, **kwargs)  # type: ignore[misc]
        return made


class Inherited:
    """A name of the solution's class, as `super()` finds it."""

    def __init__(self, name: str):
        self._name = name

    def __get__(self, found: Any, kind: type) -> Any:
        return there_of(kind).above(found, kind, self._name)


def there_of(kind: type) -> Any:
    """Return what asks the other side about the class that a test's is built on."""
    return next(vars(each)["_there"] for each in kind.__mro__ if "_there" in vars(each))


def lowest(kind: type) -> Any:
    """Return what stands there for the class of the test's that is built on the solution's itself."""
    return [each for each in kind.__mro__ if isinstance(each, Built) and "_theirs" in vars(each)][-1]._theirs


def is_overridden(kind: type, name: str) -> bool:
    """Say whether the classes of a test give a name of the solution's class a meaning of their own."""
    for each in kind.__mro__:
        if name in vars(each):
            return not isinstance(vars(each)[name], Inherited)
    return False


def stays_here(value: Any) -> bool:
    """Say whether a value of an attribute is to be read as the test left it: it may be changed in place."""
    return isinstance(value, _KEPT_HERE)


def split(own: dict[str, Any], bound: Callable[[Callable[..., Any], str], Any]) -> list[list[Any]]:
    """Return what a class statement defines as [name, how it is bound, value]; functions go through `bound`."""
    found: list[list[Any]] = []
    for name, value in own.items():
        if isinstance(value, property):
            parts = [bound(each, name) if each is not None else None for each in (value.fget, value.fset, value.fdel)]
            found.append([name, "property", parts])
        elif isinstance(value, staticmethod | classmethod):
            found.append([name, "static" if isinstance(value, staticmethod) else "class", bound(value.__func__, name)])
        elif callable(value) and not isinstance(value, type):
            found.append([name, "method", bound(value, name)])
        else:
            found.append([name, "value", value])
    return found
