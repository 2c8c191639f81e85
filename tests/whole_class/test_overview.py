"""A class in numbers: the arithmetic of a report, and the pictures drawn from it."""

import itertools
import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as some

from kernelmark.records import Pair
from kernelmark.stopwatch.stats import decide
from kernelmark.whole_class import strips
from kernelmark.whole_class.overview import InBook, discrimination, overview, spread
from tests.whole_class.test_report import doubtful, missed, passed, record

SHARES = some.lists(some.floats(0, 100), min_size=1, max_size=40)
CLASS = some.lists(some.tuples(some.booleans(), some.integers(0, 50).map(float)), min_size=2, max_size=40)


class TestDiscrimination:
    @given(CLASS)
    def test_is_the_correlation_of_a_yes_or_no_with_the_rest(self, everybody: list[tuple[bool, float]]):
        """Pearson's, with 1 for all points and 0 for fewer; none where one of the two does not vary."""
        full, rest = zip(*everybody, strict=True)
        found = discrimination(full, rest)
        if found is None:
            assert len(set(full)) == 1 or statistics.pstdev(rest) < 1e-9
        else:
            assert math.isclose(found, statistics.correlation([float(f) for f in full], rest), abs_tol=1e-9)

    def test_leaves_the_tests_own_points_out(self):
        """Two tests that have nothing to do with each other tell nothing, though each is half of the total."""
        ways = [(a, b) for a in (passed, missed) for b in (passed, missed)]
        records = [record(f"s{number}", one("a"), other("b")) for number, (one, other) in enumerate(ways)]
        assert [test.tells for test in overview(records).tests] == [pytest.approx(0.0), pytest.approx(0.0)]

    def test_finds_a_test_that_the_best_fail(self):
        """Its key is wrong, as like as not."""
        records = [
            record("best", passed("a"), passed("b"), missed("odd")),
            record("other", missed("a"), missed("b"), passed("odd")),
        ]
        assert overview(records).tests[-1].tells == pytest.approx(-1.0)


class TestSpread:
    @given(SHARES)
    def test_counts_everybody_once(self, shares: list[float]):
        """0 and 100 percent too; the quartiles are in their order, between the lowest and the highest."""
        found = spread(shares)
        assert sum(found.counts) == len(shares)
        order = [found.low, found.lower, found.median, found.upper, found.high]
        assert all(one <= other + 1e-9 for one, other in itertools.pairwise(order))

    @given(SHARES)
    def test_is_drawn_with_its_numbers(self, shares: list[float]):
        """Whoever does not see the picture hears how many are in each tenth."""
        found = spread(shares)
        assert f"90 to 100 %: {found.counts[-1]}" in strips.bars(found)


class TestMarks:
    def test_of_a_person_count(self):
        """In the points, in the mean of the cell, and as waiting no longer."""
        book = {"anna": InBook(6.0, cells={"a": 2.0, "b": 4.0})}
        found = overview([record("anna", passed("a"), doubtful("b"))], book)
        assert (found.rows[0].points, found.rows[0].waits) == (6.0, 0)
        assert (found.tests[1].mean, found.tests[1].full, found.tests[1].waits) == (4.0, 1, 0)

    def test_of_several_notebooks_are_one_row(self):
        """Cells of the same name in two notebooks are two tests."""
        one, two = record("anna", passed("a")), record("anna", missed("a"))
        two = type(two)(**{**vars(two), "notebook": "second"})
        found = overview([one, two])
        assert [(row.points, row.most) for row in found.rows] == [(2.0, 4.0)]
        assert [test.name for test in found.tests] == ["short/a", "second/a"]


def test_a_strip_says_how_many_earned_what():
    """In words, whatever the marks look like; each line has its points."""
    races = {
        f"s{speed}": decide(
            [Pair(1.0, speed + 0.01 * i, 1.0, speed) for i in range(21)], {3: 1, 6: 2}, candidate="f", baseline="ours"
        )
        for speed in (1.0, 4.0, 9.0)
    }
    drawn = strips.strip(races)
    assert "1 with all points, 1 with some, 1 with none" in drawn
    assert "3x: 1" in drawn
    assert strips.strip({}) == ""
