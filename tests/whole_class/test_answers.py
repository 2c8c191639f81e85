"""Marking by question: the page in a browser, the file that it saves, and what comes of several markers' files."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as some

from kernelmark.errors import CourseError
from kernelmark.notebook.scheme import Item
from kernelmark.whole_class import answers_back
from kernelmark.whole_class.answers import Answer, Given, Notes, Question, groups
from kernelmark.whole_class.answers_back import Applied, Saved, SavedAnswer, SavedItem
from tests import small_course
from tests.browser import CHROMIUM, Browser
from tests.small_course import notebook
from tests.whole_class.test_cluster import command, hand_in
from tests.whole_class.test_marks import ask

SCHEME = (
    "2 points, the cause: names the cache (1); with a number of their own (1).\n\n"
    "2 points, the remedy: blocks (1); sized by the cache (1).\n\nTake off 1 if no machine is named."
)
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
LONG = "Because of the **cache**: 64 KB.\n\n<script>alert(1)</script>\n\n![a figure](attachment:figure.png)"
WORDS = {"anna": LONG, "ben": "I do not know.", "cleo": "I do  not know.", "dora": "Blocks of 32.", "emil": None}
A, B, LESS = (Item(name, f"item {name}", points) for name, points in (("a", 1.0), ("b", 2.0), ("less", -1.0)))
QUESTION = Question("short", "short", "why", 4.0, False, "", "", "", {})


def source() -> nbformat.NotebookNode:
    made = notebook()
    made.cells[-1].source = f"Because.\n\n=== BEGIN MARK SCHEME ===\n{SCHEME}\n=== END MARK SCHEME ==="
    return made


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A graded class whose written answers wait: two alike, one with a picture, one as it was released."""
    made = tmp_path_factory.mktemp("course")
    small_course.write_course(made, source())
    command(made, "nbgrader", "generate_assignment", "short")
    for student, words in WORDS.items():
        work = nbformat.read(made / "release" / "short" / "short.ipynb", 4)
        if words is not None:
            work.cells[-1].source = words
        if words == LONG:
            work.cells[-1].attachments = {"figure.png": {"image/png": PIXEL}}
        hand_in(made, student, work)
    command(made, "kernelmark", "autograde", "short")
    return made


@pytest.fixture
def root(graded: Path, tmp_path: Path) -> Path:
    """That course, for one test."""
    subprocess.run(["cp", "-a", f"{graded}/.", str(tmp_path)], check=True)
    small_course.write_config(tmp_path)
    return tmp_path


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    if not CHROMIUM:
        pytest.skip("no Chromium; apt-get install chromium")
    (tmp_path / "browser").mkdir()
    made = Browser(tmp_path / "browser")
    yield made
    made.close()


class TestPage:
    def test_shows_every_answer_once_and_names_nobody(self, root: Path):
        """Identical ones together, pictures in place, an untouched one as empty; nothing of a student's runs."""
        command(root, "kernelmark", "answers", "short")
        page = (root / "reports" / "answers-short-why.html").read_text()
        assert page.count("<article") == 4
        assert "2 alike" in page
        assert f"data:image/png;base64,{PIXEL}" in page
        assert "Nothing was written here" in page
        assert not [student for student in WORDS if student in page]
        assert "alert(1)" not in page.replace("&lt;script&gt;alert(1)", "")
        assert page.count("<script") == 1
        assert "anna" in named_page(root)

    def test_is_split_for_several_markers(self, root: Path):
        """Each group of answers is on one of the pages."""
        shown = []
        for part in ("1/2", "2/2"):
            command(root, "kernelmark", "answers", "short", "why", "--part", part)
            shown += (
                (root / "reports" / f"answers-short-why-{part.replace('/', 'of')}.html")
                .read_text()
                .split("<article")[1:]
            )
        assert len(shown) == 4
        assert "expected a part such as 1/2" in command(
            root, "kernelmark", "answers", "short", "--part", "3/2", status=1
        )

    def test_goes_into_the_grade_book_and_back(self, root: Path, browser: Browser):
        """Ticked and typed in a browser of any width, saved, applied, shown again; an item's new points change it."""
        command(root, "kernelmark", "answers", "short", "--names")
        page = root / "reports" / "answers-short-why.html"
        browser.open(page)
        for width in (390, 768, 1280):
            browser.call(
                "Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=False
            )
            assert browser.run("document.documentElement.scrollWidth") <= width
        browser.run(mark("anna", ticks=(0, 1), comment="Well measured."))
        browser.run(mark("ben", own="0"))
        saved = browser.saved(root / "browser")
        assert browser.run("document.getElementById('progress').textContent") == "2 of 4 marked"
        said = command(root, "kernelmark", "answers", "short", "--apply", str(saved))
        assert "why: 3 marks written, 0 not" in said
        assert marks(root) == {"anna": (2.0, "Well measured."), "ben": (0.0, None), "cleo": (0.0, None)}
        assert "0 marks written, 0 not" in command(root, "kernelmark", "answers", "short", "--apply", str(saved))
        command(root, "kernelmark", "answers", "short", "--names")
        saved.unlink()
        browser.open(page)
        assert browser.run(f"{box('anna')}.querySelector('.state').textContent") == "✓ 2 of 4 points (before)"
        browser.run("const rule = document.querySelector('#rubric input'); rule.value = '2'")
        browser.run("rule.dispatchEvent(new Event('input', { bubbles: true }))")
        said = command(root, "kernelmark", "answers", "short", "--apply", str(browser.saved(root / "browser")))
        assert "1, now 2 points" in said
        assert marks(root)["anna"] == (3.0, "Well measured.")
        assert browser.logged == []


