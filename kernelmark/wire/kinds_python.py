"""Values of Python's own library that cross: exact numbers, times, paths, generators by state, more containers.

How each is written, read and bounded. A path is a name: whether a file is there is another question. Not here:
patterns, since matching one that submitted code wrote may take for ever; they stay where they are.
"""

import re
import sys
from collections.abc import Callable
from typing import Any

from kernelmark.wire.bounds import Allowance, WireError
from kernelmark.wire.kind import Kind, Unfit, one_of, pairs, parts, raw, text, whole

# Reducing a fraction takes time that grows with the square of its digits.
MAX_FRACTION_BITS = 2**14
# `int(Decimal("1e999999999"))` would fill the memory.
MAX_DECIMAL_EXPONENT = 10_000
MAX_DECIMAL_DIGITS = 10_000
MAX_PATH_CHARS = 4096
# What an item of the allowance stands for in work: so many bits or digits.
_PER_ITEM = 64

_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]{0,30}(/[A-Za-z][A-Za-z0-9_+-]{0,30}){0,2}", re.ASCII)
_FACTORIES: dict[str, Callable[[], Any]] = {
    t.__name__: t for t in (bool, int, float, complex, str, bytes, list, tuple, dict, set, frozenset)
}
_DAY_S = 86_400
_WORDS = 624  # of a Mersenne twister


def _fraction_to(value: Any) -> Any:
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > MAX_FRACTION_BITS:
        raise Unfit
    return [value.numerator, value.denominator]


