"""Which tests can notice a change of a function, and which other cells they need: a notebook made as short as that.

A test can notice what it names, and what the functions that it names use in turn. It reads text and runs nothing.
"""

import ast
import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from kernelmark.authoring.mutants import bound_by
from kernelmark.notebook.cells import Cell, Plan, body_of, bound_names, used_names
from kernelmark.notebook.places import changed_names

SPEED_CHECK = re.compile(r"\bfaster\(")
_REFERENCE = re.compile(r"\breference\.(\w+)")


def reached(cells: Sequence[Cell], names: Collection[str]) -> set[str]:
    """Return these names and all that are worked out from them, in whatever cell."""
    found = set(names)
    parts = [
        (set(bound_by(statement)) | changed_names(_text(cell, statement)), used_names(_text(cell, statement)))
        for cell in cells
        if cell.code
        for statement in body_of(cell.source)
    ]
    while True:
        more = {name for bound, used in parts if used & found for name in bound} - found
        if not more:
            return found
        found |= more


def shortened(plan: Plan, names: Collection[str], *, speed: bool = False, without: Collection[str] = ()) -> Plan:
    """Return the plan with the tests that can notice a change of these names, and the cells that these tests need.

    Args:
        speed: with speed checks. without: grade ids of tests that are left out.
    """
    places = [i for i, cell in enumerate(plan.cells) if cell.solves or cell.role in ("student", "answer")]
    first = next((i for i in places if bound_names(plan.cells[i].source) & set(names)), 0)
    others = [cell for cell in plan.cells if cell.role != "test"]
    seen = reached(others, names)
    tests = {
        cell.grade_id
        for cell in plan.cells[first:]
        if cell.role == "test"
        and cell.grade_id not in without
        and (used_names(cell.source) & seen or _through_a_test(cell, plan, seen))
        and (speed or not SPEED_CHECK.search(cell.source))
    }
    return replace(plan, cells=_needed(plan, tests))


def _through_a_test(cell: Cell, plan: Plan, seen: Collection[str]) -> bool:
    """Say whether a test uses what an earlier test defines with these names."""
    carried = [text for text in plan.carried.values() if used_names(text) & set(seen)]
    return any(bound_names(text) & used_names(cell.source) for text in carried)


def _needed(plan: Plan, tests: Collection[str]) -> tuple[Cell, ...]:
    """Return the named tests and, before each, the cells that give their names a meaning."""
    wanted, kept = set[str](), list[Cell]()
    carried = {grade_id: bound_names(text) for grade_id, text in plan.carried.items()}
    for cell in reversed(plan.cells):
        made = bound_names(cell.source) | changed_names(cell.source) if cell.code else set()
        test = cell.role == "test" and (
            cell.grade_id in tests or bool(carried.get(cell.grade_id, frozenset()) & wanted)
        )
        if test or cell.role == "setup" or (cell.code and cell.role != "test" and made & wanted):
            kept.append(cell)
            wanted |= (used_names(cell.source) - bound_names(cell.source)) | set(_REFERENCE.findall(cell.source))
    return tuple(reversed(kept))


def _text(cell: Cell, statement: ast.stmt) -> str:
    return ast.get_source_segment(cell.source, statement) or ""
