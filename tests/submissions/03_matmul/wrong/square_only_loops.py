"""
why = "All three loops run to the number of rows of A."
base = "solution"

[marks]
matmul_naive_values = 0
matmul_naive_ragged_shapes = 0
matmul_naive_dtype_and_views = 0
matmul_naive_by_hand = 0
"""

# %% matmul_naive
def matmul_naive(A, B):
    if A.shape[1] != B.shape[0]:
        raise ValueError(f"{A.shape} and {B.shape}")
    n = A.shape[0]
    C = np.zeros((n, n), np.result_type(A, B))
    for i in range(n):
        for j in range(n):
            for l in range(n):
                C[i, j] += A[i, l] * B[l, j]
    return C


educational_matmul = matmul_custom = matmul_naive
