"""
threat = 6
why = "Frames that announce gigabytes, payloads that do not add up, bytes that are no frame."
base = "release"

[marks]
limit_value = 5

[reasons]
add_small = "a frame announces more than may cross"
row_sums_values = "put nonsense on the line to the grader"
by_hand_values = "malformed frame"
apply_calls = "do not add up"
"""

# %% add
import json
import struct
import sys

import numpy as np


def server_of(frame):
    while frame is not None:
        if type(frame.f_locals.get("self")).__name__ == "Server":
            return frame.f_locals["self"]
        frame = frame.f_back


def say(frame, header, text, payload, in_region):
    raw = struct.pack("!IQB", header, payload, in_region) + text
    server_of(frame)._channel._connection.sendall(raw)


def add(a, b):
    say(sys._getframe(), 2**32 - 1, b"", 2**63, 1)


# %% row_sums
def row_sums(A):
    say(sys._getframe(), 2, b"[]", 0, 0)


# %% by_hand
def by_hand(A, B, multiply):
    text = b"[" * 2**20
    say(sys._getframe(), len(text), text, 0, 0)


# %% apply
def apply(function, values):
    text = json.dumps([{}, [7, 2]]).encode()
    say(sys._getframe(), len(text), text, 2**20, 1)


# %% limit
limit = 12
