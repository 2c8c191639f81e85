"""Solved notebooks to modules: the cells marked `#| export`, and what they need, as plain Python.

The first line `#| export` of a cell is nbdev's mark. Beside the marked cells a module
gets the imports and helpers of other cells that they use, found by the names they leave
free, so it can be imported as it is. It runs nothing; a cell that is no Python is refused.
"""

import ast
import builtins
import itertools
import keyword
import re
import shutil
import symtable
import sys
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
from IPython.core.inputtransformer2 import TransformerManager
from nbformat.notebooknode import NotebookNode

from kernelmark.errors import KernelmarkError
from kernelmark.text import visible

EXPORT = re.compile(r"^#\|\s*exports?\b.*$", re.MULTILINE)
MARKER = re.compile(r"^\s*### (BEGIN|END) SOLUTION.*\n?", re.MULTILINE)
_BUILTINS = frozenset(vars(builtins))
# "test" is a package of Python's too.
_STANDARD = frozenset(
    {*(name.casefold() for name in sys.stdlib_module_names), "test", "kernelmark", "numpy", "__init__"}
)


@dataclass(frozen=True)
class Statement:
    """One statement at the top of a code cell."""

    place: tuple[int, int]
    text: str
    binds: frozenset[str]
    uses: frozenset[str]
    marked: bool
    is_import: bool
    is_helper: bool


def module_of(notebook: NotebookNode, title: str, only: Iterable[str] | None = None) -> str:
    """Return the text of a module with what a notebook exports.

    Args:
        notebook: any notebook with cells that begin with `#| export`.
        title: what the module says it was made from.
        only: names to export; all that the marked cells define where None.

    Raises:
        KernelmarkError: nothing is marked, a name is not there, or a cell is no Python.
    """
    statements = list(_statements(notebook))
    wanted = set(only) if only is not None else None
    roots = [s for s in statements if s.marked and (wanted is None or s.binds & wanted)]
    missing = (wanted or set()) - {name for s in roots for name in s.binds}
    if missing:
        raise KernelmarkError(f"{title}: no cell marked '#| export' defines {', '.join(sorted(missing))}")
    if not roots:
        raise KernelmarkError(f"{title}: no cell begins with '#| export', so there is nothing to export")
    chosen = _with_needed(roots, statements)
    imports = "\n".join(dict.fromkeys(s.text for s in chosen if s.is_import))
    body = "\n\n\n".join(s.text for s in chosen if not s.is_import)
    public = sorted({n for s in roots if not s.is_import for n in s.binds if not n.startswith("_")})
    if wanted is not None:
        public = sorted(wanted)
    names = "".join(f'    "{name}",\n' for name in public)
    return f'"""{title}"""\n\n{imports}\n\n__all__ = [\n{names}]\n\n\n{body}\n'


def export(notebooks: Sequence[Path], folder: Path, only: Iterable[str] | None = None) -> list[Path]:
    """Write a module for each notebook into a package, and a package that imports them all; return what was written.

    A package beside a notebook that its module imports, such as `given`, goes along.

    Raises:
        KernelmarkError: as `module_of`, or the folder holds a package that this did not write.
    """
    init = folder / "__init__.py"
    head = '"""Compute kernels, exported from notebooks by `kernelmark export`."""'
    if init.exists() and not init.read_text(encoding="utf-8").startswith(head):
        raise KernelmarkError(f"{init} was not written by kernelmark export; choose another folder with --to")
    names = module_names(notebooks, taken={path.name for path in folder.glob("*") if path.is_dir()})
    made = {
        folder / f"{names[path]}.py": module_of(_read(path), f"Exported from {_titled(path)}.", only)
        for path in notebooks
    }
    folder.mkdir(parents=True, exist_ok=True)
    for source, (path, text) in zip(notebooks, made.items(), strict=True):
        path.write_text(_with_neighbours(text, source.parent, folder), encoding="utf-8")
    modules = sorted(path.stem for path in folder.glob("*.py") if path != init and path.stem.isidentifier())
    # Of two definitions the last counts: the original's, not its duplicate's.
    modules.sort(key=lambda name: not any(name.startswith(f"{other}_") for other in modules))
    lines = "".join(f"from .{name} import *  # noqa: F403\n" for name in modules)
    init.write_text(f"{head}\n\n{lines}", encoding="utf-8")
    return [*made, init]


def exporting(folder: Path) -> tuple[list[Path], list[str]]:
    """Return the notebooks in a folder and one level below that export something, in order, and what was left out."""
    found, left_out = [], []
    for path in sorted([*folder.glob("*.ipynb"), *folder.glob("[!.]*/*.ipynb")]):
        try:
            notebook = _read(path)
            if EXPORT.search("\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")):
                module_of(notebook, visible(str(path), lines=False))
                found.append(path)
        except KernelmarkError as error:
            left_out.append(str(error))
    return found, left_out


def module_names(notebooks: Sequence[Path], taken: Collection[str] = ()) -> dict[Path, str]:
    """Return the name of each notebook's module: one that Python can import, and no other's.

    Args:
        taken: names that may not be used, those of packages beside the modules.
    """
    found: dict[Path, str] = {}
    used = {name.casefold() for name in taken}
    # A name that needs no change is kept, whatever else would like to have it.
    for path in sorted(notebooks, key=lambda path: _module_name(path) != path.stem):
        plain = name = _module_name(path)
        for number in itertools.count(2):
            if name.casefold() not in used:
                break
            name = f"{plain}_{number}"
        used.add(name.casefold())
        found[path] = name
    return {path: found[path] for path in notebooks}


