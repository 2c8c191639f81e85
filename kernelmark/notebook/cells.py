"""A cell of a notebook to be graded, the plan of all of them, and what a cell's text says of itself.

Light on purpose: the warm judge and the student's desk need no more than this of an
assignment. Which cells a submission is graded by is decided in `conform`.
"""

import ast
import functools
import json
import re
import symtable
import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, NamedTuple

from IPython.core.inputtransformer2 import TransformerManager

from kernelmark.errors import CourseError


class Marks(NamedTuple):
    """What the lines hold that begin and end a part which students do not get."""

    begin: str
    end: str


HIDDEN = Marks("BEGIN HIDDEN TESTS", "END HIDDEN TESTS")
SCHEME = Marks("BEGIN MARK SCHEME", "END MARK SCHEME")

AUTOTEST = "AUTOTEST"

Role = Literal["setup", "test", "student", "answer", "text"]


@dataclass(frozen=True)
class Cell:
    """One cell of the notebook to be graded.

    Roles: setup runs in every process; test runs in the judge; student runs in the
    student process where it is code; answer the same, and a person reads it; text
    does not run. `elsewhere` says of an answer that its own cell is as it was released, and that the submission
    holds text of the student's outside all cells of the course. `solves` says that students write it: a solution
    cell, or one that a person marks.
    """

    role: Role
    source: str
    grade_id: str = ""
    points: float = 0.0
    code: bool = True
    claim: str = ""
    hidden: tuple[int, ...] = ()
    untouched: bool = False
    elsewhere: bool = False
    solves: bool = False

    def is_of(self, cell: "Cell") -> bool:
        """Say whether this is a cell of the course's, or what a test of the course's defines for later cells."""
        return self is cell or (cell.role == "test" and self.role == "setup" and self.grade_id == cell.grade_id)


