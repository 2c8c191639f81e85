"""The page that a student gets back: what matters first, for a phone, the dark, the keyboard and a screen reader."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from nbformat.notebooknode import NotebookNode
from traitlets.config import Config

import kernelmark
from kernelmark.course.feedback import Row, feedback, parts, rows_of
from kernelmark.notebook.conform import Course
from kernelmark.notebook.markers import Markers
from kernelmark.notebook.markup import FeedbackPage
from kernelmark.notebook.parts import parts_of
from kernelmark.records import CellResult, Machine, SubmissionResult
from tests.browser import CHROMIUM, Page, browser
from tests.sample_class import ROOT
from tests.stopwatch.test_picture import ALL

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
TABLE = f"<table><tr>{''.join(f'<td>column {n}</td>' for n in range(30))}</tr></table>"
WIDTHS = (1280, 768, 390)
MACHINE = Machine("x", 2, "3.11", "2.2", 1)


def graded() -> tuple[NotebookNode, SubmissionResult]:
    """Return some of 03 as if it had been graded: a speed test in part, one that waits, a test that failed, answers."""
    nb = Course(nbformat.read(ROOT / "source" / "03_matmul" / "matmul.ipynb", as_version=4)).released
    placed = zip(nb.cells, parts_of(nb.cells), strict=True)
    nb.cells = [cell for cell, (_, part) in placed if not part or part.startswith(("Rules", "Part B", "M1"))]
    cells, answers = [], 0
    for cell in nb.cells:
        meta = cell.metadata.get("nbgrader", {})
        if not meta.get("grade"):
            continue
        name, most = meta["grade_id"], float(meta["points"])
        result = CellResult(name, "pass", most, most, "It is right.", "", "", 0.1)
        if name == "matmul_vectorized_values":
            result = replace(
                result, mark="fail", points=0.0, reason="matmul_vectorized: 3 of 4 values are off\n<b>here</b>"
            )
        elif name == "matmul_vectorized_speed":
            result = replace(result, mark="partial", points=1.0, reason="slow", verdicts=(ALL["partial"],))
        elif name == "matmul_vectorized_one_product":
            result = replace(result, mark="person", points=None, verdicts=(ALL["inconclusive"],))
        elif meta["solution"]:
            answers += 1
            result = replace(result, mark="person", points=None)
            meta["comment"] = "Well put, and <i>short</i>." if answers == 1 else ""
        meta["score"] = result.points or (most - 1 if meta.get("comment") else 0.0)
        cells.append(result)
    nb.cells[4].outputs = [
        nbformat.v4.new_output("display_data", data={"image/png": PNG}),
        nbformat.v4.new_output("display_data", data={"text/html": TABLE}),
        nbformat.v4.new_output("stream", text="x" * 500),
    ]
    return nb, SubmissionResult("03_matmul", "matmul", "anna", "", "", tuple(cells), MACHINE, 1.0, 1.0)


def page_of(nb: NotebookNode, record: SubmissionResult) -> str:
    """Return the page that nbgrader's generate_feedback would write."""
    config = Config()
    kernelmark.use(config)
    config.HTMLExporter.template_name = "feedback"
    rows = rows_of(nb, record, Markers.of(config).hidden)
    earned, most = sum(row.score for row in rows), sum(row.points for row in rows)
    place = {"notebook": "matmul", "student": "anna", "score": earned, "max_score": most, "late_penalty": 0}
    resources = {"nbgrader": place, "kernelmark": feedback(nb, rows, record, place)}
    return str(FeedbackPage(config=config).from_notebook_node(nb, resources)[0])


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page, written once."""
    found = tmp_path_factory.mktemp("feedback") / "matmul.html"
    found.write_text(page_of(*graded()), encoding="utf-8")
    return found


@pytest.fixture(scope="module")
def tab() -> Iterator[Page]:
    """A browser's tab."""
    if not CHROMIUM:
        pytest.skip("no Chromium on this machine")
    with browser() as page:
        yield page


