"""
why = "Floor division counts the blocks, so whatever is left over at the edges is lost."
base = "solution"

[marks]
matmul_cache_optimized_values = 0
matmul_cache_optimized_ragged_edges = 0
matmul_cache_optimized_block_extremes = 0
matmul_cache_optimized_dtype_and_views = 0
matmul_cache_optimized_block_products = 0

[reasons]
matmul_cache_optimized_ragged_edges = "values are off"
"""

# %% matmul_cache_optimized
def matmul_cache_optimized(A, B, block_size=64):
    if A.shape[1] != B.shape[0]:
        raise ValueError(f"matmul_cache_optimized: {A.shape} and {B.shape}")
    if block_size < 1:
        raise ValueError("matmul_cache_optimized: block_size must be at least 1")
    C = np.zeros((A.shape[0], B.shape[1]), np.result_type(A, B))
    for bi in range(A.shape[0] // block_size):
        for bj in range(B.shape[1] // block_size):
            for bl in range(A.shape[1] // block_size):
                i, j, l = bi * block_size, bj * block_size, bl * block_size
                C[i : i + block_size, j : j + block_size] += (
                    A[i : i + block_size, l : l + block_size] @ B[l : l + block_size, j : j + block_size]
                )
    return C


blocked_matmul = matmul_blocked = matmul_cache_optimized
