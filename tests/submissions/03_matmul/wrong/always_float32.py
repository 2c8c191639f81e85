"""
why = "Casts everything to float32."
base = "solution"

[marks]
matmul_vectorized_values = 0
matmul_vectorized_ragged_shapes = 0
matmul_vectorized_dtype_and_views = 0

[reasons]
matmul_vectorized_values = "expected dtype float64, got float32"
"""

# %% matmul_vectorized
def matmul_vectorized(A, B):
    if A.shape[1] != B.shape[0]:
        raise ValueError(f"{A.shape} and {B.shape}")
    return A.astype(np.float32) @ B.astype(np.float32)


optimized_matmul = matmul_numpy = matmul_baseline = vectorized_matmul = matmul_vectorized
