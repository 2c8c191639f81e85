"""
why = "Divides in float32: numbers near the middle of two steps become exact halves, and go to the even one."
base = "solution"

[marks]
quantize_values = 0
"""

# %% quantize
def quantize(x, scale, zero_point=0, bits=8, axis=None):
    x = np.asarray(x)
    steps = np.rint(x / along(scale, x.ndim, axis).astype(x.dtype)) + along(zero_point, x.ndim, axis).astype(np.float64)
    return np.clip(steps, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1).astype(np.int8)


def dequantize(q, scale, zero_point=0, axis=None):
    steps = np.asarray(q, np.float64) - along(zero_point, np.ndim(q), axis)
    return (steps * along(scale, np.ndim(q), axis)).astype(np.float32)
