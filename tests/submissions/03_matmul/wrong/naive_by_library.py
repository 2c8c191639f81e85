"""
why = "The naive product calls the library."
base = "solution"

[marks]
matmul_naive_by_hand = 0

[reasons]
matmul_naive_by_hand = "expected no matrix product"
"""

# %% matmul_naive
def matmul_naive(A, B):
    if A.shape[1] != B.shape[0]:
        raise ValueError(f"{A.shape} and {B.shape}")
    return A @ B


educational_matmul = matmul_custom = matmul_naive
