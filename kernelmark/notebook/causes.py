"""Cells that did not run: what ended each, and which failure of a later test comes of it.

The cause is told once, and what only follows from it points there. It runs nothing and marks
nothing; what it is told of outputs may come from submitted code and is taken as text.
"""

import re
import symtable
import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kernelmark.records import Cause

MAX_MESSAGE_CHARS = 300
# Of a cell, of what an error says and of its traceback; what is longer no person wrote.
MAX_READ_CHARS = 50_000
MAX_SAID_CHARS = 4_000
MAX_TRACE_CHARS = 20_000
# The causes that are listed; a person reads no more.
MAX_LISTED = 50
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_LINE = re.compile(r"\bCell In\[\d+\], line (\d+)")
# What Python adds to the message of a syntax error: the name that IPython gave the cell, and the line.
_PLACE = re.compile(r" \((?:<[^>]*>|[\w.]*?\d+\.py), line (\d+)\)$")
_MISSING = re.compile(r"\bname '(\w+)' is not defined")
_MODULE = re.compile(r"No module named '(\w+)")
_LOST_OBJECT = "was lost when its process was started again"
# Every cell after the first says so: the limit was met once.
_NO_MORE = re.compile(r"\((?:restart_limit|notebook_timeout_s|cpu_limit_s)\)$")
_SYNTAX = ("SyntaxError", "IndentationError", "TabError")
# What no error of Python's in a cell is: a process that ended, or a cell that was stopped.
_ENDED, _STOPPED = "SubmissionLost", ("SubmissionLost", "SubmissionError")
# Lines for IPython. It is not asked to translate them: for a text of many it takes minutes.
_NOT_PYTHON = re.compile(r"^([ \t]*)[%!?].*$", re.MULTILINE)
# Lines that give a name its meaning, in a text that is no Python.
_DEFINES = re.compile(r"^(?:async +)?(?:def|class) +(\w+)", re.MULTILINE)
_ASSIGNS = re.compile(r"^([\w, ]+)=(?!=)", re.MULTILINE)
_IMPORTS = re.compile(r"^(?:from +[\w.]+ +)?import +(.+)$", re.MULTILINE)


def names_of(source: str) -> set[str]:
    """Return the names that a cell gives a meaning at its top level, imports included, as far as it can be read."""
    text = _NOT_PYTHON.sub(r"\1pass", source[:MAX_READ_CHARS])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a wrong escape in a student's string is no concern of ours
            table = symtable.symtable(text, "<cell>", "exec")
    except (SyntaxError, ValueError, OverflowError, MemoryError, RecursionError):
        return _names_of_no_python(text)
    return {symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned() or symbol.is_imported()}


def _names_of_no_python(text: str) -> set[str]:
    found = {match[1] for match in _DEFINES.finditer(text)}
    for match in _ASSIGNS.finditer(text):
        found |= set(match[1].replace(",", " ").split())
    for match in _IMPORTS.finditer(text):
        found |= {part.split()[-1].split(".")[0] for part in match[1].strip("() ").split(",") if part.split()}
    return found


@dataclass
class _Failed:
    """A cell that failed, the names that are missing for it, and the failure that it follows from, if any."""

    cause: Cause
    names: Collection[str]
    source: str
    root: "_Failed | None" = None
    told: bool = False

    @property
    def first(self) -> "_Failed":
        return self if self.root is None else self.root.first

    @property
    def ended(self) -> bool:
        return self.cause.error == _ENDED

    @property
    def stopped(self) -> bool:
        return self.cause.error in _STOPPED

    def may_define(self, name: str) -> bool:
        """Say whether the text may have given the name a meaning where that cannot be read from it."""
        if self.cause.error in _SYNTAX:
            return re.search(rf"\b{re.escape(name)}\b", self.source) is not None
        return re.search(r"\bimport +\*", self.source) is not None


