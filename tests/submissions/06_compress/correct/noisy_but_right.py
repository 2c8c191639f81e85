"""
why = "Prints by the thousand and warnings on stderr cost nothing."
base = "solution"
"""

# %% quantize
import sys
import warnings

warnings.warn("a warning that goes to stderr")
print("so does this", file=sys.stderr)


def quantize(x, scale, zero_point=0, bits=8, axis=None):
    print("quantize", x.shape, scale)
    steps = np.rint(np.divide(x, along(scale, x.ndim, axis), dtype=np.float64)) + along(zero_point, x.ndim, axis)
    return np.minimum(np.maximum(steps, -(1 << bits - 1)), (1 << bits - 1) - 1).astype("i1")


def dequantize(q, scale, zero_point=0, axis=None):
    print("dequantize", q.shape, file=sys.stderr)
    return np.float32((q.astype(np.int64) - along(zero_point, q.ndim, axis)) * along(scale, q.ndim, axis))


quantize
