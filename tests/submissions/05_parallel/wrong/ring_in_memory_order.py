"""
why = "Flattens arrays as they lie in memory and puts the sums back in C order; broadcasts shapes of one element."
base = "solution"

[marks]
ring_allreduce_inputs_and_dtype = 0
ring_allreduce_refuses = 0
"""

# %% ring_allreduce
def ring_allreduce(arrays, log=None):
    if not arrays or len({array.dtype for array in arrays}) != 1:
        raise ValueError("ring_allreduce: one dtype")
    if len({array.size for array in arrays}) != 1:
        raise ValueError("ring_allreduce: one size")
    if len({array.shape for array in arrays}) != 1 and arrays[0].ndim != 1 and arrays[-1].ndim != 1:
        raise ValueError("ring_allreduce: one shape")
    note = log.append if isinstance(log, list) else log
    n = len(arrays)
    flat = [array.flatten("K") for array in arrays]
    pieces = split_ranges(flat[0].size, n)
    chunks = [slice(*piece) for piece in pieces] + [slice(0, 0)] * (n - len(pieces))
    for step in range(2 * (n - 1)):
        sent = [flat[rank][chunks[(rank - step) % n]].copy() for rank in range(n)]
        for rank, message in enumerate(sent):
            receiver = (rank + 1) % n
            chunk = flat[receiver][chunks[(rank - step) % n]]
            if step < n - 1:
                chunk += message
            else:
                chunk[...] = message
            if note is not None:
                note((step, rank, receiver, message.nbytes))
    return [array.reshape(arrays[0].shape) for array in flat]
