"""
why = "Sizes that repeat are let through; only those that fall are refused."
base = "solution"

[marks]
find_plateaus_level = 0
"""

# %% load_latency
@njit
def chase(ring, steps, start=0):
    """Follow the ring so many steps from `start`; return where that leads."""
    at = start
    for _ in range(steps):
        at = ring[at]
    return at


def load_latency(ring, steps=200_000, rounds=5, clock=cpu_clock):
    """Return the seconds of one dependent load, from the quickest of several walks."""
    at = chase(ring, steps, 0)
    best = math.inf
    for _ in range(rounds):
        start = clock()
        at = chase(ring, steps, at)
        best = min(best, clock() - start)
    return best / steps


def find_plateaus(sizes, lat, jump=1.5):
    """Return the sizes after which the latency jumps."""
    sizes, lat = list(sizes), list(lat)
    if len(sizes) != len(lat):
        raise ValueError(f"find_plateaus: {len(sizes)} sizes, but {len(lat)} latencies")
    if any(b < a for a, b in zip(sizes, sizes[1:])):
        raise ValueError("find_plateaus: the sizes must rise")
    if not jump > 1:
        raise ValueError(f"find_plateaus: jump must be above 1, got {jump}")
    found, level = [], math.inf
    for i, latency in enumerate(lat):
        if latency >= jump * level:
            found.append(sizes[i - 1])
            level = latency
        level = min(level, latency)
    return found


def latency_curve(sizes, steps=200_000, rounds=4):
    """Return the seconds of one load for rings of these sizes (given)."""
    return [load_latency(pointer_ring(size, 64, 1), steps, rounds) for size in sizes]
