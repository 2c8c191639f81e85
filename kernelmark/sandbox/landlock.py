"""A Landlock domain for the server: no process outside of it can be traced, written into or signalled.

The kernel asks for a tracer's rights before it opens another process's memory, copies its
descriptors or reads its registers. Yama may forbid all of that, and is absent or off on many
systems; a domain forbids it everywhere but to processes of the same domain. It hides no file
and it limits nothing else: `bubblewrap` does.

Source: landlock(7); Documentation/userspace-api/landlock.rst of the kernel; linux/landlock.h.
"""

import ctypes
import os
import struct

# The same numbers on x86-64 and AArch64, as for every system call of later than Linux 5.1.
_CREATE_RULESET, _RESTRICT_SELF = 444, 446
_VERSION_FLAG = 1
# A right that nobody in a sandbox has anyway: a ruleset has to handle one.
_MAKE_BLOCK_DEVICE = 1 << 11
_SCOPE_SIGNALS = 1 << 1
_FIRST_WITH_SCOPES = 6
_NO_NEW_PRIVS = 38


def version() -> int:
    """Return the version of Landlock that this kernel offers, 0 where it offers none."""
    found = int(_libc().syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION_FLAG)))
    return max(0, found)


def enter_domain() -> bool:
    """Put this process, and whatever it starts, into a domain of its own; say whether it is in one.

    Raises:
        OSError: the kernel offers domains and refuses this one.
    """
    offered = version()
    if not offered:
        return False
    libc = _libc()
    scopes = _SCOPE_SIGNALS if offered >= _FIRST_WITH_SCOPES else 0
    # struct landlock_ruleset_attr: file rights; network rights from version 4; scopes from version 6.
    fields = (_MAKE_BLOCK_DEVICE, 0, scopes) if scopes else (_MAKE_BLOCK_DEVICE,)
    attributes = struct.pack(f"{len(fields)}Q", *fields)
    ruleset = int(libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0)))
    if ruleset < 0:
        raise _error("landlock_create_ruleset")
    try:
        if libc.prctl(_NO_NEW_PRIVS, ctypes.c_ulong(1), 0, 0, 0):
            raise _error("prctl(PR_SET_NO_NEW_PRIVS)")
        if libc.syscall(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0)):
            raise _error("landlock_restrict_self")
    finally:
        os.close(ruleset)
    return True


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _error(what: str) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, f"{what}: {os.strerror(number)}")
