"""
threat = 6
why = "A function of the test multiplies what it is given: a word, four billion times, in the grader's own memory."
base = "release"

[marks]
limit_value = 5

[reasons]
by_hand_values = "MemoryError"
"""

# %% by_hand
def by_hand(A, B, multiply):
    multiply("x", 2**32)


# %% limit
limit = 12
