"""A warm interpreter from which the server of every sandbox is forked, so that Python starts once.

A fresh sandboxed Python with IPython and NumPy costs about 0.2 CPU-seconds, a fork of a
warm one 0.01. The zygote has imported the server and its libraries, those that the course
names and are slow to start among them, and nothing else: it never sees submitted code, a
test, or a path of anybody's work. For every sandbox it forks
a process that enters the namespaces which bubblewrap has made, becomes the sandbox's user
and gives up every right, in that order, before it serves. It decides nothing about what a
sandbox shows or allows; `sandbox` does, and starts a Python of its own where this cannot work.

Source: setns(2), pidfd_open(2), capabilities(7), prctl(2); linux/capability.h.
"""

import contextlib
import ctypes
import gc
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import resource
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from kernelmark.sandbox import landlock
from kernelmark.sandbox.limits import PYTHON

# Values of linux/sched.h, linux/prctl.h and linux/capability.h.
_NAMESPACES = {
    "user": 0x10000000,
    "mnt": 0x00020000,
    "cgroup": 0x02000000,
    "uts": 0x04000000,
    "ipc": 0x08000000,
    "pid": 0x20000000,
    "net": 0x40000000,
}
_PDEATHSIG, _DUMPABLE, _CAPBSET_DROP, _NO_NEW_PRIVS, _AMBIENT, _SECCOMP = 1, 4, 24, 38, 47, 22
_AMBIENT_CLEAR_ALL, _SECCOMP_FILTER = 4, 2
_CAPABILITY_VERSION_3 = 0x20080522
_LAST_CAPABILITY = 63
MAX_FILTER_BYTES = 65536
START_TIMEOUT_S = 30.0
END_TIMEOUT_S = 5.0
_libc = ctypes.CDLL(None, use_errno=True)


class Forked:
    """A server that was forked into a sandbox: its process id here, and where its exit status will be read."""

    def __init__(self, pid: int, status_fd: int):
        self.pid = pid
        self._status_fd = status_fd
        self._status: int | None = None

    def status(self, timeout_s: float) -> int | None:
        """Return its exit status (negative: the signal that ended it), or None while it runs."""
        if self._status is None:
            waiting = select.poll()
            waiting.register(self._status_fd, select.POLLIN)
            if waiting.poll(1000 * timeout_s):
                text = os.read(self._status_fd, 64)
                self._status = int(text) if text else -int(signal.SIGKILL)  # whoever waited was killed with it
        return self._status

    def close(self) -> None:
        """Give the descriptor back."""
        with contextlib.suppress(OSError):
            os.close(self._status_fd)


