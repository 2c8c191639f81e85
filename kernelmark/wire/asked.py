"""What Python asks of an object by itself: operators, `str`, `hash`, `with`, `await`; here, where the object lives.

The class that has these methods is built upon by `proxy`, which says how a question is sent. Whether an object may
answer is for `standing` to say: in the place of a plain value it may not.
"""

from collections.abc import Callable, Generator
from typing import Any

import numpy as np

from kernelmark.errors import CourseError
from kernelmark.wire import operators
from kernelmark.wire.built_on import Built
from kernelmark.wire.raised import lives
from kernelmark.wire.refused import ObjectRefused, noted
from kernelmark.wire.standing import MAX_OPERANDS, PLAIN, Origin, standing_now
from kernelmark.wire.values import WireError


class Asked:
    # No docstring: a test may ask for the student's.
    _answers: bool
    _origin: Origin | None
    _label: str
    _gives_objects: bool
    _line: Callable[[], Any]
    __name__: str

    def _operate(self, name: str, *args: Any, step: bool = False) -> Any:
        raise NotImplementedError

    def _special(self, name: str, *args: Any) -> Any:
        raise NotImplementedError

    def _require_standing(self, what: str) -> None:
        """Refuse to ask what stands in the place of a plain value: it might say yes to everything."""
        standing, origin = standing_now(), self._origin
        if self._answers or (standing is not None and origin is not None and standing.believes(origin)):
            return
        text = "a plain value was expected here (a number, a string, a list, an array)"
        with noted():
            raise ObjectRefused(
                f"{text}, got {self.__name__}, which lives in a process of its own; its {what} is not asked"
            )

    def _told_class(self, kind: type) -> type:
        """Return a library's class as its own, as `isinstance` asks; before it is marked nobody is told anything."""
        if standing_now() is None or not (self._answers or self._origin is not None):
            return type(self)
        self._require_standing("class")
        return kind

    def _shown(self) -> str:
        """Return words for it that are not its own."""
        return f"<{self.__name__}, in a process of its own>"

    def __repr__(self) -> str:
        return str(self._told("repr")) if standing_now() is not None else self._shown()

    def __str__(self) -> str:
        return str(self._told("str")) if standing_now() is not None else self._shown()

    def __format__(self, form: str) -> str:
        return str(self._told("format", form)) if standing_now() is not None else self._shown()

    def __hash__(self) -> int:
        return int(self._operate("hash", self)) if standing_now() is not None else id(self)

    def _told(self, name: str, *args: Any) -> Any:
        self._require_standing(f"__{name}__")
        wanted, found = operators.UNARY[name], self._operate(name, self, *args)
        if wanted is not None and type(found) is not wanted:
            raise WireError(f"malformed answer: {name} gave {type(found).__name__}")
        return found

    def __instancecheck__(self, value: Any) -> bool:
        return self._has("isinstance", value)

    def __subclasscheck__(self, value: Any) -> bool:
        return self._has("issubclass", value)

    def _has(self, relation: str, value: Any) -> bool:
        """Ask the process that both live in; anything else is of no class of its."""
        value = value._theirs if isinstance(value, Built) and hasattr(value, "_theirs") else lives(value)
        if not isinstance(value, Asked) or value._line != self._line:
            return False
        if relation == "isinstance":
            value._require_standing("class")
        return self._operate(relation, value, self) is True

    def __mro_entries__(self, _: tuple[Any, ...]) -> tuple[type, ...]:
        if _foundation is None or not self._gives_objects:
            with noted():
                raise CourseError(f"a test builds a class on {self.__name__}, which is no class of the solution's")
        return (_foundation(self),)

    def __dir__(self) -> list[str]:
        found = self._operate("dir", self)
        return sorted(name for name in found if type(name) is str) if isinstance(found, list) else []

    @property
    def __array__(self) -> Callable[..., np.ndarray]:
        """What NumPy makes of it where it lives; where that is nothing, it has no such method."""
        self._require_standing("__array__")
        if self._operate("is_array", self) is not True:
            raise AttributeError("__array__")
        return lambda dtype=None, copy=None: np.array(self._operate("array", self), dtype)

    def __delattr__(self, name: str) -> None:
        self._operate("delattr", self, name)

    def __delitem__(self, key: Any) -> None:
        self._operate("delitem", self, key)

    def __enter__(self) -> Any:
        return self._special("__enter__")

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: Any) -> bool:
        return self._left("exit", error)

    def _left(self, how: str, error: BaseException | None) -> bool:
        """Leave a `with` block; an error is taken back where the course's own solution does so too."""
        taken_back = self._operate(how, self, plain_error(error)) is True and error is not None
        standing, trusted = standing_now(), getattr(self._line(), "trusted", False)
        if standing is None or trusted != standing.trusted:
            return taken_back and trusted
        origins: list[Origin] = []
        kind = type(error).__name__ if taken_back else PLAIN
        standing.came(f"{self._label}.{how} takes back", iter([((), kind, origins.append)]))
        if not taken_back or all(standing.believes(origin) for origin in origins):
            return taken_back
        with noted():
            raise ObjectRefused(f"{self.__name__} would have this test go on after {kind}")

    def __await__(self) -> Generator[Any, Any, Any]:
        yield from ()
        return self._operate("await", self)

    def __aiter__(self) -> Any:
        return self._operate("aiter", self)

    async def __anext__(self) -> Any:
        return self._operate("anext", self, step=True)

    async def __aenter__(self) -> Any:
        return self._operate("aenter", self)

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, _: Any) -> bool:
        return self._left("aexit", error)


def build_on(foundation: Callable[[Any], type]) -> None:
    """Say what a class of a test's is built on in the place of one of the solution's; see `foundation`."""
    global _foundation
    _foundation = foundation


_foundation: Callable[[Any], type] | None = None


def same(one: Any, other: Any, how: str = "eq") -> bool:
    """Say whether an object takes itself for the same as another, or is the very same; an error is no yes."""
    try:
        return one._operate(how, one, other) is True
    except Exception:  # whatever its comparison raises
        return False


def plain_error(error: BaseException | None) -> list[str] | None:
    """Return an exception in two words, as `operators.error_of` takes them."""
    return None if error is None else [type(error).__name__, str(error)]


def _binary(name: str, *, reflected: bool = False) -> Callable[..., Any]:
    def ask(self: Asked, other: Any) -> Any:
        self._require_standing(f"__{name}__")
        if isinstance(other := lives(other), Asked):
            other._require_standing(f"__{name}__")
        if (standing := standing_now()) is not None and len(standing.operands) < MAX_OPERANDS:
            own = [one for one in (self, other) if isinstance(one, Asked) and standing.concerns(one._line())]
            standing.met(name, own)
        return self._operate(name, *((other, self) if reflected else (self, other)))

    return ask


def _unary(name: str) -> Callable[..., Any]:
    return lambda self, *args: self._told(name, *args)


for _name in (*operators.BINARY, *operators.IN_PLACE, *operators.COMPARED):
    setattr(Asked, f"__{_name}__", _binary(_name))
for _name in operators.BINARY:
    setattr(Asked, f"__r{_name}__", _binary(_name, reflected=True))
for _name in set(operators.UNARY) - {"str", "repr", "format", "hash", "deepcopy"}:
    setattr(Asked, f"__{_name}__", _unary(_name))
Asked.__deepcopy__ = lambda self, _: self._told("deepcopy")  # type: ignore[attr-defined]
