"""Mutants of a solution cell: the cell with one small change in what students write, everything else as it was.

What may change are the lines between the marks of the solution; the same cell gives the same mutants in the same
order. It runs and grades nothing.
"""

import ast
import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kernelmark.authoring.operators import Change, Text, changes
from kernelmark.notebook.cells import Marks


@dataclass(frozen=True)
class Mutant:
    """A cell of the solution with one change.

    Attributes:
        cell: the grade id of the cell.
        function: the function or class at the cell's top level that is changed, or the name that is given a value.
        operator: the kind of change, in words.
        line: where in the cell it is, from 1.
        source: the text of the whole cell.
        diff: what changed, as a unified diff.
        names: what later cells may use of what changed.
        more: the other cells that are changed, each with its text.
    """

    cell: str
    function: str
    operator: str
    line: int
    source: str
    diff: str
    names: tuple[str, ...]
    more: tuple[tuple[str, str], ...] = ()

    @property
    def sources(self) -> dict[str, str]:
        """The text of each changed cell, by grade id."""
        return {self.cell: self.source, **dict(self.more)}

    @property
    def changed(self) -> tuple[str, str]:
        """The lines that go and the lines that come, without their indentation: how an accepted mutant is known."""
        lines = self.diff.split("\n")[2:]
        removed, added = ([x[1:].strip() for x in lines if x.startswith(sign)] for sign in "-+")
        return "\n".join(removed), "\n".join(added)


def mutants(source: str, cell: str, marks: Marks) -> list[Mutant]:
    """Return all mutants of a solution cell.

    Raises:
        SyntaxError: the cell is no plain Python.
    """
    tree, text = ast.parse(source), Text(source)
    lines = solution_lines(source, marks)
    seen, found = {ast.dump(tree)}, []
    for statement in tree.body:
        names = bound_by(statement)
        if not names:
            continue
        for node, change in _inside(statement, text, lines):
            new = source[: change.start] + change.text + source[change.end :]
            try:
                dumped = ast.dump(ast.parse(new))
            except (SyntaxError, ValueError):
                continue
            if dumped not in seen:
                seen.add(dumped)
                found.append(Mutant(cell, names[0], change.operator, node, new, diff_of(source, new), names))
    return found


def _inside(statement: ast.stmt, text: Text, lines: set[int]) -> Iterator[tuple[int, Change]]:
    """Yield the changes at the nodes of a statement that stand in the solution, in the order of the text."""
    waiting: list[tuple[ast.AST, ast.AST | None]] = [(statement, None)]
    while waiting:
        node, parent = waiting.pop(0)
        if isinstance(node, ast.JoinedStr):
            continue  # its parts have no places of their own before Python 3.12
        place = node.iter if isinstance(node, ast.comprehension) else node
        line, last = getattr(place, "lineno", 0), getattr(place, "end_lineno", 0)
        if line and line in lines and last in lines:
            for change in changes(node, text, parent):
                yield line, change
        inner: Sequence[ast.AST] = list(ast.iter_child_nodes(node))
        if isinstance(node, ast.Raise):
            inner = ()  # words of a message; what is raised is changed as a whole
        elif isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            inner = [each for each in inner if each not in node.decorator_list]
        waiting[:0] = [(each, node) for each in inner]


def solution_lines(source: str, marks: Marks) -> set[int]:
    """Return the numbers (from 1) of the lines that students do not get; all of them where no mark stands."""
    found, inside, marked = set[int](), False, False
    for number, line in enumerate(source.split("\n"), 1):
        if marks.begin in line:
            inside = marked = True
        elif marks.end in line:
            inside = False
        elif inside:
            found.add(number)
    return found if marked else set(range(1, source.count("\n") + 2))


def bound_by(statement: ast.stmt) -> tuple[str, ...]:
    """Return the names that a statement at the top level gives a meaning."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
        return (statement.name,)
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return ()
    names = [n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    return tuple(dict.fromkeys(names))


def diff_of(before: str, after: str) -> str:
    """Return the difference of two texts of a cell as a unified diff, a few lines around it."""
    lines = difflib.unified_diff(before.split("\n"), after.split("\n"), "solution", "mutant", lineterm="", n=3)
    return "\n".join(lines)
