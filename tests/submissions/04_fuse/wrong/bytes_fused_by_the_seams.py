"""
why = "Fused, it takes off two words for each seam and forgets what comes from outside."
base = "solution"

[marks]
bytes_moved_fused = 0
"""

# %% bytes_moved
def bytes_moved(ops, n, itemsize=4, fused=False, inputs=1, outputs=1):
    for name in ops:
        if name not in OPERANDS:
            raise ValueError(f"unknown operation {name}")
    if fused:
        return 2 * n * itemsize
    return sum(OPERANDS[name] + 1 for name in ops) * n * itemsize
