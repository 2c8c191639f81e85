"""A folder and what lies in it, looked at and changed without following a link.

Both ends of the line use it: the judge for its own folder and for what a submission wrote, the process of the
submission for its own. What is read is bytes, within bounds. `may_come_back` says of which names a judge may take
what a submission wrote. It does not say which names a test has in common with the solution: `desk` does.
"""

import contextlib
import importlib.util
import io
import os
import re
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

# What may be carried in one run of a test, each way.
MAX_BYTES = 16 * 2**20
MAX_FILES_BACK = 32
MAX_FILES_THERE = 256
# Of what lies in a folder: a larger file is known by its size and times alone, and is not put back.
KEPT_BYTES = 2**20
MAX_ENTRIES = 5000
MAX_DEPTH = 6
# A file changed again so soon may have the same time.
SAME_TIME_NS = 100_000_000
# Files that neither Python nor a library runs or makes objects of.
ENDINGS = frozenset(
    {"txt", "csv", "tsv", "tab", "json", "jsonl", "geojson", "md", "rst", "tex", "log", "dat", "data", "npy", "npz"}
    | {"html", "xml", "yaml", "yml", "ini", "cfg", "toml", "bin", "out", "in", "arff", "fasta", "fa", "mtx", "asc"}
    | {"pgm", "ppm", "pbm", "svg", "dot", "gv", "xyz", "pdb", "cif", "inp"}
)
# Read by programs without being asked for, wherever they start.
UNASKED = frozenset({"matplotlibrc", "setup.cfg", "pyproject.toml", "tox.ini", "pytest.ini", "pyvenv.cfg"})
_PART = re.compile(r"[^\W.][\w .,+=@()-]*")

# What a name stands for: a folder, the bytes of a file, or size and times of one too large to be kept.
Held = bytes | tuple[int, ...] | None
_MISSING = object()


def may_come_back(name: str) -> bool:
    """Say whether what a submission wrote under this name, relative to a folder, may lie where a judge works.

    Never a name that `import` could find: what has no ending must be no module.
    """
    parts = name.split("/")
    if len(name) > 1000 or len(parts) > MAX_DEPTH or not all(_PART.fullmatch(part) for part in parts):
        return False
    folders, (_, dot, ending) = parts[:-1], parts[-1].rpartition(".")
    if parts[-1].lower() in UNASKED or (dot and ending.lower() not in ENDINGS) or parts[-1].endswith("."):
        return False
    return not any(_is_module(part) for part in (*folders, *([] if dot else parts[-1:])))


def _is_module(name: str) -> bool:
    if not name.isidentifier():
        return False
    if name not in _modules:
        try:
            found = importlib.util.find_spec(name)
        except (ImportError, ValueError, AttributeError):
            _modules[name] = True
        else:
            # A folder without `__init__.py` is found last of all, and hides nothing.
            _modules[name] = found is not None and (found.origin is not None or found.loader is None)
    return _modules[name]


_modules: dict[str, bool] = {}


