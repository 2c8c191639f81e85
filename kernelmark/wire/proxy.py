"""The judge's side of a call: names and objects that live in another process.

A `Proxy` stands for a function, class or object there. Arguments cross as plain data;
array arguments that the call changed are written back, unless who notes the changes
(`changes`) holds them back; an exception comes back as the nearest builtin one. It does
not decide what an exception costs.
"""

import contextlib
import functools
import inspect
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn, Protocol

from kernelmark.errors import SubmissionError
from kernelmark.wire.asked import Asked, plain_error
from kernelmark.wire.built_on import Built
from kernelmark.wire.changes import Argument, Changes
from kernelmark.wire.described import answer_inspect, signature_of
from kernelmark.wire.kind import ASKED_OF_PLAIN_VALUES, hiding_noted
from kernelmark.wire.kinds_numpy import hidden_in
from kernelmark.wire.of_libraries import standing_for
from kernelmark.wire.raised import checked, lives, printable
from kernelmark.wire.refused import ObjectRefused, noted
from kernelmark.wire.returned import print_again, refilled, update, written_back
from kernelmark.wire.shared import Shared
from kernelmark.wire.standing import HIDES, MAX_CHARS, PLAIN, Known, Origin, Place, leaves_of, standing_now
from kernelmark.wire.values import Decoder, Encoder, Plain, WireError

# A loop over something in another process ends after so many items, one way or the other.
MAX_STEPS = 100_000
# A plain value would be asked these too, and what begins with `is`. Of an object they are asked where the course's own
# solution has one as well: one that says yes to everything would pass every test in the place of a number.
_ASKED_OF_PLAIN_VALUES = {"__contains__", "exists", "equal", "samefile", *ASKED_OF_PLAIN_VALUES}


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


# A class statement gives a class a `__doc__` of its own; a test may ask for the student's.
_DOCUMENTED = property(lambda found: found._get("__doc__"))


