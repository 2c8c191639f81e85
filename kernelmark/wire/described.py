"""What can be read of a function or class that lives elsewhere: its signature, its source, what sort of thing it is.

`described` says it where the thing lives, as plain data; the rest makes of that, here, what `inspect` gives at a desk.
The text is the submission's own word, and no more than that: it proves nothing of what the function does.
"""

import ast
import functools
import inspect
import linecache
from collections.abc import Callable
from typing import Any

import numpy as np

MAX_PARAMETERS = 200
MAX_SOURCE_CHARS = 200_000
MAX_NAMES = 2_000

_SORTS = (
    *("isfunction", "isclass", "ismethod", "isbuiltin", "isroutine", "isgeneratorfunction", "iscoroutinefunction"),
    *("isasyncgenfunction", "isgenerator", "iscoroutine", "isawaitable", "isasyncgen"),
)
_PLAIN_TYPES = (int, float, bool, str, bytes, list, dict, tuple, set, complex)
_KNOWN_TYPES = {"numpy.ndarray": np.ndarray}


def described(found: Any) -> dict[str, Any]:
    """Return what is to be read of a thing, as far as it crosses: {"sorts", "source", "parameters", "returns"}."""
    told: dict[str, Any] = {"sorts": [name for name in _SORTS if getattr(inspect, name)(found)]}
    try:
        told["source"] = _source(found)[:MAX_SOURCE_CHARS]
    except (OSError, TypeError, SyntaxError):
        told["source"] = None
    try:
        signature = inspect.signature(found)
    except (TypeError, ValueError):
        return told
    told["parameters"] = [
        (p.name, p.kind.value, p.default is not p.empty, _or_none(p.default, p), _annotation(p.annotation, p))
        for p in list(signature.parameters.values())[:MAX_PARAMETERS]
    ]
    told["returns"] = _annotation(signature.return_annotation, signature)
    return told


def names_of(found: Any) -> list[str]:
    """Return what `dir` says of a thing."""
    return [name for name in dir(found) if type(name) is str][:MAX_NAMES]


def _or_none(value: Any, where: Any) -> Any:
    return None if value is where.empty else value


def _annotation(value: Any, where: Any) -> Any:
    """Return an annotation: plain types and text as they are, others in words; [] for none."""
    if value is where.empty:
        return []
    if isinstance(value, str) or value is None or any(value is kind for kind in _PLAIN_TYPES):
        return value
    return inspect.formatannotation(value)


def _source(found: Any) -> str:
    if not inspect.isclass(found):
        return inspect.getsource(found)
    # Python 3.11 looks for the file of a class's module, and a notebook has none.
    files = [f.__code__.co_filename for f in map(inspect.unwrap, vars(found).values()) if inspect.isfunction(f)]
    for file in files:
        text = "".join(linecache.getlines(file))
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ClassDef) and node.name == found.__name__:
                first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
                return "".join(text.splitlines(keepends=True)[first - 1 : node.end_lineno])
    return inspect.getsource(found)


def signature_of(told: Any) -> inspect.Signature:
    """Return the signature that a description holds.

    Raises:
        ValueError: it holds none.
    """
    try:
        parameters = [
            inspect.Parameter(
                name,
                inspect._ParameterKind(kind),
                default=default if has_default else inspect.Parameter.empty,
                annotation=_read(annotation),
            )
            for name, kind, has_default, default, annotation in told["parameters"]
        ]
        return inspect.Signature(parameters, return_annotation=_read(told["returns"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"no signature found: {error}") from None


def _read(annotation: Any) -> Any:
    if isinstance(annotation, list):
        return inspect.Parameter.empty
    return _KNOWN_TYPES.get(annotation, annotation) if isinstance(annotation, str) else annotation


def answer_inspect(tells: Callable[[Any], Any]) -> None:
    """Have the functions of `inspect` in this process know of things that live elsewhere.

    Args:
        tells: returns the description of a thing that lives elsewhere, and None for any other.
    """
    for name in _SORTS:
        _answer(name, tells, functools.partial(_is_of, name))
    _answer("getsource", tells, _told_source)
    _answer("getfile", tells, _no_file)
    _answer("getsourcelines", tells, lambda told: (_told_source(told).splitlines(keepends=True), 1))


def _is_of(name: str, told: Any) -> bool:
    return name in told.get("sorts", ())


def _no_file(_: Any) -> Any:
    raise TypeError("what a notebook's cell defines lies in no file")


def _told_source(told: Any) -> str:
    if type(told.get("source")) is not str:
        raise OSError("could not get source code")
    return str(told["source"])


def _answer(name: str, tells: Callable[[Any], Any], read: Callable[[Any], Any]) -> None:
    own = getattr(inspect, name)
    own = getattr(own, "kernelmark_own", own)

    def ask(found: Any) -> Any:
        told = tells(found)
        return read(told) if isinstance(told, dict) else own(found)

    ask.kernelmark_own = own  # type: ignore[attr-defined]
    setattr(inspect, name, ask)
