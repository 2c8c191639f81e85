"""Where submitted code runs: what the argument list shows, and what code inside a real sandbox can reach."""

import json
import os
import resource
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from kernelmark.errors import SandboxError
from kernelmark.sandbox import bubblewrap, users
from kernelmark.sandbox.bubblewrap import LIBRARY, bubblewrap_arguments, containment
from kernelmark.sandbox.limits import HOME, Limits, bounded, environment
from kernelmark.sandbox.link import Link


def arguments(**changes):
    settings = {
        "prefixes": ["/opt/python"], "package": "/srv/grader/kernelmark", "files": {"data.csv": "/srv/in/ann/data.csv"},
        "links": {"/lib": "usr/lib"}, "status_fd": 7, "drop_to": 60600,
    }  # fmt: skip
    return bubblewrap_arguments(["python", "-c", "pass"], Limits(), {"LANG": "C.UTF-8"}, **{**settings, **changes})


def options(words, name, count):
    """Return the parameters of every occurrence of an option."""
    return [tuple(words[i + 1 : i + 1 + count]) for i, word in enumerate(words) if word == name]


class TestArguments:
    def test_are_the_same_every_time(self, monkeypatch):
        """A pure function: neither the environment nor the machine changes the list."""
        first = arguments()
        monkeypatch.setenv("HOME", "/elsewhere")
        monkeypatch.setattr(os, "environ", {})
        assert arguments() == first

    def test_show_the_interpreter_the_libraries_and_the_submissions_own_files_only(self):
        """Whatever else is on the host has no name inside: no home, no course, no grade book, no /etc."""
        words = arguments()
        shown = {source for source, _ in options(words, "--ro-bind", 2) + options(words, "--ro-bind-try", 2)}
        system = {"/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libx32", "/usr/bin", "/etc/ld.so.cache"}
        assert shown == {*system, "/opt/python", "/srv/grader/kernelmark", "/srv/in/ann/data.csv"}

    def test_bind_nothing_that_can_be_written(self):
        """Every bind is read-only; what can be written is in memory, of a size that is given."""
        words = arguments()
        assert not {"--bind", "--bind-try", "--dev-bind", "--dev-bind-try", "--overlay", "--share-net"} & set(words)
        size = str(Limits().scratch_bytes)
        for at in (i for i, word in enumerate(words) if word == "--tmpfs"):
            assert words[at - 2 : at] == ["--size", size]

    def test_put_the_files_beside_the_notebook(self):
        """The student's own files are found by the names they have there."""
        assert ("/srv/in/ann/data.csv", f"{HOME}/data.csv") in options(arguments(), "--ro-bind", 2)
        assert options(arguments(), "--chdir", 1) == [(HOME,)]

    @pytest.mark.parametrize("space", ["pid", "net", "ipc", "uts", "cgroup-try"])
    @pytest.mark.parametrize("drop_to", [60600, None])
    def test_give_it_its_own_processes_network_and_names(self, space, drop_to):
        """Started by root or by a user, the namespaces are its own."""
        assert f"--unshare-{space}" in arguments(drop_to=drop_to)

    def test_end_it_with_the_grader(self):
        """A grader that is killed leaves no student process behind, and no terminal is shared."""
        assert {"--die-with-parent", "--new-session", "--clearenv"} <= set(arguments())

    def test_of_root_become_another_user_without_rights(self):
        """The command runs behind setpriv: new user, no groups, no capabilities, no way back to any."""
        words = arguments(drop_to=60777)
        command = words[words.index("--") + 1 :]
        assert command[0] == "setpriv"
        dropped = {"--reuid=60777", "--regid=60777", "--clear-groups", "--no-new-privs", "--bounding-set=-all"}
        assert dropped <= set(command)
        assert command[-3:] == ["python", "-c", "pass"]

    def test_of_a_user_keep_no_capability_and_no_second_namespace(self):
        """Without root it is a user namespace, in which no further one can be opened."""
        words = arguments(drop_to=None)
        assert {"--unshare-user", "--disable-userns"} <= set(words)
        assert options(words, "--cap-drop", 1) == [("ALL",)]
        assert "--cap-add" not in words
        assert words[words.index("--") :] == ["--", "python", "-c", "pass"]

    def test_let_no_file_name_become_an_option(self):
        """Names of submitted files follow an option that takes them, after a folder of our own."""
        words = arguments(files={"--bind": "/srv/in/x"})
        assert ("/srv/in/x", f"{HOME}/--bind") in options(words, "--ro-bind", 2)
        assert "--bind" not in words


