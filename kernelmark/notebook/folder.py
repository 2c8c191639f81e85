"""Which file of a submission's folder each notebook of the course is, and what else there may be a student's work.

A file under another name, a duplicate beside an untouched original, a notebook that cannot be read: `find` says what
there is, and `read` what is graded of it and why a person must look before anybody gets a zero. It decides no mark,
and takes no other file's text for an answer but that of the one file that is plainly the missing one.
"""

import contextlib
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from nbformat.notebooknode import NotebookNode

from kernelmark.errors import SubmissionError, UnreadError
from kernelmark.notebook import intake
from kernelmark.notebook.conform import CONFLICT, MAX_NOTEBOOK_BYTES, Course, read_submission
from kernelmark.text import visible

# Other notebooks in a folder that are looked into; a person keeps a few copies.
MAX_OTHERS = 20
MAX_OTHERS_BYTES = 2 * MAX_NOTEBOOK_BYTES
# What is packed is not opened: nobody can say how large it would be.
PACKED = (b"PK\x03\x04", b"\x1f\x8b", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"BZh", b"\xfd7zXZ\x00")
_HEAD_BYTES = 512


@dataclass(frozen=True)
class Found:
    """What a folder holds of one notebook.

    Args:
        data: its content, None where nothing could be read.
        notes: what was odd, for the student and for staff.
        others: other files there that may be notebooks, {name: content}.
        closed: notes on files that are there and were not read or opened.
        unread: why a file that is there was not read, or "".
    """

    data: bytes | None
    notes: tuple[str, ...] = ()
    others: Mapping[str, bytes] = field(default_factory=dict)
    closed: tuple[str, ...] = ()
    unread: str = ""


def find(path: Path, known: Collection[str] | None = None) -> Found:
    """Return what there is of the notebook that should lie at a path.

    Args:
        known: the names of the assignment's notebooks; None where the folder is no student's: the file alone counts.
    """
    folder, name = path.parent, path.stem
    looked = intake.look(folder)
    place = path if known is None else notebooks(folder, {*known, name})[name]
    notes = looked.note()
    data, unread = None, ""
    try:
        data = intake.read(place, MAX_NOTEBOOK_BYTES)
    except UnreadError as error:
        unread = str(error)
        notes.insert(0, unread)
    except SubmissionError as error:
        notes.insert(0, str(error))
    if place.name != path.name:
        notes.append(f"{visible(place.name, lines=False)!r} was taken for {path.name}, which was not there.")
    if known is None:
        return Found(data, tuple(notes), unread=unread)
    closed = looked.note()
    others, packed = _others(folder, looked, {place.name, *(f"{other}.ipynb" for other in known)})
    if packed:
        closed.append(f"Not opened: {', '.join(map(_shown, packed[: intake.MAX_NAMED]))}.")
    return Found(data, tuple(dict.fromkeys([*notes, *closed])), others, tuple(closed), unread)


def read(course: Course, found: Found) -> tuple[NotebookNode, tuple[str, ...], str]:
    """Return a submission as a notebook of plain cells, the notes on it, and why a person must look, or "".

    A person must look where work may lie that was not graded: in a file that could not be read or is damaged, or, for
    a cell that is missing or untouched in what is graded, in another file of the folder.
    """
    submission, more = read_submission(b'{"cells": []}' if found.data is None else found.data)
    notes = [*more, *found.notes]
    doubts = [found.unread] if found.unread else []
    if found.data is not None and more and CONFLICT in more[0] and _names_a_cell(course, found.data):
        doubts.append(f"{more[0]} Both versions hold cells of the assignment.")
    unwritten = _unwritten(course, submission)
    for name, data in found.others.items():
        other = read_submission(data)[0]
        if not other.cells and _names_a_cell(course, data):
            told = f"{_shown(name)} holds cells of this notebook, is damaged, and was not graded."
            doubts += [told] if unwritten else []
        elif not _is_of(course, other):
            continue
        elif unwritten & _written(course, other):
            told = f"{_shown(name)} holds work on this notebook that was not graded."
            doubts.append(told)
        else:
            told = f"{_shown(name)} is another copy of this notebook; it was not graded."
        notes.append(told)
    if unwritten == _to_write(course):
        doubts += found.closed
    return submission, tuple(notes), " ".join(doubts)


