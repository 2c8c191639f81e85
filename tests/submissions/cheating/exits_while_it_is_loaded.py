"""
threat = 18
why = "A cell ends the process as soon as it runs, with all that ran before it."
base = "solution"

[marks]
by_hand_values = 0
by_hand_products = 0

[reasons]
by_hand_values = "'by_hand' is not defined"
"""

# %% by_hand
import os


def by_hand(A, B, multiply):
    return [[sum(multiply(a, B[k][j]) for k, a in enumerate(row)) for j in range(len(B[0]))] for row in A]


os._exit(0)
