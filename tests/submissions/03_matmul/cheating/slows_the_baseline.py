"""
why = "Makes the given loops slow, so that plain loops look fast beside them."
base = "solution"

[marks]
transpose_blocked_speed = 0
"""

# %% transpose_blocked
@njit
def fill_transposed(A, T):
    for i in range(A.shape[0]):
        for j in range(A.shape[1]):
            T[j, i] = A[i, j]


def transpose_loops(A):
    for _ in range(10):
        T = np.empty((A.shape[1], A.shape[0]), A.dtype)
        fill_transposed(A, T)
    return T


def transpose_blocked(A, block_size=32):
    if block_size < 1:
        raise ValueError("block_size")
    A = np.ascontiguousarray(A)
    T = np.empty((A.shape[1], A.shape[0]), A.dtype)
    fill_transposed(A, T)
    return T
