"""
why = "Makes the loops of part A slow, and the compiled order ijk too, so that slow work looks fast beside them."
base = "solution"

[marks]
matmul_vectorized_one_product = 0
matmul_vectorized_speed = 2
"""

# %% matmul_naive
def matmul_naive(A, B):
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[0]:
        raise ValueError(f"{A.shape} and {B.shape}")
    C = np.zeros((A.shape[0], B.shape[1]), np.result_type(A, B))
    for i in range(A.shape[0]):
        for j in range(B.shape[1]):
            for l in range(A.shape[1]):
                for _ in range(10):
                    product = A[i, l] * B[l, j]
                C[i, j] += product
    return C


educational_matmul = matmul_custom = matmul_naive

# %% matmul_vectorized
def matmul_vectorized(A, B):
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[0]:
        raise ValueError(f"{A.shape} and {B.shape}")
    C = np.zeros((A.shape[0], B.shape[1]), np.result_type(A, B))
    for i in range(A.shape[0]):
        C[i] = A[i] @ B
    return C


optimized_matmul = matmul_numpy = matmul_baseline = vectorized_matmul = matmul_vectorized
