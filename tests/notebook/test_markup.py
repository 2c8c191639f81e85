"""What staff open, pages and tables: whatever a student wrote into them runs nothing, loads nothing, covers nothing."""

import contextlib
import csv
import itertools
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbgrader.api import Gradebook

from kernelmark.course import sheet
from kernelmark.notebook import formulas, markup
from kernelmark.whole_class import report
from tests import small_course
from tests.course.test_nbgrader import hand_in, nbgrader
from tests.sample_class import ROOT
from tests.small_course import solved

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
# What a hostile page would do: leave a mark on the page, and tell another machine.
SCRIPT = "document.documentElement.setAttribute('data-ran','1');fetch('REMOTE/script')"
MARKUP = [
    f"<script>{SCRIPT}</script>",
    f'<img src=x onerror="{SCRIPT}">',
    '<img src="REMOTE/img.png">',
    '<img srcset="REMOTE/srcset.png 1x">',
    '<picture><source srcset="REMOTE/source.png"><img src="x"></picture>',
    '<video autoplay src="REMOTE/video" poster="REMOTE/poster"></video><audio src="REMOTE/audio" autoplay></audio>',
    '<div style="position:fixed;inset:0;z-index:9999;background:red url(REMOTE/style)">covered</div>',
    '<div class="navbar-fixed-top" id="add_small">covered</div>',
    "<style>@import url(REMOTE/import); body { display: none } * { background: url(REMOTE/css) }</style>",
    '<link rel="stylesheet" href="REMOTE/link"><meta http-equiv="refresh" content="0;url=REMOTE/refresh">',
    '<base href="REMOTE/"><iframe src="REMOTE/frame"></iframe><iframe srcdoc="<script>x</script>"></iframe>',
    '<form action="REMOTE/form"><input name="password"><button>Log in</button></form>',
    '<object data="REMOTE/object"></object><embed src="REMOTE/embed">',
    f'<svg onload="{SCRIPT}"><image href="REMOTE/svg"/><use href="REMOTE/use"/></svg>',
    f'<math><mtext><table><mglyph><style><img src=x onerror="{SCRIPT}"></style></mglyph></table></mtext></math>',
    f'<a href="javascript:{SCRIPT}" ping="REMOTE/ping">press</a><a href=" java&#10;script:{SCRIPT}">press</a>',
    f'<details open ontoggle="{SCRIPT}">d</details><p onmouseover="{SCRIPT}" autofocus onfocus="{SCRIPT}">p</p>',
    f'<noscript><p title="</noscript><img src=x onerror={SCRIPT}>">n</noscript>',
    f"<textarea></textarea><script>{SCRIPT}</script><plaintext>",
    f"</div></div></td></tr></table></body><script>{SCRIPT}</script>",
    f'<!--><img src=x onerror="{SCRIPT}">--><![CDATA[<img src=x onerror="{SCRIPT}">]]><?x <img src=\'REMOTE/pi\'> ?>',
    '<body background="REMOTE/body"><table background="REMOTE/t"><tr><td background="REMOTE/td">t</table>',
    # What two readers may read in two ways: one sees text or a harmless attribute where the other sees a tag.
    f'<svg></p><style><a title="</style><img src=x onerror={SCRIPT}>">',
    f"<form><math><mtext></form><form><mglyph><style></math><img src=x onerror={SCRIPT}>",
    f'<math><annotation-xml encoding="text/html"><style><a title="</style><img src=x onerror={SCRIPT}>">',
    f"<noscript><style></noscript><img src=x onerror={SCRIPT}>",
    f"<template><s><template></s><img src=x onerror={SCRIPT}></template>",
    f'<title><a title="</title><img src=x onerror={SCRIPT}>">',
    f"<select><style></select><img src=x onerror={SCRIPT}>",
    f'<xmp><p title="</xmp><img src=x onerror={SCRIPT}>">',
    f"<!-- never closed <img src=x onerror={SCRIPT}>",
    f"<scr\0ipt>{SCRIPT}</scr\0ipt><\0script>{SCRIPT}</script><img\0 src=x onerror={SCRIPT}>",
    f'<a href="&#106;avascript&colon;{SCRIPT}">press</a><a href="java&Tab;script:{SCRIPT}">press</a>',
    '<a title="> x" onfocus="SCRIPT" autofocus >y</a>'.replace("SCRIPT", SCRIPT),
    '<div>\n<a title="<b>" onfocus="SCRIPT" autofocus>y</a>\n</div>'.replace("SCRIPT", SCRIPT),
    '<div>\n<a title=x"title=" onfocus=f() autofocus ">y</a>\n</div>',
    f'<a href="javascript:{SCRIPT}" href="#">press</a>',
    "<table\x0bonfocus=f() autofocus><a\x1fhref=javascript:f()>y</a>",
]
MARKDOWN = [
    "![a picture](REMOTE/md.png)",
    '![ref][r]\n\n[r]: REMOTE/ref.png "t"',
    f"[press](javascript:{SCRIPT.replace('(', '%28').replace(')', '%29')}) and [press](&#106;avascript:alert)",
    "![missing](attachment:nothing.png)",
    f"```mermaid\n</pre><script>{SCRIPT}</script>\n```",
    f"```<script>{SCRIPT}</script>\nx\n```",
    f"$$\n<script>{SCRIPT}</script>\n$$\n\n\\begin{{a}}<img src=REMOTE/math>\\end{{a}}",
    "# add_small\n\n# why\n\n# statusmessage",
    f'`<b title="` <img src=x onerror="{SCRIPT}"> `">`',
    "&#" + "9" * 5000 + ";[a](&#" + "9" * 5000 + ";)",
    ">" * 3000 + " deep",
]
# Browsers open these again in each paragraph after the one that they were left open in.
OPENED_AGAIN = [f"<{tag}>" for tag in ["a", "b", "code", "em", "i", "s", "small", "strike", "strong", "tt", "u"] * 3]
# Halves of tags, from which whole ones are made that nobody thought of.
FRAGMENTS = [
    *"<>\"'=/ \n&;",
    "<a ",
    "<b>",
    "</a>",
    "</b>",
    "<div>\n",
    "\n</div>",
    "<td ",
    "<table>",
    "<p>",
    "<!--",
    "-->",
]
FRAGMENTS += [
    "title=",
    "title",
    "href=",
    "href='#'",
    'href="javascript:f()"',
    "onclick=f()",
    "style=color:red",
    "<img ",
    "src=x",
]
FRAGMENTS += [
    "<style>",
    "<svg>",
    "<math>",
    "</",
    "<?",
    "x",
    "\0",
    "\x0b",
    "&#60;",
    "&quot;",
    "`",
    "*",
    "[y](",
    ")",
    "$",
]
ALLOWED_STYLE = (markup.CONTAINED, r"text-align:\s?(left|right|center);?")


