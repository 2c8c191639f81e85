"""Text of somebody else's for a terminal, a log or a page: what would not show as itself is written out.

A terminal obeys control characters, a right-to-left mark turns the words behind it round, and a name of bytes that
are no UTF-8 cannot be printed at all; a spreadsheet computes what begins like a formula. It does not escape markup;
`notebook.page` does. A regular expression is said by the words that it looks for.
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


def words_of_pattern(pattern: str) -> str:
    r"""Return what a regular expression looks for, in words: `'2, 3' and then '4, 5'` for `2, 3.*4, 5`.

    What it leaves open, a class of characters or a repetition, separates words; it is not said.
    """
    ways = ["\0"]
    for found in _PIECE.finditer(pattern):
        piece = found[0]
        if piece == "|":
            ways.append("\0")
        elif found["escaped"]:
            ways[-1] += found["escaped"]
        elif found["literal"]:
            ways[-1] += piece
        elif piece[0] not in "^$()":
            ways[-1] += "\0"
    words = [[repr(word.strip()) for word in way.split("\0") if word.strip()] for way in ways]
    told = dict.fromkeys(" and then ".join(way) for way in words if way)
    return " or ".join(told) or "something else"


# In this order: an escaped character with what may repeat it, groups' heads, classes, and plain characters.
_PIECE = re.compile(
    r"\\(?P<escaped>[^\w])(?![*+?{])|\\.[*+?]?|\((?:\?(?:[:=!]|<[=!]|P<\w+>|[a-zA-Z]+\)))?|\)|\||[\^$]"
    r"|\[\^?\]?[^\]]*\][*+?]?|\{[\d,]*\}|[*+?]|.[*?]\??|\.\+\??|(?P<literal>.)",
    re.DOTALL,
)


def _shows(char: str) -> bool:
    # A space of another width is no printable character to Python.
    return char.isprintable() or unicodedata.category(char) == "Zs"


def _written_out(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a file's name, as Python reads one that is no UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return char.encode("unicode_escape", "surrogatepass").decode() if not 0xD800 <= code < 0xE000 else f"\\u{code:04x}"
