"""The judge's side of a call: names and objects that live in another process.

A `Proxy` stands for a function, class or object there. Arguments cross as plain data;
array arguments that the call changed are written back, unless who notes the changes
(`changes`) holds them back; an exception comes back as the nearest builtin one. It does
not decide what an exception costs.
"""

import builtins
import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn, Protocol

import numpy as np

from kernelmark.errors import SubmissionError
from kernelmark.text import visible
from kernelmark.wire.changes import Argument, Changes
from kernelmark.wire.refused import ObjectRefused, noted
from kernelmark.wire.values import Decoder, Encoder, Plain, Sent, WireError, copy_back

# A loop over something in another process ends after so many items, one way or the other.
MAX_STEPS = 100_000
# Submitted code must not answer for them: an object that equals everything would pass every test. Undefined, they
# would not do either: `!=` would hold, and `raises(TypeError)` would find its error.
_REFUSED = [
    "eq", "ne", "lt", "le", "gt", "ge", "add", "radd", "sub", "rsub", "mul", "rmul", "matmul", "rmatmul",
    "truediv", "rtruediv", "floordiv", "rfloordiv", "mod", "rmod", "divmod", "rdivmod", "pow", "rpow",
    "lshift", "rlshift", "rshift", "rrshift", "and", "rand", "or", "ror", "xor", "rxor", "neg", "pos", "abs", "invert",
    "int", "float", "complex", "index", "round", "trunc", "floor", "ceil", "delitem", "delattr", "reversed",
]  # fmt: skip
_ASKED_OF_PLAIN_VALUES = {
    *("__contains__", "all", "any", "startswith", "endswith"),
    *(name for name in dir(str) if name.startswith("is")),
}


class Line(Protocol):
    """What a proxy needs of a link; see `links.Link`."""

    @property
    def root(self) -> Path:
        """Where the files that the other process sees lie here."""

    def request(
        self, header: dict[str, Any], buffers: Any = (), timeout_s: float | None = None
    ) -> tuple[dict[str, Any], list[bytes]]:
        """Send a request, return the answer."""

    def callback(self, function: Callable[..., Any]) -> Plain:
        """Return the mark of one of our functions."""


