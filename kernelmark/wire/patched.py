"""What a test puts in the place of functions of modules that the solution uses too, as `mock.patch` does.

It is noted what the modules held when the test began. What differs goes along with each call and holds at the other end
for as long as the call takes. Here it is lifted while the grader's own code asks, which uses some of these modules too.
What may stand there is for `closed` to say.
"""

import contextlib
import importlib
import sys
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

from kernelmark.wire.closed import answers_are_fixed, reaches_out

_GONE = object()
# Of `sys` only what a program is told; its streams have ways of their own.
_OF_SYS = frozenset({"argv", "platform", "maxsize"})
MAX_PATCHED = 100


def modules_of(names: Mapping[str, bool]) -> list[ModuleType]:
    """Return the modules of these names that are there.

    Args:
        names: each with whether it may be imported for it: a cell of the notebook imports its package.
    """
    found = []
    for name, may_import in names.items():
        above, _, own = name.rpartition(".")
        if may_import and name not in sys.modules and (not above or not hasattr(sys.modules.get(above), own)):
            with contextlib.suppress(Exception):  # what it imports may raise anything; then nothing in it is replaced
                importlib.import_module(name)
        if isinstance(module := sys.modules.get(name), ModuleType):
            found.append(module)
    return found


def _replaceable(module: ModuleType) -> dict[str, Any]:
    found = {n: v for n, v in vars(module).items() if not n.startswith("_") and not isinstance(v, ModuleType)}
    return found if module is not sys else {name: found[name] for name in _OF_SYS}


class Patched:
    """What modules held when a test began, and what the test has put in its place since.

    Args:
        names: of the modules; see `modules_of`.
    """

    def __init__(self, names: Mapping[str, bool]):
        self.modules = modules_of(names)
        # Each with what it holds of what a test may replace, under public names.
        self._held = {module.__name__: (vars(module), _replaceable(module)) for module in self.modules}
        self._lifted: list[tuple[str, str, Any]] | None = None

    def now(self) -> list[tuple[str, str, Any]]:
        """Return what is replaced: the module, the name in it, and what the test has put there."""
        if self._lifted is not None:
            return self._lifted
        return [
            (module, name, space.get(name, _GONE))
            for module, (space, held) in self._held.items()
            for name, former in held.items()
            if space.get(name, _GONE) is not former
        ]

    def to_send(self) -> Iterator[tuple[str, str, bool, Any]]:
        """Yield what may be so at the other end: the module, the name, whether it is gone, and what stands there."""
        for count, (module, name, value) in enumerate(self.now()):
            if count >= MAX_PATCHED or isinstance(value, type | ModuleType):
                continue
            if value is not _GONE and reaches_out(module) and not answers_are_fixed(value):
                continue
            yield module, name, value is _GONE, None if value is _GONE else value

    @contextlib.contextmanager
    def lifted(self) -> Iterator[None]:
        """Let the modules be for the block what they were when the test began."""
        if self._lifted is not None:
            yield
            return
        self._lifted = self.now()
        self._hold_again()
        try:
            yield
        finally:
            replaced, self._lifted = self._lifted, None
            self._put(replaced)

    @contextlib.contextmanager
    def in_place(self) -> Iterator[None]:
        """Let the modules be for the block what the test made of them: a function of the test runs."""
        if (replaced := self._lifted) is None:
            yield
            return
        self._lifted = None
        self._put(replaced)
        try:
            yield
        finally:
            self._lifted = self.now()
            self._hold_again()

    def end(self) -> None:
        """Let the modules be what they were, for good."""
        self._lifted = self.now()
        self._hold_again()

    def _hold_again(self) -> None:
        for module, name, _ in self._lifted or ():
            space, held = self._held[module]
            space[name] = held[name]

    def _put(self, replaced: list[tuple[str, str, Any]]) -> None:
        for module, name, value in replaced:
            space = self._held[module][0]
            if value is _GONE:
                space.pop(name, None)
            else:
                space[name] = value


def put(values: list[tuple[str, str, bool, Any]]) -> list[tuple[dict[str, Any], str, Any]]:
    """Put values in the place of what modules of this process hold; return what was there, to be put back."""
    former: list[tuple[dict[str, Any], str, Any]] = []
    for module, name, gone, value in values:
        with contextlib.suppress(Exception):  # what is not there cannot be used
            space = vars(importlib.import_module(module))
            former.append((space, name, space.get(name, _GONE)))
            if gone:
                space.pop(name, None)
            else:
                space[name] = value
    return former


def put_back(former: list[tuple[dict[str, Any], str, Any]]) -> list[tuple[dict[str, Any], str, Any]]:
    """Undo what `put` did, the last one first; return what was there, to be put again."""
    replaced = []
    for space, name, value in reversed(former):
        replaced.append((space, name, space.get(name, _GONE)))
        if value is _GONE:
            space.pop(name, None)
        else:
            space[name] = value
    return replaced
