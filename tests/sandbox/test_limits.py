"""Containment with figures: every limit is a setting, going over it says so, and nothing of a submission stays."""

import os
import re
import subprocess
import sys
import textwrap
from dataclasses import fields, replace
from pathlib import Path

import pytest

from kernelmark.course.settings import Kernelmark, limit_settings
from kernelmark.referee.beside import Beside
from kernelmark.referee.session import Session
from kernelmark.sandbox import bubblewrap, cgroups, syscalls, users
from kernelmark.sandbox.limits import Limits
from kernelmark.sandbox.link import Link
from kernelmark.wire.proxy import Proxy
from tests import small_course

SMALL = Limits(
    memory_bytes=256 * 2**20, cell_s=20.0, processes=24, open_files=48, file_bytes=2**20, scratch_bytes=8 * 2**20
)
# Ends a cell that could not be ended otherwise.
HASTE_S = 1.0


@pytest.fixture
def begin():
    """Return a way to begin a session that is closed when the test is over."""
    sessions = []

    def start(limits=SMALL, **settings):
        sessions.append(Session(limits, **settings))
        return sessions[-1]

    yield start
    for session in sessions:
        session.close()


@pytest.fixture(params=["group", "watched"])
def memory_is(request, monkeypatch):
    """Bound memory by a control group, and as on a machine that has none."""
    if request.param == "watched":
        monkeypatch.setattr(cgroups, "home", lambda: None)
    elif cgroups.home() is None:
        pytest.skip("no control group can be made on this machine")
    return request.param


def said(session, source):
    """Run a cell; return all that it shows, as one text."""
    outputs, _ = session.run(textwrap.dedent(source))
    return "\n".join(str(o.get("text") or o.get("evalue") or o.get("data")) for o in outputs)


class TestSettings:
    def test_every_limit_has_one(self):
        """What an instructor may set is what there is, one setting a limit, with the same default."""
        settings = limit_settings()
        assert sorted(settings.values()) == sorted({field.name for field in fields(Limits)} - {"contained", "beside"})
        assert {name: getattr(Kernelmark(), name) for name in settings} == {
            name: getattr(Limits(), field) for name, field in settings.items()
        }

    def test_every_limit_is_explained_with_its_unit(self):
        """`nbgrader --help-all` and the settings' own help say what is counted, and in what."""
        units = {"_s": "Seconds", "_bytes": "Bytes", "_chars": "Characters"}
        for name, field in limit_settings().items():
            meaning = Kernelmark.class_traits()[name].help
            assert len(meaning) > 20
            unit = next((word for end, word in units.items() if field.endswith(end)), "")
            assert meaning.startswith(unit), name

    def test_a_setting_reaches_its_limit(self):
        """Each by itself: no two settings are crossed."""
        for name, field in limit_settings().items():
            value = True if field == "children" else getattr(Limits, field) + 1
            assert Kernelmark(**{name: value}).limits() == replace(Limits(), **{field: value})

    def test_all_fields_reach_the_sandbox_or_the_session(self):
        """A limit that nothing reads would be a promise that nothing keeps."""
        code = "".join(Path(room.__file__).read_text() for room in (bubblewrap, sys.modules[Session.__module__]))
        code += Path(sys.modules[Limits.__module__].__file__).read_text()
        code += Path(sys.modules[Link.__module__].__file__).read_text()
        code += Path(sys.modules[Beside.__module__].__file__).read_text()
        for field in fields(Limits):
            assert re.search(rf"[lL]imits\.{field.name}\b", code), field.name


MEMORY = {
    "one allocation": "hoard = bytearray(300 * 2**20)",
    "many small objects": "hoard = []\nwhile True: hoard.append(bytes(1000))",
    "files": """
        for folder in ('/tmp', '/dev/shm', '/home/student'):
            for number in range(110):
                with open(f'{folder}/{number}', 'wb') as file: file.write(bytes(2**20))
        import time; time.sleep(600)
        """,
    # Pages that were given back, but not to anybody: no resident size shows them.
    "hidden shared memory": """
        import mmap, time
        hoard = []
        for _ in range(10):
            piece = mmap.mmap(-1, 2**25)
            piece.write(bytes(2**25))
            piece.madvise(mmap.MADV_DONTNEED)
            hoard.append(piece)
        time.sleep(600)
        """,
}

