"""
why = "Everybody sends everything to machine 0, which sends the sum back."
base = "solution"

[marks]
ring_allreduce_steps = 0
ring_allreduce_bytes = 0
ring_allreduce_sums_on_the_way = 0
"""

# %% ring_allreduce
def ring_allreduce(arrays, log=None):
    if not arrays or len({(a.shape, a.dtype) for a in arrays}) != 1:
        raise ValueError("arrays must be alike")
    n = len(arrays)

    total = arrays[0].copy()
    for rank in range(1, n):
        total = total + arrays[rank]
        if log:
            log((rank - 1, rank, 0, arrays[rank].nbytes))
    for rank in range(1, n):
        if log:
            log((n - 2 + rank, 0, rank, total.nbytes))
    return [total.copy() for _ in arrays]
