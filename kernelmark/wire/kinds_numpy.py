"""NumPy's values that cross beside arrays of numbers: other dtypes, masked arrays, scalars of both, generators.

An array is its dtype in parts, its shape and its bytes; tables and tensors use `array_to` and `array_from` too.
A dtype is told by a strict pattern or one of a short list, never by what a name means to NumPy, and no array is made
of pointers: one of objects crosses as its items. Not here: arrays of numbers with their layout (`values`).
"""

import hashlib
import math
import re
import sys
from typing import Any

import numpy as np

from kernelmark.wire.bounds import Allowance, WireError, natural
from kernelmark.wire.kind import (
    Kind,
    Unfit,
    answers_may_hide,
    flag,
    is_there,
    may_hide,
    note_hiding,
    one_of,
    pairs,
    parts,
    raw,
    text,
    whole,
)

# A record of so many fields, counted on every level.
MAX_FIELDS = 1000
MAX_CODE_POINT = 0x10FFFF

_NUMBER = re.compile(r"[<>|=][biufc](1|2|4|8|16|32)", re.ASCII)
_TEXT = re.compile(r"[<>|=][USV]\d{1,9}", re.ASCII)
_TIME = re.compile(r"[<>|=][mM]8(\[([1-9]\d{0,3})?(Y|M|W|D|h|m|s|ms|us|ns|ps|fs|as)\])?", re.ASCII)
_SMALL_FLOATS = frozenset(
    {"bfloat16", "float8_e3m4", "float8_e4m3", "float8_e4m3b11fnuz", "float8_e4m3fn", "float8_e4m3fnuz"}
    | {"float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu"}
)
_TWISTER_WORDS = 624


def is_plain_number(dtype: np.dtype) -> bool:
    """Say whether an array of this dtype crosses as it lies in memory; some of ml_dtypes pass for floats of NumPy's."""
    return dtype.kind in "biufc" and dtype.isbuiltin != 2


def dtype_to(dtype: np.dtype) -> Any:
    """Return a dtype as plain data.

    Raises:
        Unfit: it holds objects, or is of a kind that is not told.
    """
    if dtype.type.__module__ == "ml_dtypes" and dtype.name in _SMALL_FLOATS:
        return ["ml", dtype.name]
    if dtype.subdtype is not None:
        return ["of", dtype_to(dtype.subdtype[0]), list(dtype.subdtype[1])]
    if dtype.fields is not None:
        if len(dtype.names or ()) > MAX_FIELDS:
            raise Unfit
        fields = [[name, dtype_to(dtype.fields[name][0]), dtype.fields[name][1]] for name in dtype.names or ()]
        return ["fields", fields, dtype.itemsize]
    if dtype.hasobject or not any(known.fullmatch(dtype.str) for known in (_NUMBER, _TEXT, _TIME)):
        raise Unfit
    return dtype.str


def dtype_from(plain: Any, allowance: Allowance) -> np.dtype:
    """Make a dtype of plain data.

    Raises:
        WireError: no dtype that `dtype_to` tells.
    """
    if type(plain) is str:
        if not any(known.fullmatch(plain) for known in (_NUMBER, _TEXT, _TIME)):
            raise WireError(f"{plain[:40]!r} is no dtype that crosses")
        return np.dtype(plain)
    tag, content, *rest = parts(plain)
    if tag == "ml":
        if text(content) not in _SMALL_FLOATS or not is_there("ml_dtypes"):
            raise WireError("no dtype that is known here")
        small: np.dtype = np.dtype(getattr(sys.modules["ml_dtypes"], content))
        return small
    if tag == "of":
        shape = tuple(natural(n) for n in parts(rest[0]))
        base = dtype_from(content, allowance)
        Allowance().room(shape, base)
        return np.dtype((base, shape))
    if tag == "fields":
        return _record_from(parts(content), whole(rest[0], 0, 2**31 - 1), allowance)
    raise WireError("no dtype that crosses")


def _record_from(fields: list[Any], size: int, allowance: Allowance) -> np.dtype:
    if len(fields) > MAX_FIELDS:
        raise WireError(f"a record has at most {MAX_FIELDS} fields")
    names, formats, offsets, end = [], [], [], 0
    for field in fields:
        name, plain, offset = parts(field, 3)
        names.append(text(name))
        formats.append(dtype_from(plain, allowance))
        # One after the other: no two fields show the same bytes as different things.
        offsets.append(whole(offset, end, size - formats[-1].itemsize))
        end = offset + formats[-1].itemsize
    return np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": size})


def array_to(array: np.ndarray) -> list[Any]:
    """Return an array as its dtype, its shape and its bytes.

    Raises:
        Unfit: its dtype is not told.
    """
    array = array.view(np.ndarray)
    return [dtype_to(array.dtype), list(array.shape), array.tobytes()]


