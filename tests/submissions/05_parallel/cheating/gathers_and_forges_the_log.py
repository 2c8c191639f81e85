"""
why = "Adds everything up at once, and writes the log that a ring would have written."
base = "solution"

[marks]
ring_allreduce_steps = 0
ring_allreduce_sums_on_the_way = 0
"""

# %% ring_allreduce
def ring_allreduce(arrays, log=None):
    if not arrays or len({(a.shape, a.dtype) for a in arrays}) != 1:
        raise ValueError("arrays must be alike")
    n = len(arrays)
    lengths = [j - i for i, j in split_ranges(arrays[0].size, n)]
    lengths += [0] * (n - len(lengths))
    total = arrays[0].copy()
    for other in arrays[1:]:
        total += other
    if log:
        for step in range(2 * n - 2):
            for rank in range(n):
                log((step, rank, (rank + 1) % n, lengths[(rank - step) % n] * arrays[0].itemsize))
    return [total.copy() for _ in arrays]
