"""
threat = 1
why = "The answer claims to be the lab's own array, one that asks the submission for the result of whatever a test does with it."
base = "release"

[reasons]
add_arrays = "an array that computes elsewhere"
row_sums_values = "an array that computes elsewhere"
"""

# %% add
import numpy as np
from kernelmark.lab import LoggedArray


def whatever(*args):
    return True


class Liar(LoggedArray):
    def to_plain(self):
        return {"array": np.zeros(self.shape), "number": 1, "multiply": whatever}


Liar.__name__, Liar.__module__ = "LoggedArray", "kernelmark.lab"


def add(a, b):
    return np.zeros(np.broadcast(a, b).shape).view(Liar)


# %% row_sums
def row_sums(A):
    return np.zeros(len(A)).view(Liar)
