"""
threat = 6
why = "Functions of the test are called by number: those of another test, those never given, and from another thread."
base = "release"

[marks]
limit_value = 5

[reasons]
by_hand_products = "belonged to a test that is over"
apply_calls = "a callback that was never given"
"""

# %% by_hand
import sys


def server_of(frame):
    while frame is not None:
        if type(frame.f_locals.get("self")).__name__ == "Server":
            return frame.f_locals["self"]
        frame = frame.f_back


kept = []


def by_hand(A, B, multiply):
    kept.append(multiply)
    try:
        return kept[0](1, 2)
    except Exception as error:
        raise ValueError(str(error)) from error


# %% apply
def apply(function, values):
    server = server_of(sys._getframe())
    server._channel.send({"callback": 10**6, "id": server._identity, "args": {"t": []}, "kwargs": {"d": []}})


# %% limit
limit = 12
