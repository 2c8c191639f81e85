"""
threat = 6
why = "The function closes the socket in the middle of an answer, and another closes it before."
base = "release"

[marks]
limit_value = 5

[reasons]
add_small = "ended"
row_sums_values = "ended"
"""

# %% add
import os
import struct
import sys
import time


def server_of(frame):
    while frame is not None:
        if type(frame.f_locals.get("self")).__name__ == "Server":
            return frame.f_locals["self"]
        frame = frame.f_back


def add(a, b):
    connection = server_of(sys._getframe())._channel._connection
    connection.sendall(struct.pack("!IQB", 500, 0, 0) + b'[{"ok":')
    connection.shutdown(2)


# %% row_sums
def row_sums(A):
    os.close(server_of(sys._getframe())._channel._connection.fileno())


# %% limit
limit = 12
