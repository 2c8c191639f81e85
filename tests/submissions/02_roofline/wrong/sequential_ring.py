"""
why = "Each slot leads to the next one in memory: one cycle, but a prefetcher runs ahead."
base = "solution"

[marks]
pointer_ring_random_order = 0

[reasons]
pointer_ring_random_order = "prefetcher"
"""

# %% pointer_ring
def pointer_ring(nbytes, stride=64, seed=0):
    if stride <= 0 or stride % 8 or nbytes < stride:
        raise ValueError("stride must be a positive multiple of 8, and nbytes at least stride")
    n, w = nbytes // stride, stride // 8
    ring = np.zeros(nbytes // 8, np.int64)
    ring[: n * w : w] = (np.arange(n) + 1) % n * w
    return ring