def _module_name(path: Path) -> str:
    """Return a notebook's name as one of a module: letters, digits and underscores, and no word of Python's own."""
    name = re.sub(r"\W+", "_", unicodedata.normalize("NFKC", path.stem)).strip("_") or "notebook"
    name = f"_{name}" if name[0].isdigit() else name
    # `from .math import *` finds ours; a script that is run in the folder would find it in the place of Python's.
    own = keyword.iskeyword(name) or keyword.issoftkeyword(name) or name.casefold() in _STANDARD
    return f"{name}_" if own else name


def _titled(path: Path) -> str:
    """Return where a notebook lies, for a docstring: a name may hold quotes and backslashes."""
    name = visible(f"{path.resolve().parent.name}/{path.name}", lines=False)
    return name.replace("\\", "/").replace('"', "'")


def _read(path: Path) -> NotebookNode:
    """Return a student's notebook.

    Raises:
        KernelmarkError: it is none.
    """
    try:
        found: NotebookNode = nbformat.read(path, as_version=4)
        for cell in found.cells:
            if not isinstance(cell.source, str) or not isinstance(cell.cell_type, str):
                raise ValueError("a cell has no text")
    except Exception as error:  # nbformat raises whatever the JSON led it to
        shown = visible(str(path), lines=False)
        said = " ".join(str(error).split())[:200]
        raise KernelmarkError(f"{shown} cannot be read as a notebook: {type(error).__name__}: {said}") from None
    return found


def _with_neighbours(text: str, beside: Path, folder: Path) -> str:
    """Copy the packages beside a notebook that a module imports, and return the module importing the copies."""
    for package in sorted(path.parent for path in beside.glob("*/__init__.py")):
        pattern = re.compile(rf"^from {re.escape(package.name)}(?=[. ])", re.MULTILINE)
        if package.resolve() != folder.resolve() and pattern.search(text):
            leftovers = shutil.ignore_patterns("__pycache__")
            shutil.copytree(package, folder / package.name, dirs_exist_ok=True, ignore=leftovers)
            text = pattern.sub(f"from .{package.name}", text)
    return text


def _with_needed(roots: Sequence[Statement], statements: Sequence[Statement]) -> list[Statement]:
    """Return the roots and all they need, in the notebook's order."""
    chosen, bound, open_names = list(roots), {n for s in roots for n in s.binds}, {n for s in roots for n in s.uses}
    while missing := {name for name in open_names if name not in bound}:
        for name in sorted(missing):
            found = [s for s in statements if name in s.binds and (s.marked or s.is_helper) and s not in chosen]
            # A marked cell's own definition first, then the latest import or helper before anything else.
            for statement in [s for s in found if s.marked] or found[-1:]:
                chosen.append(statement)
                bound |= statement.binds
                open_names |= statement.uses
            bound.add(name)
    return sorted(set(chosen), key=lambda s: s.place)


def _statements(notebook: NotebookNode) -> Iterator[Statement]:
    for index, cell in enumerate(notebook.cells):
        meta = cell.metadata.get("nbgrader", {})
        if cell.cell_type != "code" or (meta.get("grade") and not meta.get("solution")):
            continue
        marked = EXPORT.match(cell.source) is not None
        yield from _of_cell(index, cell.source, marked=marked, setup=bool(meta.get("locked")))


def _of_cell(index: int, source: str, *, marked: bool, setup: bool) -> Iterator[Statement]:
    text = MARKER.sub("", EXPORT.sub("", source) if marked else source)
    text = TransformerManager().transform_cell(text)
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        if not marked:
            return  # a cell to try things in may be half written
        raise KernelmarkError(f"a cell to export is no Python ({error}); it begins {source[:80]!r}") from None
    lines, end = text.split("\n"), 0
    for number, node in enumerate(tree.body):
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
        while first - 1 > end and lines[first - 2].lstrip().startswith("#"):
            first -= 1
        segment = "\n".join(lines[first - 1 : node.end_lineno])
        end = node.end_lineno or first
        if isinstance(node, ast.Expr):
            continue
        binds, uses = _names("\n".join(lines[first - 1 : node.end_lineno]))
        is_import = isinstance(node, ast.Import | ast.ImportFrom)
        defines = isinstance(node, ast.FunctionDef | ast.ClassDef)
        helper = is_import or defines or (setup and isinstance(node, ast.Assign | ast.AnnAssign))
        yield Statement((index, number), segment, binds, uses, marked, is_import, helper)


def _names(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the names that a statement binds at the top level, and the global ones that it uses at any depth."""
    top = symtable.symtable(text, "<cell>", "exec")
    binds = {s.get_name() for s in top.get_symbols() if s.is_assigned() or s.is_imported()}
    uses = {s.get_name() for s in top.get_symbols() if s.is_referenced()}
    waiting = list(top.get_children())
    while waiting:
        table = waiting.pop()
        uses |= {s.get_name() for s in table.get_symbols() if s.is_global() and s.is_referenced()}
        waiting += table.get_children()
    return frozenset(binds), frozenset(uses - _BUILTINS - binds)
