"""A seccomp filter for the sandbox: no child processes, no memory that nobody counts.

It refuses (EPERM) what starts a process (threads stay allowed), and memory that shows in
no process's resident size. It does not replace the namespaces; see `sandbox`.

Source: seccomp(2); linux/filter.h; the system-call tables of x86-64 and AArch64.
"""

import platform
import struct

_LOAD, _JUMP_EQUAL, _JUMP_SET, _RETURN = 0x20, 0x15, 0x45, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_EPERM, _ENOSYS = 1, 38
_CLONE_THREAD = 0x00010000
_NUMBER_AT, _ARCHITECTURE_AT, _FIRST_ARGUMENT_AT = 0, 4, 16
_X32_BIT = 0x40000000

# machine: (audit number, clone, clone3, calls to refuse)
_TABLES = {
    "x86_64": (0xC000003E, 56, 435, {"fork": 57, "vfork": 58, "shmget": 29, "memfd_create": 319, "memfd_secret": 447}),
    "aarch64": (0xC00000B7, 220, 435, {"shmget": 194, "memfd_create": 279, "memfd_secret": 447}),
}


def filter_program(machine: str = "") -> bytes | None:
    """Return the filter for this machine as `bwrap --seccomp` reads it, or None where no table is at hand."""
    table = _TABLES.get(machine or platform.machine())
    if table is None:
        return None
    architecture, clone, clone3, refused = table
    refuse, unknown = (_ERRNO | number for number in (_EPERM, _ENOSYS))
    rules = [
        (_LOAD, 0, 0, _ARCHITECTURE_AT),
        (_JUMP_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),  # another table of numbers than the one this filter was written for
        (_LOAD, 0, 0, _NUMBER_AT),
        (_JUMP_SET, 0, 1, _X32_BIT),
        (_RETURN, 0, 0, refuse),
        # clone3 keeps its flags in memory, where a filter cannot look; glibc then falls back to clone.
        (_JUMP_EQUAL, 0, 1, clone3),
        (_RETURN, 0, 0, unknown),
    ]
    for number in refused.values():
        rules += [(_JUMP_EQUAL, 0, 1, number), (_RETURN, 0, 0, refuse)]
    rules += [
        (_JUMP_EQUAL, 1, 0, clone),
        (_RETURN, 0, 0, _ALLOW),
        (_LOAD, 0, 0, _FIRST_ARGUMENT_AT),
        (_JUMP_SET, 0, 1, _CLONE_THREAD),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, refuse),
    ]
    return b"".join(struct.pack("=HBBI", *rule) for rule in rules)
