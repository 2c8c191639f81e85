"""Expressions of SymPy: a tree of nodes, each of a list, made again without evaluating anything.

Never by text: `sympify` evaluates what it reads. A power or factorial of plain numbers that would fill the memory is
refused; what a test makes of an expression is bounded by the test's own time. Dummy symbols mean something in their
own process only, and stay behind, as does every node that is not on the list.
"""

import sys
from typing import Any

from kernelmark.wire.bounds import Allowance, WireError
from kernelmark.wire.kind import Kind, Unfit, flag, one_of, pairs, parts, text, whole

MAX_DEPTH = 60
MAX_BITS = 4096
# Of a power of plain numbers, and of what a factorial is asked of.
MAX_EXPONENT = 1000
MAX_NAME_CHARS = 200
_CONSTANTS = [
    "Pi",
    "Exp1",
    "ImaginaryUnit",
    "Infinity",
    "NegativeInfinity",
    "ComplexInfinity",
    "NaN",
    "GoldenRatio",
    "EulerGamma",
    "Catalan",
    "EmptySet",
    "BooleanTrue",
    "BooleanFalse",
    "Reals",
    "Integers",
    "Naturals",
    "Half",
]
_OF_NAMES = {
    "BooleanTrue": "true", "BooleanFalse": "false", "EmptySet": "EmptySet", "Reals": "Reals",
    "Integers": "Integers", "Naturals": "Naturals",
}  # fmt: skip
_UNEVALUATED = [
    "Add",
    "Mul",
    "Pow",
    "sin",
    "cos",
    "tan",
    "cot",
    "sec",
    "csc",
    "asin",
    "acos",
    "atan",
    "atan2",
    "sinh",
    "cosh",
    "tanh",
    "asinh",
    "acosh",
    "atanh",
    "exp",
    "log",
    "Abs",
    "sign",
    "floor",
    "ceiling",
    "factorial",
    "gamma",
    "erf",
    "erfc",
    "re",
    "im",
    "conjugate",
    "arg",
    "Max",
    "Min",
    "Heaviside",
    "DiracDelta",
    "Piecewise",
    "Equality",
    "Unequality",
    "StrictLessThan",
    "LessThan",
    "StrictGreaterThan",
    "GreaterThan",
    "And",
    "Or",
    "Not",
]
_AS_THEY_ARE = ["Derivative", "Integral", "Sum", "Product", "Tuple", "ExprCondPair", "FiniteSet", "Interval"]
_NODES = frozenset([*_UNEVALUATED, *_AS_THEY_ARE])
_GROW = ("factorial", "gamma")
_ASSUMPTIONS = frozenset(
    [
        "real",
        "positive",
        "negative",
        "nonnegative",
        "nonpositive",
        "integer",
        "rational",
        "even",
        "odd",
        "prime",
        "complex",
        "imaginary",
        "zero",
        "nonzero",
        "finite",
        "commutative",
        "irrational",
    ]
)
_MATRICES = ("MutableDenseMatrix", "ImmutableDenseMatrix")


def _to(value: Any) -> Any:
    sympy = sys.modules["sympy"]
    name = type(value).__name__
    if name in _MATRICES:
        return ["matrix", name, list(value.shape), [_to(item) for item in value.flat()]]
    if not isinstance(value, sympy.Basic):
        raise Unfit
    if type(value) is sympy.Symbol:
        assumptions = getattr(value, "_assumptions_orig", None)
        assumed = value.assumptions0 if assumptions is None else assumptions
        return ["symbol", value.name, {k: v for k, v in assumed.items() if k in _ASSUMPTIONS and type(v) is bool}]
    if name in _CONSTANTS:
        return ["constant", name]
    if isinstance(value, sympy.Rational):
        return ["rational", hex(value.p), hex(value.q)]
    if isinstance(value, sympy.Float):
        sign, mantissa, exponent, _ = value._mpf_
        return ["float", int(sign), hex(mantissa), int(exponent), int(value._prec)]
    arguments = [_to(item) for item in value.args]
    if name in _NODES and getattr(sympy, name, None) in (type(value), None):
        return ["node", name, arguments]
    if isinstance(value, sympy.core.function.AppliedUndef):
        return ["function", str(value.func.__name__), arguments]
    raise Unfit


