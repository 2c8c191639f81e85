"""What a student wrote, made fit for a page that somebody else opens: an allow-list of HTML, no more.

Two readers agree on what stays. Ours bounds the work: it writes listed tags anew, in pairs and at most
`MAX_DEPTH` deep. ammonia (by `nh3`), which reads as browsers do, has the last word. A page made of it
runs no script, loads nothing, sends no form, and no part of it lies over another. It does not judge
what the words say, and code keeps its text.
"""

import copy
import html
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
import nbformat
import nh3
from nbconvert.exporters import HTMLExporter
from nbconvert.exporters.exporter import ResourcesDict
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbconvert.preprocessors import Preprocessor
from nbformat.notebooknode import NotebookNode
from traitlets.config import Config

from kernelmark.notebook import pictures
from kernelmark.notebook.formulas import as_mathml
from kernelmark.notebook.page import literal
from kernelmark.notebook.pictures import PICTURES, is_picture
from kernelmark.text import visible

# A long answer; the reader of Markdown takes time that grows with the square of the length.
MAX_MARKDOWN_CHARS = 10_000
MAX_NOTEBOOK_MARKDOWN_CHARS = 100_000
MAX_HTML_CHARS = 500_000
MAX_DEPTH = 40
# Of the formulas of one text; each becomes about ten times as long.
MAX_FORMULAS_CHARS = 20_000
WIDE_CHARS = 60
TAGS = frozenset(
    re.findall(
        r"\w+",
        """a abbr b blockquote br caption cite code col colgroup dd del details dfn div dl dt em h1 h2 h3 h4 h5 h6 hr i
        img ins kbd li mark ol p pre q s samp small span strike strong sub summary sup table tbody td tfoot th thead tr
        tt u ul var""",
    )
)
VOID = frozenset({"br", "col", "hr", "img"})
# The text inside these is no text of a page.
UNSEEN = frozenset({"script", "style", "template", "title", "iframe", "object", "noscript", "svg", "math", "select"})
# An attribute that is not in its tag's row goes. Addresses that a reader may follow load nothing by themselves.
ATTRIBUTES = {
    "a": {"href": r"(?:https?://|mailto:|#)[^\s\\]*", "title": r".*"},
    "abbr": {"title": r".*"},
    "img": {"src": r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]+", "alt": r".*"},
    "div": {"class": "tex2jax_ignore"},
    "li": {"class": "task-list-item"},
    "ol": {"start": r"\d{1,6}"},
    "td": {"colspan": r"\d{1,3}", "rowspan": r"\d{1,3}", "style": r"text-align:\s?(?:left|right|center);?"},
    "th": {"colspan": r"\d{1,3}", "rowspan": r"\d{1,3}", "style": r"text-align:\s?(?:left|right|center);?"},
}
# Taken away without a word: they change the looks of what is left, and no more.
LOOKS = frozenset({"align", "border", "dir", "height", "lang", "rel", "scope", "start", "target", "valign", "width"})
# Of the pictures of a cell, each time that its text shows one: a word of Markdown may not become gigabytes of a page.
MAX_SHOWN_CHARS = 30_000_000
# Letters can be stacked so high that they cover the line above: every part of a page is painted inside its own edges.
TEMPLATES = Path(__file__).parent.parent / "templates" / "nbconvert"
NBGRADERS_TEMPLATE, OUR_TEMPLATE = "feedback", "kernelmark"
CONTAINED = "contain: paint; overflow-x: auto"
PAGE_STYLE = f".text_cell_render, .output_area, .input_area {{ {CONTAINED} }} td {{ overflow: hidden }}"
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
HEAD = (
    f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    '<meta name="referrer" content="no-referrer"><meta http-equiv="x-dns-prefetch-control" content="off">'
)


def clean(markup: str) -> str:
    """Return HTML with what the allow-list names, written anew; too much of it comes back as its text."""
    if len(markup) > MAX_HTML_CHARS:
        return literal(markup[:MAX_HTML_CHARS])
    bounded = _Bounded(markup).text
    text: str = _CLEANER.clean(bounded)
    # A browser opens what was left open again in each paragraph, and so does ammonia: 62 kB became 2.6 MB.
    return text if len(text) <= 2 * len(bounded) + 1000 else literal(markup)


def markdown2html(source: str, attachments: Mapping[str, Mapping[str, str]] | None = None) -> str:
    """Return Markdown as clean HTML, its attached pictures in it."""
    found, drawn = _Embedded(attachments or {}), _Drawn()
    text = drawn.filled(found.filled(clean(found.marked(_rendered(source, drawn)))))
    return f'<div style="{CONTAINED}">{text}</div>'