OTHERS = {
    "process_limit": "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(9,)).start()",
    "open_file_limit": "held = []\nwhile True: held.append(open('/dev/null'))",
    "file_limit_bytes": "open('/tmp/sparse', 'wb').truncate(2**40)",
    "scratch_limit_bytes": "for n in range(99): open(f'/tmp/{n}', 'wb').write(bytes(2**20))",
    "cell_output_limit_chars": "for _ in range(100): print('x' * 10_000)",
    "cell_display_limit_bytes": "from IPython.display import HTML, display\ndisplay(HTML('x' * 5_000_000))",
    "a cell may have": "from IPython.display import display\nfor n in range(5000): display(n)",
}


class TestBreaches:
    """Going over a limit ends the call, the cell or the process, names the setting, and the next cell runs."""

    @pytest.mark.parametrize("way", MEMORY)
    def test_of_memory(self, begin, memory_is, way):
        """Whatever holds it: objects, files in memory, shared memory that is mapped nowhere."""
        session = begin(replace(SMALL, scratch_bytes=128 * 2**20))
        assert "more than 256 MiB of memory and was ended (memory_limit_bytes)" in said(session, MEMORY[way])
        assert said(session, "print('on')") == "on\n"
        assert session.restarts == 1

    @pytest.mark.parametrize("setting", OTHERS)
    def test_of_what_the_kernel_or_the_server_counts(self, begin, setting):
        """An error or a note in the cell's own output; the process lives."""
        session = begin()
        assert setting in said(session, OTHERS[setting])
        said(session, "import gc; held = None; gc.collect()")
        assert said(session, "print('on')") == "on\n"
        assert session.restarts == 0

    def test_of_a_limit_inside_a_call_reaches_the_reason(self, begin):
        """A test's reason is the exception's text, and the setting is in it."""
        session = begin()
        said(session, "def grow(): open('/tmp/sparse', 'wb').truncate(2**40)")
        with pytest.raises(OSError, match="file_limit_bytes"):
            Proxy(session.line, {"n": "grow"}, "grow")()

    def test_of_a_files_size_that_ends_the_process(self, begin):
        """Whoever asks to be killed for it instead is told the same."""
        source = "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_DFL); open('/tmp/x', 'wb').truncate(2**40)"
        assert "a file of more than 1 MiB and was ended (file_limit_bytes)" in said(begin(), source)

    @pytest.mark.parametrize("ignores", ["", "import signal; signal.signal(signal.SIGXCPU, signal.SIG_IGN)"])
    def test_of_cpu_time(self, begin, ignores):
        """Counted over all threads and restarts, by a clock outside; within every limit of wall time."""
        session = begin(replace(SMALL, cpu_s=1.0))
        spin = "import os, time, threading\nend = time.process_time() + 0.6\nwhile time.process_time() < end: pass\n"
        said(session, f"{spin}os._exit(0)")
        assert "used more than 1 s of CPU time in this notebook" in said(session, f"{ignores}\n{spin}\ntime.sleep(600)")
        assert "cpu_limit_s" in said(session, "print('on')")

    def test_of_cpu_time_in_children_that_nobody_waits_for(self, begin):
        """One after the other, each below the limit, and gone without a trace in their parent's account."""
        session = begin(replace(SMALL, cpu_s=1.5, children=True))
        source = """
            import os, signal, time
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)
            for _ in range(40):
                if os.fork() == 0:
                    end = time.process_time() + 0.4
                    while time.process_time() < end: pass
                    os._exit(0)
                try: os.wait()
                except ChildProcessError: pass
            time.sleep(600)
            """
        assert "cpu_limit_s" in said(session, source)

    def test_of_a_cells_time(self, begin):
        """Interrupted, and what the cell defined before stays."""
        assert "cell_timeout_s" in said(begin(replace(SMALL, cell_s=0.3)), "while True: x = 1")

    def test_of_a_notebooks_time(self, begin):
        """Cells that each keep within their limit end together."""
        session = begin(replace(SMALL, notebook_s=0.0))
        session.run("1")
        assert "notebook_timeout_s" in said(session, "print('more')")

    def test_of_a_notebooks_output(self, begin):
        """A thousand long cells end in a bounded notebook, in which an error can still be read."""
        session = begin(replace(SMALL, notebook_output_bytes=5_000))
        shown = [said(session, "print('x' * 3000)") for _ in range(3)]
        assert ["notebook_output_limit_bytes" in text for text in shown] == [False, True, True]
        assert sum(len(text) for text in shown) < 5_000 + 3 * 2_500
        assert "ValueError" in str(session.run("raise ValueError('why')"))

    def test_of_restarts(self, begin):
        """A notebook that crashes without end is given up."""
        session = begin(replace(SMALL, restarts=0))
        said(session, "import os; os._exit(1)")
        assert "restart_limit" in said(session, "1")

    def test_reach_the_student_and_staff(self, grade_short):
        """The cell is gone, so its names are missing: the limit is told once, and its tests say where to look."""
        flood = f"def add(a, b): return a + b\n{MEMORY['one allocation']}"
        result = grade_short(small_course.solved(add=flood), SMALL)
        (cause,) = result.causes
        assert "memory_limit_bytes" in cause.text
        assert cause.cell == "add"
        for text in (result.cell("add_small").reason, result.cell("add_small").staff):
            assert "not reached: see cell `add`" in text
        assert result.cell("counter_steps").points == 2


