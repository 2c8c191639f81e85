"""Values with names in them: namedtuples, results that answer to `x.name`, and objects of the course's own classes.

A class is known to the judge by a name that an instructor's cell gave it (`own_types`), and made there without asking
its code; a name from elsewhere is only a name. No field may take the place of a method, nor be called as what is asked
of a plain value (`all`, `startswith`, ...): what stays behind could stand there and say yes.
"""

import collections
import functools
import keyword
import re
import sys
from types import SimpleNamespace
from typing import Any

from kernelmark import own_types
from kernelmark.wire.bounds import Allowance, WireError
from kernelmark.wire.kind import ASKED_OF_PLAIN_VALUES, Kind, Unfit, one_of, pairs, parts, text, whole

MAX_FIELDS = 256
# Python makes a class of a namedtuple by running text of its fields' names: some 0.1 ms each.
_ITEMS_PER_CLASS = 1000

_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}", re.ASCII)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}", re.ASCII)


def field_name(value: Any) -> str:
    """Return the name of a field that came over the line.

    Raises:
        WireError: no name that a field of a plain value has.
    """
    if not _FIELD.fullmatch(text(value)) or keyword.iskeyword(value) or value in ASKED_OF_PLAIN_VALUES:
        raise WireError(f"{value[:40]!r} may not name a field")
    return str(value)


def is_namedtuple(kind: type) -> bool:
    """Say whether a type is one that `namedtuple` made, or is built on one."""
    fields = getattr(kind, "_fields", None) if issubclass(kind, tuple) else None
    return type(fields) is tuple and all(type(field) is str for field in fields)


def _namedtuple_to(value: Any) -> Any:
    fields, items = list(type(value)._fields), list(tuple.__iter__(value))
    try:
        if len(fields) != len(items) or len(fields) > MAX_FIELDS or not _NAME.fullmatch(type(value).__name__):
            raise Unfit
        return [type(value).__name__, [field_name(field) for field in fields], items]
    except WireError:
        raise Unfit from None


