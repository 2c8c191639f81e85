"""
why = "Library calls of several kinds, a loop that adds into C, a transpose of whole blocks by copyto."
base = "solution"
"""

# %% matmul_naive
def matmul_naive(A, B):
    m, k = A.shape
    k2, n = B.shape
    if k != k2:
        raise ValueError("shapes %s and %s do not fit" % (A.shape, B.shape))
    C = np.zeros((m, n), dtype=np.result_type(A.dtype, B.dtype))
    for i in range(m):
        for j in range(n):
            for l in range(k):
                C[i, j] += A[i, l] * B[l, j]
    return C


educational_matmul = matmul_custom = matmul_naive

# %% matmul_vectorized
def matmul_vectorized(A, B):
    if A.shape[1] != B.shape[0]:
        raise ValueError(f"{A.shape} x {B.shape}")
    return np.dot(A, B)


optimized_matmul = matmul_numpy = matmul_baseline = vectorized_matmul = matmul_vectorized

# %% matmul_cache_optimized
def matmul_cache_optimized(A, B, block_size=64):
    if A.shape[1] != B.shape[0]:
        raise ValueError(f"{A.shape} x {B.shape}")
    if block_size <= 0:
        raise ValueError("block_size")
    m, k, n = A.shape[0], A.shape[1], B.shape[1]
    C = np.zeros((m, n), np.result_type(A, B))
    for l in range(0, k, block_size):
        l_end = min(l + block_size, k)
        for i in range(0, m, block_size):
            i_end = min(i + block_size, m)
            for j in range(0, n, block_size):
                j_end = min(j + block_size, n)
                C[i:i_end, j:j_end] += np.dot(A[i:i_end, l:l_end], B[l:l_end, j:j_end])
    return C


blocked_matmul = matmul_blocked = matmul_cache_optimized

# %% transpose_blocked
@njit
def fill_transposed(A, T):
    for i in range(A.shape[0]):
        for j in range(A.shape[1]):
            T[j, i] = A[i, j]


def transpose_loops(A):
    T = np.empty((A.shape[1], A.shape[0]), A.dtype)
    fill_transposed(A, T)
    return T


def transpose_blocked(A, block_size=32):
    if block_size < 1:
        raise ValueError("block_size must be positive")
    out = np.zeros(A.shape[::-1], dtype=A.dtype)
    for j in range(0, A.shape[1], block_size):
        for i in range(0, A.shape[0], block_size):
            block = A[i : i + block_size, j : j + block_size]
            np.copyto(out[j : j + block.shape[1], i : i + block.shape[0]], block.T)
    return out
