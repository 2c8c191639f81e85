"""Values to bytes and back, between the judge and a process it does not trust.

What crosses: None, bool, int, float, complex, str, bytes, list, tuple, dict, set, slice, range,
arrays, scalars and dtypes of numbers or booleans (layout kept), the course's value types, what `kinds` lists,
functions and types of an allow-list by name, and marks for things that stay behind (handles, callbacks).
Never pickle. Size, depth and count are bounded, and what is malformed raises `WireError`.

It moves nothing (`channel` does) and does not know what a message means: `links` and `server` do.
"""

import contextlib
import ctypes
import importlib
import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kernelmark.wire import kinds, kinds_numpy
from kernelmark.wire.bounds import MAX_DEPTH as MAX_DEPTH
from kernelmark.wire.bounds import MAX_ITEMS as MAX_ITEMS
from kernelmark.wire.bounds import Allowance, natural, set_in_order
from kernelmark.wire.bounds import WireError as WireError
from kernelmark.wire.kind import Kept, Kind, Unfit, read

# The two shared regions of a link; touched pages only are ever allocated.
REGION_BYTES = 256 * 2**20

_DTYPE = re.compile(r"[<>|=][biufc](1|2|4|8|16|32)")
_LAYOUT_SLACK_BYTES = 4096
VALUE_TYPES = frozenset({"Tensor", "LoggedArray"})
_LAB = "kernelmark.lab"
_FUNCTIONS = frozenset({"numpy.dot", "numpy.transpose", "numpy.sort", "numpy.sum"})
# Types cross by name: as an argument like `dtype=np.float32`, or to be asked for by `is`.
_TYPES: dict[type, str] = {
    **{t: f"builtins.{t.__name__}" for t in (bool, int, float, complex, str, bytes, list, tuple, dict, set, frozenset)},
    **{np.dtype(code).type: f"numpy.{np.dtype(code).type.__name__}" for code in "?bBhHiIlLqQefdgFDG"},
}
_TYPE_OF = {name: kind for kind, name in _TYPES.items()}
_SPANS: dict[str, type] = {"slice": slice, "range": range}
# Their values cross as they are; of any other type it is asked whether there is a kind.
_PLAIN = frozenset({int, float, complex, bytes, list, tuple, dict, set, frozenset, slice, range})

Plain = Any  # what json can hold


@dataclass
class Sent:
    """What one message carried, so that the answer can refer to it."""

    buffers: list[Any] = field(default_factory=list)
    arrays: list[np.ndarray] = field(default_factory=list)
    nodes: list[Plain] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    seen: dict[int, int] = field(default_factory=dict)


