"""
why = "Prints as it goes, checks more than it must, and returns NumPy scalars."
base = "solution"
"""

# %% load_latency
@njit(cache=False)
def chase(ring, steps, start=0):
    position = start
    while steps > 0:
        position = ring[position]
        steps -= 1
    return position


def load_latency(ring, steps=200_000, rounds=5, clock=time.perf_counter):
    assert ring.ndim == 1
    where = chase(ring, steps, 0)
    spans = np.zeros(rounds)
    for r in range(rounds):
        t0 = clock()
        where = chase(ring, steps, where)
        t1 = clock()
        spans[r] = t1 - t0
        print("walk", r, spans[r])
    return spans.min() / steps


def find_plateaus(sizes, lat, jump=1.5):
    sizes, lat = np.asarray(sizes), np.asarray(lat, dtype=float)
    if sizes.shape != lat.shape:
        raise ValueError("not as many sizes as latencies")
    if (np.diff(sizes) <= 0).any():
        raise ValueError("sizes must rise")
    if jump <= 1:
        raise ValueError("jump must be more than 1")
    edges, begin = [], 0
    for i in range(1, sizes.size):
        if lat[i] >= jump * lat[begin:i].min():
            print("edge after", sizes[i - 1])
            edges.append(sizes[i - 1])
            begin = i
    return edges


def latency_curve(sizes, steps=200_000, rounds=4):
    """Return the seconds of one load for rings of these sizes (given)."""
    return [load_latency(pointer_ring(size, 64, 1), steps, rounds) for size in sizes]

# %% stream_triad
def stream_bytes(kind, n, itemsize=8):
    if kind not in ("copy", "scale", "add", "triad"):
        raise ValueError(f"unknown kind {kind!r}")
    return {"copy": 2, "scale": 2, "add": 3, "triad": 3}[kind] * n * itemsize


@njit("void(float64[::1], float64[::1], float64[::1], float64)")
def triad_double(a, b, c, s):
    for i in range(a.shape[0]):
        a[i] = b[i] + s * c[i]


@njit(fastmath=True)
def triad(a, b, c, s):
    for i in range(a.shape[0]):
        a[i] = s * c[i] + b[i]


def stream_triad(n=8_000_000, rounds=5, clock=time.perf_counter):
    print("triad of", n)
    a, b, c = np.zeros(n), np.random.rand(n), np.random.rand(n)
    triad_double(a, b, c, 1.5)
    fastest = float("inf")
    for _ in range(rounds):
        start = clock()
        triad_double(a, b, c, 1.5)
        stop = clock()
        fastest = min(fastest, stop - start)
    return np.float64(stream_bytes("triad", n, 8)) / fastest

# %% peak_gflops
def peak_gflops(n=1024, rounds=5, clock=time.perf_counter):
    rng = np.random.default_rng()
    A, B = rng.standard_normal((n, n)).astype(np.float32), rng.standard_normal((n, n)).astype(np.float32)
    C = np.empty((n, n), np.float32)
    np.matmul(A, B, out=C)
    rates = []
    for _ in range(rounds):
        start = clock()
        np.matmul(A, B, out=C)
        rates.append(2.0 * n * n * n / (clock() - start))
    print(rates)
    return max(rates) * 1e-9
