"""Files that go along into a sandbox: packed outside, unpacked inside, there to be changed like any other.

A notebook meets at its desk the files that it wrote itself, and may write them again; so what
lies beside it is a copy, within the bounds of the scratch folders. What does not fit is shown
as it is, read-only. Links are left behind: what they point to is not there.
"""

import os
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kernelmark.sandbox.limits import Limits

# This share of a scratch folder may be taken by copies; the rest is for what the notebook writes.
COPIED_SHARE = 0.5
# What is unpacked is what `packed` made; Python before 3.11.4 knows no filters, and later ones ask for one.
CAREFULLY: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
# Each file takes whole pages.
PAGE_BYTES = 4096


def split(files: Mapping[str, str], limits: Limits) -> tuple[dict[str, str], dict[str, str]]:
    """Return which of these files and folders, {name: path}, are copied, and which are shown as they are."""
    left_bytes = int(COPIED_SHARE * limits.scratch_bytes)
    copied, shown = {}, {}
    for name, path in files.items():
        size = _size(path, left_bytes, limits.file_bytes)
        if size <= left_bytes:
            copied[name] = path
            left_bytes -= size
        else:
            shown[name] = path
    return copied, shown


def packed(files: Mapping[str, str]) -> int:
    """Return a descriptor that holds files and folders, {name: path}, to be read from its beginning."""
    descriptor = os.memfd_create("kernelmark-files", os.MFD_CLOEXEC)
    if files:
        with (
            open(descriptor, "wb", closefd=False) as file,
            tarfile.open(fileobj=file, mode="w", format=tarfile.GNU_FORMAT) as archive,
        ):

            def plain(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
                archive.inodes.clear()  # type: ignore[attr-defined]  # or a second name of a file would be a link
                member.uid = member.gid = 0
                member.uname = member.gname = ""
                member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
                return member if member.isreg() or member.isdir() else None

            for name, path in files.items():
                archive.add(path, arcname=name, filter=plain)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def unpack(descriptor: int, place: str = ".") -> None:
    """Write what `packed` holds into a folder.

    Raises:
        OSError: there is no room for it.
    """
    if os.fstat(descriptor).st_size:
        with (
            open(descriptor, "rb", closefd=False) as file,
            tarfile.open(fileobj=file, mode="r:", format=tarfile.GNU_FORMAT) as archive,
        ):
            archive.extractall(place, **CAREFULLY)


def _size(path: str, enough: int, largest: int) -> int:
    """Return the bytes that a file, or all of a folder, takes in memory; more than `enough` where one is too large."""
    total = 0
    for folder, _, names in os.walk(path) if os.path.isdir(path) else [(os.path.dirname(path), [], [path])]:
        for name in names:
            size = Path(folder, name).lstat().st_size
            total += size + PAGE_BYTES
            if total > enough or size > largest:
                return enough + 1
    return total
