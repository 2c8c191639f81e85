"""The small changes that make right code wrong, each as a piece of text put in the place of a part of the syntax tree.

An operator takes a node and says which text would stand there instead; comments and layout around it stay as they
are. It makes no mutants, `mutants` does, and it does not know which change matters.
"""

import ast
import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

_BINARY: dict[type[ast.operator], tuple[str, ...]] = {
    ast.Add: ("-",),
    ast.Sub: ("+",),
    ast.Mult: ("+", "/"),
    ast.Div: ("//", "*"),
    ast.FloorDiv: ("/", "*"),
    ast.Mod: ("//",),
    ast.Pow: ("*",),
    ast.MatMult: ("*",),
    ast.LShift: (">>",),
    ast.RShift: ("<<",),
    ast.BitAnd: ("|",),
    ast.BitOr: ("&",),
    ast.BitXor: ("|",),
}
_COMPARE: dict[type[ast.cmpop], tuple[str, ...]] = {
    ast.Lt: ("<=", ">="),
    ast.LtE: ("<", ">"),
    ast.Gt: (">=", "<="),
    ast.GtE: (">", "<"),
    ast.Eq: ("!=", "<=", ">="),
    ast.NotEq: ("==", "<", ">"),
    ast.Is: ("is not",),
    ast.IsNot: ("is",),
    ast.In: ("not in",),
    ast.NotIn: ("in",),
}
# One function or attribute for another, by its last name.
_NAMES = {
    "min": ("max",),
    "max": ("min",),
    "minimum": ("maximum",),
    "maximum": ("minimum",),
    "nanmin": ("nanmax",),
    "nanmax": ("nanmin",),
    "argmin": ("argmax",),
    "argmax": ("argmin",),
    "sum": ("mean",),
    "mean": ("sum", "median"),
    "median": ("mean",),
    "fmean": ("median",),
    "any": ("all",),
    "all": ("any",),
    "floor": ("ceil",),
    "ceil": ("floor",),
    "zeros": ("ones",),
    "ones": ("zeros",),
    "zeros_like": ("ones_like",),
    "ones_like": ("zeros_like",),
    "isnan": ("isinf",),
    "isfinite": ("isnan",),
    "exp": ("expm1",),
    "log": ("log2",),
    "log2": ("log",),
    "vstack": ("hstack",),
    "hstack": ("vstack",),
    "float32": ("float64",),
    "float64": ("float32",),
    "float16": ("float32",),
    "int8": ("int16", "uint8"),
    "uint8": ("int8",),
    "int32": ("int64",),
    "int64": ("int32",),
    "intp": ("int32",),
    "nbytes": ("size",),
    "perf_counter_ns": ("process_time_ns",),
    "process_time_ns": ("perf_counter_ns",),
    "append": ("appendleft",),
    "popleft": ("pop",),
    "issubset": ("issuperset",),
    "startswith": ("endswith",),
    "lstrip": ("strip",),
}
# Calls whose first argument could stand for them: copies, other layouts, other types, other signs.
_UNWRAPPED = frozenset(
    {"copy", "deepcopy", "ascontiguousarray", "asfortranarray", "asarray", "array", "atleast_1d", "atleast_2d"}
    | {"abs", "sorted", "reversed", "list", "tuple", "set", "dict", "frozenset", "float", "int", "bool", "str", "round"}
    | {"sqrt", "squeeze", "nan_to_num", "where", "flip", "ravel", "sort"}
)
# Methods that could be left out, their object standing alone.
_WITHOUT = frozenset({"copy", "astype", "ravel", "flatten", "transpose", "tolist", "item", "squeeze", "view", "strip"})
_ERRORS = {"ValueError": "TypeError", "TypeError": "ValueError", "IndexError": "ValueError", "KeyError": "ValueError"}
# A number below this is a tolerance.
_TINY = 1e-3


@dataclass(frozen=True)
class Change:
    """Text that stands in the place of characters `start` to `end` of a cell."""

    operator: str
    start: int
    end: int
    text: str


