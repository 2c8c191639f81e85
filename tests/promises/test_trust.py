"""No trick of the cheating corpus gains a point, and each is told why it lost the others."""

from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path

import nbformat
import pytest

from kernelmark.records import SubmissionResult
from kernelmark.referee import grading
from tests import trust_course
from tests.trust import THREATS, Attack, attacks

# `make test` tries two attacks of each kind; `make test-all`, and `make trust` beside stock nbgrader, try all.
QUICK = [attack for _, group in groupby(attacks(), lambda attack: attack.threat) for attack in [*group][:2]]
ATTACKS = [
    pytest.param(attack, id=attack.name, marks=() if attack in QUICK else pytest.mark.slow) for attack in attacks()
]


@pytest.fixture(scope="module")
def graded(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[SubmissionResult]]:
    """Every attack that was asked for, graded two at a time, as often as it says, with what it left behind."""
    root = tmp_path_factory.mktemp("trust")
    source = root / "source" / f"{trust_course.NAME}.ipynb"
    source.parent.mkdir()
    nbformat.write(trust_course.notebook(), source)
    params = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    wanted = {found["attack"].name: found["attack"] for found in params if "attack" in found}

    def grade(attack: Attack) -> tuple[str, list[SubmissionResult]]:
        path = attack.hand_in(root / "submitted" / attack.student)
        return attack.name, [grading.grade(source, path) for _ in range(attack.times)]

    with ThreadPoolExecutor(2) as pool:
        return dict(pool.map(grade, wanted.values()))


@pytest.mark.parametrize("attack", ATTACKS)
def test_gets_the_marks_that_its_functions_earn(graded: dict[str, list[SubmissionResult]], attack: Attack):
    """Each time it is graded: marks cell by cell, and the promised reasons."""
    assert [attack.differences(result) for result in graded[attack.name]] == [[]] * attack.times


@pytest.mark.parametrize("attack", ATTACKS)
def test_reads_no_hidden_text(graded: dict[str, list[SubmissionResult]], attack: Attack):
    """What the student is told holds no line of a hidden test."""
    told = [cell.reason for result in graded[attack.name] for cell in result.cells]
    assert not [reason for reason in told if trust_course.SECRET in reason]


def test_every_threat_is_tried():
    """Each line of the list has an attack."""
    assert {attack.threat for attack in attacks()} == set(THREATS)


def test_an_honest_classmate_after_all_of_them_gets_full_marks(
    graded: dict[str, list[SubmissionResult]], tmp_path: Path
):
    """The grader that has seen the whole corpus grades honest work as before."""
    assert graded
    source = tmp_path / "source" / f"{trust_course.NAME}.ipynb"
    path = tmp_path / "honest" / f"{trust_course.NAME}.ipynb"
    for place in (source, path):
        place.parent.mkdir()
        nbformat.write(trust_course.notebook(), place)
    result = grading.grade(source, path)
    assert [cell.points for cell in result.cells if cell.grade_id != "why"] == [
        points for points, _, _ in trust_course.TESTS.values()
    ]
