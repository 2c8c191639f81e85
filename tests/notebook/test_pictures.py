"""Pictures pasted into cells: kept where they are made of pixels and within bounds, shown on every page."""

import base64
import json

import nbformat
import pytest

from kernelmark.notebook import markup, pictures
from kernelmark.notebook.conform import Course, read_submission
from tests import small_course
from tests.small_course import solved

HEADS = {
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff\xe0",
    "image/gif": b"GIF89a",
    "image/webp": b"RIFF\x10\x00\x00\x00WEBP",
}
SVG = base64.b64encode(b"<svg onload='steal()'/>").decode()


def picture(kind: str = "image/png", size: int = 90) -> str:
    return base64.b64encode(HEADS[kind].ljust(size, b"\0")).decode()


PNG = picture()


def answered(text: str, attachments: dict) -> bytes:
    made = json.loads(nbformat.writes(solved(why=text)))
    made["cells"][-1]["attachments"] = attachments
    return json.dumps(made).encode()


def kept(raw: bytes) -> tuple[nbformat.NotebookNode, list[str]]:
    """Return the answer's cell after it was conformed twice, as under nbgrader, and the notes."""
    course = Course(small_course.notebook())
    submission, notes = read_submission(raw)
    once, _ = course.plan(submission)
    twice, _ = course.plan(read_submission(nbformat.writes(once).encode())[0])
    (cell,) = [c for c in twice.cells if c.metadata.get("nbgrader", {}).get("grade_id") == "why"]
    return cell, notes


class TestKept:
    @pytest.mark.parametrize("kind", HEADS)
    def test_each_kind_made_of_pixels(self, kind: str):
        """PNG, JPEG, GIF and WebP, as JupyterLab stores them, with ends of lines in the base64 or as a list."""
        text = picture(kind)
        cell, notes = kept(answered("![p](attachment:p)", {"p": {kind: [text[:20], "\n", text[20:]]}}))
        assert (cell.attachments, notes) == ({"p": {kind: text}}, [])
        assert f"data:{kind};base64,{text}" in markup.markdown2html(cell.source, cell.attachments)

    @pytest.mark.parametrize(
        "told",
        [{"image/svg+xml": SVG}, {"image/png": SVG}, {"text/html": "<b>"}, {"image/png": PNG + "<"}, "x", None, [1]],
    )
    def test_nothing_else(self, told: object):
        """A drawing, a drawing that says it is a picture, and what is nothing at all go, and a note says so."""
        cell, notes = kept(answered("text", {"p": told}))
        assert "attachments" not in cell
        assert "Not kept, of the pictures in cells: 'p' (no PNG" in notes[0]

    def test_in_a_time_that_grows_with_its_length(self):
        """Megabytes of blanks before a sign that is none of base64 are read once; blanks at the head are no fault."""
        assert not pictures.is_picture("image/png", PNG + " " * 3_000_000 + "<")
        assert pictures.is_picture("image/png", f"{PNG[:5]}\n {PNG[5:]}")

    def test_no_more_than_the_bounds(self, monkeypatch: pytest.MonkeyPatch):
        """Each, all together and their number; the answer itself stays."""
        monkeypatch.setattr(pictures, "MAX_PICTURE_BYTES", 1000)
        monkeypatch.setattr(pictures, "MAX_PICTURES_BYTES", 1500)
        big, fits = picture(size=1200), picture(size=900)
        cell, notes = kept(answered("text", {"big": {"image/png": big}, **{n: {"image/png": fits} for n in "ab"}}))
        assert set(cell.attachments) == {"a"}
        assert "'big' (larger than 1000 bytes), 'b' (only 1500 bytes" in notes[0]
        monkeypatch.undo()
        album = pictures.Album()
        many = {str(n): {"image/png": PNG} for n in range(pictures.MAX_PICTURES + 1)}
        assert len(album.take(many)) == pictures.MAX_PICTURES

    def test_the_courses_own_are_the_courses(self):
        """A picture in a locked cell of the instructor's is shown as it was written, whatever was handed in."""
        source = small_course.notebook()
        task = small_course.graded_cell("task", "![t](attachment:t)", kind="markdown", locked=True)
        task["attachments"] = {"t": {"image/png": PNG}}
        source.cells.append(task)
        graded, _ = Course(source).plan(nbformat.v4.new_notebook())
        assert graded.cells[-1].attachments == {"t": {"image/png": PNG}}


class TestShown:
    @pytest.mark.parametrize(
        "source",
        [
            "![p](attachment:p.png)",
            "![p][1]\n\n[1]: attachment:p.png",
            '<img src="attachment:p.png" onerror="x()">',
            "<svg/onload=x()> ![p](attachment:p.png)",
        ],
    )
    def test_in_what_is_stored_and_rendered(self, source: str):
        """As Markdown, by reference, as HTML; where the text had to be written out, below it."""
        attachments = {"p.png": {"image/png": PNG}}
        stored = markup.stored_markdown(source, attachments=attachments)
        page = markup.cell2html(in_cell(source=stored, attachments=attachments), stored)
        assert f'src="data:image/png;base64,{PNG}"' in page
        assert "<svg" not in page
        assert '<img src="attachment' not in page

    def test_under_names_with_blanks_and_signs(self):
        """JupyterLab quotes them in the text."""
        name = 'a b"<c>.png'
        page = markup.markdown2html(pictures.shown({name: {}}), {name: {"image/png": PNG}})
        assert PNG in page

    def test_no_more_often_than_a_page_holds(self, monkeypatch: pytest.MonkeyPatch):
        """The same picture a thousand times is shown as often as the bound allows."""
        monkeypatch.setattr(markup, "MAX_SHOWN_CHARS", 3 * len(PNG) + 100)
        page = markup.markdown2html("![p](attachment:p)" * 300, {"p": {"image/png": PNG}})
        assert page.count(PNG) == 3

    def test_no_other_cells(self):
        """A comment in the same place of the page has none, and a name that is not there is a word."""
        cell = in_cell(source="![p](attachment:p)", attachments={"p": {"image/png": PNG}})
        assert PNG not in markup.cell2html(cell, "comment ![p](attachment:p)")
        assert "[picture: p]" in markup.markdown2html("![p](attachment:q)", cell["cell"]["attachments"])


def in_cell(**fields: object) -> dict:
    """Return the context that Jinja hands to a filter."""
    return {"cell": fields}
