"""
why = "Subtracts the zero point in int32, whatever dtype q has."
base = "solution"

[marks]
dequantize_does_not_wrap = 0
"""

# %% quantize
def quantize(x, scale, zero_point=0, bits=8, axis=None):
    x = np.asarray(x, np.float64)
    steps = np.rint(x / along(scale, x.ndim, axis)) + along(zero_point, x.ndim, axis)
    return np.clip(steps, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1).astype(np.int8)


def dequantize(q, scale, zero_point=0, axis=None):
    steps = np.asarray(q).astype(np.int32) - along(zero_point, np.ndim(q), axis).astype(np.int32)
    return (steps * along(scale, np.ndim(q), axis)).astype(np.float32)
