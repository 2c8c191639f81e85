"""
why = "The transpose never returns and swallows every interrupt."
base = "solution"

[marks]
transpose_blocked_values = 0
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
    while True:
        try:
            time.sleep(60)
        except BaseException:
            pass
