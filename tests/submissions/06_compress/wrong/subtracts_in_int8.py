"""
why = "Zero points are subtracted in int8, where the difference wraps."
base = "solution"

[marks]
quantized_relu_zero_point = 0
dequantize_does_not_wrap = 0
quantized_matmul_affine_extremes = 0
quantized_matmul_affine_values = 0
round_trip = 0
"""

# %% quantize
#| export
def quantize(x, scale, zero_point=0, bits=8, axis=None):
    """Return x as whole numbers of so many bits, in int8."""
    x = np.asarray(x, np.float64)
    steps = np.rint(x / along(scale, x.ndim, axis)) + along(zero_point, x.ndim, axis)
    return np.clip(steps, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1).astype(np.int8)


def dequantize(q, scale, zero_point=0, axis=None):
    """Return the float32 numbers that q stands for."""
    steps = np.asarray(q) - along(zero_point, np.ndim(q), axis).astype(np.int8)
    return (steps * along(scale, np.ndim(q), axis)).astype(np.float32)

# %% quantized_layers
#| export
def quantized_matmul(A, B, scale_A=None, scale_B=None):
    """Multiply two float matrices by way of 8-bit numbers; return float32."""
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[0]:
        raise ValueError(f"quantized_matmul: cannot multiply {A.shape} by {B.shape}; the inner extents must agree")
    scale_A = np.asarray(quant_params(A)[0] if scale_A is None else scale_A, np.float64)
    scale_B = np.asarray(quant_params(B)[0] if scale_B is None else scale_B, np.float64)
    products = int_matmul(quantize(A, scale_A, axis=0), quantize(B, scale_B, axis=1))
    return (products * along(scale_A, 2, 0) * along(scale_B, 2, 1)).astype(np.float32)


def quantized_matmul_affine(qa, za, qb, zb):
    """Return the exact int32 product of (qa - za) and (qb - zb)."""
    return int_matmul(qa - np.int8(za), qb - np.int8(zb))


def quantized_relu(x, scale, zero_point=0):
    """Return ReLU of x, computed on 8-bit numbers, as float32."""
    q = np.maximum(quantize(x, scale, zero_point), np.int8(zero_point))
    return dequantize(q, scale, zero_point)


def requantize(acc, scale_in, scale_out, zero_point=0):
    """Return the int8 numbers, in units of scale_out, for sums in units of scale_in."""
    return quantize(np.asarray(acc, np.float64) * scale_in, scale_out, zero_point)
