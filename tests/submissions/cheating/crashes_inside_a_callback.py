"""
threat = 18
why = "by_hand reads address 0 while the test waits for its next question."
base = "solution"

[marks]
by_hand_values = 0
by_hand_products = 0

[reasons]
by_hand_values = "your code ended by itself"
"""

# %% by_hand
import ctypes


def by_hand(A, B, multiply):
    multiply(1, 2)
    return ctypes.string_at(0)