def notebooks(folder: Path, known: Collection[str]) -> dict[str, Path]:
    """Return where each of the course's notebooks is found in a folder, {name: path}; some may not be there.

    Where one is missing and one file has a name that the course does not know, that is
    the missing one, renamed.
    """
    found = {name: folder / f"{name}.ipynb" for name in known}
    with contextlib.suppress(OSError):
        handed = [name for name in intake.names(folder) if name.endswith(".ipynb")]
        missing = [name for name in known if f"{name}.ipynb" not in handed]
        strangers = [name for name in handed if name.removesuffix(".ipynb") not in known]
        if len(missing) == len(strangers) == 1:
            found[missing[0]] = folder / strangers[0]
    return found


def _others(folder: Path, looked: intake.Intake, own: Collection[str]) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """Return the files of a folder that may be notebooks under any name, and its archives; no more than are read."""
    others: dict[str, bytes] = {}
    packed: list[str] = []
    room = MAX_OTHERS_BYTES
    for name, size in looked.files.items():
        if name in own:
            continue
        try:
            with open(folder / name, "rb") as file:
                head = file.read(_HEAD_BYTES)
            if head.startswith(PACKED) and not name.endswith((".npz", ".npy")):
                packed.append(name)
            elif _begins_as_json(head) and size <= min(room, MAX_NOTEBOOK_BYTES) and len(others) < MAX_OTHERS:
                data = intake.read(folder / name, MAX_NOTEBOOK_BYTES)
                if b"cell_type" in data.replace(b"\0", b""):
                    others[name] = data
                    room -= size
        except (OSError, SubmissionError):
            continue
    return others, tuple(packed)


def _begins_as_json(head: bytes) -> bool:
    with contextlib.suppress(ValueError):
        text = head.decode(json.detect_encoding(head), "ignore").lstrip("\ufeff \t\r\n")
        return text.startswith(("{", "<<<<<<<"))
    return False


def _to_write(course: Course) -> set[str]:
    return {cell.grade_id for cell in course.cells if cell.grade_id and cell.role in ("student", "answer")}


def _written(course: Course, notebook: NotebookNode) -> set[str]:
    """Return the grade ids of the cells in which a notebook has its own text; all where its cells lost their ids."""
    found, named = set(), False
    for node in notebook.cells:
        index = course.by_id.get(str(node.metadata.get("grade_id", "")))
        if index is None:
            continue
        named = True
        if course.cells[index].role in ("student", "answer"):
            same = node.source.strip() in ("", course.released.cells[index].source.strip())
            found |= set() if same else {course.cells[index].grade_id}
    if named:
        return found
    texts = {cell.source.strip() for cell in course.released.cells}
    return _to_write(course) if any(n.source.strip() not in texts | {""} for n in notebook.cells) else set()


def _unwritten(course: Course, submission: NotebookNode) -> set[str]:
    return _to_write(course) - _written(course, submission)


def _is_of(course: Course, notebook: NotebookNode) -> bool:
    """Return whether a notebook has cells of the course's: by their ids, or by the text of those that are locked."""
    ids = {str(node.metadata.get("grade_id", "")) for node in notebook.cells}
    if ids & set(course.by_id):
        return True
    locked = {
        course.released.cells[index].source.strip()
        for index in course.by_id.values()
        if course.cells[index].role in ("setup", "test")
    }
    return bool(locked & {node.source.strip() for node in notebook.cells} - {""})


def _names_a_cell(course: Course, data: bytes) -> bool:
    """Return whether the bytes of a damaged notebook hold a grade id of the course's."""
    text = data.replace(b"\0", b"").decode("utf-8", "replace")
    said = set(re.findall(r'"grade_id"\s*:\s*"((?:[^"\\]|\\.)*)"', text))
    return bool(said & set(course.by_id))


def _shown(name: str) -> str:
    return repr(visible(name, lines=False)[:80])