class Zygote:
    """The caller's end. Its requests are single messages, so forks of the caller may use it too.

    Args:
        environment: all that the server finds in its environment.
        package: the folder that holds the kernelmark package here.
        library: the folder that holds it inside every sandbox.
    """

    def __init__(self, environment: Mapping[str, str], package: str, library: str):
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # Through a pipe: forks keep this command line, and submitted code reads it there.
        told, tell = os.pipe()
        os.write(tell, os.fsencode(package))
        os.close(tell)
        code = (
            f"import os, sys; sys.path.insert(0, os.fsdecode(os.read({told}, 4096))); os.close({told}); "
            f"from kernelmark.sandbox.zygote import main; main({theirs.fileno()}, {library!r})"
        )
        self._process = subprocess.Popen(
            [sys.executable, *PYTHON, "-c", code],
            pass_fds=[theirs.fileno(), told],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        theirs.close()
        os.close(told)

    def fork_into(
        self,
        overseer: int,
        fds: Sequence[int],
        *,
        home: str,
        user: int | None,
        bounds: Mapping[int, int],
        filter_program: bytes | None,
    ) -> Forked:
        """Fork a server into the namespaces of a process.

        Args:
            overseer: the first process of the sandbox.
            fds: the server's socket, inbox, outbox, files and door.
            user: the user to become; None keeps it, in the sandbox's user namespace.
            bounds: {resource: limit}, as resource.setrlimit takes them.

        Raises:
            OSError: this kernel does not allow it, or the zygote is gone.
        """
        status_read, status_write = os.pipe()
        request = {
            "namespaces": _differing(overseer),
            "home": home,
            "user": user,
            "bounds": list(bounds.items()),
            "filter": None if filter_program is None else filter_program.hex(),
        }
        pidfd = -1
        try:
            pidfd = os.pidfd_open(overseer)
            socket.send_fds(self._control, [json.dumps(request).encode()], [*fds, pidfd, status_write])
            os.close(status_write)
            status_write = -1
            said = _first_line(status_read)
            if not said.isdigit():
                raise OSError(f"a process could not be forked into a sandbox ({said or 'no answer'})")
            return Forked(int(said), status_read)
        except BaseException:  # ctrl-C included: nobody else would close it
            os.close(status_read)
            raise
        finally:
            for descriptor in (pidfd, status_write):
                if descriptor >= 0:
                    os.close(descriptor)

    def warm_up(self, libraries: Sequence[str]) -> None:
        """Have it import libraries before it forks again; one that is not installed is left to whoever needs it.

        Raises:
            OSError: the zygote is gone.
        """
        self._control.send(json.dumps({"libraries": list(libraries)}).encode())

    def leave(self) -> None:
        """Let go of it; it ends when nobody holds it any more."""
        self._control.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(END_TIMEOUT_S)

    def close(self) -> None:
        """End it; what it has forked goes on."""
        self.leave()
        self._process.kill()
        self._process.wait()


def is_safe(drop: bool) -> bool:
    """Say whether the interpreter cannot be written by the sandbox's user, who is another one where `drop` is set.

    A forked process keeps its program from outside of the sandbox as /proc/self/exe;
    whoever owns that file could change it there.
    """
    program = Path(sys.executable).resolve()
    return drop or not (os.access(program, os.W_OK) or program.stat().st_uid == os.geteuid())


def main(control: int, library: str) -> None:
    """Be the zygote, on the control socket of that number, until its other end is closed."""
    gc.disable()
    _import_as_in(library)
    os.chdir("/")  # or submitted code could find out where it is graded
    with contextlib.suppress(OSError):  # there is no room for it: each fork does it then
        importlib.import_module("kernelmark.sandbox.shell").rehearse()
    gc.freeze()  # or every fork copies what the collector looks at
    gc.enable()
    line = socket.socket(fileno=control)
    while True:
        text, fds, _, _ = socket.recv_fds(line, 4 * MAX_FILTER_BYTES, 8)
        _reap(0 if not text else os.WNOHANG)
        if not text:
            return
        request = json.loads(text)
        if "libraries" in request:
            _warm_up(request["libraries"])
        elif os.fork() == 0:
            line.close()
            _oversee(request, fds)
        for descriptor in fds:
            os.close(descriptor)


def _first_line(descriptor: int) -> str:
    """Return what stands before the first line end, and leave the rest: the status may follow at once."""
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)
    said = b""
    while waiting.poll(1000 * START_TIMEOUT_S):
        piece = os.read(descriptor, 1)
        if piece in (b"", b"\n"):
            break
        said += piece
    return said.decode(errors="replace")


