"""The judge's side of a call: names and objects that live in another process.

A `Proxy` stands for a function, class or object there. Arguments cross as plain data;
array arguments that the call changed are written back; an exception comes back as the
nearest builtin one. It does not decide what an exception costs.
"""

import builtins
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from kernelmark.errors import SubmissionError
from kernelmark.wire import Decoder, Encoder, Plain, WireError, copy_back

# A loop over something in another process ends after so many items, one way or the other.
MAX_STEPS = 10_000


class Line(Protocol):
    """What a proxy needs of a link; see `links.Link`."""

    def request(
        self, header: dict[str, Any], buffers: Any = (), timeout_s: float | None = None
    ) -> tuple[dict[str, Any], list[bytes]]:
        """Send a request, return the answer."""

    def callback(self, function: Callable[..., Any]) -> Plain:
        """Return the mark of one of our functions."""


class Proxy:
    """Something that lives in another process.

    Args:
        line: returns the link to the process of the moment; a restart changes it.
        target: where it is: {"n": name}, {"h": handle}, {"f": function}, {"g": [target, attribute]}.
        name: what to call it in messages.
    """

    def __init__(self, line: Callable[[], Line], target: Plain, name: str):
        own = {"_line": line, "_target": target, "__name__": name, "__qualname__": name, "_methods": set()}
        vars(self).update(own)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return call(self._line, self._target, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        if name not in self._methods:
            reply, buffers = self._line().request({"op": "get", "target": self._target, "name": name})
            found = checked(reply)
            if not (isinstance(found, dict) and found.get("method") is True):
                node = found.get("value") if isinstance(found, dict) else None
                return Decoder(buffers, _resolver(self._line)).decode(node)
            self._methods.add(name)
        return Proxy(self._line, {"g": [self._target, name]}, f"{self.__name__}.{name}")

    def __setattr__(self, name: str, value: Any) -> None:
        line = self._line()
        encoder = Encoder(_leaver(line))
        node = encoder.encode(value)
        reply, _ = line.request(
            {"op": "set", "target": self._target, "name": name, "value": node}, encoder.sent.buffers
        )
        checked(reply)

    def __repr__(self) -> str:
        return f"<{self.__name__}, in a process of its own>"

    def _kernelmark_apply_(self, function: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call something of `kernelmark.lab` in the process where the object lives."""
        return call(self._line, {"f": function}, args, kwargs)

    def _special(self, name: str, *args: Any) -> Any:
        try:
            return call(self._line, {"g": [self._target, name]}, args, {})
        except AttributeError as error:
            # What Python itself raises for an object without the method, and what list() looks for.
            raise TypeError(f"{self.__name__} does not support {name}") from error

    def __len__(self) -> int:
        return int(self._special("__len__"))

    def __bool__(self) -> bool:
        return True

    def __getitem__(self, key: Any) -> Any:
        return self._special("__getitem__", key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._special("__setitem__", key, value)

    def __contains__(self, item: Any) -> bool:
        return bool(self._special("__contains__", item))

    def __iter__(self) -> Iterator[Any]:
        remote = self._special("__iter__")
        for _ in range(MAX_STEPS):
            try:
                yield call(self._line, {"g": [remote._target, "__next__"]}, (), {}, step=True)
            except StopIteration:
                return
        raise SubmissionError(f"iterating {self.__name__} did not end after {MAX_STEPS} items")

    def __enter__(self) -> Any:
        return self._special("__enter__")

    def __exit__(self, *_: Any) -> Any:
        return self._special("__exit__", None, None, None)


def call(
    line: Callable[[], Line], target: Plain, args: tuple[Any, ...], kwargs: dict[str, Any], *, step: bool = False
) -> Any:
    """Call something in another process and return its result.

    Args:
        step: it is a step of an iteration, which StopIteration ends.

    Raises:
        SubmissionError: the process broke a rule. Any builtin exception that the call raised.
    """
    link = line()
    encoder = Encoder(_leaver(link))
    header = {"op": "call", "target": target, "args": encoder.encode(args), "kwargs": encoder.encode(kwargs)}
    reply, buffers = link.request(header, encoder.sent.buffers)
    sent = encoder.sent
    try:
        changed = reply.get("changed", ())
        if len(changed) > len(sent.arrays):
            raise WireError("malformed answer: more changed arguments than arguments")
        for position, index in changed:
            copy_back(sent.nodes[position], buffers[index], sent.arrays[position])
        states = Decoder(buffers, _resolver(line), known=sent.arrays)
        for value, state in zip(sent.values, reply.get("values", ()), strict=False):
            value.update_from_plain(states.decode(state))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise WireError(f"malformed answer: {error}") from None
    return Decoder(buffers, _resolver(line), known=sent.arrays).decode(checked(reply, step=step))


def printable(value: Any) -> str:
    """Return text from the other side, bounded and fit to be written anywhere."""
    return str(value)[:20_000].encode("utf-8", "replace").decode()


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
        try:
            error = kind(shown)
        except TypeError:
            error = SubmissionError(f"{kind_name}: {shown}")
    else:
        error = SubmissionError(f"the call ended with {own_name or kind_name}: {message}")
    error.kernelmark_traceback = trace  # type: ignore[attr-defined]
    error.kernelmark_remote = True  # type: ignore[attr-defined]
    raise error


_ERROR_FIELDS = ("type", "name", "message", "traceback")


def _resolver(line: Callable[[], Line]) -> Callable[[Plain], Any]:
    def resolve(node: Plain) -> Any:
        if isinstance(node, dict) and type(node.get("h")) is int:
            return Proxy(line, {"h": node["h"]}, printable(node.get("type", "object"))[:100])
        raise WireError("unknown kind of value")

    return resolve


def _leaver(link: Line) -> Callable[[Any], Plain]:
    def leave(value: Any) -> Plain:
        if isinstance(value, Proxy):
            return value._target
        if callable(value):
            return link.callback(value)
        raise WireError(f"{type(value).__name__} may not cross to submitted code")

    return leave
