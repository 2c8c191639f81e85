"""
why = "Makes one block fit the cache, and forgets the other two."
base = "solution"

[marks]
best_block_values = 0

[reasons]
best_block_values = "expected 64"
"""

# %% blocked_intensity
def blocked_matmul_intensity(n, b, itemsize=4):
    if min(n, b) < 1:
        raise ValueError("n and b must be at least 1")
    return n / (itemsize * (math.ceil(n / b) + 1))


def best_block(cache_bytes, itemsize=4):
    b = 0
    while (b + 8) ** 2 * itemsize <= cache_bytes:
        b += 8
    return b