def named_page(root: Path) -> str:
    command(root, "kernelmark", "answers", "short", "--names")
    return (root / "reports" / "answers-short-why.html").read_text()


def box(student: str) -> str:
    return (
        f"[...document.querySelectorAll('article')].find(a => a.querySelector('h2').textContent.includes('{student}'))"
    )


def mark(student: str, *, ticks: tuple[int, ...] = (), own: str = "", comment: str = "") -> str:
    typed = "".join(
        f"box.querySelector('{name}').value = {json.dumps(value)};"
        f"box.querySelector('{name}').dispatchEvent(new Event('input', {{ bubbles: true }}));"
        for name, value in ((".own", own), (".comment", comment))
        if value
    )
    ticked = "".join(f"box.querySelectorAll('.ticks input')[{tick}].click();" for tick in ticks)
    return f"(() => {{ const box = {box(student)}; {ticked} {typed} }})()"


def marks(root: Path) -> dict[str, tuple[float, str | None]]:
    query = (
        "SELECT s.student_id, g.manual_score, c.manual_comment FROM grade g "
        "JOIN submitted_notebook n ON g.notebook_id = n.id "
        "JOIN submitted_assignment s ON n.assignment_id = s.id JOIN base_cell b ON g.cell_id = b.id "
        "LEFT JOIN comment c ON c.notebook_id = n.id AND c.cell_id IN (SELECT id FROM base_cell WHERE name = 'why') "
        "WHERE b.name = 'why' AND g.manual_score IS NOT NULL"
    )
    return {str(student): (points, words) for student, points, words in ask(root, query)}


def an_answer(student: str, manual: float | None = None, comment: str = "", words: str = "text") -> Answer:
    return Answer(student, words, {}, untouched=False, manual=manual, auto=None, comment=comment)


def a_file(name: str, *answers: SavedAnswer, rubric: tuple[SavedItem, ...] = ()) -> Saved:
    items = rubric or tuple(SavedItem(item.id, item.text, item.points, item.points) for item in (A, B, LESS))
    return Saved(name, "short", "short", "why", items, answers)


def given_to(student: str, ticked: tuple[str, ...] = (), own: float | None = None, comment: str = "") -> SavedAnswer:
    return SavedAnswer(f"key of {student}", an_answer(student).sha256, (None, ""), ticked, own, comment)


def merged(files: list[Saved], *answers: Answer, notes: Notes | None = None, overwrite: bool = False) -> Applied:
    book = {f"key of {each.student}": each for each in answers}
    return answers_back.merge(QUESTION, files, notes or Notes([A, B, LESS]), book, overwrite=overwrite)


