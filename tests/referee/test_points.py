"""What a test cell may end in, and what a test is that holds nothing: the points, or a person."""

from pathlib import Path

import pytest

from kernelmark.records import CellResult
from tests.referee.test_judge import Part, graded

SOLUTION = "def parse(text): return [int(part) for part in text.split(',')]\nlimit = 12"
# The last line of a test, the points of 1 that it gives, and its mark.
ENDS: dict[str, tuple[str, float | None, str]] = {
    "nothing": ("assert parse('1') == [1]", 1.0, "pass"),
    "one": ("1", 1.0, "pass"),
    "half": ("1 / 2", 0.5, "partial"),
    "third": ("points = 1\npoints / 3", 1 / 3, "partial"),
    "a_numpy_scalar": ("np.float64(0.25)", 0.25, "partial"),
    "a_small_numpy_scalar": ("np.float32(0.5)", 0.5, "partial"),
    "a_numpy_integer": ("np.int64(1)", 1.0, "pass"),
    "a_mean_of_checks": ("np.mean([parse('1') == [1], parse('2') == [3]])", 0.5, "partial"),
    "a_sum_of_checks": ("sum([parse('1') == [1], parse('2') == [3]]) / 2", 0.5, "partial"),
    "true": ("parse('1') == [1]", 1.0, "pass"),
    "false": ("parse('1') == [2]", 1.0, "pass"),
    "text": ("x = 1\n'0.5'", 1.0, "pass"),
    "a_list": ("[0.5]", 1.0, "pass"),
    "an_array": ("np.zeros(3)", 1.0, "pass"),
    "none": ("None", None, "person"),
    "hidden_by_a_semicolon": ("x = 0.5\nx;", 1.0, "pass"),
    "of_the_solutions": ("parse('0')[0]", 1.0, "pass"),
    "a_value_of_the_solutions": ("limit", 1.0, "pass"),
    "printed": ("print(0.5)", 1.0, "pass"),
    "zero_for_right_work": ("0", None, "person"),
    "beyond": ("2", None, "person"),
    "below": ("-0.5", None, "person"),
    "infinite": ("float('inf')", None, "person"),
    "no_number": ("np.nan", None, "person"),
    "huge": ("10**400", None, "person"),
}
NOTHING = [
    "",
    "# to do",
    '"""A claim."""',
    "pass",
    '"""A claim."""\n# more\npass\n...',
    "### BEGIN HIDDEN TESTS\n### END HIDDEN TESTS",
]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> dict[str, CellResult]:
    """Each test, of the course's own solution."""
    parts: list[Part] = [("solution", "s", SOLUTION), *(("test", name, text) for name, (text, *_) in ENDS.items())]
    parts += [("test", f"nothing{number}", text) for number, text in enumerate(NOTHING)]
    return {cell.grade_id: cell for cell in graded(tmp_path_factory.mktemp("ends"), parts).cells}


class TestWhatATestEndsIn:
    @pytest.mark.parametrize("name", ENDS)
    def test_is_its_points_where_it_is_a_number(self, own: dict[str, CellResult], name: str):
        """As nbgrader counts, and a NumPy scalar too; what cannot be the points goes to a person."""
        assert (own[name].points, own[name].mark) == ENDS[name][1:]

    def test_zero_is_a_fail_and_says_so(self, tmp_path: Path):
        """Where the course's own solution earns more."""
        text = "points = 0\ntry:\n    points += parse('1,2') == [1, 2]\nexcept Exception:\n    pass\npoints / 1"
        parts: list[Part] = [("solution", "s", SOLUTION), ("test", "t", text)]
        cell = graded(tmp_path, parts, {"s": "def parse(text): raise NotImplementedError"}).cell("t")
        assert cell is not None
        assert (cell.mark, cell.points, cell.reason) == ("fail", 0.0, "This test gives 0 of 1 points.")

    def test_a_part_stays_where_another_part_got_an_object(self, tmp_path: Path):
        """What is refused within a part that the test guards costs that part."""
        text = "points = 0\nfor ask in ('1', '2'):\n    try: points += parse(ask) == [int(ask)]\n"
        text += "    except Exception: pass\npoints / 2"
        parts: list[Part] = [("solution", "s", SOLUTION), ("test", "t", text)]
        cell = graded(tmp_path, parts, {"s": "def parse(text): return [1] if text == '1' else object()"}).cell("t")
        assert cell is not None
        assert (cell.mark, cell.points) == ("partial", 0.5)


class TestATestThatHoldsNothing:
    @pytest.mark.parametrize("number", range(len(NOTHING)))
    def test_passes_nobody(self, own: dict[str, CellResult], number: int):
        """Comments and words cannot fail: staff are told."""
        cell = own[f"nothing{number}"]
        assert (cell.mark, cell.points) == ("person", None)
        assert "holds no statement" in cell.staff


class TestWhereATestStands:
    PARTS: list[Part] = [  # noqa: RUF012 - a table, never written
        ("solution", "one", "total = 1\ndata = [1]\ndef now(): return total"),
        ("test", "t1", "assert total == 1"),
        ("test", "t2", "assert reference.now() == now()"),
        ("test", "t3", "assert data == [1]"),
        ("solution", "two", "total = 2\ndata.append(2)"),
        ("test", "t4", "assert total == 2"),
        ("test", "t5", "assert data == [1, 2]"),
    ]

    def test_the_reference_stands_there_too(self, tmp_path: Path):
        """Wrong work fails where it is wrong, and nowhere else; right work passes."""
        own = graded(tmp_path, self.PARTS)
        assert {cell.mark for cell in own.cells} == {"pass"}
        wrong = graded(tmp_path, self.PARTS, {"one": "total = 7\ndata = [3]\ndef now(): return total"})
        assert [cell.mark for cell in wrong.cells] == ["fail", "fail", "fail", "pass", "fail"]

    def test_before_its_solution_is_the_courses_fault(self, tmp_path: Path):
        """The course's own solution fails there: a person looks, and staff read why."""
        parts: list[Part] = [
            ("test", "t", "assert f() == 1"),
            ("solution", "s", "def f(): return 1"),
            ("test", "u", "assert f() == 1"),
        ]
        for answer in ("def f(): return 1", "def f(): return 2"):
            result = graded(tmp_path, parts, {"s": answer})
            cell = result.cell("t")
            assert cell is not None
            assert (cell.mark, cell.points) == ("person", None)
            assert "name 'f' is not defined" in cell.staff
            assert "this test's place" in cell.staff
