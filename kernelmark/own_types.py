"""The types of a course's own that cross to submitted code: two functions each, or their name and fields.

Does: keep them, for `checks.crosses` to fill and the wire to read. Each process has its own list: a set-up cell
runs in all of them. Does not: look at a value, nor decide where such a type may come from; only instructors' cells
run in the judge.
"""

from collections.abc import Callable, Mapping
from typing import Any

ToPlain = Callable[[Any], Any]
FromPlain = Callable[[Any], Any]

_own: dict[type, tuple[ToPlain, FromPlain]] = {}
_classes: Callable[[], Mapping[str, type]] = dict


def crosses(kind: type, to_plain: ToPlain, from_plain: FromPlain) -> None:
    """Let the objects of a type cross: as what `to_plain` makes of one, read again by `from_plain`.

    Raises:
        TypeError: no type and two functions.
    """
    if not isinstance(kind, type) or not callable(to_plain) or not callable(from_plain):
        raise TypeError("crosses: a type and two functions are needed, as in crosses(Point, to_plain, from_plain)")
    _own[kind] = (to_plain, from_plain)


def know_classes(classes: Callable[[], Mapping[str, type]]) -> None:
    """Say which classes cross by name and fields: those that instructors' cells define in this process, by name.

    In the judge it must hold no class of a submission's, and in a submission's process only names that the judge
    holds too: what is not here stays where it is, an object with methods.

    Args:
        classes: asked each time, since cells define more of them.
    """
    global _classes
    _classes = classes


def own_of(kind: type) -> tuple[ToPlain, FromPlain] | None:
    """Return the two functions of a type, where the course gave some."""
    return _own.get(kind)


def own_named(name: str) -> type | None:
    """Return a type that the course gave two functions for; the latest of a name, where a cell ran twice."""
    return next((kind for kind in reversed(_own) if kind.__qualname__ == name), None)


def class_named(name: str) -> type | None:
    """Return a class that crosses by name and fields."""
    return _classes().get(name)
