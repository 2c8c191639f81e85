"""What is read of a submission's folder: plain files, within bounds; and nbgrader copies no more than that."""

import json
import os
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from kernelmark.course.resume import folder_sha256
from kernelmark.errors import SubmissionError
from kernelmark.notebook import intake
from kernelmark.referee import grading
from tests import small_course
from tests.course.test_nbgrader import generated as generated  # a fixture
from tests.course.test_nbgrader import nbgrader, scores
from tests.small_course import ADD, MARKER, solved


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as handed in, with one plain file."""
    made = tmp_path / "handed in"
    made.mkdir()
    (made / "plain.txt").write_text("plain")
    return made


def refused(folder: Path) -> dict[str, str]:
    return intake.look(folder).left_out


@pytest.fixture
def deep() -> Iterator[Path]:
    """Folders in folders, deeper than Python may recurse; not where pytest would try to remove them itself."""
    made = tempfile.mkdtemp(prefix="kernelmark-deep-")
    try:
        here = os.open(made, os.O_RDONLY)
        for _ in range(2200):
            os.mkdir("d", dir_fd=here)
            below = os.open("d", os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = below
        os.close(here)
        yield Path(made)
    finally:
        subprocess.run(["rm", "-rf", made], check=True)


class TestLook:
    def test_plain_files_of_folders_are_read(self, folder: Path):
        """A helper module and a data file are there, with their sizes; what Python leaves is not."""
        for name in ("helper.py", "data/a.csv", "data/deep/b.csv", "__pycache__/helper.pyc"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text("12345")
        assert intake.look(folder).files == {"plain.txt": 5, "helper.py": 5, "data/a.csv": 5, "data/deep/b.csv": 5}
        assert refused(folder) == {}

    def test_links_of_both_kinds_are_left_out(self, folder: Path):
        """Neither a soft link, to a file or a folder, nor a hard link is followed, at any depth."""
        secret = folder.parent / "secret.txt"
        secret.write_text("secret")
        (folder / "data").mkdir()
        for place in (folder, folder / "data"):
            (place / "soft").symlink_to(secret)
            (place / "above").symlink_to("..")
            os.link(secret, place / "hard")
        assert intake.look(folder).files == {"plain.txt": 5}
        assert set(refused(folder)) == {f"{at}{name}" for at in ("", "data/") for name in ("soft", "above", "hard")}

    def test_pipes_and_sockets_are_left_out(self, folder: Path):
        """What would block a reader, or talk to somebody, is not opened."""
        os.mkfifo(folder / "pipe")
        with socket.socket(socket.AF_UNIX) as line:
            line.bind(os.path.relpath(folder / "line"))
        assert set(refused(folder)) == {"pipe", "line"}

    def test_a_sparse_file_counts_as_large_as_it_says(self, folder: Path):
        """A terabyte of holes is left out, and what is beside it stays."""
        with open(folder / "huge", "wb") as file:
            file.truncate(2**40)
        assert intake.look(folder).size_bytes == 5
        assert set(refused(folder)) == {"huge"}

    def test_depth_is_bounded_without_recursion(self, deep: Path):
        """Folders without bottom end the walk, not the grader; nor the look at what has changed."""
        assert list(refused(deep)) == ["/".join("d" * (intake.MAX_DEPTH + 1))]
        assert folder_sha256(deep)[1] == 0

    def test_count_is_bounded_and_notebooks_come_first(self, folder: Path, monkeypatch: pytest.MonkeyPatch):
        """Whatever else is handed in, a change of the notebook is seen."""
        monkeypatch.setattr(intake, "MAX_ENTRIES", 50)
        for number in range(80):
            (folder / f"a{number}").touch()
        (folder / "work.ipynb").touch()
        found = intake.look(folder)
        assert len(found.files) == 50
        assert "work.ipynb" in found.files

    def test_the_folder_itself_may_be_no_link(self, folder: Path):
        """A student's folder that leads to a classmate's is empty."""
        link = folder.parent / "link"
        link.symlink_to(folder)
        assert intake.look(link).files == {}
        (folder / "work.ipynb").write_text("{}")
        with pytest.raises(SubmissionError, match="is a link"):
            intake.read(link / "work.ipynb", 100)


class TestRead:
    @pytest.mark.parametrize("kind", ["soft", "hard", "pipe", "folder", "large", "missing"])
    def test_reads_plain_files_only(self, folder: Path, kind: str):
        """Anything else is refused with the reason, and a pipe does not hang."""
        path, target = folder / "work.ipynb", folder.parent / "target"
        target.write_text("{}")
        make = {
            "soft": lambda: path.symlink_to(target),
            "hard": lambda: os.link(target, path),
            "pipe": lambda: os.mkfifo(path),
            "folder": path.mkdir,
            "large": lambda: path.write_text("x" * 101),
            "missing": lambda: None,
        }
        make[kind]()
        with pytest.raises(SubmissionError, match=r"work\.ipynb|has 101 bytes"):
            intake.read(path, 100)


class TestShown:
    def test_a_folder_is_shown_whole_or_not_at_all(self, folder: Path):
        """A folder that holds a hard link is not shown; one that holds a soft one is, which leads nowhere inside."""
        for name in ("good", "soft", "hard"):
            (folder / name).mkdir()
            (folder / name / "data.csv").touch()
        (folder / "soft" / "link").symlink_to("/etc/passwd")
        os.link(folder / "plain.txt", folder / "hard" / "plain.txt")
        assert set(intake.shown(folder)) == {"good", "soft"}


class TestTimestamp:
    @pytest.mark.parametrize("text", ["", "yesterday", "9" * 30, "0001-01-01 00:00:00 +9999", "\x00", "x" * 9999])
    def test_nonsense_is_no_time(self, folder: Path, text: str):
        """What does not say when is not believed, and stops nothing."""
        (folder / "timestamp.txt").write_text(text)
        assert intake.timestamp(str(folder)) is None

    def test_a_time_is_one(self, folder: Path):
        """What nbgrader writes is read."""
        (folder / "timestamp.txt").write_text("2026-11-20 10:00:00 UTC\n")
        said = intake.timestamp(str(folder))
        assert said is not None
        assert (said.year, said.hour) == (2026, 10)

    def test_a_pipe_does_not_hang(self, folder: Path):
        """nbgrader would wait for ever, and with it the class."""
        os.mkfifo(folder / "timestamp.txt")
        assert intake.timestamp(str(folder)) is None


@pytest.fixture(scope="module")
def graded(generated: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A class of odd folders, graded once by `nbgrader autograde`, with feedback."""
    root = tmp_path_factory.mktemp("odd")
    subprocess.run(["cp", "-a", f"{generated}/.", str(root)], check=True)
    small_course.write_config(root)
    for student in ("linked", "missing", "pages", "piped", "renamed", "zoe"):
        (root / "submitted" / student / "short").mkdir(parents=True)

    def hand_in(student: str, name: str = "short.ipynb", **cells: str) -> Path:
        folder = root / "submitted" / student / "short"
        (folder / name).write_text(nbformat.writes(solved(**cells)))
        return folder

    hand_in("zoe")
    hand_in("renamed", "short (1).ipynb")
    (hand_in("missing") / "short.ipynb").unlink()
    link = root / "submitted" / "linked" / "short"
    (link / "short.ipynb").symlink_to("../../zoe/short/short.ipynb")
    for name in ("notes.txt", "short2.html"):
        (link / name).symlink_to("../../../source/short/short.ipynb")
    (link / "short2.ipynb").write_text("{}")
    os.link(root / "gradebook.db", link / "marks.txt")
    page = hand_in("pages", add="assert 'steal' in open('page.html').read()\n" + ADD)
    for name in ("page.html", "drawing.svg", "PAGE.XHTML", "page.txt.htm", "page", "\x1b[2J.txt"):
        (page / name).write_text("<script>steal()</script>")
    (page / "data.csv").write_text("1,2\n")
    os.mkfifo(hand_in("piped") / "timestamp.txt")
    with open(page.parent.parent / "piped" / "short" / "huge.txt", "wb") as file:
        file.truncate(2**40)
    nbgrader(root, "autograde", "short")
    return root


