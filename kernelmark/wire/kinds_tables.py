"""Tables: pandas' frames, series, indexes and scalars, and SciPy's sparse matrices and arrays.

pandas and SciPy are used where the process has imported them, and are never imported here. A frame is its index and
its columns, each column the parts of its dtype; what has no such form (periods, intervals) stays where it is. A sparse
matrix is bounded by what it would hold written out, since a test writes it out.
"""

import re
import sys
from typing import Any

import numpy as np

from kernelmark.wire.bounds import Allowance, WireError
from kernelmark.wire.kind import Kind, Unfit, flag, may_hide, one_of, parts, text, whole
from kernelmark.wire.kinds_numpy import array_from, array_to, is_plain_number

MAX_LEVELS = 16
MAX_SPARSE_BYTES = 2**30

_FREQUENCY = re.compile(r"-?\d{0,4}[A-Za-z]{1,5}(-[A-Z]{3})?", re.ASCII)
_INTEGERS = frozenset({"Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64"})
_HIDING = {
    **dict.fromkeys(sorted(_INTEGERS), "IntegerArray"), "Float32": "FloatingArray", "Float64": "FloatingArray",
    "boolean": "BooleanArray",
}  # fmt: skip
_FORMATS = ("csr", "csc", "coo", "bsr", "dia", "dok", "lil")


def _pandas() -> Any:
    return sys.modules["pandas"]


def _column_to(values: Any) -> list[Any]:
    """Return the values of a series or an index in the parts of their dtype."""
    dtype = values.dtype
    name = str(dtype)
    if isinstance(dtype, np.dtype):
        plain = values.to_numpy()
        return ["objects", list(plain)] if dtype.kind == "O" else ["numbers", array_to(plain)]
    if not may_hide(when_written=True) and (name in _HIDING or name == "string") and values.isna().any():
        raise Unfit
    if name in _HIDING:
        array = values.array
        return ["hiding", array_to(array._data), array_to(array._mask)]
    kind = type(dtype).__name__
    if kind == "CategoricalDtype":
        codes = np.asarray(values.cat.codes if hasattr(values, "cat") else values.codes)
        return ["categories", array_to(codes), _index_to(dtype.categories), bool(dtype.ordered)]
    if kind == "StringDtype":
        missing = "NA" if dtype.na_value is _pandas().NA else "nan"
        return ["text", missing, [item if isinstance(item, str) else None for item in values]]
    if kind == "DatetimeTZDtype":
        plain = _pandas().DatetimeIndex(values).tz_convert("UTC").tz_localize(None)
        return ["moments", dtype.tz, array_to(plain.to_numpy())]
    raise Unfit


def _column_from(plain: Any, allowance: Allowance) -> Any:
    pandas = _pandas()
    tag, *content = parts(plain)
    if tag == "objects":
        made = np.empty(len(parts(content[0])), object)
        for at, item in enumerate(content[0]):
            made[at] = item
        return made
    if tag == "numbers":
        return _line(content[0], allowance)
    if tag == "hiding":
        data, mask = (_line(part, allowance) for part in content)
        if mask.any():
            _require_may_hide()
        name = {"b": "boolean"}.get(data.dtype.kind) or _capital(data.dtype.name)
        return getattr(pandas.arrays, one_of(name, _HIDING))(data, mask)
    if tag == "categories":
        codes, categories, ordered = content
        return pandas.Categorical.from_codes(
            _line(codes, allowance), _index_from(categories, allowance), ordered=flag(ordered)
        )
    if tag == "text":
        missing, items = content
        for item in parts(items):
            if item is not None:
                text(item, 2**31)
        if missing == "NA" and None in items:
            _require_may_hide()
        dtype = pandas.StringDtype(na_value=one_of(missing, {"NA": pandas.NA, "nan": float("nan")}))
        return pandas.array(items, dtype=dtype)
    if tag == "moments":
        zone, moments = content
        return pandas.DatetimeIndex(_line(moments, allowance)).tz_localize("UTC").tz_convert(_zone_of(zone)).array
    raise WireError("no column of a table")


def _require_may_hide() -> None:
    if not may_hide(when_written=False):
        raise WireError("a column came back with NA in it, which counts in no comparison: give NaN or None instead")


def _capital(name: str) -> str:
    return name.replace("uint", "UInt").replace("int", "Int") if "int" in name else name.capitalize()


def _zone_of(value: Any) -> Any:
    if type(value).__module__ not in ("datetime", "zoneinfo") or not hasattr(value, "utcoffset"):
        raise WireError("expected a time zone")
    return value


