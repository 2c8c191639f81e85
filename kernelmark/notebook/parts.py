"""The parts of a notebook: which heading each cell stands under.

`## Part C: Blocks (12 points)` begins part C; another heading of this level ends it. It reads
headings, and nothing else of a cell.
"""

import re
from collections.abc import Sequence

from nbformat.notebooknode import NotebookNode

_PART = re.compile(r"^##\s+Part\s+(\w+)\b:?\s*(.*?)\s*(?:\(.*\))?\s*$", re.MULTILINE)
_POINTS = re.compile(r"\s*\(\d+ points?\)\s*$")


def parts_of(cells: Sequence[NotebookNode]) -> list[tuple[str, str]]:
    """Return the letter and the heading of the part that each cell stands in; "" for what stands in none."""
    now, found = ("", ""), []
    for cell in cells:
        if cell.cell_type == "markdown" and (match := _PART.search(cell.source)):
            now = (match[1].upper(), f"Part {match[1]}: {match[2]}")
        elif cell.cell_type == "markdown" and cell.source.startswith("## "):
            now = ("", _POINTS.sub("", cell.source.split("\n")[0].lstrip("# ")))
        found.append(now)
    return found
