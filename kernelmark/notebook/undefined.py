"""Names that nothing defines before the cell that asks for them, and text that is no Python.

Pyflakes reads the cells one below the other, as the notebook runs them: it knows scopes, deletions, conditional
imports and `global`, and is what most editors show. What runs in cell magics or is bound by them it does not see.
"""

import ast
import builtins
import re
from collections.abc import Collection, Iterator, Sequence

from pyflakes import messages
from pyflakes.checker import Checker

from kernelmark.notebook.cells import Marks, bound_names, parsed, used_names, without_hidden_lines
from kernelmark.notebook.finding import Finding, Look

# What IPython and the referee put into a notebook's names.
_GIVEN = frozenset({"get_ipython", "display", "In", "Out", "exit", "quit", "_", "__", "_i", "_ih", "_oh", "__file__"})
# Each cell's lines begin at a multiple of it, so that a line tells its cell.
_APART = 1_000_000
# A text that may define names which nobody can read from it.
_UNREADABLE = re.compile(
    r"^\s*%(?:pylab|run|load|store|reset)\b|\bexec\s*\(|\bglobals\(\)\s*\[|\bglobals\(\)\.update|import \*|\bsetattr\(",
    re.MULTILINE,
)
# pyflakes' messages that tell of a slip in what a test asks.
_SLIPS = {
    messages.IsLiteral: ("is-literal", "`is` compares places in memory, not values", "write =="),
    messages.MultiValueRepeatedKeyLiteral: (
        "doubled-key",
        "a dict names the same key twice, and only the last counts",
        "take one away",
    ),
}


def of_names(looks: Sequence[Look], hiding: Marks) -> Iterator[Finding]:
    """Yield the names that a cell asks for and that no cell before it defines."""
    yield from _no_python(looks)
    code = [look for look in looks if look.code]
    missing = list(_missing(code))
    unreadable = any(_UNREADABLE.search(look.source) for look in code)
    later = {look.number: bound_names(look.source) for look in code}
    for look, name, inside in missing:
        if "raises-exception" in look.tags:
            continue
        definers = [other for other in code if other.number > look.number and name in later[other.number]]
        if definers:
            where = definers[0].name
            yield _finding(
                look,
                "before-its-solution" if definers[0].solution else "before-its-definition",
                f"it asks for {name}, which is defined further down, in {where}",
                f"move it below {where}",
                unsure=inside or unreadable,
            )
        else:
            yield _finding(
                look,
                "undefined",
                f"nothing before it defines {name}",
                "define or import it in a set-up cell, or mend the name",
                unsure=inside or unreadable,
            )
    yield from _only_hidden(code, hiding, {(look.number, name) for look, name, _ in missing})
    for look in code:
        if look.is_test:
            yield from _slips(look)


def _only_hidden(code: Sequence[Look], hiding: Marks, told: Collection[tuple[int, str]]) -> Iterator[Finding]:
    """Find visible lines that ask for what only hidden ones define."""
    known = set(_GIVEN | set(dir(builtins)))
    hidden = set[str]()
    for look in code:
        visible = without_hidden_lines(look.source, hiding) if look.hidden else look.source
        known |= bound_names(visible)
        hidden |= bound_names(look.source)
        for name in sorted((used_names(visible) & hidden) - known):
            if (look.number, name) not in told:
                yield look.warning(
                    "defined-in-hidden",
                    f"a line that students see asks for {name}, which only hidden lines define: it fails at their desk",
                    "define it in visible lines, or hide this line too",
                )


def _finding(look: Look, kind: str, what: str, remedy: str, *, unsure: bool) -> Finding:
    """Return an error where the class would feel it: in tests, set-up and solutions, not in a cell to try."""
    counts = look.grade or look.solution or look.locked
    return (look.error if counts and not unsure else look.warning)(kind, what, remedy)


def _no_python(looks: Sequence[Look]) -> Iterator[Finding]:
    for look in looks:
        if look.code and not look.body and look.source.strip():
            try:
                parsed(look.source)
            except SyntaxError as error:
                counts = look.grade or look.solution or look.locked
                if counts or "raises-exception" not in look.tags:
                    yield (look.error if counts else look.warning)(
                        "no-python", f"line {error.lineno or 1} is no Python: {error.msg}", "mend it"
                    )


def _missing(looks: Sequence[Look]) -> Iterator[tuple[Look, str, bool]]:
    """Yield the cell and the name of each that is undefined, and whether that is in a function."""
    body: list[ast.stmt] = []
    for index, look in enumerate(looks):
        try:
            tree = parsed(look.source)
        except SyntaxError:
            continue
        stored = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        own = bound_names(look.source) - stored if look.source.lstrip().startswith("%%capture") else ()
        tree.body[:0] = ast.parse("".join(f"{name} = None\n" for name in sorted(own))).body
        ast.increment_lineno(tree, (index + 1) * _APART)
        body += tree.body
    depths = _lines_in_functions(body)
    known = sorted(_GIVEN | set(dir(builtins)))
    checker = Checker(ast.Module(body, []), builtins=known)
    found = set[tuple[int, str]]()
    for message in sorted(checker.messages, key=lambda each: int(each.lineno)):
        if isinstance(message, messages.UndefinedName | messages.UndefinedLocal):
            index, name = int(message.lineno) // _APART - 1, str(message.message_args[0])
            if 0 <= index < len(looks) and (index, name) not in found:
                found.add((index, name))
                yield looks[index], name, int(message.lineno) in depths


def _lines_in_functions(body: Sequence[ast.stmt]) -> set[int]:
    return {
        inner.lineno
        for statement in body
        for node in ast.walk(statement)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for inner in ast.walk(node)
        if isinstance(inner, ast.expr)
    }


def _slips(look: Look) -> Iterator[Finding]:
    for message in Checker(ast.Module(look.body, [])).messages:
        slip = _SLIPS.get(type(message))
        if slip is not None:
            kind, what, remedy = slip
            yield look.warning(kind, f"line {message.lineno}: {what}", remedy)