class TestEnvironment:
    def test_holds_nothing_of_the_graders(self, monkeypatch):
        """No secret in a variable is passed on."""
        monkeypatch.setenv("DATABASE_URL", "postgresql://secret")
        monkeypatch.setenv("PYTHONPATH", "/srv/course/source")
        monkeypatch.setenv("LD_PRELOAD", "/tmp/evil.so")
        assert {"DATABASE_URL", "PYTHONPATH", "LD_PRELOAD"}.isdisjoint(environment(Limits()))
        assert "secret" not in json.dumps(environment(Limits()))

    def test_fixes_the_threads_of_every_library(self):
        """The assignment's number of threads holds for BLAS, OpenMP and Numba alike."""
        found = environment(Limits(threads=3))
        names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
        assert [found[name] for name in names] == ["3"] * 4

    def test_passes_on_the_choice_of_blas_kernels(self, monkeypatch):
        """What is pinned for the grader is pinned for both sides of a race."""
        monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
        assert environment(Limits())["OPENBLAS_CORETYPE"] == "Haswell"


class TestBounded:
    def test_sets_every_limit_before_the_command(self):
        """Memory, processes, files and core dumps, soft and hard, then the command as it was."""
        words = bounded(["python", "-c", "x"], Limits(processes=9, open_files=99))
        assert words[0] == "prlimit"
        assert words[-3:] == ["python", "-c", "x"]
        assert {"--nproc=9:9", "--nofile=99:99", "--core=0:0"} <= set(words)
        assert len([w for w in words if w.startswith("--as=")]) == 1

    def test_never_asks_for_more_than_is_in_force(self, monkeypatch):
        """A user cannot raise a hard limit, so asking for more would start nothing."""
        monkeypatch.setattr(resource, "getrlimit", lambda kind: (10, 50))
        assert "--nofile=50:50" in bounded(["x"], Limits(open_files=256))


@pytest.fixture
def fresh_containment():
    """Forget how code is contained here, before and after."""
    containment.cache_clear()
    yield
    containment.cache_clear()


