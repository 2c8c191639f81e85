"""
why = "The result has the shape of the input."
base = "solution"

[marks]
transpose_blocked_ragged_edges = 0
transpose_blocked_dtype_and_refuses = 0
"""

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
        raise ValueError("block_size")
    T = np.empty(A.shape, A.dtype)
    n = A.shape[0]
    for i in range(0, n, block_size):
        for j in range(0, n, block_size):
            T[j : j + block_size, i : i + block_size] = A[i : i + block_size, j : j + block_size].T
    return T
