"""
why = "Writes the triad as one NumPy expression, which makes two temporaries."
base = "solution"

[marks]
triad_in_place = 0

[reasons]
triad_in_place = "no temporary array"
"""

# %% stream_triad
def stream_bytes(kind, n, itemsize=8):
    if kind not in ("copy", "scale", "add", "triad"):
        raise ValueError(f"unknown kind {kind!r}")
    return {"copy": 2, "scale": 2, "add": 3, "triad": 3}[kind] * n * itemsize


def triad(a, b, c, s):
    a[:] = b + s * c


def stream_triad(n=8_000_000, rounds=5, clock=time.perf_counter):
    a, b, c = np.empty(n), np.ones(n), np.ones(n)
    triad(a, b, c, 2.0)
    times = []
    for _ in range(rounds):
        begin = clock()
        triad(a, b, c, 2.0)
        times.append(clock() - begin)
    return stream_bytes("triad", n) / min(times)
