"""Pages and parts of pages from the templates of the package, with whatever is put into them escaped.

It decides nothing about what a page says. What a student wrote and may keep as markup, `markup`
cleans; everything else is text.
"""

import functools
from typing import Any

import jinja2
from markupsafe import Markup

from kernelmark.text import visible


def render(name: str, **values: Any) -> str:
    """Return a template of `kernelmark/templates/`, filled in."""
    return _environment().get_template(name).render(**values)


def literal(text: str) -> Markup:
    """Return text as HTML that stands for itself, in Markdown too: nothing in it is markup of either."""
    text = visible(text.replace("\r\n", "\n").replace("\r", "\n"))
    plain = "".join(c if c.isalnum() or c == " " else c if c == "\n" else f"&#{ord(c)};" for c in text)
    return Markup(plain.replace("\n", "<br>"))


@functools.cache
def _environment() -> jinja2.Environment:
    found = jinja2.Environment(
        loader=jinja2.PackageLoader("kernelmark"), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    found.filters["literal"] = literal
    found.filters["visible"] = visible
    return found
