"""What in a test can fail, and what only looks as if it could.

A test that passes whatever was handed in gives its points to everybody. It reads text and runs nothing: that a test
is too weak for some wrong work, only wrong work shows.
"""

import ast
from collections.abc import Collection, Iterator, Sequence

from kernelmark.notebook.cells import holds_no_statement
from kernelmark.notebook.finding import Finding, Look, first_name, last_name, quoted

# Words that assert, beside names that begin like one.
_CHECKS = frozenset({"close", "faster", "raises", "unchanged", "warns", "fail"})
_BEGINS = ("assert", "check", "verify", "expect", "ensure", "require", "must")
# Words of `checks` and others that do nothing unless a `with` enters them.
_TO_ENTER = frozenset({"raises", "unchanged", "assertRaises", "assertRaisesRegex", "warns", "suppress"})
# What is only asked and answers with True or False.
_PREDICATES = frozenset(
    {"allclose", "array_equal", "isclose", "array_equiv", "isinstance", "issubclass", "callable", "hasattr", "all"}
    | {"any", "isfinite", "isnan", "equals", "startswith", "endswith", "issubset", "isdisjoint", "shares_memory"}
)
_FUNCTIONS_OF_NUMPY = frozenset({"allclose", "array_equal", "isclose", "all", "any", "array_equiv"})
_FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef
_SWALLOWS = frozenset({"Exception", "BaseException", "AssertionError"})


def asserting_helpers(looks: Sequence[Look]) -> frozenset[str]:
    """Return the functions and classes of a course's own cells that assert something when they are called."""
    made = [
        node
        for look in looks
        if look.code and not look.solution
        for node in look.body
        if isinstance(node, _FUNCTION | ast.ClassDef)
    ]
    found: frozenset[str] = frozenset()
    while True:
        further = found | {node.name for node in made if any(_is_check(inner, found) for inner in ast.walk(node))}
        if further == found:
            return found
        found = further


def of_test(look: Look, helpers: Collection[str], functions: Collection[str]) -> Iterator[Finding]:
    """Yield what is wrong with what a test asserts.

    Args:
        helpers: see `asserting_helpers`. functions: the functions and classes that the notebook defines.
    """
    if look.autotest:
        return
    if holds_no_statement(look.source):
        yield look.error(
            "empty-test",
            "this test holds no statement that could fail, so everybody would pass",
            "give it an assert, or make it an answer that a person marks",
        )
        return
    if not look.body:
        return  # it is no Python, which is told elsewhere
    yield from _asserts_at_all(look, helpers)
    for node in look.nodes():
        if isinstance(node, ast.Assert):
            yield from _always_true(look, node.test, functions)
            yield from _message(look, node)
        elif isinstance(node, ast.Try):
            yield from _swallowed(look, node, helpers)
        elif isinstance(node, ast.Expr):
            yield from _let_go(look, node)
        elif isinstance(node, ast.Call):
            yield from _with_itself(look, node)
            yield from _tolerance(look, node)
        elif isinstance(node, ast.Compare):
            yield from _comparison(look, node)
    yield from _zipped(look)


def _is_check(node: ast.AST, helpers: Collection[str]) -> bool:
    if isinstance(node, ast.Assert | ast.Raise):
        return True
    name = last_name(node.func) if isinstance(node, ast.Call) else ""
    return name in _CHECKS or name in helpers or name.lstrip("_").lower().startswith(_BEGINS)