def array_from(plain: Any, allowance: Allowance) -> np.ndarray:
    """Make an array of its dtype, its shape and its bytes; it owns them.

    Raises:
        WireError: they do not fit, or hold what no array holds.
    """
    dtype, shape, content = parts(plain, 3)
    kind = dtype_from(dtype, allowance)
    dimensions = tuple(natural(n) for n in parts(shape))
    allowance.room(dimensions, kind)
    if math.prod(dimensions) * kind.itemsize != len(raw(content)):
        raise WireError(f"shape {str(shape)[:80]} of {kind} does not fit {len(content)} bytes")
    array: np.ndarray = np.ndarray(dimensions, kind, bytearray(content))
    _mend(array)
    return array


def _mend(array: np.ndarray) -> None:
    """Make booleans 0 or 1, and refuse code points that are none, in every field of a record."""
    if array.dtype.fields is not None:
        for name in array.dtype.names or ():
            _mend(array[name])
    elif not array.size:
        return
    elif array.dtype.kind == "b":
        array[...] = array.view(np.uint8) != 0
    elif array.dtype.kind == "U" and array.dtype.itemsize:
        points = np.frombuffer(array.tobytes(), np.dtype("u4").newbyteorder(array.dtype.byteorder))
        if points.max() > MAX_CODE_POINT:
            raise WireError("an array of text holds what is no character")


def _own_array_to(value: Any) -> Any:
    if type(value).__name__ == "recarray":
        return ["record", *array_to(value), bool(value.flags.writeable)]
    return ["", *array_to(value), bool(value.flags.writeable)]


def _own_array_from(plain: Any, allowance: Allowance) -> Any:
    sort, *content, writeable = parts(plain, 5)
    array = array_from(content, allowance)
    array.flags.writeable = flag(writeable)
    return array.view(one_of(sort, {"": np.ndarray, "record": np.recarray}))


def _array_update(own: np.ndarray, new: np.ndarray) -> None:
    if own.shape == new.shape and own.dtype == new.dtype:
        own[...] = new


def _objects_to(value: Any) -> Any:
    if value.dtype.fields is not None or type(value).__name__ == "MaskedArray":
        raise Unfit
    if value.dtype.kind == "T":
        if hasattr(value.dtype, "na_object"):
            raise Unfit
        return ["text", list(value.shape), value.reshape(-1).tolist()]
    items = np.empty(value.size, object)
    items[:] = value.reshape(-1)
    return ["objects", list(value.shape), list(items)]


def _objects_from(plain: Any, allowance: Allowance) -> Any:
    sort, shape, items = parts(plain, 3)
    dimensions = tuple(natural(n) for n in parts(shape))
    allowance.room(dimensions, np.dtype(object))
    if math.prod(dimensions) != len(parts(items)):
        raise WireError("the shape does not fit the items")
    if one_of(sort, {"text": True, "objects": False}):
        for item in items:
            text(item, 2**31)
        return np.array(items, np.dtypes.StringDType()).reshape(dimensions)
    flat = np.empty(len(items), object)
    for at, item in enumerate(items):
        flat[at] = item
    return flat.reshape(dimensions)


def _masked_to(value: Any) -> Any:
    if np.ma.is_masked(value) and not (may_hide(when_written=True) or answers_may_hide()):
        raise Unfit
    mask = None if value.mask is np.ma.nomask else array_to(np.asarray(value.mask))
    return [array_to(value.data), mask, array_to(np.asarray(value.fill_value))]


def _masked_from(plain: Any, allowance: Allowance) -> Any:
    content, mask, fill = parts(plain, 3)
    data = array_from(content, allowance)
    hidden: Any = np.ma.nomask
    if mask is not None:
        hidden = array_from(mask, allowance)
        if hidden.shape != data.shape or hidden.dtype != np.ma.make_mask_descr(data.dtype):
            raise WireError("the mask does not fit the array")
    fills: Any = array_from(fill, allowance)
    if fills.shape or fills.dtype != data.dtype:
        raise WireError("the fill value does not fit the array")
    made: Any = np.ma.MaskedArray(data, hidden)
    made.fill_value = fills[()]
    if mask is not None and any(hidden.tobytes()):
        _require_may_hide(made)
    return made


def _require_may_hide(value: Any) -> None:
    if not (may_hide(when_written=False) or note_hiding(value)):
        raise WireError("an array came back that hides items: they would count in no comparison")


def hidden_in(value: Any) -> str:
    """Return which items a masked array hides, in a word that is the same for the same items of the same shape."""
    mask = np.ma.getmaskarray(value)
    return hashlib.sha256(f"{mask.shape} {mask.dtype}".encode() + mask.tobytes()).hexdigest()


def _masked_update(own: Any, new: Any) -> None:
    if own.shape == new.shape and own.dtype == new.dtype:
        own.data[...] = new.data
        own.mask = new.mask


def _hidden_to(_: Any) -> Any:
    if not (may_hide(when_written=True) or answers_may_hide()):
        raise Unfit


def _hidden_from(*_: Any) -> Any:
    _require_may_hide(np.ma.masked)
    return np.ma.masked


def _scalar_to(value: Any) -> Any:
    if is_plain_number(value.dtype) or value.dtype.kind in "USOT":
        raise Unfit
    return array_to(np.asarray(value))


