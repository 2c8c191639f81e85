"""The page on the architecture: its picture is the table of imports, and the rooms that it names are there."""

import re

import pytest

from tests.floor_plan import PICTURE, picture
from tests.test_imports import FLOORS, PACKAGE, ROOMS

PAGE = PACKAGE.parent / "docs" / "architecture.md"


def test_picture_is_current():
    """`make docs` would draw what is committed."""
    assert PICTURE.read_text(encoding="utf-8") == picture()


def test_page_tells_of_every_folder():
    """Whoever opens `kernelmark/` finds each folder and file of it on the page."""
    text = PAGE.read_text(encoding="utf-8")
    for name in {name for floor in FLOORS for name in floor} - {"autograde", "__main__"}:
        assert f"`{name}/`" in text or f"`{name}.py`" in text, name


@pytest.mark.parametrize("folder", sorted({room.partition(".")[0] for room in ROOMS if "." in room}))
def test_rooms_that_it_names_are_there(folder):
    """A room, or a name in a room, that was moved or renamed moves on the page too."""
    for room, name in re.findall(rf"`{folder}[./](\w+)(?:\.py)?(?:\.(\w+))?`", PAGE.read_text(encoding="utf-8")):
        path = PACKAGE / folder / f"{room}.py"
        assert path.is_file(), f"{folder}.{room}"
        assert not name or re.search(rf"^(class|def) {name}\b", path.read_text(encoding="utf-8"), re.MULTILINE), name


def test_files_that_it_names_are_there():
    """Paths below tests/ and docs/ lead somewhere."""
    for path in re.findall(r"`((?:tests|docs|source)/[\w/.]+)`", PAGE.read_text(encoding="utf-8")):
        assert (PACKAGE.parent / path.removesuffix("NAME/")).exists(), path
