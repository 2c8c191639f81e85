"""
why = "Adds into the arrays it was given, and returns them."
base = "solution"

[marks]
ring_allreduce_steps = 0
ring_allreduce_inputs_and_dtype = 0
"""

# %% ring_allreduce
def ring_allreduce(arrays, log=None):
    if not arrays or len({(a.shape, a.dtype) for a in arrays}) != 1:
        raise ValueError("arrays must be alike")
    n = len(arrays)

    flat = [a.reshape(-1) for a in arrays]
    pieces = split_ranges(flat[0].size, n)
    pieces += [(0, 0)] * (n - len(pieces))
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
    return arrays
