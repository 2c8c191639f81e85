"""Survivors that somebody looked at and accepted, each with the reason: a file beside the course, never released.

An entry is known by the function and the lines that change, not by where they stand. The same file says which inputs a
contract names, where it does not name all. It decides nothing.
"""

import ast
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from kernelmark.authoring.mutants import Mutant
from kernelmark.errors import CourseError


@dataclass(frozen=True)
class Accepted:
    """An accepted survivor: what it is known by, and why it is none that a test should catch."""

    function: str
    removed: str
    added: str
    reason: str

    def is_of(self, mutant: Mutant) -> bool:
        """Say whether a mutant is this one."""
        return mutant.function == self.function and mutant.changed == (self.removed, self.added)


def place(root: Path, assignment: str) -> Path:
    """Return where the file of an assignment lies."""
    return root / "audit" / f"{assignment}.toml"


def load(path: Path) -> list[Accepted]:
    """Return the entries of a file, none where there is no file.

    Raises:
        CourseError: it is not of the form that `entry` writes.
    """
    return [Accepted(*each) for each in _tables(path, "equivalent", ("function", "removed", "added", "reason"))]


def inputs(path: Path) -> dict[str, str]:
    """Return what holds of the inputs that contracts name, an expression in the parameters by function.

    A method is `Class.method`, what makes an object is `Class`.

    Raises:
        CourseError: it is not of this form.
    """
    found: dict[str, str] = {}
    for function, where, _ in _tables(path, "inputs", ("function", "where", "reason")):
        try:
            ast.parse(where, mode="eval")
        except SyntaxError as error:
            raise CourseError(f"{path}: where = {where!r} of {function} is no expression of Python: {error}") from None
        found[function] = f"({found[function]}) and ({where})" if function in found else where
    return found


def _tables(path: Path, name: str, keys: tuple[str, ...]) -> list[tuple[str, ...]]:
    if not path.is_file():
        return []
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get(name, [])
        found = [tuple(_lines(each[key]) for key in keys) for each in entries]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CourseError(
            f"{path}: expected [[{name}]] tables with the texts {', '.join(keys[:-1])} and {keys[-1]}: {error!r}"
        ) from None
    empty = [each[0] for each in found if not each[-1]]
    if empty:
        raise CourseError(f"{path}: every entry needs a reason; one of {empty[0]} has none")
    return found


def entry(mutant: Mutant, reason: str = "") -> str:
    """Return the text of an entry, to be filled in and put into the file."""
    removed, added = mutant.changed
    pairs = {"function": mutant.function, "removed": removed, "added": added, "reason": reason}
    return "\n".join(["[[equivalent]]", *(f"{key} = {_quoted(text)}" for key, text in pairs.items())])


def unused(entries: Iterable[Accepted], mutants: Iterable[Mutant]) -> list[Accepted]:
    """Return the entries that no mutant matches any more."""
    known = {(m.function, *m.changed) for m in mutants}
    return [entry for entry in entries if (entry.function, entry.removed, entry.added) not in known]


def _lines(text: str) -> str:
    return "\n".join(line.strip() for line in text.strip().split("\n"))


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"""\n{escaped}\n"""' if "\n" in text else f'"{escaped}"'