def words(markup: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", re.sub(r"<(style|math)\b.*?</\1>", "", markup, flags=re.DOTALL)).split())


class TestOrder:
    def test_marks_come_first_then_what_lost_points_then_the_notebook(self, path: Path):
        """The points, what waits and is no 0, the parts, the tests with their reasons, and only then the cells."""
        said = words(path.read_text(encoding="utf-8"))
        order = (
            "of 20 points",
            "still wait for a person",
            "Points by part",
            "What lost points",
            "values are off",
            "The notebook",
        )
        places = [said.index(text) for text in order]
        assert places == sorted(places)

    def test_parts_that_lost_most_come_first(self):
        """And what waits for a person is lost in none."""
        row = Row(0, "a", "Part A: x", 1.0, 3.0, waits=False, answer=False)
        rows = [row, replace(row, part="Part B: y", score=0.0), replace(row, part="Part C: z", score=0.0, waits=True)]
        assert [(p.title[:6], p.lost, p.waiting) for p in parts(rows)] == [
            ("Part B", 3.0, 0.0), ("Part A", 2.0, 0.0), ("Part C", 0.0, 3.0),
        ]  # fmt: skip

    def test_a_test_that_lost_points_links_to_its_cell(self, path: Path):
        """Each link of the head leads to a cell that is there."""
        page = path.read_text(encoding="utf-8")
        links = re.findall(r'href="#(cell-\d+)"', page)
        assert links
        assert set(links) <= set(re.findall(r'id="(cell-\d+)"', page))

    def test_passing_tests_are_folded_and_no_other(self, path: Path):
        """What went well takes a line; what lost points or waits stands open."""
        page = path.read_text(encoding="utf-8")
        folded = re.findall(r"<details><summary>(.*?)</summary>", page, re.DOTALL)
        assert len(folded) == 3
        assert all(": passed, " in text for text in folded)

    def test_what_a_student_wrote_is_text(self, path: Path):
        """Reasons quote the student's code, and comments are a person's words."""
        page = path.read_text(encoding="utf-8")
        assert "&lt;b&gt;here&lt;/b&gt;" in page
        assert "&lt;i&gt;short&lt;/i&gt;" in page

    def test_formulas_are_drawn_by_the_browser(self, path: Path):
        """No formula of the notebook stands as LaTeX, and nothing is loaded for them."""
        page = path.read_text(encoding="utf-8")
        assert page.count("<math ") >= 2
        assert "MathJax" not in page


class TestSeen:
    @pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
    @pytest.mark.parametrize("width", WIDTHS)
    def test_is_no_wider_than_the_screen(self, tab: Page, path: Path, width: int, dark: bool):
        """A long line wraps; a table of thirty columns is scrolled by itself."""
        tab.open(path, width, dark=dark)
        assert tab.overflow() == 0

    @pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)], ids=["light", "dark on a phone"])
    def test_keeps_nobody_out(self, tab: Page, path: Path, width: int, dark: bool):
        """axe-core finds nothing: contrast, names, order of headings, landmarks, what the keyboard reaches."""
        tab.open(path, width, dark=dark)
        tab.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert tab.barriers() == []

    def test_axe_would_notice(self, tab: Page, tmp_path: Path):
        """The same look at a page without a language, and with grey on white."""
        bad = tmp_path / "bad.html"
        bad.write_text("<html><body><h3 style='color: #bbb'>pale</h3><img src='x.png'></body></html>")
        tab.open(bad)
        found = " ".join(tab.barriers())
        assert all(rule in found for rule in ("color-contrast", "html-has-lang", "image-alt"))

    def test_speed_picture_fits_whatever_the_font(self, tab: Page, path: Path):
        """On a phone with letters half as large again, no word of it stands outside."""
        tab.open(path, 390)
        tab.evaluate("document.body.style.fontSize = '24px'")
        figures = "[...document.querySelectorAll('figure.kernelmark-speed')]"
        assert tab.evaluate(f"{figures}.length") == 2
        assert tab.evaluate(f"{figures}.every(f => f.scrollWidth <= f.clientWidth + 1)")
        assert tab.overflow() == 0
