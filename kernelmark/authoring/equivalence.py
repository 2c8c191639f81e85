"""Is a survivor a hole in the tests, or the same function written otherwise: the solution and it, asked the same.

Both run in a sandbox of the course's own solution, on the arguments that the tests pass and on others like them
(`probe`). It says what a difference means; it grades nothing.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from kernelmark.authoring.mutants import Mutant
from kernelmark.authoring.noticing import SPEED_CHECK
from kernelmark.authoring.units import Unit, Units
from kernelmark.referee.session import Session
from kernelmark.sandbox.limits import Limits

Kind = Literal["wrong", "forbidden", "late", "message", "rounds", "scalar", "unplanned", "same", "unknown"]
# Most likely wrong first.
ORDER: tuple[Kind, ...] = (
    *("wrong", "forbidden", "unknown", "late", "message", "rounds", "scalar", "unplanned", "same"),
)
MEANING: dict[Kind, str] = {
    "wrong": "wrong: it differs on an input that the solution answers, or refuses on purpose",
    "forbidden": "forbidden: a library's product where the contract asks for own loops",
    "unknown": "unknown: it could not be compared; look at it",
    "late": "too slow to be compared, or endless; look at it",
    "message": "another message: the same exception, or one derived from it, with other words",
    "rounds": "rounds differently: only the last digits differ",
    "scalar": "the same number, NumPy's for Python's or the other way round",
    "unplanned": "only where the solution itself fails: on inputs that no contract names",
    "same": "the same on all inputs that were tried",
}
MEMORY_BYTES = 4 * 2**30
# For one survivor; for all of a function.
COMPARE_S = 20.0
COMPARE_ALL_S = 600.0
SESSION_S = 900.0
ANSWER = "kernelmark audit answer: "


@dataclass(frozen=True)
class Comparison:
    """What came of asking the solution and a survivor the same.

    Attributes:
        input: the smallest input found on which they differ, as Python; said: both answers.
        asked: on how many inputs both were asked. recorded: whether a test passes this very input.
        complete: False where another comparison may say more: there was no time left for this one.
    """

    kind: Kind
    input: str = ""
    said: str = ""
    asked: int = 0
    recorded: bool = False
    complete: bool = True

    @property
    def input_is(self) -> str:
        """What the input is to whoever writes the tests."""
        if self.recorded:
            return "the tests ask this"
        return "the test to add" if self.kind == "wrong" else "they differ on"


def compare(
    units: Units, unit: Unit, survivors: Sequence[Mutant], seed: int = 0, where: Mapping[str, str] | None = None
) -> list[Comparison]:
    """Return what is known of each survivor of a function, in their order.

    Args:
        where: what holds of the inputs that contracts name, by function; others are asked only where a test asks them.
    """
    targets = units.entry_points(unit)
    before = list(units.run_before(unit))
    cells = [text for _, text in before]
    tests = [cell.source for cell in unit.plan.cells if cell.role == "test" and not SPEED_CHECK.search(cell.source)]
    changed = [[each.sources.get(name, text) for name, text in before] for each in survivors]
    request = {"cells": cells, "targets": targets, "tests": tests, "changed": changed, "seed": seed}
    request |= {"where": dict(where or {}), "limit_s": COMPARE_S, "all_s": COMPARE_ALL_S}
    answer, trouble = _asked(units, request) if targets else ({}, "no test names it")
    found = answer.get("found", [{"kind": "unknown", "said": trouble, "complete": not targets}] * len(survivors))
    return [_meant(each, mutant, units, unit, answer) for each, mutant in zip(found, survivors, strict=True)]


def _asked(units: Units, request: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Return what the probe answers in a sandbox, or nothing and why."""
    limits = replace(
        units.own.limits,
        children=True,
        memory_bytes=max(units.own.limits.memory_bytes, MEMORY_BYTES),
        cell_s=SESSION_S,
        notebook_s=SESSION_S,
        cell_output_chars=2 * 10**6,
    )
    session = _session(limits, units)
    try:
        source = (
            "from kernelmark.authoring import probe as _probe\n"
            f"print({ANSWER!r} + _probe.main(dict(globals()), {json.dumps(request)!r}))"
        )
        outputs, _ = session.run(source)
    finally:
        session.close()
    text = "".join(str(each.get("text", "")) for each in outputs if each.get("output_type") == "stream")
    errors = [f"{each['ename']}: {each['evalue']}" for each in outputs if each.get("output_type") == "error"]
    at = text.rfind(ANSWER)
    if at < 0:
        return {}, (errors or ["no answer"])[-1][:300]
    found: dict[str, Any] = json.loads(text[at + len(ANSWER) :].split("\n")[0])
    return found, ""


def _session(limits: Limits, units: Units) -> Session:
    return Session(limits, units.own.files, whose="the course's solution", trusted=True)


def _meant(found: dict[str, Any], mutant: Mutant, units: Units, unit: Unit, answer: dict[str, Any]) -> Comparison:
    kind, asked = found["kind"], int(found.get("asked", 0))
    items = units.items(unit, mutant)
    if mutant.operator == "library product" and any("loop" in item.text for item in items) and kind != "wrong":
        return Comparison("forbidden", found.get("words", ""), found.get("said", ""), asked)
    if kind == "fails":
        kind = "wrong"
    if kind == "" and asked == 0:
        return Comparison("unknown", said=f"{answer.get('recorded', 0)} calls recorded, none that can be asked again")
    said, words = found.get("said", ""), found.get("words", "")
    if kind != "wrong" and asked < int(found.get("of", asked)):
        said = f"{said}; " * bool(said) + f"the other {found['of'] - asked} inputs: took longer than {COMPARE_S:.0f} s"
    return Comparison(kind or "same", words, said, asked, bool(found.get("recorded")), found.get("complete", True))
