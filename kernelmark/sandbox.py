"""Where submitted code runs: a bubblewrap sandbox, its limits, its start and its end.

It stops: reading or writing anything but the submission's own files, the interpreter
and the libraries; any network; child processes, unless allowed; seeing, signalling or tracing other processes; running
as the grader's user where the grader is root; memory, file and process floods.
It does not stop: faults of the kernel, and side channels through shared caches.
Where it cannot work, grading refuses: submitted code never runs bare, unless the
configuration says so in so many words.
"""

import contextlib
import functools
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kernelmark import clock, syscalls
from kernelmark.errors import SandboxError

HOME = "/home/student"
LIBRARY = "/opt/kernelmark"
START = (
    f"import sys; sys.path.insert(0, {LIBRARY!r} if {{contained}} else {{bare!r}}); "
    "from kernelmark.server import main; main()"
)
# Users that Linux distributions leave unused; a fresh one for every sandbox started by root.
SPARE_USERS = range(60600, 61180)
START_TIMEOUT_S = 30.0
# Passed through: they choose the BLAS kernels, for both sides of a race alike.
PASSED_ON = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


@dataclass(frozen=True)
class Limits:
    """What one submission may use. A breach ends its process, never the grading."""

    memory_bytes: int = 2 * 2**30
    cell_s: float = 30.0
    notebook_s: float = 600.0
    processes: int = 128
    open_files: int = 256
    file_bytes: int = 64 * 2**20
    scratch_bytes: int = 256 * 2**20
    restarts: int = 12
    threads: int = 1
    contained: bool = True
    # Child processes: off, since nobody counts the CPU time of one that a submission reaps itself.
    children: bool = False


@dataclass(frozen=True)
class Started:
    """A started process: the one to wait for, the one that runs the code, and its overseer."""

    process: "subprocess.Popen[bytes]"
    pid: int
    overseer: int | None


def environment(limits: Limits) -> dict[str, str]:
    """Return all that the process finds in its environment: threads, allocator, places."""
    threads = str(limits.threads)
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
    return {
        **{name: os.environ[name] for name in PASSED_ON if name in os.environ},
        **dict.fromkeys(names, threads),
        # Freed memory stays with the process, or page faults dominate what is timed.
        "MALLOC_MMAP_THRESHOLD_": "1073741824",
        "MALLOC_TRIM_THRESHOLD_": "4294967296",
        "MALLOC_TOP_PAD_": "67108864",
        "HOME": HOME,
        "IPYTHONDIR": "/tmp/ipython",
        "LANG": "C.UTF-8",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MPLCONFIGDIR": "/tmp/matplotlib",
        "PATH": "/usr/bin:/bin",
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": "/tmp",
    }


