"""
why = "Strides by a fixed number of slots, which visits all of them and is guessed at once."
base = "solution"

[marks]
pointer_ring_random_order = 0
"""

# %% pointer_ring
def pointer_ring(nbytes, stride=64, seed=0):
    if stride <= 0 or stride % 8 or nbytes < stride:
        raise ValueError("stride must be a positive multiple of 8, and nbytes at least stride")
    n, w = nbytes // stride, stride // 8
    ring = np.zeros(nbytes // 8, np.int64)
    step = max(1, int(0.6180339 * n)) + seed
    while math.gcd(step, n) != 1:
        step += 1
    ring[: n * w : w] = (np.arange(n) + step) % n * w
    return ring