class Remote(Asked):
    # Something that lives in another process. (No docstring: a test may ask for the student's.)
    #
    # Args:
    #     line: returns the link to the process of the moment; a restart changes it.
    #     target: where it is: {"n": name}, {"h": handle}, {"f": function}, {"g": [target, attribute]}.
    #     name: what to call it in messages.
    #     gives_objects: it is a class of the solution's: calling it makes an object whose answers are what is tested.
    #     label: what to call what is asked of it; see `standing`.

    def __init__(
        self, line: Callable[[], Line], target: Plain, name: str, *, gives_objects: bool = False, label: str = ""
    ):
        own = {"_line": line, "_target": target, "__name__": name, "__qualname__": name, "_methods": set()}
        # It answers where it was made by a class of the solution's, or is the course's own; else by its origin.
        own |= {"_gives_objects": gives_objects, "_answers": False, "_origin": None, "_label": label or name}
        vars(self).update(own)

    __doc__ = _DOCUMENTED

    @property
    def __signature__(self) -> inspect.Signature:
        return signature_of(self._described())

    @property
    def __annotations__(self) -> dict[str, Any]:  # type: ignore[override]
        found = self.__signature__
        given = {p.name: p.annotation for p in found.parameters.values()} | {"return": found.return_annotation}
        return {name: kind for name, kind in given.items() if kind is not found.empty}

    def _described(self) -> Any:
        return self._operate("describe", self)

    def __getattr__(self, name: str) -> Any:
        # IPython asks what it shows for forms of its own; a page for staff shows none that submitted code makes.
        if (name.startswith("__") and name.endswith("__")) or name.startswith(("_repr_", "_ipython_")):
            raise AttributeError(name)
        if name in _ASKED_OF_PLAIN_VALUES or name.startswith("is"):
            self._require_standing(name)
        return self._get(name)

    def _call(self, target: Plain, asked: str, *args: Any, **kwargs: Any) -> Any:
        return call(self._line, target, args, kwargs, asked=asked)

    def _operate(self, name: str, *args: Any, step: bool = False) -> Any:
        """Have Python ask something of an object where it lives; see `operators`."""
        return call(self._line, {"o": name}, args, {}, step=step, asked=f"{self._label}.{name}()")

    def _get(self, name: str) -> Any:
        label = f"{self._label}.{name}"
        if name not in self._methods:
            with _asking(self._line) as line:
                reply, buffers = line.request({"op": "get", "target": self._target, "name": name})
                found = _checked_of(line, reply)
                if not (isinstance(found, dict) and found.get("method") is True):
                    node = found.get("value") if isinstance(found, dict) else None
                    with hiding_noted() as hidden:
                        value = Decoder(buffers, object_at(self._line)).decode(node)
                    return came(line, label, value, hidden)
            self._methods.add(name)
        return Proxy(self._line, {"g": [self._target, name]}, f"{self.__name__}.{name}", label=label)

    def __setattr__(self, name: str, value: Any) -> None:
        with _asking(self._line) as line:
            encoder = Encoder(_leaver(self._line, line))
            node = encoder.encode(value)
            header = {"op": "set", "target": self._target, "name": name, "value": node}
            reply, _ = line.request(header, encoder.sent.buffers)
            _checked_of(line, reply)

    def _kernelmark_apply_(self, function: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call something of `kernelmark.lab` in the process where the object lives."""
        return self._call({"f": function}, f"{self._label}.{function}()", *args, **kwargs)

    def _kernelmark_root_(self) -> Path:
        """Return where the files that its process sees lie here."""
        with _asking(self._line) as link:
            return link.root

    def _special(self, name: str, *args: Any) -> Any:
        try:
            return self._call({"g": [self._target, name]}, f"{self._label}.{name}()", *args)
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

    def __getitem__(self, key: Any) -> Any:
        return self._special("__getitem__", key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._special("__setitem__", key, value)

    def __contains__(self, item: Any) -> bool:
        self._require_standing("__contains__")
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
                yield remote._next()
            except StopIteration:
                return
        self._endless()

    def _next(self) -> Any:
        asked = f"{self._label}.__next__()"
        return call(self._line, {"g": [self._target, "__next__"]}, (), {}, step=True, asked=asked)

    def __next__(self) -> Any:
        try:
            return self._next()
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


class Proxy(Remote):
    # What can be called: a function, a class, an object with `__call__`.
    __doc__ = _DOCUMENTED

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        found = self._call(self._target, f"{self._label}()", *args, **kwargs)
        if isinstance(found, Remote) and self._gives_objects:
            kind, name = found.__name__, self.__name__
            vars(found).update(_answers=True, _label=name)
            object.__setattr__(found, "__class__", _class_of(name, callable(found)))
            if (standing := standing_now()) is not None:
                standing.known.note_made(kind, name)
        return found


class Method:
    """A method of a class of the test's: it is handed objects as what they are, and may answer with one.

    Args:
        ask: called with the link, positional and keyword arguments.
    """

    def __init__(self, ask: Callable[[Any, tuple[Any, ...], dict[str, Any]], Any]):
        self._ask = ask

    def at(self, line: Callable[[], Line], link: Line) -> Callable[..., Any]:
        """Return it as a function that a process is given."""

        def asked(*args: Any, **kwargs: Any) -> Any:
            return self._ask(link, args, kwargs)

        asked.kernelmark_reads = object_at(line), _leaver(line, link)  # type: ignore[attr-defined]
        return asked


class _Generator(Remote):
    """A generator or coroutine there: what is sent to it, and what ends it, are steps of an iteration."""

    def send(self, value: Any) -> Any:
        """Go on with a value."""
        if self.__name__ == "coroutine":
            raise StopIteration(self._operate("await", self))
        asked = f"{self._label}.send()"
        return call(self._line, {"g": [self._target, "send"]}, (value,), {}, step=True, asked=asked)

    def __next__(self) -> Any:
        return self.send(None) if self.__name__ == "coroutine" else super().__next__()

    def throw(self, kind: Any, error: Any = None, _: Any = None) -> Any:
        """Go on with an exception."""
        error = next((e for e in (error, kind) if isinstance(e, BaseException)), None) or kind()
        return self._operate("throw", self, plain_error(error), step=True)

    def close(self) -> None:
        """End it."""
        self._call({"g": [self._target, "close"]}, f"{self._label}.close()")


_STEPPED = {"generator", "coroutine"}
_classes: dict[tuple[str, bool], type[Remote]] = {}


def _class_of(name: str, can_be_called: bool) -> type[Remote]:
    """Return what stands for the objects of a class of the solution's: `type(x).__name__` is as at a desk."""
    base = Proxy if can_be_called else Remote
    if (name, can_be_called) not in _classes:
        _classes[name, can_be_called] = type(name, (base,), {"__module__": "__main__", "__doc__": _DOCUMENTED})
    return _classes[name, can_be_called]


def know_of_objects() -> None:
    """Have `inspect` in this process answer for what lives elsewhere."""
    answer_inspect(lambda found: found._described() if isinstance(found, Remote) else None)


def call(
    line: Callable[[], Line],
    target: Plain,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    *,
    step: bool = False,
    asked: str = "",
) -> Any:
    """Call something in another process and return its result.

    Args:
        step: it is a step of an iteration, which StopIteration ends.
        asked: what is asked, in words that are the same in every process; where its answer's objects come from.

    Raises:
        SubmissionError: the process broke a rule. Any builtin exception that the call raised.
    """
    with _asking(line) as link:
        return came(link, asked or _name_of(target), *_called(line, link, target, args, kwargs, step=step))


def came(link: Line, asked: str, value: Any, hidden: Sequence[Any] = ()) -> Any:
    """Return an answer, its objects marked with where they come from.

    Args:
        hidden: what in it hides items, which is right where the course's own solution hides the same.
    """
    standing = standing_now()
    of_the_course = getattr(link, "trusted", False)
    concerned = standing is not None and standing.concerns(link)
    origins: list[Origin] = []
    leaves: list[tuple[Place, str, Callable[[Origin], None] | None]] = []
    for place, part in leaves_of(value):
        if isinstance(part, Remote):
            known = standing.known if standing is not None else Known()
            kind = known.kind(part.__name__)
            label = kind if kind in known.classes else f"{asked}{list(place) or ''}"[-MAX_CHARS:]
            vars(part).update(_answers=of_the_course, _label=label)
            if label == kind and not isinstance(part, _Generator):
                object.__setattr__(part, "__class__", _class_of(kind, callable(part)))
            leaves.append((place, kind, functools.partial(_mark, part)))
        elif any(part is one for one in hidden):
            leaves.append((place, f"{HIDES}{hidden_in(part)}", origins.append))
        else:
            leaves.append((place, PLAIN, None))
    if concerned and standing is not None:
        standing.came(asked, iter(leaves))
    if hidden and not of_the_course:
        believed = [origin for origin in origins if standing is not None and standing.believes(origin)]
        if len(believed) != len(hidden):
            with noted():
                raise ObjectRefused(f"{asked} hides items of an array that are to be seen")
    return value


def came_by_name(link: Line, found: Remote, kind: Any) -> None:
    """Mark what a name stands for, a function or an object of this type, as an answer is marked."""
    standing = standing_now()
    vars(found)["_answers"] = getattr(link, "trusted", False)
    if standing is not None and standing.concerns(link):
        standing.came(found._label, iter([((), printable(kind)[:100], functools.partial(_mark, found))]))


def _mark(found: Remote, origin: Origin) -> None:
    vars(found)["_origin"] = origin


@contextlib.contextmanager
def _asking(line: Callable[[], Line]) -> Iterator[Line]:
    """Ask the process of the moment something, and note what is refused."""
    with _shared.lifted() if _shared is not None else contextlib.nullcontext():
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
) -> tuple[Any, list[Any]]:
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
    shared = _shared if _shared is not None and _shared.line == line else None
    if shared is not None:
        header |= shared.outgoing(link, encoder, (args, kwargs))
    reply, buffers = link.request(header, encoder.sent.buffers)
    sent = encoder.sent
    noted = _changes if _changes is not None and _changes.concern(link) else None
    arrays += [(name, "a global")] * (len(sent.arrays) - len(arrays))
    values += [(name, "a global")] * (len(sent.values) - len(values))
    try:
        known = written_back(sent, arrays, reply.get("changed", ()), buffers, noted)
        states = Decoder(buffers, object_at(line), known=sent.arrays)
        for value, state, argument in zip(sent.values, reply.get("values", ()), values, strict=False):
            update(value, states.decode(state), argument, noted)
        decoder = Decoder(buffers, object_at(line), known=known)
        refilled(name, (args, kwargs), reply.get("contents", ()), decoder, noted)
        if shared is not None:
            shared.incoming(reply, decoder, name)
        print_again(reply.get("printed", ()))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise WireError(f"malformed answer: {error}") from None
    with hiding_noted() as hidden:
        return decoder.decode(_checked_of(link, reply, step=step)), hidden


