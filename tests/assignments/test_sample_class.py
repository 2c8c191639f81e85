"""Every submission of the sample class gets the marks its file says, cell by cell."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest

from kernelmark.records import SubmissionResult
from kernelmark.referee import grading
from tests.sample_class import ROOT, Sample, course, notebook_name, samples

ASSIGNMENTS = sorted(path.name for path in (ROOT / "source").iterdir() if path.is_dir())
# `make test` grades the instructor's solution to all, and an eighth of the submissions to
# 03; `make test-all` grades everything.
QUICK = "03_matmul"


def is_quick(number: int, sample: Sample) -> bool:
    """Say whether a submission, of this number in its assignment, is graded by `make test`."""
    return sample.assignment == QUICK and number % 8 == 0


SAMPLES = [
    pytest.param(sample, marks=() if is_quick(number, sample) else pytest.mark.slow, id=f"{assignment}-{sample.name}")
    for assignment in ASSIGNMENTS
    for number, sample in enumerate(samples(assignment))
]


def key(sample: Sample) -> str:
    """Return what tells a submission from all others of all assignments."""
    return f"{sample.assignment}/{sample.name}"


@pytest.fixture(scope="session")
def graded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, SubmissionResult]:
    """The submissions that were asked for, two at a time: correctness side by side, timed sections in turn."""
    root = tmp_path_factory.mktemp("class")
    params = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    wanted = {key(found["sample"]): found["sample"] for found in params if "sample" in found}

    def grade(sample: Sample) -> tuple[str, SubmissionResult]:
        name = notebook_name(sample.assignment)
        path = root / sample.student / sample.assignment / f"{name}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(sample.content(), encoding="utf-8")
        return key(sample), grading.grade(ROOT / "source" / sample.assignment / f"{name}.ipynb", path)

    with ThreadPoolExecutor(2) as pool:
        return dict(pool.map(grade, wanted.values()))


@pytest.mark.parametrize("sample", SAMPLES)
def test_gets_the_marks_it_must_get(graded: dict[str, SubmissionResult], sample: Sample):
    """Marks, cells for a person, and promised reasons are those of the file."""
    assert sample.differences(graded[key(sample)]) == []


@pytest.mark.parametrize("sample", SAMPLES)
def test_every_lost_point_has_a_reason_without_hidden_text(graded: dict[str, SubmissionResult], sample: Sample):
    """Whoever loses points reads why, and reads no line of a hidden test."""
    hidden = {
        line.strip()
        for cell in course(sample.assignment).cells
        for number, line in enumerate(cell.source.split("\n"), 1)
        if number in cell.hidden and len(line.strip()) > 12
    }
    for cell in graded[key(sample)].cells:
        if cell.points != cell.max_points:
            assert cell.reason, f"{cell.grade_id} gives no reason"
        assert not [line for line in hidden if line in cell.reason]


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_instructors_solution_earns_full_marks(tmp_path: Path, assignment: str):
    """Every test cell gives all its points, and only written answers wait for a person."""
    name = notebook_name(assignment)
    path = tmp_path / f"{name}.ipynb"
    path.write_text(nbformat.writes(course(assignment).source))
    result = grading.grade(ROOT / "source" / assignment / f"{name}.ipynb", path)
    waiting = {cell.grade_id for cell in course(assignment).cells if cell.role == "answer"}
    for cell in result.cells:
        assert cell.points == (None if cell.grade_id in waiting else cell.max_points), cell.reason + cell.staff