@dataclass(frozen=True)
class Plan:
    """Everything a referee needs to know about one submitted notebook.

    `names` are those that the instructor's solution cells define: {name: grade ids of the cells}. Those of
    them that are classes are `classes`. `doubt` is why a person must look at what earned nothing, or "". `places`
    says of tests for which it matters how many of the code cells in `solution` stand before them: a name that they
    need is given a meaning again further down; `stands` says it of all. `background` says which of these cells
    the judge runs before a test or a set-up cell, `carried` what a test defines for later cells (see `background`).
    `shares` says which names a test has in common with the solution: the fields of `sharing.Shares`; `own_classes`
    are those that the course's cells define which are no solution: their objects cross by name and fields; `imports`
    are the names that only solutions import.
    """

    cells: tuple[Cell, ...]
    names: Mapping[str, Sequence[str]]
    solution: tuple[Cell, ...]
    notes: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    doubt: str = ""
    places: Mapping[str, int] = field(default_factory=dict)
    background: Mapping[str, Sequence[int]] = field(default_factory=dict)
    carried: Mapping[str, str] = field(default_factory=dict)
    stands: Mapping[str, int] = field(default_factory=dict)
    shares: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    own_classes: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()

    def to_json(self) -> str:
        """Return the plan as JSON text."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str | bytes) -> "Plan":
        """Return the plan that `to_json` wrote."""
        fields = json.loads(text)
        cells, solution = (
            [Cell(**{**c, "hidden": tuple(c["hidden"])}) for c in fields[k]] for k in ("cells", "solution")
        )
        notes, classes = tuple(fields["notes"]), tuple(fields["classes"])
        rest = {name: fields[name] for name in ("doubt", "places", "background", "carried", "stands", "shares")}
        rest |= {name: tuple(fields[name]) for name in ("own_classes", "imports")}
        return cls(tuple(cells), fields["names"], tuple(solution), notes, classes, **rest)


# Python before 3.11.5 counts how deep it is in a tree once for all threads, and fails where two build one.
_PARSING = threading.Lock()


# Magics on top of a cell that run it as it is, with its names.
_ON_TOP = re.compile(r"\A\s*%%(?:time|capture|prun|memit|mprun)\b[^\n]*(?=\n|\Z)")


_CAPTURED = re.compile(r"\A\s*%%capture\b(?:[ \t]+-\S*)*[ \t]+([^\W\d]\w*)")


def parsed(source: str) -> ast.Module:
    """Return the syntax tree of a cell, magics made into calls.

    Raises:
        SyntaxError: it is no Python.
    """
    text = _python(source)
    with _PARSING:
        return ast.parse(text)


@functools.lru_cache(maxsize=1024)
def _python(source: str) -> str:
    """Return a cell as Python; a magic on top that runs the rest as it is leaves an empty line."""
    return str(TransformerManager().transform_cell(_ON_TOP.sub("", source, count=1)))


def defined_names(sources: Sequence[str]) -> set[str]:
    """Return the names that these cells define at their top level: functions, classes, values.

    Raises:
        CourseError: a cell is no Python.
    """
    names: set[str] = set()
    for source in sources:
        try:
            table = symtable.symtable(_python(source), "<solution>", "exec")
        except SyntaxError as error:
            raise CourseError(f"a solution cell is no Python: {error}; it begins {source[:80]!r}") from None
        names |= {s.get_name() for s in table.get_symbols() if s.is_assigned() and not s.is_imported()}
    return names


def defined_classes(sources: Sequence[str]) -> set[str]:
    """Return the names of the classes that these cells define at their top level, other names of the same included."""
    found: set[str] = set()
    for source in sources:
        for node in parsed(source).body:
            if isinstance(node, ast.ClassDef):
                found.add(node.name)
            elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Name) and node.value.id in found:
                found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


# What makes a class where no `class` stands.
_MAKERS = re.compile(r"\b(?:namedtuple|NamedTuple|Enum|IntEnum|Flag|make_dataclass|TypedDict)\s*\(")


def made_classes(sources: Sequence[str]) -> set[str]:
    """Return the names that may be classes in these cells: of a `class`, and of `Point = namedtuple(...)`."""
    found: set[str] = set()
    for source in sources:
        for node in body_of(source):
            if isinstance(node, ast.ClassDef):
                found.add(node.name)
            elif isinstance(node, ast.Assign) and _MAKERS.search(ast.unparse(node.value)):
                found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


def autotest_line(source: str, delimiter: str = AUTOTEST) -> str:
    """Return the first line that nbgrader makes into tests at release, or "": a comment with AUTOTEST in it."""
    lines = (line.strip() for line in source.split("\n"))
    return next((line for line in lines if line.startswith("#") and delimiter in line), "")


def ends_in_a_name_of(source: str, names: Collection[str]) -> bool:
    """Say whether a cell's last line only asks one of these names: `f(3)`, `limit`, `c.count`, `table[0]`.

    What it comes to was said by the code behind the name, and is no number of the test's own.
    """
    body = body_of(source)
    node: ast.AST | None = body[-1].value if body and isinstance(body[-1], ast.Expr) else None
    while isinstance(node, ast.Call | ast.Attribute | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return isinstance(node, ast.Name) and node.id in names


def holds_no_statement(source: str) -> bool:
    """Say whether a cell holds nothing that could fail: comments, words, `pass`, or nothing at all."""
    try:
        body = parsed(source).body
    except SyntaxError:
        return False  # it fails
    return all(_is_idle(node) for node in body)


def _is_idle(node: ast.stmt) -> bool:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return isinstance(node.value.value, str | bytes) or node.value.value in (None, ...)
    return isinstance(node, ast.Pass)


def bound_names(source: str) -> frozenset[str]:
    """Return the names that a cell gives a meaning at its top level, imports included; none where it is no Python."""
    return _names_of(source)[0]


def imported_names(source: str) -> frozenset[str]:
    """Return the names that a cell imports and does nothing else to."""
    return _names_of(source)[2]


def names_read_inside(source: str) -> frozenset[str]:
    """Return the names of the notebook that functions and classes of a cell ask for when they are called."""
    return _names_of(source)[3]


def used_names(source: str) -> frozenset[str]:
    """Return the names of the notebook that a cell asks for, at its top level or in its functions."""
    return _names_of(source)[1]


# Scopes of their own to Python, which run where they stand.
_COMPREHENSIONS = ("listcomp", "setcomp", "dictcomp", "genexpr")


@functools.lru_cache(maxsize=1024)
def _names_of(source: str) -> tuple[frozenset[str], frozenset[str], frozenset[str], frozenset[str]]:
    """Return the names that a cell binds, uses, only imports, and uses in its functions."""
    try:
        table = symtable.symtable(_python(source), "<cell>", "exec")
    except SyntaxError:
        return frozenset(), frozenset(), frozenset(), frozenset()
    bound = {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported()}
    imported = {s.get_name() for s in table.get_symbols() if s.is_imported() and not s.is_assigned()}
    used = {s.get_name() for s in table.get_symbols() if s.is_referenced()}
    inside = set[str]()
    inner = [(scope, False) for scope in table.get_children()]
    while inner:
        scope, called = inner.pop()
        called = called or scope.get_name() not in _COMPREHENSIONS
        inner.extend((child, called) for child in scope.get_children())
        for symbol in scope.get_symbols():
            if symbol.is_global():
                (inside if called else used).add(symbol.get_name())
                bound |= {symbol.get_name()} if symbol.is_declared_global() and symbol.is_assigned() else set()
    if (captured := _CAPTURED.match(source)) is not None:
        bound.add(captured[1])
    return frozenset(bound), frozenset(used | inside), frozenset(imported), frozenset(inside)


@functools.lru_cache(maxsize=1024)
def body_of(source: str) -> list[ast.stmt]:
    """Return the statements of a cell; none where it is no Python."""
    try:
        return parsed(source).body
    except SyntaxError:
        return []


def mark_scheme(source: str, marks: Marks = SCHEME) -> str:
    """Return what a written answer earns points for: the text between the mark-scheme lines, or ""."""
    begin, end = map(re.escape, marks)
    match = re.search(rf"{begin}[^\n]*\n(.*?)^[^\n]*{end}", source, re.DOTALL | re.MULTILINE)
    return match.group(1).strip() if match else ""


def hidden_lines(source: str, marks: Marks = HIDDEN) -> tuple[int, ...]:
    """Return the numbers (from 1) of the lines that the release leaves out of a test cell."""
    found, inside = [], False
    for number, line in enumerate(source.split("\n"), 1):
        inside = inside or marks.begin in line
        if inside:
            found.append(number)
        inside = inside and marks.end not in line
    return tuple(found)


def without_hidden_lines(source: str, marks: Marks = HIDDEN) -> str:
    """Return a test cell as students see it."""
    hidden = set(hidden_lines(source, marks))
    return "\n".join(line for number, line in enumerate(source.split("\n"), 1) if number not in hidden)


def claim_of(source: str) -> str:
    """Return the docstring of a test cell: the property it tests, in the instructor's words."""
    try:
        return ast.get_docstring(parsed(source)) or ""
    except SyntaxError:
        return ""
