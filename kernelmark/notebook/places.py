"""Where in the notebook a test needs the course's own solution to stand.

The reference has run all of the solution, and answers for its end. That is as good as the test's own
place, unless a name that the test needs is given another meaning, or its first, further down. It reads
text and runs nothing: what a function changes when it is called is not seen.
"""

import ast
from collections.abc import Iterator, Sequence

from kernelmark.notebook.cells import Cell, body_of, bound_names, imported_names, used_names


def places(cells: Sequence[Cell], solution: Sequence[Cell]) -> dict[str, int]:
    """Return the tests that need an earlier state: {grade id: how many code cells of the solution stand before it}.

    Args:
        cells: all of the instructor's, in their order. solution: those among them that the reference runs.
    """
    runs = [cell for cell in solution if cell.code]
    changes = [bound_names(cell.source) | changed_names(cell.source) for cell in runs]
    found: dict[str, int] = {}
    place = 0
    for index, cell in enumerate(cells):
        if cell.role != "test" and place < len(runs) and runs[place].is_of(cell):
            place += 1
        if cell.role == "test" and place < len(runs):
            before = frozenset().union(*changes[:place])
            # What was there and is only imported once more is the same again.
            again = [imported_names(run.source) & before for run in runs[place:]]
            later = frozenset().union(*(made - same for made, same in zip(changes[place:], again, strict=True)))
            if later & _needed(cell, [*runs, *(c for c in cells[:index] if c.role == "test")]):
                found[cell.grade_id] = place
            if runs[place].is_of(cell):  # what it defines for later cells
                place += 1
    return found


def stands(cells: Sequence[Cell], solution: Sequence[Cell]) -> dict[str, int]:
    """Return, for every test, how many code cells of the solution stand before it."""
    runs = [cell for cell in solution if cell.code]
    found: dict[str, int] = {}
    place = 0
    for cell in cells:
        if cell.role == "test":
            found[cell.grade_id] = place
        if place < len(runs) and runs[place].is_of(cell):
            place += 1
    return found


def _needed(test: Cell, others: Sequence[Cell]) -> set[str]:
    """Return the names that a test asks for, and those that the cells which give them a meaning ask for in turn."""
    own = bound_names(test.source)
    wanted = {name for name in used_names(test.source) if name not in own} | _asked_of_the_reference(test.source)
    left = list(others)
    while giving := [cell for cell in left if wanted & bound_names(cell.source)]:
        left = [cell for cell in left if cell not in giving]
        wanted |= set().union(*(used_names(cell.source) for cell in giving))
    return wanted


def _asked_of_the_reference(source: str) -> set[str]:
    """Return the names in `reference.name`."""
    nodes = (node for statement in body_of(source) for node in ast.walk(statement))
    return {
        node.attr
        for node in nodes
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "reference"
    }


def changed_names(source: str) -> set[str]:
    """Return the names that a cell gives a meaning or changes in place: `x[0] = 1`, `del x[0]`, `x.append()`."""
    return _changed(body_of(source), in_place=False)


def changed_in_place(nodes: Sequence[ast.AST]) -> set[str]:
    """Return the names whose values some code changes in place, outside of functions in it."""
    return _changed(nodes, in_place=True)


def _changed(nodes: Sequence[ast.AST], *, in_place: bool) -> set[str]:
    found: set[str] = set()
    for node in _outside_functions(nodes):
        match node:
            case ast.Assign(targets=targets) | ast.Delete(targets=targets):
                found.update(*(_roots(t) for t in targets if not (in_place and isinstance(t, ast.Name))))
            case ast.AnnAssign(target=target) if not (in_place and isinstance(target, ast.Name)):
                found.update(_roots(target))
            case ast.AugAssign(target=target):
                found.update(_roots(target))
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=value))):
                found.update(_roots(value))
    return found


def _outside_functions(body: Sequence[ast.AST]) -> Iterator[ast.AST]:
    for node in body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            yield node
            yield from _outside_functions(list(ast.iter_child_nodes(node)))


def _roots(target: ast.AST) -> set[str]:
    if isinstance(target, ast.Tuple | ast.List):
        return set().union(*(_roots(item) for item in target.elts))
    while isinstance(target, ast.Attribute | ast.Subscript | ast.Starred):
        target = target.value
    return {target.id} if isinstance(target, ast.Name) else set()
