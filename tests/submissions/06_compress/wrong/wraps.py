"""
why = "A bare cast to int8: what lies beyond the range wraps."
base = "solution"

[marks]
quantized_relu_zero_point = 0
quantize_saturates = 0
quantize_axis_and_bits = 0
quantized_matmul_saturates = 0
quantized_relu_values = 0
requantize_values = 0
"""

# %% quantize
#| export
def quantize(x, scale, zero_point=0, bits=8, axis=None):
    """Return x as whole numbers of so many bits, in int8."""
    x = np.asarray(x, np.float64)
    steps = np.rint(x / along(scale, x.ndim, axis)) + along(zero_point, x.ndim, axis)
    return steps.astype(np.int64).astype(np.int8)


def dequantize(q, scale, zero_point=0, axis=None):
    """Return the float32 numbers that q stands for."""
    steps = np.asarray(q, np.float64) - along(zero_point, np.ndim(q), axis)
    return (steps * along(scale, np.ndim(q), axis)).astype(np.float32)
