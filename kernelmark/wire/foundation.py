"""What a test's `class Mine(Theirs)` is built on here, where `Theirs` lives in another process; see `built_on`.

What the methods of such a class are handed is marked as an answer is: an object answers in them where the course's own
solution hands over an object of that class too.
"""

import itertools
from collections.abc import Callable
from typing import Any

from kernelmark.wire.built_on import Built, Inherited, is_overridden, lowest, split, stays_here
from kernelmark.wire.proxy import Method, Remote, came
from kernelmark.wire.values import WireError

_numbers = itertools.count(1)


def foundation_of(theirs: Remote) -> type:
    """Return the class on which a test builds its own, in the place of one that lives elsewhere."""
    told = [name for name in theirs._operate("dir", theirs) if type(name) is str]
    names = [name for name in told if not _is_special(name) and name not in _OWN]
    space: dict[str, Any] = {name: Inherited(name) for name in names}
    space |= {"__module__": "__main__", "__init__": _init, "__getattribute__": _get, "__setattr__": _set}
    return Built(theirs.__name__, (Remote,), {**space, "_there": _There(theirs)})


class _There:
    """Asks the process in which a class lives for what a test builds on it, and keeps the objects of the test's."""

    def __init__(self, theirs: Remote):
        self._theirs = theirs
        self._objects: dict[int, Any] = {}

    def make(self, kind: type, bases: tuple[type, ...], own: dict[str, Any]) -> Any:
        """Have a class built there; return what stands for it."""

        def bound(function: Callable[..., Any], name: str) -> Any:
            if isinstance(own[name], staticmethod):
                return function
            of_the_class = isinstance(own[name], classmethod)

            def ask(link: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
                came(link, f"{kind.__name__}.{name} is given", [args[1:], kwargs])
                return function(kind if of_the_class else self._object(kind, args[0]), *args[1:], **kwargs)

            return Method(ask)

        on = [vars(base).get("_theirs", self._theirs) for base in bases if isinstance(base, Built)]
        return self._theirs._operate("build", kind.__name__, on, split(own, bound))

    def new(self, kind: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Have an object of such a class made there, not yet ready."""
        number = next(_numbers)
        there = self._theirs._operate("new", kind._theirs, number, list(args), kwargs)
        self._objects[number] = made = self._standing_for(kind, there._target)
        return made

    def above(self, found: Any, kind: type, name: str) -> Any:
        """Return what the solution's class has under a name, for an object of the test's."""
        if found is None:
            return getattr(self._theirs, name)
        return self._theirs._operate("above", lowest(kind), found, name)

    def _object(self, kind: type, told: Any) -> Any:
        """Return the object whose method is asked for: by its number, or one that the solution itself made."""
        return self._objects[told] if type(told) is int else self._standing_for(kind, told._target)

    def _standing_for(self, kind: Any, target: Any) -> Any:
        made, name = kind.__new__(kind), kind.__name__
        own = {
            "_line": self._theirs._line,
            "_target": target,
            "__name__": name,
            "__qualname__": name,
            "_methods": set(),
        }
        own |= {"_gives_objects": False, "_answers": True, "_origin": None, "_label": name, "_here": {}}
        vars(made).update(own)
        return made


def _is_special(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def _init(self: Any, *args: Any, **kwargs: Any) -> None:
    Inherited("__init__").__get__(self, type(self))(*args, **kwargs)


def _get(self: Any, name: str) -> Any:
    if _is_special(name) or name in _OWN:
        return object.__getattribute__(self, name)
    here = object.__getattribute__(self, "_here")
    if name in here:
        return here[name]
    if is_overridden(type(self), name):
        return object.__getattribute__(self, name)
    return Remote._get(self, name)


def _set(self: Any, name: str, value: Any) -> None:
    if isinstance(getattr(type(self), name, None), property):
        object.__setattr__(self, name, value)
        return
    here = vars(self)["_here"]
    here.pop(name, None)
    if stays_here(value):
        here[name] = value
    try:
        Remote.__setattr__(self, name, value)
    except WireError:  # what cannot cross is the test's own
        here[name] = value


# What an object here has for itself.
_OWN = frozenset(name for kind in Remote.__mro__ for name in vars(kind)) | frozenset(
    {"_line", "_target", "_methods", "_gives_objects", "_answers", "_origin", "_label", "_here", "_theirs", "_there"}
)