class Encoder:
    """Turns values into plain nodes and raw buffers.

    Args:
        leave: called with a value that cannot cross; returns the node that stands for
            it (a handle, a callback), or raises WireError.
        known: arrays of the message being answered: they cross as a reference.
        contiguous: send every array in C order, whatever its layout; where the time that
            this takes is measured, a view costs what it saved.
        beside: let a value that only a library can make stay behind too, for who has not imported it.
    """

    def __init__(
        self,
        leave: Callable[[Any], Plain],
        known: Sequence[np.ndarray] = (),
        *,
        contiguous: bool = False,
        beside: bool = True,
    ):
        self._leave = leave
        self._beside = beside
        self._contiguous = contiguous
        self._known = {id(array): index for index, array in enumerate(known)}
        self._allowance = Allowance()
        self.sent = Sent()

    def encode(self, value: Any, depth: int = 0) -> Plain:
        """Return the node for a value.

        Raises:
            WireError: nested or counted beyond the limits.
        """
        self._allowance.item(depth)
        if value is None or (isinstance(value, bool | str) and type(value) in (bool, str)):
            return value
        if isinstance(value, np.generic) and not isinstance(value, str | bytes):
            return self._scalar(value, depth)
        if isinstance(value, np.ndarray):
            return self._array(value, depth)
        if type(value) not in _PLAIN and (kind := kinds.of(type(value))) and (node := self._of(kind, value, depth)):
            return node
        if isinstance(value, int):
            return int(value) if abs(int(value)) < 2**53 else {"i": hex(value)}
        if isinstance(value, float):
            return float(value)
        if isinstance(value, complex):
            return {"c": [value.real, value.imag]}
        if isinstance(value, str):
            return str.__str__(value)
        if isinstance(value, bytes | bytearray | memoryview):
            return {"b": self._buffer(bytes(value))}
        if isinstance(value, list):
            return [self.encode(item, depth + 1) for item in list.__iter__(value)]
        if isinstance(value, tuple):
            return {"t": [self.encode(item, depth + 1) for item in tuple.__iter__(value)]}
        if isinstance(value, set | frozenset):
            tag = "u" if isinstance(value, set) else "z"
            return {tag: [self.encode(item, depth + 1) for item in value]}
        if isinstance(value, dict):
            return {"d": [[self.encode(k, depth + 1), self.encode(v, depth + 1)] for k, v in dict.items(value)]}
        if isinstance(value, slice | range):
            parts = (value.start, value.stop, value.step)
            return {"p": [type(value).__name__, [self.encode(part, depth + 1) for part in parts]]}
        if isinstance(value, np.dtype) and value.kind in "biufc":
            return {"y": value.str}
        return self._named(value) or self._leave(value)

    def _of(self, kind: Kind, value: Any, depth: int) -> Plain:
        """Return the node of a value of a kind, or None where it has no plain form within the bounds."""
        try:
            plain = kind.plain_of(value)
        except Unfit:
            return None
        inner = self.encode(plain, depth + 1) if kind.is_open else self._closed(plain, depth + 1)
        if inner is None and plain is not None:
            return None
        if kind.update is not None:
            self.sent.values.append(Kept(kind, value))
        left = []
        if kind.library is not None and self._beside:
            with contextlib.suppress(WireError):
                left.append(self._leave(value))
        return {"x": [kind.name, inner, *left]}

    def _closed(self, plain: Any, depth: int) -> Plain:
        """Return the node of data that are plain throughout; None, and nothing sent, where they are not."""
        leave, self._leave = self._leave, refuse
        sent = self.sent
        lists = (sent.buffers, sent.arrays, sent.nodes, sent.values)
        before = [len(held) for held in lists]
        try:
            return self.encode(plain, depth)
        except WireError:
            for held, count in zip(lists, before, strict=True):
                del held[count:]
            sent.seen = {name: index for name, index in sent.seen.items() if index < len(sent.arrays)}
            return None
        finally:
            self._leave = leave

    def _named(self, value: Any) -> Plain:
        if type(value).__name__ in VALUE_TYPES and type(value).__module__.startswith(_LAB):
            self.sent.values.append(value)
            return {"v": [type(value).__name__, self.encode(value.to_plain(), 1)]}
        if isinstance(value, np.ufunc):
            own = getattr(value, "__name__", "")
            return {"f": f"numpy.{own}"} if getattr(np, own, None) is value else None
        if isinstance(value, type) and value in _TYPES:
            return {"f": _TYPES[value]}
        try:
            own = str(getattr(value, "__name__", ""))
            name = f"{getattr(value, '__module__', '')}.{own}"
        except Exception:  # an object's own __getattr__ may raise anything
            return None
        if name.startswith(f"{_LAB}.") and _of_the_lab(own) is value:
            return {"f": f"{_LAB}.{own}"}
        return {"f": name} if name in _FUNCTIONS else None

    def _scalar(self, value: np.generic, depth: int) -> Plain:
        if not kinds_numpy.is_plain_number(value.dtype):
            return self._of(kinds_numpy.SCALAR, value, depth) or self._leave(value)
        return {"s": [value.dtype.str, value.tobytes().hex()]}

    def _array(self, value: np.ndarray, depth: int) -> Plain:
        if type(value).__name__ in VALUE_TYPES and (node := self._named(value)):
            return node
        if kind := kinds.of_array(value):
            return self._of(kind, value, depth) or self._leave(value)
        if id(value) in self._known:
            return {"r": self._known[id(value)]}
        if id(value) in self.sent.seen:
            return {"r": self.sent.seen[id(value)]}
        array = value.view(np.ndarray)
        require_numeric(array.dtype)
        raw, layout = raw_of(array, contiguous=self._contiguous)
        node = {"a": [self._buffer(raw), array.dtype.str, list(array.shape), layout, bool(value.flags.writeable)]}
        self.sent.seen[id(value)] = len(self.sent.arrays)
        self.sent.arrays.append(value)
        self.sent.nodes.append(node["a"])
        return node

    def _buffer(self, raw: Any) -> int:
        self.sent.buffers.append(raw)
        return len(self.sent.buffers) - 1


