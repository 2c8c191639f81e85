"""
why = "A fused chain is not looked at, so an unknown name passes."
base = "solution"

[marks]
bytes_moved_refuses = 0
"""

# %% bytes_moved
def bytes_moved(ops, n, itemsize=4, fused=False, inputs=1, outputs=1):
    if fused:
        return (inputs + outputs) * n * itemsize
    if not set(ops) <= set(OPERANDS):
        raise ValueError(f"unknown operation among {ops}")
    return sum(OPERANDS[name] + 1 for name in ops) * n * itemsize