class TestBounds:
    def test_of_a_cells_outputs_hold_against_a_forged_answer(self, begin):
        """The server's own bounds are a courtesy: what it is made to send is bounded again here."""
        session = begin(replace(SMALL, cell_output_chars=1000, cell_display_bytes=1000))
        session.run(
            "from kernelmark.sandbox import server, shell\nforged = []\nshell.Outputs.taken = lambda self: forged"
        )
        items = {
            "stream": "{'output_type': 'stream', 'name': 'stdout', 'text': 'x' * 10**6}",
            "traceback": "{'output_type': 'error', 'ename': 'x', 'evalue': 'x', 'traceback': ['x' * 10**4] * 400}",
            "display": "{'output_type': 'display_data', 'data': {str(n): 'x' * 100 for n in range(10**4)}}",
        }
        for item in items.values():
            outputs, _ = session.run(f"forged[:] = [{item}] * 5")
            assert 0 < sum(len(str(output)) for output in outputs) < 150_000

    def test_of_printing_do_not_fill_the_memory(self, begin):
        """Endless printing costs the time limit, not the process: the definitions above it stay."""
        session = begin(replace(SMALL, cell_s=HASTE_S, memory_bytes=200 * 2**20))
        assert "cell_timeout_s" in said(session, "kept = 5\nwhile True: print('x' * 100_000)")
        assert said(session, "print(kept)") == "5\n"

    def test_of_memory_leave_the_course_room(self):
        """The course's solution lives through many notebooks; no submission makes it run out of CPU time."""
        link = Link(replace(SMALL, cpu_s=1.0), trusted=True, watch=False)
        try:
            spin = "import resource, time\nend = time.process_time() + 1.2\nwhile time.process_time() < end: pass"
            reply, _ = link.request({"op": "cell", "source": f"{spin}\nprint(resource.getrlimit(resource.RLIMIT_CPU))"})
            assert "(-1, -1)" in reply["ok"]["outputs"][0]["text"]
        finally:
            link.close()


