"""
threat = 6
why = "Half an answer, then silence, deaf to the interrupt."
base = "release"

[marks]
add_arrays = 10
limit_value = 5

[reasons]
add_small = "did not finish within"
"""

# %% add
import signal
import struct
import sys
import time


def server_of(frame):
    while frame is not None:
        if type(frame.f_locals.get("self")).__name__ == "Server":
            return frame.f_locals["self"]
        frame = frame.f_back


def add(a, b):
    if isinstance(a, int):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        server_of(sys._getframe())._channel._connection.sendall(struct.pack("!IQB", 500, 0, 0) + b"[")
        time.sleep(600)
    return a + b


# %% limit
limit = 12
