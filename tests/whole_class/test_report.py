"""The class at a glance, from records alone, and the command line around it."""

import json
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from kernelmark import __main__ as command_line
from kernelmark.errors import KernelmarkError
from kernelmark.records import Cause, CellResult, Machine, Pair, SubmissionResult, to_json
from kernelmark.stopwatch.stats import decide
from kernelmark.whole_class import report
from tests import small_course

MACHINE = Machine("a processor", 2, "3.11", "2.4", 1)
HOSTILE = "<script>alert(1)</script>"


def record(student: str, *cells: CellResult) -> SubmissionResult:
    return SubmissionResult("short", "short", student, "a", "b", cells, MACHINE, 1.5, 0.5)


def passed(name: str) -> CellResult:
    return CellResult(name, "pass", 2.0, 2.0, "it works", "", "", 0.1)


def missed(name: str, claim: str = "it works") -> CellResult:
    return CellResult(name, "fail", 0.0, 2.0, claim, "it does not", "AssertionError", 0.1)


def doubtful(name: str) -> CellResult:
    pairs = [Pair(1.0, 2.0 + 0.1 * i, 1.0, 2.0) for i in range(11)]
    verdict = decide(pairs, {2.2: 4}, candidate=HOSTILE, baseline="ours")
    return CellResult(name, "person", None, 4.0, "it is fast", verdict.reason, "too close", 0.1, (verdict,))


class TestTable:
    def test_counts_points_and_open_cells(self):
        """One line a student: points, of how many, cells that wait for a person."""
        lines = report.as_table([record("anna", passed("a"), missed("b"), doubtful("c"))]).split("\n")
        assert lines[1].split()[:4] == ["anna", "2", "8", "1"]

    def test_obeys_no_student(self):
        """A folder's name that holds an escape sequence or a line's end moves no cursor and adds no row."""
        table = report.as_table([record("a\x1b[2Jb\nroot", passed("a"))])
        assert len(table.split("\n")) == 2
        assert "\x1b" not in table


class TestJudgedBeside:
    records = (
        record("anna", replace(passed("inside"), beside=f"AttributeError: {HOSTILE}"), passed("b")),
        record("ben", replace(missed("inside"), beside=f"AttributeError: {HOSTILE}"), passed("b")),
    )

    def test_is_told_with_the_reason(self):
        """A mark that could be forged is named in the table and on the page, once a test."""
        assert "  inside (2 of 2): AttributeError: <script>" in report.as_table(self.records)
        page = report.as_page(self.records)
        assert "Their marks could be forged" in page
        assert "<script>" not in page

    def test_is_not_there_where_nothing_was(self):
        """The page does not speak of it."""
        assert "forged" not in report.as_page([record("anna", passed("a"))])
        assert "forged" not in report.as_table([record("anna", passed("a"))])


class TestCauses:
    records = (
        replace(record("anna", missed("a")), causes=(Cause("a", 2, "SyntaxError", "expected ':'", 3),)),
        replace(
            record("ben", missed("a")),
            causes=(Cause("a", 2, "SyntaxError", "expected ':'", 3), Cause("", 5, "ValueError", f"\x1b[2J{HOSTILE}")),
            missing_modules=("scipy",),
        ),
        replace(record("cleo", passed("a")), missing_modules=("scipy",)),
    )

    def test_come_first_in_the_table_each_once(self):
        """What befell most stands first, with whom it befell; the marks follow."""
        assert report.as_table(self.records).split("\n")[:4] == [
            "2 submissions import scipy, which is not installed where they are graded",
            "cell `a` did not run: SyntaxError: expected ':' (line 3): anna, ben",
            f"code cell 5 did not run: ValueError: \\x1b[2J{HOSTILE}: ben",
            "",
        ]

    def test_come_first_on_the_page_each_once(self):
        """Before the table of marks, as text."""
        page = report.as_page(self.records)
        assert page.count('expected &#39;:&#39; (line 3)</td><td class="who">anna, ben') == 1
        assert page.index("import scipy") < page.index("expected &#39;") < page.index("<th>points</th>")
        assert "<script" not in page

    def test_are_not_there_where_all_cells_ran(self):
        """No heading over nothing; a module that only a function imports is told without a cell."""
        assert "did not run" not in report.as_page([record("anna", passed("a"))])
        assert "1 submission imports scipy" in report.as_page(self.records[2:])


class TestPage:
    def test_ranks_what_was_missed_most(self):
        """The cell that two missed stands before the one that one missed."""
        page = report.as_page([record("anna", missed("rare"), missed("common")), record("ben", missed("common"))])
        assert page.index(">common<") < page.index(">rare<")
        assert "2 of 2" in page

    def test_shows_doubtful_measurements(self):
        """Staff see the picture of what the machine could not decide."""
        page = report.as_page([record("anna", doubtful("speed"))])
        assert "<svg" in page
        assert "too close" in page

    def test_nothing_of_a_students_runs_in_it(self):
        """Names and claims are text."""
        page = report.as_page([record(HOSTILE, missed("a", HOSTILE), doubtful("b"))])
        assert "<script" not in page
        assert "default-src 'none'" in page


class TestCommandLine:
    def test_report_writes_the_page_and_prints_the_table(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ):
        """`kernelmark report short` from the course's folder."""
        folder = tmp_path / ".kernelmark" / "short" / "anna"
        folder.mkdir(parents=True)
        (folder / "short.json").write_text(to_json(record("anna", passed("a"))))
        monkeypatch.chdir(tmp_path)
        assert command_line.main(["report", "short"]) == 0
        assert "anna" in capsys.readouterr().out
        assert "anna" in (tmp_path / "reports" / "short.html").read_text()

    def test_report_without_records_says_what_to_run(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
        """A clear message and a failing status, no traceback."""
        assert command_line.main(["report", "short", "--records", str(tmp_path)]) == 1
        assert "nbgrader autograde short" in capsys.readouterr().err
        with pytest.raises(KernelmarkError):
            report.load_records(tmp_path, "short")

    def test_grade_prints_json(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
        """One notebook, no course folder, no grade book."""
        for name in ("source", "submitted"):
            (tmp_path / name).mkdir()
            nbformat.write(small_course.notebook(), tmp_path / name / "short.ipynb")
        paths = [str(tmp_path / name / "short.ipynb") for name in ("source", "submitted")]
        assert command_line.main(["grade", *paths]) == 0
        cells = json.loads(capsys.readouterr().out)["cells"]
        assert {cell["grade_id"]: cell["points"] for cell in cells}["add_small"] == 2.0

    def test_grade_names_a_missing_file(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
        """No traceback for a mistyped path."""
        assert command_line.main(["grade", str(tmp_path / "no.ipynb"), str(tmp_path / "no.ipynb")]) == 1
        assert "no.ipynb" in capsys.readouterr().err

    def test_doctor_shows_every_limit(self, capsys: pytest.CaptureFixture[str]):
        """What a submission may use, in one place."""
        assert command_line.main(["doctor"]) == 0
        said = capsys.readouterr().out
        assert "memory_limit_bytes" in said
        assert "notebook_timeout_s" in said
