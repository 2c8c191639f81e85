"""The stopwatch's clock, on processes started here: it counts their work, and nothing while they are stopped."""

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from kernelmark.errors import MeasurementError
from kernelmark.stopwatch import clock

SPIN = "print('ready', flush=True)\nwhile True: pass"
SPIN_IN_A_THREAD = (
    "import threading, time\n"
    "def spin():\n    while True: pass\n"
    "threading.Thread(target=spin, daemon=True).start(); print('ready', flush=True); time.sleep(600)"
)
WAIT = "print('ready', flush=True); import sys; sys.stdin.read()"


@pytest.fixture
def started():
    """Return a way to start Python code in a process that is gone when the test is over."""
    processes = []

    def start(code):
        process = subprocess.Popen(
            [sys.executable, "-I", "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        processes.append(process)
        assert process.stdout.readline() == b"ready\n"
        return process

    yield start
    for process in processes:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def state(pid):
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(") ")[2][0]


def wait_for_work(pid):
    """Let a process run until the kernel's account of it has grown by 5 ms; return the reading after a stop."""
    clock.stop(pid)
    before = clock.cpu_seconds(pid)
    for _ in range(10_000):
        clock.resume(pid)
        os.sched_yield()
        time.sleep(0.001)
        clock.stop(pid)
        if clock.cpu_seconds(pid) >= before + 0.005:
            return before, clock.cpu_seconds(pid)
    return before, clock.cpu_seconds(pid)


class TestCpuSeconds:
    @pytest.mark.parametrize("code", [SPIN, SPIN_IN_A_THREAD], ids=["main thread", "another thread"])
    def test_grow_with_the_work_of_a_process(self, started, code):
        """Every thread counts: work cannot be hidden in one that is not asked."""
        before, after = wait_for_work(started(code).pid)
        assert after >= before + 0.005

    def test_stand_still_while_it_is_stopped(self, started):
        """A hundred readings of a stopped process are one reading."""
        pid = started(SPIN).pid
        clock.stop(pid)
        assert len({clock.cpu_seconds(pid) for _ in range(100)}) == 1

    def test_are_those_of_the_process_asked_for(self, started):
        """Two processes have two clocks: one that spins adds nothing to one that waits."""
        busy, idle = started(SPIN).pid, started(WAIT).pid
        clock.stop(idle)
        before = clock.cpu_seconds(idle)
        wait_for_work(busy)
        assert clock.cpu_seconds(idle) == before

    def test_of_a_process_that_is_gone_cannot_be_read(self, started):
        """No clock, no measurement: nobody is marked by a guess."""
        process = started(WAIT)
        process.kill()
        process.wait()
        with pytest.raises(MeasurementError, match=str(process.pid)):
            clock.cpu_seconds(process.pid)

    def test_that_never_stand_still_are_no_measurement(self, monkeypatch):
        """A process that was not stopped is found out by its own clock."""
        readings = iter(range(10_000))
        monkeypatch.setattr(clock.time, "clock_gettime_ns", lambda _: next(readings))
        with pytest.raises(MeasurementError, match="although it is stopped"):
            clock.cpu_seconds(1)


class TestQueuedSeconds:
    def test_grow_for_who_has_to_share_a_processor(self, started):
        """Two that spin on one processor wait for each other; one that sleeps waits for nobody."""
        pids = [started(SPIN).pid, started(SPIN).pid]
        for pid in pids:
            os.sched_setaffinity(pid, {max(os.sched_getaffinity(0))})
        before = [clock.queued_seconds(pid) for pid in pids]
        while min(clock.used_seconds(pid) for pid in pids) < 0.2:
            time.sleep(0.01)
        assert all(clock.queued_seconds(pid) - at >= 0.02 for pid, at in zip(pids, before, strict=True))

    def test_stand_still_for_who_sleeps(self, started):
        """Resting is no queueing: what a call slept stays its own."""
        pid = started(WAIT).pid
        while clock.states(pid) != {"S"}:
            time.sleep(0.01)
        before = clock.queued_seconds(pid)
        time.sleep(0.05)
        assert clock.queued_seconds(pid) == before

    def test_of_a_process_that_is_gone_are_not_told(self, started):
        """Nothing is taken off a wall time that nobody can say anything of."""
        process = started(WAIT)
        process.kill()
        process.wait()
        assert clock.queued_seconds(process.pid) == 0.0


class TestStop:
    @pytest.mark.parametrize("code", [SPIN, SPIN_IN_A_THREAD, WAIT], ids=["busy", "busy in a thread", "waiting"])
    def test_returns_when_every_thread_has_stopped(self, started, code):
        """Running, computing in a thread, or asleep: afterwards the kernel says T for each thread."""
        pid = started(code).pid
        clock.stop(pid)
        for task in os.listdir(f"/proc/{pid}/task"):
            assert state(task) in "Tt"

    def test_of_a_process_that_is_gone_is_no_measurement(self, started):
        """It ended while it was being timed; that is said, not guessed."""
        process = started(WAIT)
        process.kill()
        process.wait()
        with pytest.raises(MeasurementError, match="ended while it was being timed"):
            clock.stop(process.pid)

    def test_of_a_process_that_does_not_stop_gives_up(self, started, monkeypatch):
        """A process that hangs in the kernel does not hang the grader."""
        process = started(WAIT)
        monkeypatch.setattr(clock, "STOP_TIMEOUT_S", 0.0)
        monkeypatch.setattr(clock, "states", lambda pid: {"R"})
        with pytest.raises(MeasurementError, match="did not stop"):
            clock.stop(process.pid)

    def test_holds_against_a_process_that_is_continued_all_the_time(self, started):
        """A SIGCONT takes a SIGSTOP back: the stop is repeated until it holds."""
        pid = started(SPIN).pid
        over = threading.Event()

        def disturb():
            while not over.wait(0.001):
                os.kill(pid, signal.SIGCONT)

        disturber = threading.Thread(target=disturb)
        disturber.start()
        try:
            for _ in range(20):
                clock.stop(pid)
        finally:
            over.set()
            disturber.join()

    def test_time_in_which_no_signal_reaches_a_thread_is_told(self, started, monkeypatch):
        """Two looks find a thread in state D, half a second after one another: that long it was out of reach."""
        states = iter([{"D"}, {"R", "D"}, {"R"}, {"T"}])
        monkeypatch.setattr(clock, "states", lambda pid: next(states))
        ticks = iter([0.0, 0.0, 0.25, 0.25, 0.5, 0.5, 9.0, 9.0])
        monkeypatch.setattr(clock.time, "monotonic", lambda: next(ticks))
        assert clock.stop(started(WAIT).pid) == 0.5

    @pytest.mark.parametrize(("used_s", "kind"), [(4.0, clock.Restless), (0.1, MeasurementError)])
    def test_tells_who_worked_on_from_who_hung(self, started, monkeypatch, used_s, kind):
        """A process that used the time in which it had to stop did so on purpose; one that used none may hang."""
        readings = iter([1.0, 1.0 + used_s])
        monkeypatch.setattr(clock, "used_seconds", lambda pid: next(readings))
        monkeypatch.setattr(clock, "states", lambda pid: {"R"})
        ticks = itertools.chain([0.0] * 3, itertools.repeat(31.0))
        monkeypatch.setattr(clock.time, "monotonic", lambda: next(ticks))
        with pytest.raises(MeasurementError, match=r"did not stop|worked on") as caught:
            clock.stop(started(WAIT).pid)
        assert caught.type is kind


class TestProcessor:
    def test_is_taken_for_every_thread_and_given_back(self, started):
        """A helper thread on another core must not help; afterwards the process is like any other."""
        pid = started(SPIN_IN_A_THREAD).pid
        tasks = [int(task) for task in os.listdir(f"/proc/{pid}/task")]
        assert len(tasks) > 1
        everywhere = os.sched_getaffinity(0)
        clock.take_processor(pid, max(everywhere))
        assert all(os.sched_getaffinity(task) == {max(everywhere)} for task in tasks)
        clock.leave_processor(pid)
        assert all(os.sched_getaffinity(task) == everywhere for task in tasks)

    def test_comes_first_where_the_kernel_lets_it(self, started):
        """A process with a session of its own is moved ahead of other sessions, and back."""
        process = started(WAIT)
        try:
            place = Path(f"/proc/{process.pid}/autogroup")
            place.write_text("-1")
            place.write_text("0")
        except OSError as error:
            pytest.skip(f"the kernel or the user's rights do not allow it: {error}")
        clock.take_processor(process.pid, max(os.sched_getaffinity(0)))
        assert place.read_text().split()[-1] == str(clock.AHEAD)
        clock.leave_processor(process.pid)
        assert place.read_text().split()[-1] == "0"

    @pytest.mark.parametrize("session", [True, False])
    def test_asking_who_comes_first_changes_nothing(self, session):
        """`kernelmark doctor` may be asked anywhere, also in a group without a name, and says what a race will find."""
        code = (
            "import os\nfrom pathlib import Path\nfrom kernelmark.stopwatch import clock\n"
            "place = Path('/proc/self/autogroup')\n"
            "read = lambda: place.read_text() if place.exists() else ''\n"
            "before, answer = read(), clock.comes_first()\n"
            "assert read() == before, (before, read())\n"
            "enabled = Path('/proc/sys/kernel/sched_autogroup_enabled')\n"
            "if enabled.exists() and enabled.read_text().strip() == '1' and os.getsid(0) == os.getpid():\n"
            "    clock.take_processor(os.getpid(), min(os.sched_getaffinity(0)))\n"
            "    assert answer == (read().split()[-1] == str(clock.AHEAD)), (answer, read())\n"
        )
        subprocess.run([sys.executable, "-c", code], check=True, start_new_session=session)

    def test_of_a_process_that_is_gone_is_no_error(self, started):
        """The next request to it says what happened."""
        process = started(WAIT)
        process.kill()
        process.wait()
        clock.take_processor(process.pid, max(os.sched_getaffinity(0)))
        clock.leave_processor(process.pid)


class TestResume:
    def test_lets_it_go_on(self, started):
        """What was stopped finishes its work."""
        process = started(WAIT)
        clock.stop(process.pid)
        clock.resume(process.pid)
        process.stdin.close()
        assert process.wait(60) == 0

    def test_leaves_a_process_that_is_gone_alone(self, started):
        """The end of a process is no error here: whoever waits for it finds out."""
        process = started(WAIT)
        process.kill()
        process.wait()
        clock.resume(process.pid)
        assert process.returncode == -signal.SIGKILL


class TestChildren:
    def test_are_the_processes_it_started(self, started):
        """A helper is seen by its parent's number, from whichever thread it was started."""
        code = (
            "import subprocess, sys, threading, time\n"
            "def start(): return subprocess.Popen([sys.executable, '-I', '-c', 'input()'], stdin=subprocess.PIPE)\n"
            "helpers = [start()]\n"
            "def more(): helpers.append(start()); done.set(); time.sleep(600)\n"
            "thread = threading.Thread(target=more, daemon=True)\n"
            "done = threading.Event(); thread.start(); done.wait()\n"
            "print('ready', flush=True); input(); [h.kill() or h.wait() for h in helpers]\n"
            "print('ended', flush=True); input()"
        )
        process = started(code)
        assert len(clock.children(process.pid)) == 2
        process.stdin.write(b"\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"ended\n"
        assert clock.children(process.pid) == []

    def test_of_a_process_that_is_gone_are_none(self, started):
        """Nobody is there to have any."""
        process = started(WAIT)
        process.kill()
        process.wait()
        assert clock.children(process.pid) == []
