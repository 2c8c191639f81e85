"""
why = "ascontiguousarray of the transpose: of an array in Fortran order it is A itself, seen the other way round."
base = "solution"

[marks]
transpose_blocked_dtype_and_refuses = 0

[reasons]
transpose_blocked_dtype_and_refuses = "a view of A"
"""

# %% transpose_blocked
@njit
def fill_transposed(A, T):
    """Write A's transpose into T, element by element."""
    for i in range(A.shape[0]):
        for j in range(A.shape[1]):
            T[j, i] = A[i, j]


def transpose_loops(A):
    """Return the transpose of A by two compiled loops (given)."""
    T = np.empty((A.shape[1], A.shape[0]), A.dtype)
    fill_transposed(A, T)
    return T


def transpose_blocked(A, block_size=32):
    """Return the transpose of A as a new contiguous array, filled block by block."""
    if block_size < 1:
        raise ValueError(f"transpose_blocked: block_size must be at least 1, got {block_size}")
    m, n = A.shape
    return np.ascontiguousarray(A.T)

