"""The one lock of a host: who holds it keeps everybody else out, and lets go however it ends."""

import fcntl
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from kernelmark.stopwatch import lock
from kernelmark.stopwatch.lock import host_lock


class TestHostLock:
    def test_second_holder_waits_for_the_first(self, tmp_path):
        """Two timed sections never overlap, in threads of one process either."""
        path = tmp_path / "lock"
        order, holding = [], threading.Event()

        def second():
            holding.wait(30)
            with host_lock(path):
                order.append("second")

        thread = threading.Thread(target=second)
        thread.start()
        with host_lock(path):
            holding.set()
            assert is_held(path)
            order.append("first")
        thread.join(30)
        assert order == ["first", "second"]

    def test_another_process_is_kept_out(self, tmp_path):
        """The lock is the host's: a second process cannot take it, and can as soon as it is free."""
        path = tmp_path / "lock"
        code = (
            "import fcntl, os, sys\n"
            "try: fcntl.flock(os.open(sys.argv[1], os.O_RDONLY), fcntl.LOCK_EX | fcntl.LOCK_NB)\n"
            "except BlockingIOError: sys.exit(7)"
        )
        with host_lock(path):
            assert subprocess.run([sys.executable, "-I", "-c", code, str(path)], check=False).returncode == 7
        assert subprocess.run([sys.executable, "-I", "-c", code, str(path)], check=False).returncode == 0

    def test_is_let_go_when_the_timed_section_fails(self, tmp_path):
        """An error inside does not lock the host for everybody else."""
        path = tmp_path / "lock"
        with pytest.raises(RuntimeError), host_lock(path):
            raise RuntimeError
        assert not is_held(path)

    def test_is_let_go_when_its_holder_is_killed(self, tmp_path):
        """A grader that dies in a timed section stops nobody."""
        path = tmp_path / "lock"
        code = (
            "import sys; from pathlib import Path; from kernelmark.stopwatch.lock import host_lock\n"
            "with host_lock(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
        )
        environment = {**os.environ, "PYTHONPATH": str(Path(lock.__file__).parents[2])}
        command = [sys.executable, "-c", code, str(path)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as holder:
            assert holder.stdout.readline() == b"held\n"
            assert is_held(path)
            holder.kill()
            holder.wait()
        assert not is_held(path)

    def test_symbolic_link_in_its_place_is_refused(self, tmp_path):
        """In a folder that everybody writes to, a link could point at any file of the grader's."""
        (tmp_path / "lock").symlink_to(tmp_path / "victim")
        with pytest.raises(OSError, match="lock"), host_lock(tmp_path / "lock"):
            pytest.fail("the lock was taken through a link")
        assert not (tmp_path / "victim").exists()

    def test_file_is_never_written(self, tmp_path):
        """What stands in a file of that name stays as it was."""
        path = tmp_path / "lock"
        path.write_text("something of somebody's")
        with host_lock(path):
            pass
        assert path.read_text() == "something of somebody's"


def is_held(path):
    """Say whether somebody holds the lock, by trying to take it without waiting."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