def _fraction_from(plain: Any, allowance: Allowance) -> Any:
    from fractions import Fraction

    top = 2**MAX_FRACTION_BITS
    numerator, denominator = parts(plain, 2)
    allowance.item(0, whole(numerator, -top, top).bit_length() // _PER_ITEM)
    return Fraction(numerator, whole(denominator, 1, top))


def _decimal_to(value: Any) -> Any:
    sign, digits, exponent = value.as_tuple()
    if exponent == "N" or len(digits) > MAX_DECIMAL_DIGITS:
        raise Unfit
    if isinstance(exponent, int) and abs(exponent) + len(digits) > MAX_DECIMAL_EXPONENT:
        raise Unfit
    return ["-" if sign else "", "".join(map(str, digits)), exponent]


def _decimal_from(plain: Any, allowance: Allowance) -> Any:
    from decimal import Decimal

    sign, digits, exponent = parts(plain, 3)
    figures = tuple(int(c) for c in text(digits, MAX_DECIMAL_DIGITS))
    allowance.item(0, len(figures) // _PER_ITEM)
    most = MAX_DECIMAL_EXPONENT - len(figures)
    special = exponent if type(exponent) is str and exponent in ("F", "n") else whole(exponent, -most, most)
    made: Any = (one_of(sign, {"": 0, "-": 1}), figures, special)
    return Decimal(made)


def _timedelta_to(value: Any) -> Any:
    return [value.days, value.seconds, value.microseconds]


def _timedelta_from(plain: Any, _: Allowance) -> Any:
    from datetime import timedelta

    days, seconds, microseconds = parts(plain, 3)
    days, seconds = whole(days, -999_999_999, 999_999_999), whole(seconds, 0, _DAY_S - 1)
    return timedelta(days, seconds, whole(microseconds, 0, 999_999))


def _date_to(value: Any) -> Any:
    return [value.year, value.month, value.day]


def _date_from(plain: Any, _: Allowance) -> Any:
    from datetime import date

    return date(*(whole(part, 1, 9999) for part in parts(plain, 3)))


def _zone_to(zone: Any) -> Any:
    """Return None, an offset, or a zone: values of the two kinds below."""
    if zone is None or type(zone).__module__ in ("datetime", "zoneinfo"):
        return zone
    raise Unfit


def _zone_of(value: Any) -> Any:
    from datetime import timezone

    zoneinfo = sys.modules.get("zoneinfo")
    if value is None or type(value) is timezone or (zoneinfo is not None and type(value) is zoneinfo.ZoneInfo):
        return value
    raise WireError(f"expected a time zone, got {type(value).__name__}")


def _time_to(value: Any) -> Any:
    return [value.hour, value.minute, value.second, value.microsecond, _zone_to(value.tzinfo), value.fold]


def _time_from(plain: Any, _: Allowance) -> Any:
    from datetime import time

    *clock, zone, fold = parts(plain, 6)
    hour, minute, second, micro = (whole(part, 0, 999_999) for part in clock)
    return time(hour, minute, second, micro, _zone_of(zone), fold=whole(fold, 0, 1))


def _datetime_to(value: Any) -> Any:
    return [*_date_to(value), *_time_to(value)]


def _datetime_from(plain: Any, _: Allowance) -> Any:
    from datetime import datetime

    *clock, zone, fold = parts(plain, 9)
    year, month, day, hour, minute, second, micro = (whole(part, 0, 999_999) for part in clock)
    return datetime(year, month, day, hour, minute, second, micro, _zone_of(zone), fold=whole(fold, 0, 1))


def _timezone_to(value: Any) -> Any:
    offset, *name = value.__getinitargs__()
    return [_timedelta_to(offset), *name]


def _timezone_from(plain: Any, allowance: Allowance) -> Any:
    from datetime import timezone

    offset, *name = parts(plain)
    return timezone(_timedelta_from(offset, allowance), *(text(part) for part in parts(name[:2])))


def _zoneinfo_to(value: Any) -> Any:
    if value.key is None:  # read from a file of somebody's
        raise Unfit
    return value.key


def _zoneinfo_from(plain: Any, _: Allowance) -> Any:
    from zoneinfo import ZoneInfo

    if not _ZONE.fullmatch(text(plain)):
        raise WireError("no name of a time zone")
    return ZoneInfo(plain)


def _path_to(value: Any) -> Any:
    if len(str(value)) > MAX_PATH_CHARS:
        raise Unfit
    return [next(c.__name__ for c in type(value).__mro__ if c.__name__ in _PATHS), str(value)]


def _path_from(plain: Any, _: Allowance) -> Any:
    import pathlib

    name, path = parts(plain, 2)
    kind = getattr(pathlib, one_of(name, _PATHS))
    if "\0" in text(path, MAX_PATH_CHARS):
        raise WireError("a path holds no zero character")
    return kind(path)


# A path of the other system's crosses as a pure one: it opens nothing here.
_PATHS = {
    "PosixPath": "Path",
    "WindowsPath": "PureWindowsPath",
    "PurePosixPath": "PurePosixPath",
    "PureWindowsPath": "PureWindowsPath",
}


def _uuid_from(plain: Any, _: Allowance) -> Any:
    from uuid import UUID

    return UUID(int=whole(plain, 0, 2**128 - 1))


def _bytearray_update(own: bytearray, new: bytearray) -> None:
    own[:] = new


def _array_from(plain: Any, _: Allowance) -> Any:
    from array import array

    code, content = parts(plain, 2)
    made = array(one_of(code, {c: c for c in "bBhHiIlLqQfd"}))
    made.frombytes(raw(content))
    return made


def _array_update(own: Any, new: Any) -> None:
    if own.typecode == new.typecode:
        own[:] = new


def _array_to(value: Any) -> Any:
    if value.typecode not in "bBhHiIlLqQfd":
        raise Unfit
    return [value.typecode, value.tobytes()]


def _random_to(value: Any) -> Any:
    try:
        version, state, following = value.getstate()
    except NotImplementedError:  # one that asks the system has no state
        raise Unfit from None
    if version != 3:
        raise Unfit
    return [list(state), following]


def _random_from(plain: Any, _: Allowance) -> Any:
    from random import Random

    words, following = parts(plain, 2)
    *key, position = (whole(word, 0, 2**32 - 1) for word in parts(words, _WORDS + 1))
    if following is not None and type(following) is not float:
        raise WireError("a generator keeps a float or nothing")
    made = Random()
    made.setstate((3, (*key, whole(position, 0, _WORDS)), following))
    return made


def _random_update(own: Any, new: Any) -> None:
    own.setstate(new.getstate())


def _deque_from(plain: Any, _: Allowance) -> Any:
    from collections import deque

    items, most = parts(plain, 2)
    return deque(parts(items), None if most is None else whole(most, 0, 2**63 - 1))


def _deque_update(own: Any, new: Any) -> None:
    own.clear()
    own.extend(new)


def _counter_from(plain: Any, _: Allowance) -> Any:
    from collections import Counter

    made: Counter[Any] = Counter()
    dict.update(made, pairs(plain))
    return made


def _ordered_from(plain: Any, _: Allowance) -> Any:
    from collections import OrderedDict

    return OrderedDict(pairs(plain))


def _defaultdict_to(value: Any) -> Any:
    factory = value.default_factory
    name = next((name for name, plain in _FACTORIES.items() if plain is factory), None)
    if factory is not None and name is None:
        raise Unfit  # a function of somebody's: the content crosses as a dict
    return [name, dict(value)]


def _defaultdict_from(plain: Any, _: Allowance) -> Any:
    from collections import defaultdict

    name, content = parts(plain, 2)
    return defaultdict(None if name is None else one_of(name, _FACTORIES), pairs(content))


def _dict_update(own: Any, new: Any) -> None:
    dict.clear(own)
    dict.update(own, new)


def _ordered_update(own: Any, new: Any) -> None:
    own.clear()
    for key, item in new.items():
        own[key] = item


KINDS = (
    Kind("fraction", ("fractions.Fraction",), _fraction_to, _fraction_from, f"{MAX_FRACTION_BITS} bits each way"),
    Kind("decimal", ("decimal.Decimal",), _decimal_to, _decimal_from, f"{MAX_DECIMAL_DIGITS} digits and their place"),
    Kind("timedelta", ("datetime.timedelta",), _timedelta_to, _timedelta_from, "what the type holds"),
    Kind("datetime", ("datetime.datetime",), _datetime_to, _datetime_from, "what the type holds"),
    Kind("date", ("datetime.date",), _date_to, _date_from, "what the type holds"),
    Kind("time", ("datetime.time",), _time_to, _time_from, "what the type holds"),
    Kind("timezone", ("datetime.timezone",), _timezone_to, _timezone_from, "what the type holds; a short name"),
    Kind("zone", ("zoneinfo.ZoneInfo",), _zoneinfo_to, _zoneinfo_from, "a name in the system's table"),
    Kind("path", ("pathlib.PurePath",), _path_to, _path_from, f"{MAX_PATH_CHARS} characters"),
    Kind("uuid", ("uuid.UUID",), lambda value: value.int, _uuid_from, "128 bits"),
    Kind("ellipsis", ("builtins.ellipsis",), lambda _: None, lambda *_: ..., "one value"),
    Kind(
        "bytearray", ("builtins.bytearray",), bytes, lambda plain, _: bytearray(raw(plain)), "the message",
        update=_bytearray_update,
    ),
    Kind("array", ("array.array",), _array_to, _array_from, "the message", update=_array_update),
    Kind("random", ("random.Random",), _random_to, _random_from, f"{_WORDS} words", update=_random_update),
    Kind(
        "deque", ("collections.deque",), lambda value: [list(value), value.maxlen], _deque_from, "items",
        update=_deque_update, is_open=True,
    ),
    Kind("counter", ("collections.Counter",), dict, _counter_from, "items", update=_dict_update, is_open=True),
    Kind(
        "ordered", ("collections.OrderedDict",), lambda value: dict(value.items()), _ordered_from, "items",
        update=_ordered_update, is_open=True,
    ),
    Kind(
        "defaultdict", ("collections.defaultdict",), _defaultdict_to, _defaultdict_from, "items",
        update=_dict_update, is_open=True,
    ),
)  # fmt: skip