def _scalar_from(plain: Any, allowance: Allowance) -> Any:
    array = array_from(plain, allowance)
    if array.shape:
        raise WireError("a scalar has no shape")
    return array[()]


def _dtype_to(value: Any) -> Any:
    if is_plain_number(value):
        raise Unfit  # it has a tag of its own
    return dtype_to(value)


_STATES: dict[str, dict[str, tuple[int, int]]] = {
    # What each sort of bits keeps: how many numbers, of how many bits; NumPy's own code reads them unasked.
    "PCG64": {"state": (1, 128), "inc": (1, 128)},
    "PCG64DXSM": {"state": (1, 128), "inc": (1, 128)},
    "MT19937": {"key": (_TWISTER_WORDS, 32), "pos": (1, 10)},
    "Philox": {"counter": (4, 64), "key": (2, 64)},
    "SFC64": {"state": (4, 64)},
}
_BESIDE = {"buffer": (4, 64), "buffer_pos": (1, 3), "has_uint32": (1, 1), "uinteger": (1, 32)}
_MOST = {"pos": _TWISTER_WORDS, "buffer_pos": 4}


def _bits_to(bits: Any) -> list[Any]:
    state = bits.state
    name = state["bit_generator"]
    if name not in _STATES:
        raise Unfit
    beside = {key: _numbers(state[key]) for key in _BESIDE if key in state}
    return [name, {key: _numbers(item) for key, item in state["state"].items()}, beside]


def _numbers(item: Any) -> Any:
    return [int(n) for n in item] if isinstance(item, np.ndarray) else int(item)


def _bits_from(plain: Any) -> Any:
    name, state, beside = parts(plain, 3)
    inner = _state_of(pairs(state), one_of(name, _STATES))
    made = getattr(np.random, name)(0)
    outer = _state_of(pairs(beside), {key: _BESIDE[key] for key in _BESIDE if key in made.state})
    made.state = {"bit_generator": name, "state": inner, **outer}
    return made


def _state_of(plain: dict[Any, Any], form: dict[str, tuple[int, int]]) -> dict[str, Any]:
    if set(plain) != set(form):
        raise WireError("no state of a generator")
    state: dict[str, Any] = {}
    for key, (count, bits) in form.items():
        most = _MOST.get(key, 2**bits - 1)
        if count == 1:
            state[key] = whole(plain[key], 0, most)
        else:
            numbers = [whole(n, 0, most) for n in parts(plain[key], count)]
            state[key] = np.array(numbers, np.dtype(f"u{bits // 8}"))
    return state


def _generator_from(plain: Any, _: Allowance) -> Any:
    return np.random.Generator(_bits_from(plain))


def _generator_update(own: Any, new: Any) -> None:
    if own.bit_generator.state["bit_generator"] == new.bit_generator.state["bit_generator"]:
        own.bit_generator.state = new.bit_generator.state


def _old_generator_to(value: Any) -> Any:
    state = value.get_state(legacy=False)
    if state["bit_generator"] != "MT19937":
        raise Unfit
    return [[_numbers(state["state"]["key"]), state["state"]["pos"]], state["has_gauss"], state["gauss"]]


def _old_generator_from(plain: Any, _: Allowance) -> Any:
    words, has_gauss, gauss = parts(plain, 3)
    key, position = parts(words, 2)
    numbers = [whole(n, 0, 2**32 - 1) for n in parts(key, _TWISTER_WORDS)]
    if type(gauss) is not float:
        raise WireError("a generator keeps a float")
    made = np.random.RandomState(0)
    made.set_state(
        ("MT19937", np.array(numbers, np.uint32), whole(position, 0, _TWISTER_WORDS), whole(has_gauss, 0, 1), gauss)
    )
    return made


def _old_generator_update(own: Any, new: Any) -> None:
    own.set_state(new.get_state())


# Arrays and scalars are told by what they hold: `kinds.of_array` chooses, and `values`.
ARRAY = Kind("ndarray", (), _own_array_to, _own_array_from, "bytes written out", update=_array_update)
OBJECTS = Kind("objects", (), _objects_to, _objects_from, "items, plain ones", update=_array_update)
MASKED = Kind("masked", (), _masked_to, _masked_from, "bytes written out", update=_masked_update)
HIDDEN = Kind("hidden", (), _hidden_to, _hidden_from, "one value")
SCALAR = Kind("scalar", (), _scalar_to, _scalar_from, "bytes written out")
KINDS = (
    ARRAY,
    OBJECTS,
    MASKED,
    HIDDEN,
    SCALAR,
    Kind("dtype", ("numpy.dtype",), _dtype_to, dtype_from, f"{MAX_FIELDS} fields"),
    Kind(
        "generator", ("numpy.Generator",), lambda value: _bits_to(value.bit_generator), _generator_from,
        "its state", update=_generator_update,
    ),
    Kind(
        "old generator", ("numpy.RandomState",), _old_generator_to, _old_generator_from, "its state",
        update=_old_generator_update,
    ),
)  # fmt: skip