def bubblewrap_arguments(
    command: Sequence[str],
    limits: Limits,
    variables: Mapping[str, str],
    *,
    prefixes: Sequence[str],
    package: str,
    files: Mapping[str, str],
    links: Mapping[str, str],
    status_fd: int,
    drop_to: int | None,
    filter_fd: int | None = None,
) -> list[str]:
    """Return the argument list of bubblewrap; pure, so that it can be read and tested.

    Args:
        prefixes: folders of the interpreter and its libraries, shown read-only.
        package: the folder of the kernelmark package, shown read-only.
        files: the submission's own files, {name beside the notebook: path}, read-only.
        links: {"/lib": "usr/lib", ...} where the host has links of that kind.
        status_fd: where bubblewrap writes its child's process id.
        filter_fd: holds the seccomp filter; None where there is none.
        drop_to: the user to become, when started by root; None keeps the user, in a
            user namespace of its own.
    """
    arguments = ["bwrap", "--die-with-parent", "--new-session", "--info-fd", str(status_fd)]
    arguments += ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    arguments += ["--hostname", "grading", "--clearenv"]
    arguments += [] if filter_fd is None else ["--seccomp", str(filter_fd)]
    for name, value in variables.items():
        arguments += ["--setenv", name, value]
    for folder in ("/usr/lib", "/etc/ld.so.cache", f"{LIBRARY}/kernelmark", HOME):
        arguments += _open_parents(folder)
    for folder in ("/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libx32", "/usr/bin", "/etc/ld.so.cache"):
        arguments += ["--ro-bind-try", folder, folder]
    for name, target in links.items():
        arguments += ["--symlink", target, name]
    arguments += ["--proc", "/proc", "--dev", "/dev"]
    for folder in ("/tmp", "/dev/shm", HOME):
        arguments += ["--perms", "1777", "--size", str(limits.scratch_bytes), "--tmpfs", folder]
    for prefix in prefixes:  # after /tmp, since an environment may lie there
        arguments += [*_open_parents(prefix), "--ro-bind", prefix, prefix]
    arguments += ["--ro-bind", package, f"{LIBRARY}/kernelmark"]
    for name, path in files.items():
        arguments += ["--ro-bind", path, f"{HOME}/{name}"]
    arguments += ["--remount-ro", "/", "--chdir", HOME]
    if drop_to is None:
        return [*arguments, "--unshare-user", "--disable-userns", "--cap-drop", "ALL", "--", *command]
    for capability in ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"):
        arguments += ["--cap-add", capability]
    become = ["setpriv", f"--reuid={drop_to}", f"--regid={drop_to}", "--clear-groups", "--no-new-privs"]
    become += ["--inh-caps=-all", "--ambient-caps=-all", "--bounding-set=-all", "--pdeathsig=KILL"]
    return [*arguments, "--", *become, *command]


def _open_parents(path: str) -> list[str]:
    """Return arguments that make the parents of a path passable; bubblewrap's own are for their owner alone."""
    parents = reversed(Path(path).parents[:-1])
    return [word for parent in parents for word in ("--perms", "0755", "--dir", str(parent))]


def start(limits: Limits, fds: Sequence[int], files: Mapping[str, str] | None = None) -> Started:
    """Start a server in a sandbox, holding the given descriptors.

    Raises:
        SandboxError: it cannot be contained here; the message says what to do.
    """
    contained = limits.contained
    bare = str(Path(__file__).parent.parent)
    code = START.format(contained=contained, bare=bare)
    command = bounded([sys.executable, "-I", "-c", code, *(str(fd) for fd in fds)], limits)
    if not contained:
        variables = {**environment(limits), "HOME": os.environ.get("HOME", "/"), "TMPDIR": "/tmp"}
        process = subprocess.Popen(
            command,
            pass_fds=fds,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/tmp",
            start_new_session=True,
        )
        return Started(process, process.pid, None)
    return _start_contained(command, limits, fds, files or {}, drop=containment() == "root")


def bounded(command: Sequence[str], limits: Limits) -> list[str]:
    """Return the command with the kernel's own limits set before it, never above those in force."""
    bounds = {
        # Address space is the last line only: NumPy and Numba reserve much more than they use.
        "as": (resource.RLIMIT_AS, 8 * limits.memory_bytes),
        "nproc": (resource.RLIMIT_NPROC, limits.processes),
        "nofile": (resource.RLIMIT_NOFILE, limits.open_files),
        "fsize": (resource.RLIMIT_FSIZE, limits.file_bytes),
        "core": (resource.RLIMIT_CORE, 0),
    }
    words = ["prlimit"]
    for name, (kind, bound) in bounds.items():
        hard = resource.getrlimit(kind)[1]
        least = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
        words.append(f"--{name}={least}:{least}")
    return [*words, *command]


def end(started: Started) -> int:
    """Kill everything in the sandbox, wait for it, and return the exit status."""
    for pid in (started.overseer, started.pid):
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, 9)
    with contextlib.suppress(subprocess.TimeoutExpired):
        started.process.wait(2)
    started.process.kill()
    if started.process.stderr is not None:
        started.process.stderr.close()
    return started.process.wait()


