"""
why = "Reports GB/s in place of bytes a second."
base = "solution"

[marks]
stream_triad_clock = 0

[reasons]
stream_triad_clock = "12000 bytes a second"
"""

# %% stream_triad
def stream_bytes(kind, n, itemsize=8):
    if kind not in ("copy", "scale", "add", "triad"):
        raise ValueError(f"unknown kind {kind!r}")
    return {"copy": 2, "scale": 2, "add": 3, "triad": 3}[kind] * n * itemsize


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
    return 1e-9 * stream_bytes("triad", n) / min(times)
