"""
why = "Multiplies the zero points as they come: two of int8 wrap."
base = "solution"

[marks]
quantized_matmul_affine_values = 0
"""

# %% quantized_layers
def quantized_matmul(A, B, scale_A=None, scale_B=None):
    if A.shape[1] != B.shape[0]:
        raise ValueError(f"quantized_matmul: cannot multiply {A.shape} by {B.shape}")
    scale_A = np.asarray(quant_params(A)[0] if scale_A is None else scale_A, np.float64)
    scale_B = np.asarray(quant_params(B)[0] if scale_B is None else scale_B, np.float64)
    products = int_matmul(quantize(A, scale_A, axis=0), quantize(B, scale_B, axis=1))
    return (products * along(scale_A, 2, 0) * along(scale_B, 2, 1)).astype(np.float32)


def quantized_matmul_affine(qa, za, qb, zb):
    products = int_matmul(qa, qb)
    rows, columns = qa.sum(axis=1, dtype=np.int32), qb.sum(axis=0, dtype=np.int32)
    with np.errstate(all="ignore"):
        return (products - zb * rows[:, None] - za * columns + qa.shape[1] * (za * zb)).astype(np.int32)


def quantized_relu(x, scale, zero_point=0):
    q = np.maximum(quantize(x, scale, zero_point), np.int8(zero_point))
    return dequantize(q, scale, zero_point)


def requantize(acc, scale_in, scale_out, zero_point=0):
    return quantize(np.asarray(acc, np.float64) * scale_in, scale_out, zero_point)