@functools.cache
def containment() -> str:
    """Return how code is contained here: "root" (another user) or "user" (a namespace of our own).

    Raises:
        SandboxError: no way works; the message says exactly what to run.
    """
    if not sys.platform.startswith("linux"):
        raise SandboxError(f"submissions can be contained on Linux only, this is {sys.platform}; grade on Linux")
    if shutil.which("bwrap") is None:
        raise SandboxError("bubblewrap is missing; run: sudo apt-get install bubblewrap (or: dnf install bubblewrap)")
    way = "root" if os.geteuid() == 0 else "user"
    if way == "root" and shutil.which("setpriv") is None:
        raise SandboxError(
            "setpriv is missing, without which root cannot drop its rights; run: apt-get install util-linux"
        )
    try:
        probe = _start_contained([sys.executable, "-I", "-c", "import sys"], Limits(), (), {}, drop=way == "root")
        probe.process.wait(START_TIMEOUT_S)
        status = end(probe)
        complaint = f"the probe ended with status {status}"
    except SandboxError as error:
        status, complaint = 1, str(error)
    if status == 0:
        return way
    raise SandboxError(
        f"bubblewrap is installed but cannot contain a process here ({complaint}). Allow user namespaces: "
        "sudo sysctl -w kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0 "
        "(in a container: run it with --security-opt seccomp=unconfined --cap-add SYS_ADMIN), "
        "or accept the risk: c.Kernelmark.run_submissions_uncontained = True"
    )


def _start_contained(
    command: Sequence[str], limits: Limits, fds: Sequence[int], files: Mapping[str, str], *, drop: bool
) -> Started:
    status_read, status_write = os.pipe()
    filter_fd = _filter(limits)
    try:
        arguments = bubblewrap_arguments(
            command,
            limits,
            environment(limits),
            prefixes=_prefixes(),
            package=str(Path(__file__).parent),
            files=files,
            links=_links(),
            status_fd=status_write,
            drop_to=random.SystemRandom().choice(SPARE_USERS) if drop else None,
            filter_fd=filter_fd,
        )
        process = subprocess.Popen(
            arguments,
            pass_fds=(*fds, status_write, *([] if filter_fd is None else [filter_fd])),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        os.close(status_write)
        status_write = -1
        overseer = _overseer(status_read, process)
        return Started(process, _only_child(overseer, process), overseer)
    finally:
        os.close(status_read)
        if filter_fd is not None:
            os.close(filter_fd)
        if status_write >= 0:
            os.close(status_write)


def _filter(limits: Limits) -> int | None:
    """Return a descriptor from which bubblewrap can read the seccomp filter, or None on an unknown machine."""
    program = syscalls.filter_program(children=limits.children)
    if program is None:
        return None
    read_end, write_end = os.pipe()
    os.write(write_end, program)
    os.close(write_end)
    return read_end


def _overseer(status_fd: int, process: "subprocess.Popen[bytes]") -> int:
    text = b""
    while piece := os.read(status_fd, 4096):
        text += piece
        if b"}" in text:
            return int(json.loads(text)["child-pid"])
    _, complaint = process.communicate(timeout=START_TIMEOUT_S)
    raise SandboxError(f"bubblewrap did not start: {complaint.decode(errors='replace').strip()[:300]}")


def _only_child(overseer: int, process: "subprocess.Popen[bytes]") -> int:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        found = clock.children(overseer)
        if found:
            return found[0]
        if process.poll() is not None:
            if process.returncode == 0:
                return overseer
            complaint = process.stderr.read() if process.stderr else b""
            raise SandboxError(f"bubblewrap did not start: {complaint.decode(errors='replace').strip()[:300]}")
        time.sleep(0.0005)
    raise SandboxError(f"bubblewrap started nothing within {START_TIMEOUT_S} s")


def _prefixes() -> list[str]:
    """Return the folders of the interpreter and its packages, outermost only."""
    found = {os.path.realpath(sys.base_prefix), sys.base_prefix, sys.prefix}
    found |= {os.path.realpath(os.path.dirname(os.path.realpath(sys.executable)) + "/..")}
    found -= {"/usr", "/"}
    return sorted(path for path in found if not any(path.startswith(other + "/") for other in found - {path}))


def _links() -> dict[str, str]:
    names = ("/bin", "/lib", "/lib32", "/lib64", "/libx32")
    return {name: os.readlink(name) for name in names if os.path.islink(name)}
