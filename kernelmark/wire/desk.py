"""The judge's folder, and the files in it that a test and the solution have in common, as at a desk.

What a test writes goes along with the next call; what the solution wrote under a name that the instructor's text
has is there for the test to read. It is taken from outside, without asking the submission's process for it, so that
this process does not learn which names a test has; as bytes, within bounds, and only under names of which `files`
says that nothing runs them. `sandbox.shared_files` is the other end.
"""

import contextlib
import fnmatch
import os
import re
import sys
import tempfile
import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any, Protocol

from kernelmark.wire.files import MAX_BYTES, MAX_FILES_BACK, MAX_FILES_THERE, Held, Tree, may_come_back
from kernelmark.wire.values import Encoder, Plain

# A judge's folder and its folder for temporary files lie side by side under these names.
PLACE, TEMPORARY = "notebook", "tmp"
MAX_VARIABLE_CHARS = 4096
# A pattern may fit more files than are taken.
MAX_LOOKED_AT = 500
FOLDER = "a folder"
_MISSING = object()


class Line(Protocol):
    """What is asked of a link; see `sandbox.link`."""

    @property
    def root(self) -> Path:
        """Where the files that the other process sees lie here."""

    def request(self, header: dict[str, Any], buffers: Any = ()) -> tuple[dict[str, Any], list[bytes]]:
        """Send a request, return the answer."""


@dataclass
class _There:
    """What a process has of the judge's files, now and when the test of the moment began."""

    has: dict[str, Held]
    had: dict[str, Held] = field(default_factory=dict)
    run: int = -1
    trees: list[Tree] = field(default_factory=list)


class Desk:
    """The folder in which the judge works, with one for temporary files beside it; `used` is false where it has none.

    Args:
        home: where submitted code works, in its sandbox.
    """

    def __init__(self, home: str):
        self.home = home
        place = Path.cwd()
        self.place, self.temporary = Tree(place), Tree(place.parent / TEMPORARY)
        self.used = place.name == PLACE and tempfile.gettempdir() == str(self.temporary.root)
        self.first = self.place.look() if self.used else {}
        # What course's own solution changes of what was there: {text of a test: names}.
        self.changed: dict[str, set[str]] = {}
        self.runs: list[str] = []
        self.there: weakref.WeakKeyDictionary[Any, _There] = weakref.WeakKeyDictionary()

    def names(self) -> dict[str, Held] | None:
        """Return what lies in the folder, to `go_back` to."""
        return self.place.look() if self.used else None

    def go_back(self, former: Mapping[str, Held] | None) -> None:
        """Let the folder hold what it held."""
        if former is not None:
            self.place.put_back(former)

    def tree_of(self, name: str) -> tuple[Tree, str]:
        """Return where a file of the line's name lies here."""
        if name.startswith("/"):
            return self.temporary, os.path.relpath(name, self.temporary.root)
        return self.place, name

    def line_name(self, path: str) -> str:
        """Return the name on the line of a path here, or "" where it lies in neither folder."""
        path = os.path.normpath(path)
        if path.startswith(f"{self.temporary.root}/"):
            return path
        return os.path.relpath(path, self.place.root) if path.startswith(f"{self.place.root}/") else ""


