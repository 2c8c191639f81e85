"""Where an object of the solution's may answer: in the places in which the course's own solution has one too.

An object that says yes to everything would pass every test in the place of a number. The course knows better: what its
own solution gives for the same call decides. So a run of a test notes from which call every object came, and which of
them were asked something that a plain value could be asked too; a run of the same test on the course's own solution
notes what each call gave. An object that a class of the solution made is what is tested, and answers without that.

It compares notes and asks nothing. Who runs what, and when, is the judge's.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

PLAIN = ""
# What the kind of an array that hides items begins with; no class is called so, as what a process tells is printable.
HIDES = "\0hides "
# What is noted one by one of a list; of the rest only that it is there.
MAX_LEAVES = 10_000
MAX_CHARS = 300
# Of so many objects of a test is asked whether they are told apart.
MAX_OPERANDS = 6

Place = tuple[Any, ...]


class Origin(NamedTuple):
    """Where an object came from.

    Args:
        cell: the test that got it.
        asked: what was called or read, in words that are the same in both processes.
        number: how often it had been asked before in that test.
        place: where in the answer it stood; () for the answer itself.
        kind: the name of its class, as its process tells it.
    """

    cell: str
    asked: str
    number: int
    place: Place
    kind: str


class Trace:
    """What each call of a test gave on the course's own solution: a plain value, or an object of which class."""

    def __init__(self) -> None:
        # The first objects that an operator was asked of, with the operator.
        self.operands: list[tuple[str, Any]] = []
        self._answers: dict[str, list[dict[Place, str]]] = {}

    def add(self, asked: str, kinds: Iterable[tuple[Place, str]]) -> None:
        """Note an answer."""
        self._answers.setdefault(asked, []).append(dict(kinds))

    def allows(self, origin: Origin) -> bool:
        """Say whether the course's own solution has an object of this class there."""
        answers = self._answers.get(origin.asked, [])
        if origin.kind.startswith(HIDES):  # what is right to hide in one answer is wrong in another
            return origin.number < len(answers) and answers[origin.number].get(origin.place) == origin.kind
        found = {answer[origin.place] for answer in answers if origin.place in answer}
        if PLAIN not in found and origin.kind in found:
            return True
        if origin.number < len(answers) and answers[origin.number].get(origin.place) == origin.kind:
            return True
        # A list of another length, of nothing but such objects.
        inside = {kind for answer in answers for place, kind in answer.items() if place}
        return bool(origin.place) and PLAIN not in inside and origin.kind in inside


class Known:
    """What is known of a notebook's objects, test after test.

    Args:
        classes: the names of the solution's classes.
    """

    def __init__(self, classes: Iterable[str] = ()):
        self.classes = frozenset(classes)
        self.traces: dict[str, Trace] = {}
        # A class may be called otherwise than the name under which it is found.
        self._names: dict[str, str] = {}

    def note_made(self, kind: str, name: str) -> None:
        """Note that what the solution calls `name` makes objects of a class that calls itself `kind`."""
        if kind not in self.classes:
            self._names[kind] = name

    def kind(self, told: str) -> str:
        """Return the solution's name for a class that calls itself so."""
        return self._names.get(told, told)

    def allow(self, origin: Origin) -> bool:
        """Say whether the course's own solution has such an object there, as far as it has been asked."""
        return origin.cell in self.traces and self.traces[origin.cell].allows(origin)


class Standing:
    """The notes of one run of one cell.

    Args:
        trusted: note what the course's own code gives, for `known`; else where a submission's objects come from.
        strict: refuse at once what the notes in `known` do not allow; else keep it in `doubts`.
    """

    def __init__(self, cell: str, known: Known, *, trusted: bool = False, strict: bool = False):
        self.known, self.trusted, self.strict = known, trusted, strict
        self.doubts: set[Origin] = set()
        self.operands: list[tuple[str, Any]] = []
        self.compared = False
        self._cell = cell
        self._asked: Counter[str] = Counter()
        if trusted:
            known.traces[cell] = Trace()
            self.operands = known.traces[cell].operands

    def concerns(self, line: Any) -> bool:
        """Say whether what is at the other end of a line is what is noted."""
        return bool(getattr(line, "trusted", False)) == self.trusted

    def came(self, asked: str, leaves: Iterator[tuple[Place, str, Callable[[Origin], None] | None]]) -> None:
        """Note an answer: of every part of it the place, the kind, and who wants to know its origin."""
        asked = asked[-MAX_CHARS:]
        if self.trusted:
            self.known.traces[self._cell].add(asked, ((place, kind) for place, kind, _ in leaves))
            return
        number = self._asked[asked]
        self._asked[asked] += 1
        for place, kind, stamp in leaves:
            if stamp is not None:
                stamp(Origin(self._cell, asked, number, place, kind))

    def met(self, operator: str, operands: Iterable[Any]) -> None:
        """Note what an operator is asked of."""
        self.compared = self.compared or operator in ("eq", "ne")
        self.operands += [(operator, one) for one in operands][: MAX_OPERANDS - len(self.operands)]

    def believes(self, origin: Origin) -> bool:
        """Say whether an object is believed for now: in a first run all are, and looked at afterwards."""
        if self.known.allow(origin):
            return True
        self.doubts.add(origin)
        return not self.strict

    @property
    def doubtful(self) -> bool:
        """Whether something answered of which is not known that the course's own solution has the like there."""
        return any(not self.known.allow(origin) for origin in self.doubts)


def note_standing(standing: Standing | None) -> None:
    """Have the calls from now on noted there."""
    global _standing
    _standing = standing


def standing_now() -> Standing | None:
    """Return the notes of the cell that runs."""
    return _standing


_standing: Standing | None = None


def leaves_of(value: Any, place: Place = (), left: list[int] | None = None) -> Iterator[tuple[Place, Any]]:
    """Yield every part of an answer that is no list, tuple, set or dict, with its place; of many the first."""
    left = [MAX_LEAVES] if left is None else left
    if isinstance(value, dict):
        parts: list[tuple[Any, Any]] = [
            (key if isinstance(key, str | int) else n, item) for n, (key, item) in enumerate(value.items())
        ]
        parts += [(("key", n), key) for n, key in enumerate(value)]
    elif isinstance(value, list | tuple):
        parts = list(enumerate(value))
    elif isinstance(value, set | frozenset):
        parts = [("in", item) for item in value]
    else:
        left[0] -= 1
        yield place, value
        return
    for step, item in parts:
        if left[0] <= 0:
            return
        yield from leaves_of(item, (*place, step), left)
