"""
threat = 23
why = "Warnings on stderr, prints by the thousand, a stray last value in every cell, a name that ends in a float; the work is right."
base = "solution"
"""

# %% add
import sys
import warnings


def add(a, b):
    warnings.warn("adding", UserWarning)
    print("adding", a, b, file=sys.stderr)
    print("\n".join(f"step {i}" for i in range(1000)))
    np.array([1.0]) / 0
    return a + b


add(1, 2)
np.float64(1.0)

# %% limit
limit = 12
limit

# %% + after=smooth_speed
np.float64(4.0)