class Decoder:
    """Turns nodes and buffers back into values; trusts neither.

    It starts with the buffers of one message, `decode` gives the value of a node, and any node that no `Encoder`
    makes ends in `WireError`. What a node can be, by its tag:

        t u z d   tuple, set, frozenset, dict         a r   array in a buffer, array that came before
        p y s     slice or range, dtype, scalar       b     bytes in a buffer
        i c       large integer, complex              f     function or type of the allow-list
        v         value type of `kernelmark.lab`      h k n something that stays behind: `resolve`
        x         a kind of the registry (`kinds`)

    Args:
        buffers: raw bytes, in the order they were sent.
        resolve: turns {"h": ...}, {"k": ...} and {"n": ...} nodes into values.
        known: arrays that a reference may point to.
        contiguous: refuse arrays in any but C order.
    """

    def __init__(
        self,
        buffers: Sequence[Any],
        resolve: Callable[[Plain], Any],
        known: Sequence[np.ndarray] = (),
        *,
        contiguous: bool = False,
    ):
        self._contiguous = contiguous
        self._buffers = buffers
        self._resolve = resolve
        self._known = known
        self._allowance = Allowance()
        self._used: set[int] = set()
        self.arrays: list[np.ndarray] = []
        self.memory: list[tuple[int, bytearray]] = []
        self.values: list[Any] = []

    def decode(self, node: Plain, depth: int = 0) -> Any:
        """Return the value of a node.

        Raises:
            WireError: the node is not one that an `Encoder` makes.
        """
        self._allowance.item(depth)
        if node is None or isinstance(node, bool | float | str):
            return node
        if isinstance(node, int):
            return node if -(2**53) < node < 2**53 else self._allowance.spread(node)
        if isinstance(node, list):
            return [self.decode(item, depth + 1) for item in node]
        try:
            if "h" in node:
                return self._resolve(node)
            ((tag, content),) = node.items()
            return self._tagged(tag, content, node, depth)
        except WireError:
            raise
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError) as error:
            raise WireError(f"malformed value: {type(error).__name__}: {str(error)[:120]}") from None

    def _tagged(self, tag: str, content: Plain, node: Plain, depth: int) -> Any:
        match tag:
            case "t":
                return self._allowance.spread(tuple([self.decode(item, depth + 1) for item in content]))
            case "u":
                return set_in_order([self.decode(item, depth + 1) for item in content])
            case "z":
                items = [self.decode(item, depth + 1) for item in content]
                return self._allowance.spread(frozenset(set_in_order(items)))
            case "p":
                kind, parts = content
                return self._span(kind, [self.decode(part, depth + 1) for part in parts])
            case "y":
                return dtype_of(content)
            case "d":
                return {self.decode(key, depth + 1): self.decode(item, depth + 1) for key, item in content}
            case "a":
                return self._array(*content)
            case "r":
                return self._array_again(natural(content))
            case "s":
                dtype, raw = content
                return self._allowance.spread(np.frombuffer(bytes.fromhex(raw), dtype=dtype_of(dtype), count=1)[0])
            case "b":
                return bytes(self._buffer(content))
            case "i":
                return self._allowance.spread(int(content, 16))
            case "c":
                return self._allowance.spread(complex(float(content[0]), float(content[1])))
            case "f":
                # An instrument may be named to a student's process, and never by one.
                return self._resolve(node) if str(content).startswith(_LAB) else function_by_name(content)
            case "v":
                name, plain = content
                return self._value_of_the_lab(name, self.decode(plain, depth + 1))
            case "x":
                name, plain, *left = content
                return self._of(kinds.named(name), plain, left, depth)
            case _:
                return self._resolve(node)

    def _of(self, kind: Kind, plain: Plain, left: list[Plain], depth: int) -> Any:
        if not kind.is_ready():
            if left:
                return self.decode(left[0], depth)  # the object itself, where it lives
            raise WireError(f"a value of {kind.library} came back, which this process has not imported")
        resolve = self._resolve
        if not kind.is_open:
            self._resolve = refuse
        try:
            inner = self.decode(plain, depth + 1)
        finally:
            self._resolve = resolve
        value = read(kind, inner, self._allowance)
        if kind.update is None:
            return self._allowance.spread(value)
        self.values.append(Kept(kind, value))
        return value

    def _span(self, kind: str, parts: list[Any]) -> slice | range:
        span: slice | range = _SPANS[kind](*parts)
        if isinstance(span, range):
            self._allowance.item(0, len(span))  # a test may make a list of it
        return span

    def _value_of_the_lab(self, name: str, fields: Any) -> Any:
        if name not in VALUE_TYPES:
            raise WireError(f"unknown value type {str(name)[:40]!r}")
        asks = fields.get("multiply") if isinstance(fields, dict) else None
        if asks is not None and not getattr(type(asks), "is_of_the_test", False):
            # A submission's would answer for the array in whatever the test does with it.
            raise WireError("an array that computes elsewhere may be sent to submitted code only")
        value = getattr(importlib.import_module(_LAB), name).from_plain(fields)
        if isinstance(value, np.ndarray):
            require_numeric(value.dtype)
        self.values.append(value)
        return value

    def _array_again(self, index: int) -> np.ndarray:
        array = self._known[index] if index < len(self._known) else self.arrays[index - len(self._known)]
        self._allowance.room(array.shape, array.dtype)
        return array

    def _buffer(self, index: Any) -> Any:
        """Return a buffer, each at most once: what is copied is never more than what was sent."""
        if natural(index) in self._used:
            raise WireError("two values share one buffer")
        self._used.add(index)
        return self._buffers[index]

    def _array(self, index: int, dtype: str, shape: list[int], layout: Plain, writeable: bool) -> np.ndarray:
        if self._contiguous and layout is not None:
            raise WireError("an output of a timed call must cross in C order")
        kind = dtype_of(dtype)
        dimensions = tuple(natural(n) for n in shape)
        self._allowance.room(dimensions, kind)
        memory = bytearray(_proper(self._buffer(index), kind))
        if layout is None:
            if math.prod(dimensions) * kind.itemsize != len(memory):
                raise WireError(f"shape {str(shape)[:80]} of {dtype} does not fit {len(memory)} bytes")
            array = np.ndarray(dimensions, kind, memory)
        else:
            strides, offset = layout
            array = np.ndarray(dimensions, kind, memory, natural(offset), tuple(int(s) for s in strides))
        array.flags.writeable = bool(writeable)
        self.memory.append((index, memory))
        self.arrays.append(array)
        return array


