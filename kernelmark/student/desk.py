"""For a student in a terminal: what is here, how far it is, and what the visible tests say.

It runs a student's own notebook on the student's own machine, in a Jupyter kernel, as
JupyterLab would: nothing is protected and nothing is graded. Hidden tests are not here.
"""

import json
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import nbformat
from nbformat.notebooknode import NotebookNode

from kernelmark.errors import KernelmarkError
from kernelmark.notebook.causes import Causes, names_of
from kernelmark.notebook.cells import claim_of
from kernelmark.notebook.parts import parts_of
from kernelmark.records import Cause
from kernelmark.student.kernel import run_cells
from kernelmark.text import visible

RESULTS = Path(".kernelmark") / "check"
# What nbgrader puts where a solution or a written answer was.
UNWRITTEN_CODE, UNWRITTEN_TEXT = "raise NotImplementedError()", "YOUR ANSWER HERE"

Outcome = Literal["passed", "partly", "failed", "not decided", "not started"]


@dataclass(frozen=True)
class Check:
    """What one visible test found.

    Args:
        said: why it failed; "" where it did not.
        picture: of a speed check, as text.
        line: of the test, from 1, where it failed; 0 where that is not known.
        earned: points, part of them where a speed check gave part.
    """

    grade_id: str
    part: str
    points: float
    outcome: Outcome
    claim: str
    said: str
    picture: str = ""
    line: int = 0
    earned: float = 0.0


class Checks(list[Check]):
    """What the visible tests found, and the cells that did not run."""

    def __init__(self, found: Iterable[Check], causes: Sequence[Cause] = ()):
        super().__init__(found)
        self.causes = tuple(causes)


@dataclass(frozen=True)
class Progress:
    """How far a notebook is, from its text alone."""

    path: Path
    title: str
    points: float
    solutions: int
    begun: int
    answers: int
    written: int
    checked: str


def notebooks(folder: Path, left_out: list[str] | None = None) -> list[Path]:
    """Return the assignments' notebooks in a folder and one level below, in order.

    Args:
        left_out: gets a line for each file that cannot be read.
    """
    found = []
    for path in sorted([*folder.glob("*.ipynb"), *folder.glob("[!.]*/*.ipynb")]):
        try:
            found += [path] if any(_marks(c).get("grade") for c in _cells(path)) else []
        except KernelmarkError as error:
            if left_out is not None:
                left_out.append(str(error))
    return found


def find(name: str, folder: Path = Path(), left_out: list[str] | None = None) -> Path:
    """Return the notebook that a name means: a file, an assignment's folder, or the beginning of one (`03`).

    A duplicate beside it, as JupyterLab makes one, is another file; its own name means it.

    Raises:
        KernelmarkError: none, or more than one.
    """
    given = folder / name
    if given.suffix == ".ipynb" and given.is_file():
        return given
    known = notebooks(given if given.is_dir() else folder, left_out)
    found = known if given.is_dir() else [p for p in known if p.parent.name.startswith(name) or p.stem == name]
    if len(found) != 1:
        first = [p for p in found if not _is_copy(p, found)]
        if len(first) == 1:
            return first[0]
        what = "no notebook" if not found else f"{len(found)} notebooks"
        here = ", ".join(str(path) for path in known) or "none"
        raise KernelmarkError(f"{what} of an assignment for {name!r}; here are: {here}")
    return found[0]


def _is_copy(path: Path, found: Sequence[Path]) -> bool:
    """Return whether a file has the name of a duplicate (`a-Copy1`, `a (1)`) of another one."""
    plain = re.sub(r"(?:[-_ ]?Copy\s?\d*|\s?\(\d+\))+$", "", path.stem, flags=re.IGNORECASE)
    return plain != path.stem and path.with_name(f"{plain}.ipynb") in found


