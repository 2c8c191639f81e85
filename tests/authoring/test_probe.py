"""Solutions and changed solutions asked the same: one that hangs or dies costs itself, and is told for what it is."""

import json

import pytest

from kernelmark.authoring import probe

OWN = "def down(n):\n    steps = 0\n    while n > 0:\n        n -= 1\n        steps += 1\n    return steps"
TESTS = ["assert down(3) == 3"]


def asked(*changed: str, own: str = OWN, limit_s: float = 6.0, all_s: float = 60.0, where: dict | None = None):
    """What the probe says of changed solutions of `down`, a dict each."""
    request = {"cells": [own], "targets": ["down"], "tests": TESTS, "changed": [[each] for each in changed]}
    request |= {"seed": 0, "limit_s": limit_s, "all_s": all_s, "where": where or {}}
    answer = probe.main({}, json.dumps(request))
    return json.loads(answer)["found"]


def test_endless_on_a_variation_is_told_and_not_called_wrong():
    """`n != 0` never ends below 0, where the solution gives 0: it is said with the input, and the next is compared."""
    late, same = asked(OWN.replace("n > 0", "n != 0"), OWN.replace("n > 0", "n >= 1"))
    assert late["kind"] == "late"
    assert "not compared: took longer than 4 s; the solution: 0" in late["said"]
    assert late["words"].startswith("down(-")
    assert same["kind"] == ""
    assert same["asked"] == same["of"] > 0


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("while True:\n    pass", "late", "took longer than 1 s: the cell itself"),
        ("import os\nos._exit(0)", "fails", "ends the process"),
        ("1 / 0", "fails", "ZeroDivisionError"),
    ],
)
def test_cell_that_does_not_end_costs_only_itself(text, kind, said):
    """What comes after it is compared all the same."""
    first, second = asked(text, OWN.replace("n > 0", "n > 1"), limit_s=1.0)
    assert second["kind"] == "wrong"
    assert first["kind"] == kind
    assert said in first.get("said", "") + first.get("words", "")


def test_without_time_left_nothing_is_said_to_be_the_same():
    """Survivors for which no time is left are not compared, and the answer is not one to keep."""
    (found,) = asked(OWN, all_s=0.0)
    assert (found["kind"], found["complete"]) == ("late", False)


def test_one_that_ends_the_process_is_wrong():
    """The solution answers, and this gives no answer at all."""
    (found,) = asked(OWN.replace("return steps", "return steps if n == 0 else __import__('os')._exit(1)"))
    assert (found["kind"], found["said"]) == ("wrong", "it ends the process")


def test_input_that_no_contract_names_is_not_asked():
    """Below 0 the two differ; where the contract names whole numbers from 0 on, they are the same."""
    changed = OWN.replace("steps = 0", "steps = 0\n    assert n >= 0")
    (differing,) = asked(changed)
    (same,) = asked(changed, where={"down": "n >= 0"})
    assert (differing["kind"], same["kind"]) == ("wrong", "")
    assert 0 < same["asked"] < differing["of"]


def test_solution_that_dies_on_an_input_is_asked_others():
    """Compiled code may read what is not its own: such an input says nothing, and costs no comparison."""
    own = OWN.replace("steps = 0", "steps = 0\n    n == 7 and __import__('os')._exit(1)")
    (found,) = asked(own.replace("return steps", "return steps + (steps == 2)"), own=own)
    assert found["kind"] == "wrong"
    (found,) = asked(own, own=own)
    assert (found["kind"], found["asked"] > 0) == ("", True)