class Text:
    """A cell's text, and where in it the nodes of its syntax tree stand."""

    def __init__(self, source: str):
        self.source = source
        self._lines = [0]
        for line in source.split("\n"):
            self._lines.append(self._lines[-1] + len(line) + 1)
        self._by_line = source.split("\n")

    def at(self, line: int, column: int) -> int:
        """Return the place of a line (from 1) and a column in bytes (from 0), as `ast` counts."""
        return self._lines[line - 1] + len(self._by_line[line - 1].encode()[:column].decode())

    def span(self, node: Any) -> tuple[int, int]:
        """Return where a node begins and ends."""
        return self.at(node.lineno, node.col_offset), self.at(node.end_lineno, node.end_col_offset)

    def of(self, node: Any) -> str:
        """Return the text of a node."""
        start, end = self.span(node)
        return self.source[start:end]

    def inner(self, node: ast.expr) -> str:
        """Return the text of an expression, in brackets where it is no single thing."""
        simple = ast.Name | ast.Constant | ast.Attribute | ast.Subscript | ast.Call | ast.List | ast.Tuple
        return self.of(node) if isinstance(node, simple) else f"({self.of(node)})"

    def between(self, left: Any, right: Any, word: str) -> tuple[int, int] | None:
        """Return where an operator's sign stands between two nodes."""
        start, end = self.span(left)[1], self.span(right)[0]
        at = self.source.find(word, start, end)
        comment = self.source.find("#", start, end)
        return None if at < 0 or 0 <= comment < at else (at, at + len(word))


def changes(node: ast.AST, text: Text, parent: ast.AST | None) -> Iterator[Change]:
    """Yield every change that an operator makes at one node."""
    for kinds, operator in _OPERATORS:
        if isinstance(node, kinds):
            for name, part, new in operator(node, text, parent):
                start, end = part if isinstance(part, tuple) else text.span(part)
                yield Change(name, start, end, new)


Found = Iterator[tuple[str, Any, str]]


def _binary(node: ast.BinOp, text: Text, _: ast.AST | None) -> Found:
    if isinstance(node.left, ast.Constant) and isinstance(node.left.value, str):
        return
    place = text.between(node.left, node.right, _sign(node.op))
    if place is None:
        return
    for sign in _BINARY[type(node.op)]:
        yield "arithmetic", place, sign
    if isinstance(node.op, ast.Sub | ast.Div | ast.FloorDiv | ast.MatMult | ast.Pow | ast.Mod):
        yield (
            "operands swapped",
            node,
            f"({text.inner(node.right)} {_sign(node.op)} {text.inner(node.left)})",
        )
    yield "operand dropped", node, text.inner(node.left)
    yield "operand dropped", node, text.inner(node.right)


def _augmented(node: ast.AugAssign, text: Text, _: ast.AST | None) -> Found:
    sign = _sign(node.op) + "="
    place = text.between(node.target, node.value, sign)
    if place is not None:
        yield "assigned, not added", place, "="
        for other in _BINARY[type(node.op)]:
            yield "arithmetic", place, f"{other}="


def _compare(node: ast.Compare, text: Text, _: ast.AST | None) -> Found:
    left = node.left
    for op, right in zip(node.ops, node.comparators, strict=True):
        place = text.between(left, right, _sign(op))
        if place is not None:
            for sign in _COMPARE[type(op)]:
                yield "comparison", place, sign
        left = right


def _boolean(node: ast.BoolOp, text: Text, _: ast.AST | None) -> Found:
    word, other = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
    for left, right in zip(node.values, node.values[1:], strict=False):
        place = text.between(left, right, word)
        if place is not None:
            yield "boolean", place, other
    for dropped in node.values:
        kept = [text.inner(value) for value in node.values if value is not dropped]
        yield "condition dropped", node, f"({f' {word} '.join(kept)})"


def _unary(node: ast.UnaryOp, text: Text, _: ast.AST | None) -> Found:
    name = "boolean" if isinstance(node.op, ast.Not) else "sign dropped"
    yield name, node, text.inner(node.operand)


def _branch(node: ast.If | ast.IfExp | ast.While, text: Text, _: ast.AST | None) -> Found:
    if isinstance(node, ast.While):
        yield "loop left out", node.test, "False"
        return
    checks = isinstance(node, ast.If) and any(isinstance(s, ast.Raise) for s in node.body)
    if not isinstance(node.test, ast.Constant):
        yield "check dropped" if checks else "wrong branch", node.test, "False"
        yield "check always" if checks else "wrong branch", node.test, "True"
        yield "check turned" if checks else "wrong branch", node.test, f"not {text.inner(node.test)}"


