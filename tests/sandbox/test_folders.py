"""Folders of the grader's own: gone at the end, and gone after a kill."""

import fcntl
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from kernelmark.sandbox.folders import PREFIX, own_folder, sweep

HOLD = (
    "import sys, tempfile; tempfile.tempdir = sys.argv[1]\n"
    "from kernelmark.sandbox.folders import own_folder\n"
    "with own_folder() as folder: (folder / 'work.ipynb').write_text('x'); print(folder, flush=True); sys.stdin.read()"
)


class TestOwnFolder:
    def test_is_gone_at_the_end(self):
        """With all that is in it."""
        with own_folder() as folder:
            (folder / "deep").mkdir()
            (folder / "deep" / "file").write_text("x")
        assert not folder.exists()

    def test_swept_before_it_was_locked_is_made_again(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        """Another grader that starts at that moment takes it for one whose maker was killed."""
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        lock, make = fcntl.flock, tempfile.mkdtemp
        swept = []

        def made(**words):
            folder = make(**words)
            swept.extend(sweep(tmp_path) if len(swept) == 0 else [])
            return folder

        def locked(*words):
            monkeypatch.setattr(fcntl, "flock", lock)
            swept.extend(sweep(tmp_path))
            return lock(*words)

        monkeypatch.setattr(tempfile, "mkdtemp", made)
        with own_folder() as folder:
            assert (len(swept), folder.is_dir()) == (1, True)
            monkeypatch.setattr(fcntl, "flock", locked)
            with own_folder() as other:
                assert (len(swept), folder.is_dir(), other.is_dir()) == (2, True, True)
        assert not os.listdir(tmp_path)


class TestSweep:
    def test_removes_what_a_killed_process_left_and_nothing_that_is_in_use(self, tmp_path: Path):
        """A student's files do not stay on the machine of a worker that was killed."""
        command = [sys.executable, "-c", HOLD, str(tmp_path)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as maker:
            folder = Path(maker.stdout.readline().strip())
            assert sweep(tmp_path) == []
            assert (folder / "work.ipynb").exists()
            maker.kill()
        assert sweep(tmp_path) == [folder]
        assert os.listdir(tmp_path) == []

    def test_leaves_files_and_links_of_that_name_alone(self, tmp_path: Path):
        """Only folders are removed, and never what a link points to."""
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / f"{PREFIX}link").symlink_to(tmp_path / "elsewhere")
        (tmp_path / f"{PREFIX}file").write_text("x")
        assert sweep(tmp_path) == []
        assert len(os.listdir(tmp_path)) == 3
