"""What of a submission's folder is read at all: plain files, as many and as large as a person's work.

Whoever reads a link reads what it points to with the grader's rights; a pipe never ends,
and a sparse file of a terabyte is copied in full. So everything that reads what was handed
in asks here first. It stops: links, soft and hard; pipes, sockets, devices; too many files,
too large or too deep. It does not look into files, and it does not stop a collector
from following a link before Kernelmark sees the folder.
"""

import contextlib
import fnmatch
import functools
import hashlib
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from nbgrader.converters import base

from kernelmark.errors import SubmissionError, UnreadError
from kernelmark.notebook.stamps import DEFAULT_FORMAT, moment
from kernelmark.text import visible

# As much as nbgrader's own exchange takes from a student (`CourseDirectory.max_dir_size`).
MAX_BYTES = 100_000_000
MAX_FILES = 1_000
MAX_DEPTH = 16
# Files and folders that are looked at; one more and the rest is not there.
MAX_ENTRIES = 20_000
# More files and folders beside a notebook than this are not shown to it.
MAX_SHOWN = 200
# The same of the instructor's own; c.Kernelmark.course_file_limit and submitted_file_limit set both.
MAX_OWN = 1_000
# What Python and Jupyter leave beside a notebook is nobody's work.
LEFTOVERS = ("__pycache__", ".ipynb_checkpoints")
# Formgrader serves what lies in autograded/ to the instructor's own session, where a page or a drawing could run
# scripts. Other kinds are shown to the notebook, and not copied.
TEXTS = (".txt", ".md", ".rst", ".log", ".csv", ".tsv", ".json", ".toml", ".yaml", ".yml", ".ini", ".cfg", ".py")
PASSIVE = frozenset((*TEXTS, ".npy", ".npz", ".bin", ".dat", ".png", ".jpg", ".jpeg", ".gif", ".webp"))
MAX_TIMESTAMP_BYTES = 200
MAX_NAMED = 10


@dataclass
class Intake:
    """A folder's plain files, {name below it: bytes}, and what was left out, {name: why}."""

    files: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)

    @property
    def size_bytes(self) -> int:
        """The bytes of all plain files."""
        return sum(self.files.values())

    def note(self) -> list[str]:
        """Say to a student what was left out, in a line or none."""
        some = [
            f"{visible(name[:80], lines=False)!r} ({why})" for name, why in islice(self.left_out.items(), MAX_NAMED)
        ]
        more = len(self.left_out) - len(some)
        tail = f" and {more} more" if more > 0 else ""
        return [f"Not read, of what was handed in: {', '.join(some)}{tail}."] if some else []


def look(folder: Path) -> Intake:
    """Return what of a folder is read, and what is not."""
    found = Intake()
    if folder.is_symlink():
        found.left_out["."] = A_LINK
        return found
    waiting = [""]
    seen = 0
    while waiting:
        parent = waiting.pop()
        for name, status in _entries(folder, parent, found):
            seen += 1
            if seen > MAX_ENTRIES:
                found.left_out[name] = f"only {MAX_ENTRIES} files and folders are looked at"
                return found
            if stat.S_ISDIR(status.st_mode):
                if name.count("/") + 1 > MAX_DEPTH:
                    found.left_out[name] = f"more than {MAX_DEPTH} folders deep"
                elif os.path.basename(name) not in LEFTOVERS:
                    waiting.append(name)
            elif why := _objection(status) or _excess(status, found):
                found.left_out[name] = why
            else:
                found.files[name] = status.st_size
    return found


def names(folder: Path) -> list[str]:
    """Return the names in a folder, notebooks first, and no more of each kind than are looked at."""
    kinds: tuple[list[str], list[str]] = [], []
    with os.scandir(folder) as entries:
        for entry in entries:
            same = kinds[not entry.name.endswith(".ipynb")]
            if len(same) <= MAX_ENTRIES:
                same.append(entry.name)
    return [*sorted(kinds[0]), *sorted(kinds[1])]


def read(path: Path, most_bytes: int) -> bytes:
    """Return the content of a plain file.

    Raises:
        SubmissionError: it is missing. UnreadError: it is there, and too large, or no plain file, or not to be read.
    """
    try:
        if path.parent.is_symlink():
            raise UnreadError(f"{path.parent.name} is a link and was not followed; hand in the folder itself.")
        # A pipe would block here for ever but for O_NONBLOCK, and a device may act on being opened.
        why = _objection(os.lstat(path))
        if why:
            raise UnreadError(f"{path.name} is {why} and was not read; hand in the notebook itself.")
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:
            size = os.fstat(descriptor).st_size
            if size > most_bytes:
                raise UnreadError(f"The submitted file has {size} bytes; at most {most_bytes} are read.")
            return file.read(most_bytes)
    except FileNotFoundError:
        raise SubmissionError(f"No {path.name} was handed in.") from None
    except PermissionError:
        raise UnreadError(f"{path.name} cannot be read by the grader.") from None


