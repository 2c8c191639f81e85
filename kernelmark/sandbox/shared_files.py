"""The files that a test shares with submitted code, at the code's end: laid beside it before a call.

It runs beside submitted code and protects nothing. `wire.desk` is the other end, and takes by itself, from outside,
what the code wrote.
"""

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kernelmark.wire.files import Held, Tree
from kernelmark.wire.values import Decoder, Plain


class Beside:
    """The folder in which submitted code works, and what a test has laid there."""

    def __init__(self) -> None:
        self._home = Tree(Path.cwd())
        self._run = -1
        self._former: dict[str, Held] = {}
        self._link = ""

    def begin(self, run: int, place: str) -> None:
        """Begin a run of a test: the same test again finds what it found, and so does whoever comes after the last.

        Args:
            run: the number of the test; negative where none begins.
            place: the judge's folder: a path below it is one of the folder here.
        """
        if self._run == run or (run < 0 <= self._run):
            self._home.put_back(self._former)
        elif run >= 0:
            self._former = self._home.look()
        self._run = run
        with contextlib.suppress(OSError):
            if self._link and place != self._link:
                os.unlink(self._link)
            if place.startswith("/tmp/") and place != self._link:
                os.makedirs(os.path.dirname(place), exist_ok=True)
                os.symlink(self._home.root, place)
            self._link = place

    def change(self, wanted: Mapping[str, Plain], decoder: Decoder) -> None:
        """Have files hold what they hold in the test."""
        for name in wanted.get("gone", ()):
            self._at(name).remove(name.lstrip("/"))
        for name in wanted.get("made", ()):
            with contextlib.suppress(OSError):
                self._at(name).make(name.lstrip("/"))
        for name, node in wanted.get("put", ()):
            with contextlib.suppress(OSError):
                self._at(name).write(name.lstrip("/"), decoder.decode(node))

    def _at(self, name: str) -> Tree:
        return Tree(Path("/")) if name.startswith("/tmp/") else self._home

    @contextlib.contextmanager
    def around(self, wanted: Mapping[str, Plain]) -> Iterator[None]:
        """Let the block work where the test does, with its variables."""
        former = os.getcwd() if "cwd" in wanted else ""
        kept: dict[str, Any] = {name: os.environ.get(name) for name, _ in wanted.get("variables", ())}
        for name, value in wanted.get("variables", ()):
            _set(name, value)
        try:
            if former:
                with contextlib.suppress(OSError):
                    os.chdir(self._home.root / wanted["cwd"])
            yield
        finally:
            for name, value in kept.items():
                _set(name, value)
            if former:
                os.chdir(former)


def _set(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value
