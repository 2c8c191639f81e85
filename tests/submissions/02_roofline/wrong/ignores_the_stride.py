"""
why = "Every element is a slot, so eight of them share a line and seven loads of eight come for free."
base = "solution"

[marks]
pointer_ring_layout = 0
pointer_ring_one_cycle = 0
pointer_ring_one_slot_a_line = 0

[reasons]
pointer_ring_one_slot_a_line = "positions"
"""

# %% pointer_ring
def pointer_ring(nbytes, stride=64, seed=0):
    if stride <= 0 or stride % 8 or nbytes < stride:
        raise ValueError("stride must be a positive multiple of 8, and nbytes at least stride")
    n, w = nbytes // stride, stride // 8
    ring = np.zeros(nbytes // 8, np.int64)
    order = np.random.default_rng(seed).permutation(nbytes // 8)
    ring[order] = np.roll(order, -1)
    return ring
