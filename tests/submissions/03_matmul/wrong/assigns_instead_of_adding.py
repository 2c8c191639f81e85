"""
why = "Writes = where += was needed: only the last block along the shared extent is kept."
base = "solution"

[marks]
matmul_cache_optimized_values = 0
matmul_cache_optimized_ragged_edges = 0
matmul_cache_optimized_block_extremes = 0
matmul_cache_optimized_dtype_and_views = 0
matmul_cache_optimized_block_products = 0
matmul_cache_optimized_refuses = 0
matmul_cache_optimized_speed = 0
"""

# %% matmul_cache_optimized
def matmul_cache_optimized(A, B, block_size=64):
    if A.shape[1] != B.shape[0]:
        raise ValueError(f"matmul_cache_optimized: {A.shape} and {B.shape}")
    if block_size < 1:
        raise ValueError("matmul_cache_optimized: block_size must be at least 1")
    C = np.zeros((A.shape[0], B.shape[1]), np.result_type(A, B))
    for i in range(0, A.shape[0], block_size):
        for j in range(0, B.shape[1], block_size):
            for l in range(0, A.shape[1], block_size):
                C[i : i + block_size, j : j + block_size] = (
                    A[i : i + block_size, l : l + block_size] @ B[l : l + block_size, j : j + block_size]
                )
    return C


blocked_matmul = matmul_blocked = matmul_cache_optimized
