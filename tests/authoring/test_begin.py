"""A course begun by `kernelmark init` and an assignment added by `kernelmark new`: what they write, and what they leave."""

import ast
import contextlib
import errno
import json
import shutil
import subprocess
from pathlib import Path

import nbformat
import pytest
from nbgrader.nbgraderformat import MetadataValidatorV3

from kernelmark.__main__ import main
from kernelmark.authoring import begin, template
from kernelmark.errors import CourseError, StorageError
from kernelmark.notebook.contracts import contracts

FILES = {
    ".github/workflows/course.yml",
    ".gitignore",
    "README.md",
    "nbgrader_config.py",
    "source/01_first/first.ipynb",
}
NOTEBOOKS = ("source/01_first/first.ipynb", "source/02_count/count.ipynb")


def below(root: Path) -> dict[str, bytes]:
    """Return every file below a folder with what it holds."""
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course begun in a folder that was not there, with a second assignment; to be looked at only."""
    root = tmp_path_factory.mktemp("begun") / "above" / "heat 101+"
    begin.init(root)
    with contextlib.chdir(root):
        begin.new("02_count")
    return root


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new course, and the working folder in it."""
    begin.init(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


class TestInit:
    def test_says_what_it_wrote(self, tmp_path):
        """One line a file, all of them there, and the next command last."""
        *written, after = begin.init(tmp_path / "course")
        assert written == [f"written: {tmp_path / 'course' / name}" for name in below(tmp_path / "course")] or (
            {line.removeprefix(f"written: {tmp_path / 'course'}/") for line in written} == FILES
        )
        assert set(below(tmp_path / "course")) == FILES
        assert after.startswith("next: cd ")

    def test_names_the_course_by_its_folder(self, begun):
        """What a course's name may not hold is left out; the settings are Python and end in the one line."""
        config = (begun / "nbgrader_config.py").read_text()
        assert 'course_id = "heat_101"' in config
        assert ast.unparse(ast.parse(config).body[-1]) == "kernelmark.use(c)"

    def test_leaves_a_course_as_it_is(self, course):
        """A second run changes nothing and says so."""
        before = below(course)
        assert "nothing was changed" in begin.init(course)[0]
        assert below(course) == before

    @pytest.mark.parametrize("config", ["c = get_config()\n", "c = get_config()\n# kernelmark.use(c)\n"])
    def test_says_which_line_a_course_lacks(self, tmp_path, config):
        """A course of nbgrader's is told the line to add, a line in a comment does not count, and nothing is written."""
        (tmp_path / "nbgrader_config.py").write_text(config)
        assert begin.init(tmp_path)[-1] == "import kernelmark; kernelmark.use(c)"
        (tmp_path / "nbgrader_config.py").write_text(f"{config}{begin.LINE}\n")
        assert begin.LINE not in begin.init(tmp_path)
        assert set(below(tmp_path)) == {"nbgrader_config.py"}

    def test_takes_notebooks_for_a_course(self, tmp_path):
        """Where source/ has notebooks and settings are missing, it says what to write, and writes nothing."""
        (tmp_path / "source" / "ps1").mkdir(parents=True)
        (tmp_path / "source" / "ps1" / "problem1.ipynb").write_text("{}")
        assert begin.init(tmp_path)[-2:] == ["c = get_config()", begin.LINE]
        assert set(below(tmp_path)) == {"source/ps1/problem1.ipynb"}

    def test_keeps_files_that_are_there(self, tmp_path):
        """A repository with a README and a .gitignore of its own keeps both, and is told so."""
        (tmp_path / "README.md").write_text("mine")
        (tmp_path / ".gitignore").write_text("mine too")
        lines = begin.init(tmp_path)
        assert f"kept as it is: {tmp_path / 'README.md'}" in lines
        assert any("/submitted/" in line and "/.kernelmark/" in line for line in lines)
        assert below(tmp_path)["README.md"] == b"mine"
        assert below(tmp_path)[".gitignore"] == b"mine too"
        assert set(below(tmp_path)) == FILES

    def test_refuses_a_file(self, tmp_path, capsys):
        """A path that is a file is named, and the command fails."""
        (tmp_path / "notes").write_text("mine")
        assert main(["init", str(tmp_path / "notes")]) == 1
        assert "is a file; expected a folder" in capsys.readouterr().err

    def test_takes_back_what_it_began(self, tmp_path):
        """Where a file stands in the way of a folder, all that was written before is gone again, and what was there is not."""
        (tmp_path / ".github").write_text("mine")
        with pytest.raises(StorageError, match=r"\.github.*nothing was written"):
            begin.init(tmp_path)
        assert list(tmp_path.iterdir()) == [tmp_path / ".github"]

    def test_takes_back_a_file_that_was_cut_short(self, tmp_path):
        """A disk that is full in the middle of a file leaves neither the file nor the folders made for it."""
        if not Path("/dev/full").exists():
            pytest.skip("no /dev/full here")
        done = _init_with_files_of_at_most(4096, tmp_path / "course")
        assert done.returncode == 1, done.stdout
        assert "nothing was written" in done.stderr
        assert os_error(errno.EFBIG) in done.stderr
        assert list(tmp_path.iterdir()) == []


def os_error(number: int) -> str:
    import os

    return os.strerror(number)
