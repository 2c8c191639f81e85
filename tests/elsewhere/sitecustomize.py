"""Loaded by every Python that starts with this folder on its path: take away what Windows has not.

KERNELMARK_ELSEWHERE says from whom: "all", or "ours" for what Kernelmark and notebooks import, where libraries that
were installed for Linux run too. Either way the clock of CPU time moves as Windows' does.
"""

import builtins
import os
import platform  # noqa: F401 - the standard library's own for Linux, as everything down to tempfile: loaded while it can
import signal
import socket
import subprocess  # noqa: F401
import sys
import tempfile  # noqa: F401
import time
import types

STEP_S = 1 / 64
MODULES = frozenset({"fcntl", "resource", "pwd", "grp", "termios", "pty", "tty", "syslog", "readline"})
NAMES = {
    "os": """
        fork forkpty register_at_fork sched_getaffinity sched_setaffinity sched_yield pidfd_open memfd_create eventfd
        getuid geteuid getgid getegid getgroups getpgid getpgrp getsid setsid setpgid setuid setgid getloadavg
        getpriority setpriority killpg nice mkfifo mknod openpty pipe2 posix_spawn posix_spawnp pread pwrite readv
        writev sendfile statvfs fstatvfs sysconf confstr wait wait3 wait4 waitid WNOHANG chown fchown lchown fchmod
        chroot sync fdatasync lockf posix_fadvise posix_fallocate splice getxattr setxattr uname ttyname ctermid
        initgroups O_NOFOLLOW O_CLOEXEC O_DIRECTORY O_NONBLOCK O_SYNC F_LOCK RTLD_NOW SCHED_OTHER PRIO_PROCESS
    """,
    "signal": """
        SIGKILL SIGSTOP SIGCONT SIGCHLD SIGALRM SIGHUP SIGUSR1 SIGUSR2 SIGXCPU SIGPIPE SIGQUIT alarm setitimer
        pthread_kill pthread_sigmask sigwait sigpending pidfd_send_signal pause siginterrupt
    """,
    "socket": "AF_UNIX send_fds recv_fds SCM_RIGHTS SOCK_CLOEXEC SOCK_NONBLOCK AF_NETLINK",
    "time": "clock_gettime clock_gettime_ns pthread_getcpuclockid CLOCK_MONOTONIC CLOCK_PROCESS_CPUTIME_ID tzset",
}
REAL = {"os": os, "signal": signal, "socket": socket, "time": time, "sys": sys}
SAID = {"os": {"name": "nt"}, "sys": {"platform": "win32"}}

_used_s = time.process_time
time.process_time = lambda: _used_s() // STEP_S * STEP_S


class Without(types.ModuleType):
    """A module with some names taken away and some saying something else."""

    def __getattr__(self, name: str) -> object:
        if name in NAMES.get(self.__name__, "").split():
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r} here")
        said = SAID.get(self.__name__, {})
        return said[name] if name in said else getattr(REAL[self.__name__], name)


class Missing:
    """Finds none of the modules that Windows has not."""

    def find_spec(self, name: str, *_: object) -> None:
        if name in MODULES:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def from_all() -> None:
    import numpy  # noqa: F401 - as installed, for Linux
    import psutil  # noqa: F401

    for name in MODULES:
        sys.modules.pop(name, None)
    sys.meta_path.insert(0, Missing())
    for module, names in NAMES.items():
        for name in names.split():
            if hasattr(REAL[module], name):
                delattr(REAL[module], name)


def from_ours() -> None:
    instead = {name: Without(name) for name in REAL}
    ordinary = builtins.__import__

    def imported(name, globals=None, locals=None, fromlist=(), level=0):
        importer = str((globals or {}).get("__name__", ""))
        found = ordinary(name, globals, locals, fromlist, level) if name not in MODULES else None
        if importer.partition(".")[0] not in {"kernelmark", "__main__"} or level:
            return found or ordinary(name, globals, locals, fromlist, level)
        if found is None:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return instead.get(found.__name__, found)

    builtins.__import__ = imported


{"all": from_all, "ours": from_ours}[os.environ["KERNELMARK_ELSEWHERE"]]()
