"""Contracts: what a notebook promises of a function, item by item, and the tests that hold each item.

A contract is the list below a paragraph that begins with `**Contract` in a text cell. Which tests hold an item stands
in the cell's metadata, as `{"kernelmark": {"contract": [["grade_id", ...], ...]}}`: a list for each item, in order, so
that the prose stays prose. It judges nothing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from nbformat.notebooknode import NotebookNode

_BEGINS = re.compile(r"\*\*Contract\b")
# A paragraph with a bold head of its own, or a heading, ends the contract.
_ENDS = re.compile(r"\*\*(?!Contract\b)[A-Z]|#{1,6} ")
_ITEM = re.compile(r"[*+-] +(?=\S)|\d+[.)] +(?=\S)")


@dataclass(frozen=True)
class Item:
    """One item of a contract.

    Attributes:
        cell: the number of its cell in the notebook, from 0.
        line: the line in the cell where it begins, from 1.
        text: what it says, on one line.
        tests: the grade ids that the metadata names for it; none where it names none.
    """

    cell: int
    line: int
    text: str
    tests: tuple[str, ...]


def contracts(notebook: NotebookNode) -> Iterator[tuple[int, list[Item], int]]:
    """Yield each text cell with a contract: its number, its items, and for how many items its metadata names tests.

    The last is -1 where the metadata says nothing, or nothing that is a list of lists of names.
    """
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type != "markdown":
            continue
        found = list(_items(cell.source))
        if not found:
            continue
        named = cell.metadata.get("kernelmark", {}).get("contract")
        sound = isinstance(named, list) and all(
            isinstance(ids, list) and all(isinstance(name, str) for name in ids) for ids in named
        )
        tests = [tuple(ids) for ids in named] if sound else []
        items = [
            Item(number, line, text, tests[at] if at < len(tests) else ()) for at, (line, text) in enumerate(found)
        ]
        yield number, items, len(tests) if sound else -1


def _items(source: str) -> Iterator[tuple[int, str]]:
    """Yield the line and text of each item of the contracts of a cell, nested items within their own."""
    inside, begun, words = False, 0, list[str]()
    before = ""
    for number, line in enumerate([*source.split("\n"), ""], 1):
        head = not before.strip()
        before = line
        starts = _ITEM.match(line) is not None
        if begun and (
            starts or (line.strip() and not line.startswith(" ") and head) or number > source.count("\n") + 1
        ):
            yield begun, " ".join(words)
            begun, words = 0, []
        if head and _BEGINS.match(line):
            inside = True
        elif head and _ENDS.match(line):
            inside = False
        if inside and starts:
            begun, words = number, [_ITEM.sub("", line, count=1).strip()]
        elif begun and line.strip():
            words.append(line.strip())