class TestRefusal:
    def test_without_bubblewrap_says_what_to_install(self, monkeypatch, fresh_containment):
        """Submitted code never runs bare: the message is the command that helps."""
        monkeypatch.setattr(bubblewrap.shutil, "which", lambda name: None if name == "bwrap" else f"/usr/bin/{name}")
        with pytest.raises(SandboxError, match="apt-get install bubblewrap"):
            bubblewrap.start(Limits(), ())

    def test_of_root_without_setpriv_says_what_to_install(self, monkeypatch, fresh_containment):
        """Root that cannot drop its rights runs nothing."""
        monkeypatch.setattr(bubblewrap.shutil, "which", lambda name: None if name == "setpriv" else f"/usr/bin/{name}")
        monkeypatch.setattr(os, "geteuid", lambda: 0)
        with pytest.raises(SandboxError, match="util-linux"):
            containment()

    def test_elsewhere_than_on_linux_says_so(self, monkeypatch, fresh_containment):
        """There is no bubblewrap on other systems."""
        monkeypatch.setattr(sys, "platform", "darwin")
        with pytest.raises(SandboxError, match="Linux only"):
            containment()

    def test_where_bubblewrap_cannot_work_says_what_to_allow(self, monkeypatch, fresh_containment):
        """A machine without user namespaces: the message names the switches and the way to accept the risk."""

        def refused(*_, **__):
            raise SandboxError("bubblewrap did not start: Operation not permitted")

        monkeypatch.setattr(bubblewrap, "_start_contained", refused)
        with pytest.raises(SandboxError, match=r"not permitted.*unprivileged_userns.*run_submissions_uncontained"):
            containment()

    def test_is_not_remembered(self, monkeypatch, fresh_containment):
        """Once bubblewrap is installed, the same grader goes on."""
        with monkeypatch.context() as patch:
            patch.setattr(bubblewrap.shutil, "which", lambda name: None)
            with pytest.raises(SandboxError):
                containment()
        assert containment() in ("root", "user")


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Return a folder like a course's, readable by everybody: a secret, and a student's file."""
    folder = tmp_path_factory.mktemp("course")
    (folder / "secret.txt").write_text("the hidden tests")
    (folder / "data.csv").write_text("1,2,3")
    for path in (folder, *folder.iterdir()):
        path.chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def inside(course):
    """Return a way to run a cell in a real sandbox and read what it prints."""
    link = Link(Limits(scratch_bytes=4 * 2**20), {"data.csv": str(course / "data.csv")})

    def run(source):
        reply, _ = link.request({"op": "cell", "source": source})
        return "".join(o.get("text") or f"{o.get('ename')}: {o.get('evalue')}" for o in reply["ok"]["outputs"])

    run.pid = link.pid
    yield run
    link.close()


class TestInside:
    def test_the_user_is_not_the_graders(self, inside):
        """Where the grader is root, the code runs as somebody else, without groups or capabilities."""
        if os.geteuid() != 0:
            pytest.skip("the grader is not root here; there is no other user to become")
        assert int(inside("import os; print(os.getuid())")) in users.SPARE_USERS
        assert inside("print(os.getgroups())").strip() == "[]"
        status = inside("print(open('/proc/self/status').read())")
        held = [line.split()[1] for line in status.splitlines() if line.startswith("Cap")]
        assert set(held) == {"0" * 16}
        assert "NoNewPrivs:\t1" in status

    def test_two_sandboxes_are_two_users(self):
        """Processes of two students do not share a user, so neither counts against the other's limits."""
        draws = {words[words.index("--") + 2] for words in (arguments(drop_to=u) for u in list(users.SPARE_USERS)[:3])}
        assert len(draws) == 3
        assert len(users.SPARE_USERS) > 500

    @pytest.mark.parametrize("path", ["secret.txt", "data.csv", "."])
    def test_files_of_the_host_are_not_there(self, inside, course, path):
        """Not the course, not even by the student's own file's path on the host."""
        assert "FileNotFoundError" in inside(f"import os; os.stat({str(course / path)!r})")

    @pytest.mark.parametrize(
        "path", ["/etc/passwd", "/etc/shadow", "/etc/hostname", "/var", "/srv", "/boot", "/sys", "/run"]
    )
    def test_neither_are_the_system_and_the_homes(self, inside, path):
        """What no computation needs has no name."""
        assert "FileNotFoundError" in inside(f"import os; os.stat({path!r})")

    def test_no_other_file_is_to_be_found(self, inside):
        """A walk over all but system, libraries and devices meets the student's own file and the linker's cache."""
        known = ["/proc", "/dev", "/tmp", "/usr", LIBRARY, *bubblewrap._prefixes()]
        said = inside(
            "import os\n"
            "for folder, folders, files in os.walk('/'):\n"
            f"    folders[:] = [f for f in folders if os.path.join(folder, f) not in {known!r}]\n"
            "    for name in files: print(os.path.join(folder, name))"
        )
        assert sorted(said.split()) == ["/etc/ld.so.cache", f"{HOME}/data.csv"]

    def test_home_holds_the_submissions_own_files_only(self, inside, course):
        """The file beside the notebook is there, by its name, as a copy: what is written to it stays in there."""
        assert inside("import os; print(os.getcwd(), sorted(os.listdir('.')))").strip() == f"{HOME} ['data.csv']"
        assert inside("print(open('data.csv').read())").strip() == "1,2,3"
        assert inside("with open('data.csv', 'a') as file: file.write(',4')").strip() == ""
        assert inside("print(open('data.csv').read())").strip() == "1,2,3,4"
        assert (course / "data.csv").read_text() == "1,2,3"

    def test_a_process_can_time_itself(self, inside):
        """Its own CPU clock is finer than the kernel's tick, or what students measure would read 0."""
        source = "import time; t = time.process_time(); sum(range(20000)); print(0 < time.process_time() - t < 0.5)"
        assert inside(source).strip() == "True"

    def test_the_package_is_there_and_read_only(self, inside):
        """The grader's own code can be read, never written, and holds no test of the course."""
        assert inside("import kernelmark; print(kernelmark.__file__)").strip() == f"{LIBRARY}/kernelmark/__init__.py"
        assert "Error" in inside("open(kernelmark.__file__, 'a')")

    @pytest.mark.parametrize("folder", ["/usr/lib", "/usr/bin", sys.prefix, LIBRARY])
    def test_libraries_cannot_be_written(self, inside, folder):
        """Nobody leaves a module behind for the next one to import."""
        assert "Error" in inside(f"open({folder + '/planted.py'!r}, 'w')")

    def test_there_is_no_network(self, inside, course):
        """No interface but a loopback of its own: a server on the host's loopback is out of reach."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            said = inside(f"import socket; socket.create_connection(('127.0.0.1', {port}), timeout=5)")
        assert "Error" in said
        assert inside("print([name for _, name in socket.if_nameindex() if name != 'lo'])").strip() == "[]"

    def test_abstract_sockets_of_the_host_are_out_of_reach(self, inside):
        """They belong to the network namespace, which is its own."""
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("\0kernelmark-test")
            server.listen()
            said = inside("import socket; socket.socket(socket.AF_UNIX).connect('\\0kernelmark-test')")
        assert "ConnectionRefusedError" in said

    def test_only_its_own_processes_are_seen(self, inside):
        """The grader and every other student have no number inside."""
        seen = inside("import os; print(sorted(int(n) for n in os.listdir('/proc') if n.isdigit()), os.getpid())")
        numbers, own = json.loads(seen.rpartition("] ")[0] + "]"), int(seen.rpartition("] ")[2])
        assert own in numbers
        assert len(numbers) <= 3
        assert max(numbers) < 100
        assert f"{inside.pid}" != str(own)

    def test_others_cannot_be_signalled(self, inside):
        """The number of a process of the host means nothing here."""
        with subprocess.Popen([sys.executable, "-I", "-c", "input()"], stdin=subprocess.PIPE) as victim:
            assert "ProcessLookupError" in inside(f"import os, signal; os.kill({victim.pid}, signal.SIGKILL)")
            assert victim.poll() is None
            victim.kill()

    def test_environment_is_ours_and_nothing_else(self, inside):
        """Every variable inside is one that was set on purpose."""
        names = set(json.loads(inside("import os, json; print(json.dumps(list(os.environ)))")))
        assert names <= {*environment(Limits()), "PWD", "LC_CTYPE"}

    def test_the_first_process_of_a_sandbox_has_nothing_of_the_graders_environment(self, monkeypatch):
        """Where nobody is root, submitted code can read it in /proc/1/environ, whatever its own process was given."""
        monkeypatch.setenv("TOKEN_OF_THE_GRADER", "secret")
        link = Link(Limits())
        try:
            assert b"TOKEN" not in Path(f"/proc/{link._started.overseer}/environ").read_bytes()
        finally:
            link.close()

    def test_open_files_are_the_servers_own(self, inside):
        """No descriptor of the grader's leaks in: standard ones, the socket, and what the interpreter opened."""
        text = inside(
            "import os\n"
            "for number in os.listdir('/proc/self/fd'):\n"
            "    name = f'/proc/self/fd/{number}'\n"
            "    if os.path.islink(name): print(os.readlink(name))"
        )
        for target in text.split("\n"):
            outside = target.startswith("/") and not target.startswith(
                ("/dev/", "/proc/", "/memfd:", sys.prefix, "/usr/")
            )
            assert not outside, target

    @pytest.mark.parametrize("folder", ["/tmp", HOME, "/dev/shm"])
    def test_scratch_space_ends(self, inside, folder):
        """Endless files fill a bounded piece of memory, not the host's disk."""
        said = inside(
            "import os\n"
            "written = 0\n"
            "try:\n"
            "    for number in range(64):\n"
            f"        with open(f'{folder}/flood{{number}}', 'wb') as file:\n"
            "            file.write(bytes(2**20))\n"
            "        written += 1\n"
            "except OSError as error:\n"
            "    print(type(error).__name__, error.errno)\n"
            f"for name in os.listdir({folder!r}):\n"
            f"    if name.startswith('flood'): os.unlink(os.path.join({folder!r}, name))\n"
            "print(written)"
        )
        assert "OSError 28" in said
        assert int(said.split()[-1]) <= 4

    def test_a_single_file_ends_before(self, inside):
        """A sparse file is bounded by its length."""
        said = inside("f = open('/tmp/sparse', 'wb'); f.truncate(2**40)")
        assert "OSError" in said

    def test_another_namespace_cannot_be_opened(self, inside):
        """No way to be root inside, and from there to mount or listen."""
        said = inside(
            "import ctypes, os; libc = ctypes.CDLL(None, use_errno=True); "
            "print(libc.unshare(0x10000000), libc.setuid(0), libc.mount(b'none', b'/tmp', b'tmpfs', 0, None))"
        )
        assert said.split()[1:] == ["-1", "-1"]


