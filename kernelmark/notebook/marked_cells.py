"""What nbgrader's marks on cells say, and whether it can be so: grade ids, points, locks, kinds of cell, the kernel.

It reads metadata, and of a cell's text no more than whether there is any.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from nbformat.notebooknode import NotebookNode

from kernelmark.notebook.cells import mark_scheme
from kernelmark.notebook.finding import Finding, Look, listed
from kernelmark.notebook.markers import Markers, faults

# What nbgrader's own panel takes.
_GRADE_ID = re.compile(r"[A-Za-z0-9_\-]+")
SCHEMA = 3
_PYTHON = ("python", "ipython", "python3")


def of_marks(notebook: NotebookNode, looks: Sequence[Look], markers: Markers) -> Iterator[Finding]:
    """Yield what is wrong with the marks of a notebook's cells."""
    yield from _kernel(notebook)
    for cell, line, fault in faults(notebook, markers):
        what, _, remedy = fault.rpartition("; ")
        yield Finding(
            "error", "marker", cell, f"line {line}: {what or fault}", remedy if what else "write it as documented"
        )
    yield from _grade_ids(looks)
    for look in looks:
        yield from _points(look)
        yield from _kind(look)
        yield from _schema(look)
        yield from _places_of_markers(look, markers)
        if look.is_answer and not look.code and look.source.strip() and not mark_scheme(look.source, markers.scheme):
            yield look.warning(
                "no-mark-scheme",
                "a person marks it, and it has no mark scheme",
                f"put one between {markers.scheme.begin!r} and {markers.scheme.end!r}: only graders see it",
            )
    shown = [
        look.name for look, node in zip(looks, notebook.cells, strict=True) if node.get("outputs") or _counted(node)
    ]
    if shown:
        yield Finding(
            "warning",
            "outputs",
            "notebook",
            f"outputs are kept in {listed(shown)}",
            "clear them (Edit > Clear Outputs of All Cells), and let files hold pictures",
        )


def _counted(node: NotebookNode) -> bool:
    return node.get("execution_count") is not None


def _kernel(notebook: NotebookNode) -> Iterator[Finding]:
    spec, info = (notebook.metadata.get(key) or {} for key in ("kernelspec", "language_info"))
    language = str(spec.get("language") or info.get("name") or "python").lower()
    old = str(info.get("version") or "3").startswith(("1.", "2.")) or spec.get("name") == "python2"
    if language not in _PYTHON or old:
        yield Finding(
            "error",
            "kernel",
            "notebook",
            f"its kernel is {spec.get('display_name') or spec.get('name') or language!r}",
            "only Python 3 is graded here: choose it (Kernel > Change Kernel) and save",
        )


def _grade_ids(looks: Sequence[Look]) -> Iterator[Finding]:
    times = Counter(look.grade_id for look in looks if look.grade_id)
    told = set[str]()
    for look in looks:
        if not look.meta:
            continue
        marked = look.grade or look.solution or look.locked or look.task
        if marked and not look.grade_id.strip():
            came = look.meta.get("grade_id")
            yield look.error(
                "no-grade-id",
                f"it is graded, a solution or locked, and its grade id is {came!r}" if came else "it has no grade id",
                "give it one (Nbgrader > Create Assignment), a name for what it claims",
            )
        elif marked and not _GRADE_ID.fullmatch(look.grade_id):
            yield look.warning(
                "odd-grade-id",
                f"the grade id {look.grade_id[:40]!r} holds more than letters, digits, _ and -",
                "nbgrader's panel refuses such an id: rename it before anybody hands in",
            )
        if times[look.grade_id] > 1 and look.grade_id not in told:
            told.add(look.grade_id)
            yield look.error(
                "doubled-grade-id",
                f"{times[look.grade_id]} cells have this grade id",
                "a copied cell keeps its id: give each its own (Nbgrader > Create Assignment)",
            )


def _points(look: Look) -> Iterator[Finding]:
    if not (look.grade or look.task):
        return
    points = look.meta.get("points")
    remedy = "set its points (Nbgrader > Create Assignment)"
    if points is None:
        yield look.error("no-points", "it is graded and has no points", remedy)
    elif isinstance(points, bool) or not isinstance(points, int | float) or not math.isfinite(points):
        yield look.error("points-no-number", f"its points are {points!r}, which is no number", remedy)
    elif points < 0:
        yield look.error("negative-points", f"it has {points:g} points", remedy)
    elif points == 0:
        yield look.warning(
            "zero-points",
            "it is graded with 0 points, so nothing comes of it",
            "give it points, or make it a plain cell",
        )


def _kind(look: Look) -> Iterator[Finding]:
    if look.is_test and not look.locked:
        yield look.warning(
            "not-locked",
            "this test is not locked, so students can change it in their own copy",
            "lock it (nbgrader's LockCells does so at release; the grader runs yours all the same)",
        )
    if look.grade and not look.code and not look.solution and not look.task:
        yield look.error(
            "graded-text",
            "it is graded, is no code, and no answer of a student's",
            "make it a manually graded answer, or a task",
        )
    if look.grade and look.solution and look.code:
        yield look.warning(
            "graded-by-hand",
            "students write this code and a person marks every submission: no test decides its points",
            "if tests should, make it an autograded answer and put the points on the tests",
        )
    if look.task and look.code:
        yield look.error("task-of-code", "a task must be text, and this cell is code", "make it a markdown cell")
    if look.task and (look.solution or look.grade):
        yield look.error(
            "task-and-more",
            "it is a task, and a graded cell or a solution too",
            "choose one (Nbgrader > Create Assignment)",
        )
    if look.is_answer and not look.code and not look.source.strip():
        yield look.warning(
            "nothing-asked",
            "it is graded and empty: neither a question nor a model answer",
            "write what an answer should hold; the release replaces it",
        )


def _schema(look: Look) -> Iterator[Finding]:
    marked = look.grade or look.solution or look.locked or look.task
    version = look.meta.get("schema_version", 0)
    if marked and version != SCHEMA:
        newer = isinstance(version, int) and version > SCHEMA
        yield look.error(
            "schema",
            f"its marks are of nbgrader's schema {version}, and {SCHEMA} is needed",
            "it was made by a later nbgrader: install that one" if newer else "run: nbgrader update NOTEBOOK",
        )


def _places_of_markers(look: Look, markers: Markers) -> Iterator[Finding]:
    """Find markers in cells where nbgrader takes nothing out, or stops."""
    if markers.solution.begin in look.source and not look.solution:
        yield look.error(
            "marker-out-of-place",
            f"{markers.solution.begin!r} stands in a cell that is no solution",
            "make it an autograded answer (Nbgrader > Create Assignment); nbgrader stops at it",
        )
    if markers.hidden.begin in look.source and not look.grade:
        yield look.error(
            "marker-out-of-place",
            f"{markers.hidden.begin!r} stands in a cell that is no test",
            "make it a test with points (Nbgrader > Create Assignment); nbgrader stops at it",
        )
    if markers.scheme.begin in look.source and not look.is_answer:
        yield look.error(
            "marker-out-of-place",
            f"{markers.scheme.begin!r} stands in a cell that no person marks",
            "make it a manually graded answer or a task (Nbgrader > Create Assignment)",
        )
