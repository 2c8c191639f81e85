"""Marks handed on by `kernelmark marks`, in a course with a roster and policies: who has one, who has none, and why."""

import csv
import sqlite3
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from kernelmark.course.roster import Person
from kernelmark.whole_class.marks import Class, Mark, Marks, total
from tests import small_course
from tests.small_course import solved
from tests.whole_class.test_cluster import WRONG, command, hand_in

POLICIES = """[late]
grace_minutes = 15
percent_a_day = 10
cap_percent = 50
free_days = 1

[extra_time]
cleo = "1 day"
"""
ROSTER = "id,last_name,section,canvas_id\nanna,Abel,01,1001\nben,Bell,01,\ncleo,Cole,02,\ndora,,,\n"
# By 00:00 on the 2nd: a little more than two hours; in time; three days, of which one is extra time.
STAMPS = {"anna": "2025-07-02 02:10:00 UTC", "ben": "2025-07-01 00:00:00 UTC", "cleo": "2025-07-05 00:00:00 UTC"}
MARK_ALL = "update grade set manual_score = 2, needs_manual_grade = 0 where auto_score is null"


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A graded class of three with policies, whose written answers wait; a fourth handed in and is not graded."""
    made = tmp_path_factory.mktemp("course")
    small_course.write_course(made)
    (made / "policies.toml").write_text(POLICIES.replace('[extra_time]\ncleo = "1 day"\n', ""))
    command(made, "nbgrader", "generate_assignment", "short")
    command(made, "nbgrader", "db", "assignment", "add", "short", "--duedate=2025-07-02 00:00:00 UTC")
    for student, stamp in STAMPS.items():
        work = solved(add=WRONG) if student == "ben" else solved()
        (hand_in(made, student, work).parent / "timestamp.txt").write_text(stamp)
    command(made, "kernelmark", "autograde", "short")
    (made / "students.csv").write_text(ROSTER)
    (made / "policies.toml").write_text(POLICIES)
    hand_in(made, "newcomer", solved())
    return made


@pytest.fixture
def root(graded: Path, tmp_path: Path) -> Path:
    """That course, for one test."""
    subprocess.run(["cp", "-a", f"{graded}/.", str(tmp_path)], check=True)
    small_course.write_config(tmp_path)
    return tmp_path


def ask(root: Path, query: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(root / "gradebook.db") as book:
        return book.execute(query).fetchall()


def table(root: Path) -> dict[str, dict[str, str]]:
    with (root / "reports" / "marks-short-csv.csv").open(newline="") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


class TestWhoHasAMark:
    def test_nobody_is_silently_missing(self, root: Path):
        """Of the roster, of the folders and of the grade book everybody has a row, and a reason where no mark."""
        said = command(root, "kernelmark", "marks", "short")
        assert "not handed in: dora" in said
        assert "waits for a person (why): anna, ben, cleo" in said
        assert "handed in, not graded: newcomer" in said
        assert "not in the roster: newcomer" in said
        assert {who: row["short"] for who, row in table(root).items()} == dict.fromkeys(
            [*STAMPS, "dora", "newcomer"], ""
        )

    def test_what_there_is_so_far_on_request(self, root: Path):
        """Not of what was not graded."""
        command(root, "kernelmark", "marks", "short", "--waiting", "--tests")
        found = table(root)
        assert (found["ben"]["short"], found["ben"]["add_small"], found["ben"]["why"]) == ("3", "0", "")
        assert found["dora"]["short"] == found["newcomer"]["short"] == ""

    def test_a_mark_is_final_once_a_person_marked_the_rest(self, root: Path):
        """And no longer when other work is handed in."""
        ask(root, MARK_ALL)
        said = command(root, "kernelmark", "marks", "short", "--for", "canvas")
        assert "waits" not in said
        assert "1001" in (root / "reports" / "marks-short-canvas.csv").read_text()
        hand_in(root, "ben", solved())
        assert "handed in again since it was graded: ben" in command(root, "kernelmark", "marks", "short")
        assert table(root)["ben"]["short"] == ""

    def test_an_export_is_filled_and_never_written_over(self, root: Path):
        """Its ids are the system's."""
        ask(root, MARK_ALL)
        export = root / "export.csv"
        export.write_text("Student,ID,SIS User ID,SIS Login ID,Section,short (7)\nAnna,1001,,x,01,\nBen,5,,BEN,01,1\n")
        words = ("kernelmark", "marks", "short", "--for", "canvas", "--into", "export.csv")
        assert "is the export itself" in command(root, *words, "--to", "export.csv", status=1)
        said = command(root, *words, "--to", "out.csv")
        assert "ben (1, now 5)" in said
        assert (root / "out.csv").read_text().split("\n")[2].endswith(",5")

    def test_nbgraders_own_export_goes_on(self, root: Path):
        """One row a student and assignment, with the penalty."""
        command(root, "nbgrader", "export")
        assert (root / "grades.csv").read_text().count('"short"') == 3