def _constant(node: ast.Constant, text: Text, parent: ast.AST | None) -> Found:
    value = node.value
    if isinstance(value, bool):
        yield "constant", node, str(not value)
    elif isinstance(value, int):
        near = [value + 1, value - 1, *((0, 1) if abs(value) > 2 else (-1, 2) if value == 0 else ())]
        for new in dict.fromkeys(near):
            if new != value:
                yield "constant", node, str(new) if new >= 0 else f"({new})"
    elif isinstance(value, float):
        tiny = 0.0 < abs(value) < _TINY
        found = [value * 1000, 0.0] if tiny else [value * 2, value + 1.0, 0.0 if value else 1.0, -value]
        for number in dict.fromkeys(n for n in found if n != value and math.isfinite(n)):
            yield "tolerance" if tiny else "constant", node, repr(number) if number >= 0 else f"({number!r})"
    elif isinstance(value, str) and not isinstance(parent, ast.Expr | ast.JoinedStr | ast.FormattedValue):
        yield "text", node, repr(f"{value}_") if value else "'_'"


def _index(node: ast.Subscript, text: Text, _: ast.AST | None) -> Found:
    whole = node.slice
    parts = whole.elts if isinstance(whole, ast.Tuple) else [whole]
    for part in parts:
        if isinstance(part, ast.Slice):
            yield from _slice(part, text)
        elif isinstance(part, ast.Name | ast.BinOp | ast.Call) and isinstance(node.ctx, ast.Load):
            yield "off by one", part, f"{text.inner(part)} + 1"
            yield "off by one", part, f"{text.inner(part)} - 1"
    if len(parts) == 2 and isinstance(whole, ast.Tuple):
        yield "indices swapped", whole, f"{text.of(parts[1])}, {text.of(parts[0])}"


def _slice(part: ast.Slice, text: Text) -> Found:
    pieces = [part.lower, part.upper, part.step]
    words = [text.of(piece) if piece is not None else "" for piece in pieces]

    def made(at: int, new: str) -> str:
        lower, upper, step = [new if at == i else word for i, word in enumerate(words)]
        return f"{lower}:{upper}" + (f":{step}" if step else "")

    for at, piece in enumerate(pieces):
        if piece is None:
            continue
        yield "slice bound dropped", part, made(at, "")
        if at < 2:
            yield "slice bound moved", part, made(at, f"{text.inner(piece)} + 1")
            yield "slice bound moved", part, made(at, f"{text.inner(piece)} - 1")


def _call(node: ast.Call, text: Text, parent: ast.AST | None) -> Found:
    name = _last(node.func)
    plain = [arg for arg in node.args if not isinstance(arg, ast.Starred)]
    if name == "range" and len(plain) == len(node.args):
        yield from _range(node, text)
    elif len(plain) == len(node.args):
        for first, second in itertools.pairwise(plain):
            both = text.span(first)[0], text.span(second)[1]
            gap = text.source[text.span(first)[1] : text.span(second)[0]]
            yield "arguments swapped", both, f"{text.of(second)}{gap}{text.of(first)}"
    if name in _UNWRAPPED and node.args and not isinstance(node.args[0], ast.Starred):
        inside = node.args[1] if name == "where" and len(node.args) == 3 else node.args[0]
        yield "copy or conversion dropped", node, text.inner(inside)
    if name in _WITHOUT and isinstance(node.func, ast.Attribute) and not _is_module(node.func.value):
        yield "copy or conversion dropped", node, text.inner(node.func.value)
    if name == "result_type" and len(plain) == 2:
        yield "dtype", node, f"{text.inner(plain[0])}.dtype"
        yield "dtype", node, f"{text.inner(plain[1])}.dtype"
    for keyword in node.keywords:
        yield from _keyword(node, keyword, text)