class Causes:
    """What went wrong in the cells of one notebook, as it is run.

    Args:
        names: what the solution cells of the course define: {name: grade ids of the cells}; {} where nobody knows.
    """

    def __init__(self, names: Mapping[str, Sequence[str]]):
        self._names = names
        self._failed: list[_Failed] = []
        self._modules: set[str] = set()
        self._places: dict[str, tuple[str, int]] = {}
        # The cell that ended the last process, where a cell did.
        self._ended: _Failed | None = None

    @property
    def listed(self) -> tuple[Cause, ...]:
        """The cells that did not run and that may have cost something, each once, in the order of the notebook."""
        return tuple(failed.cause for failed in self._failed if failed.told)[:MAX_LISTED]

    @property
    def missing_modules(self) -> tuple[str, ...]:
        """The modules that the cells, or functions of theirs, import and that are not installed here."""
        return tuple(sorted(self._modules))

    def note(self, grade_id: str, position: int, source: str, outputs: Sequence[Mapping[str, Any]]) -> None:
        """Take in what a cell of the student's came to.

        Args:
            position: which of the notebook's code cells it is, from 1.
            outputs: what it showed; the last error among them ended it.
        """
        self._places[source] = grade_id, position
        errors = [output for output in outputs if output.get("output_type") == "error"]
        if errors:
            cause = _cause_of(grade_id, position, errors[-1])
            self._add(cause, source)

    def lost(self, source: str, why: str) -> None:
        """Take in that a cell ended its process, maybe when it was run again, and is left out from then on."""
        grade_id, position = self._places.get(source, ("", 0))
        known = any(failed.ended and failed.source == source for failed in self._failed)
        if position and not known:
            self._add(Cause(grade_id, position, "SubmissionLost", _short(why)), source)

    def note_module(self, error: str, message: str) -> None:
        """Take in what submitted code raised, if it is that a module is missing."""
        if error == "ModuleNotFoundError" and (module := _MODULE.search(message[:MAX_SAID_CHARS])):
            self._modules.add(module[1])

    def behind(self, error: str, message: str) -> Cause | None:
        """Return the cell that did not run and without which this error of a test would not be, or None."""
        if error == "SubmissionLost":  # a call of the test's ended the process, and with it the objects in it
            self._ended = None
        failed = self._behind(error, message[:MAX_SAID_CHARS])
        if failed is None:
            return None
        failed.told = failed.told or failed.cause.error != "NotImplementedError"
        return failed.cause

    def _behind(self, error: str, message: str) -> _Failed | None:
        if _LOST_OBJECT in message:
            return self._ended
        missing = _MISSING.search(message)
        if missing is None:
            return None
        name = missing[1]
        for failed in self._failed:
            if name in failed.names:
                return failed.first
        unsure = [f for f in self._failed if f.may_define(name) or (f.stopped and name in self._names)]
        return unsure[0].first if unsure else None

    def _add(self, cause: Cause, source: str) -> None:
        self.note_module(cause.error, cause.message)
        own = {name for name, ids in self._names.items() if cause.cell and cause.cell in ids}
        failed = _Failed(cause, own | names_of(source), source)
        if cause.error == "NameError":
            failed.root = self._behind(cause.error, cause.message)
        elif _NO_MORE.search(cause.message):
            failed.root = next((f for f in self._failed if f.cause.message == cause.message), None)
        costs = cause.cell or not self._names or self._names.keys() & failed.names
        broken = failed.stopped or cause.error in (*_SYNTAX, "ModuleNotFoundError")
        failed.told = failed.root is None and cause.error != "NotImplementedError" and bool(costs or broken)
        self._failed.append(failed)
        self._ended = failed if failed.ended else self._ended


def _cause_of(grade_id: str, position: int, error: Mapping[str, Any]) -> Cause:
    name, message = str(error.get("ename", "")), str(error.get("evalue", ""))[:MAX_SAID_CHARS]
    trace = error.get("traceback")
    text = _COLOURS.sub("", "\n".join(map(str, trace))[:MAX_TRACE_CHARS]) if isinstance(trace, list) else ""
    line = _LINE.search(text)
    place = _PLACE.search(message) if name in _SYNTAX else None
    number = place or line
    if place is not None:
        message = message[: place.start()]
    return Cause(grade_id, position, _short(name)[:100], _short(message), int(number[1][:6]) if number else 0)


def _short(text: str) -> str:
    plain = " ".join(_COLOURS.sub("", text).encode("utf-8", "replace").decode().split())
    return plain if len(plain) <= MAX_MESSAGE_CHARS else f"{plain[:MAX_MESSAGE_CHARS]}..."
