"""Words of somebody else's, made to show."""

import pytest

from kernelmark.text import visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ünïcode 日本 a\u00a0b\u3000c", "Ünïcode 日本 a\u00a0b\u3000c"),
        ("a\x1b[2Jb\x07\x9b", "a\\x1b[2Jb\\x07\\x9b"),
        ("\u202egpj.\u2066x\u200f", "\\u202egpj.\\u2066x\\u200f"),
        ("b\udcff", "b\\xff"),
        ("half \ud800", "half \\ud800"),
        ("\ufeff\u2028", "\\ufeff\\u2028"),
        ("\U000e0001", "\\U000e0001"),
    ],
)
def test_what_would_not_show_is_written_out(text: str, shown: str):
    """Escapes, marks of direction, bytes that are no UTF-8, half characters; letters of any language stay."""
    assert visible(text) == shown
    assert visible(text, lines=False).encode()


def test_a_name_has_no_lines():
    """The ends of lines stand in prose only."""
    assert visible("a\n\tb") == "a\n\tb"
    assert visible("a\n\tb\r", lines=False) == "a\\n\\tb\\r"
