"""A finding of `kernelmark validate`: how bad it is, in which cell, what is wrong, and what to do.

And the cell of an instructor's notebook as the rules see it, read once. It holds no rule; the rooms beside it do.
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from nbformat.notebooknode import NotebookNode

from kernelmark.errors import CourseError
from kernelmark.notebook.cells import AUTOTEST, HIDDEN, Marks, autotest_line, body_of, hidden_lines
from kernelmark.text import visible

Severity = Literal["error", "warning"]
# How much of a cell's text a finding quotes, in characters.
MAX_QUOTED = 60


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or doubtful.

    Args:
        severity: an error would mark wrongly, publish something, or send a class to a person; a warning is doubtful.
        kind: one of the words in the table of docs/book/validate.md.
        cell: its grade id, or "cell 4", or "notebook".
    """

    severity: Severity
    kind: str
    cell: str
    what: str
    remedy: str

    @property
    def line(self) -> str:
        """The finding on one line."""
        return visible(f"{self.severity:8s}{self.cell}: {self.what}; {self.remedy}".replace("\n", " "), lines=False)


@dataclass(frozen=True)
class Look:
    """A cell of an instructor's notebook.

    Args:
        number: which of the notebook's cells it is, from 1.
        hidden: the lines that the release leaves out, as the statements of `body` count them.
    """

    number: int
    grade_id: str
    source: str
    code: bool
    grade: bool
    solution: bool
    locked: bool
    task: bool
    meta: dict[str, Any]
    tags: tuple[str, ...]
    hidden: frozenset[int]
    autotest: bool

    @property
    def name(self) -> str:
        """The cell in a finding: its grade id, or its number."""
        return self.grade_id or f"cell {self.number}"

    @property
    def is_test(self) -> bool:
        """Whether code decides its points."""
        return self.code and self.grade and not self.solution and not self.task

    @property
    def is_answer(self) -> bool:
        """Whether a person decides its points."""
        return self.task or (self.grade and self.solution)

    @property
    def body(self) -> list[ast.stmt]:
        """Its statements; none where it is no Python or no code."""
        return body_of(self.source) if self.code else []

    def nodes(self) -> Iterator[ast.AST]:
        """Yield every node of its text."""
        for statement in self.body:
            yield from ast.walk(statement)

    def error(self, kind: str, what: str, remedy: str) -> Finding:
        """Return an error in this cell."""
        return Finding("error", kind, self.name, what, remedy)

    def warning(self, kind: str, what: str, remedy: str) -> Finding:
        """Return a doubt about this cell."""
        return Finding("warning", kind, self.name, what, remedy)


def looked_at(notebook: NotebookNode, hiding: Marks = HIDDEN, autotest: str = AUTOTEST) -> list[Look]:
    """Return the cells of an instructor's notebook."""
    return [_look(number, node, hiding, autotest) for number, node in enumerate(notebook.cells, 1)]


def _look(number: int, node: NotebookNode, hiding: Marks, autotest: str) -> Look:
    meta = node.metadata.get("nbgrader")
    meta = dict(meta) if isinstance(meta, dict) else {}
    grade_id = meta.get("grade_id")
    source = str(node.source)
    # IPython takes empty lines at the top away before Python counts.
    above = len(source) - len(source.lstrip("\n"))
    tags = node.metadata.get("tags") or ()
    return Look(
        number=number,
        grade_id=grade_id if isinstance(grade_id, str) else "",
        source=source,
        code=node.cell_type == "code",
        **{flag: bool(meta.get(flag)) for flag in ("grade", "solution", "locked", "task")},
        meta=meta,
        tags=tuple(str(tag) for tag in tags),
        hidden=frozenset(line - above for line in hidden_lines(source, hiding)),
        autotest=bool(autotest_line(source, autotest)),
    )


def last_name(node: ast.AST) -> str:
    """Return the last word of a name: "allclose" of `np.allclose`; "" for what is no name."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def first_name(node: ast.AST) -> str:
    """Return the first word of a name: "np" of `np.random.rand`; "" for what begins with none."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def quoted(node: ast.AST) -> str:
    """Return a piece of a cell's text, short, for a finding."""
    text = " ".join(ast.unparse(node).split())
    return repr(text if len(text) <= MAX_QUOTED else f"{text[: MAX_QUOTED - 3]}...")


def listed(names: Sequence[str], most: int = 5) -> str:
    """Return names in a row, the rest counted."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


class Several(CourseError):
    """All that is wrong with a notebook, a line each."""

    def __init__(self, found: Sequence[Finding]):
        super().__init__("\n".join(each.line for each in found))
        self.found = tuple(found)
