"""
why = "One element behind the end in the triad, and intensities refused for a byte or two."
base = "solution"

[marks]
arithmetic_intensity_values = 0
triad_in_place = 0
"""

# %% stream_triad
#| export
def stream_bytes(kind, n, itemsize=8):
    """Return the bytes that STREAM counts for n elements."""
    words = {"copy": 2, "scale": 2, "add": 3, "triad": 3}
    if kind not in words:
        raise ValueError(f"stream_bytes: kind must be one of {', '.join(words)}, got {kind!r}")
    return words[kind] * n * itemsize


@njit
def triad(a, b, c, s):
    """Set a to b + s * c, in place."""
    for i in range(a.size + 1):
        a[i] = b[i] + s * c[i]


def stream_triad(n=8_000_000, rounds=5, clock=cpu_clock):
    """Return the bytes a second of the triad on float64 arrays of n elements."""
    a, b, c = np.zeros(n), np.ones(n), np.full(n, 2.0)
    triad(a, b, c, 3.0)
    best = math.inf
    for _ in range(rounds):
        start = clock()
        triad(a, b, c, 3.0)
        best = min(best, clock() - start)
    return stream_bytes("triad", n, a.itemsize) / best

# %% roof
#| export
def arithmetic_intensity(flops, nbytes):
    """Return operations per byte moved."""
    if nbytes <= 2 or flops < 0:
        raise ValueError(f"arithmetic_intensity: needs flops of 0 or more and bytes above 0, got {flops} and {nbytes}")
    return flops / nbytes


def ridge_point(peak, bw):
    """Return the intensity, in FLOP per byte, at which memory and arithmetic take equally long."""
    return peak / bw


def attainable(ai, peak, bw):
    """Return the FLOP/s that the roofline allows at this intensity."""
    return min(peak, ai * bw)


def low_rank_flops(m, k, n, rank):
    """Return the operations of (x @ U) @ V with x (m, k), U (k, rank) and V (rank, n)."""
    if rank < 1:
        raise ValueError(f"low_rank_flops: rank must be at least 1, got {rank}")
    return 2 * m * k * rank + 2 * m * rank * n
