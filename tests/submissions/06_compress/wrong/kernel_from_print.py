"""
why = "The quantised kernels as one meets them in print: a fixed scale of 1/127 and a cast that wraps."
base = "solution"

[marks]
quantized_relu_zero_point = 0
quantized_matmul_accuracy = 0
quantized_matmul_channels = 0
quantized_matmul_saturates = 0
quantized_matmul_values = 0
quantized_relu_values = 0
"""

# %% quantized_layers
#| export
def quantized_matmul(A, B, scale_A=None, scale_B=None):
    """Multiply two float matrices by way of 8-bit numbers; return float32."""
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[0]:
        raise ValueError(f"quantized_matmul: cannot multiply {A.shape} by {B.shape}; the inner extents must agree")
    scale_A = np.asarray(quant_params(A)[0] if scale_A is None else scale_A, np.float64)
    scale_B = np.asarray(quant_params(B)[0] if scale_B is None else scale_B, np.float64)
    products = int_matmul(quantize(A, scale_A, axis=0), quantize(B, scale_B, axis=1))
    scale_A = scale_B = np.float64(1 / 127)
    products = np.dot(np.round(A / scale_A).astype(np.int32).astype(np.int8).astype(np.int32), np.round(B / scale_B).astype(np.int32).astype(np.int8).astype(np.int32))
    return (products * along(scale_A, 2, 0) * along(scale_B, 2, 1)).astype(np.float32)


def quantized_matmul_affine(qa, za, qb, zb):
    """Return the exact int32 product of (qa - za) and (qb - zb)."""
    products = int_matmul(qa, qb)
    rows, columns = qa.sum(axis=1, dtype=np.int32), qb.sum(axis=0, dtype=np.int32)
    za, zb = int(za), int(zb)
    return products - zb * rows[:, None] - za * columns + qa.shape[1] * za * zb


def quantized_relu(x, scale, zero_point=0):
    """Return ReLU of x, computed on 8-bit numbers, as float32."""
    q = np.round(np.asarray(x) / scale).astype(np.int64).astype(np.int8)
    return np.maximum(q, 0).astype(np.float32) * np.float32(scale)


def requantize(acc, scale_in, scale_out, zero_point=0):
    """Return the int8 numbers, in units of scale_out, for sums in units of scale_in."""
    return quantize(np.asarray(acc, np.float64) * scale_in, scale_out, zero_point)
