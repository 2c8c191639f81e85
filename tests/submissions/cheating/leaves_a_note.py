"""
threat = 8
why = "The first run writes the answer into every folder, file and kind of shared memory that takes it; the second looks there."
base = "release"
times = 2

[reasons]
limit_value = "limit must be 12, got None"
"""

# %% limit
import ctypes
import os
import socket
import sys
from multiprocessing import shared_memory
from pathlib import Path

NOTE = b"limit is 12"
limit = None
libc = ctypes.CDLL(None, use_errno=True)
places = {Path.cwd(), Path.home(), Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"), Path("/run"), Path("/dev/mqueue")}
places |= {Path(path) for path in sys.path if path} | {Path(os.__file__).parent / "__pycache__", Path(sys.prefix)}
places |= {Path(path).parent for path in map(os.path.realpath, ("/proc/self/exe", "/proc/1/exe"))}
for place in sorted(places):
    note = place / "note_to_myself"
    try:
        if note.exists() and note.read_bytes() == NOTE:
            limit = 12
        note.write_bytes(NOTE)
        os.setxattr(note, "user.note", NOTE)
    except OSError:
        pass
try:
    kept = shared_memory.SharedMemory("note_to_myself", create=True, size=4096)
    kept.buf[: len(NOTE)] = NOTE
    shared_memory.resource_tracker.unregister("/note_to_myself", "shared_memory")
except FileExistsError:
    limit = 12
except OSError:
    pass
key = 0x6B65726E
number = libc.shmget(key, 4096, 0o1666)
if number >= 0:
    libc.shmat.restype = ctypes.c_void_p
    at = libc.shmat(number, None, 0)
    if ctypes.string_at(at, len(NOTE)) == NOTE:
        limit = 12
    ctypes.memmove(at, NOTE, len(NOTE))
    libc.shmctl(number, 0, None)  # gone once nobody holds it: the machine that tests this stays clean
try:
    os.utime(sys.executable, (12, 12))
except OSError:
    pass
