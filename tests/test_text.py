"""Words of somebody else's, made to show."""

import pytest

from kernelmark.text import visible, words_of_pattern


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


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("shape", "'shape'"),
        ("2, 3.*4, 5", "'2, 3' and then '4, 5'"),
        ("2, 3.*3, 2|3, 2.*2, 3", "'2, 3' and then '3, 2' or '3, 2' and then '2, 3'"),
        (r"\(3,\)", "'(3,)'"),
        ("(?i)seed", "'seed'"),
        (r"no\s+such [a-z]+ here", "'no' and then 'such' and then 'here'"),
        (r"0\.5 of", "'0.5 of'"),
        (r"\d+", "something else"),
    ],
)
def test_a_pattern_is_said_by_the_words_that_it_looks_for(pattern: str, words: str):
    """A student reads words, no regular expression."""
    assert words_of_pattern(pattern) == words
