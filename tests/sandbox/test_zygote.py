"""A server that was forked into its sandbox is as bare and as closed as one that was started there."""

import os
import signal
import time
from collections.abc import Iterator

import pytest

from kernelmark.errors import SubmissionLost
from kernelmark.notebook.cells import Cell, Plan
from kernelmark.referee import warm
from kernelmark.sandbox import bubblewrap, zygote
from kernelmark.sandbox.bubblewrap import LIBRARY
from kernelmark.sandbox.limits import HOME, Limits, environment
from kernelmark.sandbox.link import Link

NAMESPACES = ("mnt", "pid", "net", "ipc", "uts")


@pytest.fixture(scope="class", params=["forked", "started"])
def way(request: pytest.FixtureRequest) -> Iterator[str]:
    """How the server came to be; where forking cannot work here, that half is skipped."""
    if bubblewrap.containment() == "user" and not zygote.is_safe(None) and request.param == "forked":
        pytest.skip("the interpreter belongs to this user: nothing is forked here")
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "started":
            patch.setattr(bubblewrap, "_zygote", lambda limits, drop: None)
        yield request.param


@pytest.fixture(scope="class")
def link(way: str) -> Iterator[Link]:
    """A server in a sandbox."""
    made = Link(Limits())
    assert (made._started.forked is not None) == (way == "forked")
    yield made
    made.close()


def said(link: Link, source: str) -> str:
    """Run a cell and return what it printed, or the error that ended it."""
    reply, _ = link.request({"op": "cell", "source": source})
    return "".join(o.get("text", "") or f"{o.get('ename')}: {o.get('evalue')}" for o in reply["ok"]["outputs"]).strip()


class TestRights:
    def test_it_has_no_capability_and_cannot_get_one(self, link: Link):
        """Effective, permitted, inheritable, bounding and ambient sets are empty; a filter is on."""
        source = (
            "lines = dict(l.split(':', 1) for l in open('/proc/self/status').read().splitlines())\n"
            "print([int(lines[k], 16) for k in ('CapEff', 'CapPrm', 'CapInh', 'CapBnd', 'CapAmb')], "
            "lines['NoNewPrivs'].strip(), lines['Seccomp'].strip())"
        )
        assert said(link, source) == "[0, 0, 0, 0, 0] 1 2"

    def test_it_is_another_user_where_root_grades(self, link: Link):
        """User, group and supplementary groups."""
        if os.geteuid():
            pytest.skip("root does not grade here")
        uid, gid, groups = said(link, "import os\nprint(os.getresuid(), os.getresgid(), os.getgroups())").split(") ")
        assert "0" not in uid.strip("(").split(", ") + gid.strip("(").split(", ")
        assert groups == "[]"

    def test_it_is_in_none_of_our_namespaces(self, link: Link):
        """Those that bubblewrap made, each."""
        for name in NAMESPACES:
            assert os.readlink(f"/proc/{link.pid}/ns/{name}") != os.readlink(f"/proc/self/ns/{name}"), name
            assert os.readlink(f"/proc/{link.pid}/ns/{name}") == os.readlink(
                f"/proc/{link._started.overseer}/ns/{name}"
            ), name

    def test_it_holds_no_descriptor_but_its_line(self, link: Link):
        """Nothing is open that leads out: no folder, no pipe, no socket but the one."""
        source = (
            "import os\nkinds = []\nfor n in sorted(map(int, os.listdir('/proc/self/fd'))):\n"
            "    try: kinds.append(os.readlink(f'/proc/self/fd/{n}').split(':')[0])\n    except OSError: pass\n"
            "print(sorted(kinds))"
        )
        found = eval(said(link, source))
        assert [kind for kind in found if kind not in ("/dev/null", "socket") and "memfd" not in kind] == []
        assert found.count("socket") == 2  # the line, and the door beside it

    def test_limits_hold(self, link: Link):
        """The kernel's own bounds are those that were asked for."""
        source = "import resource as r\nprint(r.getrlimit(r.RLIMIT_NOFILE), r.getrlimit(r.RLIMIT_CORE))"
        assert said(link, source) == f"({Limits().open_files}, {Limits().open_files}) (0, 0)"

    def test_it_sees_the_sandbox_and_nothing_of_the_host(self, link: Link):
        """Its root, its working folder, its processes."""
        assert said(
            link, "import os\nprint(os.getcwd(), os.path.exists('/etc/passwd'), os.path.exists('/etc/shadow'))"
        ) == (f"{HOME} False False")
        assert said(link, "import os\nprint(max(int(p) for p in os.listdir('/proc') if p.isdigit()) < 20)") == "True"

    def test_the_interpreter_cannot_be_written_through_proc(self, link: Link):
        """/proc/self/exe leads to a file that the sandbox's user may only read."""
        for flags in ("os.O_RDWR", "os.O_WRONLY | os.O_TRUNC"):
            answer = said(link, f"import os\nos.open('/proc/self/exe', {flags})")
            assert answer.startswith(("PermissionError", "OSError")), answer