class Files:
    """What one run of a test has in common with the process that it is run against, of files.

    Args:
        source: the text of the test.
        names: what its text may call files, * for anything.
        takes: what the solution wrote is taken.
        trusted: the process is the course's own: what it changes, a submission may change too.
    """

    def __init__(self, desk: Desk, source: str, names: Sequence[str], *, takes: bool, trusted: bool):
        self._desk, self._source, self._names, self._takes, self._trusted = desk, source, names, takes, trusted
        parts = {part for name in names for part in name.split("/")}
        self._exact = {part for part in parts if any(character.isalnum() for character in part)}
        self._patterns = [re.compile(fnmatch.translate(part)) for part in sorted(self._exact) if "*" in part]
        self._deep = [name for name in names if "/" in name and "*" in name]
        self._handed: list[str] = []
        self._link: Any = None
        self._former: dict[str, Held] = {}
        self._theirs: set[str] = set()
        self._taken_bytes = 0
        self._environment = dict(os.environ)
        # What lay here and a submission changed, and nobody knows yet whether the course's own solution does.
        self.doubtful = False
        if source not in desk.runs:
            desk.runs.append(source)

    def begin(self, link: Line) -> None:
        """Let a process have what lies here, as of when the test began, and take what it has written."""
        there = self._desk.there.setdefault(link, _There(dict(self._desk.first)))
        self._link, run = link, self._desk.runs.index(self._source)
        if there.run == run:
            there.has = dict(there.had)
        else:
            there.run, there.had = run, dict(there.has)
        encoder = Encoder(_nothing_else)
        header = {"op": "files", "run": run, "place": str(self._desk.place.root), "files": self._message(encoder)}
        link.request(header, encoder.sent.buffers)
        self._take()

    def outgoing(self, link: Line, encoder: Encoder, given: tuple[tuple[Any, ...], Mapping[str, Any]]) -> Plain:
        """Return what goes along with a call of these arguments."""
        if link is not self._link:
            self.begin(link)
        for path in _paths((*given[0], *given[1].values())):
            self._hand(os.path.join(_here(), path))
        self._hand(_here())
        return self._message(encoder)

    def incoming(self) -> None:
        """Take what a call wrote."""
        self._take()

    def end(self) -> None:
        """Let the folder be as the test alone would have left it: what was taken goes, or is what it was."""
        with contextlib.suppress(OSError):
            os.chdir(self._desk.place.root)
        for name, held in reversed(self._former.items()):
            tree, inner = self._desk.tree_of(name)
            with contextlib.suppress(OSError):
                if isinstance(held, bytes):
                    tree.write(inner, held)
                else:
                    tree.remove(inner)
            if self._link is not None:
                has = self._desk.there[self._link].has
                has.pop(name, None)
                if isinstance(held, bytes):
                    has[name] = tree.held(inner)
        for name in {*os.environ, *self._environment}:
            if os.environ.get(name) != self._environment.get(name):
                _set_variable(name, self._environment.get(name))
        if self._trusted and self._link is not None:
            self._desk.changed.setdefault(self._source, set())
            there = self._desk.there[self._link]
            self._link.request({"op": "files", "run": -1, "place": "", "files": {}})
            there.has, there.run = dict(there.had), -1

    def _hand(self, path: str) -> None:
        """Note a path that the other process learns: what lies there, in a temporary folder, it may read."""
        name = self._desk.line_name(path)
        if name.startswith("/"):
            top = name[len(str(self._desk.temporary.root)) + 1 :].split("/")[0]
            if top not in self._handed:
                self._handed.append(top)

    def _look(self) -> dict[str, Held]:
        found = self._desk.place.look()
        for top in self._handed:
            kind, root = self._desk.temporary.kind(top), f"{self._desk.temporary.root}/"
            below = self._desk.temporary.look(top) if kind == "folder" else {}
            found |= {root + name: held for name, held in below.items()}
            if kind == "folder":
                found[root + top] = None
            elif kind == "file":
                found[root + top] = self._desk.temporary.read(top) or b""
        return found

    def _message(self, encoder: Encoder) -> dict[str, Plain]:
        """Return what has changed here since the process was last told."""
        there, now = self._desk.there[self._link], self._look()
        put: list[Plain] = []
        made, left_bytes = [], MAX_BYTES
        for name, held in now.items():
            if there.has.get(name, _MISSING) == held:
                continue
            if held is None:
                made.append(name)
            else:
                tree, inner = self._desk.tree_of(name)
                content = held if isinstance(held, bytes) else tree.read(inner, left_bytes)
                if content is None or len(content) > left_bytes or len(put) == MAX_FILES_THERE:
                    continue
                left_bytes -= len(content)
                put.append([name, encoder.encode(content, 1)])
            there.has[name] = held
        gone = [name for name in there.has if name not in now and self._desk.tree_of(name)[0].kind(name) == ""]
        for name in gone:
            del there.has[name]
        message: dict[str, Plain] = {"put": put, "made": made, "gone": gone[::-1]}
        cwd = _here()
        if cwd != str(self._desk.place.root) and (name := self._desk.line_name(cwd)):
            message["cwd"] = name
        changed = [name for name in self._names if os.environ.get(name) != self._environment.get(name)]
        if changed:
            variables = [[name, os.environ.get(name)] for name in changed]
            message["variables"] = [pair for pair in variables if len(pair[1] or "") <= MAX_VARIABLE_CHARS]
        return message

    def _take(self) -> None:
        """Take what the process wrote, under names that the test has."""
        if not self._takes:
            return
        there = self._desk.there[self._link]
        if not there.trees:
            inside = self._desk.home, str(self._desk.temporary.root)
            there.trees = [Tree(self._link.root, each) for each in inside]
        home, temporary = there.trees
        self._take_from(home, "", "")
        for top in self._handed:
            self._take_from(temporary, f"{self._desk.temporary.root}/", top)

    def _take_from(self, theirs: Tree, prefix: str, below: str) -> None:
        def wanted(name: str) -> bool:
            return self._is_named(name, below) and may_come_back(name)

        found = theirs.look(below, wanted)
        if below and wanted(below) and (held := theirs.held(below)) is not None:
            found[below] = held
        left_bytes = MAX_BYTES
        for name, held in list(found.items())[:MAX_LOOKED_AT]:
            if isinstance(held, tuple):
                large = theirs.read(name, left_bytes)
                left_bytes -= len(large or b"")
                if large is None:
                    continue
                held = large
            tree, inner = self._desk.tree_of(prefix + name)
            kind = tree.kind(inner)
            if held is None and kind == "":
                self._become(prefix + name, FOLDER)
            elif held is not None and (kind == "" or (kind == "file" and tree.read(inner) != held)):
                self._become(prefix + name, held)
        for name in [n for n in self._desk.there[self._link].has if n.startswith("/") == bool(prefix)]:
            inner = name[len(prefix) :]
            is_here = not below or inner.split("/")[0] == below
            if is_here and inner not in found and wanted(inner) and theirs.kind(inner) == "":
                self._become(name, None)

    def _is_named(self, name: str, below: str) -> bool:
        """Say whether a name, without the temporary folder's own, is the test's."""
        parts = name.split("/")[1 if below else 0 :]
        if all(part in self._exact or any(own.fullmatch(part) for own in self._patterns) for part in parts):
            return True
        whole = "/".join(parts)
        return any(own.count("/") == whole.count("/") and fnmatch.fnmatchcase(whole, own) for own in self._deep)

    def _become(self, name: str, content: bytes | str | None) -> None:
        """Have a file here hold what the process left in it, or go, unless it is the judge's own."""
        tree, inner = self._desk.tree_of(name)
        there = self._desk.there[self._link].has
        kind, plain = tree.kind(inner), self._plain(name)
        own = tree.read(inner) if kind == "file" else None
        if kind not in ("", "file") or (content is None and kind == ""):
            return
        if kind == "file" and own is None:  # it could not be put back
            return
        known = self._desk.changed.get(self._source)
        if kind == "file" and name not in self._theirs:
            if self._trusted:
                self._desk.changed.setdefault(self._source, set()).add(plain)
            elif known is None or plain not in known:
                self.doubtful |= known is None
                return
        size = len(content) if isinstance(content, bytes) else 0
        if len(self._theirs | {name}) > MAX_FILES_BACK or self._taken_bytes + size > 4 * MAX_BYTES:
            return
        self._taken_bytes += size
        _unpickle_nothing()
        if content is not None:
            for count in range(1, len(parts := inner.split("/"))):
                if tree.kind("/".join(parts[:count])) == "":
                    self._become(name[: -len(inner)] + "/".join(parts[:count]), FOLDER)
        self._former.setdefault(name, own)
        self._theirs.add(name)
        with contextlib.suppress(OSError):
            if content is None:
                tree.remove(inner)
                there.pop(name, None)
            elif isinstance(content, str):
                tree.make(inner)
                there[name] = None
            else:
                tree.write(inner, content)
                there[name] = tree.held(inner)

    def _plain(self, name: str) -> str:
        """Return a name that is the same in every run: temporary folders are numbered as they come."""
        if not name.startswith("/"):
            return name
        top, *rest = self._desk.tree_of(name)[1].split("/")
        return "/".join(["", str(self._handed.index(top)), *rest])


def _here() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:  # a folder that the test has removed
        return ""


def _nothing_else(value: Any) -> Plain:
    raise TypeError(f"{type(value).__name__} is no content of a file")


def _paths(given: Sequence[Any], deeper: bool = True) -> Iterator[str]:
    """Return what may be a path among arguments, and in lists, tuples and dicts among them."""
    for value in given:
        if isinstance(value, str | PurePath):
            text = str(value)
            if 0 < len(text) <= MAX_VARIABLE_CHARS and text.isprintable():
                yield text
        elif deeper and type(value) in (list, tuple) and len(value) <= 1000:
            yield from _paths(value, deeper=False)
        elif deeper and type(value) is dict and len(value) <= 1000:
            yield from _paths(list(value.values()), deeper=False)


def _set_variable(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value


_refusing = False


def _unpickle_nothing() -> None:
    """Have this process make no object of a pickle any more: from now on one may be a submission's."""
    global _refusing
    if _refusing:
        return
    _refusing = True

    def refuse(event: str, _: tuple[Any, ...]) -> None:
        if event == "pickle.find_class":
            raise RuntimeError("no pickle is read in a test that reads what submissions wrote")

    sys.addaudithook(refuse)