class TestGroups:
    def test_hold_the_process_and_go_with_it(self, begin):
        """One group a sandbox, and none when it is closed."""
        if cgroups.home() is None:
            pytest.skip("no control group can be made on this machine")
        session = begin()
        link = session.line()
        group = link._started.group
        assert sorted(group.pids) == sorted({link.pid, *link._started.companions[1:]})
        session.close()
        assert not group._folder.exists()

    def test_of_a_grader_that_was_killed_go_with_the_next(self, begin):
        """Nothing is left for good where nobody could clean up."""
        home = cgroups.home()
        if home is None:
            pytest.skip("no control group can be made on this machine")
        with subprocess.Popen(["true"]) as gone:
            gone.wait()
            left = home.folder / f"{cgroups.PREFIX}{gone.pid}-0"
        left.mkdir()
        session = begin()
        session.run("1")
        session.close()
        assert not left.exists()

    @pytest.mark.parametrize(
        ("own", "expected"),
        [
            ("0::/user.slice/grading.scope\n", ["user.slice/grading.scope", "user.slice", "."]),
            ("0::/\n", ["."]),
            ("0::/../other\n", ["."]),
            ("", ["."]),
        ],
    )
    def test_are_looked_for_from_the_own_one_upwards(self, tmp_path, own, expected):
        """The nearest group keeps to the limits of the ones above; what lies outside the mount is not tried."""
        (tmp_path / "v2" / "user.slice" / "grading.scope").mkdir(parents=True)
        mounts, mine = tmp_path / "mounts", tmp_path / "own"
        mounts.write_text(
            f"30 20 0:25 / {tmp_path}/v2 rw - cgroup2 cgroup2 rw\n"
            "31 20 0:26 / /proc rw - proc proc rw\n"
            f"32 20 0:27 /docker/x {tmp_path}/v1 rw - cgroup cgroup rw,memory\n"
        )
        mine.write_text(f"4:memory:/docker/x\n{own}")
        found = list(cgroups._candidates(mounts, mine))
        top = tmp_path / "v2"
        assert [home.folder for home in found if home.version == 2] == [top / part for part in expected]
        assert [home.folder for home in found if home.version == 1] == [tmp_path / "v1"]

    @pytest.mark.parametrize("version", [1, 2])
    def test_say_what_they_are_asked_for(self, version):
        """The first setting is the bound on memory; without it there is no group."""
        (name, value, needed), *_ = cgroups._settings(version, 2**30, 9)
        assert (name, value, needed) == ({1: "memory.limit_in_bytes", 2: "memory.max"}[version], str(2**30), True)


class TestFilter:
    @pytest.mark.parametrize("children", [False, True])
    def test_refuses_what_outlives_or_escapes(self, children):
        """Keys that stay with the user, namespaces with scratch space of their own, queues and rings nobody counts."""
        if syscalls.filter_program() is None:
            pytest.skip("no table of system calls for this machine")
        numbers = syscalls._REFUSED[os.uname().machine]
        link = Link(replace(SMALL, children=children))
        try:
            source = (
                "import ctypes, errno\nlibc = ctypes.CDLL(None, use_errno=True)\n"
                f"for name, number in {numbers!r}.items():\n"
                "    done = libc.syscall(number, 0, 0, 0, 0, 0, 0)\n"
                "    if done != -1 or ctypes.get_errno() != errno.EPERM: print(name)\n"
                "SIGCHLD, NEWUSER = 17, 0x10000000\n"
                f"libc.syscall({syscalls._PROCESSES[os.uname().machine][1]}, NEWUSER | SIGCHLD, 0, 0, 0, 0)\n"
                "print(ctypes.get_errno() == errno.EPERM)"
            )
            reply, _ = link.request({"op": "cell", "source": source})
            assert reply["ok"]["outputs"][0]["text"] == "True\n"
        finally:
            link.close()

    @pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
    def test_refuses_the_same_on_every_machine(self, machine):
        """The tables differ in numbers, not in names."""
        assert syscalls._REFUSED[machine].keys() == syscalls._REFUSED["x86_64"].keys()
        assert len(set(syscalls._REFUSED[machine].values())) == len(syscalls._REFUSED[machine])


HOSTILE = {
    "daemons": """
        import os, time
        for _ in range(4):
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    while True: time.sleep(1)
                os._exit(0)
        """,
    "threads": """
        import threading, time
        for _ in range(8): threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
        """,
    "files": """
        for folder in ('/tmp', '/dev/shm', '.'):
            open(f'{folder}/kernelmark_left_behind', 'w').write('x')
        """,
    "shared memory": """
        from multiprocessing.shared_memory import SharedMemory
        import ctypes
        kept = SharedMemory('kernelmark_left_behind', create=True, size=2**20)
        libc = ctypes.CDLL(None)
        print(libc.shmget(77, 4096, 0o1666), libc.semget(77, 1, 0o1666), libc.msgget(77, 0o1666))
        """,
    "locks": """
        import fcntl
        held = open('/tmp/kernelmark-stopwatch.lock', 'w')
        fcntl.flock(held, fcntl.LOCK_EX)
        """,
    "deaf": """
        import ctypes, signal, os, faulthandler
        ctypes.CDLL(None).prctl(1, 0)
        for number in range(1, 32):
            if number not in (9, 17, 19): signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
        try: open('/proc/self/oom_score_adj', 'w').write('-1000')
        except OSError: pass
        """,
    "kills": """
        import os
        for victim in (-1, 1, os.getppid()):
            try: os.kill(victim, 9)
            except OSError: pass
        """,
    "stops": "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)",
    "closes everything": "import os; os.closerange(0, 4096)",
    "exits": "import os; os._exit(0)",
}