def _asserts_at_all(look: Look, helpers: Collection[str]) -> Iterator[Finding]:
    defined = {node.name: node for node in look.body if isinstance(node, _FUNCTION | ast.ClassDef)}
    asked = {node.id for node in look.nodes() if isinstance(node, ast.Name)}
    runs = [node for node in look.body if not isinstance(node, _FUNCTION | ast.ClassDef) or node.name in asked]
    if any(_is_check(inner, helpers) for node in runs for inner in ast.walk(node)):
        return
    idle = [name for name, node in defined.items() if any(_is_check(inner, helpers) for inner in ast.walk(node))]
    if idle and not asked & set(idle):
        yield look.error(
            "test-not-called",
            f"{idle[0]} holds the assertions and nothing calls it, so everybody would pass",
            f"call it on the last line: {idle[0]}()",
        )
    elif isinstance(look.body[-1], ast.Expr) and not _is_plain(look.body[-1].value):
        return  # nbgrader's partial credit: the last line is the points
    elif any(True for node in look.nodes() if isinstance(node, ast.Expr) for _ in _let_go(look, node)):
        return  # told of that line
    elif any(isinstance(inner, ast.Call | ast.Subscript | ast.Attribute) for node in runs for inner in ast.walk(node)):
        yield look.warning(
            "no-assertion",
            "it asserts nothing: whatever is returned passes, as long as nothing raises",
            "assert what must come out, or say close(actual, expected)",
        )
    else:
        yield look.error(
            "empty-test",
            "nothing in this test can fail, so everybody would pass",
            "give it an assert, or make it an answer that a person marks",
        )


def _is_plain(node: ast.AST) -> bool:
    """Say whether a last line is no number of points: a text, a comparison, a predicate's answer, a print."""
    call = isinstance(node, ast.Call) and last_name(node.func) in _PREDICATES | {"print", "display"}
    text = isinstance(node, ast.Constant) and not isinstance(node.value, int | float)
    return call or text or isinstance(node, ast.Compare | ast.JoinedStr | ast.BoolOp)


def _always_true(look: Look, test: ast.expr, functions: Collection[str]) -> Iterator[Finding]:
    match test:
        case ast.Tuple(elts=[_, *_]):
            what, remedy = "holds always: the brackets make a pair of it", "take the brackets away"
        case ast.Constant(value=value) if value:
            what, remedy = "holds always: it asks nothing", "put the comparison in its place"
        case ast.List(elts=[_, *_]) | ast.Set() | ast.Dict(keys=[_, *_]) | ast.JoinedStr():
            what, remedy = "holds always: what is not empty is true", "compare it with what must come out"
        case ast.GeneratorExp():
            what, remedy = "holds always: a generator is true", "put all(...) around it"
        case ast.Lambda():
            what, remedy = "holds always: a function is true", "call it"
        case ast.Name(id=name) if name in functions:
            what, remedy = "holds always: it is a function that nothing calls", f"call it: {name}(...)"
        case ast.Attribute(attr=name) if name in _FUNCTIONS_OF_NUMPY and first_name(test) in ("np", "numpy"):
            what, remedy = "holds always: it is a function that nothing calls", "give it its arguments"
        case ast.BoolOp(op=ast.Or(), values=values) if any(_is_true(value) for value in values):
            what, remedy = "holds always: one side of `or` is true", "compare with each, as in x in (a, b)"
        case _:
            return
    yield look.error("always-true", f"assert {quoted(test)[1:-1]} {what}", remedy)


