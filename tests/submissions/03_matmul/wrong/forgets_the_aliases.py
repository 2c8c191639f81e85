"""
why = "Renames the function and drops the line that makes the other names."
base = "solution"

[marks]
matmul_cache_optimized_values = 0

[reasons]
matmul_cache_optimized_values = "blocked_matmul"
"""

# %% matmul_cache_optimized
def matmul_cache_optimized(A, B, block_size=64):
    if A.shape[1] != B.shape[0] or block_size < 1:
        raise ValueError(f"{A.shape} and {B.shape}, block {block_size}")
    C = np.zeros((A.shape[0], B.shape[1]), np.result_type(A, B))
    for i in range(0, A.shape[0], block_size):
        for j in range(0, B.shape[1], block_size):
            for l in range(0, A.shape[1], block_size):
                C[i : i + block_size, j : j + block_size] += (
                    A[i : i + block_size, l : l + block_size] @ B[l : l + block_size, j : j + block_size]
                )
    return C