class Tree:
    """A folder: `look` at all of it, read, write and remove by names relative to it, and put it back.

    Args:
        root: where it is, or lies in; a link there is followed.
        inside: the way to it from there, on which none is.
    """

    def __init__(self, root: Path, inside: str = ""):
        self.root, self._inside = root, [part for part in inside.split("/") if part]
        self._seen: dict[str, tuple[tuple[int, ...], int, bytes]] = {}

    def look(self, below: str = "", wanted: Callable[[str], bool] = lambda name: True) -> dict[str, Held]:
        """Return what lies in it, {name: what}; links and whatever is no regular file are left out.

        Args:
            below: of this folder in it alone.
            wanted: says which names; of the others nothing is read.
        """
        found: dict[str, Held] = {}
        left_bytes = MAX_BYTES
        for name, info in self._walk(below):
            if not wanted(name):
                continue
            if stat.S_ISDIR(info.st_mode):
                found[name] = None
                continue
            held = self._held(name, info, left_bytes)
            left_bytes -= len(held) if isinstance(held, bytes) else 0
            found[name] = held
        return found

    def held(self, name: str) -> Held:
        """Return what a regular file holds, as `look` does; None for a folder, or where nothing is."""
        *folders, last = name.split("/")
        try:
            with self._folder("/".join(folders)) as folder:
                info = os.lstat(last, dir_fd=folder)
        except OSError:
            return None
        return self._held(name, info, KEPT_BYTES) if stat.S_ISREG(info.st_mode) else None

    def _walk(self, below: str) -> Iterator[tuple[str, os.stat_result]]:
        count, waiting, deepest = 0, [below], below.count("/") + MAX_DEPTH
        while waiting:
            folder = waiting.pop()
            try:
                with self._folder(folder) as descriptor, os.scandir(descriptor) as listed:
                    entries = []
                    for entry in listed:
                        count += 1
                        if count > MAX_ENTRIES:
                            break
                        with contextlib.suppress(OSError):
                            entries.append((entry.name, os.lstat(entry.name, dir_fd=descriptor)))
            except OSError:
                continue
            for name, info in sorted(entries, key=lambda each: each[0]):
                path = f"{folder}/{name}" if folder else name
                if name.startswith(".") or name == "__pycache__":
                    continue
                if stat.S_ISDIR(info.st_mode) and path.count("/") < deepest:
                    waiting.append(path)
                if stat.S_ISDIR(info.st_mode) or stat.S_ISREG(info.st_mode):
                    yield path, info

    def _held(self, name: str, info: os.stat_result, left_bytes: int) -> Held:
        key = (info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns)
        if info.st_size > min(left_bytes, KEPT_BYTES):
            return key
        known, at_ns, content = self._seen.get(name, ((), 0, b""))
        if known != key or info.st_mtime_ns > at_ns - SAME_TIME_NS:
            at_ns, read = time.time_ns(), self.read(name, KEPT_BYTES)
            if read is None:
                return key
            content, self._seen[name] = read, (key, at_ns, read)
        return content

    def read(self, name: str, most: int = MAX_BYTES) -> bytes | None:
        """Return what a regular file holds; None where there is none, or a larger one."""
        *folders, last = name.split("/")
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | getattr(os, "O_NOATIME", 0)
        try:
            with self._folder("/".join(folders)) as folder:
                descriptor = os.open(last, flags, dir_fd=folder)
            with io.open(descriptor, "rb") as file:  # noqa: UP020  # a test may replace `open`
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    return None
                content = file.read(most + 1)
        except OSError:
            return None
        return content if len(content) <= most else None

    def kind(self, name: str) -> str:
        """Return "file", "folder", "other" or, where nothing is there, ""."""
        *folders, last = name.split("/")
        try:
            with self._folder("/".join(folders)) as folder:
                mode = os.lstat(last, dir_fd=folder).st_mode
        except FileNotFoundError:
            return ""
        except OSError:
            return "other"
        return "file" if stat.S_ISREG(mode) else "folder" if stat.S_ISDIR(mode) else "other"

    def write(self, name: str, content: bytes) -> None:
        """Have a file hold this; what was no regular file stays.

        Raises:
            OSError: it cannot be written.
        """
        *folders, last = name.split("/")
        if self.kind(name) not in ("", "file"):
            return
        self.make("/".join(folders))
        new = ".kernelmark-new"
        with self._folder("/".join(folders)) as folder:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(new, dir_fd=folder)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            with io.open(os.open(new, flags, 0o644, dir_fd=folder), "wb") as file:  # noqa: UP020
                file.write(content)
            os.rename(new, last, src_dir_fd=folder, dst_dir_fd=folder)

    def make(self, name: str) -> None:
        """Make a folder and those that it lies in.

        Raises:
            OSError: it cannot be made.
        """
        parts = name.split("/") if name else []
        for count in range(len(parts)):
            with self._folder("/".join(parts[:count])) as folder, contextlib.suppress(FileExistsError):
                os.mkdir(parts[count], 0o755, dir_fd=folder)

    def remove(self, name: str) -> None:
        """Remove a regular file, or a folder that is empty."""
        *folders, last = name.split("/")
        kind = self.kind(name)
        with contextlib.suppress(OSError), self._folder("/".join(folders)) as folder:
            if kind == "file":
                os.unlink(last, dir_fd=folder)
            elif kind == "folder":
                os.rmdir(last, dir_fd=folder)

    def put_back(self, former: Mapping[str, Held]) -> None:
        """Let it hold again what it held when it was looked at, as far as that is known."""
        now = self.look()
        for name in sorted(set(now) - set(former), reverse=True):
            self.remove(name)
        for name, held in former.items():
            if now.get(name, _MISSING) == held:
                continue
            with contextlib.suppress(OSError):
                if held is None:
                    self.make(name)
                elif isinstance(held, bytes):
                    self.write(name, held)

    @contextlib.contextmanager
    def _folder(self, name: str) -> Iterator[int]:
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
        descriptor = os.open(self.root, flags)
        try:
            for part in (*self._inside, *(name.split("/") if name else [])):
                inner = os.open(part, flags | os.O_NOFOLLOW, dir_fd=descriptor)
                os.close(descriptor)
                descriptor = inner
            yield descriptor
        finally:
            os.close(descriptor)