def _from(plain: Any, allowance: Allowance) -> Any:
    return _made(plain, allowance, 0)


def _made(plain: Any, allowance: Allowance, depth: int) -> Any:
    sympy = sys.modules["sympy"]
    allowance.item(0, 1)
    if depth > MAX_DEPTH:
        raise WireError(f"an expression may nest {MAX_DEPTH} deep")
    tag, *content = parts(plain)
    if tag == "constant":
        (name,) = content
        name = one_of(name, {each: each for each in _CONSTANTS})
        return getattr(sympy, _OF_NAMES[name]) if name in _OF_NAMES else getattr(sympy.S, name)
    if tag == "symbol":
        name, assumed = content
        given = {one_of(key, {k: k for k in _ASSUMPTIONS}): flag(value) for key, value in pairs(assumed).items()}
        return sympy.Symbol(_name(name), **given)
    if tag == "rational":
        over, under = (_integer(each) for each in content)
        if under < 1:
            raise WireError("a number over nothing")
        return sympy.Rational(over, under)
    if tag == "float":
        sign, mantissa, exponent, precision = content
        bits = _integer(mantissa)
        raw = (whole(sign, 0, 1), bits, whole(exponent, -100_000, 100_000), bits.bit_length())
        return sympy.Float._new(raw, whole(precision, 1, MAX_BITS))
    if tag == "matrix":
        return _matrix(content, allowance, depth)
    if tag not in ("node", "function"):
        raise WireError("no node of an expression")
    name, arguments = content
    made = [_made(item, allowance, depth + 1) for item in parts(arguments)]
    if tag == "function":
        return sympy.Function(_name(name))(*made)
    return _node(one_of(name, {each: each for each in _NODES}), made)


def _node(name: str, arguments: list[Any]) -> Any:
    sympy = sys.modules["sympy"]
    if name == "ExprCondPair":
        return sympy.functions.elementary.piecewise.ExprCondPair(*arguments)
    if name == "Pow" and len(arguments) == 2:
        _require_small(*arguments)
    if name in _GROW:
        for each in arguments:
            if not each.free_symbols and not (each.is_Rational and abs(each) <= MAX_EXPONENT):
                raise WireError(f"{name} of a number beyond {MAX_EXPONENT}")
    kind = getattr(sympy, name)
    return kind(*arguments, evaluate=False) if name in _UNEVALUATED else kind(*arguments)


def _require_small(base: Any, exponent: Any) -> None:
    """Refuse a power of plain numbers that nobody would write out.

    Raises:
        WireError: it is one.
    """
    if base.free_symbols or exponent.free_symbols:
        return
    small = exponent.is_Rational and abs(exponent.p) <= MAX_EXPONENT and exponent.q <= MAX_EXPONENT
    if not small and not exponent.is_Float and (exponent.args or exponent.is_Rational):
        raise WireError(f"a power of plain numbers beyond {MAX_EXPONENT}")


def _matrix(content: list[Any], allowance: Allowance, depth: int) -> Any:
    sympy = sys.modules["sympy"]
    name, shape, items = content
    rows, columns = (whole(each, 0, 10_000) for each in parts(shape, 2))
    made = [_made(item, allowance, depth + 1) for item in parts(items)]
    if len(made) != rows * columns:
        raise WireError("a matrix of another shape")
    kind = one_of(name, {"MutableDenseMatrix": sympy.Matrix, "ImmutableDenseMatrix": sympy.ImmutableMatrix})
    return kind(rows, columns, made)


def _integer(value: Any) -> int:
    if type(value) is not str or len(value) > MAX_BITS // 4 + 3:
        raise WireError("a number too long")
    return int(value, 16)


def _name(value: Any) -> str:
    if not 0 < len(text(value)) <= MAX_NAME_CHARS or not value.isprintable():
        raise WireError("no name of a symbol")
    return str(value)


def _update(own: Any, new: Any) -> None:
    """Have a matrix hold other items; expressions cannot be changed."""
    if type(own).__name__ == "MutableDenseMatrix" and own.shape == new.shape:
        for n, item in enumerate(new.flat()):
            own[n // own.cols, n % own.cols] = item


KINDS = (
    Kind(
        "sympy", ("sympy.Basic", "sympy.MutableDenseMatrix"), _to, _from, f"{MAX_DEPTH} deep", _update, library="sympy"
    ),
)
