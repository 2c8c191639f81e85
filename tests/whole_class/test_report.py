"""The class at a glance, from records alone, and the command line around it."""

import csv
import io
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
from kernelmark.whole_class.overview import InBook
from tests import small_course
from tests.browser import CHROMIUM, Browser

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

    def test_ends_in_the_spread_of_the_class(self):
        """By the machine alone, in percent of what there is."""
        table = report.as_table([record("anna", passed("a")), record("ben", missed("a"))])
        assert table.split("\n")[-1].startswith("by the machine: mean 50 %, median 50 %")

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
        assert "<script>alert" not in page

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
        assert "<script>alert" not in page

    def test_what_befell_everybody_is_said_once(self):
        """With what to do, and without two hundred names."""
        records = [replace(self.records[0], student=f"s{number}") for number in range(200)]
        line = "cell `a` did not run: SyntaxError: expected ':' (line 3): all 200: mend the notebook and grade again"
        assert report.as_table(records).split("\n")[0] == line
        page = report.as_page(records)
        assert page.count("all 200: mend the notebook and grade again") == 1
        assert page.count(">s17<") == 1

    def test_are_not_there_where_all_cells_ran(self):
        """No heading over nothing; a module that only a function imports is told without a cell."""
        assert "did not run" not in report.as_page([record("anna", passed("a"))])
        assert "1 submission imports scipy" in report.as_page(self.records[2:])


class TestPage:
    def test_says_how_many_missed_a_test(self):
        """Of those who have it; a column that sorts."""
        page = report.as_page([record("anna", missed("rare"), missed("common")), record("ben", missed("common"))])
        assert "2 of 2" in page.partition(">common<")[2].partition("</tr>")[0]
        assert "1 of 1" in page.partition(">rare<")[2].partition("</tr>")[0]

    def test_groups_doubtful_verdicts_by_test_and_reason(self):
        """One line for three students."""
        page = report.as_page([record(name, doubtful("speed"), passed("a")) for name in ("anna", "ben", "cleo")])
        assert page.count("speed: too close (all 3") == 1

    def test_has_the_marks_of_the_grade_book_where_it_is_given_them(self):
        """By hand, after the late penalty; what a person gave waits no longer."""
        book = {"anna": InBook(5.5, 0.5, "", "1 h late: 10 % a day, −0.5 points", "02", {"a": 2.0, "why": 4.0})}
        page = report.as_page([record("anna", passed("a"), doubtful("why"))], (), book)
        assert "anna: 1 h late: 10 % a day, −0.5 points" in page
        assert '<td>02</td><td class="n">5.50</td>' in page or '<td>02</td><td class="n">5.5</td>' in page
        assert 'data-is="late final"' in page

    def test_names_nobody_where_asked(self):
        """Neither in a list nor in a summary, a heading or a note; CSV neither."""
        odd = replace(record("anna", doubtful("speed")), notes=("anna.ipynb is a copy",))
        records = [odd, record("ben", missed("a"))]
        page = report.as_page(records, ["anna: handed in, and not graded"], anonymous=True, links={"anna": "anna.html"})
        tables = report.as_tables(records, anonymous=True)
        assert not [name for name in ("anna", "ben") if name in page + "".join(tables.values())]
        assert "student 1" in page

    def test_csv_has_every_cell(self):
        """A row for each student, and no name that a spreadsheet computes."""
        tables = report.as_tables([record("=1+1", passed("a"), doubtful("b")), record("ben", missed("a"))])
        head, other, ben = csv.reader(io.StringIO(tables["students"]))
        assert head[-2:] == ["a", "b"]
        assert (ben[0], ben[-2:], other[0], other[-2:]) == ("ben", ["0.0", ""], "'=1+1", ["2.0", ""])
        assert next(row for row in csv.reader(io.StringIO(tables["tests"])) if row[0] == "a")[2:4] == ["2", "1"]

    def test_of_a_thousand_stays_small(self):
        """Less than a kilobyte for each of them."""
        cells = [passed(f"test_{number}") for number in range(30)]
        page = report.as_page([record(f"student{number}", *cells, doubtful("speed")) for number in range(1000)])
        assert len(page) < 1_000_000

    def test_shows_doubtful_measurements(self):
        """Staff see the picture of what the machine could not decide."""
        page = report.as_page([record("anna", doubtful("speed"))])
        assert "<svg" in page
        assert "too close" in page

    def test_nothing_of_a_students_runs_in_it(self):
        """Names and claims are text."""
        page = report.as_page([record(HOSTILE, missed("a", HOSTILE), doubtful("b"))])
        assert "<script>alert" not in page
        assert page.count("<script") == 1
        assert "default-src 'none'" in page


class TestInABrowser:
    def test_sorts_and_searches(self, tmp_path: Path):
        """By points, by a name, by who waits; the page's policy lets its own script run, and nothing is logged."""
        if not CHROMIUM:
            pytest.skip("no Chromium; apt-get install chromium")
        records = [record("anna", passed("a")), record("ben", missed("a")), record("cleo", passed("a"), doubtful("b"))]
        (tmp_path / "report.html").write_text(report.as_page(records))
        browser = Browser(tmp_path)
        try:
            browser.open(tmp_path / "report.html")
            rows = "[...document.querySelectorAll('#class tbody tr')]"
            shown = f"{rows}.filter(row => !row.hidden).map(row => row.cells[0].innerText)"
            by_points = "document.querySelectorAll('#class th button')[1].click()"
            assert browser.run(f"{by_points}; {shown}.join()") == "ben,anna,cleo"
            assert browser.run(f"{by_points}; {shown}.join()") == "anna,cleo,ben"
            only = "only.value = 'waits'; only.dispatchEvent(new Event('change'))"
            assert browser.run(f"{only}; {shown}.join()") == "cleo"
            search = "search.value = 'BEN'; search.dispatchEvent(new Event('input'))"
            assert browser.run(f"{search}; {shown}.join()") == ""
            assert browser.run(f"{only.replace('waits', '')}; {shown}.join()") == "ben"
            for width in (390, 768, 1280):
                browser.call(
                    "Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=False
                )
                assert browser.run("document.documentElement.scrollWidth") <= width
            assert browser.logged == []
        finally:
            browser.close()


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
