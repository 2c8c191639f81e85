"""What calls did to the arrays they were given, while a test ran.

At a desk a function that changes an argument changes the test's own array, so changes come
back. But a test that works out what is right after the call works with what the call left.
This room notes which arguments were changed and what the arrays held before, so that the same
test can be asked again with the arrays as they were. Who asks again, and when, is the judge's.
"""

import weakref
from collections.abc import Collection
from typing import Any

import numpy as np

from kernelmark.wire.contents import Container, containers
from kernelmark.wire.kind import Kept

# The function, and the argument by position (from 1) or by keyword.
Argument = tuple[str, str]


class Changes:
    """A note of changed arguments, and what may come back.

    Args:
        trusted: note what the course's own code changes, and not what submitted code does.
        allowed: the arguments whose changes come back; all where None.
    """

    def __init__(self, *, trusted: bool = False, allowed: Collection[Argument] | None = None):
        self.made: set[Argument] = set()
        self._trusted = trusted
        self._allowed = allowed
        # Arrays that own memory, by id: no array of a test is kept alive for what it held.
        self._held: dict[int, tuple[weakref.ref[np.ndarray], np.ndarray, set[Argument]]] = {}
        # Lists, dicts and sets, by id, each with what it held.
        self._contents: dict[int, tuple[Container, Container, set[Argument]]] = {}
        # Values that cross by their state, by id; each is kept as long as this note.
        self._states: dict[int, tuple[Kept, Any, set[Argument]]] = {}

    def concern(self, line: Any) -> bool:
        """Say whether the code at the other end of a line is the one whose changes are noted."""
        return bool(getattr(line, "trusted", False)) == self._trusted

    def come_back(self, argument: Argument, array: np.ndarray) -> bool:
        """Note that a call is about to change an array; return False where it must stay as it is."""
        self.made.add(argument)
        if self._allowed is not None and argument not in self._allowed:
            return False
        root = array
        while isinstance(root.base, np.ndarray) and root.base.flags.writeable:
            root = root.base
        name = id(root)
        if name not in self._held:
            reference = weakref.ref(root, lambda _: self._held.pop(name, None))
            self._held[name] = (reference, np.array(root, subok=False), set())
        self._held[name][2].add(argument)
        return True

    def contents_come_back(self, argument: Argument, value: Any) -> bool:
        """Note that a call is about to change what a value's containers hold; False where it must stay as it is."""
        self.made.add(argument)
        if self._allowed is not None and argument not in self._allowed:
            return False
        for each in containers(value):
            self._contents.setdefault(id(each), (each, each.copy(), set()))[2].add(argument)
        return True

    def state_comes_back(self, argument: Argument, kept: Kept) -> bool:
        """Note that a call is about to change a value that crosses by its state; False where it must stay."""
        self.made.add(argument)
        if self._allowed is not None and argument not in self._allowed:
            return False
        name = id(kept.value)
        if name not in self._states:
            self._states[name] = (kept, kept.to_plain(), set())
        self._states[name][2].add(argument)
        return True

    def exchange(self, only: Collection[Argument] | None = None) -> None:
        """Give changed arrays that are still there, and containers, their former contents; a second time, those of now.

        Args:
            only: leave out arrays that were changed through any other argument.
        """
        for reference, other, arguments in list(self._held.values()):
            root = reference()
            if root is not None and root.flags.writeable and (only is None or arguments <= set(only)):
                now = np.array(root, subok=False)
                root.view(np.ndarray)[...] = other
                other[...] = now
        for name, (value, held, arguments) in list(self._contents.items()):
            if only is None or arguments <= set(only):
                self._contents[name] = (value, value.copy(), arguments)
                _fill(value, held)
        for name, (kept, state, arguments) in list(self._states.items()):
            if only is None or arguments <= set(only):
                self._states[name] = (kept, kept.to_plain(), arguments)
                kept.restore(state)


def _fill(value: Container, held: Container) -> None:
    """Let a container hold what another one holds."""
    if isinstance(value, list) and isinstance(held, list):
        value[:] = held
    elif isinstance(value, dict | set):
        value.clear()
        value.update(held)


def told(arguments: Collection[Argument]) -> str:
    """Return arguments in words, as in "softmax: argument 1"."""
    return ", ".join(f"{name}: argument {which}" for name, which in sorted(arguments))
