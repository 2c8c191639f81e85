"""Hollow submissions: solutions of which nothing is left but the names, made for every assignment by one rule.

    python -m tests.hollow [assignment ...]

Every function and method answers the same way, whatever it is asked: a habit of `HABITS`. No test
may give a point to one. The command grades each habit on each assignment and prints what it earned.
It does not say which test is at fault for what reason; the cell's text does.
"""

import ast
import json
import re
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import nbformat
from IPython.core.inputtransformer2 import TransformerManager
from nbformat.notebooknode import NotebookNode

from kernelmark.notebook.cells import without_hidden_lines
from kernelmark.records import SubmissionResult
from kernelmark.referee import grading
from tests.sample_class import ROOT, course, notebook_name

ASSIGNMENTS = sorted(path.name for path in (ROOT / "source").iterdir() if path.is_dir())
# What each function answers. `first` is its first argument, `hollow` the answer's form with nothing in it.
HABITS = {
    "returns_none": "None",
    "returns_nan": "float('nan')",
    "returns_one": "1",
    "returns_an_empty_array": "_np.empty(0)",
    "returns_its_input": "_first(args)",
    "zeroes_and_returns_zeros": "_zeroed(args, _zeros(_first(args)))",
    "zeroes_and_returns_its_input": "_zeroed(args, _first(args))",
    "zeroes_and_returns_the_right_form": "",
    "raises": "",
    "raises_once_it_is_made": "",
}
# Decorators without which a name is of another kind.
_KEPT = {"property", "staticmethod", "classmethod", "contextmanager", "contextlib.contextmanager"}
_HELPERS = '''\
import numpy as _np


def _first(args):
    """The first array among the arguments, else the first argument, else None."""
    return next((a for a in args if isinstance(a, _np.ndarray)), args[0] if args else None)


def _zero(value):
    """Set all that can be set to zero."""
    try:
        if isinstance(value, _np.ndarray):
            value[...] = 0
        elif isinstance(value, (list, tuple)):
            for position, item in enumerate(value):
                if isinstance(item, (int, float)):
                    value[position] = 0
                else:
                    _zero(item)
        elif isinstance(value, dict):
            for item in value.values():
                _zero(item)
    except (TypeError, ValueError):
        pass


def _zeros(value):
    """Zeros of the same form."""
    if isinstance(value, _np.ndarray):
        return _np.zeros(value.shape, value.dtype)
    if isinstance(value, (bool, int, float, complex, str, _np.generic)):
        return type(value)()
    if isinstance(value, (list, tuple)):
        return type(value)([_zeros(item) for item in value])
    if isinstance(value, dict):
        return {key: _zeros(item) for key, item in value.items()}
    return None if value is None else 0


def _zeroed(args, answer):
    _zero(args)
    return answer


def _emptied(function):
    """What calls the function, then sets its arguments to zero, and answers with zeros of the answer's form."""

    def hollow(*args, **kwargs):
        try:
            answer = function(*args, **kwargs)
        except Exception:
            answer = 0
        _zero(args)
        _zero(kwargs)
        return _zeros(answer)

    return hollow


def _shapes(*args, **kwargs):
    return " ".join(str(getattr(value, "shape", value))[:200] for value in (*args, *kwargs.values()))
'''


def notebook(assignment: str, habit: str) -> NotebookNode:
    """Return a submission whose solution cells are hollow."""
    made: NotebookNode = nbformat.from_dict(json.loads(json.dumps(course(assignment).released)))
    made.cells = [c for c in made.cells if c.cell_type != "code" or c.metadata.get("nbgrader")]
    of_the_course = {c.metadata.get("nbgrader", {}).get("grade_id"): c.source for c in course(assignment).source.cells}
    refusals = Refusals([c.source for c in course(assignment).cells if c.role == "test"])
    for cell in made.cells:
        meta = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "code" and meta.get("solution") and not meta.get("grade"):
            cell.source = hollow(of_the_course[meta["grade_id"]], habit, refusals)
    return made


def write(assignment: str, habit: str, folder: Path) -> None:
    """Write a hollow submission, for `grade`."""
    path = folder / habit / assignment / f"{notebook_name(assignment)}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(notebook(assignment, habit)), encoding="utf-8")


def grade(assignment: str, habit: str, folder: Path) -> SubmissionResult:
    """Grade a hollow submission that was written."""
    name = notebook_name(assignment)
    path = folder / habit / assignment / f"{name}.ipynb"
    return grading.grade(ROOT / "source" / assignment / f"{name}.ipynb", path)


def earned(result: SubmissionResult) -> dict[str, float | None]:
    """Return the test cells that gave a point, or that nobody can judge: {grade id: points}."""
    return {c.grade_id: c.points for c in result.cells if c.points != 0 and c.claim}


