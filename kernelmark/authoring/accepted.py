"""Survivors that somebody looked at and accepted, each with the reason: a file beside the course, never released.

An entry is known by the function and the lines that change, not by where they stand. It decides nothing.
"""

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
    if not path.is_file():
        return []
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get("equivalent", [])
        found = [Accepted(*(_lines(e[key]) for key in ("function", "removed", "added", "reason"))) for e in entries]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CourseError(
            f"{path}: expected [[equivalent]] tables with the texts function, removed, added and reason: {error!r}"
        ) from None
    empty = [entry.function for entry in found if not entry.reason]
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
