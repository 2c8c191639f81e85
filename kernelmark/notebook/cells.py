"""A cell of a notebook to be graded, the plan of all of them, and what a cell's text says of itself.

Light on purpose: the warm judge and the student's desk need no more than this of an
assignment. Which cells a submission is graded by is decided in `conform`.
"""

import ast
import json
import re
import symtable
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal, NamedTuple

from IPython.core.inputtransformer2 import TransformerManager

from kernelmark.errors import CourseError


class Marks(NamedTuple):
    """What the lines hold that begin and end a part which students do not get."""

    begin: str
    end: str


HIDDEN = Marks("BEGIN HIDDEN TESTS", "END HIDDEN TESTS")
SCHEME = Marks("BEGIN MARK SCHEME", "END MARK SCHEME")

Role = Literal["setup", "test", "student", "answer", "text"]


@dataclass(frozen=True)
class Cell:
    """One cell of the notebook to be graded.

    Roles: setup runs in every process; test runs in the judge; student runs in the
    student process where it is code; answer the same, and a person reads it; text
    does not run. `elsewhere` says of an answer that its own cell is as it was released, and that the submission
    holds text of the student's outside all cells of the course.
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


@dataclass(frozen=True)
class Plan:
    """Everything a referee needs to know about one submitted notebook.

    `names` are those that the instructor's solution cells define: {name: grade ids of the cells}. Those of
    them that are classes are `classes`. `doubt` is why a person must look at what earned nothing, or "".
    """

    cells: tuple[Cell, ...]
    names: Mapping[str, Sequence[str]]
    solution: tuple[Cell, ...]
    notes: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    doubt: str = ""

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
        return cls(tuple(cells), fields["names"], tuple(solution), notes, classes, fields["doubt"])


def defined_names(sources: Sequence[str]) -> set[str]:
    """Return the names that these cells define at their top level: functions, classes, values.

    Raises:
        CourseError: a cell is no Python.
    """
    names: set[str] = set()
    for source in sources:
        try:
            table = symtable.symtable(TransformerManager().transform_cell(source), "<solution>", "exec")
        except SyntaxError as error:
            raise CourseError(f"a solution cell is no Python: {error}; it begins {source[:80]!r}") from None
        names |= {s.get_name() for s in table.get_symbols() if s.is_assigned() and not s.is_imported()}
    return names


def defined_classes(sources: Sequence[str]) -> set[str]:
    """Return the names of the classes that these cells define at their top level, other names of the same included."""
    found: set[str] = set()
    for source in sources:
        for node in ast.parse(TransformerManager().transform_cell(source)).body:
            if isinstance(node, ast.ClassDef):
                found.add(node.name)
            elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Name) and node.value.id in found:
                found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


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
        return ast.get_docstring(ast.parse(TransformerManager().transform_cell(source))) or ""
    except SyntaxError:
        return ""
