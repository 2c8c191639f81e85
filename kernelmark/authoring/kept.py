"""Outcomes of earlier runs, by the hash of all that they rest on, in one file below the course's records.

A file that cannot be read is one without outcomes. It does not know what an outcome means.
"""

import contextlib
import json
import os
import threading
from pathlib import Path
from typing import Any

# The oldest go first; one takes about 300 bytes.
MAX_KEPT = 40_000
SAVE_EVERY = 100


class Kept:
    """Outcomes by hash, written now and then and at the end."""

    def __init__(self, path: Path):
        self._path = path
        self._new = 0
        self._lock = threading.Lock()
        self._found: dict[str, dict[str, Any]] = {}
        with contextlib.suppress(OSError, ValueError):
            read = json.loads(path.read_text(encoding="utf-8"))
            if isinstance(read, dict):
                self._found = {key: value for key, value in read.items() if isinstance(value, dict)}

    def get(self, key: str, kind: Any) -> Any:
        """Return what was kept under a hash as a `kind`, or None."""
        try:
            return kind(**self._found[key])
        except (KeyError, TypeError):
            return None

    def put(self, key: str, value: dict[str, Any]) -> None:
        """Keep an outcome."""
        with self._lock:
            self._found.pop(key, None)
            self._found[key] = value
            self._new += 1
            if self._new >= SAVE_EVERY:
                self._write()

    def save(self) -> None:
        """Write what is new, so that a reader sees all of it or what was there before."""
        with self._lock:
            if self._new:
                self._write()

    def _write(self) -> None:
        self._new = 0
        self._path.parent.mkdir(parents=True, exist_ok=True)
        kept = dict(list(self._found.items())[-MAX_KEPT:])
        temporary = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        temporary.write_text(json.dumps(kept), encoding="utf-8")
        temporary.replace(self._path)
