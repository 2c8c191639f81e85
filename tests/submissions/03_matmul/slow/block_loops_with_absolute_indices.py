"""
why = "Compiled blocks whose loops run from j0 to j1, so the compiler finds no vectors: half the points."
base = "solution"

[marks]
cache_friendly_matmul_speed = 2
"""

# %% cache_friendly_matmul
@njit
def kernel_blocks(A, B, C, block_size):
    m, k = A.shape
    n = B.shape[1]
    row = np.empty(n, C.dtype)
    for i0 in range(0, m, block_size):
        for j0 in range(0, n, block_size):
            for l0 in range(0, k, block_size):
                for i in range(i0, min(i0 + block_size, m)):
                    for j in range(j0, min(j0 + block_size, n)):
                        row[j] = 0.0
                    for l in range(l0, min(l0 + block_size, k)):
                        a = A[i, l]
                        for j in range(j0, min(j0 + block_size, n)):
                            row[j] += a * B[l, j]
                    for j in range(j0, min(j0 + block_size, n)):
                        C[i, j] += row[j]


def cache_friendly_matmul(A, B, block_size=32):
    if A.shape[1] != B.shape[0] or block_size < 1:
        raise ValueError(f"{A.shape} and {B.shape}, block size {block_size}")
    A, B, C, dtype = for_compiler(A, B)
    kernel_blocks(A, B, C, block_size)
    return C.astype(dtype)