class Proxy:
    # Something that lives in another process. (No docstring: a test may ask for the student's.)
    #
    # Args:
    #     line: returns the link to the process of the moment; a restart changes it.
    #     target: where it is: {"n": name}, {"h": handle}, {"f": function}, {"g": [target, attribute]}.
    #     name: what to call it in messages.
    #     gives_objects: it is a class of the solution's: calling it makes an object whose answers are what is tested.

    def __init__(self, line: Callable[[], Line], target: Plain, name: str, *, gives_objects: bool = False):
        own = {"_line": line, "_target": target, "__name__": name, "__qualname__": name, "_methods": set()}
        own |= {"_gives_objects": gives_objects, "_is_made": False}
        vars(self).update(own)

    @property
    def __doc__(self) -> Any:  # type: ignore[override]
        return self._get("__doc__")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        found = call(self._line, self._target, args, kwargs)
        if isinstance(found, Proxy):
            vars(found)["_is_made"] = self._gives_objects
        return found

    def __getattr__(self, name: str) -> Any:
        # IPython asks what it shows for forms of its own; a page for staff shows none that submitted code makes.
        if (name.startswith("__") and name.endswith("__")) or name.startswith(("_repr_", "_ipython_")):
            raise AttributeError(name)
        self._require_made(name)
        return self._get(name)

    def _require_made(self, name: str) -> None:
        """Refuse to ask what was returned in the place of a plain value: it might say yes to everything."""
        if not self._is_made and name in _ASKED_OF_PLAIN_VALUES:
            text = f"a plain value was expected, such as a string or an array, to be asked for {name}"
            with noted():
                raise ObjectRefused(f"{text}; an object of type {self.__name__} was returned")

    def _get(self, name: str) -> Any:
        if name not in self._methods:
            with _asking(self._line) as line:
                reply, buffers = line.request({"op": "get", "target": self._target, "name": name})
                found = _checked_of(line, reply)
                if not (isinstance(found, dict) and found.get("method") is True):
                    node = found.get("value") if isinstance(found, dict) else None
                    return Decoder(buffers, _resolver(self._line)).decode(node)
            self._methods.add(name)
        return Proxy(self._line, {"g": [self._target, name]}, f"{self.__name__}.{name}")

    def __setattr__(self, name: str, value: Any) -> None:
        with _asking(self._line) as line:
            encoder = Encoder(_leaver(self._line, line))
            node = encoder.encode(value)
            header = {"op": "set", "target": self._target, "name": name, "value": node}
            reply, _ = line.request(header, encoder.sent.buffers)
            _checked_of(line, reply)

    def __repr__(self) -> str:
        return f"<{self.__name__}, in a process of its own>"

    def _kernelmark_apply_(self, function: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call something of `kernelmark.lab` in the process where the object lives."""
        return call(self._line, {"f": function}, args, kwargs)

    def _kernelmark_root_(self) -> Path:
        """Return where the files that its process sees lie here."""
        with _asking(self._line) as link:
            return link.root

    def _special(self, name: str, *args: Any) -> Any:
        try:
            return call(self._line, {"g": [self._target, name]}, args, {})
        except AttributeError as error:
            # What Python itself raises for an object without the method, and what list() looks for.
            raise TypeError(f"{self.__name__} does not support {name}") from error

    def __len__(self) -> int:
        return int(self._special("__len__"))

    def __bool__(self) -> bool:
        for name in ("__bool__", "__len__"):
            with contextlib.suppress(TypeError):
                return bool(self._special(name))
        return True

    def __hash__(self) -> int:
        return id(self)

    def __getitem__(self, key: Any) -> Any:
        return self._special("__getitem__", key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._special("__setitem__", key, value)

    def __contains__(self, item: Any) -> bool:
        self._require_made("__contains__")
        try:
            return bool(self._special("__contains__", item))
        except TypeError:  # as Python does for an object without the method
            return any(item is found or item == found for found in self)

    def __iter__(self) -> Iterator[Any]:
        try:
            remote = self._special("__iter__")
        except TypeError:
            yield from self._by_number()
            return
        for _ in range(MAX_STEPS):
            try:
                yield call(self._line, {"g": [remote._target, "__next__"]}, (), {}, step=True)
            except StopIteration:
                return
        self._endless()

    def __next__(self) -> Any:
        try:
            return call(self._line, {"g": [self._target, "__next__"]}, (), {}, step=True)
        except AttributeError as error:
            raise TypeError(f"{self.__name__} is not an iterator") from error

    def _by_number(self) -> Iterator[Any]:
        for number in range(MAX_STEPS):
            try:
                yield self[number]
            except IndexError:
                return
        self._endless()

    def _endless(self) -> NoReturn:
        with noted():
            raise SubmissionError(f"iterating {self.__name__} did not end after {MAX_STEPS} items")

    def __enter__(self) -> Any:
        return self._special("__enter__")

    def __exit__(self, *_: Any) -> Any:
        return self._special("__exit__", None, None, None)


def _refusal(name: str) -> Callable[..., NoReturn]:
    def refuse(self: Proxy, *_: Any) -> NoReturn:
        text = (
            f"a plain value was expected here (a number, a string, a list, an array), got {self.__name__}, which lives"
        )
        with noted():
            raise ObjectRefused(f"{text} in a process of its own; its __{name}__ is not asked")

    return refuse


for _name in _REFUSED:
    setattr(Proxy, f"__{_name}__", _refusal(_name))


def call(
    line: Callable[[], Line], target: Plain, args: tuple[Any, ...], kwargs: dict[str, Any], *, step: bool = False
) -> Any:
    """Call something in another process and return its result.

    Args:
        step: it is a step of an iteration, which StopIteration ends.

    Raises:
        SubmissionError: the process broke a rule. Any builtin exception that the call raised.
    """
    with _asking(line) as link:
        return _called(line, link, target, args, kwargs, step=step)


@contextlib.contextmanager
def _asking(line: Callable[[], Line]) -> Iterator[Line]:
    """Ask the process of the moment something, and note what is refused."""
    with noted():
        link = line()
    with noted(trusted=getattr(link, "trusted", False)):
        yield link


def _called(
    line: Callable[[], Line],
    link: Line,
    target: Plain,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    *,
    step: bool,
) -> Any:
    encoder = Encoder(_leaver(line, link))
    name = _name_of(target)
    arrays: list[Argument] = []  # which argument each array, and each of the course's value types, belongs to
    values: list[Argument] = []

    def encoded(value: Any, which: str) -> Plain:
        node = encoder.encode(value, 1)
        arrays.extend([(name, which)] * (len(encoder.sent.arrays) - len(arrays)))
        values.extend([(name, which)] * (len(encoder.sent.values) - len(values)))
        return node

    positional = {"t": [encoded(value, str(position)) for position, value in enumerate(args, 1)]}
    keywords = {"d": [[key, encoded(value, key)] for key, value in kwargs.items()]}
    header = {"op": "call", "target": target, "args": positional, "kwargs": keywords}
    reply, buffers = link.request(header, encoder.sent.buffers)
    sent = encoder.sent
    noted = _changes if _changes is not None and _changes.concern(link) else None
    try:
        known = _written_back(sent, arrays, reply.get("changed", ()), buffers, noted)
        states = Decoder(buffers, _resolver(line), known=sent.arrays)
        for value, state, argument in zip(sent.values, reply.get("values", ()), values, strict=False):
            _update(value, states.decode(state), argument, noted)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise WireError(f"malformed answer: {error}") from None
    return Decoder(buffers, _resolver(line), known=known).decode(_checked_of(link, reply, step=step))


def note_changes(changes: Changes | None) -> None:
    """Have the calls from now on note in `changes` which arguments they change, and ask it what comes back."""
    global _changes
    _changes = changes


_changes: Changes | None = None


def _written_back(
    sent: Sent, arguments: list[Argument], changed: Any, buffers: list[bytes], noted: Changes | None
) -> list[np.ndarray]:
    """Write new contents into the arrays sent; return what an answer may refer to as one of them."""
    if len(changed) > len(sent.arrays):
        raise WireError("malformed answer: more changed arguments than arguments")
    known = list(sent.arrays)
    for position, index in changed:
        array = sent.arrays[position]
        if noted is not None and not noted.come_back(arguments[position], array):
            # An answer that is this very argument is the changed one.
            array = known[position] = array.copy(order="K")
        copy_back(sent.nodes[position], buffers[index], array)
    return known


def _update(value: Any, plain: Any, argument: Argument, noted: Changes | None) -> None:
    """Have one of the course's value types hold what it held elsewhere."""
    own = getattr(value, "data", None)
    new = plain.get("data") if isinstance(plain, dict) else None
    if noted is not None and isinstance(own, np.ndarray) and isinstance(new, np.ndarray):
        same = new is own or np.array_equal(new, own, equal_nan=own.dtype.kind in "fc")
        if not same and not noted.come_back(argument, own):
            return
    value.update_from_plain(plain)


def _name_of(target: Plain) -> str:
    """Return what is called, in words that are the same whichever process it lives in."""
    ((tag, content), *_) = target.items()
    if tag == "g":
        return f"{_name_of(content[0])}.{content[1]}"
    return str(content) if tag in ("n", "f") else "an object"


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
    if kind is StopIteration and not step:
        kind, shown = RuntimeError, f"StopIteration: {message}"
    error: Exception
    if isinstance(kind, type) and issubclass(kind, Exception):
        error = _built(kind, shown)
    else:
        error = SubmissionError(f"the call ended with {own_name or kind_name}: {message}")
    error.kernelmark_message = message  # type: ignore[attr-defined]
    error.kernelmark_traceback = trace  # type: ignore[attr-defined]
    error.kernelmark_remote = True  # type: ignore[attr-defined]
    raise error


def _built(kind: type[Exception], message: str) -> Exception:
    """Return an exception of this kind, or of the nearest one above it that is made from a message alone."""
    for above in kind.__mro__:
        with contextlib.suppress(TypeError):
            return above(message)  # type: ignore[no-any-return]
    return SubmissionError(f"{kind.__name__}: {message}")


def _checked_of(line: Line, reply: dict[str, Any], *, step: bool = False) -> Any:
    """Do `checked`, and mark what the course's own code raised: its text is no reason for a student to read."""
    try:
        return checked(reply, step=step)
    except Exception as error:  # whatever the answer reports: it goes on from here, marked
        error.kernelmark_reference = getattr(line, "trusted", False)  # type: ignore[attr-defined]
        raise


_ERROR_FIELDS = ("type", "name", "message", "traceback")


def _resolver(line: Callable[[], Line]) -> Callable[[Plain], Any]:
    def resolve(node: Plain) -> Any:
        if isinstance(node, dict) and type(node.get("h")) is int:
            return Proxy(line, {"h": node["h"]}, printable(node.get("type", "object"))[:100])
        raise WireError("unknown kind of value")

    return resolve


def _leaver(line: Callable[[], Line], link: Line) -> Callable[[Any], Plain]:
    def leave(value: Any) -> Plain:
        if isinstance(value, Proxy) and value._line == line:
            return value._target
        if isinstance(value, Proxy) and "h" in value._target:
            raise WireError(
                f"{value.__name__}, an object of one process, was handed to another; hand over plain values"
            )
        if callable(value):  # a function of the other process, too: it is called from here, where it lives
            return link.callback(value)
        raise WireError(f"{type(value).__name__} may not cross to submitted code")

    return leave