def own_files(folder: Path, most: int = MAX_OWN, ignore: Sequence[str] = ()) -> tuple[dict[str, str], dict[str, str]]:
    """Return what lies beside an instructor's notebook, {name: path}, and what of it is left out, {name: why}.

    Notebooks, what Python and Jupyter leave, and names that a pattern of `ignore` has, are nothing that anybody would
    miss.
    """
    found: dict[str, str] = {}
    left_out: dict[str, str] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.name in LEFTOVERS or _named(path.name, ignore) or (path.suffix == ".ipynb" and not path.is_dir()):
            continue
        if path.is_symlink():
            left_out[path.name] = f"{A_LINK}, and links lead nowhere in the sandbox: copy the files there"
        elif not path.is_dir() and not path.is_file():
            left_out[path.name] = "a pipe, a socket or a device"
        elif len(found) >= most:
            left_out[path.name] = f"more than {most} files and folders; see c.Kernelmark.course_file_limit"
        else:
            found[path.name] = str(path.resolve())
            left_out |= _links_below(path)
    return found, left_out


def told(left_out: Mapping[str, str]) -> str:
    """Return names and reasons in a line, those with the same reason together; "" where there is nothing."""
    reasons: dict[str, list[str]] = {}
    for name, why in left_out.items():
        reasons.setdefault(why, []).append(repr(visible(name[:80], lines=False)))
    return "; ".join(
        f"{', '.join(same[:MAX_NAMED])}{f' and {len(same) - MAX_NAMED} more' if len(same) > MAX_NAMED else ''} ({why})"
        for why, same in reasons.items()
    )


def _links_below(folder: Path) -> dict[str, str]:
    """Return the links in a folder that lead out of it; they are there in the sandbox, and lead nowhere."""
    found: dict[str, str] = {}
    for at, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(at, name)
            if path.is_symlink() and not path.resolve().is_relative_to(folder.resolve()):
                found[str(path.relative_to(folder.parent))] = f"{A_LINK}, and links lead nowhere in the sandbox"
    return found


def shown(folder: Path, most: int = MAX_SHOWN, ignore: Sequence[str] = ()) -> dict[str, str]:
    """Return the files and folders beside a notebook that it sees, {name: path}, but for what `ignore` has patterns of.

    A folder is shown whole, so it must hold nothing but plain files and soft links,
    which lead nowhere in the sandbox.
    """
    found = look(folder)
    odd = {name.partition("/")[0] for name, why in found.left_out.items() if why != A_LINK or "/" not in name}
    tops = {name.partition("/")[0] for name in found.files if "/" in name or not name.endswith(".ipynb")}
    seen = [name for name in sorted(tops - odd) if not _named(name, ignore)]
    return {name: str((folder / name).absolute()) for name in seen[:most]}


def add_to_digest(digest: Any, place: Path) -> None:
    """Add a plain file to a hash, or the names and contents of a folder's, and the names of what is not read there."""
    if not place.is_symlink() and place.is_file():
        _add_content(digest, place)
        return
    found = look(place)
    for name in sorted(found.files):
        digest.update(b"\0" + os.fsencode(name) + b"\0")
        _add_content(digest, place / name)
    for name, why in sorted(found.left_out.items()):
        digest.update(b"\0" + os.fsencode(name) + b"\0" + why.encode())


def _add_content(digest: Any, path: Path) -> None:
    """Add a file's content to a hash; one of more bytes than are read is told by its size."""
    with contextlib.suppress(OSError), open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        digest.update(b"%d\0" % size)
        if size <= MAX_BYTES:
            digest.update(hashlib.file_digest(file, "sha256").digest())


