"""
why = "Times the walk that compiles, too."
base = "solution"

[marks]
load_latency_clock = 0

[reasons]
load_latency_clock = "is the first walk timed"
"""

# %% load_latency
@njit
def chase(ring, steps, start=0):
    for _ in range(steps):
        start = ring[start]
    return start


def load_latency(ring, steps=200_000, rounds=5, clock=time.perf_counter):
    at = 0
    times = []
    for _ in range(rounds + 1):
        begin = clock()
        at = chase(ring, steps, at)
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
