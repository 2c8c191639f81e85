"""
why = "Reads the clock as asked and does nothing in between; the scripted clock is content, a real one is not."
base = "solution"

[marks]
load_latency_clock = 0
load_latency_near_and_far = 0
stream_triad_clock = 0
peak_gflops_works = 0
"""

# %% load_latency
@njit
def chase(ring, steps, start=0):
    for _ in range(steps):
        start = ring[start]
    return start


def load_latency(ring, steps=200_000, rounds=5, clock=time.perf_counter):
    at = chase(ring, steps)
    times = []
    for _ in range(rounds):
        begin = clock()
        at = at
        times.append(clock() - begin)
    return min(times) / steps


def find_plateaus(sizes, lat, jump=1.5):
    if len(sizes) != len(lat) or jump <= 1 or any(a >= b for a, b in zip(sizes[:-1], sizes[1:])):
        raise ValueError("sizes must rise, be as many as latencies, and jump be above 1")
    found = []
    level = lat[0]
    for before, latency in zip(sizes, lat[1:]):
        if latency >= jump * level:
            found.append(before)
            level = latency
        else:
            level = min(level, latency)
    return found


def latency_curve(sizes, steps=200_000, rounds=4):
    return [load_latency(pointer_ring(size, 64, 1), steps, rounds) for size in sizes]

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
        pass
        times.append(clock() - begin)
    return stream_bytes("triad", n) / min(times)

# %% peak_gflops
def peak_gflops(n=1024, rounds=5, clock=time.perf_counter):
    times = []
    for _ in range(rounds):
        begin = clock()
        times.append(clock() - begin)
    return 2 * n**3 / min(times) / 1e9
