"""
why = "The shape check lives in a cell the student added; the solutions call it."
base = "solution"
"""

# %% + after=setup
class ShapeError(ValueError):
    """An exception class of the student's own."""


def extents(left, right, block=1):
    if left.shape[1] != right.shape[0]:
        raise ShapeError(f"inner extents differ: {left.shape} and {right.shape}")
    if block < 1:
        raise ShapeError("blocks have at least one row")
    return left.shape[0], left.shape[1], right.shape[1]

# %% matmul_vectorized
def matmul_vectorized(A, B):
    extents(A, B)
    return np.matmul(A, B)


optimized_matmul = matmul_numpy = matmul_baseline = vectorized_matmul = matmul_vectorized

# %% matmul_cache_optimized
def matmul_cache_optimized(A, B, block_size=64):
    m, k, n = extents(A, B, block_size)
    cut = lambda start: slice(start, start + block_size)
    C = np.zeros((m, n), np.result_type(A, B))
    for i in range(0, m, block_size):
        for j in range(0, n, block_size):
            C[cut(i), cut(j)] = sum(
                (A[cut(i), cut(l)] @ B[cut(l), cut(j)] for l in range(0, k, block_size)), np.zeros((), C.dtype)
            )
    return C


blocked_matmul = matmul_blocked = matmul_cache_optimized
