"""
why = "8 bits are taken to be an eighth."
base = "solution"

[marks]
model_bytes_packing = 0
model_bytes_values = 0
"""

# %% cost_of_compression
#| export
def sqnr_db(x, approximation):
    """Return the signal to quantisation noise ratio in decibels."""
    x, approximation = np.asarray(x, np.float64), np.asarray(approximation, np.float64)
    noise = np.sum((x - approximation) ** 2)
    return float(10 * np.log10(np.sum(x**2) / noise)) if noise > 0 else float("inf")


def model_bytes(shapes, bits=8, axis=None):
    """Return the bytes of weight tensors, scales included."""
    if bits != 32 and not 2 <= bits <= 8:
        raise ValueError(f"model_bytes: bits must be 32 or 2 to 8, got {bits}")
    total = 0
    for shape in shapes:
        size = int(np.prod(shape))
        scales = 0 if bits == 32 else 1 if axis is None else shape[axis]
        total += -(-size * bits // (64 if bits < 32 else 8)) + 4 * scales
    return total
