"""
why = "A solution cell raises before it defines anything."
base = "solution"

[marks]
matmul_vectorized_values = 0
matmul_vectorized_ragged_shapes = 0
matmul_vectorized_refuses_mismatch = 0
matmul_vectorized_dtype_and_views = 0
matmul_vectorized_one_product = 0
matmul_vectorized_speed = 0
"""

# %% matmul_vectorized
raise RuntimeError("I was never finished")


def matmul_vectorized(A, B):
    return A @ B


optimized_matmul = matmul_numpy = matmul_baseline = vectorized_matmul = matmul_vectorized
