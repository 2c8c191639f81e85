"""The desk is the specification: a test cell comes to the same in the judge, and prints the same; see `tests.desk`."""

from pathlib import Path

import pytest

from kernelmark.referee import grading
from tests import desk

ROOT = Path(__file__).parent.parent.parent
SOURCES = sorted(ROOT.glob("source/*/*.ipynb"))


class TestGenerated:
    @pytest.mark.parametrize("seed", range(2))
    def test_honest_work(self, tmp_path, seed):
        """Values, calls, changes, printed words, seeds and exceptions in random combinations."""
        source, _ = desk.generated(seed, 60)
        assert desk.differences(source, tmp_path) == []

    @pytest.mark.parametrize("seed", range(2, 4))
    def test_wrong_work(self, tmp_path, seed):
        """The same tests on other answers: what a desk fails, the judge fails, and nothing goes to a person."""
        source, wrong = desk.generated(seed, 60)
        assert desk.wrong_work(source, wrong, tmp_path) == []

    @pytest.mark.slow
    @pytest.mark.parametrize("seed", range(10, 20))
    def test_more_of_them(self, tmp_path, seed):
        """Ten more draws of both."""
        source, wrong = desk.generated(seed, 100)
        assert desk.differences(source, tmp_path) == []
        assert desk.wrong_work(source, wrong, tmp_path) == []


@pytest.mark.slow
@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_our_own_notebooks(path):
    """The own solution of every assignment, but for the races, which the desk's clock decides."""
    source = grading.read_source(path)
    timed = [
        cell.metadata.nbgrader.grade_id
        for cell in source.cells
        if "faster(" in cell.source and cell.metadata.get("nbgrader", {}).get("grade")
    ]
    found = desk.differences(source, path.parent)
    left = [line for line in found if line.partition(":")[0] not in timed and ": prints" not in line]
    assert [line for line in left if f"0 at a desk ({desk.ON_STDERR})" not in line] == []