def guard(converter: Any) -> None:
    """Make one of nbgrader's converters copy plain, passive files only, and believe only a timestamp that is one."""
    init_assignment = converter.init_assignment

    def init_assignment_of_passive_files(assignment_id: str, student_id: str) -> None:
        # nbgrader walks a folder and copies with shutil.copy, which follows links; it offers no setting for either.
        own = instructors_folder(converter, assignment_id)
        walk, base.find_all_files = base.find_all_files, functools.partial(passive_files, own=own)
        try:
            init_assignment(assignment_id, student_id)
        finally:
            base.find_all_files = walk

    converter.init_assignment = init_assignment_of_passive_files
    zone, written = exchange_clock(converter.config)
    converter.coursedir.get_existing_timestamp = functools.partial(timestamp, zone=zone, written=written)


def instructors_folder(converter: Any, assignment: str) -> Path:
    """Return the folder whose files one of nbgrader's converters lays over a student's."""
    coursedir = converter.coursedir
    return Path(coursedir.format_path(coursedir.source_directory, ".", assignment))


def passive_files(path: str, exclude: Sequence[str] = (), *, own: Path) -> list[str]:
    """Return the paths of a folder's plain files that no browser runs, without those that a pattern names.

    A file that stands where the instructor's folder `own` has a folder, or below the name of a file there, makes way.
    """

    def copied(name: str) -> bool:
        if (own / name).is_dir() or any((own / above).is_file() for above in Path(name).parents):
            return False
        named = any(_named(part, exclude) for part in name.split("/"))
        # nbgrader logs each name, and a terminal obeys what is no printable character.
        return not named and name.isprintable() and os.path.splitext(name)[1].lower() in PASSIVE

    return [os.path.join(path, name) for name in look(Path(path)).files if copied(name)]


def timestamp(folder: str | Path, zone: str = "UTC", written: str = DEFAULT_FORMAT) -> datetime | None:
    """Return when a submission was handed in, or None where its timestamp.txt says nothing of the kind."""
    try:
        text = timestamp_text(Path(folder))
        return moment(text, zone, written) if text is not None else None
    except ValueError:
        return None


def timestamp_fault(folder: str | Path, zone: str = "UTC", written: str = DEFAULT_FORMAT) -> str:
    """Return why a timestamp.txt that is there cannot be read, "" where it can or there is none."""
    try:
        text = timestamp_text(Path(folder))
        if text is not None:
            moment(text, zone, written)
    except ValueError as error:
        return str(error)
    return ""


def timestamp_text(folder: Path) -> str | None:
    """Return what a timestamp.txt says, None where there is none.

    Raises:
        ValueError: it cannot be read.
    """
    path = folder / "timestamp.txt"
    if not os.path.lexists(path):
        return None
    try:
        data = read(path, MAX_TIMESTAMP_BYTES)
    except (SubmissionError, OSError) as error:
        raise ValueError(f"timestamp.txt cannot be read: {error}") from None
    utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    return data.decode("utf-16" if utf16 else "utf-8-sig").strip()


def exchange_clock(config: Any) -> tuple[str, str]:
    """Return in which time zone and in which format nbgrader's exchange writes timestamps."""
    said: dict[str, Any] = {}
    for section in ("Exchange", "ExchangeCollect", "ExchangeSubmit"):
        said |= {name: value for name, value in config.get(section, {}).items() if isinstance(value, str)}
    return said.get("timezone", "UTC"), said.get("timestamp_format", DEFAULT_FORMAT)


A_LINK = "a link"


def _named(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch.fnmatch(name, pattern) for pattern in patterns)


def _entries(folder: Path, parent: str, found: Intake) -> Iterator[tuple[str, os.stat_result]]:
    try:
        found_names = names(folder / parent)
    except OSError as error:
        if parent:
            found.left_out[parent] = f"it cannot be read: {error.strerror}"
        return
    for name in found_names:
        below = f"{parent}/{name}" if parent else name
        try:
            yield below, os.lstat(folder / below)
        except OSError as error:
            found.left_out[below] = f"it cannot be read: {error.strerror}"


def _objection(status: os.stat_result) -> str:
    """Return what an entry is where it is no plain file, else ""."""
    if stat.S_ISLNK(status.st_mode):
        return A_LINK
    if stat.S_ISDIR(status.st_mode):
        return "a folder"
    if not stat.S_ISREG(status.st_mode):
        return "a pipe, a socket or a device"
    return "" if status.st_nlink == 1 else "a hard link"


def _excess(status: os.stat_result, found: Intake) -> str:
    """Return which bound a file would break, else ""."""
    if len(found.files) >= MAX_FILES:
        return f"only {MAX_FILES} files are read"
    if found.size_bytes + status.st_size > MAX_BYTES:
        return f"only {MAX_BYTES} bytes are read"
    return ""
