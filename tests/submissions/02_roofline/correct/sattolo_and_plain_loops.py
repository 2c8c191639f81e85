"""
why = "Sattolo's algorithm for the ring, plain loops elsewhere."
base = "solution"
"""

# %% pointer_ring
import random


def pointer_ring(nbytes, stride=64, seed=0):
    if stride < 1 or stride % 8 != 0 or nbytes < stride:
        raise ValueError(f"cannot make a ring of {nbytes} bytes with a stride of {stride}")
    generator = random.Random(seed)
    slots = list(range(nbytes // stride))
    for i in range(len(slots) - 1, 0, -1):
        j = generator.randrange(i)
        slots[i], slots[j] = slots[j], slots[i]
    ring = np.full(nbytes // 8, -1, dtype="int64")
    for i, slot in enumerate(slots):
        ring[i * (stride // 8)] = slot * (stride // 8)
    return ring

# %% roof
def arithmetic_intensity(flops, nbytes):
    if flops < 0 or not nbytes > 0:
        raise ValueError("no bytes, no intensity")
    return flops / nbytes


def ridge_point(peak, bw):
    return peak / bw


def attainable(ai, peak, bw):
    return ai * bw if ai < peak / bw else peak


def low_rank_flops(m, k, n, rank):
    if rank < 1:
        raise ValueError("rank must be at least 1")
    return 2 * m * rank * (k + n)

# %% classify
def classify(flops, nbytes, seconds, peak, bw):
    if min(nbytes, seconds) <= 0:
        raise ValueError("bytes and seconds must be above 0")
    if flops == 0:
        return "overhead" if nbytes / seconds < 0.1 * bw else "memory"
    ai = flops / nbytes
    if flops / seconds < 0.1 * min(peak, ai * bw):
        return "overhead"
    return "memory" if ai < peak / bw else "compute"


identify_bottlenecks = classify

# %% blocked_intensity
def blocked_matmul_intensity(n, b, itemsize=4):
    if min(n, b) < 1:
        raise ValueError("n and b must be at least 1")
    return n / (itemsize * (math.ceil(n / b) + 1))


def best_block(cache_bytes, itemsize=4):
    b = 0
    while 3 * (b + 8) ** 2 * itemsize <= cache_bytes:
        b += 8
    return b
