"""
why = "Blocks that write down the columns of the result gain next to nothing."
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
    T = np.empty((A.shape[1], A.shape[0]), A.dtype)
    fill_transposed(A, T)
    return T


@njit
def fill_blocks(A, T, size):
    m, n = A.shape
    for i0 in range(0, m, size):
        for j0 in range(0, n, size):
            for i in range(i0, min(i0 + size, m)):
                for j in range(j0, min(j0 + size, n)):
                    T[j, i] = A[i, j]


def transpose_blocked(A, block_size=32):
    if block_size < 1:
        raise ValueError("block_size")
    T = np.empty((A.shape[1], A.shape[0]), A.dtype)
    fill_blocks(np.ascontiguousarray(A), T, block_size)
    return T
