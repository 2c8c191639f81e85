"""
why = "The order ikj falls back to Python loops, over lists: right, and a few times faster than part A, not a hundred."
base = "solution"

[marks]
matmul_compiled_vector_arithmetic = 0
matmul_compiled_over_python = 0
matmul_compiled_speed = 0
"""

# %% matmul_compiled
@njit
def kernel_ijk(A, B, C):
    for i in range(A.shape[0]):
        for j in range(B.shape[1]):
            for l in range(A.shape[1]):
                C[i, j] += A[i, l] * B[l, j]


def kernel_ikj(A, B, C):
    b = B.tolist()
    for i, row in enumerate(A.tolist()):
        sums = C[i].tolist()
        for factor, addends in zip(row, b):
            for j, addend in enumerate(addends):
                sums[j] += factor * addend
        C[i] = sums


def matmul_compiled(A, B, order="ikj"):
    if A.shape[1] != B.shape[0]:
        raise ValueError(f"{A.shape} and {B.shape}")
    if order not in ("ijk", "ikj"):
        raise ValueError(order)
    A, B, C, dtype = for_compiler(A, B)
    (kernel_ijk if order == "ijk" else kernel_ikj)(A, B, C)
    return C.astype(dtype)
