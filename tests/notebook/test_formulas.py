"""Formulas as MathML: every one of the course is drawn, and none brings anything along."""

import re
import xml.etree.ElementTree as ElementTree

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelmark.notebook.formulas import ATTRIBUTES, ELEMENTS, MATHML, as_mathml
from kernelmark.notebook.markup import markdown2html
from tests.sample_class import ROOT

PIECES = ["x", "^", "_", "{", "}", "\\frac", "\\text{<script>f()</script>}", "\\href{javascript:f()}{y}", "&", "\\\\"]
PIECES += [
    "\\style{background: url(REMOTE)}{z}",
    "\\class{a}{b}",
    '"',
    "\\sqrt",
    "\\left(",
    "\\right)",
    "\\color{red}",
    "<img src=x>",
]


def formulas() -> list[str]:
    found: set[str] = set()
    for path in ROOT.glob("source/*/*.ipynb"):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "markdown":
                found |= set(re.findall(r"\$\$.+?\$\$|\$[^$\n]+\$", cell.source, re.DOTALL))
    return sorted(found)


def test_every_formula_of_the_course_is_drawn():
    """None is left as LaTeX."""
    found = formulas()
    assert len(found) > 100
    assert [latex for latex in found if as_mathml(latex.strip("$")) is None] == []


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_whatever_is_written_only_listed_elements_come_out(latex: str):
    """Links, styles and markup in a formula are dropped, or make it stand as it was typed."""
    made = as_mathml(latex)
    if made is None:
        return
    for element in ElementTree.fromstring(made).iter():
        assert element.tag.removeprefix(f"{{{MATHML}}}") in ELEMENTS
        assert set(element.attrib) <= ATTRIBUTES | {"alttext", "display"}


@pytest.mark.parametrize("latex", ["", "{" * 500 + "}" * 500, "\\unheardof x", "x" * 5000])
def test_what_cannot_be_drawn_is_told(latex: str):
    """It then stands on the page as it was typed."""
    assert as_mathml(latex) is None


class TestInProse:
    def test_a_formula_stands_in_its_place(self):
        """Within a line and on lines of its own; its LaTeX goes along for whoever hears or copies it."""
        page = markdown2html("Let $a < b$ be.\n\n$$\\frac{a}{b}$$")
        assert page.count("<math ") == 2
        assert 'alttext="a &lt; b"' in page
        assert "$" not in page

    def test_code_is_no_formula(self):
        """Dollars in code stay dollars."""
        assert "<code>$a$</code>" in markdown2html("`$a$`")

    def test_what_cannot_be_drawn_stands_as_it_was_typed(self):
        """As text."""
        assert "$\\unheardof &lt; b$" in markdown2html("$\\unheardof < b$")

    @pytest.mark.parametrize(
        "source", ['![$a$](data:image/png;base64,iVBORw0KGgo= "$b$")', '<a title="$a$">x</a>', "[$a$]($b$)"]
    )
    def test_no_formula_ends_a_tag(self, source: str):
        """A formula in what a picture is called would close its attribute, and could open another."""
        tags = re.findall(r'<(?:[^<>"]|"[^"]*")*>', markdown2html(source))
        assert all("<math" not in tag[1:] for tag in tags)
        assert not re.search(r'="[^"]*<', "".join(tags))