def _reap(options: int) -> None:
    """Wait for what has ended, so that its CPU time is counted."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, options)[0]:
            pass


def _differing(pid: int) -> int:
    """Return the flags of the namespaces in which a process is and we are not."""
    flags = 0
    for name, flag in _NAMESPACES.items():
        if os.readlink(f"/proc/{pid}/ns/{name}") != os.readlink(f"/proc/self/ns/{name}"):
            flags |= flag
    return flags


def _import_as_in(library: str) -> None:
    """Import the server and what set-up cells need, under the file names that they have inside every sandbox."""
    here = str(Path(__file__).parents[2])
    for name in [name for name in sys.modules if name.partition(".")[0] == "kernelmark"]:
        del sys.modules[name]
    finder = _Moved(here, library)
    sys.meta_path.insert(0, finder)
    for name in ("kernelmark.sandbox.server", "kernelmark.checks", "kernelmark.lab"):
        importlib.import_module(name)
    sys.meta_path.remove(finder)
    sys.path[0] = library


def _warm_up(libraries: Sequence[str]) -> None:
    for name in libraries:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    if "numba" in libraries and "numba" in sys.modules:
        _compile_a_loop()
    gc.freeze()


def _compile_a_loop() -> None:
    """Have Numba set up its tables of types and its compiler, which takes longer than any small kernel after it."""
    import numba
    import numpy as np

    def loop(a, b):  # type: ignore[no-untyped-def]
        for i in range(a.shape[0]):
            for j in range(a.shape[1]):
                b[i, j] += a[i, j]
        return b.size

    for kind in (np.float32, np.float64):
        numba.njit(loop)(np.ones((2, 2), kind), np.ones((2, 2), kind))


class _Moved(importlib.abc.MetaPathFinder):
    """Finds the package's modules in one folder, and says that they lie in another."""

    def __init__(self, here: str, there: str):
        self._here, self._there = here, there

    def find_spec(self, name: str, path: Any, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        """Find a module of the package, and no other."""
        part = Path(*name.split("."))
        if part.parts[0] != "kernelmark":
            return None
        package = (Path(self._here) / part).is_dir()
        shown = str(Path(self._there) / (part / "__init__.py" if package else part.with_suffix(".py")))
        inside = [str(Path(shown).parent)] if package else None
        loader = _MovedLoader(name, shown, self._here, self._there)
        return importlib.util.spec_from_file_location(name, shown, loader=loader, submodule_search_locations=inside)


class _MovedLoader(importlib.machinery.SourceFileLoader):
    def __init__(self, name: str, shown: str, here: str, there: str):
        super().__init__(name, shown)
        self._here, self._there = here, there

    def get_data(self, path: str) -> bytes:
        return super().get_data(self._real(path))

    def path_stats(self, path: str) -> Any:
        return super().path_stats(self._real(path))

    def _real(self, path: str) -> str:
        return self._here + path.removeprefix(self._there)


def _oversee(request: dict[str, Any], fds: Sequence[int]) -> NoReturn:
    """Enter the namespaces, fork the server into them, say its number, and at its end its status."""
    *server_fds, pidfd, status = fds
    try:
        _prctl(_PDEATHSIG, signal.SIGKILL)
        if _libc.setns(pidfd, request["namespaces"]):
            _fail("setns")
        os.close(pidfd)
        pid = os.fork()
        if pid == 0:
            os.close(status)
            _serve(request, server_fds)
        for descriptor in server_fds:
            os.close(descriptor)
        os.write(status, f"{pid}\n".encode())
        _, code = os.waitpid(pid, 0)
        os.write(status, str(os.waitstatus_to_exitcode(code)).encode())
    except OSError as error:
        with contextlib.suppress(OSError):
            os.write(status, str(error.strerror).encode()[:64])
    finally:
        os._exit(0)


def _serve(request: dict[str, Any], fds: Sequence[int]) -> NoReturn:
    """Become the sandbox's user without any rights, and serve."""
    code = 1
    try:
        _give_up_rights(request)
        import numpy as np

        from kernelmark.sandbox.server import serve_on

        np.random.seed()  # or every submission would draw the same numbers
        serve_on(*fds)
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    finally:
        os._exit(code)


def _give_up_rights(request: dict[str, Any]) -> None:
    """Set bounds, user, capabilities and filter; each step needs the rights that a later one takes."""
    os.setsid()
    os.umask(0o022)
    os.chdir(request["home"])
    for kind, bound in request["bounds"]:
        resource.setrlimit(kind, (bound, bound))
    for capability in range(_LAST_CAPABILITY + 1):
        if _libc.prctl(_CAPBSET_DROP, capability, 0, 0, 0):
            break  # beyond the last one that this kernel knows
    if request["user"] is not None:
        os.setgroups([])
        os.setresgid(*[request["user"]] * 3)
        os.setresuid(*[request["user"]] * 3)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    if _libc.capset(header, (ctypes.c_uint32 * 6)()):
        _fail("capset")
    _prctl(_AMBIENT, _AMBIENT_CLEAR_ALL)
    _prctl(_NO_NEW_PRIVS, 1)
    _prctl(_DUMPABLE, 1)  # as after an exec: the process may look at itself
    _prctl(_PDEATHSIG, signal.SIGKILL)
    landlock.enter_domain()
    if request["filter"] is not None:
        _load_filter(bytes.fromhex(request["filter"]))


class _FilterProgram(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def _load_filter(program: bytes) -> None:
    loaded = _FilterProgram(len(program) // 8, program)
    if _libc.prctl(_SECCOMP, _SECCOMP_FILTER, ctypes.byref(loaded), 0, 0):
        _fail("prctl(PR_SET_SECCOMP)")


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0):
        _fail(f"prctl({option})")


def _fail(what: str) -> NoReturn:
    number = ctypes.get_errno()
    raise OSError(number, f"{what}: {os.strerror(number)}")
