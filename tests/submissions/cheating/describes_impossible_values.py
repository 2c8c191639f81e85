"""
threat = 6
why = "Answers with negative and endless shapes, object dtypes, strides out of the buffer, endless nesting and handles to nothing."
base = "release"

[marks]
limit_value = 5

[reasons]
add_small = "expected a count"
row_sums_values = "is no numeric dtype"
by_hand_values = "a value may nest"
apply_calls = "arrays may hold"
counter_steps = "malformed value"
smooth_values = "malformed"
"""

# %% add
import sys


def server_of(frame):
    while frame is not None:
        if type(frame.f_locals.get("self")).__name__ == "Server":
            return frame.f_locals["self"]
        frame = frame.f_back


class Raw:
    def __init__(self, node):
        self.node = node


def instead(frame, node):
    """Have the server send a node of ours for what is returned."""
    server = server_of(frame)
    honest = type(server)._answer

    def answer(reply, buffers=(), **kwargs):
        del server._answer
        honest(server, {**reply, "ok": node}, [bytes(64)])

    server._answer = answer


def add(a, b):
    instead(sys._getframe(), {"a": [0, "<f8", [-1, -8], None, True]})


# %% row_sums
def row_sums(A):
    instead(sys._getframe(), {"a": [0, "|O", [2], None, True]})


# %% by_hand
def by_hand(A, B, multiply):
    node = []
    for _ in range(900):
        node = [node]
    instead(sys._getframe(), node)


# %% apply
def apply(function, values):
    instead(sys._getframe(), {"a": [0, "<f8", [2**40], [[0], 0], True]})


# %% counter
class Counter:
    count = 2

    def step(self):
        instead(sys._getframe(), {"a": [0, "<f8", [2], [[-8], 0], True]})


# %% smooth
def smooth(x):
    instead(sys._getframe(), {"a": [0, "<f8", [48], [[2**62], 8], True]})


# %% limit
limit = 12