def _line(plain: Any, allowance: Allowance) -> np.ndarray:
    array = array_from(plain, allowance)
    if array.ndim != 1:
        raise WireError("a column has one dimension")
    return array


def _name(value: Any) -> Any:
    hash(value)  # a list is no name of a column
    return value


def _index_to(index: Any) -> list[Any]:
    sort = type(index).__name__
    if sort == "RangeIndex":
        return ["range", index.start, index.stop, index.step, index.name]
    if sort == "MultiIndex":
        codes = [array_to(np.asarray(code)) for code in index.codes]
        return ["levels", [_index_to(level) for level in index.levels], codes, list(index.names)]
    frequency = getattr(index, "freqstr", None) if sort in ("DatetimeIndex", "TimedeltaIndex") else None
    if frequency is not None and not _FREQUENCY.fullmatch(frequency):
        frequency = None
    return ["values", _column_to(index), index.name, frequency]


def _index_from(plain: Any, allowance: Allowance) -> Any:
    pandas = _pandas()
    tag, *content = parts(plain)
    if tag == "range":
        start, stop, step, name = content
        ends = range(*(whole(n, -(2**62), 2**62) for n in (start, stop, step)))
        allowance.room((len(ends),), np.dtype(np.int64))
        return pandas.RangeIndex(ends, name=_name(name))
    if tag == "levels":
        levels, codes, names = (parts(part) for part in content)
        if len(levels) > MAX_LEVELS or not len(levels) == len(codes) == len(names):
            raise WireError("the levels of an index do not fit each other")
        made = [_index_from(level, allowance) for level in levels]
        return pandas.MultiIndex(made, [_line(code, allowance) for code in codes], names=[_name(n) for n in names])
    if tag != "values":
        raise WireError("no index of a table")
    column, name, frequency = content
    values = _column_from(column, allowance)
    keep = {"dtype": object} if isinstance(values, np.ndarray) and values.dtype == object else {}
    index = pandas.Index(values, name=_name(name), **keep)
    if frequency is not None and _FREQUENCY.fullmatch(text(frequency)):
        index.freq = frequency
    return index


def _frame_to(value: Any) -> list[Any]:
    return [
        _index_to(value.index),
        _index_to(value.columns),
        [_column_to(value.iloc[:, n]) for n in range(value.shape[1])],
    ]


def _frame_from(plain: Any, allowance: Allowance) -> Any:
    index, columns, content = parts(plain, 3)
    rows, names = _index_from(index, allowance), _index_from(columns, allowance)
    if len(names) != len(parts(content)):
        raise WireError("the columns do not fit their names")
    frame = _pandas().DataFrame(dict(enumerate(_series(part, rows, allowance) for part in content)), index=rows)
    frame.columns = names
    return frame


def _series(plain: Any, index: Any, allowance: Allowance) -> Any:
    values = _column_from(plain, allowance)
    if len(values) != len(index):
        raise WireError("a column does not fit the index")
    # Told outright, so that objects stay objects.
    return _pandas().Series(values, index=index, dtype=values.dtype)


def _series_to(value: Any) -> list[Any]:
    return [_index_to(value.index), _column_to(value), value.name]


def _series_from(plain: Any, allowance: Allowance) -> Any:
    index, column, name = parts(plain, 3)
    made = _series(column, _index_from(index, allowance), allowance)
    made.name = _name(name)
    return made


def _table_update(own: Any, new: Any) -> None:
    # What pandas itself does for `inplace=True`: the object is made anew around other content.
    type(own).__init__(own, new)
    if hasattr(new, "name") and not hasattr(new, "columns"):
        own.name = new.name


def _categorical_to(value: Any) -> list[Any]:
    return _column_to(value)


def _categorical_from(plain: Any, allowance: Allowance) -> Any:
    if not plain or plain[0] != "categories":
        raise WireError("no categories")
    return _column_from(plain, allowance)


def _moment_to(value: Any) -> list[Any]:
    naive = value if getattr(value, "tzinfo", None) is None else value.tz_convert("UTC").tz_localize(None)
    return [array_to(np.asarray(naive.asm8)), getattr(value, "tzinfo", None)]


def _moment_from(plain: Any, allowance: Allowance) -> Any:
    content, zone = parts(plain, 2)
    made = _pandas().Timestamp(_one(content, "M", allowance))
    return made if zone is None else made.tz_localize("UTC").tz_convert(_zone_of(zone))