class TestMerging:
    def test_two_halves_of_a_class_come_together(self):
        """Nothing of either is lost, in whatever order."""
        files = [a_file("one", given_to("anna", ("a",))), a_file("two", given_to("ben", ("a", "b")))]
        for order in (files, files[::-1]):
            done = merged(order, an_answer("anna"), an_answer("ben"))
            assert (done.marks, done.conflicts) == ({"anna": (1.0, ""), "ben": (3.0, "")}, [])

    def test_an_answer_marked_differently_by_two_is_named_and_left(self):
        """Neither wins; marked alike by both, it is marked."""
        files = [a_file("one", given_to("anna", ("a",))), a_file("two", given_to("anna", ("b",)))]
        done = merged(files, an_answer("anna"))
        assert done.marks == {}
        assert "anna is marked twice and differently (one: 1; two: 2)" in done.conflicts[0]
        assert merged([files[0], replace(files[0], name="two")], an_answer("anna")).marks == {"anna": (1.0, "")}

    def test_a_mark_that_came_in_between_is_left(self):
        """By formgrader, or by another file before; on request the file's is taken."""
        files = [a_file("one", given_to("anna", ("a",)))]
        done = merged(files, an_answer("anna", manual=4.0))
        assert done.marks == {}
        assert "has 4 by now, not no mark" in done.conflicts[0]
        assert merged(files, an_answer("anna", manual=4.0), overwrite=True).marks == {"anna": (1.0, "")}

    def test_another_answer_by_now_is_not_marked(self):
        """What was handed in again was not what the marker read; no request overrules that."""
        done = merged([a_file("one", given_to("anna", ("a",)))], an_answer("anna", words="other"), overwrite=True)
        assert done.marks == {}
        assert "another one by now" in done.conflicts[0]

    def test_an_items_new_points_change_every_mark_given_by_it(self):
        """Those of other markers too; not a number of a marker's own, nor a mark changed by hand since."""
        notes = Notes([A, B, LESS])
        notes.given = {
            "anna": Given(("a", "b"), None, 3.0, "one"),
            "ben": Given(("a",), 2.5, 2.5, "one"),
            "cleo": Given(("a",), None, 1.0, "two"),
            "dora": Given(("b",), None, 2.0, "two"),
        }
        book = [an_answer("anna", 3.0, "words"), an_answer("ben", 2.5), an_answer("cleo", 4.0), an_answer("dora", 2.0)]
        changed = (SavedItem("a", A.text, 0.5, 1.0), *(SavedItem(i.id, i.text, i.points, i.points) for i in (B, LESS)))
        done = merged([a_file("one", rubric=changed)], *book, notes=notes)
        assert done.marks == {"anna": (2.5, "words")}
        assert len(done.conflicts) == 1
        assert done.conflicts[0].startswith("cleo: the rubric gave 1 and would give 0.5 now")
        assert done.notes.given["anna"].mark == 2.5

    def test_an_item_changed_differently_by_two_stays(self):
        """And it is named."""
        files = [
            a_file(name, rubric=(SavedItem("a", A.text, points, 1.0),)) for name, points in (("one", 2.0), ("two", 3.0))
        ]
        done = merged(files)
        assert "2 and 3 points in two files" in done.conflicts[0]
        assert done.notes.rubric[0].points == 1.0

    def test_an_item_of_a_markers_own_is_kept_for_the_others(self):
        """With its points; it counts at once."""
        rubric = (SavedItem("n1", "a new idea", 1.5, None),)
        done = merged([a_file("one", given_to("anna", ("n1",)), rubric=rubric)], an_answer("anna"))
        assert done.marks == {"anna": (1.5, "")}
        assert done.notes.rubric[-1] == Item("n1", "a new idea", 1.5)

    @pytest.mark.parametrize("own", [-1.0, 4.5])
    def test_more_than_there_is_is_refused(self, own: float):
        """A slip of the keyboard is no mark."""
        done = merged([a_file("one", given_to("anna", own=own))], an_answer("anna"))
        assert "expected 0 to 4 points" in done.conflicts[0]

    @given(some.lists(some.sampled_from(["a", "b", "less"]), unique=True), some.floats(0, 4))
    def test_the_rubric_gives_from_nothing_to_all(self, ticked: list[str], most: float):
        """Whatever is ticked; nothing ticked is no mark."""
        found = answers_back.mark(ticked, None, {item.id: item for item in (A, B, LESS)}, most)
        assert (found is None) == (not ticked)
        assert found is None or 0 <= found <= most

    @pytest.mark.parametrize("text", ["", "[]", "{}", '{"kernelmark": "answers", "version": 2}', '{"kernelmark": 1}'])
    def test_another_file_is_refused(self, tmp_path: Path, text: str):
        """In one sentence."""
        (tmp_path / "x.json").write_text(text)
        with pytest.raises(CourseError, match=r"x\.json: expected a file saved by the page"):
            answers_back.load(tmp_path / "x.json")


class TestGroups:
    def test_text_that_may_stand_elsewhere_is_nobodys_empty_answer(self):
        """An untouched cell of a student who wrote into another one is shown by itself."""
        empty = [replace(an_answer(name), untouched=True, auto=0.0) for name in "abc"]
        found = groups(
            [*empty, replace(empty[0], student="d", auto=None, remark="look")], {name: name for name in "abcd"}
        )
        assert [[each.student for each in group] for group in found] == [["a", "b", "c"], ["d"]]
