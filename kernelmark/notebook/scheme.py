"""A mark scheme as rubric items: pieces of its text with the points that they earn.

A piece ends in its points in brackets, "own cache sizes stated (1)"; "3 points, footprints: ..." is the heading of the
pieces behind it. Where these have fewer points than the heading says, the rest is an item too; where they have more,
the whole paragraph is one. "Take off 1 if ..." takes points. What else a scheme says is no item.
It reads text and decides no mark.
"""

import hashlib
import re
from dataclasses import dataclass

_NUMBER = r"\d+(?:\.5)?"
_HEADING = re.compile(
    rf"(?P<points>{_NUMBER}) (?:points?|marks?)\b,? *(?P<about>[^:]*?)(?: \((?P<all>{_NUMBER})\))?: *(?P<rest>.*)",
    re.DOTALL,
)
_PIECE = re.compile(rf"(?P<text>.*?)\((?P<points>{_NUMBER})(?: points?| marks?)?(?:, [^()]*)?\)", re.DOTALL)
_LESS = re.compile(rf"(?P<text>(?:Take off|Minus|Deduct) (?P<points>{_NUMBER})\b[^.]*)", re.IGNORECASE)


@dataclass(frozen=True)
class Item:
    """What earns points, or loses some. `id` stays the same as long as the words do."""

    id: str
    text: str
    points: float


def items(scheme: str) -> list[Item]:
    """Return the rubric items of a mark scheme, in its order; none where it names no points."""
    found: list[Item] = []
    for part in re.split(r"\n\s*\n|\n(?=[-*] )", scheme):
        text = " ".join(part.split()).lstrip("-* ")
        heading = _HEADING.match(text)
        about = heading["about"].strip() if heading else ""
        rest = heading["rest"] if heading else text
        pieces = list(_PIECE.finditer(rest))
        told = [(_last_sentence(piece["text"]), float(piece["points"])) for piece in pieces]
        if heading:
            most = float(heading["all"] or heading["points"])
            left = most - sum(points for _, points in told)
            if left < 0 or not told:
                told = [(rest.strip(" ;,.:"), most)]
            elif left:
                told.append(("the rest", left))
        for words, points in told:
            found.append(_item(": ".join(part for part in (about, words) if part), points, found))
        for less in _LESS.finditer(rest[pieces[-1].end() :] if pieces else "" if heading else rest):
            found.append(_item(less["text"].strip(), -float(less["points"]), found))
    return found


def _last_sentence(text: str) -> str:
    return re.split(r"(?<=[.!?]) +(?=[A-Z\"])", text.strip(" ;,.:"))[-1].strip(" ;,.:")


def _item(text: str, points: float, before: list[Item]) -> Item:
    same = sum(item.text == text for item in before)
    return Item(hashlib.sha256(f"{same}/{text}".encode()).hexdigest()[:10], text, points)
