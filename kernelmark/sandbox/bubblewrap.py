"""Where submitted code runs: a bubblewrap sandbox, its limits, its start and its end.

It stops: reading or writing anything but copies of the submission's own files, the interpreter
and the libraries; any network; child processes, unless allowed; seeing, signalling or tracing other processes; running
as the grader's user where the grader is root; memory, file and process floods (see `Limits`).
It does not stop: faults of the kernel, and side channels through shared caches.
Where it cannot work, grading refuses: submitted code never runs bare, unless the
configuration says so in so many words.
"""

import atexit
import contextlib
import functools
import json
import os
import select
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from kernelmark.errors import SandboxError
from kernelmark.sandbox import cgroups, syscalls, users, zygote
from kernelmark.sandbox.limits import HOME, PYTHON, Limits, bounded, bounds, environment
from kernelmark.sandbox.started import SCRATCH, Started
from kernelmark.stopwatch import clock

# The folder of the package `kernelmark`, and the one that holds it in the sandbox.
PACKAGE = Path(__file__).parents[1]
LIBRARY = "/opt/kernelmark"
START = (
    f"import sys; sys.path.insert(0, {LIBRARY!r}); from kernelmark.sandbox import landlock; landlock.enter_domain(); "
    "from kernelmark.sandbox.server import main; main()"
)
START_BARE = "import sys; sys.path.insert(0, {bare!r}); from kernelmark.sandbox.server import main; main()"
# What keeps a sandbox open for the server that is forked into it. It holds a right that the server lacks, so that the
# kernel lets the server neither trace it nor write into it; where root started it, it is another user as well.
KEEP_OPEN = ("sleep", "infinity")
KEEPERS_RIGHT = "CAP_LEASE"
KEEPERS_MEMORY_BYTES = 8 * 2**20
START_TIMEOUT_S = 30.0
# A killed process that has not ended by then hangs in the kernel.
END_TIMEOUT_S = 2.0


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
    right: str | None = None,
) -> list[str]:
    """Return the argument list of bubblewrap; pure, so that it can be read and tested.

    Args:
        prefixes: folders of the interpreter and its libraries, shown read-only.
        package: the folder of the kernelmark package, shown read-only.
        files: what is too large to be copied beside the notebook, {name: path}, read-only.
        links: {"/lib": "usr/lib", ...} where the host has links of that kind.
        status_fd: where bubblewrap writes its child's process id.
        filter_fd: holds the seccomp filter; None where there is none.
        drop_to: the user to become, when started by root; None keeps the user, in a
            user namespace of its own.
        right: a capability that the command has in its user namespace; None for none at all.
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
    for folder in SCRATCH:
        arguments += ["--perms", "1777", "--size", str(limits.scratch_bytes), "--tmpfs", folder]
    for prefix in prefixes:  # after /tmp, since an environment may lie there
        arguments += [*_open_parents(prefix), "--ro-bind", prefix, prefix]
    arguments += ["--ro-bind", package, f"{LIBRARY}/kernelmark"]
    for name, path in files.items():
        if name in ("", ".", "..") or "/" in name or "\0" in name:
            raise ValueError(f"{name[:80]!r} is not the name of a file beside a notebook")
        arguments += ["--ro-bind", path, f"{HOME}/{name}"]
    arguments += ["--remount-ro", "/", "--chdir", HOME]
    if drop_to is None:
        rights = [] if right is None else ["--cap-add", right]
        return [*arguments, "--unshare-user", "--disable-userns", "--cap-drop", "ALL", *rights, "--", *command]
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
    code = START if contained else START_BARE.format(bare=str(PACKAGE.parent))
    command = bounded([sys.executable, *PYTHON, "-c", code, *(str(fd) for fd in fds)], limits)
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
        return _grouped(Started(process, process.pid, None, _handles(process.pid)), limits)
    drop = containment() == "root"
    warm = _zygote(limits, drop)
    if warm is not None:
        try:
            return _start_forked(warm, limits, fds, files or {}, drop=drop)
        except OSError:
            _forget(warm)  # it is gone, or cannot do it here: Python starts once more
    return _grouped(_start_contained(command, limits, fds, files or {}, drop=drop), limits)


def warm_up(limits: Limits, libraries: Sequence[str]) -> None:
    """Have the libraries that a course's notebook imports loaded once for every sandbox of these limits.

    Raises:
        SandboxError: nothing can be contained here; the message says what to do.
    """
    warm = _zygote(limits, containment() == "root") if limits.contained else None
    if warm is not None:
        try:
            warm.warm_up(libraries)
        except OSError:
            _forget(warm)


def close_zygotes() -> None:
    """End the warm interpreters of this process, when no sandbox runs any more."""
    with _zygotes_lock:
        for warm in _zygotes.values():
            warm.close()
        _zygotes.clear()


atexit.register(close_zygotes)
_zygotes: dict[tuple[tuple[str, str], ...], zygote.Zygote] = {}
_zygotes_lock = threading.Lock()
_failures: list[float] = []
# A kernel that refuses once will refuse again; a zygote that died can be replaced.
MAX_FAILURES = 3


def _zygote(limits: Limits, drop: bool) -> zygote.Zygote | None:
    """Return the warm interpreter for these limits, or None where none may be used."""
    if len(_failures) > MAX_FAILURES or not zygote.is_safe(drop):
        return None
    variables = environment(limits)
    key = tuple(sorted(variables.items()))
    with _zygotes_lock:
        if key not in _zygotes:
            _zygotes[key] = zygote.Zygote(variables, str(PACKAGE.parent), LIBRARY)
        return _zygotes[key]


def _forget(warm: zygote.Zygote) -> None:
    with _zygotes_lock:
        for key in [key for key, value in _zygotes.items() if value is warm]:
            del _zygotes[key]
        _failures.append(time.monotonic())
    warm.leave()


def _start_forked(
    warm: zygote.Zygote, limits: Limits, fds: Sequence[int], files: Mapping[str, str], *, drop: bool
) -> Started:
    """Start a server as a fork of a warm interpreter, in a sandbox that a waiting process holds open.

    Raises:
        OSError: the fork failed; nothing is left of the sandbox.
        SandboxError: there can be no sandbox.
    """
    keeper = bounded(KEEP_OPEN, replace(limits, memory_bytes=KEEPERS_MEMORY_BYTES))
    holder = _start_contained(keeper, limits, (), files, drop=drop, keeps_open=True)
    assert holder.overseer is not None
    try:
        forked = warm.fork_into(
            holder.overseer,
            fds,
            home=HOME,
            user=holder.user.user if holder.user is not None else None,
            bounds=bounds(limits),
            filter_program=syscalls.filter_program(children=limits.children),
        )
    except BaseException:  # ctrl-C included: nobody else would end it
        end(holder)
        raise
    for handle in holder.handles:
        os.close(handle)
    handles, companions = _handles(forked.pid, holder.overseer), (*holder.companions, holder.pid)
    return _grouped(replace(holder, pid=forked.pid, handles=handles, forked=forked, companions=companions), limits)


def may_start_processes(limits: Limits) -> bool:
    """Say whether there can be more than one process: it is allowed, or nothing refuses it."""
    return limits.children or not limits.contained or syscalls.filter_program() is None


def end(started: Started) -> int:
    """Kill everything in the sandbox, wait for it, and return the exit status."""
    started.kill()
    with contextlib.suppress(subprocess.TimeoutExpired):
        started.process.wait(END_TIMEOUT_S)
    started.process.kill()
    if started.process.stderr is not None:
        started.process.stderr.close()
    status = started.process.wait()
    for handle in started.handles:
        # bubblewrap itself ends as soon as the code has; its overseer ends when nothing in the sandbox is left.
        gone = select.poll()
        gone.register(handle, select.POLLIN)
        gone.poll(1000 * END_TIMEOUT_S)
        os.close(handle)
    if started.forked is not None:
        status = started.wait(END_TIMEOUT_S) or 0
        started.forked.close()
    if started.group is not None:
        started.group.close()
    if started.user is not None:
        started.user.close()
    return status


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
    command: Sequence[str],
    limits: Limits,
    fds: Sequence[int],
    files: Mapping[str, str],
    *,
    drop: bool,
    keeps_open: bool = False,
) -> Started:
    status_read, status_write = os.pipe()
    filter_fd = _filter(limits)
    reserved = users.reserve() if drop else None
    user = None if reserved is None else users.KEEPER if keeps_open else reserved.user
    started, arguments_fd = None, -1
    try:
        arguments = bubblewrap_arguments(
            command,
            limits,
            {"PATH": "/usr/bin:/bin"} if keeps_open else environment(limits),
            prefixes=_prefixes(),
            package=str(PACKAGE),
            files=files,
            links=_links(),
            status_fd=status_write,
            drop_to=user,
            filter_fd=filter_fd,
            right=KEEPERS_RIGHT if keeps_open else None,
        )
        # On a descriptor: what stands in its command line, every process in the sandbox can read.
        at = arguments.index("--")
        arguments_fd = _memory(b"".join(os.fsencode(word) + b"\0" for word in arguments[1:at]))
        process = subprocess.Popen(
            ["bwrap", "--args", str(arguments_fd), *arguments[at:]],
            pass_fds=(*fds, status_write, arguments_fd, *([] if filter_fd is None else [filter_fd])),
            # Its own first process is seen inside, and where nobody is root, so is what that finds in its environment.
            env={"PATH": os.environ.get("PATH", os.defpath)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        os.close(status_write)
        status_write = -1
        overseer = _overseer(status_read, process)
        pid = _only_child(overseer, process)
        handles = _handles(pid, overseer)
        started = Started(process, pid, overseer, handles, user=reserved, companions=(overseer,))
        return started
    finally:
        if started is None and reserved is not None:
            reserved.close()
        os.close(status_read)
        if filter_fd is not None:
            os.close(filter_fd)
        for descriptor in (status_write, arguments_fd):
            if descriptor >= 0:
                os.close(descriptor)


def _memory(content: bytes) -> int:
    """Return a descriptor from which this can be read, whatever its length."""
    descriptor = os.memfd_create("kernelmark-arguments", os.MFD_CLOEXEC)
    os.write(descriptor, content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _filter(limits: Limits) -> int | None:
    """Return a descriptor from which bubblewrap can read the seccomp filter, or None on an unknown machine."""
    program = syscalls.filter_program(children=limits.children)
    if program is None:
        return None
    read_end, write_end = os.pipe()
    os.write(write_end, program)
    os.close(write_end)
    return read_end


def _handles(*pids: int) -> tuple[int, ...]:
    found = []
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            found.append(os.pidfd_open(pid))
    return tuple(found)


def _grouped(started: Started, limits: Limits) -> Started:
    """Return it with its process in a control group of its own, where one can be made."""
    place = cgroups.home()
    if place is None:
        return started
    try:
        group = cgroups.Group(place, limits.memory_bytes, limits.processes)
    except OSError:
        return started
    try:
        for pid in (started.pid, *started.companions[1:]):
            group.add(pid)
    except OSError:
        group.close()
        return started
    return replace(started, group=group)


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
