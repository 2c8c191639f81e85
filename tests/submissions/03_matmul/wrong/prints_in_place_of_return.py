"""
why = "Prints the product and returns nothing."
base = "solution"

[marks]
matmul_naive_values = 0
matmul_naive_ragged_shapes = 0
matmul_naive_dtype_and_views = 0
matmul_naive_by_hand = 0

[reasons]
matmul_naive_values = "is the return missing?"
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
    print(C)


educational_matmul = matmul_custom = matmul_naive
