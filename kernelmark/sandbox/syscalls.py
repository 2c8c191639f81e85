"""A seccomp filter for the sandbox: no child processes unless allowed, no hidden memory, nothing that stays.

It refuses (EPERM) what starts a process, unless that is allowed (threads always are);
memory that shows in no process's resident size; namespaces of its own, in which scratch
space would have no bound; keys, which the kernel keeps for a user after the last process;
the wide doors to the kernel that no computation needs (io_uring, bpf, userfaultfd,
perf, ptrace); and what goes on while the process is stopped for the stopwatch (kernel
timers, a SIGCONT on a message, the kernel's network). It does not replace the namespaces; see `sandbox`.

Source: seccomp(2); linux/filter.h; the system-call tables of x86-64 and AArch64.
"""

import platform
import struct
from collections.abc import Iterable

_LOAD, _JUMP_EQUAL, _JUMP_SET, _RETURN = 0x20, 0x15, 0x45, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_EPERM, _ENOSYS, _EAFNOSUPPORT = 1, 38, 97
_REFUSE, _UNKNOWN, _NO_FAMILY = _ERRNO | _EPERM, _ERRNO | _ENOSYS, _ERRNO | _EAFNOSUPPORT
_CLONE_THREAD = 0x00010000
# CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET; NEWTIME fits into clone3 and unshare only.
_CLONE_NAMESPACES = 0x7E020000
_NUMBER_AT, _ARCHITECTURE_AT, _FIRST_ARGUMENT_AT, _SECOND_ARGUMENT_AT = 0, 4, 16, 24
_X32_BIT = 0x40000000

_REFUSED = {
    "x86_64": {
        "shmget": 29, "semget": 64, "msgget": 68, "mq_open": 240, "memfd_create": 319, "memfd_secret": 447,
        "add_key": 248, "request_key": 249, "keyctl": 250,
        "unshare": 272, "setns": 308, "mount": 165, "umount2": 166, "pivot_root": 155,
        "open_tree": 428, "move_mount": 429, "fsopen": 430, "mount_setattr": 442,
        "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312,
        "perf_event_open": 298, "bpf": 321, "userfaultfd": 323, "io_uring_setup": 425,
        "timer_create": 222, "timerfd_create": 283,
        "pidfd_getfd": 438, "process_madvise": 440, "io_setup": 206,
    },
    "aarch64": {
        "shmget": 194, "semget": 190, "msgget": 186, "mq_open": 180, "memfd_create": 279, "memfd_secret": 447,
        "add_key": 217, "request_key": 218, "keyctl": 219,
        "unshare": 97, "setns": 268, "mount": 40, "umount2": 39, "pivot_root": 41,
        "open_tree": 428, "move_mount": 429, "fsopen": 430, "mount_setattr": 442,
        "ptrace": 117, "process_vm_readv": 270, "process_vm_writev": 271, "kcmp": 272,
        "perf_event_open": 241, "bpf": 280, "userfaultfd": 282, "io_uring_setup": 425,
        "timer_create": 107, "timerfd_create": 85,
        "pidfd_getfd": 438, "process_madvise": 440, "io_setup": 0,
    },
}  # fmt: skip
# machine: (audit number, clone, clone3, the other calls that start a process)
_PROCESSES = {
    "x86_64": (0xC000003E, 56, 435, {"fork": 57, "vfork": 58}),
    "aarch64": (0xC00000B7, 220, 435, {}),
}
# machine: (fcntl, socket)
_PARTLY = {"x86_64": (72, 41), "aarch64": (25, 198)}
_F_SETSIG = 10
_AF_UNIX, _AF_NETLINK = 1, 16


def filter_program(machine: str = "", *, children: bool = False) -> bytes | None:
    """Return the filter for this machine as `bwrap --seccomp` reads it, or None where no table is at hand.

    Args:
        children: let processes be started; all the rest is refused all the same.
    """
    machine = machine or platform.machine()
    if machine not in _PROCESSES:
        return None
    architecture, clone, clone3, others = _PROCESSES[machine]
    rules = [
        (_LOAD, 0, 0, _ARCHITECTURE_AT),
        (_JUMP_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),  # another table of numbers than the one this filter was written for
        (_LOAD, 0, 0, _NUMBER_AT),
        (_JUMP_SET, 0, 1, _X32_BIT),
        (_RETURN, 0, 0, _REFUSE),
    ]
    for number in _REFUSED[machine].values():
        rules += [(_JUMP_EQUAL, 0, 1, number), (_RETURN, 0, 0, _REFUSE)]
    rules += _nothing_while_stopped(*_PARTLY[machine])
    # clone3 keeps its flags in memory, where a filter cannot look; glibc then falls back to clone.
    rules += [(_JUMP_EQUAL, 0, 1, clone3), (_RETURN, 0, 0, _UNKNOWN)]
    rules += _no_namespaces(clone) if children else _no_processes(clone, others.values())
    rules += [(_RETURN, 0, 0, _ALLOW)]
    return b"".join(struct.pack("=HBBI", *rule) for rule in rules)


def _nothing_while_stopped(fcntl: int, socket: int) -> list[tuple[int, int, int, int]]:
    """Return rules that refuse a signal of choice for a message, and sockets of a network.

    The signal could be SIGCONT. Paced connections to itself keep the kernel busy while their
    owner is stopped, on the time of whoever runs instead: the reference.
    """
    return [
        (_JUMP_EQUAL, 0, 3, fcntl),
        (_LOAD, 0, 0, _SECOND_ARGUMENT_AT),
        (_JUMP_EQUAL, 0, 1, _F_SETSIG),
        (_RETURN, 0, 0, _REFUSE),
        (_LOAD, 0, 0, _NUMBER_AT),
        (_JUMP_EQUAL, 0, 4, socket),
        (_LOAD, 0, 0, _FIRST_ARGUMENT_AT),
        (_JUMP_EQUAL, 2, 0, _AF_UNIX),
        (_JUMP_EQUAL, 1, 0, _AF_NETLINK),  # with which the C library lists interfaces
        (_RETURN, 0, 0, _NO_FAMILY),
        (_LOAD, 0, 0, _NUMBER_AT),
    ]


def _no_namespaces(clone: int) -> list[tuple[int, int, int, int]]:
    """Return the last rules before "allow": they let a process start, in no other namespaces than these."""
    return [
        (_JUMP_EQUAL, 0, 3, clone),
        (_LOAD, 0, 0, _FIRST_ARGUMENT_AT),
        (_JUMP_SET, 0, 1, _CLONE_NAMESPACES),
        (_RETURN, 0, 0, _REFUSE),
    ]


def _no_processes(clone: int, others: Iterable[int]) -> list[tuple[int, int, int, int]]:
    """Return the last rules before "allow": they refuse to start a process, and let a thread start."""
    rules: list[tuple[int, int, int, int]] = []
    for number in others:
        rules += [(_JUMP_EQUAL, 0, 1, number), (_RETURN, 0, 0, _REFUSE)]
    return [
        *rules,
        (_JUMP_EQUAL, 0, 3, clone),
        (_LOAD, 0, 0, _FIRST_ARGUMENT_AT),
        (_JUMP_SET, 1, 0, _CLONE_THREAD),
        (_RETURN, 0, 0, _REFUSE),
    ]