class Faults(HTMLParser):
    """What a part of a page holds that it should not."""

    def __init__(self, markup: str):
        super().__init__()
        self.found: list[str] = []
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note every tag that acts or loads, and every attribute that could."""
        if tag not in markup.TAGS | formulas.ELEMENTS:
            self.found.append(f"<{tag}>")
        for name, value in ((name, value or "") for name, value in attrs):
            wrong = name.startswith("on") or name in ("id", "name", "ping", "srcset", "background", "action")
            wrong |= name == "src" and not value.startswith("data:image/")
            wrong |= name == "href" and not re.match(r"https?://|mailto:|#", value)
            wrong |= name == "style" and not any(re.fullmatch(p, value) for p in map(str, ALLOWED_STYLE))
            if wrong:
                self.found.append(f"<{tag} {name}={value!r}>")


class Depth(HTMLParser):
    """How deep the tags of a page that closes each of them lie in one another."""

    def __init__(self, markup: str):
        super().__init__()
        self.now = self.most = 0
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Go one down."""
        self.now += tag not in markup.VOID
        self.most = max(self.most, self.now)

    def handle_endtag(self, tag: str) -> None:
        """Go one up."""
        self.now -= tag not in markup.VOID


class TestMarkdown:
    @pytest.mark.parametrize("source", MARKUP + MARKDOWN, ids=lambda source: source[:40])
    def test_hostile_prose_is_harmless_on_the_page(self, source: str):
        """No tag, attribute or address of it does anything but show text."""
        assert Faults(markup.markdown2html(source)).found == []

    @pytest.mark.parametrize("source", MARKUP + MARKDOWN, ids=lambda source: source[:40])
    def test_hostile_prose_is_stored_harmless(self, source: str):
        """Another program that renders the graded notebook, with nbconvert's own filter, finds nothing either."""
        stored = markup.stored_markdown(source)
        renderer = IPythonRenderer(escape=False, exclude_anchor_links=True)
        found = Faults(MarkdownWithMath(renderer=renderer).render(stored)).found
        assert [fault for fault in found if " id=" not in fault] == []

    def test_the_words_are_kept(self):
        """What could not be shown as it was meant is there to be read."""
        source = "An ![image](REMOTE/x.png) & <b onclick=x>words</b>\n\n*more*"
        assert f"<pre>{source}</pre>" == re.sub(
            r"&#(\d+);", lambda m: chr(int(m.group(1))), markup.stored_markdown(source)
        )

    @pytest.mark.parametrize("path", sorted((ROOT / "release").glob("*/*.ipynb")), ids=lambda path: path.parent.name)
    def test_the_course_s_own_prose_is_stored_as_it_is(self, path: Path):
        """Formulas, tables, code and links of ordinary prose are no danger."""
        prose = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown"]
        assert [markup.stored_markdown(text) for text in prose] == prose

    def test_ordinary_markdown_keeps_its_form(self):
        """Emphasis, code, tables, links and comparison signs come out as they should."""
        page = markup.markdown2html("**b** `x < y` $a<b$ [l](https://example.org)\n\n| a |\n|--:|\n| 1 |\n\n- [x] done")
        for part in ("<strong>b</strong>", "<code>x &lt; y</code>", "<mo>&lt;</mo>", '<a href="https://example.org">'):
            assert part in page
        assert '<td style="text-align:right">1</td>' in page
        assert "☑" in page

    @pytest.mark.parametrize("unit", ["<a ", "<!--", "</", "<![", '<a b="', "<p><b>", "<?", "&#", "a" + " " * 99])
    def test_a_page_made_to_be_slow_is_read(self, unit: str):
        """Half a million characters that make Python's own reader of HTML take hours."""
        assert Faults(markup.clean(unit * (markup.MAX_HTML_CHARS // len(unit)))).found == []

    @pytest.mark.parametrize(
        "units",
        [
            (f"<p><b a{number}>" for number in itertools.count()),
            itertools.chain(["<a "], (f"a{number} " for number in itertools.count())),
            itertools.repeat("<div>"),
            itertools.repeat("<div></p>"),
            itertools.repeat("<table><a>"),
            itertools.chain(["<p>", *OPENED_AGAIN], itertools.repeat("<p>x</p>")),
        ],
        ids=["open bold", "attributes", "deep", "deep, closed wrongly", "tables", "opened again"],
    )
    def test_a_page_made_to_grow_stays_small(self, units: Iterator[str]):
        """Half a million characters of which a browser makes gigabytes: here no more than their text, nor deep."""
        page = ""
        while len(page) < markup.MAX_HTML_CHARS - 100:
            page += "".join(itertools.islice(units, 8))
        cleaned = markup.clean(page)
        assert len(cleaned) < 6 * len(page) + 100
        assert Depth(cleaned).most <= 3 * markup.MAX_DEPTH

    @given(st.lists(st.sampled_from(FRAGMENTS), max_size=14).map("".join))
    def test_any_pieces_of_tags_are_harmless(self, source: str):
        """On our pages, and as prose that another program renders."""
        assert Faults(markup.clean(source)).found == []
        renderer = IPythonRenderer(escape=False, exclude_anchor_links=True)
        found = Faults(MarkdownWithMath(renderer=renderer).render(markup.stored_markdown(source))).found
        assert [fault for fault in found if " id=" not in fault] == []

    def test_much_prose_is_read_as_text(self):
        """A notebook with more Markdown than a person writes is shown, unrendered, from there on."""
        cells = [nbformat.v4.new_markdown_cell("*x* " * 2000) for _ in range(20)]
        sanitise = markup.Sanitise()
        for cell in cells:
            sanitise.cell(cell)
        assert cells[0].source.startswith("*x*")
        assert cells[-1].source.startswith("<pre>")


class TestOutputs:
    def shown(self, data: dict[str, Any]) -> dict[str, Any]:
        output = {"output_type": "display_data", "data": data, "metadata": {"text/html": {"isolated": True}}}
        (stored,) = markup.stored_outputs([output])
        assert stored["metadata"] == {}
        return stored["data"]

    @pytest.mark.parametrize("markup", MARKUP, ids=lambda source: source[:40])
    def test_html_is_cleaned(self, markup: str):
        """As a display, and by way of Markdown."""
        assert Faults(self.shown({"text/html": markup})["text/html"]).found == []
        assert Faults(self.shown({"text/markdown": markup})["text/html"]).found == []

    @pytest.mark.parametrize(
        "kind",
        [
            "application/javascript",
            "image/svg+xml",
            "application/vnd.jupyter.widget-view+json",
            "text/vnd.mermaid",
            "application/pdf",
            "application/vnd.vegalite.v5+json",
            "application/json",
            "TEXT/HTML",
            "image/png",
        ],
    )
    def test_only_known_kinds_are_kept(self, kind: str):
        """What runs, draws or embeds goes; so does a picture that is none."""
        assert set(self.shown({kind: f"<script>{SCRIPT}</script>", "text/plain": "told"})) == {"text/plain"}
        assert "not shown" in self.shown({kind: "<svg onload=x>"})["text/plain"]

    def test_tables_and_plots_stay(self):
        """A data frame and a picture look as in the student's notebook."""
        png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
        shown = self.shown({"image/png": png + "\n", "text/html": "<style>a</style><table class=x><td>1</table>"})
        assert shown["image/png"].strip() == png
        assert re.search(r"<table>.*<td>1</td>.*</table>", shown["text/html"])


HOSTILE_CODE = """from IPython.display import HTML, display, publish_display_data
from IPython import get_ipython
publish_display_data({"text/latex": r"$\\\\rule{100em}{100em}$", "application/javascript": "SCRIPT"})
publish_display_data({"image/svg+xml": "<svg xmlns='http://www.w3.org/2000/svg' onload=\\"SCRIPT\\"/>"})
display(HTML("<table><thead><tr><th>a column</th></tr></thead></table>"))
for markup in MARKUP:
    display(HTML(markup))
    publish_display_data({"text/markdown": markup, "text/plain": markup})
    print(markup, "\\x1b[31m", "Z" + "\\u0335\\u0300" * 60)
get_ipython().events.register("post_run_cell", lambda *_: display(HTML(MARKUP[0] + MARKUP[2])))
limit = 12
"""
HOSTILE_ERROR = """def add(a, b):
    raise type("E<img src=x onerror=f()>", (ValueError,), {})("x\\r\\r![a](REMOTE/error.png)\\r\\r" + "".join(MARKUP))
"""
NAME = '=1+1<img src=REMOTE/name onerror="SCRIPT">",x'


def hostile_work(remote: str) -> nbformat.NotebookNode:
    """Return a submission that tries every trick of this file in every place that a page shows."""
    tricks = [text.replace("REMOTE", remote) for text in MARKUP]
    told = f"MARKUP = {tricks!r}\n".replace("\\r", "\r")
    code = (told + HOSTILE_CODE).replace("SCRIPT", SCRIPT.replace("REMOTE", remote).replace("'", "\\'"))
    work = solved(
        limit=code.replace("REMOTE", remote),
        add=told + HOSTILE_ERROR.replace("REMOTE", remote),
        why="\n\n".join([*tricks[:4], "my answer"]),
    )
    # Before the set-up, so that what it shows is the submission's.
    work.cells.insert(1, nbformat.v4.new_code_cell(code.replace("REMOTE", remote)))
    for text in [*tricks, *(text.replace("REMOTE", remote) for text in MARKDOWN)]:
        work.cells.append(nbformat.v4.new_markdown_cell(text))
        work.cells.append(nbformat.v4.new_raw_cell(text))
    picture = nbformat.v4.new_markdown_cell("![a](attachment:a.svg)")
    picture["attachments"] = {"a.svg": {"image/svg+xml": "PHN2Zy8+", "text/html": "<script>x</script>"}}
    work.cells.append(picture)
    work.metadata["title"] = work.metadata["widgets"] = tricks[0]
    work.metadata["language_info"] = {"name": tricks[0], "pygments_lexer": tricks[0]}
    return work


@pytest.fixture(scope="module")
def remote() -> Iterator[tuple[str, list[str]]]:
    """A machine elsewhere: its address, and what was asked of it."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory, remote: tuple[str, list[str]]) -> Path:
    """A course folder in which the hostile work was graded, returned and exported."""
    root = small_course.write_course(tmp_path_factory.mktemp("pages"))
    nbgrader(root, "generate_assignment", "short")
    script = SCRIPT.replace("REMOTE", remote[0])
    name = NAME.replace("REMOTE", remote[0]).replace("SCRIPT", script)
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as book:
        book.update_or_create_student("anna", last_name=name, first_name=name, email="@a")
    hand_in(root, "anna", hostile_work(remote[0]))
    nbgrader(root, "autograde", "short")
    nbgrader(root, "generate_feedback", "short")
    nbgrader(root, "export")
    (root / "report.html").write_text(report.as_page(report.load_records(root / ".kernelmark", "short")))
    return root


def opened(address: str) -> str:
    """Return what a page has become in Chromium, its scripts run."""
    if not CHROMIUM:
        pytest.skip("no Chromium on this machine")
    with tempfile.TemporaryDirectory() as profile:
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
        flags += [f"--user-data-dir={profile}", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
        flags += ["--virtual-time-budget=5000", "--dump-dom"]
        done = subprocess.run([CHROMIUM, *flags, address], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip(), done.stderr
    return done.stdout


class TestOpened:
    def test_the_browser_would_notice(self, tmp_path: Path, remote: tuple[str, list[str]]):
        """The same tricks on a page that nobody cleaned run, and load."""
        page = tmp_path / "page.html"
        tricks = [MARKUP[1], MARKUP[2], MARKUP[13]]
        page.write_text("<html><body>" + "".join(tricks).replace("REMOTE", remote[0]))
        before = len(remote[1])
        assert "data-ran" in opened(page.as_uri())
        assert len(remote[1]) > before

    @pytest.mark.parametrize("name", ["feedback/anna/short/short.html", "report.html"])
    def test_page_runs_and_loads_nothing(self, graded: Path, remote: tuple[str, list[str]], name: str):
        """Feedback and the class's report, opened from the disk."""
        before = len(remote[1])
        page = opened((graded / name).as_uri())
        assert " data-ran=" not in page.partition(">")[0] + page.partition("<head")[0]
        assert remote[1][before:] == []
        own = "<script>" + (ROOT / "kernelmark" / "templates" / "report.js").read_text() + "</script>"
        page = page.replace(own, "", 1) if name == "report.html" else page
        assert not re.search(r"<(script|form|iframe|object|embed|link|base|svg onload)\b", page)

    def test_graded_notebook_is_stored_harmless(self, graded: Path):
        """Set-up ran beside the submission, so what it shows is cleaned too; nothing else of the notebook's is kept."""
        notebook = nbformat.read(graded / "autograded" / "anna" / "short" / "short.ipynb", as_version=4)
        outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
        kinds = {kind for output in outputs for kind in output.get("data", ())}
        shown = [output.data["text/html"] for output in outputs if "text/html" in output.get("data", ())]
        assert kinds == {"text/plain", "text/html"}
        assert len(shown) > len(MARKUP)
        assert [fault for markup in shown for fault in Faults(markup).found] == []
        assert [cell for cell in notebook.cells if "attachments" in cell] == []
        assert not {"title", "widgets", "language_info"} & set(notebook.metadata)

    def test_feedback_says_what_was_earned(self, graded: Path):
        """The table of marks is there, and what the student wrote stands in it as text."""
        page = (graded / "feedback" / "anna" / "short" / "short.html").read_text()
        assert "my answer" in page
        assert "limit_value: passed, 1 of 1 point" in page
        assert "<th>a column</th>" in page
        # An exception's message stays one item of the head, whatever ends its lines.
        head = page.partition('<h2 id="notebook"')[0]
        assert "![a](http" in head
        assert head.count("<article>") == 2
        assert "[picture" not in head
        assert "Content-Security-Policy" in page

    @pytest.mark.slow
    def test_formgrader_runs_and_loads_nothing(self, graded: Path, remote: tuple[str, list[str]]):
        """The page on which staff mark the work, in nbgrader's own server, names from the grade book included."""
        with Gradebook(f"sqlite:///{graded / 'gradebook.db'}") as book:
            identity = book.find_submission_notebook("short", "short", "anna").id
        before = len(remote[1])
        with formgrader(graded) as address:
            page = opened(f"{address}/formgrader/submissions/{identity}/")
        assert "my answer" in page
        assert " data-ran=" not in page.partition("<head")[0]
        assert remote[1][before:] == []
        body = page.partition('id="notebook"')[2].partition('<div class="help">')[0]
        # What nbgrader's own page adds to a cell: buttons, fields for marks and comments.
        assert not re.search(r"<(script|form|iframe|object|embed|link|base|style)\b", body)
        assert body.count('id="why"') == 1

    def test_export_is_a_table_without_formulas(self, graded: Path):
        """Names as they are in the grade book, quoted, and no field a formula."""
        rows = list(csv.reader((graded / "grades.csv").read_text().splitlines()))
        assert rows[0] == list(sheet.COLUMNS)
        assert len(rows) == 2
        fields = dict(zip(rows[0], rows[1], strict=True))
        assert fields["last_name"].startswith("'=1+1<img")
        assert fields["email"] == "'@a"
        assert fields["max_score"] == "12.0"


@contextlib.contextmanager
def formgrader(root: Path) -> Iterator[str]:
    """A Jupyter server on a course's folder."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = [
        "--allow-root",
        "--no-browser",
        f"--port={port}",
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.port_retries=0",
    ]
    settings += ["--IdentityProvider.token=", "--ServerApp.password="]
    words = [sys.executable, "-m", "jupyter_server", *settings]
    with subprocess.Popen(words, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        address = f"http://127.0.0.1:{port}"
        try:
            for _ in range(600):
                with contextlib.suppress(OSError):
                    urllib.request.urlopen(f"{address}/api").close()
                    break
                time.sleep(0.1)
            yield address
        finally:
            server.terminate()