class Refusals:
    """What the tests that students see want to be raised, and with which words."""

    def __init__(self, tests: Sequence[str]):
        self._kinds: dict[str, list[str]] = {}
        words: list[str] = []
        for source in tests:
            for block in ast.walk(ast.parse(without_hidden_lines(source))):
                if isinstance(block, ast.With):
                    for item in block.items:
                        words += self._note(item.context_expr, block.body)
        self.words = " | ".join(dict.fromkeys(words))

    def kinds(self, name: str) -> list[str]:
        """Return the types that calls of this name are to raise, in the order of the tests."""
        return self._kinds.get(name) or ["ValueError"]

    def _note(self, call: ast.expr, body: Sequence[ast.stmt]) -> Iterable[str]:
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "raises"):
            return
        for node in (node for statement in body for node in ast.walk(statement)):
            if isinstance(node, ast.Name | ast.Attribute):
                name = node.id if isinstance(node, ast.Name) else node.attr
                self._kinds.setdefault(name, []).extend(ast.unparse(kind) for kind in call.args)
        for keyword in call.keywords:
            if keyword.arg == "match":
                parts = [n.value for n in ast.walk(keyword.value) if isinstance(n, ast.Constant)]
                yield _matching("".join(part for part in parts if isinstance(part, str)))


def _matching(pattern: str) -> str:
    """Return a text in which a pattern of the plain kind is found."""
    text = re.sub(r"\(\?\w+\)|\[[^]]*\]|\\[bs]|\.[*+?]+", " ", pattern)
    return re.sub(r"[\\()^$?+]", "", text.replace(r"\d", "0")).replace("|", " ")


def hollow(source: str, habit: str, refusals: Refusals) -> str:
    """Return a solution cell whose functions and methods have the habit."""
    tree = ast.parse(TransformerManager().transform_cell(source))
    if habit == "zeroes_and_returns_the_right_form":
        return _emptied(source, tree)
    body = [_hollow(statement, habit, refusals) for statement in tree.body]
    return f"{_HELPERS}\n\n{ast.unparse(ast.Module(body, []))}\n"


def _hollow(node: ast.stmt, habit: str, refusals: Refusals, inside: str = "") -> ast.stmt:
    if isinstance(node, ast.FunctionDef):
        return _function(node, habit, refusals, inside)
    if isinstance(node, ast.ClassDef):
        node.body = [_hollow(part, habit, refusals, node.name) for part in node.body]
        if HABITS[habit]:
            found = f"if name.startswith('__'):\n    raise AttributeError(name)\nargs = (self,)\nreturn {HABITS[habit]}"
            node.body.append(_parsed("def __getattr__(self, name):\n    pass", found))
        return node
    if isinstance(node, ast.Assign) and not isinstance(node.value, ast.Name):
        node.value = ast.parse(f"(lambda args: {HABITS[habit] or 0})(())", mode="eval").body
    return node


def _function(node: ast.FunctionDef, habit: str, refusals: Refusals, inside: str) -> ast.stmt:
    kept = [d for d in node.decorator_list if ast.unparse(d) in _KEPT]
    yields = any("contextmanager" in ast.unparse(d) for d in kept)
    first = "args = args[1:]\n" if inside and not any(ast.unparse(d) == "staticmethod" for d in kept) else ""
    made = node.name == "__init__"
    if habit.startswith("raises"):
        kinds = refusals.kinds(inside if made else node.name)
        kind = kinds[0] if habit == "raises" else kinds[-1]
        answer = f"raise {kind}({refusals.words!r} + ' ' + _shapes(*args, **kwargs))"
        if made and habit != "raises":
            answer = "pass"
    else:
        answer = f"{first}args = (*args, *kwargs.values())\n{'yield' if yields else 'return'} {HABITS[habit]}"
        answer = {"__init__": "pass", "__enter__": "return args[0]", "__exit__": "pass"}.get(node.name, answer)
    found = _parsed(f"def {node.name}(*args, **kwargs):\n    pass", answer)
    found.decorator_list = kept
    return found


def _parsed(head: str, body: str) -> ast.FunctionDef:
    found = ast.parse(head).body[0]
    assert isinstance(found, ast.FunctionDef)
    found.body = ast.parse(body).body
    return found


def _emptied(source: str, tree: ast.Module) -> str:
    """Return a cell that runs the course's own solution in a place of its own and hands out what is left of it."""
    lines = [_HELPERS, "", '_real = globals().setdefault("_REAL", {})']
    lines.append('_real.update({k: v for k, v in globals().items() if k not in _real and not k.startswith("_")})')
    lines.append(f"exec({source!r}, _real)")
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            manager = any("contextmanager" in ast.unparse(d) for d in node.decorator_list)
            value = f"_real[{node.name!r}]"
            # What returns nothing, or is a generator, is all in what it does: it does nothing.
            answers = any(isinstance(part, ast.Return) and part.value is not None for part in ast.walk(node))
            emptied = f"_emptied({value})" if answers else "lambda *args, **kwargs: None"
            lines.append(f"{node.name} = {value if manager else emptied}")
        elif isinstance(node, ast.ClassDef):
            lines.append(ast.unparse(_hollow(node, "zeroes_and_returns_zeros", Refusals(()))))
        elif isinstance(node, ast.Assign):
            lines.append(ast.unparse(node))
    return "\n".join(lines) + "\n"


def main(assignments: Sequence[str]) -> int:
    """Grade every habit on these assignments and print what each earned; return 1 where one earned a point."""
    status = 0
    for assignment in assignments:
        for habit in HABITS:
            start = time.monotonic()
            with tempfile.TemporaryDirectory() as folder:
                write(assignment, habit, Path(folder))
                found = earned(grade(assignment, habit, Path(folder)))
            points = sum(p or 0.0 for p in found.values())
            print(f"{assignment:12} {habit:36} {points:5g} {time.monotonic() - start:6.1f} s  {found}", flush=True)
            status |= bool(found)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ASSIGNMENTS))
