"""
why = "kernel_ikj is ijk at heart: it walks along rows of a transposed copy of B: twice as fast as ijk, still one chain of additions."
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


@njit
def kernel_ikj(A, B, C):
    columns = B.T.copy()
    for i in range(A.shape[0]):
        for j in range(B.shape[1]):
            total = C[i, j]
            for l in range(A.shape[1]):
                total += A[i, l] * columns[j, l]
            C[i, j] = total


def matmul_compiled(A, B, order="ikj"):
    if A.shape[1] != B.shape[0]:
        raise ValueError(f"{A.shape} and {B.shape}")
    if order not in ("ijk", "ikj"):
        raise ValueError(order)
    A, B, C, dtype = for_compiler(A, B)
    (kernel_ijk if order == "ijk" else kernel_ikj)(A, B, C)
    return C.astype(dtype)
