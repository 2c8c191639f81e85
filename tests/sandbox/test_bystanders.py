"""What else runs in a sandbox: out of a submission's reach, and seen if it ever worked."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from kernelmark.errors import SubmissionLost
from kernelmark.sandbox import bubblewrap, landlock, zygote
from kernelmark.sandbox.link import Link
from tests.sandbox.linked import LIMITS, run, timed

# Every way in: open its memory for writing, its descriptors, its program; limits, signals and the rest.
DOORS = """
import ctypes, os, platform, signal
libc = ctypes.CDLL(None, use_errno=True)
others = sorted(int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid())
opened = []
def tried(name, door):
    try:
        if door() not in (-1, None):
            opened.append(name)
    except OSError:
        pass
for pid in others:
    tried(f"{pid} mem", lambda: os.open(f"/proc/{pid}/mem", os.O_RDWR))
    tried(f"{pid} mem read", lambda: os.open(f"/proc/{pid}/mem", os.O_RDONLY))
    tried(f"{pid} environ", lambda: os.open(f"/proc/{pid}/environ", os.O_RDONLY))
    tried(f"{pid} maps", lambda: os.read(os.open(f"/proc/{pid}/maps", os.O_RDONLY), 1) or None)
    for descriptor in range(8):
        tried(f"{pid} fd", lambda: os.open(f"/proc/{pid}/fd/{descriptor}", os.O_RDONLY))
    pidfd = os.pidfd_open(pid)
    tried(f"{pid} pidfd_getfd", lambda: libc.syscall(438, pidfd, 0, 0))
    tried(f"{pid} process_madvise", lambda: libc.syscall(440, pidfd, 0, 0, 0, 0))
    tried(f"{pid} ptrace", lambda: libc.ptrace(16, pid, 0, 0))
    tried(f"{pid} signal", lambda: os.kill(pid, 0) or True)
    tried(f"{pid} pidfd signal", lambda: signal.pidfd_send_signal(pidfd, 0) or True)
context = ctypes.c_ulong()
number = 206 if platform.machine() == "x86_64" else 0
tried("io_setup", lambda: libc.syscall(number, 1, ctypes.byref(context)))
print(len(others), opened)
"""


@pytest.fixture(params=["forked", "started"])
def link(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Link]:
    """A server in a sandbox, forked into it or started there."""
    if request.param == "started":
        monkeypatch.setattr(bubblewrap, "_zygote", lambda limits, drop: None)
    elif bubblewrap.containment() == "user" and not zygote.is_safe(False):
        pytest.skip("the interpreter belongs to this user: nothing is forked here")
    made = Link(LIMITS)
    yield made
    made.close()


@pytest.fixture
def busy() -> Iterator[int]:
    """A process that uses CPU time."""
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as process:
        yield process.pid
        process.kill()


class TestReach:
    def test_no_other_process_can_be_opened_traced_or_signalled(self, link: Link):
        """Not its memory, not its descriptors, not with a signal, whatever Yama allows on this machine."""
        if not landlock.version() and os.geteuid():
            pytest.skip("no Landlock here, and no other user: what keeps the sandbox open is only watched")
        printed, failed = run(link, DOORS)
        count, _, opened = printed.strip().partition(" ")
        assert not failed
        assert int(count) >= len(link._started.companions)
        assert opened == "[]"

    def test_the_same_doors_open_to_oneself(self, link: Link):
        """The doors are tried rightly: a process can open its own memory and signal itself."""
        printed, _ = run(link, "import os\nprint(os.open('/proc/self/mem', os.O_RDWR) > 0, os.kill(os.getpid(), 0))")
        assert printed == "True None\n"

    def test_no_path_of_the_host_stands_in_a_command_line(self, link: Link):
        """What bubblewrap was told to show, and where the grader's package lies, is in no command line in there."""
        source = "import glob\nprint(*(open(name).read() for name in glob.glob('/proc/[0-9]*/cmdline')))"
        printed, _ = run(link, source)
        assert str(bubblewrap.PACKAGE.parent) not in printed.replace(sys.prefix, "").replace(sys.base_prefix, "")

    def test_what_keeps_a_sandbox_open_is_bounded_itself(self, link: Link):
        """It may hold little memory, and stands in the submission's control group where there is one."""
        for pid in link._started.companions[1:]:
            with open(f"/proc/{pid}/limits") as file:
                (space,) = [line.split()[3] for line in file if line.startswith("Max address space")]
            assert int(space) <= 8 * bubblewrap.KEEPERS_MEMORY_BYTES
            if link._started.group is not None:
                assert pid in link._started.group.pids


class TestSeen:
    def test_a_bystander_that_works_in_a_timed_call_costs_the_process(self, link: Link, busy: int):
        """Were one taken over all the same, the CPU time that it uses while the clock runs would show."""
        run(link, "import time\ndef work(x):\n    time.sleep(x)\n    return x")
        assert timed(link, "work", [(0.3,)]).outputs == [0.3]
        link._hold._started = replace(link._started, companions=(*link._started.companions, busy))
        with pytest.raises(SubmissionLost, match="had another process of its sandbox work for it"):
            timed(link, "work", [(0.3,)])

    def test_bystanders_count_against_the_limits(self, link: Link, busy: int):
        """CPU time that anything in a sandbox uses is the submission's."""
        link._guard._started = replace(link._started, companions=(*link._started.companions, busy))
        used_s = link.cpu_s
        end = time.monotonic() + 30  # on a busy machine its turn may be late
        while link.cpu_s <= used_s and time.monotonic() < end:
            link._guard._look()
        assert link.cpu_s > used_s
