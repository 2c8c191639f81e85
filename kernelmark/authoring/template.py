"""A notebook from a text that one can read: the cells of an assignment, one after the other.

A line `%% KIND GRADE_ID POINTS {metadata}` begins a cell; what a kind does not need may be left out. It does not say
whether the notebook is a good assignment: `kernelmark validate` does.
"""

import json
import re
from collections.abc import Mapping
from importlib import resources
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode

_HEAD = re.compile(r"^%% (\w+)(?: (\w+))?(?: (\d+))?(?: (\{.*\}))?\n", re.MULTILINE)
_KERNEL = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
# The type of cell of each kind, and what nbgrader's metadata hold for it; nothing where nbgrader leaves it alone.
_KINDS: dict[str, tuple[str, dict[str, bool]]] = {
    "text": ("markdown", {}),
    "code": ("code", {}),
    "locked": ("code", {"locked": True}),
    "solution": ("code", {"solution": True}),
    "test": ("code", {"grade": True, "locked": True}),
    "answer": ("markdown", {"grade": True, "solution": True}),
    "task": ("markdown", {"task": True, "locked": True}),
}


def text(name: str, filled: Mapping[str, str] | None = None) -> str:
    """Return a template of the package, each @WORD@ of it replaced by what `filled` has for WORD."""
    found = (resources.files(__package__) / "templates" / f"{name}.txt").read_text(encoding="utf-8")
    for word, value in (filled or {}).items():
        found = found.replace(f"@{word}@", value)
    return found


def notebook(template: str) -> str:
    """Return the notebook that a template describes, as the text of an .ipynb file; lines above its cells are left out.

    Raises:
        ValueError: a kind of cell is unknown, or the notebook is none that Jupyter would open.
    """
    _, *parts = _HEAD.split(template)
    cells = [_cell(*parts[at : at + 5]) for at in range(0, len(parts), 5)]
    made = nbformat.v4.new_notebook(cells=cells, metadata=_KERNEL)
    nbformat.validate(made)
    return f"{nbformat.writes(made)}\n"


def _cell(kind: str, name: str | None, points: str | None, metadata: str | None, source: str) -> NotebookNode:
    if kind not in _KINDS:
        raise ValueError(f"%% {kind}: expected one of {', '.join(_KINDS)}")
    of, flags = _KINDS[kind]
    given = {"source": source.strip("\n"), "metadata": json.loads(metadata or "{}")}
    cell: NotebookNode = (
        nbformat.v4.new_markdown_cell(**given) if of == "markdown" else nbformat.v4.new_code_cell(**given)
    )
    if name:
        cell["id"] = name.replace("_", "-")
    if flags:
        off = dict.fromkeys(("grade", "locked", "solution", "task"), False)
        marks: dict[str, Any] = {**off, **flags, "grade_id": name, "schema_version": 3}
        if points:
            marks["points"] = int(points)
        cell.metadata["nbgrader"] = marks
    return cell