def _namedtuple_from(plain: Any, allowance: Allowance) -> Any:
    name, names, items = parts(plain, 3)
    fields = tuple(field_name(field) for field in parts(names))
    if len(fields) > MAX_FIELDS or len(parts(items)) != len(fields) or not _NAME.fullmatch(text(name)):
        raise WireError("no namedtuple")
    known = own_types.class_named(name)
    if known is not None and is_namedtuple(known) and known._fields == fields:  # type: ignore[attr-defined]
        return tuple.__new__(known, items)
    allowance.item(0, _ITEMS_PER_CLASS // 10)
    if keyword.iskeyword(name):
        raise WireError("no name of a class")
    return tuple.__new__(_class_of(name, fields), items)


@functools.lru_cache(1000)
def _class_of(name: str, fields: tuple[str, ...]) -> type[tuple[Any, ...]]:
    return collections.namedtuple(name, fields)


class Fields(dict[str, Any]):
    """A dict whose items are attributes too, as SciPy's results are, where SciPy is not there."""

    def __getattr__(self, name: str) -> Any:
        if name in self:
            return self[name]
        raise AttributeError(name)

    def __dir__(self) -> list[str]:
        return list(self)


# The class in the process, where it is there; else a stand-in with the same content.
_RESULTS = {"OptimizeResult": "scipy.optimize", "Bunch": "sklearn.utils"}


def _result_to(value: Any) -> Any:
    name = next((c.__name__ for c in type(value).__mro__ if c.__name__ in _RESULTS), "")
    content = dict(dict.items(value))
    if len(content) > MAX_FIELDS:
        raise Unfit
    try:
        return [name, {field_name(key): item for key, item in content.items()}]
    except WireError:
        raise Unfit from None


def _result_from(plain: Any, _: Allowance) -> Any:
    name, content = parts(plain, 2)
    fields = {field_name(key): item for key, item in pairs(content).items()}
    if len(fields) > MAX_FIELDS:
        raise WireError(f"a result has at most {MAX_FIELDS} fields")
    library = sys.modules.get(one_of(name, {**_RESULTS, "": "builtins"}))
    made: dict[str, Any] = Fields() if library is None or not name else getattr(library, name)()
    dict.update(made, fields)
    return made


def _namespace_to(value: Any) -> Any:
    content = vars(value)
    if len(content) > MAX_FIELDS:
        raise Unfit
    try:
        return {field_name(key): item for key, item in content.items()}
    except WireError:
        raise Unfit from None


def _namespace_from(plain: Any, _: Allowance) -> Any:
    return SimpleNamespace(**{field_name(key): item for key, item in pairs(plain).items()})


def _namespace_update(own: Any, new: Any) -> None:
    vars(own).clear()
    vars(own).update(vars(new))


def is_known(kind: type) -> bool:
    """Say whether objects of a class cross by its name and their fields: it is one of the course's own."""
    return own_types.class_named(kind.__name__) is kind


def _slots_of(kind: type) -> list[str]:
    names: list[str] = []
    for above in kind.__mro__:
        slots = vars(above).get("__slots__", ())
        names += [slots] if isinstance(slots, str) else list(slots)
    return [name for name in names if name not in ("__dict__", "__weakref__")]


def _is_made_of_fields(kind: type) -> bool:
    """Say whether objects of a class are their fields: it is built on no other type but what cells define.

    One that can be called is an instrument: it stays with the judge, and is called back.
    """
    makes: Any = kind.__new__
    called = any("__call__" in vars(above) for above in kind.__mro__)
    return makes is object.__new__ and not is_enum(kind) and type(kind) is type and not called


def _object_to(value: Any) -> Any:
    kind = type(value)
    if not _is_made_of_fields(kind):
        raise Unfit
    content = {name: getattr(value, name) for name in _slots_of(kind) if hasattr(value, name)}
    content |= getattr(value, "__dict__", {})
    if len(content) > MAX_FIELDS:
        raise Unfit
    return [kind.__name__, content]


def _object_from(plain: Any, _: Allowance) -> Any:
    name, content = parts(plain, 2)
    known = own_types.class_named(text(name))
    if known is None or not _is_made_of_fields(known):
        raise WireError(f"{name[:40]!r} is no class that the course's cells define")
    slots = _slots_of(known)
    made: Any = object.__new__(known)
    for key, item in pairs(content).items():
        if key in slots:
            object.__setattr__(made, key, item)
        else:
            vars(made)[_attribute(known, key)] = item
    return made


def _attribute(known: type, key: Any) -> str:
    """Return the name of an attribute that takes the place of no method of the class."""
    if not _NAME.fullmatch(text(key)) or (key.startswith("__") and key.endswith("__")) or key in ASKED_OF_PLAIN_VALUES:
        raise WireError(f"{key[:40]!r} may not name a field")
    above = next((vars(c)[key] for c in known.__mro__ if key in vars(c)), None)
    if callable(above) or hasattr(above, "__get__"):
        raise WireError(f"{key[:40]!r} is a method of {known.__name__}")
    return str(key)


def _object_update(own: Any, new: Any) -> None:
    if type(own) is not type(new):
        raise WireError(f"a {type(own).__name__} came back as {type(new).__name__}")
    for name in _slots_of(type(own)):
        if hasattr(new, name):
            object.__setattr__(own, name, getattr(new, name))
    if hasattr(own, "__dict__"):
        vars(own).clear()
        vars(own).update(vars(new))


def is_enum(kind: type) -> bool:
    """Say whether a class is an Enum; asked of the library where it is imported."""
    enum = sys.modules.get("enum")
    return enum is not None and issubclass(kind, enum.Enum)


def _member_to(value: Any) -> Any:
    if type(value._name_) is str and value._name_ in type(value).__members__:
        return [type(value).__name__, value._name_]
    if type(value._value_) is int:  # several flags together
        return [type(value).__name__, value._value_]
    raise Unfit


def _member_from(plain: Any, _: Allowance) -> Any:
    name, member = parts(plain, 2)
    known = own_types.class_named(text(name))
    if known is None or not is_enum(known):
        raise WireError(f"{name[:40]!r} is no Enum that the course's cells define")
    if type(member) is int:
        flags = [each.value for each in known.__members__.values()]  # type: ignore[attr-defined]
        if not all(type(flag) is int for flag in flags) or member & ~functools.reduce(int.__or__, flags, 0):
            raise WireError(f"{name[:40]!r} has no such flags")
        return known(whole(member, 0, 2**63))
    return one_of(member, dict(known.__members__))  # type: ignore[attr-defined]


def _own_to(value: Any) -> Any:
    found = own_types.own_of(type(value))
    if found is None:
        raise Unfit
    return [type(value).__qualname__, found[0](value)]


def _own_from(plain: Any, _: Allowance) -> Any:
    name, content = parts(plain, 2)
    kind = own_types.own_named(text(name))
    functions = own_types.own_of(kind) if kind is not None else None
    if kind is None or functions is None:
        raise WireError(f"{name[:40]!r} is no type that the course has cross")
    made = functions[1](content)
    if not isinstance(made, kind):
        raise WireError(f"the course's own function made {type(made).__name__} of a {kind.__name__}")
    return made


# Told by the class, not by a name: `kinds.of` chooses.
NAMEDTUPLE = Kind("namedtuple", (), _namedtuple_to, _namedtuple_from, f"{MAX_FIELDS} fields", is_open=True)
MEMBER = Kind("member", (), _member_to, _member_from, "one of a class")
OBJECT = Kind("object", (), _object_to, _object_from, f"{MAX_FIELDS} fields", update=_object_update, is_open=True)
OWN = Kind("own", (), _own_to, _own_from, "what its plain data hold", is_open=True)
KINDS = (
    NAMEDTUPLE,
    MEMBER,
    OBJECT,
    OWN,
    Kind(
        "result", ("scipy._RichResult", "sklearn.Bunch"), _result_to, _result_from, f"{MAX_FIELDS} fields", is_open=True
    ),
    Kind(
        "namespace", ("types.SimpleNamespace",), _namespace_to, _namespace_from, f"{MAX_FIELDS} fields",
        update=_namespace_update, is_open=True,
    ),
)  # fmt: skip