def progress(path: Path) -> Progress:
    """Return how far a notebook is."""
    cells = _cells(path)
    solutions = [c for c in cells if _marks(c).get("solution") and not _marks(c).get("grade")]
    answers = [c for c in cells if _marks(c).get("solution") and _marks(c).get("grade")]
    title = next((c.source.split("\n")[0].lstrip("# ") for c in cells if c.source.startswith("# ")), path.stem)
    return Progress(
        path=path,
        title=title,
        points=sum(float(_marks(c).get("points") or 0) for c in cells),
        solutions=len(solutions),
        begun=sum(UNWRITTEN_CODE not in c.source for c in solutions),
        answers=len(answers),
        written=sum(UNWRITTEN_TEXT not in c.source for c in answers),
        checked=_last_check(path, cells),
    )


def check(path: Path, part: str | None = None, tell: Callable[[str], None] = lambda name: None) -> Checks:
    """Run the visible tests of a notebook, or of one part of it, in a fresh Jupyter kernel.

    Cells to try things in are left out unless a test needs what they define.

    Args:
        tell: called with the name of each cell as it begins.

    Raises:
        KernelmarkError: there is no such part, or the kernel did not come up.
    """
    cells = _cells(path)
    parts = parts_of(cells)
    known = list(dict.fromkeys(letter for letter, _ in parts if letter))
    if part is not None and part.upper() not in known:
        raise KernelmarkError(f"{path.name} has no part {part!r}; it has {', '.join(known)}")
    tests = [
        index
        for index, cell in enumerate(cells)
        if _is_test(cell) and (part is None or parts[index][0] == part.upper())
    ]
    if not tests:
        raise KernelmarkError(f"{path} has no visible tests{f' in part {part}' if part else ''}")
    outputs = _run(path, cells, tests, tell)
    unwritten = "\n".join(c.source for c in cells if UNWRITTEN_CODE in c.source)
    causes = _causes(cells, outputs)
    results = [_result(cells[index], parts[index][1], outputs[index], unwritten, causes) for index in tests]
    found = Checks(results, causes.listed)
    _keep(path, cells, found, whole=part is None)
    return found


def _cells(path: Path) -> list[NotebookNode]:
    try:
        cells = list(nbformat.read(path, as_version=4).cells)
        if not all(isinstance(cell.source, str) and isinstance(cell.metadata, dict) for cell in cells):
            raise ValueError("a cell has no text")
        return cells
    except Exception as error:  # nbformat raises whatever the JSON led it to
        shown, said = visible(str(path), lines=False), " ".join(str(error).split())[:200]
        raise KernelmarkError(f"{shown} cannot be read as a notebook: {type(error).__name__}: {said}") from None


def _marks(cell: NotebookNode) -> NotebookNode:
    marks = cell.metadata.get("nbgrader", {})
    return NotebookNode(marks if isinstance(marks, dict) else {})


def _is_test(cell: NotebookNode) -> bool:
    marks = _marks(cell)
    return bool(cell.cell_type == "code" and marks.get("grade") and not marks.get("solution"))


def _run(
    path: Path, cells: Sequence[NotebookNode], tests: Sequence[int], tell: Callable[[str], None]
) -> dict[int, list[NotebookNode]]:
    """Run what the tests need and the tests, and return the outputs by cell."""
    chosen = [i for i in range(max(tests) + 1) if i in set(tests) or (_marks(cells[i]) and not _is_test(cells[i]))]
    chosen = [i for i in chosen if cells[i].cell_type == "code"]
    chosen = sorted({*chosen, *_needed(cells[: max(tests)], [cells[i].source for i in chosen])})
    names = {
        i: f"cell {_marks(cells[i]).get('grade_id') or i + 1} ({at} of {len(chosen)})" for at, i in enumerate(chosen, 1)
    }
    return run_cells(path.resolve().parent, {i: cells[i].source for i in chosen}, lambda i: tell(names[i]))


def _needed(cells: Sequence[NotebookNode], sources: Sequence[str]) -> list[int]:
    """Return the cells of the student's own that define a name which the chosen ones use and do not define."""
    defined, used = _defined(sources), set()
    for source in sources:
        used |= set(re.findall(r"[^\W\d]\w*", source))
    return [
        i
        for i, cell in enumerate(cells)
        if cell.cell_type == "code" and not _marks(cell) and _defined([cell.source]) & used - defined
    ]


def _defined(sources: Sequence[str]) -> set[str]:
    return set().union(*map(names_of, sources))


