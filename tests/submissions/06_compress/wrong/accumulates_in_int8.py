"""
why = "Multiplies and sums in int8."
base = "solution"

[marks]
int_matmul_long_sums = 0
int_matmul_speed = 0
int_matmul_values = 0
quantized_matmul_accuracy = 0
quantized_matmul_affine_extremes = 0
quantized_matmul_affine_values = 0
quantized_matmul_channels = 0
quantized_matmul_saturates = 0
quantized_matmul_values = 0
"""

# %% int_matmul
#| export
def max_exact_k(bits=8, dtype="float32"):
    return 2 ** (np.finfo(dtype).nmant + 1) // 4 ** (bits - 1)


def int_matmul(qa, qb):
    if qa.ndim != 2 or qb.ndim != 2 or qa.shape[1] != qb.shape[0]:
        raise ValueError(f"int_matmul: cannot multiply {qa.shape} by {qb.shape}; the inner extents must agree")
    return (qa @ qb).astype(np.int32)
