"""What a student reads in a terminal, in its width: what to do next, first; then how far everything is.

It shows which cell runs while it runs, where somebody watches, and checks again when the notebook's file changes. What
it says comes from `desk`; it runs nothing itself.
"""

import contextlib
import itertools
import shutil
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TextIO

from kernelmark.records import Cause
from kernelmark.student.desk import Check, Checks, Progress
from kernelmark.text import visible

# A line longer than this is hard to read, however wide a terminal is.
MOST_COLUMNS, LEAST_COLUMNS = 110, 40
# How often a file is looked at; it is read again once it has stayed the same from one look to the next.
LOOK_S = 0.5
_OUTCOME = 11


def columns() -> int:
    """Return how wide lines may be: the terminal's width, which COLUMNS overrides, within reason."""
    return min(MOST_COLUMNS, max(LEAST_COLUMNS, shutil.get_terminal_size().columns))


def as_status(found: Sequence[Progress]) -> str:
    """Return the lines of `kernelmark status`: the next step, then a line for each assignment."""
    head = ("points", "functions", "answers", "visible tests")
    rows = [
        (f"{i.points:g}", f"{i.begun} of {i.solutions}", f"{i.written} of {i.answers}", _checked(i.checked))
        for i in found
    ]
    widths = [max(len(row[at]) for row in (head, *rows)) for at in range(len(head))]
    room = max(10, columns() - sum(widths) - 2 * len(widths))
    width = min(room, max(len(item.title) for item in found))

    def line(title: str, row: Sequence[str]) -> str:
        fields = [text.rjust(size) for text, size in zip(row[:-1], widths, strict=False)]
        return "  ".join([_cut(title, width).ljust(width), *fields, row[-1]])

    lines = [*_next_step(found), "", line("assignment", head)]
    lines += [line(item.title, row) for item, row in zip(found, rows, strict=True)]
    if any(row[-1].endswith("*") for row in rows):
        lines.append("* before your last change")
    return "\n".join(lines)


def as_report(path: Path, found: Checks, part_only: str | None = None) -> str:
    """Return the lines of `kernelmark check`: what to do next, what did not run, how many pass, and every test."""
    lines = _wrapped(_next(path, found, part_only))
    for cause in _telling(found):
        lines += _wrapped(cause.text, "  ")
    lines += ["", *_wrapped(_summary(found))]
    width = max(len(item.grade_id) for item in found)
    part, said = None, ""
    for item in found:
        if item.part != part:
            part = item.part
            lines.append(f"\n{part or 'Before the first part'}")
        lines += _test(item, width, said)
        said = item.said if item.outcome == "failed" else said
    lines += ["", *_wrapped(f"{path}: hidden tests are added when it is graded.")]
    return "\n".join(lines)


def _test(item: Check, width: int, before: str) -> list[str]:
    """Return the lines of one test. What kept it from running is said above, and a sentence twice over once."""
    not_reached = item.said.startswith("not reached: ")
    outcome = "not reached" if not_reached else item.outcome
    points = f"{item.points:g}" if item.earned in (0, item.points) else f"{item.earned:g} of {item.points:g}"
    lines = [f"  {outcome:{_OUTCOME}}  {item.grade_id:{width}}  {points}"]
    if not_reached:
        lines = [f"{lines[0]}  {item.said.removeprefix('not reached: ')}"]
        return lines if len(lines[0]) <= columns() else [lines[0].rpartition("  ")[0]]
    if item.outcome == "failed" and item.said == before:
        lines.append("      as the test before it")
    elif item.outcome == "failed" and not item.picture:
        where = f"line {item.line}: " if item.line else ""
        lines += [piece for text in f"{where}{item.said}".split("\n") for piece in _wrapped(text, "      ")]
    # Of a speed check that passed the verdict is enough.
    picture = [*itertools.takewhile(lambda line: "| " not in line, item.picture.split("\n"))]
    picture = picture if item.outcome == "passed" else item.picture.split("\n")
    return [*lines, *(f"      {line}" for line in picture if item.picture)]


