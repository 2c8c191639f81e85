"""The course's site: every assignment as students get it, readable without a network."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from kernelmark import checks, lab
from kernelmark.__main__ import parser
from kernelmark.course.settings import Kernelmark
from tests.sample_class import ROOT

RELEASED = sorted((ROOT / "release").glob("*/*.ipynb"))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Builds the site; a warning of the builder, such as a broken link, fails it."""
    out = tmp_path_factory.mktemp("book")
    done = subprocess.run(
        [ROOT / "scripts" / "book", Path(sys.prefix), out / "book"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return out / "book" / "html"


class Loads(HTMLParser):
    """The addresses that a page loads by itself."""

    def __init__(self, text: str):
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag loads; a link that a reader may follow loads nothing."""
        self.found += [value or "" for name, value in attrs if name == "src" or (tag == "link" and name == "href")]


@pytest.mark.parametrize("path", RELEASED, ids=lambda path: path.parent.name)
def test_every_assignment_has_a_page_without_solutions(site: Path, path: Path):
    """The page is made of the release: it has the places to fill in, and no marker of a solution."""
    page = (site / "notebooks" / path.parent.name / f"{path.stem}.html").read_text()
    text = re.sub(r"<[^>]+>", "", page)
    assert "NotImplementedError" in text
    assert "BEGIN SOLUTION" not in text
    assert "MARK SCHEME" not in text


def test_guides_are_there(site: Path):
    """Syllabus and schedule, and a page each for students, instructors and assistants."""
    assert "Schedule" in (site / "index.html").read_text()
    assert all((site / f"{name}.html").is_file() for name in ("students", "instructors", "assistants"))


def test_reference_pages_are_made_of_the_program(site: Path):
    """Every command, every setting and every word of a test cell has its entry."""
    pages = {name: (site / f"{name}.html").read_text() for name in ("commands", "settings", "checks")}
    commands = next(action.choices for action in parser()._actions if isinstance(action.choices, dict))
    assert [name for name in commands if f'id="kernelmark-{name}"' not in pages["commands"]] == []
    assert [
        name for name in Kernelmark.class_own_traits(config=True) if f"Kernelmark.{name}" not in pages["settings"]
    ] == []
    assert [name for name in [*checks.__all__, *lab.__all__] if name not in pages["checks"]] == []


def test_no_page_loads_anything_from_elsewhere(site: Path):
    """Scripts, styles, fonts and pictures are files of the site."""
    pages = [*site.glob("*.html"), *site.glob("notebooks/**/*.html")]
    remote = {u for page in pages for u in Loads(page.read_text()).found if re.match(r"(?:https?:)?//", u)}
    assert remote == set()
