"""
threat = 18
why = "Exceptions that are no Exception (SystemExit, KeyboardInterrupt, GeneratorExit, StopIteration) leave a test early."
base = "solution"

[marks]
add_small = 0
add_arrays = 0
row_sums_values = 0
by_hand_values = 0
by_hand_products = 0
apply_calls = 0
counter_steps = 0

[reasons]
add_small = "SystemExit"
row_sums_values = "StopIteration"
by_hand_values = "KeyboardInterrupt"
apply_calls = "GeneratorExit"
"""

# %% add
def add(a, b):
    raise SystemExit(0)


# %% row_sums
def row_sums(A):
    raise StopIteration(A)


# %% by_hand
def by_hand(A, B, multiply):
    raise KeyboardInterrupt


# %% apply
def apply(function, values):
    raise GeneratorExit


# %% counter
class Done(BaseException):
    pass


class Counter:
    def __init__(self):
        raise Done