def _range(node: ast.Call, text: Text) -> Found:
    args = [text.inner(arg) for arg in node.args]
    if len(args) == 1:
        yield "loop cut", node, f"range({args[0]} - 1)"
        yield "loop cut", node, f"range(1, {args[0]})"
        yield "off by one", node, f"range({args[0]} + 1)"
        yield "order turned", node, f"reversed(range({args[0]}))"
        return
    rest = "".join(f", {arg}" for arg in args[2:])
    yield "loop cut", node, f"range({args[0]} + 1, {args[1]}{rest})"
    yield "loop cut", node, f"range({args[0]}, {args[1]} - 1{rest})"
    yield "off by one", node, f"range({args[0]}, {args[1]} + 1{rest})"
    if len(args) == 3:
        yield "off by one", node, f"range({args[0]}, {args[1]}, {args[2]} + 1)"
        yield "step dropped", node, f"range({args[0]}, {args[1]})"


def _keyword(node: ast.Call, keyword: ast.keyword, text: Text) -> Found:
    if keyword.arg is None:
        return
    start, end = text.span(keyword)
    if keyword.arg == "axis":
        for axis in ("0", "1", "-1", "None"):
            if text.of(keyword.value) != axis:
                yield "axis", keyword.value, axis
    before = text.source.rfind(",", text.span(node.func)[1], start)
    if before >= 0 and not text.source[before + 1 : start].strip():
        yield "keyword dropped", (before, end), ""
    elif len(node.args) + len(node.keywords) == 1:
        yield "keyword dropped", (start, end), ""


def _name(node: ast.Name | ast.Attribute, text: Text, parent: ast.AST | None) -> Found:
    name = _last(node)
    if not isinstance(node.ctx, ast.Load):
        return
    end = text.span(node)[1]
    for other in _NAMES.get(name, ()):
        if isinstance(node, ast.Attribute) or other in ("min", "max", "any", "all"):
            family = "dtype" if name.rstrip("0123468") in ("float", "int", "uint") else "function for another"
            yield family, (end - len(name), end), other
    if isinstance(node, ast.Attribute) and not (isinstance(parent, ast.Call) and parent.func is node):
        if name == "dtype" and not isinstance(parent, ast.Attribute | ast.Compare):
            yield "dtype", node, "float"
        if name == "T":
            yield "transpose dropped", node, text.inner(node.value)
        if name == "shape" and isinstance(parent, ast.Call | ast.Assign):
            yield "shape turned", node, f"{text.of(node)}[::-1]"


def _statement(node: ast.stmt, text: Text, _: ast.AST | None) -> Found:
    if isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant):
        yield "statement dropped", node, "pass"
    elif isinstance(node, ast.Assign):
        if not (len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)):
            yield "statement dropped", node, "pass"
        elif not isinstance(node.value, ast.Constant):
            yield "statement dropped", node, f"{text.of(node.targets[0])} = {text.of(node.targets[0])}"
    elif isinstance(node, ast.AugAssign | ast.Delete):
        yield "statement dropped", node, "pass"
    elif isinstance(node, ast.Break | ast.Continue):
        yield "break and continue", node, "continue" if isinstance(node, ast.Break) else "break"
        yield "statement dropped", node, "pass"
    elif isinstance(node, ast.Return) and node.value is not None:
        yield "returns nothing", node.value, "None"
    elif isinstance(node, ast.Raise) and node.exc is not None:
        yield from _raise(node, text)


def _raise(node: ast.Raise, text: Text) -> Found:
    yield "check dropped", node, "pass"
    kind = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    if isinstance(kind, ast.Name):
        yield "exception type", kind, _ERRORS.get(kind.id, "ValueError" if kind.id != "Exception" else "TypeError")
        if isinstance(node.exc, ast.Call) and node.exc.args:
            yield "message dropped", node.exc, f"{kind.id}()"


def _loop(node: ast.For, text: Text, _: ast.AST | None) -> Found:
    yield "loop left out", node.iter, "()"
    if not (isinstance(node.iter, ast.Call) and _last(node.iter.func) == "range"):
        yield "loop cut", node.iter, f"list({text.of(node.iter)})[:-1]"
        yield "loop cut", node.iter, f"list({text.of(node.iter)})[1:]"
    first = node.body[0]
    if first.lineno != node.lineno and text.span(node.body[-1])[1] > 0:
        start, end = text.span(first)[0], text.span(node.body[-1])[1]
        indent = " " * first.col_offset
        yield "stops after one round", (start, end), f"{text.source[start:end]}\n{indent}break"
    product = library_product(node)
    if product:
        yield "library product", node, product