def _span_from(plain: Any, allowance: Allowance) -> Any:
    return _pandas().Timedelta(_one(plain, "m", allowance))


def _one(plain: Any, kind: str, allowance: Allowance) -> Any:
    array = array_from(plain, allowance)
    if array.shape or array.dtype.kind != kind:
        raise WireError("expected one moment or span of time")
    return array[()]


def _sparse_to(value: Any) -> list[Any]:
    if value.ndim != 2 or not is_plain_number(value.dtype) or value.format not in _FORMATS:
        raise Unfit
    if np.prod(value.shape, dtype=float) * value.dtype.itemsize > MAX_SPARSE_BYTES:
        raise Unfit
    head = [value.format, hasattr(value, "format") and not _is_matrix(value), [int(n) for n in value.shape]]
    if value.format in ("csr", "csc"):
        return [*head, array_to(value.data), array_to(value.indices), array_to(value.indptr)]
    told = value.tocoo()
    return [*head, array_to(told.data), array_to(told.row), array_to(told.col)]


def _is_matrix(value: Any) -> bool:
    return type(value).__name__.endswith("_matrix")


def _sparse_from(plain: Any, allowance: Allowance) -> Any:
    sort, is_array, shape, *content = parts(plain, 6)
    form = one_of(sort, {name: name for name in _FORMATS})
    rows, columns = (whole(n, 0, 2**31) for n in parts(shape, 2))
    data, first, second = (_line(part, allowance) for part in content)
    allowance.room((rows, columns), data.dtype)
    if not is_plain_number(data.dtype) or any(a.dtype.kind != "i" for a in (first, second)):
        raise WireError("a sparse matrix holds numbers at whole places")
    sparse = sys.modules["scipy.sparse"]
    told = f"{form}_{'array' if flag(is_array) else 'matrix'}"
    if form in ("csr", "csc"):
        lines, across = (rows, columns) if form == "csr" else (columns, rows)
        _require_compressed(data, first, second, lines, across)
        return getattr(sparse, told)((data, first, second), shape=(rows, columns))
    if len(first) != len(data) or len(second) != len(data) or _outside(first, rows) or _outside(second, columns):
        raise WireError("a place outside of the matrix")
    made = getattr(sparse, "coo_array" if is_array else "coo_matrix")((data, (first, second)), shape=(rows, columns))
    return made.asformat(form)


def _require_compressed(data: np.ndarray, indices: np.ndarray, starts: np.ndarray, lines: int, across: int) -> None:
    """Refuse what SciPy's compiled code would follow outside of its memory."""
    fits = len(data) == len(indices) and len(starts) == lines + 1 and starts[0] == 0 and starts[-1] == len(data)
    if not fits or (np.diff(starts) < 0).any() or _outside(indices, across):
        raise WireError("a place outside of the matrix")


def _outside(places: np.ndarray, most: int) -> bool:
    return bool(places.size) and bool(places.min() < 0 or places.max() >= most)


def _sparse_update(own: Any, new: Any) -> None:
    if own.format == new.format and own.shape == new.shape:
        vars(own).clear()
        vars(own).update(vars(new))


KINDS = (
    Kind("frame", ("pandas.DataFrame",), _frame_to, _frame_from, "items and bytes", _table_update, library="pandas"),
    Kind("series", ("pandas.Series",), _series_to, _series_from, "items and bytes", _table_update, library="pandas"),
    Kind("index", ("pandas.Index",), _index_to, _index_from, "items and bytes", library="pandas"),
    Kind("categorical", ("pandas.Categorical",), _categorical_to, _categorical_from, "bytes", library="pandas"),
    Kind("timestamp", ("pandas.Timestamp",), _moment_to, _moment_from, "what the type holds", library="pandas"),
    Kind(
        "pandas timedelta", ("pandas.Timedelta",), lambda value: array_to(np.asarray(value.asm8)), _span_from,
        "what the type holds", library="pandas",
    ),
    Kind("NaT", ("pandas.NaTType",), lambda _: None, lambda *_: _pandas().NaT, "one value", library="pandas"),
    Kind("NA", ("pandas.NAType",), lambda _: None, lambda *_: _pandas().NA, "one value", library="pandas"),
    Kind(
        "sparse", ("scipy._spbase",), _sparse_to, _sparse_from, f"{MAX_SPARSE_BYTES} bytes written out", _sparse_update,
        library="scipy.sparse",
    ),
)  # fmt: skip