@jinja2.pass_context
def cell2html(context: Any, source: str) -> str:
    """Return a cell's Markdown as clean HTML; in the place of nbconvert's filter, which lets everything through."""
    cell = context.get("cell") or {}
    return markdown2html(source, cell.get("attachments") if source == cell.get("source") else None)


def stored_markdown(
    source: str, most_chars: int = MAX_MARKDOWN_CHARS, attachments: Mapping[str, Mapping[str, str]] | None = None
) -> str:
    """Return Markdown that is harmless whoever renders it: itself where it is, else its text to be read as text."""
    attachments = attachments or {}
    if len(source) <= most_chars and not _Bounded(_Embedded(attachments).marked(_rendered(source))).refused:
        return source
    text = f"<pre>{str(literal(source)).replace('<br>', '&#10;')}</pre>"
    return f"{text}\n\n{pictures.shown(attachments)}" if attachments else text


def stored_outputs(outputs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return a cell's outputs with nothing but text, clean HTML and pictures made of pixels in them."""
    return [
        {**output, "data": _stored_data(output["data"]), "metadata": {}} if "data" in output else dict(output)
        for output in outputs
    ]


class Sanitise:
    """Makes the cells of one notebook harmless; what is rendered of it all together is bounded."""

    def __init__(self, trusted: Sequence[str] = ()):
        self._trusted = set(trusted)
        self._left = MAX_NOTEBOOK_MARKDOWN_CHARS

    def cell(self, cell: NotebookNode) -> None:
        """Change a cell in place; prose that is word for word the course's own stays as it is."""
        if cell.cell_type == "code":
            cell.outputs = [nbformat.from_dict(output) for output in stored_outputs(cell.outputs)]
        elif cell.cell_type == "raw":
            # nbconvert puts raw cells into a page as HTML.
            cell.source = html.escape(cell.source, quote=False)
        elif cell.source not in self._trusted:
            before, self._left = self._left, self._left - len(cell.source)
            most_chars = min(MAX_MARKDOWN_CHARS, before)
            cell.source = stored_markdown(cell.source, most_chars, cell.get("attachments"))


class SafePage(Preprocessor):
    """Makes formgrader's page keep names as text and every cell inside its own edges."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Escape what the templates print raw; they know these names from the grade book."""
        for key in ("student", "last_name", "first_name", "notebook_path"):
            if isinstance(resources.get(key), str):
                resources[key] = html.escape(visible(resources[key], lines=False))
        resources.setdefault("inlining", {}).setdefault("css", []).append(PAGE_STYLE)
        return nb, resources


class FeedbackPage(HTMLExporter):
    """The feedback page: no script, a policy that allows none, and nothing to load, so that it opens without a network.

    A course that names a template of its own keeps it, less its scripts.
    """

    def __init__(self, config: Any = None, **kw: Any):
        config = Config() if config is None else copy.deepcopy(config)
        if config.HTMLExporter.get("template_name", NBGRADERS_TEMPLATE) == NBGRADERS_TEMPLATE:
            config.FeedbackPage.template_name = OUR_TEMPLATE
            config.FeedbackPage.extra_template_basedirs = [str(TEMPLATES)]
        super().__init__(config=config, **kw)  # type: ignore[no-untyped-call]

    def default_filters(self) -> Iterator[tuple[str, Any]]:
        """Add the filter of the notebook's headings, which stand below the page's own."""
        yield from super().default_filters()  # type: ignore[no-untyped-call]
        yield "demoted", demoted

    def from_notebook_node(  # type: ignore[override]
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[str, dict[str, Any]]:
        """Return the page."""
        resources = ResourcesDict() if resources is None else resources
        resources["kernelmark_css"] = PAGE_STYLE
        page, resources = super().from_notebook_node(nb, resources, **kw)
        page = re.sub(r"<script\b.*?</script>", "", page, flags=re.DOTALL | re.IGNORECASE)
        return page.replace("<head>", f"<head>{HEAD}", 1), resources


def demoted(markup: str) -> str:
    """Return clean HTML with its headings two levels down, for a page that has a title and sections of its own."""
    return re.sub(r"(</?h)([1-6])(?=[ >])", lambda match: f"{match[1]}{min(6, int(match[2]) + 2)}", markup)


class _Drawn:
    """Formulas of one text: a token stands for each until all else is clean, and cannot be written by anybody."""

    def __init__(self) -> None:
        self._token = secrets.token_hex(16)
        self._found: list[str] = []
        self._left = MAX_FORMULAS_CHARS

    def mark(self, latex: str, *, block: bool) -> str:
        """Return the token of a formula; "" where it is to stand as it was typed."""
        self._left -= len(latex)
        made = as_mathml(latex, block=block) if self._left >= 0 else None
        if made is None:
            return ""
        # What may be wider than a phone can be scrolled, by keyboard too.
        wide = ' tabindex="0" role="group" aria-label="formula"' if len(latex) > WIDE_CHARS else ""
        self._found.append(f'<span class="formula"{wide}>{made}</span>' if block else made)
        return f"{self._token}n{len(self._found) - 1}E"

    def filled(self, markup: str) -> str:
        """Return clean HTML with the formulas in the place of the tokens, and none within a tag."""
        return re.sub(rf'<(?:[^<>"]|"[^"]*")*>|{self._token}n(\d+)E', self._fill, markup) if self._found else markup

    def _fill(self, match: re.Match[str]) -> str:
        if match[1] is None:  # a tag; the text of a picture's `alt` may have held a formula
            return re.sub(rf"{self._token}n\d+E", "", match[0])
        return self._found[int(match[1])]


class _Renderer(IPythonRenderer):
    """Markdown without what asks for a colour or a file; a diagram, which nbconvert does not escape, is refused."""

    # Where formulas are drawn.
    drawn: _Drawn | None = None

    def block_math(self, body: str) -> str:
        """Draw a formula on lines of its own."""
        return (self.drawn.mark(body, block=True) if self.drawn else "") or super().block_math(body)

    def inline_math(self, body: str) -> str:
        """Draw a formula within a line."""
        return (self.drawn.mark(body, block=False) if self.drawn else "") or super().inline_math(body)

    def latex_environment(self, name: str, body: str) -> str:
        """Draw a formula that is an environment of LaTeX's."""
        latex = f"\\begin{{{name}}}{body}\\end{{{name}}}"
        return (self.drawn.mark(latex, block=True) if self.drawn else "") or super().latex_environment(name, body)

    def block_code(self, code: str, info: str | None = None) -> str:
        mermaid = ' class="mermaid"' if (info or "").startswith("mermaid") else ""
        return f"<pre{mermaid}><code>{html.escape(code)}</code></pre>"

    def _embed_image_or_attachment(self, src: str) -> str:
        return src  # an attachment that is missing would end the page


def _rendered(source: str, drawn: _Drawn | None = None) -> str:
    renderer = _Renderer(escape=False, exclude_anchor_links=True)
    renderer.drawn = drawn
    try:
        return MarkdownWithMath(renderer=renderer).render(source)
    except (RecursionError, ValueError):  # nested too deep, or a number of thousands of digits
        return str(literal(source))


def _stored_data(data: Mapping[str, Any]) -> dict[str, str]:
    told = {kind: text for kind, text in data.items() if isinstance(text, str)}
    kept = {kind: told[kind] for kind in PICTURES if kind in told and is_picture(kind, told[kind])}
    plain = told.get("text/plain", told.get("text/latex"))
    if plain is not None:
        kept["text/plain"] = plain
    markup = told.get("text/html")
    if markup is None and len(told.get("text/markdown", "")) in range(1, MAX_MARKDOWN_CHARS):
        markup = _rendered(told["text/markdown"])
    if markup is not None and len(markup) <= MAX_HTML_CHARS:
        # The class keeps formulas out of it: an output is no prose.
        kept["text/html"] = f'<div class="tex2jax_ignore">{clean(markup)}</div>'
    return kept or {"text/plain": "[an output that is neither text, table nor picture: not shown]"}


class _Embedded:
    """Puts attached pictures into HTML behind the back of what bounds and cleans it, which need not read megabytes."""

    def __init__(self, attachments: Mapping[str, Mapping[str, str]]):
        self._attachments = attachments
        self._left = MAX_SHOWN_CHARS
        # Nobody who writes an answer can write one of these.
        self._token = secrets.token_hex(16)
        self._found: list[str] = []

    def marked(self, markup: str) -> str:
        """Return HTML with a token in the place of the address of each picture that there is."""
        return _ATTACHED.sub(self._mark, markup) if self._attachments else markup

    def filled(self, markup: str) -> str:
        """Return HTML with the pictures in the place of the tokens."""
        return re.sub(rf"data:image/png;base64,{self._token}(\d+)E", self._fill, markup) if self._found else markup

    def _mark(self, match: re.Match[str]) -> str:
        picture = pictures.address(html.unescape(match[2]), self._attachments)
        if not picture:
            return match[0]
        if picture not in self._found:
            self._found.append(picture)
        return f"{match[1]}data:image/png;base64,{self._token}{self._found.index(picture)}E"

    def _fill(self, match: re.Match[str]) -> str:
        picture = self._found[int(match[1])]
        self._left -= len(picture)
        return picture if self._left >= 0 else "data:,"


_ATTACHED = re.compile(r"""(\bsrc\s*=\s*["']?)attachment:([^"'\s<>]{1,2000})""", re.IGNORECASE)


class _Bounded:
    """Reads any HTML in one pass and writes it so that no reader needs long for it.

    Readers that build a browser's tree take time and space that grow with the square of a page (31 kB of
    "<p><b a1><p><b a2>" became 25 MB), and Python's own takes hours; so this one splits at each "<", and
    what does not read as a tag up to the next ">" is text.

    `refused` says whether more than looks was taken away, or a browser may read this otherwise than we do.
    """

    def __init__(self, markup: str):
        self.refused = False
        self._parts: list[str] = []
        self._open: list[str] = []
        self._unseen = ""
        first, *pieces = markup.split("<")
        self._write_text(first)
        for piece in pieces:
            self._piece(piece)
        self.text = "".join([*self._parts, *(f"</{tag}>" for tag in reversed(self._open))])

    def _piece(self, piece: str) -> None:
        inside, closed, after = piece.partition(">")
        match = _TAG.match(inside) if closed else None
        if match is None:
            self.refused = self.refused or _MARKUP.match(piece) is not None
            self._write_text("<" + piece)
            return
        self.refused = self.refused or _PLAIN_TAG.fullmatch(inside) is None
        tag = match.group(2).lower()
        if self._unseen:
            self._unseen = "" if match.group(1) and tag == self._unseen else self._unseen
        elif match.group(1):
            self._close(tag)
        else:
            self._start(tag, inside[match.end() :])
        self._write_text(after)

    def _start(self, tag: str, text: str) -> None:
        attributes: dict[str, str] = {}
        for found in _ATTRIBUTE.finditer(text):
            # Of two with one name a browser takes the first.
            self.refused = self.refused or found.group(1).lower() in attributes
            attributes.setdefault(found.group(1).lower(), _plain(found.group(2) or ""))
        if tag == "input" and attributes.get("class") == "task-list-item-checkbox":
            self._parts.append("☑" if "checked" in attributes else "☐")  # mistune's task lists
        elif tag in TAGS:
            self._write_tag(tag, attributes)
        else:
            self.refused = True
            self._unseen = tag if tag in UNSEEN else ""

    def _close(self, tag: str) -> None:
        if tag in self._open:
            while self._open:
                last = self._open.pop()
                self._parts.append(f"</{last}>")
                if last == tag:
                    return

    def _write_tag(self, tag: str, attributes: Mapping[str, str]) -> None:
        kept = {name: value for name, value in attributes.items() if _allowed(tag, name, value) is not None}
        self.refused = self.refused or any(name not in kept and name not in LOOKS for name in attributes)
        if tag == "img" and "src" not in kept:
            self.refused = True
            self._parts.append(html.escape(f"[picture: {kept.get('alt', '')}]"))
        elif len(self._open) < MAX_DEPTH or tag in VOID:
            self._parts.append("".join([f"<{tag}", *(f' {k}="{html.escape(v)}"' for k, v in kept.items()), ">"]))
            if tag not in VOID:
                self._open.append(tag)

    def _write_text(self, text: str) -> None:
        if not self._unseen:
            known = _LONE_AMPERSAND.sub("&amp;", text)
            self._parts.append(known.replace("<", "&lt;").replace(">", "&gt;"))


_TAG = re.compile(r"(/?)([A-Za-z][A-Za-z0-9]*)(?=[\s/]|$)")
_ATTRIBUTE = re.compile(r"""([A-Za-z][\w:-]*)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'=]+))?""")
# What begins a tag, a comment or a declaration in a browser, and a tag that no two readers can read in two ways.
_MARKUP = re.compile(r"[A-Za-z/!?]")
_BLANK = r"[ \t\n\r\f]"
_PLAIN_TAG = re.compile(
    rf"""/?[A-Za-z][A-Za-z0-9]*(?:{_BLANK}+[A-Za-z][A-Za-z0-9_:-]*(?:="[^"]*"|='[^']*'|=[^\s"'=`]+)?)*{_BLANK}*/?"""
)
_LONE_AMPERSAND = re.compile(r"&(?!(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});)")


def _allowed(tag: str, name: str, value: str) -> str | None:
    """Return the value of an attribute that its tag's row lets through, else None."""
    rule = ATTRIBUTES.get(tag, {}).get(name)
    return value if rule is not None and re.fullmatch(rule, value, re.DOTALL) else None


def _plain(value: str) -> str:
    """Return what an attribute says: without its quotes, and with its entities read."""
    try:
        return html.unescape(value.strip("\"'"))
    except ValueError:  # a number of thousands of digits
        return ""


_CLEANER = nh3.Cleaner(
    tags=set(TAGS),
    clean_content_tags=set(UNSEEN),
    attributes={tag: set(rules) for tag, rules in ATTRIBUTES.items()},
    attribute_filter=_allowed,
    url_schemes={"http", "https", "mailto", "data"},
    link_rel=None,  # a link has no `target`; the page's policy keeps its address to itself
)
