"""The page "Your first assignment": its commands, run as they stand there, from an empty folder to a graded class."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

PAGE = Path(__file__).resolve().parents[2] / "docs" / "book" / "first.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BY_HAND = "# by hand: "


@dataclass
class Step:
    """A block of commands that was run: what it printed, what the page says of that, which files lay where then."""

    commands: str
    printed: str
    said: str
    files: set[str]
    folder: Path


def blocks() -> list[tuple[str, str]]:
    """Return the page's blocks in order, each with its language."""
    return BLOCK.findall(PAGE.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> list[Step]:
    """Run the page in an empty folder, one block after the other, each where the last one ended."""
    top = here = tmp_path_factory.mktemp("page")
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done: list[Step] = []
    for language, text in blocks():
        if language == "text":
            done[-1].said = text
        elif not text.startswith(BY_HAND):
            command = ["bash", "-euo", "pipefail", "-c", f"{text}\npwd > {top / 'where'}"]
            ran = subprocess.run(command, cwd=here, env=environment, capture_output=True, text=True, check=False)
            assert ran.returncode == 0, f"{text}\n{ran.stdout}\n{ran.stderr}"
            here = Path((top / "where").read_text().strip())
            files = {str(path.relative_to(here)) for path in here.rglob("*") if path.is_file()}
            done.append(Step(text, ran.stdout, "", files, here))
    return done


def step(steps: list[Step], word: str) -> Step:
    (found,) = (one for one in steps if word in one.commands)
    return found


class TestBlocks:
    def test_are_commands_or_what_they_print(self):
        """Every block is one or the other, so that none is left out by a slip."""
        assert {language for language, _ in blocks()} == {"bash", "text"}

    def test_by_hand_are_few(self):
        """Installing and a browser: nothing else is left untried, and each says why."""
        by_hand = [text for _, text in blocks() if text.startswith(BY_HAND)]
        assert len(by_hand) <= 2
        assert all(len(text.split("\n")[0]) > len(BY_HAND) for text in by_hand)


@pytest.mark.slow
class TestPage:
    def test_prints_what_it_says(self, steps):
        """Each line that the page shows is the beginning of one that the commands above it print, spaces aside."""
        assert any(one.said for one in steps)
        for one in steps:
            printed = [line.split() for line in one.printed.split("\n")]
            for line in one.said.strip("\n").split("\n"):
                words = line.split()
                assert any(words == found[: len(words)] for found in printed), f"{line}\n{one.printed}"

    def test_grades_the_class(self, steps):
        """The own solution has all 12 points that tests give, the untouched release none; 8 wait for a person."""
        rows = [line.split()[:4] for line in step(steps, "kernelmark report").printed.split("\n")]
        assert ["solved", "12", "20", "2"] in rows
        assert ["untouched", "0", "20", "0"] in rows

    def test_releases_nothing_hidden(self, steps):
        """No solution, hidden test or scheme is in the release; both students get a page, and staff one."""
        release = (steps[-1].folder / "release/01_first/first.ipynb").read_text()
        assert "YOUR CODE HERE" in release
        for hidden in ("X * X", "BEGIN", "HIDDEN", "17 rows", "SCHEME", "A model answer"):
            assert hidden not in release
        pages = {f"feedback/{student}/01_first/first.html" for student in ("solved", "untouched")}
        assert pages | {"reports/01_first.html"} <= step(steps, "generate_feedback").files

    def test_takes_the_rehearsal_out_again(self, steps):
        """Neither a file nor a record of the two students stays, and the next assignment is made and released."""
        left = step(steps, "student remove").files
        assert not {name for name in left if "/solved/" in name or "/untouched/" in name}
        with Gradebook(f"sqlite:///{steps[-1].folder / 'gradebook.db'}") as book:
            assert book.students == []
        assert {"source/02_count/count.ipynb", "release/02_count/count.ipynb"} <= steps[-1].files
