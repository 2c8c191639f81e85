"""Which names a test and the course's solution share, read from the instructor's text alone.

At a desk both live in one process: a test may set a global that a function of the solution reads, and a function may
change one that the test reads. It reads text and runs nothing.
"""

import ast
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from kernelmark.notebook.cells import Cell, body_of, bound_names, imported_names, names_read_inside
from kernelmark.notebook.changers import changed_at_once, changers
from kernelmark.notebook.drawing import Figures, figures
from kernelmark.notebook.filing import is_about_files, names_of_files, runs_what_it_reads
from kernelmark.notebook.patching import main_names, patched_modules
from kernelmark.notebook.places import changed_in_place

_WORD = re.compile(r"[^\W\d]\w*")
# A test that reaches for names by their text.
_BY_TEXT = re.compile(r"\b(?:globals|user_ns|__main__|setattr|patch|monkeypatch)\b")
# A test that puts something in the place of Python's own functions or of standard input.
_REPLACES = re.compile(r"\b(?:builtins|stdin)\b")
_SEEDS = re.compile(r"\b(?:seed|setstate|set_state)\s*\(")


@dataclass(frozen=True)
class Shares:
    """What one test shares: names that it changes and functions read, names that those change and it reads.

    `seeded`: it seeds a generator. `replaces`: it puts something in the place of Python's `input`, `print` or `stdin`.
    `files`: it is about files, of which its text may use these names; `takes`: it may read what the solution wrote.
    `changers`: for each name watched, whose call may change it. `at_once`: those that cells change when they run.
    `modules`: modules of which it may replace functions, each with whether a cell imports its package.
    `figures`: it asks pyplot for figures that the solution draws; see `drawing`.
    """

    sent: tuple[str, ...] = ()
    watched: tuple[str, ...] = ()
    seeded: bool = False
    replaces: bool = False
    files: bool = False
    takes: bool = False
    file_names: tuple[str, ...] = ()
    changers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    at_once: Sequence[str] = ()
    modules: Mapping[str, bool] = field(default_factory=dict)
    figures: Figures = ""

    @property
    def nothing(self) -> bool:
        """Whether it shares nothing."""
        return not (
            self.sent or self.watched or self.seeded or self.replaces or self.files or self.modules or self.figures
        )


def shares(cells: Sequence[Cell], solution: Sequence[Cell], solved: Collection[str]) -> dict[str, Shares]:
    """Return what each test shares, {grade id: what}; a test that shares nothing is left out.

    Args:
        cells: all of the instructor's, in their order. solution: those among them that the reference runs.
        solved: the names that the solution defines.
    """
    code = [cell for cell in solution if cell.code]
    imported = set().union(*(imported_names(cell.source) for cell in cells if cell.code))
    asked = set().union(*(names_read_inside(cell.source) for cell in code))
    read = asked - imported
    changed = set().union(*(names_changed_anywhere(cell.source) for cell in code if cell.solves)) - imported
    sources, solved_sources = [cell.source for cell in code], [cell.source for cell in code if cell.solves]
    by_function, at_once = changers(sources), changed_at_once(sources, solved_sources)
    found: dict[str, Shares] = {}
    former: set[str] = set()
    written: set[str] = set()  # what tests that are about files name: a later one may hand it over and say no more
    ours = [cell.source for cell in cells if cell.code and cell.role != "test"]
    own_imports = set().union(*(imported_names(cell.source) for cell in code)) & asked
    runs = any(runs_what_it_reads(cell.source) for cell in cells if cell.code and cell.role == "setup")
    for cell in cells:
        if cell.role != "test":
            continue
        words = set(_WORD.findall(cell.source))
        own = bound_names(cell.source) | names_changed_anywhere(cell.source)
        own |= words if _BY_TEXT.search(cell.source) else set()
        # What a cell imports by name is shared where the test puts something else in its place.
        replaced = bound_names(cell.source) - imported_names(cell.source) | main_names(cell.source)
        sent = (own | former) & read | replaced & own_imports
        former |= own & (read | set(solved))
        seeds, replaces = (pattern.search(cell.source) is not None for pattern in (_SEEDS, _REPLACES))
        watched = tuple(sorted(changed & words))
        whose = {name: sorted(by_function.get(name, ())) for name in watched}
        each = Shares(
            tuple(sorted(sent)),
            watched,
            seeds,
            replaces,
            changers=whose,
            at_once=sorted(at_once & set(watched)),
            modules=patched_modules(cell.source, ours),
            figures=figures(cell.source, ours, solved),
        )
        runs = runs or runs_what_it_reads(cell.source)
        own_files = names_of_files(cell.source)
        if is_about_files(cell.source) or own_files & written:
            written |= {name for name in own_files if "." in name.strip(".")}
            texts = set().union(*(names_of_files(text) for text in (cell.source, *ours)))
            each = replace(each, files=True, takes=not runs, file_names=tuple(sorted(texts)))
        if not each.nothing:
            found[cell.grade_id] = each
    return found


def names_changed_anywhere(source: str) -> frozenset[str]:
    """Return the names of the notebook that a cell changes in place or, from a function, gives another meaning."""
    body = body_of(source)
    return frozenset(changed_in_place(body)) | frozenset(name for node in body for name in _changed_inside(node))


def _changed_inside(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _changed_by(inner)


def _changed_by(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    nodes = list(ast.walk(function))
    declared = {name for node in nodes if isinstance(node, ast.Global) for name in node.names}
    arguments = {node.arg for node in nodes if isinstance(node, ast.arg)}
    stored = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return (declared & stored) | (changed_in_place(function.body) - arguments - (stored - declared))
