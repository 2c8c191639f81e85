"""
why = "Knows the long names of binary operations only, and returns a float."
base = "solution"

[marks]
bytes_moved_unfused = 0
bytes_moved_fused = 0
"""

# %% bytes_moved
def bytes_moved(ops, n, itemsize=4, fused=False, inputs=1, outputs=1):
    for name in ops:
        if name not in OPERANDS:
            raise ValueError(f"bytes_moved: unknown operation {name!r}")
    if fused:
        return float((inputs + outputs) * n * itemsize)
    binary = ("add", "subtract", "multiply", "divide", "maximum")
    return sum(3 if name in binary else 2 for name in ops) * n * itemsize
