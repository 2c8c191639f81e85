"""A seccomp filter for the sandbox: no child processes unless allowed, no memory that nobody counts.

It refuses (EPERM) what starts a process, unless that is allowed (threads always are), and
memory that shows in no process's resident size. It does not replace the namespaces; see `sandbox`.

Source: seccomp(2); linux/filter.h; the system-call tables of x86-64 and AArch64.
"""

import platform
import struct
from collections.abc import Iterable

_LOAD, _JUMP_EQUAL, _JUMP_SET, _RETURN = 0x20, 0x15, 0x45, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_EPERM, _ENOSYS = 1, 38
_REFUSE, _UNKNOWN = _ERRNO | _EPERM, _ERRNO | _ENOSYS
_CLONE_THREAD = 0x00010000
_NUMBER_AT, _ARCHITECTURE_AT, _FIRST_ARGUMENT_AT = 0, 4, 16
_X32_BIT = 0x40000000

_MEMORY = {
    "x86_64": {"shmget": 29, "memfd_create": 319, "memfd_secret": 447},
    "aarch64": {"shmget": 194, "memfd_create": 279, "memfd_secret": 447},
}
# machine: (audit number, clone, clone3, the other calls that start a process)
_PROCESSES = {
    "x86_64": (0xC000003E, 56, 435, {"fork": 57, "vfork": 58}),
    "aarch64": (0xC00000B7, 220, 435, {}),
}


def filter_program(machine: str = "", *, children: bool = False) -> bytes | None:
    """Return the filter for this machine as `bwrap --seccomp` reads it, or None where no table is at hand.

    Args:
        children: let processes be started; memory that nobody counts is refused all the same.
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
    for number in _MEMORY[machine].values():
        rules += [(_JUMP_EQUAL, 0, 1, number), (_RETURN, 0, 0, _REFUSE)]
    if not children:
        rules += _no_processes(clone, clone3, others.values())
    rules += [(_RETURN, 0, 0, _ALLOW)]
    return b"".join(struct.pack("=HBBI", *rule) for rule in rules)


def _no_processes(clone: int, clone3: int, others: Iterable[int]) -> list[tuple[int, int, int, int]]:
    """Return the last rules before "allow": they refuse to start a process, and let a thread start."""
    rules = [
        # clone3 keeps its flags in memory, where a filter cannot look; glibc then falls back to clone.
        (_JUMP_EQUAL, 0, 1, clone3),
        (_RETURN, 0, 0, _UNKNOWN),
    ]
    for number in others:
        rules += [(_JUMP_EQUAL, 0, 1, number), (_RETURN, 0, 0, _REFUSE)]
    return [
        *rules,
        (_JUMP_EQUAL, 0, 3, clone),
        (_LOAD, 0, 0, _FIRST_ARGUMENT_AT),
        (_JUMP_SET, 1, 0, _CLONE_THREAD),
        (_RETURN, 0, 0, _REFUSE),
    ]
