"""Names that nbgrader would take for patterns, or could not write down; files of the course that are left out."""

import io
import json
import os
import subprocess
from pathlib import Path

import nbformat
import pytest

from kernelmark.__main__ import main
from kernelmark.course.places import literal_glob
from kernelmark.notebook.intake import own_files, told
from kernelmark.records import CellResult, Machine, SubmissionResult
from kernelmark.whole_class.progress import Progress
from tests import small_course
from tests.course.test_nbgrader import nbgrader, scores
from tests.launcher import LAUNCHER
from tests.small_course import solved


def kernelmark(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return LAUNCHER.completed(root, "kernelmark", *words)


def hand_in(root: Path, student: str, name: str = "short.ipynb") -> None:
    folder = os.fsencode(root / "submitted") + b"/" + os.fsencode(student) + b"/short"
    os.makedirs(folder)
    Path(os.fsdecode(folder), name).write_text(nbformat.writes(solved()))


def test_brackets_are_brackets_where_there_are_such_names(tmp_path: Path):
    """And a pattern where there are none, as nbgrader's --student takes one."""
    for name in ("a[1]", "a1", "b"):
        (tmp_path / name).mkdir()
    assert literal_glob(f"{tmp_path}/a[1]") == [f"{tmp_path}/a[1]"]
    assert literal_glob(f"{tmp_path}/[ab]") == [f"{tmp_path}/b"]


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course below brackets, with a student in brackets, one of no UTF-8, one of signs, one without a notebook."""
    root = small_course.write_course(tmp_path_factory.mktemp("x") / "[2026] course")
    nbgrader(root, "generate_assignment", "short")
    for student in ("ann [b]", "bad\udcff", "esc\x1b[2J\u202e"):
        hand_in(root, student)
    hand_in(root, "named", "short.txt")
    return root


def test_both_commands_grade_a_class_of_odd_names(odd: Path):
    """All that have a name are graded; the other is told, and the command fails; nothing odd reaches the terminal."""
    done = kernelmark(odd, "autograde", "short")
    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    assert r"bad\xff: not graded: the name of its folder is no UTF-8" in said
    assert "Traceback" not in said
    assert scores(odd) == {"ann [b]": 8.0, "esc\x1b[2J\u202e": 8.0, "named": 0.0}
    assert "look: No short.ipynb was handed in. 'short.txt' holds work" in said
    assert r"esc\x1b[2J\u202e/short" in said
    report = kernelmark(odd, "report", "short").stdout + (odd / "reports" / "short.html").read_text()
    assert r"esc\x1b[2J\u202e" in report
    said += nbgrader(odd, "autograde", "short", "--force") + report
    assert "'short.txt' holds work on this notebook" in said
    assert "\x1b[2J" not in said
    assert "\u202e" not in said


def test_progress_counts_submissions():
    """Two notebooks of an assignment are one of those that are to be graded."""
    out = io.StringIO()
    progress = Progress(Path(os.devnull), out=out)
    progress.begin(2, skipped=0)
    cell = CellResult("a", "pass", 1.0, 1.0, "", "", "", 0.0)
    for student in ("ann", "bob"):
        for name in ("one", "two"):
            made = SubmissionResult("x", name, student, "", "", (cell,), Machine("", 1, "", "", 1), 1.0, 1.0)
            progress.graded(made, "", last=name == "two")
    progress.end()
    lines = out.getvalue().split("\n")
    assert [line.split(" ")[0] for line in lines[1:5]] == ["1/2", "1/2", "2/2", "2/2"]
    assert "-" not in lines[3] + lines[4]
    assert lines[5].startswith("2 graded")


class TestOwnFiles:
    def test_what_is_left_out_has_its_reason(self, tmp_path: Path):
        """Links, pipes, and what is more than the setting; not notebooks, nor what Python leaves."""
        for name in ("a.csv", "b.csv", "c.csv", "short.ipynb"):
            (tmp_path / name).touch()
        (tmp_path / "__pycache__").mkdir()
        (tmp_path / "data").symlink_to("/usr")
        os.mkfifo(tmp_path / "pipe")
        found, left_out = own_files(tmp_path, 2)
        assert set(found) == {"a.csv", "b.csv"}
        assert set(left_out) == {"c.csv", "data", "pipe"}
        assert "c.Kernelmark.course_file_limit" in told(left_out)
        assert "'data' (a link" in told(left_out)

    def test_the_run_staff_and_doctor_name_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ):
        """A test that needs linked data marks nobody, and says why; the limit is a setting."""
        source = small_course.notebook()
        source.cells[3].source += "\nassert open('data/v.csv').read()"
        root = small_course.write_course(tmp_path, source)
        (root / "big").mkdir()
        (root / "big" / "v.csv").write_text("1")
        for name in ("x.txt", "y.txt"):
            (root / "source" / "short" / name).touch()
        (root / "source" / "short" / "data").symlink_to(root / "big")
        with (root / "nbgrader_config.py").open("a") as config:
            config.write("\nc.Kernelmark.course_file_limit = 1\n")
        nbgrader(root, "generate_assignment", "short")
        hand_in(root, "ann")
        said = kernelmark(root, "autograde", "short")
        assert "'data' (a link" in said.stderr
        assert "'y.txt' (more than 1 files" in said.stderr
        record = json.loads((root / ".kernelmark" / "short" / "ann" / "short.json").read_text())
        (cell,) = [cell for cell in record["cells"] if cell["grade_id"] == "add_small"]
        assert cell["points"] is None
        assert "Left out, of the course's files: 'data' (a link" in cell["staff"]
        monkeypatch.chdir(root)
        capsys.readouterr()
        assert main(["doctor"]) == 0
        doctor = capsys.readouterr().out
        assert "course_file_limit = 1" in doctor
        assert "left out     of source/short: 'data' (a link" in doctor
