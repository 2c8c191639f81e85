"""
why = "Fills the slots with a random permutation, which has several cycles."
base = "solution"

[marks]
pointer_ring_layout = 0
pointer_ring_one_cycle = 0
pointer_ring_one_slot_a_line = 0
pointer_ring_random_order = 0

[reasons]
pointer_ring_one_cycle = "same cycle"
"""

# %% pointer_ring
def pointer_ring(nbytes, stride=64, seed=0):
    if stride <= 0 or stride % 8 or nbytes < stride:
        raise ValueError("stride must be a positive multiple of 8, and nbytes at least stride")
    n, w = nbytes // stride, stride // 8
    ring = np.zeros(nbytes // 8, np.int64)
    ring[: n * w : w] = np.random.default_rng(seed).permutation(n) * w
    return ring
