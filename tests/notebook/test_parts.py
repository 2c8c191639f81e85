"""Which part of a notebook a cell stands in."""

from nbformat.v4 import new_code_cell, new_markdown_cell

from kernelmark.notebook.parts import parts_of


def test_headings_begin_and_end_parts():
    """A part has a letter and a heading without its points; another heading of its level is no part, and ends it."""
    cells = [
        new_markdown_cell("# A title"),
        new_markdown_cell("## Part b: Blocks (12 points)\n\nText."),
        new_code_cell("## Part Z: a comment"),
        new_markdown_cell("### Not a part"),
        new_markdown_cell("## M1: Why? (8 points)"),
    ]
    part = ("B", "Part b: Blocks")
    assert parts_of(cells) == [("", ""), part, part, part, ("", "M1: Why?")]
