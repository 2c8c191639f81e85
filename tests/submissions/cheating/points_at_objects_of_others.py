"""
threat = 6
why = "Answers that refer to handles and arguments that never were, to the grader's own functions, and to modules."
base = "release"

[marks]
limit_value = 5

[reasons]
add_small = "a plain value was expected here"
row_sums_values = "malformed value"
by_hand_values = "unknown kind of value"
apply_calls = "is not a function that may cross"
"""

# %% add
import sys


def server_of(frame):
    while frame is not None:
        if type(frame.f_locals.get("self")).__name__ == "Server":
            return frame.f_locals["self"]
        frame = frame.f_back


def instead(frame, node):
    """Have the server send a node of ours for what is returned."""
    server = server_of(frame)
    honest = type(server)._answer

    def answer(reply, buffers=(), **kwargs):
        del server._answer
        honest(server, {**reply, "ok": node}, [bytes(64)])

    server._answer = answer


def add(a, b):
    instead(sys._getframe(), {"h": 10**9, "type": "int", "callable": True})


# %% row_sums
def row_sums(A):
    instead(sys._getframe(), {"r": 7})


# %% by_hand
def by_hand(A, B, multiply):
    instead(sys._getframe(), {"k": 0})


# %% apply
def apply(function, values):
    instead(sys._getframe(), {"f": "os.system"})


# %% limit
limit = 12