def no_objects(node: Plain) -> Any:
    """Resolve nothing: an object that stayed behind is told by its type, where only plain data may stand.

    Raises:
        WireError: the node stands for something else.
    """
    if isinstance(node, dict) and "h" in node:
        return f"an object of type {str(node.get('type'))[:80]}"
    raise WireError("only plain data may stand here")


def refuse(value: Any) -> Plain:
    """Let nothing stay behind.

    Raises:
        WireError: always.
    """
    raise WireError(f"{type(value).__name__} may not cross to submitted code")


def function_by_name(name: str) -> Any:
    """Return a function of the allow-list: a NumPy ufunc, a plain type, one listed here, or one of `kernelmark.lab`.

    Raises:
        WireError: any other name.
    """
    module, _, attribute = str(name).rpartition(".")
    found = vars(np).get(attribute) if module == "numpy" else None
    if isinstance(found, np.ufunc):
        return found
    if name in _TYPE_OF:
        return _TYPE_OF[name]
    if name in _FUNCTIONS:
        return getattr(importlib.import_module(module), attribute)
    if module == _LAB and (found := _of_the_lab(attribute)) is not None:
        return found
    raise WireError(f"{str(name)[:60]!r} is not a function that may cross")


def _of_the_lab(name: str) -> Any:
    lab = importlib.import_module(_LAB)
    return getattr(lab, name) if name in lab.__all__ else None


def alike(a: Any, b: Any) -> bool:
    """Say whether two values would cross as the same: of the same types, and to the bit; no object is asked."""
    told = []
    for value in (a, b):
        encoder = Encoder(lambda left: {"h": id(left)}, beside=False)
        told.append((json.dumps(encoder.encode(value)), [bytes(raw) for raw in encoder.sent.buffers]))
    return told[0] == told[1]


def copy_back(node: Plain, memory: bytes, array: np.ndarray) -> None:
    """Write the new contents of an array argument into the sender's own array.

    Raises:
        WireError: the contents are not of the size that was sent.
    """
    _, dtype, shape, layout, _ = node
    try:
        if layout is None:
            changed = np.ndarray(tuple(shape), np.dtype(dtype), _proper(memory, np.dtype(dtype)))
        else:
            proper = _proper(memory, np.dtype(dtype))
            changed = np.ndarray(tuple(shape), np.dtype(dtype), proper, layout[1], tuple(layout[0]))
        array[...] = changed
    except (TypeError, ValueError) as error:
        raise WireError(f"malformed contents for an array argument: {error}") from None


def raw_of(array: np.ndarray, *, contiguous: bool) -> tuple[Any, Plain]:
    """Return an array's bytes, and its strides and offset in them, or None for plain C order."""
    low, high = np.lib.array_utils.byte_bounds(array)
    if contiguous or array.flags.c_contiguous or high - low > 4 * array.nbytes + _LAYOUT_SLACK_BYTES:
        plain = np.ascontiguousarray(array)
        return (plain.data.cast("B") if plain.size else b""), None
    return ctypes.string_at(low, high - low), [list(array.strides), array.ctypes.data - low]


def _proper(raw: Any, dtype: np.dtype) -> Any:
    """Return an array's bytes; for booleans 0 and 1 only, since NumPy counts what else is there wrongly."""
    return (np.frombuffer(raw, np.uint8) != 0).tobytes() if dtype.kind == "b" else raw


def require_numeric(dtype: np.dtype) -> None:
    if not kinds_numpy.is_plain_number(dtype):
        raise WireError(f"an array may hold numbers or booleans; this one holds {dtype}")


def dtype_of(text: str) -> np.dtype:
    if not _DTYPE.fullmatch(text):
        raise WireError(f"{str(text)[:40]!r} is no numeric dtype")
    return np.dtype(text)
