"""
why = "Answers the block exercise with one product of the whole matrices."
base = "solution"

[marks]
matmul_cache_optimized_block_products = 0

[reasons]
matmul_cache_optimized_block_products = "multiplied whole"
"""

# %% matmul_cache_optimized
def matmul_cache_optimized(A, B, block_size=64):
    if A.shape[1] != B.shape[0]:
        raise ValueError(f"matmul_cache_optimized: {A.shape} and {B.shape}")
    if block_size < 1:
        raise ValueError("matmul_cache_optimized: block_size must be at least 1")
    return A @ B


blocked_matmul = matmul_blocked = matmul_cache_optimized