def share(shared: Shared | None) -> None:
    """Have the calls from now on share what a test and the solution have in common."""
    global _shared
    _shared = shared


_shared: Shared | None = None


def note_changes(changes: Changes | None) -> None:
    """Have the calls from now on note in `changes` which arguments they change, and ask it what comes back."""
    global _changes
    _changes = changes


_changes: Changes | None = None


def _name_of(target: Plain) -> str:
    """Return what is called, in words that are the same whichever process it lives in."""
    ((tag, content), *_) = target.items()
    if tag == "g":
        return f"{_name_of(content[0])}.{content[1]}"
    return str(content) if tag in ("n", "f") else "an object"


def _checked_of(line: Line, reply: dict[str, Any], *, step: bool = False) -> Any:
    """Do `checked`, and mark what the course's own code raised: its text is no reason for a student to read."""
    try:
        return checked(reply, step=step)
    except Exception as error:  # whatever the answer reports: it goes on from here, marked
        error.kernelmark_reference = getattr(line, "trusted", False)  # type: ignore[attr-defined]
        raise


def object_at(line: Callable[[], Line]) -> Callable[[Plain], Any]:
    """Return what makes of the number of an object in a process what stands for it here."""

    def resolve(node: Plain) -> Any:
        if isinstance(node, dict) and type(node.get("h")) is int:
            kind = printable(node.get("type", "object"))[:100]
            base = _Generator if kind in _STEPPED else Proxy if node.get("callable") is True else Remote
            stands: type[Remote] = standing_for(base, node.get("module"), kind)
            return stands(line, {"h": node["h"]}, kind)
        raise WireError("unknown kind of value")

    return resolve


def _leaver(line: Callable[[], Line], link: Line) -> Callable[[Any], Plain]:
    def leave(value: Any) -> Plain:
        value = value._theirs if isinstance(value, Built) and hasattr(value, "_theirs") else lives(value)
        if isinstance(value, Method):
            return link.callback(value.at(line, link))
        if isinstance(value, type) and value in _classes.values():
            return {"n": value.__name__}
        if isinstance(value, Remote) and value._line == line:
            return value._target
        if isinstance(value, Remote) and "h" in value._target:
            raise WireError(
                f"{value.__name__}, an object of one process, was handed to another; hand over plain values"
            )
        if callable(value):  # a function of the other process, too: it is called from here, where it lives
            return link.callback(value if _shared is None else _shared.as_in_the_test(value))
        raise WireError(f"{type(value).__name__} may not cross to submitted code")

    return leave
