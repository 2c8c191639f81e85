"""
why = "Every operation is charged one read and one write."
base = "solution"

[marks]
bytes_moved_unfused = 0
"""

# %% bytes_moved
def bytes_moved(ops, n, itemsize=4, fused=False, inputs=1, outputs=1):
    unknown = [name for name in ops if name not in OPERANDS]
    if unknown:
        raise ValueError(f"unknown: {unknown}")
    return (inputs + outputs if fused else 2 * len(ops)) * n * itemsize
