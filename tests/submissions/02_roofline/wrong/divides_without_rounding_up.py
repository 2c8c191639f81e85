"""
why = "Takes n / b as a fraction, so ragged edges and blocks larger than the matrix come out wrong."
base = "solution"

[marks]
blocked_matmul_intensity_ragged = 0

[reasons]
blocked_matmul_intensity_ragged = "fetched 4 times"
"""

# %% blocked_intensity
def blocked_matmul_intensity(n, b, itemsize=4):
    if min(n, b) < 1:
        raise ValueError("n and b must be at least 1")
    return n / (itemsize * (n / b + 1))


def best_block(cache_bytes, itemsize=4):
    b = 0
    while 3 * (b + 8) ** 2 * itemsize <= cache_bytes:
        b += 8
    return b
