"""Which functions of the course's may change which names of its notebook, read from the instructor's text alone.

A submission's function may change what the course's own of that name changes, itself or through others; a change that
any other makes is a way to change what a test compares with. It reads text and runs nothing: where the text leaves it
open, a function may.
"""

import ast
import builtins
from collections.abc import Collection, Iterator, Sequence

from kernelmark.notebook.cells import body_of
from kernelmark.notebook.places import changed_names

Function = ast.FunctionDef | ast.AsyncFunctionDef
_DEFINES = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
# Functions that give out the items of what they are given, and functions that change it.
_GIVES_ITEMS = frozenset({"enumerate", "zip", "reversed", "iter", "next"})
_COPIES = frozenset({"copy", "astype", "tolist"})
_PYTHONS = frozenset(dir(builtins)) - {"map", "filter"}
_CHANGES = frozenset(
    {"shuffle", "heappush", "heappop", "heapify", "heapreplace", "heappushpop", "insort", "insort_left", "insort_right"}
    | {"fill_diagonal", "put", "put_along_axis", "place", "putmask", "copyto", "setattr", "delattr", "setitem", "next"}
)


def changers(sources: Sequence[str]) -> dict[str, set[str]]:
    """Return the functions and classes whose call may change a name of the notebook: {name: them}.

    "" is among them where an object may: of a class, a function that a function makes, a generator.
    """
    parts = _parts(sources)
    leaves = _PYTHONS
    for _ in range(3):  # functions that hand on what they are given, to one that hands it on
        leaves = _PYTHONS | {name for name, nodes in parts.items() if not any(_changes_given(n, leaves) for n in nodes)}
    changes = {name: set().union(*(_changed_in(n, leaves) for n in nodes)) for name, nodes in parts.items()}
    asks = {name: set().union(*map(_mentioned, nodes)) & set(parts) for name, nodes in parts.items()}
    grown = True
    while grown:
        reached = {name: made.union(*(changes[other] for other in asks[name])) for name, made in changes.items()}
        grown, changes = reached != changes, reached
    found: dict[str, set[str]] = {}
    for function, names in changes.items():
        for name in names:
            found.setdefault(name, set()).add(function)
            if any(map(_makes_objects, parts[function])):
                found[name].add("")
    return found


def changed_at_once(sources: Sequence[str], solved: Sequence[str]) -> set[str]:
    """Return the names that cells of the solution change as they run, or any cell through functions that it calls."""
    by_function = changers(sources)
    asked: set[str] = set()
    for source in sources:
        asked |= set().union(*(_mentioned(node) for node in body_of(source) if not isinstance(node, _DEFINES)))
    own = set().union(*(changed_names(source) for source in solved))
    return own | {name for name, functions in by_function.items() if functions & asked}


def _parts(sources: Sequence[str]) -> dict[str, list[ast.AST]]:
    """Return what cells define by a name: functions, classes, and whatever an assignment may make one of."""
    found: dict[str, list[ast.AST]] = {}
    for node in (node for source in sources for node in body_of(source)):
        if isinstance(node, _DEFINES):
            found.setdefault(node.name, []).append(node)
        elif isinstance(node, ast.Assign) and any(isinstance(n, ast.Call | ast.Lambda) for n in ast.walk(node.value)):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, []).append(node.value)
    return found


def _mentioned(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load)}


def _makes_objects(node: ast.AST) -> bool:
    inner = (ast.Lambda, ast.Yield, ast.YieldFrom, Function)
    own = isinstance(node, Function) and not isinstance(node, ast.AsyncFunctionDef) and not node.decorator_list
    return not own or any(isinstance(each, inner) for each in ast.walk(node) if each is not node)


def _changes_given(node: ast.AST, leaves: Collection[str]) -> bool:
    functions = [each for each in ast.walk(node) if isinstance(each, Function)]
    given = {each.arg for function in functions for each in ast.walk(function.args) if isinstance(each, ast.arg)}
    return not functions or bool(_changed_in(node, leaves) & (given - {"self"}))


def _stored(target: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(target) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}


def _changed_in(node: ast.AST, leaves: Collection[str]) -> set[str]:
    """Return the names that a definition may change, whatever is called: its own ones may be among them.

    Args:
        leaves: functions that leave alone what they are given.
    """
    functions = [each for each in ast.walk(node) if isinstance(each, Function)]
    if not functions:
        return _mentioned(node) if not isinstance(node, ast.ClassDef) else set()
    return set().union(*(_changed_by(function, leaves) for function in functions))


def _changed_by(function: Function, leaves: Collection[str]) -> set[str]:
    nodes = list(ast.walk(function))
    declared = {name for node in nodes if isinstance(node, ast.Global) for name in node.names}
    changed = changed_names(ast.unparse(ast.Module(list(function.body), []))) | declared
    changed |= {root for node in nodes if isinstance(node, ast.Call) for root in _handed_over(node, leaves)}
    grown = True
    while grown:
        more = {root for names, value in _aliases(nodes) if names & changed for root in _roots(value)}
        grown = not more <= changed
        changed |= more
    return changed


def _handed_over(call: ast.Call, leaves: Collection[str]) -> Iterator[str]:
    """Yield the names that a call may change by what it is given."""
    is_method = isinstance(call.func, ast.Attribute)
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name in _CHANGES or not (is_method or name in leaves):
        for value in call.args:
            if isinstance(value, ast.Name | ast.Subscript | ast.Attribute):
                yield from _roots(value)


def _aliases(nodes: Sequence[ast.AST]) -> Iterator[tuple[set[str], ast.AST]]:
    """Yield names with what they are taken from: an assignment, a loop, a comprehension."""
    for node in nodes:
        match node:
            case ast.Assign(targets=targets, value=value):
                yield set().union(*map(_stored, targets)), value
            case ast.NamedExpr(target=target, value=value) | ast.For(target=target, iter=value):
                yield _stored(target), value
            case ast.comprehension(target=target, iter=value):
                yield _stored(target), value


def _roots(value: ast.AST) -> set[str]:
    """Return the names of which an expression gives the value or a part; what a function works out is neither."""
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
        return set().union(*map(_roots, value.args)) if value.func.id in _GIVES_ITEMS else set()
    if isinstance(value, ast.Attribute | ast.Subscript | ast.Starred):
        return _roots(value.value)
    if isinstance(value, ast.Call):
        return set() if isinstance(value.func, ast.Attribute) and value.func.attr in _COPIES else _roots(value.func)
    if isinstance(value, ast.Tuple | ast.List | ast.IfExp | ast.BoolOp):
        return set().union(*map(_roots, ast.iter_child_nodes(value)))
    return {value.id} if isinstance(value, ast.Name) else set()
