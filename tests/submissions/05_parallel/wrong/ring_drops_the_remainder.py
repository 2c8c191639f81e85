"""
why = "Chunks of size // n elements; the last few elements are never summed."
base = "solution"

[marks]
ring_allreduce_steps = 0
ring_allreduce_values = 0
ring_allreduce_inputs_and_dtype = 0
ring_allreduce_bytes = 0
"""

# %% ring_allreduce
def ring_allreduce(arrays, log=None):
    if not arrays or len({(a.shape, a.dtype) for a in arrays}) != 1:
        raise ValueError("arrays must be alike")
    n = len(arrays)

    sums = [np.array(a, order="C") for a in arrays]
    flat = [s.reshape(-1) for s in sums]
    size = flat[0].size // n
    pieces = [(i * size, (i + 1) * size) for i in range(n)]
    for step in range(2 * n - 2):
        sent = [flat[r][slice(*pieces[(r - step) % n])].copy() for r in range(n)]
        for r in range(n):
            i, j = pieces[(r - step) % n]
            to = (r + 1) % n
            if step < n - 1:
                flat[to][i:j] += sent[r]
            else:
                flat[to][i:j] = sent[r]
            if log:
                log((step, r, to, sent[r].nbytes))
    return sums
