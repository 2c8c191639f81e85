"""
why = "The blocks are multiplied by einsum, which does not use BLAS: half the points."
base = "solution"

[marks]
matmul_cache_optimized_speed = 2
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
                C[i : i + block_size, j : j + block_size] += np.einsum(
                    "il,lj->ij", A[i : i + block_size, l : l + block_size], B[l : l + block_size, j : j + block_size]
                )
    return C


blocked_matmul = matmul_blocked = matmul_cache_optimized
