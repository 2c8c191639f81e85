"""What a kind of value is, for the rooms that describe some (`kinds_python`, `kinds_numpy`, ...).

A kind says how a value is written as plain data and how it is read again, by whom it is recognised (the package and the
name of its type, so that nothing is imported to ask), and which bound holds. What is read may have been written by
submitted code: every part is asked for its exact type and its size before anything is made of it. The helpers here do
that asking. This room moves nothing and knows no kind.
"""

import contextlib
import importlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from kernelmark.wire.bounds import Allowance, WireError

MAX_NAME_CHARS = 200
# What a test asks of plain values, of frames, paths and tensors, to hear yes or no; no field has such a name.
ASKED_OF_PLAIN_VALUES = frozenset(
    {"all", "any", "startswith", "endswith", "equals", "allclose", "hasnans"}
    | {"is_file", "is_dir", "is_absolute", "is_relative_to", "is_unique", "is_contiguous", "isna", "isnull", "isin"}
    | {"is_monotonic_increasing", "is_monotonic_decreasing"}
    | {name for plain in (str, float, int, set, bytes) for name in dir(plain) if name.startswith("is")}
)

T = TypeVar("T")


class Unfit(Exception):
    """This value of a kind has no plain form; it crosses as what its type is built on, or stays behind."""


@dataclass(frozen=True)
class Kind:
    """How values of some types cross.

    Args:
        name: what stands on the line.
        types: package and name of each type, as in "pathlib.PurePath"; subclasses from the same package are meant too.
        to_plain: returns plain data, or raises Unfit.
        from_plain: makes a value of plain data that came over the line; raises whatever it likes where they are none.
        bound: what keeps a value small, in words.
        update: gives the first value what the second one holds, where a call may change a value of the kind.
        is_open: its parts may be any value, even what stays behind; else they are plain data throughout.
        library: what must be imported to make one; where it is not, the value stays behind.
    """

    name: str
    types: tuple[str, ...]
    to_plain: Callable[[Any], Any]
    from_plain: Callable[[Any, Allowance], Any]
    bound: str
    update: Callable[[Any, Any], None] | None = None
    is_open: bool = False
    library: str | None = None

    def plain_of(self, value: Any) -> Any:
        """Return the plain form of a value.

        Raises:
            Unfit: it has none.
        """
        try:
            return self.to_plain(value)
        except Exception as error:  # whatever a library raises where a value of it is odd: that value stays behind
            if self.library is None:
                raise
            raise Unfit from error

    def is_ready(self) -> bool:
        """Say whether a value can be made in this process."""
        return self.library is None or is_there(self.library)


def is_there(library: str) -> bool:
    """Say whether a library is imported, or can be here where the judge's words alone are read."""
    if library not in sys.modules and _beside_submitted_code:
        try:
            importlib.import_module(library)
        except ImportError:
            return False
    return library in sys.modules


def be_beside_submitted_code() -> None:
    """Say that this process reads only what the judge wrote: from now on it imports what a value needs."""
    global _beside_submitted_code
    _beside_submitted_code = True


_beside_submitted_code = False


@contextlib.contextmanager
def answering() -> Iterator[None]:
    """Let what the block writes hide items: the answer of a call, of which the judge looks at what it hides."""
    global _answering
    before, _answering = _answering, True
    try:
        yield
    finally:
        _answering = before


@contextlib.contextmanager
def hiding_noted() -> Iterator[list[Any]]:
    """Let what the block reads hide items, and give what does: whoever reads it must ask whether it may."""
    global _noted
    before, _noted = _noted, []
    try:
        yield _noted
    finally:
        _noted = before


def answers_may_hide() -> bool:
    """Say whether an answer is written here that may hide items."""
    return _answering


def note_hiding(value: Any) -> bool:
    """Note that a value which was read hides items; say whether somebody looks at the notes."""
    if _noted is not None:
        _noted.append(value)
    return _noted is not None


_answering = False
_noted: list[Any] | None = None


def may_hide(*, when_written: bool) -> bool:
    """Say whether items of a value may be hidden: on the way to submitted code, and never on the way back.

    What is hidden counts in no comparison: `np.allclose(answer, right)` holds for an array that hides what is wrong,
    `(answer == right).all()` for a column of NA. A masked array may be an answer where the course's own solution hides
    the same items in the same answer (`hiding_noted`); for others a course says so, with `checks.crosses`.
    """
    return _beside_submitted_code is not when_written


class Kept:
    """A value that a call may change, with its kind: its state comes back."""

    def __init__(self, kind: Kind, value: Any):
        self.kind = kind
        self.value = value

    def to_plain(self) -> Any:
        """Return the state of now, or None where it has no plain form any more."""
        try:
            return self.kind.plain_of(self.value)
        except Unfit:
            return None

    def update_from_plain(self, plain: Any) -> None:
        """Have the value hold a state that came over the line.

        Raises:
            WireError: it is none of the kind.
        """
        if plain is None or self.kind.update is None:
            return
        new = read(self.kind, plain, Allowance())
        try:
            self.kind.update(self.value, new)
        except (TypeError, ValueError, AttributeError, RuntimeError) as error:
            raise WireError(f"a {self.kind.name} cannot hold what came back: {str(error)[:120]}") from None

    def restore(self, plain: Any) -> None:
        """Have the value hold a state of its own of before, items that it hides included."""
        global _beside_submitted_code
        before, _beside_submitted_code = _beside_submitted_code, True
        try:
            self.update_from_plain(plain)
        finally:
            _beside_submitted_code = before


def read(kind: Kind, plain: Any, allowance: Allowance) -> Any:
    """Make a value of plain data.

    Raises:
        WireError: they are none of the kind.
    """
    try:
        return kind.from_plain(plain, allowance)
    except WireError:
        raise
    except Exception as error:  # whatever a library raises for what it cannot read
        raise WireError(f"malformed {kind.name}: {type(error).__name__}: {str(error)[:120]}") from None


def text(value: Any, most_chars: int = MAX_NAME_CHARS) -> str:
    """Return a string that came over the line.

    Raises:
        WireError: it is none, or too long.
    """
    if type(value) is not str or len(value) > most_chars:
        raise WireError(f"expected text of at most {most_chars} characters, got {type(value).__name__}")
    return value


def whole(value: Any, low: int, high: int) -> int:
    """Return a number from low to high."""
    if type(value) is not int or not low <= value <= high:
        raise WireError(f"expected a number from {low} to {high}, got {type(value).__name__}")
    return value


def flag(value: Any) -> bool:
    """Return a boolean."""
    if type(value) is not bool:
        raise WireError(f"expected a boolean, got {type(value).__name__}")
    return value


def raw(value: Any) -> bytes:
    """Return bytes."""
    if type(value) is not bytes:
        raise WireError(f"expected bytes, got {type(value).__name__}")
    return value


def parts(value: Any, count: int | None = None) -> list[Any]:
    """Return a list, of so many parts where it is told."""
    if type(value) is not list or (count is not None and len(value) != count):
        raise WireError(f"expected a list{f' of {count} parts' if count is not None else ''}")
    return value


def pairs(value: Any) -> dict[Any, Any]:
    """Return a dict."""
    if type(value) is not dict:
        raise WireError(f"expected a dict, got {type(value).__name__}")
    return value


def one_of(value: Any, table: dict[str, T]) -> T:
    """Return what a table has under a name that came over the line."""
    if type(value) is not str or value not in table:
        raise WireError(f"{str(value)[:40]!r} is none of {', '.join(table)}")
    return table[value]
