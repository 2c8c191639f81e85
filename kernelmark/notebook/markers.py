"""The lines that say what students do not get, checked before anything is given to them.

nbgrader takes out what stands between `BEGIN HIDDEN TESTS` and `END HIDDEN TESTS`, and so with solutions and schemes; a
slip of the pen in one of these lines publishes what it should hide. `check` refuses what looks like such a line and
is none, pairs that do not match, and pictures that would go out with an answer that does not. It removes nothing.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from nbformat.notebooknode import NotebookNode
from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme, ClearSolutions
from rapidfuzz import fuzz
from traitlets.config import Config

from kernelmark.errors import CourseError
from kernelmark.notebook.cells import Marks, mark_scheme
from kernelmark.text import visible

# Of a hundred; `BEGIN HIDDEN` has 81, and a line that shares only a begin and some letters less than 75.
LIKE = 80
# A line of more words is a sentence.
MAX_WORDS = 6
_SAME = {"start": "begin", "beginning": "begin", "stop": "end", "finish": "end", "marking": "mark"}


@dataclass(frozen=True)
class Markers:
    """The pairs of lines that this course uses: solutions, hidden tests and mark schemes."""

    solution: Marks
    hidden: Marks
    scheme: Marks
    # Whether a picture that only stands in a mark scheme may not go out: nbgrader's check_attachment_leakage.
    scheme_keeps_pictures: bool = True

    @classmethod
    def of(cls, config: Config | None = None) -> "Markers":
        """Return those that nbgrader's own settings name."""
        settings: Any = {"config": config or Config()}
        solutions, tests, schemes = (
            ClearSolutions(**settings),
            ClearHiddenTests(**settings),
            ClearMarkScheme(**settings),
        )
        return cls(
            Marks(solutions.begin_solution_delimeter, solutions.end_solution_delimeter),
            Marks(tests.begin_test_delimeter, tests.end_test_delimeter),
            Marks(schemes.begin_mark_scheme_delimeter, schemes.end_mark_scheme_delimeter),
            schemes.check_attachment_leakage,
        )

    @property
    def pairs(self) -> tuple[Marks, Marks, Marks]:
        """All of them."""
        return self.solution, self.hidden, self.scheme


def check(notebook: NotebookNode, markers: Markers) -> None:
    """Make sure that an instructor's notebook says clearly what is left out of the release.

    Raises:
        CourseError: it does not; the message names the cell and the line.
    """
    for name, line, fault in faults(notebook, markers):
        raise CourseError(f"{name}, line {line}: {fault}")


def faults(notebook: NotebookNode, markers: Markers) -> Iterator[tuple[str, int, str]]:
    """Yield all that is not clear about it: the cell's grade id or number, the line, and what is wrong there."""
    for number, cell in enumerate(notebook.cells, 1):
        meta = cell.metadata.get("nbgrader", {})
        name = str(meta.get("grade_id") or f"cell {number}")
        for line, fault in _faults(cell.source, markers, code=cell.cell_type == "code"):
            yield name, line, fault
        if cell.get("attachments"):
            for line, fault in _pictures(cell, markers, whole=bool(meta.get("solution"))):
                yield name, line, fault


def _faults(source: str, markers: Markers, *, code: bool) -> Iterator[tuple[int, str]]:
    lines = source.split("\n")
    inside: Marks | None = None
    begun = 0
    for number, line in enumerate(lines, 1):
        # nbgrader looks for the begin first.
        found = [(pair, mark) for pair in markers.pairs for mark in pair if mark in line]
        shown = repr(visible(line.strip()[:80], lines=False))
        if not found:
            # A statement of Python is no marker, whatever it is made of.
            statement = code and re.fullmatch(r"\s*(?:[^\w\s].*|[\w\s-]*)", line) is None
            meant = "" if statement else _meant(line, markers)
            if meant:
                yield number, f"{shown} looks like {meant!r} and is none; students would get what it should hide"
            continue
        if len(found) > 1:
            yield number, f"{shown} holds more than one marker; put each on a line of its own"
        pair, mark = found[0]
        if code and re.match(r"\s*[^\w\s]", line) is None:
            yield number, f"{shown} is no comment; write: ### {mark}"
        if mark == pair.begin and inside is not None:
            yield number, f"{mark!r} stands inside what {inside.begin!r} begins in line {begun}; end that first"
        if mark == pair.end and inside is not pair:
            what = "nothing is begun" if inside is None else f"{inside.begin!r} in line {begun} is begun"
            yield number, f"{mark!r} ends nothing: {what}"
        inside, begun = (pair, number) if mark == pair.begin else (None, 0)
    if inside is not None:
        yield begun, f"{inside.begin!r} is not ended; write {inside.end!r} below"


def _meant(line: str, markers: Markers) -> str:
    """Return the marker that a line which holds none was meant to be, or ""."""
    words = [_SAME.get(word, word) for word in re.findall(r"[^\W\d_]+", line.casefold())]
    if not 0 < len(words) <= MAX_WORDS:
        return ""
    squeezed, sorted_ = "".join(words), "".join(sorted(words))
    for mark in (mark for pair in markers.pairs for mark in pair):
        own = re.findall(r"[^\W\d_]+", mark.casefold())
        if not own:
            continue
        first = own[0]
        begins = squeezed.startswith(first) or squeezed.endswith(first) or any(_like(word, first) for word in words)
        same = fuzz.ratio(squeezed, "".join(own)), fuzz.ratio(sorted_, "".join(sorted(own)))
        if begins and max(same) >= LIKE:
            return mark
    return ""


def _like(word: str, mark: str) -> bool:
    """Return whether a word is another with one letter wrong, missing, doubled or two of them turned."""
    return sorted(word) == sorted(mark) or fuzz.ratio(word, mark) >= LIKE


def _pictures(cell: NotebookNode, markers: Markers, *, whole: bool) -> Iterator[tuple[int, str]]:
    """Yield the pictures that only stand in what is left out: they would be released all the same."""
    kept, hidden = _released(cell.source.split("\n"), markers)
    if not hidden and not whole:
        return
    text = "\n".join(kept) if hidden else ""
    if not markers.scheme_keeps_pictures:
        text += "\n" + mark_scheme(cell.source, markers.scheme)
    said = {unquote(found) for found in re.findall(r"attachment:([^)\s\"'>]+)", text)}
    for picture in cell.attachments:
        if unquote(picture) not in said:
            line = next((n for n, t in enumerate(cell.source.split("\n"), 1) if picture in t), 1)
            yield (
                line,
                f"the picture {visible(picture[:80], lines=False)!r} is kept in the cell and "
                "would be released with it; take it out of the cell (Edit > Cell Attachments)",
            )


def _released(lines: Sequence[str], markers: Markers) -> tuple[list[str], bool]:
    """Return the lines outside all pairs, and whether there are any pairs."""
    kept, inside, hidden = [], False, False
    for line in lines:
        begins, ends = (any(pair[at] in line for pair in markers.pairs) for at in (0, 1))
        hidden = hidden or begins
        inside = (inside or begins) and not (ends and not begins)
        if not (inside or begins or ends):
            kept.append(line)
    return kept, hidden