def _causes(cells: Sequence[NotebookNode], outputs: Mapping[int, list[NotebookNode]]) -> Causes:
    """Return what kept cells that are no tests from running."""
    causes = Causes({})
    code = [i for i, cell in enumerate(cells) if cell.cell_type == "code"]
    for position, i in enumerate(code, 1):
        if i in outputs and not _is_test(cells[i]):
            causes.note(_marks(cells[i]).get("grade_id", ""), position, cells[i].source, outputs[i])
    return causes


def _result(cell: NotebookNode, part: str, outputs: Sequence[NotebookNode], unwritten: str, causes: Causes) -> Check:
    error = next((o for o in outputs if o.output_type == "error"), None)
    told = [o.metadata.get("kernelmark") or {} for o in outputs if o.output_type == "display_data"]
    speeds = [item["speed"] for item in told if "speed" in item]
    failure = next((item for item in told if item.get("outcome") == "failed"), {})
    shown = [
        str(output.data.get("text/plain", ""))
        for output, item in zip((o for o in outputs if o.output_type == "display_data"), told, strict=True)
        if "outcome" not in item
    ]
    marks = _marks(cell)
    most = float(marks.points)
    partly = any(speed["points"] < speed["most"] for speed in speeds)
    earned = min(most, sum(speed["points"] for speed in speeds)) if partly else most
    outcome: Outcome = "partly" if partly else "passed"
    if any(speed["outcome"] == "inconclusive" for speed in speeds):
        outcome = "not decided"
    said = ""
    if error is not None:
        earned = 0.0
        outcome, said = _failed(error, failure.get("said", ""), unwritten, causes)
    line = int(failure.get("line", 0)) if outcome == "failed" and not said.startswith("not reached: ") else 0
    pictures = "\n".join(shown)
    return Check(marks.grade_id, part, most, outcome, claim_of(cell.source), said, pictures, line, earned)


def _failed(error: NotebookNode, sentence: str, unwritten: str, causes: Causes) -> tuple[Outcome, str]:
    """Return what a test that raised came to, and why in words: the kernel's own where it said some."""
    plain = error.ename in ("AssertionError", "SubmissionLost", "TooSlow")
    said = str(error.evalue) if plain else f"{error.ename}: {error.evalue}"
    # A test that expects an error finds this one instead; a class whose body raises it never gets its name.
    missing = re.search(r"name '(\w+)' is not defined", said)
    absent = missing is not None and re.search(rf"\b{missing[1]}\b", unwritten) is not None
    if "NotImplementedError" in said or absent:
        return "not started", said
    cause = causes.behind(error.ename, error.evalue)
    if cause is None:
        return "failed", sentence or said
    return (
        ("not started", said) if cause.error == "NotImplementedError" else ("failed", f"not reached: see {cause.where}")
    )


def _keep(path: Path, cells: Sequence[NotebookNode], found: Sequence[Check], *, whole: bool) -> None:
    """Keep the results for `status`; those of a part are added to those of the same text before."""
    target = _record(path)
    former = json.loads(target.read_text(encoding="utf-8")) if target.is_file() else {}
    now = _fingerprint(cells)
    results = former.get("results", {}) if not whole and former.get("cells") == now else {}
    results |= {item.grade_id: asdict(item) for item in found}
    target.parent.mkdir(parents=True, exist_ok=True)
    record = {"cells": now, "when": time.strftime("%Y-%m-%d %H:%M"), "results": results}
    target.write_text(json.dumps(record, indent=1), encoding="utf-8")


def _last_check(path: Path, cells: Sequence[NotebookNode]) -> str:
    target = _record(path)
    if not target.is_file():
        return "not checked yet"
    record = json.loads(target.read_text(encoding="utf-8"))
    passed = sum(item["outcome"] == "passed" for item in record["results"].values())
    text = f"{passed} of {sum(map(_is_test, cells))} pass"
    return text if record["cells"] == _fingerprint(cells) else f"{text}, before your last change"


def _record(path: Path) -> Path:
    return path.resolve().parent / RESULTS / f"{path.stem}.json"


def _fingerprint(cells: Sequence[NotebookNode]) -> list[str]:
    return [cell.source for cell in cells if cell.cell_type == "code"]
