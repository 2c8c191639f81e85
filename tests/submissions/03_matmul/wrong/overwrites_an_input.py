"""
why = "Uses A as scratch space and leaves it changed."
base = "solution"

[marks]
matmul_naive_dtype_and_views = 0

[reasons]
matmul_naive_dtype_and_views = "was changed"
"""

# %% matmul_naive
def matmul_naive(A, B):
    if A.shape[1] != B.shape[0]:
        raise ValueError(f"{A.shape} and {B.shape}")
    C = np.zeros((A.shape[0], B.shape[1]), np.result_type(A, B))
    for i in range(A.shape[0]):
        for j in range(B.shape[1]):
            for l in range(A.shape[1]):
                C[i, j] += A[i, l] * B[l, j]
        A[i] = 0
    return C


educational_matmul = matmul_custom = matmul_naive