def library_product(node: ast.For) -> str:
    """Return `for l in range(n): c += A[i, l] * B[l, j]` as one call of the library, "" where it is no such loop."""
    match node:
        case ast.For(
            target=ast.Name(id=name),
            iter=ast.Call(func=ast.Name(id="range"), args=bounds, keywords=[]),
            body=[ast.AugAssign(target=target, op=ast.Add(), value=ast.BinOp(op=ast.Mult(), left=left, right=right))],
        ) if not node.orelse and 1 <= len(bounds) <= 3:
            words = [ast.unparse(bound) for bound in bounds]
            span = ":".join([f"0:{words[0]}"] if len(words) == 1 else words)
            sides = [_spanned(each, name, span) for each in (target, left, right)]
            used = [new != ast.unparse(old) for new, old in zip(sides, (target, left, right), strict=True)]
            if any(_names(ast.parse(side), name) for side in sides):
                return ""
            if used == [False, True, True]:
                return f"{sides[0]} += np.dot({sides[1]}, {sides[2]})"
            if used[0] and any(used[1:]):
                return f"{sides[0]} += {sides[1]} * {sides[2]}"
    return ""


def _spanned(node: ast.expr, name: str, span: str) -> str:
    """Return an expression with the loop's variable as an index made into a slice of all that it runs over."""

    class Spans(ast.NodeTransformer):
        def visit_Subscript(self, found: ast.Subscript) -> ast.AST:
            parts = found.slice.elts if isinstance(found.slice, ast.Tuple) else [found.slice]
            words = [span if isinstance(p, ast.Name) and p.id == name else ast.unparse(p) for p in parts]
            return ast.parse(f"({ast.unparse(found.value)})[{', '.join(words)}]", mode="eval").body

    return ast.unparse(Spans().visit(ast.parse(ast.unparse(node), mode="eval").body))


def _names(tree: ast.AST, name: str) -> bool:
    return any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(tree))


def _blocks(node: ast.With | ast.Try | ast.ExceptHandler, text: Text, _: ast.AST | None) -> Found:
    if isinstance(node, ast.With):
        if all(item.optional_vars is None for item in node.items):
            start = text.span(node)[0]
            end = text.span(node.items[-1].context_expr)[1]
            yield "context dropped", (start, end), "if True"
    elif isinstance(node, ast.Try):
        if node.finalbody:
            yield "cleaning up dropped", (text.span(node.finalbody[0])[0], text.span(node.finalbody[-1])[1]), "pass"
    elif node.type is not None:
        yield "wrong exceptions caught", node.type, "ArithmeticError"
        yield "wrong exceptions caught", node.type, "Exception"


def _choice(node: ast.comprehension, text: Text, _: ast.AST | None) -> Found:
    for test in node.ifs:
        yield "condition dropped", test, "True"
    if not (isinstance(node.iter, ast.Call) and _last(node.iter.func) == "range"):
        yield "loop cut", node.iter, f"list({text.of(node.iter)})[:-1]"
        yield "loop cut", node.iter, f"list({text.of(node.iter)})[1:]"


def _sign(op: ast.AST) -> str:
    return _SIGNS[type(op)]


_SIGNS: dict[type[ast.AST], str] = {
    **{ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**"},
    **{ast.MatMult: "@", ast.LShift: "<<", ast.RShift: ">>", ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^"},
    **{ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="},
    **{ast.Is: "is", ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in"},
}


def _last(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _is_module(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id in ("np", "numpy", "copy", "math", "json", "shutil")


_OPERATORS: tuple[tuple[Any, Callable[..., Found]], ...] = (
    (ast.BinOp, _binary),
    (ast.AugAssign, _augmented),
    (ast.Compare, _compare),
    (ast.BoolOp, _boolean),
    (ast.UnaryOp, _unary),
    ((ast.If, ast.IfExp, ast.While), _branch),
    (ast.Constant, _constant),
    (ast.Subscript, _index),
    (ast.Call, _call),
    ((ast.Name, ast.Attribute), _name),
    (ast.stmt, _statement),
    (ast.For, _loop),
    ((ast.With, ast.Try, ast.ExceptHandler), _blocks),
    (ast.comprehension, _choice),
)
