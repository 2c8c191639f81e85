"""
why = "Both compiled kernels are the order ijk, so nothing is gained and nothing vectorised."
base = "solution"

[marks]
matmul_compiled_vector_arithmetic = 0
matmul_compiled_speed = 0

[reasons]
matmul_compiled_vector_arithmetic = "at least 128 bits"
"""

# %% matmul_compiled
@njit
def kernel_ijk(A, B, C):
    for i in range(A.shape[0]):
        for j in range(B.shape[1]):
            for l in range(A.shape[1]):
                C[i, j] += A[i, l] * B[l, j]


kernel_ikj = kernel_ijk


def matmul_compiled(A, B, order="ikj"):
    if A.shape[1] != B.shape[0] or order not in ("ijk", "ikj"):
        raise ValueError(f"{A.shape} and {B.shape}, order {order}")
    A, B, C, dtype = for_compiler(A, B)
    kernel_ijk(A, B, C)
    return C.astype(dtype)
