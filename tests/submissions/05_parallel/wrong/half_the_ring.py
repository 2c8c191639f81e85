"""
why = "Stops after reduce-scatter, and its model counts one trip around the ring."
base = "solution"

[marks]
ring_allreduce_values = 0
ring_allreduce_inputs_and_dtype = 0
ring_allreduce_steps = 0
ring_allreduce_bytes = 0
ring_allreduce_sums_on_the_way = 0
allreduce_time_ring = 0
allreduce_time_crossover = 0
analyze_multi_gpu_scaling_values = 0
analyze_multi_gpu_scaling_overlap = 0
analyze_multi_gpu_scaling_bottleneck = 0
"""

# %% ring_allreduce
def ring_allreduce(arrays, log=None):
    if not arrays or len({(a.shape, a.dtype) for a in arrays}) != 1:
        raise ValueError("arrays must be alike")
    n = len(arrays)

    sums = [np.array(a, order="C") for a in arrays]
    flat = [s.reshape(-1) for s in sums]
    pieces = split_ranges(flat[0].size, n)
    pieces += [(0, 0)] * (n - len(pieces))
    for step in range(n - 1):
        sent = [flat[r][slice(*pieces[(r - step) % n])].copy() for r in range(n)]
        for r in range(n):
            i, j = pieces[(r - step) % n]
            to = (r + 1) % n
            flat[to][i:j] += sent[r]
            if log:
                log((step, r, to, sent[r].nbytes))
    return sums

# %% allreduce_time
def allreduce_time(nbytes, n, alpha, beta, algorithm="ring"):
    if n < 1 or algorithm not in ("ring", "tree"):
        raise ValueError("bad arguments")
    if algorithm == "ring":
        return (n - 1) * alpha + (n - 1) / n * nbytes * beta
    return 2 * math.ceil(math.log2(n)) * (alpha + nbytes * beta)


def bus_bandwidth(nbytes, n, seconds):
    if n < 1 or seconds <= 0:
        raise ValueError("bad arguments")
    return nbytes / seconds * 2 * (n - 1) / n
