"""
why = "Counts two words an element for the triad, one read and one write."
base = "solution"

[marks]
stream_bytes_values = 0
stream_triad_clock = 0

[reasons]
stream_bytes_values = "expected 24000"
"""

# %% stream_triad
def stream_bytes(kind, n, itemsize=8):
    if kind not in ("copy", "scale", "add", "triad"):
        raise ValueError(f"unknown kind {kind!r}")
    return {"copy": 2, "scale": 2, "add": 3, "triad": 2}[kind] * n * itemsize


@njit
def triad(a, b, c, s):
    for i in range(len(a)):
        a[i] = b[i] + s * c[i]


def stream_triad(n=8_000_000, rounds=5, clock=time.perf_counter):
    a, b, c = np.empty(n), np.ones(n), np.ones(n)
    triad(a, b, c, 2.0)
    times = []
    for _ in range(rounds):
        begin = clock()
        triad(a, b, c, 2.0)
        times.append(clock() - begin)
    return stream_bytes("triad", n) / min(times)
