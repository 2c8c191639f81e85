"""
why = "One library product per row: quick for Python, slow for a library, and not one product."
base = "solution"

[marks]
matmul_vectorized_one_product = 0
matmul_vectorized_speed = 2
"""

# %% matmul_vectorized
def matmul_vectorized(A, B):
    if A.shape[1] != B.shape[0]:
        raise ValueError(f"{A.shape} and {B.shape}")
    C = np.zeros((A.shape[0], B.shape[1]), np.result_type(A, B))
    for i in range(A.shape[0]):
        C[i] = A[i] @ B
    return C


optimized_matmul = matmul_numpy = matmul_baseline = vectorized_matmul = matmul_vectorized
