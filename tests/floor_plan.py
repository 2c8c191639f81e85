"""The floors of the package as a picture, drawn from the tables that hold its imports: `make docs`.

    python -m tests.floor_plan

writes docs/architecture.svg. A test says whether the file is current.
"""

import textwrap
from html import escape
from pathlib import Path

from tests.test_imports import FLOORS, PACKAGE, ROOMS, folder_of

PICTURE = PACKAGE.parent / "docs" / "architecture.svg"
WIDTH_PX, LABEL_PX, GAP_PX, LINE_PX = 1000, 34, 10, 17
# Characters of 12 px text that fit into a hundred pixels.
CHARS_PER_100_PX = 14.5
# A file of before that holds nothing but a message is no part of the house.
LEFT_OUT = {"autograde"}


def picture() -> str:
    """Return the picture as SVG: a band for each floor, in it a box for each folder with its rooms."""
    parts: list[str] = []
    top = GAP_PX
    for number, floor in sorted(enumerate(FLOORS, 1), reverse=True):
        folders = [name for name in floor if name not in LEFT_OUT]
        width = (WIDTH_PX - LABEL_PX - GAP_PX * len(folders)) // len(folders)
        boxes = [lines_of(name, floor[name], width) for name in folders]
        height = LINE_PX * max(map(len, boxes)) + 14
        parts.append(text(GAP_PX, top + 22, str(number), 'font-weight="bold" fill="#555"'))
        for at, lines in enumerate(boxes):
            left = LABEL_PX + at * (width + GAP_PX)
            parts.append(
                f'<rect x="{left}" y="{top}" width="{width}" height="{height}" rx="4" fill="#f4f6fa" stroke="#1f4e8c"/>'
            )
            for row, (words, style) in enumerate(lines):
                parts.append(text(left + 10, top + 20 + row * LINE_PX, words, style))
        top += height + GAP_PX
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH_PX}" height="{top}" viewBox="0 0 {WIDTH_PX} {top}" '
        'font-family="sans-serif" font-size="12" role="img">'
        "<title>The floors of kernelmark/: each folder with its rooms and what it imports of the floors below</title>"
        f'<rect width="{WIDTH_PX}" height="{top}" fill="white"/>'
    )
    return "\n".join([head, *parts, "</svg>\n"])


def lines_of(folder: str, imports: str, width_px: int) -> list[tuple[str, str]]:
    """Return the lines of a folder's box, each with its style: the name, the rooms, what it imports."""
    rooms = [room.partition(".")[2] for room in ROOMS if folder_of(room) == folder and "." in room]
    name = f"{folder}/" if (PACKAGE / folder).is_dir() else f"{folder}.py"
    if folder == "lab":
        rooms = sorted(path.stem for path in (PACKAGE / "lab").glob("[!_]*.py"))
    used = "everything below" if imports == "..." else ", ".join(imports.split()) or "nothing of the package"
    columns = int((width_px - 20) * CHARS_PER_100_PX / 100)
    lines = [(name, 'font-weight="bold" font-size="14"')]
    lines += [(line, "") for line in textwrap.wrap(" · ".join(rooms), columns)]
    return lines + [(line, 'fill="#555" font-style="italic"') for line in textwrap.wrap(f"imports {used}", columns)]


def text(x: int, y: int, words: str, style: str) -> str:
    return f'<text x="{x}" y="{y}" {style}>{escape(words)}</text>'


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
    print(f"written: {PICTURE.relative_to(Path.cwd())}")
