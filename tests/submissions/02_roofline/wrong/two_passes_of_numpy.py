"""
why = "The triad is two calls of NumPy with out, and compiled by nobody."
base = "solution"

[marks]
triad_in_place = 0

[reasons]
triad_in_place = "njit"
"""

# %% stream_triad
def stream_bytes(kind, n, itemsize=8):
    """Return the bytes that STREAM counts for n elements."""
    words = {"copy": 2, "scale": 2, "add": 3, "triad": 3}
    if kind not in words:
        raise ValueError(f"stream_bytes: kind must be one of {', '.join(words)}, got {kind!r}")
    return words[kind] * n * itemsize


def triad(a, b, c, s):
    """Set a to b + s * c, in place."""
    np.multiply(c, s, out=a)
    np.add(a, b, out=a)


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