class TestUncontained:
    def test_runs_bare_only_when_told_in_so_many_words(self, monkeypatch):
        """The switch is off by default, and on it does not even look for bubblewrap."""
        assert Limits().contained is True
        monkeypatch.setattr(bubblewrap, "containment", lambda: pytest.fail("it asked for a sandbox"))
        link = Link(Limits(contained=False))
        try:
            reply, _ = link.request({"op": "cell", "source": "import os; print(os.getuid())"})
            assert reply["ok"]["outputs"][0]["text"].strip() == str(os.getuid())
        finally:
            link.close()


def test_sandboxes_leave_no_process_behind():
    """When a link is closed, everything that ran in its sandbox is gone, a daemon of its own too."""
    link = Link(Limits(children=True))
    sleep = "[sys.executable, '-c', 'import time; time.sleep(600)']"
    daemon = f"import subprocess, sys; p = subprocess.Popen({sleep}, start_new_session=True)"
    link.request({"op": "cell", "source": daemon})
    overseer = link._started.overseer
    family = {link.pid, overseer}
    for pid in (link.pid, overseer):
        family |= {int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}
    assert len(family) >= 3
    link.close()
    gone = [pid for pid in family if not Path(f"/proc/{pid}").exists() or state(pid) == "Z"]
    assert set(gone) == family


def state(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except FileNotFoundError:
        return "Z"