class TestTotal:
    def of(self, drop: int, **points: float | None) -> tuple[float | None, list[str]]:
        """The total of somebody with these marks out of 10 each; None waits, what is left out was not handed in."""
        every = []
        for name in ("one", "two", "three"):
            why = "not handed in" if name not in points else "waits for a person (why)" if points[name] is None else ""
            mark = Mark("anna", points.get(name), why)
            every.append(Marks(name, {"all": 10.0}, [Person("anna")], {"anna": mark}, []))
        return total(Class(every, drop, []), "anna")

    def test_drops_the_lowest_and_says_which(self):
        """As many as the policies say, but one is left; what was not handed in goes first, and counts 0 otherwise."""
        assert self.of(1, one=10.0, two=5.0, three=8.0) == (90.0, ["two"])
        assert self.of(0, one=10.0, two=5.0) == (50.0, [])
        assert self.of(1, one=10.0, two=5.0) == (75.0, ["three"])
        assert self.of(9, one=10.0, two=5.0) == (100.0, ["three", "two"])

    def test_waits_with_the_last_of_its_marks(self):
        """A total that may still change is none."""
        assert self.of(1, one=10.0, two=None, three=8.0) == (None, [])

    @given(some.lists(some.floats(0, 10), min_size=3, max_size=3), some.integers(0, 3))
    def test_never_falls_by_a_drop(self, points: list[float], drop: int):
        """One more dropped costs nobody anything."""
        marks = dict(zip(("one", "two", "three"), points, strict=True))
        fewer, more = self.of(drop, **marks)[0], self.of(drop + 1, **marks)[0]
        assert fewer is not None
        assert more is not None
        assert more >= fewer - 1e-9


class TestPolicies:
    def test_are_applied_at_every_run_and_told(self, root: Path):
        """Without grading again. The free day covers Anna's two hours; Cleo's extra day came after the first run."""
        marks = {who: row["late penalty"] for who, row in self.after_marks(root).items()}
        assert (marks["anna"], marks["ben"], marks["cleo"]) == ("0", "0", "1.6")
        assert "the late penalty in the grade book is not the policies': cleo" in command(
            root, "kernelmark", "marks", "short"
        )
        said = command(root, "kernelmark", "autograde", "short")
        assert "cleo: late penalty was 1.6, is 0.8" in said
        found = self.after_marks(root)
        assert found["cleo"]["late"] == "2 d late: 10 % a day, −0.8 points; 1 free day used"
        assert found["anna"]["late"] == "2 h 10 min late: 1 free day used, nothing lost"
        assert found["ben"]["late"] == ""

    def test_stand_in_the_feedback(self, root: Path):
        """The same sentence, and the penalty in the score at the top."""
        command(root, "nbgrader", "generate_feedback", "short", "--student", "anna")
        page = (root / "feedback" / "anna" / "short" / "short.html").read_text()
        assert "2 h 10 min late" in page.replace("&#32;", " ")

    @pytest.mark.parametrize("program", ["kernelmark", "nbgrader"])
    def test_a_slip_stops_the_run_and_changes_nothing(self, root: Path, program: str):
        """In one line, with the line of the file."""
        before = ask(root, "select * from submitted_notebook")
        (root / "policies.toml").write_text(POLICIES.replace("cleo", "cleopatra"))
        said = command(root, program, "autograde", "short", status=1)
        assert "policies.toml, line 8: the student cleopatra" in said
        assert "Traceback" not in said
        assert ask(root, "select * from submitted_notebook") == before

    def test_a_second_place_for_penalties_is_refused(self, root: Path):
        """A plugin of the course's own and [late] would each be taken for what holds."""
        with (root / "nbgrader_config.py").open("a") as config:
            config.write("\nc.LateSubmissionPlugin.penalty_method = 'zero'\n")
        assert "late penalties are set twice" in command(root, "kernelmark", "autograde", "short", status=1)

    def after_marks(self, root: Path) -> dict[str, dict[str, str]]:
        command(root, "kernelmark", "marks", "short")
        return table(root)
