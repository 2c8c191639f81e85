"""The registry: every kind of value that crosses beside numbers, text, containers and arrays of numbers.

Each is described in a room of its family, and told here by the package and the name of its type: nothing is imported
to ask. A kind has a bound, and a strategy for what submitted code may send in its place (`tests/wire/strategies.py`); a
test says that none lacks one. What a course adds itself comes through `own_types`.
"""

from typing import Any

import numpy as np

from kernelmark.own_types import own_of
from kernelmark.wire import kinds_classes, kinds_numpy, kinds_python, kinds_symbolic, kinds_tables, kinds_tensors
from kernelmark.wire.bounds import WireError
from kernelmark.wire.kind import Kind

ALL: dict[str, Kind] = {
    kind.name: kind
    for room in (kinds_python, kinds_numpy, kinds_classes, kinds_tables, kinds_tensors, kinds_symbolic)
    for kind in room.KINDS
}
_BY_TYPE = {name: kind for kind in ALL.values() for name in kind.types}
# Their values crossed before there were kinds: what a cell's own class builds on them goes that way, or by its kind.
_BUILT_ON = (dict, tuple, bytearray)
# By type; a class of a cell is asked about anew, since cells define more of them.
_found: dict[type, Kind | None] = {}


def of(kind: type) -> Kind | None:
    """Return how values of a type cross, or None where there is no kind of them."""
    if kind in _found:
        return _found[kind]
    if own_of(kind) is not None:
        return kinds_classes.OWN
    if kinds_classes.is_known(kind) and not kinds_classes.is_namedtuple(kind):
        return kinds_classes.MEMBER if kinds_classes.is_enum(kind) else kinds_classes.OBJECT
    if kinds_classes.is_namedtuple(kind):
        return kinds_classes.NAMEDTUPLE
    found = _by_name(kind)
    if len(_found) < 1000 and _package(kind) != "__main__":
        _found[kind] = found
    return found


def _by_name(kind: type) -> Kind | None:
    own = _package(kind)
    for above in kind.__mro__:
        package = _package(above)
        # What a notebook's own class builds on a value stays an object with methods, except on plain containers.
        if package == own or issubclass(kind, _BUILT_ON):
            found = _BY_TYPE.get(f"{package}.{above.__qualname__}")
            if found is not None:
                return found
    return None


def _package(kind: type) -> str:
    return str(getattr(kind, "__module__", "")).partition(".")[0].lstrip("_")


def of_array(array: np.ndarray) -> Kind | None:
    """Return how an array crosses that is not one of numbers, or None for one that is."""
    if own_of(type(array)) is not None:
        return kinds_classes.OWN
    name = type(array).__name__
    if name in ("MaskedArray", "MaskedConstant") and isinstance(array, np.ma.MaskedArray):
        return kinds_numpy.HIDDEN if array is np.ma.masked else kinds_numpy.MASKED
    if kinds_numpy.is_plain_number(array.dtype):
        return None
    return kinds_numpy.OBJECTS if array.dtype.kind in "OT" else kinds_numpy.ARRAY


def named(name: Any) -> Kind:
    """Return the kind of a name that came over the line.

    Raises:
        WireError: there is none.
    """
    if type(name) is not str or name not in ALL:
        raise WireError(f"unknown kind of value {str(name)[:40]!r}")
    return ALL[name]
