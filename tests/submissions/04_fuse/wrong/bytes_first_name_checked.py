"""
why = "Fused, it looks at the first name only."
base = "solution"

[marks]
bytes_moved_refuses = 0
"""

# %% bytes_moved
def bytes_moved(ops, n, itemsize=4, fused=False, inputs=1, outputs=1):
    if fused:
        if ops and ops[0] not in OPERANDS:
            raise ValueError(f"bytes_moved: unknown operation {ops[0]!r}")
        return (inputs + outputs) * n * itemsize
    words = 0
    for name in ops:
        if name not in OPERANDS:
            raise ValueError(f"bytes_moved: unknown operation {name!r}")
        words += OPERANDS[name] + 1
    return words * n * itemsize