class TestServer:
    def test_nothing_is_left_of_the_rehearsal(self, link: Link):
        """It shows no place of the host's, and temporary files lie where the sandbox has room for them."""
        source = (
            "import gc, os, tempfile; from IPython.core.history import HistoryManager; gc.unfreeze()\n"
            "print({made.shell.starting_dir for made in HistoryManager._instances} - {'/'}, tempfile.tempdir)\n"
            "with tempfile.TemporaryFile(): print(tempfile.gettempdir())"
        )
        assert said(link, source) == f"{{'{HOME}'}} None\n/tmp"

    def test_the_package_lies_where_every_sandbox_has_it(self, link: Link):
        """What is imported later comes from there too."""
        assert said(link, "import kernelmark\nprint(kernelmark.__path__)") == str([f"{LIBRARY}/kernelmark"])
        assert said(link, "import kernelmark.lab.warp, kernelmark.student.export\nprint('imported')") == "imported"

    def test_two_servers_draw_different_random_numbers(self, way: str):
        """Forks of one process would otherwise share the state of its generators."""
        drawn = []
        for _ in range(2):
            link = Link(Limits())
            drawn.append(said(link, "import random, numpy as np\nprint(random.random(), np.random.random())").split())
            link.close()
        assert drawn[0][0] != drawn[1][0]
        assert drawn[0][1] != drawn[1][1]

    def test_names_of_one_are_unknown_to_the_next(self, way: str):
        """A server begins with nothing of what ran before it."""
        first = Link(Limits())
        said(first, "import numpy, builtins\nbuiltins.trace = numpy.trace_of_us = 'here'")
        first.close()
        second = Link(Limits())
        assert said(
            second, "import numpy, builtins\nprint(hasattr(builtins, 'trace'), hasattr(numpy, 'trace_of_us'))"
        ) == ("False False")
        second.close()

    def test_its_end_names_the_signal(self, way: str):
        """A process that ends is told from one that was killed."""
        link = Link(Limits())
        with pytest.raises(SubmissionLost, match="exit status 7"):
            link.request({"op": "cell", "source": "import os\nos._exit(7)"})
        link.close()

    def test_everything_ends_with_the_link(self, way: str):
        """Server and overseer are gone when the link is closed."""
        link = Link(Limits())
        pids = [link.pid, link._started.overseer]
        link.close()
        deadline = time.monotonic() + 5
        while any(os.path.exists(f"/proc/{pid}") for pid in pids) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not [pid for pid in pids if os.path.exists(f"/proc/{pid}")]


class TestZygote:
    def test_a_zygote_that_died_is_replaced(self):
        """A sandbox starts all the same, and the next ones are forked again."""
        if bubblewrap.containment() == "user" and not zygote.is_safe(None):
            pytest.skip("the interpreter belongs to this user: nothing is forked here")
        made = bubblewrap._zygote(Limits(), bubblewrap.containment() == "root")
        assert made is not None
        os.kill(made._process.pid, signal.SIGKILL)
        made._process.wait()
        for _ in range(2):
            link = Link(Limits())
            assert said(link, "print(6 * 7)") == "42"
            link.close()

    def test_it_holds_no_secret(self):
        """Its memory and its environment know nothing of a submission's files."""
        link = Link(Limits(), {})
        link.close()
        made = bubblewrap._zygote(Limits(), bubblewrap.containment() == "root")
        if made is None:
            pytest.skip("nothing is forked here")
        with open(f"/proc/{made._process.pid}/environ", "rb") as file:
            names = {entry.split(b"=")[0].decode() for entry in file.read().split(b"\0") if entry}
        assert names == set(environment(Limits()))


@pytest.fixture
def apart(way: str) -> Iterator[Limits]:
    """Limits of which no sandbox has been made: whatever is loaded for them is loaded here."""
    limits = Limits(threads=3)
    yield limits
    bubblewrap.close_zygotes()


class TestWarmUp:
    def test_a_library_of_the_courses_is_there_before_the_first_cell(self, apart: Limits, way: str):
        """Once for every sandbox; it compiles there, with the threads that the limits give."""
        pytest.importorskip("numba", reason="Numba is not installed")
        source = "import sys\nprint('numba' in sys.modules)"
        found = []
        for libraries in ((), ("numba",)):
            bubblewrap.warm_up(apart, libraries)
            link = Link(apart)
            found.append(said(link, source))
            compiled = "import numba\nprint(numba.njit(lambda a: a + 1)(2), numba.config.NUMBA_NUM_THREADS)"
            assert said(link, compiled) == "3 3"
            link.close()
        assert found == ["False", "True" if way == "forked" else "False"]

    def test_a_library_that_is_missing_is_missed_by_whoever_needs_it(self, apart: Limits):
        """The sandbox starts as ever."""
        bubblewrap.warm_up(apart, ("no_such_library",))
        link = Link(apart)
        assert said(link, "import no_such_library") == "ModuleNotFoundError: No module named 'no_such_library'"
        link.close()

    @pytest.mark.parametrize(
        ("text", "names"),
        [
            ("import numba", ["numba"]),
            ("import numpy as np\nfrom numba import njit", ["numba"]),
            ("# import numba\nimport numbagg", []),
        ],
    )
    def test_is_for_what_the_instructors_cells_import(self, text: str, names: list[str]):
        """A submission's own imports load nothing outside its sandbox."""
        theirs = Cell("setup", text)
        assert warm._libraries(Plan((), {}, (theirs,))) == names
        assert warm._libraries(Plan((theirs,), {}, ())) == []
