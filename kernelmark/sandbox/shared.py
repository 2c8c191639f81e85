"""What a test shares with submitted code, at the code's end: globals, generators, `input`, printed text.

It runs beside submitted code and protects nothing. `wire.shared` is the other end, and says what is shared.
"""

import builtins
import contextlib
import io
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from kernelmark.sandbox.shared_files import Beside
from kernelmark.wire.contents import is_as, looked_at
from kernelmark.wire.patched import put, put_back
from kernelmark.wire.streams import states, take_states
from kernelmark.wire.values import Decoder, Encoder, Plain, WireError

# Of what one call prints; the rest is dropped.
MAX_PRINTED_CHARS = 200_000
_MISSING = object()


class Globals:
    """The names of a notebook, of which a test may change some for as long as it runs.

    A name that a test gave another meaning keeps its own, so that the test can still call what it replaced.
    """

    def __init__(self, names: dict[str, Any]):
        self.names = names
        self._kept: dict[str, Any] = {}

    def own(self, name: str) -> Any:
        """Return what the notebook's cells made of a name.

        Raises:
            NameError: no cell defined it.
        """
        value = self._kept.get(name, self.names.get(name, _MISSING))
        if value is _MISSING:
            raise NameError(f"name {name!r} is not defined", name=name)
        return value

    def change(self, wanted: Plain, decoder: Decoder) -> None:
        """Give names the meaning that they have in the test, or take them away."""
        values = [(name, decoder.decode(node)) for name, node in wanted["set"]]
        for name in (*wanted["gone"], *(name for name, _ in values)):
            self._kept.setdefault(name, self.names.get(name, _MISSING))
        for name in wanted["gone"]:
            self.names.pop(name, None)
        for name, value in values:
            self.names[name] = value
        for name in wanted["own"]:
            self._restore(name)

    def restore(self) -> None:
        """Let every name mean again what the notebook's cells made of it: the test is over."""
        for name in list(self._kept):
            self._restore(name)

    def _restore(self, name: str) -> None:
        value = self._kept.pop(name, self.names.get(name, _MISSING))
        if value is _MISSING:
            self.names.pop(name, None)
        else:
            self.names[name] = value


class Around:
    """Everything that is shared during one call: taken from the request, told in the reply."""

    def __init__(self, globals_: Globals, beside: Beside, decoder: Decoder, shared: dict[str, Plain]):
        self._globals, self._beside = globals_, beside
        self._files = shared.get("files", {})
        beside.change(self._files, decoder)
        if "globals" in shared:
            globals_.change(shared["globals"], decoder)
        self._watched = {name: self._look(name) for name in shared.get("watch", ())}
        self._seeded = "random" in shared
        if (random := decoder.decode(shared.get("random"))) is not None:
            take_states(random)
        self._builtins = [(name, decoder.decode(node)) for name, node in shared.get("builtins", ())]
        self._modules = [(m, name, gone, decoder.decode(node)) for m, name, gone, node in shared.get("modules", ())]
        self._former: list[tuple[dict[str, Any], str, Any]] = []
        self._stdin = io.StringIO(shared["stdin"]) if "stdin" in shared else None
        self._printed = {"stdout": Printed(), "stderr": Printed()}

    def _look(self, name: str) -> Any:
        value = self._globals.names.get(name, _MISSING)
        return (value, value.tobytes()) if isinstance(value, np.ndarray) else (value, looked_at(value))

    def _same(self, name: str) -> bool:
        former, look = self._watched[name]
        value = self._globals.names.get(name, _MISSING)
        if value is not former:
            return False
        return bool(value.tobytes() == look) if isinstance(value, np.ndarray) else is_as(value, look)

    @contextlib.contextmanager
    def the_call(self) -> Iterator[None]:
        """Let the block see what the test sees, and keep what it prints."""
        kept = [(name, getattr(builtins, name)) for name, _ in self._builtins]
        stdin = sys.stdin
        for name, value in self._builtins:
            setattr(builtins, name, value)
        if self._stdin is not None:
            sys.stdin = self._stdin
        out, err = self._printed.values()
        self._former = put(self._modules)
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), self._beside.around(self._files):
                yield
        finally:
            put_back(self._former)
            for name, value in kept:
                setattr(builtins, name, value)
            sys.stdin = stdin

    @contextlib.contextmanager
    def lifted(self) -> Iterator[None]:
        """Let modules hold for the block what they held before the call: the test's function is asked."""
        replaced = put_back(self._former)
        try:
            yield
        finally:
            put_back(replaced)

    def told(self, encoder: Encoder) -> dict[str, Plain]:
        """Return what the call changed and printed, for the reply."""
        reply: dict[str, Plain] = {}
        printed = [[name, stream.text] for name, stream in self._printed.items() if stream.text]
        if printed:
            reply["printed"] = printed
        changed = [name for name in self._watched if not self._same(name) and name in self._globals.names]
        found = []
        for name in changed:
            with contextlib.suppress(WireError):
                found.append([name, encoder.encode(self._globals.names[name], 1)])
        if found:
            reply["globals"] = found
        if self._seeded:
            reply["random"] = encoder.encode(states(), 1)
        if self._stdin is not None:
            reply["stdin_read"] = self._stdin.tell()
        return reply


class Printed(io.TextIOBase):
    """Printed text, up to a bound."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._left = MAX_PRINTED_CHARS

    def write(self, text: str) -> int:
        """Keep text as far as there is room."""
        if self._left > 0:
            self._parts.append(str(text)[: self._left])
            self._left -= len(text)
        return len(text)

    def writable(self) -> bool:
        """Say that it is."""
        return True

    @property
    def text(self) -> str:
        """What was printed."""
        return "".join(self._parts)
