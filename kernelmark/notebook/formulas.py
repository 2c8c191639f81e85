"""Formulas drawn by the browser itself: LaTeX as MathML, which needs no script, no font and no network.

`latex2mathml` reads the LaTeX; what it makes is written anew, listed elements and attributes alone, for it lets markup
in a formula through. What it cannot read, or is too long, comes back as None, and stands on the page as it was typed.
"""

import html
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator

from latex2mathml.converter import convert_to_element

MAX_FORMULA_CHARS = 2_000
MAX_DEPTH = 60
MATHML = "http://www.w3.org/1998/Math/MathML"
ELEMENTS = frozenset(
    re.findall(
        r"\w+",
        """math mrow mi mn mo ms mtext mspace msup msub msubsup mfrac msqrt mroot mover munder munderover mtable mtr mtd
    mstyle mpadded mphantom menclose""",
    )
)
# None of them names a place or an event, and none takes a style.
ATTRIBUTES = frozenset(
    re.findall(
        r"\w+",
        """stretchy fence separator accent accentunder largeop movablelimits symmetric form lspace rspace linethickness
    mathvariant displaystyle scriptlevel columnalign width height depth notation minsize maxsize linebreak""",
    )
)
# A command that it does not know comes through as its name.
_COMMAND = "\\"


def as_mathml(latex: str, *, block: bool = False) -> str | None:
    """Return a formula as MathML, with its LaTeX for whoever copies or hears it; None where it cannot be drawn.

    Args:
        block: it stands on lines of its own.
    """
    latex = latex.strip()
    if not latex or len(latex) > MAX_FORMULA_CHARS:
        return None
    try:
        root = convert_to_element(latex, display="block" if block else "inline")
        inner = "".join(_written(root, 0))
    except Exception:  # it has errors of its own, and others where an argument is missing or a brace is open
        return None
    # What a formula says in words is its LaTeX: browsers read MathML aloud, and copy it, in ways that differ.
    display = ' display="block"' if block else ""
    return f'<math xmlns="{MATHML}"{display} alttext="{html.escape(latex)}">{inner}</math>'


def _written(element: ElementTree.Element, depth: int) -> Iterator[str]:
    """Write what stands in an element, at most `MAX_DEPTH` deep.

    Raises:
        ValueError: it is deeper, has an element that is not listed, or a command that is not known.
    """
    if depth > MAX_DEPTH:
        raise ValueError("too deep")
    text = html.unescape(element.text or "")
    if text.startswith(_COMMAND) and len(text) > 1:
        raise ValueError(f"not known: {text}")
    yield html.escape(text)
    for child in element:
        if child.tag not in ELEMENTS:
            raise ValueError(f"no element of a formula: {child.tag}")
        kept = "".join(f' {k}="{html.escape(v)}"' for k, v in child.attrib.items() if k in ATTRIBUTES)
        yield f"<{child.tag}{kept}>"
        yield from _written(child, depth + 1)
        yield f"</{child.tag}>"
        if child.tail:
            yield html.escape(html.unescape(child.tail))
