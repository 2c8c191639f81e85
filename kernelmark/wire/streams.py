"""The states of Python's and NumPy's own generators: told, taken, and whether one follows from another by drawing.

A test that seeds a generator and a solution that draws from it have one stream. A state that submitted code made up
would be a test's next inputs, all zero at will; so of what it says only that is believed to which drawing leads.
"""

import math
import random
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from kernelmark.wire.bounds import WireError
from kernelmark.wire.kind import parts, whole

_WORDS = 624
# What one call may draw: more is not followed, and the test goes on where it was.
MAX_DRAWN_WORDS = _WORDS * 4_000
# A function that seeds is followed to these seeds.
SEEDS = 1_000
# A normal number is made of so many words, and its twin is kept.
_WORDS_OF_A_PAIR = 4


class _State(NamedTuple):
    """A Mersenne twister: its words, which of them comes next, and a normal number that is left over, or None."""

    key: tuple[int, ...]
    at: int
    spare: float | None


def states() -> list[Any]:
    """Return the state of Python's and NumPy's generators as plain values."""
    return [_plain(_of_python(random.getstate())), _plain(_of_numpy(np.random.get_state()))]


def take_states(plain: Any) -> None:
    """Give Python's and NumPy's generators a state.

    Raises:
        WireError: it is none.
    """
    _take(*_read(plain))


def follow_states(plain: Any) -> None:
    """Give the generators a state that submitted code tells, each where drawing leads there from the one it has.

    Raises:
        WireError: it is no state.
    """
    python, numpy = _read(plain)
    now = _of_python(random.getstate()), _of_numpy(np.random.get_state())
    _take(_followed(now[0], python, _python), _followed(now[1], numpy, _numpy))


def _plain(state: _State) -> list[Any]:
    return [list(state.key), state.at, state.spare]


def _read(plain: Any) -> list[_State]:
    return [_one(*parts(each, 3)) for each in parts(plain, 2)]


def _one(key: Any, at: Any, spare: Any) -> _State:
    words = tuple(whole(word, 0, 2**32 - 1) for word in parts(key, _WORDS))
    # Beyond its words NumPy would read what lies behind them.
    if spare is not None and not (type(spare) is float and math.isfinite(spare)):
        raise WireError("a generator keeps a number or nothing")
    return _State(words, whole(at, 0, _WORDS), spare)


def _of_python(state: Any) -> _State:
    return _State(state[1][:-1], state[1][-1], state[2])


def _of_numpy(state: Any) -> _State:
    _, key, at, has_spare, spare = state
    return _State(tuple(key.tolist()), int(at), float(spare) if has_spare else None)


def _for_numpy(state: _State) -> Any:
    spare = state.spare
    return ("MT19937", np.array(state.key, np.uint32), state.at, int(spare is not None), spare or 0.0)


def _take(python: _State, numpy: _State) -> None:
    random.setstate((3, (*python.key, python.at), python.spare))
    np.random.set_state(_for_numpy(numpy))


def _python(state: _State | int) -> _State:
    """Return what a generator of Python's comes to that is seeded, or draws a normal number."""
    made = random.Random(state if isinstance(state, int) else 0)
    if not isinstance(state, int):
        made.setstate((3, (*state.key, state.at), None))
        made.gauss(0.0, 1.0)
    return _of_python(made.getstate())


def _numpy(state: _State | int) -> _State:
    made = np.random.RandomState(state if isinstance(state, int) else 0)
    if not isinstance(state, int):
        made.set_state(_for_numpy(state._replace(spare=None)))
        made.standard_normal()
    return _of_numpy(made.get_state())


def _followed(before: _State, told: _State, go_on: Callable[[_State | int], _State]) -> _State:
    """Return the state that is believed: the one told, without a left-over number that did not come about, or before's.

    Args:
        go_on: draws a normal number from a state, or seeds a generator.
    """
    if told == before or any(told == go_on(seed) for seed in _seeds(told)):
        return told
    former: tuple[int, ...] | None = None
    for key in _turned(before.key):
        if key == told.key:
            if former is None and told.at < before.at:
                return before
            made_by = _pair_before(told, former, before)
            left_over = told.spare == before.spare or (made_by is not None and go_on(made_by) == told)
            return told if left_over else told._replace(spare=None)
        former = key
    return before


def _seeds(told: _State) -> range:
    return range(SEEDS if told.at == _WORDS and told.spare is None else 0)


def _turned(key: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Yield the words of a twister, and what they are after all of them were drawn, again and again."""
    bits = np.random.MT19937(0)
    bits.state = {"bit_generator": "MT19937", "state": {"key": np.array(key, np.uint32), "pos": _WORDS}}
    yield key
    for _ in range(MAX_DRAWN_WORDS // _WORDS):
        bits.random_raw(_WORDS, output=False)
        yield tuple(bits.state["state"]["key"].tolist())


def _pair_before(told: _State, former: tuple[int, ...] | None, before: _State) -> _State | None:
    """Return the state in which a pair of normal numbers was drawn, were they the last; None where none could be."""
    at = told.at - _WORDS_OF_A_PAIR
    if former is None:
        return _State(told.key, at, None) if at >= before.at else None
    return _State(told.key, at, None) if at >= 0 else _State(former, _WORDS + at, None)
