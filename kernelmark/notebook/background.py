"""What the judge runs of the instructor's other cells, so that a test finds the names that it finds at a desk.

A test sees what cells before it import and define. What the solution defines stands for the student's work; the
rest (imports, data, helpers of cells without a grade id) is the instructor's text, and the judge runs it. And what
a test itself defines, as far as students see it, is there for later cells. It reads text and runs nothing.
"""

import ast
import builtins
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from kernelmark.notebook.cells import (
    Cell,
    Marks,
    body_of,
    bound_names,
    imported_names,
    used_names,
    without_hidden_lines,
)
from kernelmark.notebook.patching import main_names
from kernelmark.notebook.places import changed_names
from kernelmark.notebook.reaching import of_students, reaches_out

_KNOWN = frozenset(dir(builtins)) | {"get_ipython", "display", "In", "Out", "__name__", "__file__"}


def background(cells: Sequence[Cell], solution: Sequence[Cell], solved: Collection[str]) -> dict[str, tuple[int, ...]]:
    """Return, for tests and set-up cells that lack names, which code cells of the solution the judge runs before them.

    Args:
        cells: all of the instructor's, in their order. solution: those among them that the reference runs.
        solved: the names that stand for the student's work.

    Returns:
        {grade id: indices among the code cells of `solution`}.
    """
    runs = [cell for cell in solution if cell.code]
    known = set(_KNOWN) | set(solved)
    found: dict[str, tuple[int, ...]] = {}
    theirs = of_students([cell.source for cell in runs if not cell.solves], solved)
    # What may do harm with what students answer stays where they answer it: a test that needs it goes to a person.
    left_out = {i for i, cell in enumerate(runs) if reaches_out(cell.source) and used_names(cell.source) & theirs}
    place = 0
    for cell in cells:
        if cell.role in ("setup", "test"):
            wanted = (used_names(cell.source) | main_names(cell.source)) - known
            if wanted and (chosen := _chosen(wanted, runs[:place], known, left_out)):
                found[cell.grade_id] = chosen
            known |= bound_names(cell.source)
        if place < len(runs) and runs[place].is_of(cell):
            place += 1
    return found


def solved_imports(cells: Sequence[Cell], released: Sequence[str]) -> tuple[str, ...]:
    """Return the names that only solutions import: a test finds them where the student's code has them, as at a desk.

    Args:
        cells: all of the instructor's. released: what students get of each.
    """
    ours, given = set[str](), set[str]()
    for cell, text in zip(cells, released, strict=True):
        if cell.code and cell.solves:
            ours |= imported_names(cell.source)
            given |= bound_names(text)
        elif cell.code:
            given |= bound_names(cell.source)
    return tuple(sorted(ours - given))


def _chosen(
    wanted: Collection[str], runs: Sequence[Cell], known: Collection[str], left_out: Collection[int]
) -> tuple[int, ...]:
    """Return the cells that give these names a meaning or change it, and what those need in turn."""
    left, chosen = set(wanted), []
    for index in range(len(runs) - 1, -1, -1):
        cell = runs[index]
        if cell.role == "setup" or (index in left_out and not cell.solves):
            continue
        text = text_for_the_judge(cell, left)
        if text:
            chosen.append(index)
            left |= used_names(text) - set(known)
    return tuple(reversed(chosen))


def text_for_the_judge(cell: Cell, wanted: Collection[str]) -> str:
    """Return what the judge runs of a cell, "" where it gives none of these names a meaning.

    Of a solution cell it is the imports: what else it defines is asked of the student's code. Of any other cell it is
    all of it, or the imports where these are enough.
    """
    imports = [node for node in body_of(cell.source) if isinstance(node, ast.Import | ast.ImportFrom)]
    made = "\n".join(ast.unparse(node) for node in imports if _bound_by(node) & {*wanted, "*"})
    if cell.solves:
        return made
    asked = bound_names(cell.source) & set(wanted) | changed_names(cell.source) & set(wanted)
    return made if asked <= bound_names(made) else cell.source


def _bound_by(node: ast.Import | ast.ImportFrom) -> set[str]:
    return {(name.asname or name.name).split(".")[0] for name in node.names}


def carried(cells: Sequence[Cell], hiding: Marks) -> dict[str, Cell]:
    """Return what test cells define for later cells of the course: {grade id: a set-up cell of those lines}.

    It is what a later cell uses that neither it nor any other cell before it defines. Lines that the release leaves
    out define nothing there: what they hold is a secret.
    """
    wanted: dict[str, set[str]] = {}
    known, tests = set(_KNOWN), list[tuple[Cell, frozenset[str]]]()

    def want(names: Collection[str], former: Sequence[tuple[Cell, frozenset[str]]]) -> None:
        for name in names:
            test = next((test for test, _ in reversed(former) if name in bound_names(test.source)), None)
            if test is not None:
                wanted.setdefault(test.grade_id, set()).add(name)

    for cell in cells:
        if cell.role == "test":
            tests.append((cell, frozenset(known)))
        elif cell.code:
            want(used_names(cell.source) - known - bound_names(cell.source), tests)
            known |= bound_names(cell.source)
    found: dict[str, Cell] = {}
    for place, (test, known_there) in reversed(list(enumerate(tests))):
        if test.grade_id in wanted and (text := _defining(test, wanted[test.grade_id], hiding)):
            found[test.grade_id] = replace(test, role="setup", source=text, points=0.0, claim="", hidden=())
            want(used_names(text) - known_there - bound_names(text), tests[:place])
    return found


def _defining(cell: Cell, names: Collection[str], hiding: Marks) -> str:
    """Return the lines that students see of a test which give names a meaning, and what these lines need."""
    left, chosen = set(names), []
    for node in reversed(body_of(without_hidden_lines(cell.source, hiding))):
        text = ast.unparse(node)
        idle = isinstance(node, ast.Assert | ast.Expr)
        if not idle and (bound_names(text) | changed_names(text)) & left:
            chosen.append(text)
            left |= used_names(text)
    return "\n".join(reversed(chosen))


def chosen_text(runs: Sequence[Cell], background_: Mapping[str, Sequence[int]], cell: Cell) -> list[tuple[int, str]]:
    """Return the cells that the judge runs before a test, each with its text, in their order."""
    chosen = background_.get(cell.grade_id, ())
    left, found = set(used_names(cell.source) | main_names(cell.source)), []
    for index in reversed(chosen):
        text = text_for_the_judge(runs[index], left)
        left |= used_names(text)
        found.append((index, text))
    return found[::-1]