class TestNothingIsLeft:
    @pytest.mark.parametrize("way_out", ["closed", pytest.param("lost", marks=pytest.mark.slow)])
    def test_of_any_submission(self, way_out):
        """No process, no file, no shared memory, no queue, no lock, no control group, no descriptor of ours."""
        before = traces()
        descriptors = len(os.listdir("/proc/self/fd"))
        # Long enough for honest code under load; a process that is stopped costs it once.
        session = Session(replace(SMALL, cell_s=2.0, children=True))
        seen, users = set(), set()
        try:
            for source in HOSTILE.values():
                link = session.line()
                seen |= {link.pid, link._started.process.pid, link._started.overseer}
                session.run(textwrap.dedent(source))
                if link.alive:
                    seen |= set(link._started.pids())
                    users |= {user_of(link.pid)}
            if way_out == "lost":
                session.run("import os; os._exit(0)")
        finally:
            session.close()
        assert len(seen) > 8
        assert {pid for pid in seen if alive(pid)} == set()
        assert users
        assert traces() == before
        assert len(os.listdir("/proc/self/fd")) == descriptors
        assert {line.split()[4] for line in Path("/proc/locks").read_text().splitlines()}.isdisjoint(map(str, seen))

    def test_of_a_user_that_another_sandbox_has(self):
        """Every sandbox that runs has a user of its own, so limits that count by user are not shared."""
        if os.geteuid() != 0:
            pytest.skip("the grader is not root here; there is no other user to become")
        reserved = [users.reserve() for _ in range(200)]
        try:
            assert len({held.user for held in reserved}) == 200
        finally:
            for held in reserved:
                held.close()


class TestTheGradersMemory:
    def test_stays_flat_under_floods(self):
        """Printing, displays, huge messages and forged outputs: the peak of the judge's side of a link."""
        code = textwrap.dedent(
            """
            import re
            from pathlib import Path
            from kernelmark.errors import SubmissionError
            from kernelmark.wire.proxy import Proxy
            from kernelmark.sandbox.limits import Limits
            from kernelmark.referee.session import Session

            def peak_mib():
                return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024

            session = Session(Limits(cell_s=30.0))
            session.run("from IPython.display import HTML, display")
            before = peak_mib()
            for source in (
                "for _ in range(200): print('x' * 10**6)",
                "for _ in range(20): display(HTML('x' * 10**6))",
                "raise ValueError('x' * 10**7)",
                "forged = [{'output_type': 'stream', 'name': 'stdout', 'text': 'x' * 10**7}]",
                "from kernelmark.sandbox import shell; shell.Outputs.taken = lambda self: forged",
                "1", "2", "3",
            ):
                session.run(source)
            session.run("def refuse(): raise ValueError('x' * 10**7)\\ndef talk(): return 'x' * 10**7")
            for name in ("refuse", "talk") * 3:
                try:
                    Proxy(session.line, {"n": name}, name)()
                except (ValueError, SubmissionError):
                    pass
            session.close()
            print(peak_mib() - before)
            """
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300)
        assert int(done.stdout) < 200, f"the grader's peak grew by {done.stdout.strip()} MiB"


def traces():
    """Return what could stay of a submission: files by name, queues and shared memory by key, groups by maker."""
    found = {str(path) for folder in ("/tmp", "/dev/shm", "/var/tmp") for path in Path(folder).glob("kernelmark_left*")}
    for kind in ("shm", "sem", "msg"):
        found |= {line for line in Path(f"/proc/sysvipc/{kind}").read_text().splitlines() if line.split()[:1] == ["77"]}
    home = cgroups.home()
    if home is not None:
        found |= {path.name for path in home.folder.glob(f"{cgroups.PREFIX}{os.getpid()}-*")}
    return found


def user_of(pid):
    return os.stat(f"/proc/{pid}").st_uid


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False
