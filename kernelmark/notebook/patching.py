"""In which modules a test puts something in the place of a function, read from the instructor's text alone.

`mock.patch("random.random")`, `patch.object(np.random, "rand")`, `monkeypatch.setattr(time, "time", ...)` and
`time.sleep = ...` change a module that the solution uses too. It reads text and runs nothing: what is replaced in them
is seen when the test runs.
"""

import ast
import re
import sys
from collections.abc import Collection, Iterator, Mapping

from kernelmark.notebook.cells import body_of

# Words without which a test replaces nothing by a function, and a value given to `name.attribute`.
_REPLACES = re.compile(r"\b(?:patch|monkeypatch|MonkeyPatch|setattr|delattr)\b")
_ASSIGNS = re.compile(r"\w\s*\.\s*\w+\s*(?:=[^=]|:=|\+=)")
_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")
_NEVER = frozenset({"__main__", "builtins", "kernelmark", "unittest", "pytest"})


def patched_modules(source: str, others: Collection[str]) -> dict[str, bool]:
    """Return the modules of which a test may replace something: {dotted name: a cell imports its package}.

    Args:
        source: the test's text. others: the text of the notebook's other cells.
    """
    if not (_REPLACES.search(source) or _ASSIGNS.search(source)):
        return {}
    known: dict[str, str] = {}
    imported: set[str] = set()
    for text in (*others, source):
        for name, dotted in imports_of(text):
            known[name] = dotted
            imported.add(dotted.partition(".")[0])
    found = set(_mentioned(source, known))
    roots = {dotted: dotted.partition(".")[0] for dotted in found}
    kept = {dotted for dotted, root in roots.items() if root in imported or root in sys.stdlib_module_names}
    return {dotted: roots[dotted] in imported for dotted in sorted(kept) if roots[dotted] not in _NEVER}


def main_names(source: str) -> frozenset[str]:
    """Return the names of the notebook that a test patches by their text, as in `patch("__main__.randint")`."""
    texts = (node.value for node in _nodes(source) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    parts = (text.split(".") for text in texts if text.startswith("__main__.") and _DOTTED.fullmatch(text))
    return frozenset(part[1] for part in parts)


def _nodes(source: str) -> Iterator[ast.AST]:
    return (node for statement in body_of(source) for node in ast.walk(statement))


def imports_of(source: str) -> Iterator[tuple[str, str]]:
    """Yield each name that an import binds, with what it stands for."""
    for node in _nodes(source):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield (name.asname, name.name) if name.asname else (name.name.partition(".")[0],) * 2
                if not name.asname:
                    yield from ((name.name, name.name),)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((name.asname or name.name, f"{node.module}.{name.name}") for name in node.names)


def _mentioned(source: str, known: Mapping[str, str]) -> Iterator[str]:
    for node in _nodes(source):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _DOTTED.fullmatch(node.value):
            yield from _above(node.value)
        elif isinstance(node, ast.Name) and node.id in known:
            yield from (known[node.id], *_above(known[node.id]))
        elif isinstance(node, ast.Attribute) and (chain := _chain(node)) and chain[0] in known:
            yield ".".join([known[chain[0]], *chain[1:]])


def _above(dotted: str) -> Iterator[str]:
    """Yield the packages above a dotted name."""
    parts = dotted.split(".")
    yield from (".".join(parts[:count]) for count in range(1, len(parts)))


def _chain(node: ast.AST) -> list[str]:
    """Return the names in `a.b.c`, [] for anything else."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return [*names, node.id][::-1] if isinstance(node, ast.Name) else []
