"""One set of globals, as it looks: what a test changes around a call is so at the other end, and the other way.

At a desk a test and the solution live in one process: a test sets a global that the solution reads, takes a helper
away, seeds a generator, replaces `input`; and the solution changes an object of a set-up cell. Here what the two
share goes along with a call, and what the call made of it comes back. Which names these are is read from the
instructor's text, never from a submission's. `sandbox.shared` is the other end. Of files `desk` knows.
"""

import builtins
import contextlib
import io
import sys
from collections.abc import Callable, Collection, Mapping, MutableMapping
from types import ModuleType
from typing import Any

import numpy as np

from kernelmark.wire.closed import opening_nothing
from kernelmark.wire.contents import is_as, looked_at, refill
from kernelmark.wire.desk import Files
from kernelmark.wire.patched import Patched
from kernelmark.wire.streams import follow_states, states, take_states
from kernelmark.wire.values import Decoder, Encoder, Plain, WireError

# Functions of Python's own that a test may replace.
REPLACEABLE = ("input", "print", "open")
MAX_STDIN_CHARS = 1_000_000
_GONE = object()
_ORIGINAL = {name: getattr(builtins, name) for name in REPLACEABLE}


class Shared:
    """What one run of a test shares with the process it is run against.

    Args:
        line: of that process; calls on another share nothing.
        names: the names of the judge.
        bound: what stood for names of the solution when the test began.
        sent: names that the test may change and the solution reads.
        watched: names that the solution changes and the test reads, each with the functions that may change it.
        seeded: the test seeds a generator of Python's or NumPy's: the two ends have one state.
        files: the files that it has in common with the solution, if it is about any.
        patched: the modules of which it may replace functions, if any.
    """

    def __init__(
        self,
        line: Callable[[], Any],
        names: MutableMapping[str, Any],
        bound: MutableMapping[str, Any],
        *,
        sent: Collection[str] = (),
        watched: Mapping[str, Collection[str]] | None = None,
        seeded: bool = False,
        files: Files | None = None,
        patched: Patched | None = None,
    ):
        self.line = line
        self._names = names
        self._bound = bound
        self._watched = {name: frozenset(functions) for name, functions in sorted((watched or {}).items())}
        self._seeded = seeded
        self._random: list[Any] = []
        self.files = files
        self.patched = patched
        self._link: Any = None
        self.used = False
        # Each name with what it stood for when it was last sent, or when the test began.
        self._known = {name: self._look(name) for name in sorted(sent)}
        self._first = {name: look[0] for name, look in self._known.items()}
        self._stdin = sys.stdin

    def force(self, names: Collection[str]) -> None:
        """Send these names at the next call, whatever they stood for: an earlier test changed them."""
        for name in names:
            if name in self._known and self._names.get(name, _GONE) is not self._bound.get(name, _GONE):
                self._known[name] = (object(), None)
                self._first[name] = _GONE

    def _look(self, name: str) -> tuple[Any, Any]:
        value = self._names.get(name, _GONE)
        look = (value.copy(), value.tobytes()) if type(value) is np.ndarray else (None, looked_at(value))
        return value, look

    def _same(self, name: str) -> bool:
        former, look = self._known[name]
        value = self._names.get(name, _GONE)
        if value is not former:
            return False
        if type(value) is np.ndarray:
            return bool(value.tobytes() == look[1])
        return look is not None and is_as(value, look[1])

    def outgoing(
        self, link: Any, encoder: Encoder, given: tuple[tuple[Any, ...], Mapping[str, Any]]
    ) -> dict[str, Plain]:
        """Return what goes along with a call of these arguments."""
        if link is not self._link:  # it was started again, and knows nothing
            first, self._link = self._link is None, link
            if not first:
                self.force(self._known)
            self._random = []
        message: dict[str, Plain] = {}
        set_, gone, own = [], [], []
        for name in self._known:
            if self._same(name):
                continue
            self._known[name] = self._look(name)
            value = self._known[name][0]
            if isinstance(value, ModuleType):
                continue  # an import is no change
            if value is _GONE:
                gone.append(name)
            elif value is self._bound.get(name, self) or (callable(value) and value is self._first[name]):
                own.append(name)
            else:
                with contextlib.suppress(WireError):  # where the solution does read it, its own work will lack it
                    set_.append([name, encoder.encode(_given(name, value), 1)])
        if set_ or gone or own:
            message["globals"] = {"set": set_, "gone": gone, "own": own}
            self.used = True
        if self._watched:
            message["watch"] = list(self._watched)
        if self._seeded:  # nothing, where it is what it was; it may be something else when the call is over
            former, self._random = self._random, states()
            message["random"] = None if self._random == former else encoder.encode(self._random, 1)
        message |= self._replaced(encoder)
        if self.files is not None:
            message["files"] = self.files.outgoing(link, encoder, given)
        return message

    def _replaced(self, encoder: Encoder) -> dict[str, Plain]:
        """Return Python's own functions that a test replaced, and what it put on standard input."""
        changed = [name for name in REPLACEABLE if getattr(builtins, name) is not _ORIGINAL[name]]
        found: dict[str, Plain] = {}
        if changed:
            found["builtins"] = [[name, encoder.encode(_given(name, getattr(builtins, name)), 1)] for name in changed]
        if self.patched is not None:
            found["modules"] = []
            for module, name, gone, value in self.patched.to_send():
                with contextlib.suppress(WireError):  # what cannot cross: the solution finds what was there
                    found["modules"].append([module, name, gone, encoder.encode(_replacing(value), 1)])
        if sys.stdin is not self._stdin and isinstance(sys.stdin, io.StringIO):
            found["stdin"] = sys.stdin.getvalue()[sys.stdin.tell() :][:MAX_STDIN_CHARS]
        return found

    def lifted(self) -> contextlib.AbstractContextManager[None]:
        """Let modules be what they were, as long as the grader's own code asks."""
        return self.patched.lifted() if self.patched is not None else contextlib.nullcontext()

    def as_in_the_test(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function of the test as one that finds modules as the test has them, whoever calls it."""
        patched = self.patched
        if patched is None:
            return function

        def ask(*args: Any, **kwargs: Any) -> Any:
            with patched.in_place():
                return function(*args, **kwargs)

        return ask

    def incoming(self, reply: Mapping[str, Plain], decoder: Decoder, called: str) -> None:
        """Take in what a call changed, of the names that the course's own function of this name may change.

        Raises:
            WireError: it is malformed.
        """
        for name, node in reply.get("globals", ()):
            if name not in self._watched:
                raise WireError("a name came back that nobody watched")
            function = called.partition(".")[0]
            if (function if function.isidentifier() else "") not in self._watched[name]:
                continue
            value, own = decoder.decode(node), self._names.get(name)
            if type(own) is np.ndarray and type(value) is np.ndarray and own.shape == value.shape:
                own[...] = value
            else:
                self._names[name] = refill(own, value)
            if name in self._bound and self._bound[name] is own:
                self._bound[name] = self._names[name]
            if name in self._known:
                self._known[name] = self._look(name)
        if self._seeded and "random" in reply:
            trusted = getattr(self._link, "trusted", False)
            (take_states if trusted else follow_states)(decoder.decode(reply["random"]))
            self._random = states()
        if self.files is not None:
            self.files.incoming()
        read = reply.get("stdin_read")
        if type(read) is int and read > 0 and isinstance(sys.stdin, io.StringIO):
            sys.stdin.seek(sys.stdin.tell() + min(read, MAX_STDIN_CHARS))


def _given(name: str, value: Any) -> Any:
    """Return what the other side is given in the place of a name's value."""
    value = _without_mocks(value)
    return opening_nothing(value) if name == "open" and callable(value) else value


def _replacing(value: Any) -> Any:
    """Return what the other side is given in the place of a module's function."""
    value = _without_mocks(value)
    return opening_nothing(value) if callable(value) else value


def _without_mocks(value: Any) -> Any:
    """Return a mock as a function whose answers cross: a mock that it answers with stands for nothing there."""
    if type(value).__module__ != "unittest.mock":
        return value

    def ask(*args: Any, **kwargs: Any) -> Any:
        found = value(*args, **kwargs)
        return None if type(found).__module__ == "unittest.mock" else found

    return ask
