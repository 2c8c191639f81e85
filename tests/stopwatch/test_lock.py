"""The one lock of a host: who holds it keeps everybody else out, and lets go however it ends."""

import fcntl
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from kernelmark.errors import MeasurementError
from kernelmark.stopwatch import lock
from kernelmark.stopwatch.lock import host_lock

HOLD = (
    "import sys; from pathlib import Path; from kernelmark.stopwatch.lock import host_lock\n"
    "with host_lock(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
)


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
        with pytest.raises(MeasurementError, match="lock"), host_lock(tmp_path / "lock"):
            pytest.fail("the lock was taken through a link")
        assert not (tmp_path / "victim").exists()

    @pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "folder"])
    def test_anything_but_a_plain_file_is_refused_at_once(self, tmp_path, make):
        """Whoever opened a pipe would wait for ever; the message says what was expected and what to do."""
        make(tmp_path / "lock")
        words = r"expected a plain file of user .*(found no plain file|directory); remove it"
        with pytest.raises(MeasurementError, match=words), host_lock(tmp_path / "lock"):
            pytest.fail("something else was locked")

    def test_a_folder_that_others_can_write_is_refused(self, tmp_path):
        """There anybody could hold the lock, or put something else in its place."""
        (tmp_path / "open").mkdir()
        (tmp_path / "open").chmod(0o777)
        place = tmp_path / "open" / "lock"
        with pytest.raises(MeasurementError, match="a file that others can replace"), host_lock(place):
            pytest.fail("a lock that others can replace was taken")

    def test_usual_place_is_the_users_own(self, monkeypatch):
        """Its folder belongs to whoever grades, and only they can write there."""
        monkeypatch.delenv(lock.PLACE_VARIABLE, raising=False)
        with host_lock():
            folder = lock.usual_place().parent.stat()
        assert folder.st_uid == os.geteuid()
        assert not folder.st_mode & 0o022

    def test_who_does_not_let_go_is_named(self, tmp_path):
        """A holder that hangs costs nobody a mark, and staff can see which process it is."""
        said = []
        with subprocess.Popen(
            [sys.executable, "-c", HOLD, str(tmp_path / "lock")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as holder:
            assert holder.stdout.readline() == b"held\n"
            lock_it = host_lock(tmp_path / "lock", said.append, held_too_long_s=0.1)
            words = rf"process {holder.pid} \(.*has held the stopwatch's lock"
            with pytest.raises(MeasurementError, match=words), lock_it:
                pytest.fail("two hold it")
            holder.kill()
        assert said == [True]

    def test_says_when_it_waits_and_when_no_longer(self, tmp_path):
        """The time of whoever waits stands still meanwhile."""
        said, free = [], threading.Event()
        path = tmp_path / "lock"

        def hold():
            with host_lock(path):
                taken.set()
                free.wait(30)

        taken = threading.Event()
        thread = threading.Thread(target=hold)
        thread.start()
        taken.wait(30)

        def told(waiting):
            said.append(waiting)
            free.set()

        with host_lock(path, told):
            assert said == [True, False]
        thread.join(30)

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
