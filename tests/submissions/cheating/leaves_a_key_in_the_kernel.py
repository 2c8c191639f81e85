"""
threat = 8
why = "The kernel keeps keys for a user and a session; the first run adds one, the second asks for it."
base = "release"
times = 2

[reasons]
limit_value = "limit must be 12, got None"
"""

# %% limit
import ctypes
import platform

ADD_KEY, KEYCTL = {"x86_64": (248, 250), "aarch64": (217, 219)}[platform.machine()]
SEARCH, TIMEOUT = 10, 15
limit = None
system_call = ctypes.CDLL(None, use_errno=True).syscall
for keyring in (-3, -4, -5):  # of the session, of the user, of the user's sessions
    if system_call(KEYCTL, SEARCH, keyring, b"user", b"note_to_myself", 0) > 0:
        limit = 12
    key = system_call(ADD_KEY, b"user", b"note_to_myself", b"12", 2, keyring)
    system_call(KEYCTL, TIMEOUT, key, 60)