def _next(path: Path, found: Checks, part_only: str | None) -> str:
    first = next((item for item in found if item.outcome != "passed"), None)
    if first is None and part_only:
        return f"Next: another part, or all of them: kernelmark check {typed(path)}"
    if first is None:
        return "Next: the written answers; then run the whole notebook once in JupyterLab, and submit."
    if causes := _telling(found):
        return f"Next: mend {causes[0].where}, which did not run."
    begin = {"not started": "write", "partly": "make faster", "not decided": "measure again"}.get(first.outcome, "mend")
    where = f" ({first.part.partition(':')[0]})" if first.part.startswith("Part ") else ""
    return f"Next: {begin} what {first.grade_id} tests{where}. {' '.join(first.claim.split())}".rstrip()


def _telling(found: Checks) -> list[Cause]:
    """Return the cells that did not run and matter: those of the course, and what keeps a test from running."""
    return [cause for cause in found.causes if cause.cell or any(cause.where in item.said for item in found)]


def _summary(found: Sequence[Check]) -> str:
    passed = [item for item in found if item.outcome == "passed"]
    partly = [item for item in found if item.outcome == "partly"]
    points, most = sum(item.earned for item in found), sum(item.points for item in found)
    also = f", {len(partly)} in part" if partly else ""
    return f"{len(passed)} of {len(found)} visible tests pass{also}, in cells of {points:g} of {most:g} points."


def _next_step(found: Sequence[Progress]) -> list[str]:
    for item in found:
        if item.begun < item.solutions or "pass" not in item.checked or "change" in item.checked:
            told = _wrapped(f"Next: {item.title}. Open {item.path} in JupyterLab, or run:")
            return [*told, f"  kernelmark check {typed(item.path)}"]
        if item.written < item.answers:
            return _wrapped(f"Next: {item.title}. {item.answers - item.written} written answers are still to be given.")
    return _wrapped("Everything is begun and checked. Run kernelmark check once more before you submit.")


def _checked(text: str) -> str:
    return text.replace(", before your last change", " *")


def typed(path: Path) -> str:
    """Return a path as every shell takes it, with "/" on Windows too: some of its shells drop a backslash."""
    text = path.as_posix()
    return f'"{text}"' if " " in text else text


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _wrapped(text: str, indent: str = "") -> list[str]:
    """Return a text in lines of the terminal's width, with a path or a command left whole."""
    further = f"{indent}  " if indent else ""
    return textwrap.wrap(
        text,
        columns(),
        initial_indent=indent,
        subsequent_indent=further,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [indent]


@contextlib.contextmanager
def running(stream: TextIO = sys.stderr) -> Iterator[Callable[[str], None]]:
    """Show which cell runs and for how long, in one line that goes away; nothing where nobody watches.

    Yields:
        What is called with the name of a cell as it begins.
    """
    if not stream.isatty():
        yield lambda name: None
        return
    at: list[tuple[str, float]] = []
    over = threading.Event()

    def show() -> None:
        while not over.wait(LOOK_S):
            if at and (seconds := time.monotonic() - at[-1][1]) >= 1:
                line = _cut(f"  {visible(at[-1][0], lines=False)}: {seconds:.0f} s", columns() - 1)
                stream.write(f"\r\x1b[K{line}")
                stream.flush()

    shower = threading.Thread(target=show, daemon=True)
    shower.start()
    try:
        yield lambda name: at.append((name, time.monotonic()))
    finally:
        over.set()
        shower.join()
        stream.write("\r\x1b[K")
        stream.flush()


def changes(path: Path, look_s: float = LOOK_S) -> Iterator[None]:
    """Yield once now, and again each time that the file has changed and then stayed the same for one look."""
    known = _state(path)
    yield
    while True:
        time.sleep(look_s)
        now = _state(path)
        if now not in (known, None):
            time.sleep(look_s)
            if _state(path) == now:
                known = now
                yield


def _state(path: Path) -> tuple[int, int] | None:
    """Return what tells a changed file; None while there is none, as when JupyterLab puts another in its place."""
    try:
        told = path.stat()
    except OSError:
        return None
    return told.st_mtime_ns, told.st_size