def _is_true(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and bool(node.value)


def _message(look: Look, node: ast.Assert) -> Iterator[Finding]:
    if isinstance(node.msg, ast.Constant) and not isinstance(node.msg.value, str):
        yield look.error(
            "comma-for-equals",
            f"assert {quoted(node.test)[1:-1]}, {node.msg.value!r} takes {node.msg.value!r} for the message and "
            "compares nothing",
            f"write == {node.msg.value!r}",
        )


def _swallowed(look: Look, node: ast.Try, helpers: Collection[str]) -> Iterator[Finding]:
    if not any(_is_check(inner, helpers) for each in node.body for inner in ast.walk(each)):
        return
    for handler in node.handlers:
        kinds = [handler.type] if not isinstance(handler.type, ast.Tuple) else handler.type.elts
        catches = handler.type is None or any(last_name(kind) in _SWALLOWS for kind in kinds if kind is not None)
        idle = all(isinstance(each, ast.Pass | ast.Continue) or _prints(each) for each in handler.body)
        if catches and idle:
            yield look.error(
                "swallowed",
                "an except: catches the failed assertion and goes on, so everybody would pass",
                "take the try away, or name the one error that is meant",
            )


def _prints(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and last_name(node.value.func) == "print"


def _let_go(look: Look, node: ast.Expr) -> Iterator[Finding]:
    value = node.value
    if isinstance(value, ast.Compare) or (isinstance(value, ast.Call) and last_name(value.func) in _PREDICATES):
        yield look.error(
            "answer-let-go",
            f"{quoted(value)} is asked and its answer let go, so it decides nothing",
            "put assert before it",
        )
    elif isinstance(value, ast.Call) and last_name(value.func) in _TO_ENTER and len(value.args) < 2:
        name = last_name(value.func)
        yield look.error(
            "never-entered",
            f"{quoted(value)} stands alone and checks nothing",
            f"write: with {name}(...): and the call below it",
        )


def _with_itself(look: Look, call: ast.Call) -> Iterator[Finding]:
    name = last_name(call.func)
    two = name in ("close", "allclose", "array_equal", "isclose", "assert_allclose", "assert_array_equal")
    if two and len(call.args) > 1 and ast.dump(call.args[0]) == ast.dump(call.args[1]):
        yield look.warning(
            "with-itself", f"{quoted(call)} compares a thing with itself", "write the right answer on one side"
        )


def _tolerance(look: Look, call: ast.Call) -> Iterator[Finding]:
    for word in call.keywords:
        value = word.value.value if isinstance(word.value, ast.Constant) else None
        if word.arg in ("rtol", "rel_tol") and isinstance(value, int | float) and value >= 1:
            yield look.warning(
                "wide-tolerance", f"{word.arg}={value!r} accepts nearly anything", "take a part, as in rtol=1e-6"
            )


def _comparison(look: Look, node: ast.Compare) -> Iterator[Finding]:
    left, right, operator = node.left, node.comparators[0], node.ops[0]
    holds_itself = len(node.ops) == 1 and isinstance(operator, ast.Eq | ast.Is | ast.LtE | ast.GtE)
    if holds_itself and ast.dump(left) == ast.dump(right):
        yield look.warning(
            "with-itself", f"{quoted(node)} compares a thing with itself", "write the right answer on one side"
        )
    if (
        isinstance(operator, ast.Lt | ast.LtE)
        and isinstance(left, ast.BinOp)
        and isinstance(left.op, ast.Sub)
        and isinstance(right, ast.Constant)
        and isinstance(right.value, float)
        and 0 < right.value < 0.1
    ):
        yield look.warning(
            "no-abs",
            f"{quoted(node)} holds for everything that is smaller, too",
            "put abs(...) around the difference, or say close(...)",
        )
    if isinstance(operator, ast.Eq) and any(_is_inexact(side) for side in (left, right)):
        yield look.warning(
            "exact-float",
            f"{quoted(node)} asks for a float to the last bit, which right work may miss",
            "say close(actual, expected)",
        )


def _is_inexact(node: ast.expr) -> bool:
    """Say whether a literal is a float that binary digits do not hold: 0.1 and not 0.5."""
    value = node.value if isinstance(node, ast.Constant) else None
    return isinstance(value, float) and value != 0 and abs(value) < 1e6 and not (value * 2**16).is_integer()


def _zipped(look: Look) -> Iterator[Finding]:
    """Find loops over an answer beside the right ones: zip stops at the shorter, and an empty answer passes."""
    if any(isinstance(node, ast.Call) and last_name(node.func) == "len" for node in look.nodes()):
        return
    for node in look.nodes():
        over = node.iter if isinstance(node, ast.For | ast.comprehension) else None
        if not (isinstance(over, ast.Call) and last_name(over.func) == "zip" and len(over.args) > 1):
            continue
        strict = any(word.arg == "strict" for word in over.keywords)
        asked = [arg for arg in over.args if isinstance(arg, ast.Call) and last_name(arg.func) not in ("range", "len")]
        if asked and not strict:
            yield look.warning(
                "zip-of-answers",
                f"{quoted(over)} stops where the shorter one ends, so an empty answer passes",
                "say zip(..., strict=True), or compare the lengths first",
            )
