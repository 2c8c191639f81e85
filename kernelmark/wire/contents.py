"""Lists, dicts and sets that a call changed: what they hold is looked at before and after, and told to the sender.

At a desk a function that sorts a list sorts the caller's. Arrays have a way of their own (`values`); here are the
containers around them. Nothing is moved here.
"""

from collections.abc import Iterator
from typing import Any

Container = list[Any] | dict[Any, Any] | set[Any]
MAX_LOOKED_AT = 200_000


def looked_at(value: Any) -> Any:
    """Return what a value's containers hold, to compare with `is_as`; the value itself where it is none.

    What hangs together beyond `MAX_LOOKED_AT` items, or in a circle, is not looked at.
    """
    try:
        return _look(value, [MAX_LOOKED_AT])
    except RecursionError:
        return value


def _look(value: Any, left: list[int]) -> Any:
    # What is built on them crosses by its state; see `kinds`.
    if type(value) not in (list, dict, set, tuple):
        return value
    left[0] -= len(value)
    if left[0] < 0:
        raise RecursionError
    if isinstance(value, dict):
        return _Look(value, [(key, _look(item, left)) for key, item in value.items()])
    return _Look(value, [set(value)] if isinstance(value, set) else [_look(item, left) for item in value])


class _Look:
    """A container as it was: the container, and what it held."""

    def __init__(self, value: Any, held: list[Any]):
        self.value, self.held = value, held


def is_as(value: Any, look: Any) -> bool:
    """Say whether a value holds the very things that it held."""
    if not isinstance(look, _Look):
        return value is look
    if value is not look.value:
        return False
    if isinstance(value, set):
        return bool(set(value) == look.held[0])
    if len(value) != len(look.held):
        return False
    if isinstance(value, dict):
        pairs = zip(value.items(), look.held, strict=True)
        return all(key is former and is_as(item, held) for (key, item), (former, held) in pairs)
    return all(is_as(item, held) for item, held in zip(value, look.held, strict=True))


def containers(value: Any) -> Iterator[Container]:
    """Yield the containers that a value is made of, each once, a tuple's own among them."""
    seen: set[int] = set()
    left = [value]
    while left:
        item = left.pop()
        if not isinstance(item, list | dict | set | tuple) or id(item) in seen:
            continue
        seen.add(id(item))
        if not isinstance(item, tuple):
            yield item
        left.extend(item.values() if isinstance(item, dict) else item)


def refill(old: Any, new: Any) -> Any:
    """Let a container hold what another one holds, those in it likewise; return what now stands for `old`.

    Containers of the old one that stand where one of the same type stands in the new one stay the same objects.
    """
    if old is new:
        return old
    if isinstance(old, list) and isinstance(new, list):
        kept = [refill(old[i], item) if i < len(old) else item for i, item in enumerate(new)]
        old[:] = kept
        return old
    if isinstance(old, dict) and isinstance(new, dict):
        filled = {key: refill(old[key], item) if key in old else item for key, item in new.items()}
        old.clear()
        old.update(filled)
        return old
    if isinstance(old, set) and isinstance(new, set):
        old.clear()
        old.update(new)
        return old
    if type(old) is tuple and type(new) is tuple and len(old) == len(new):
        made = tuple(refill(before, after) for before, after in zip(old, new, strict=True))
        return old if all(a is b for a, b in zip(made, old, strict=True)) else made
    return new
