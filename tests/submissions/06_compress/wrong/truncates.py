"""
why = "The cast cuts off instead of rounding."
base = "solution"

[marks]
quantize_saturates = 0
quantize_halves_to_even = 0
quantize_values = 0
quantized_matmul_accuracy = 0
requantize_large_sums = 0
requantize_values = 0
round_trip = 0
"""

# %% quantize
#| export
def quantize(x, scale, zero_point=0, bits=8, axis=None):
    """Return x as whole numbers of so many bits, in int8."""
    x = np.asarray(x, np.float64)
    steps = np.trunc(x / along(scale, x.ndim, axis)) + along(zero_point, x.ndim, axis)
    return np.clip(steps, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1).astype(np.int8)


def dequantize(q, scale, zero_point=0, axis=None):
    """Return the float32 numbers that q stands for."""
    steps = np.asarray(q, np.float64) - along(zero_point, np.ndim(q), axis)
    return (steps * along(scale, np.ndim(q), axis)).astype(np.float32)