class TestClass:
    def test_marks_are_those_of_the_own_work(self, graded: Path):
        """A link to a classmate's notebook earns nothing, a renamed one all, and nobody stops the class."""
        full = {student: 8.0 for student in ("pages", "piped", "renamed", "zoe")}
        assert scores(graded) == {**full, "linked": 0.0, "missing": 0.0}

    def test_links_are_not_copied(self, graded: Path):
        """Nothing of the course's ends in a folder that is shown, or returned, to a student."""
        kept = {path.name for path in (graded / "autograded" / "linked" / "short").iterdir()}
        assert kept == {"short.ipynb"}
        assert MARKER in (graded / "source" / "short" / "short.ipynb").read_text()

    def test_no_page_stands_where_formgrader_serves_it(self, graded: Path):
        """A page of a student's is shown to the notebook, and not to the instructor's browser."""
        kept = {path.name for path in (graded / "autograded" / "pages" / "short").iterdir()}
        assert kept == {"short.ipynb", "data.csv"}

    def test_the_student_reads_what_was_left_out(self, graded: Path):
        """The head of the graded notebook names the links and the file that is too large."""
        heads = {}
        for student in ("linked", "missing", "piped", "renamed"):
            path = graded / "autograded" / student / "short" / "short.ipynb"
            heads[student] = "".join(json.loads(path.read_text())["cells"][0]["source"])
        assert "short.ipynb is a link and was not read" in heads["linked"]
        assert "No short.ipynb was handed in" in heads["missing"]
        assert "huge.txt" in heads["piped"]
        assert "was taken for short.ipynb" in heads["renamed"]

    def test_running_again_grades_nobody_again(self, graded: Path):
        """A renamed, missing or linked notebook is done like any other."""
        book = Gradebook(f"sqlite:///{graded / 'gradebook.db'}")
        with book:
            before = {s.student.id: s.timestamp for s in book.assignment_submissions("short")}
        said = nbgrader(graded, "autograde", "short")
        assert said.count("Skipping existing assignment") == len(before)


class TestGrade:
    def test_without_nbgrader_the_same_holds(self, tmp_path: Path):
        """`kernelmark grade` reads no link either."""
        (tmp_path / "source").mkdir()
        (tmp_path / "work").mkdir()
        source = tmp_path / "source" / "short.ipynb"
        nbformat.write(small_course.notebook(), source)
        (tmp_path / "work" / "short.ipynb").symlink_to(source)
        result = grading.grade(source, tmp_path / "work" / "short.ipynb")
        assert sum(cell.points or 0.0 for cell in result.cells) == 0
        assert "is a link" in result.notes[0]
