"""Text of somebody else's for a terminal, a log or a page: what would not show as itself is written out.

A terminal obeys control characters, a right-to-left mark turns the words behind it round, and a name of bytes that
are no UTF-8 cannot be printed at all; a spreadsheet computes what begins like a formula. It does not escape markup;
`notebook.page` does.
"""

import re
import unicodedata
from typing import Any

# What begins a formula in one spreadsheet or another, full-width forms included; and a field begins
# anew after a character that some settings take for the end of one.
_FORMULA = re.compile(r"(^|[;,|\"])(\s*[=+\-@＝＋－＠])")


def visible(text: str, *, lines: bool = True) -> str:
    r"""Return text in which every character shows: `\x1b`, `\u202e`, or `\xff` for a byte that is no UTF-8.

    Args:
        lines: let the ends of lines and tabs stand; a name has none.
    """
    if text.isprintable():
        return text
    return "".join(c if _shows(c) or (lines and c in "\n\t") else _written_out(c) for c in text)


def field(value: Any) -> str:
    """Return a value as the text of one field that no spreadsheet computes."""
    if isinstance(value, float | int):
        return str(value)
    text = "".join(c if c.isprintable() else " " for c in str("" if value is None else value))
    return _FORMULA.sub(r"\1'\2", text)


def _shows(char: str) -> bool:
    # A space of another width is no printable character to Python.
    return char.isprintable() or unicodedata.category(char) == "Zs"


def _written_out(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a file's name, as Python reads one that is no UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return char.encode("unicode_escape", "surrogatepass").decode() if not 0xD800 <= code < 0xE000 else f"\\u{code:04x}"
