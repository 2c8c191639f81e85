"""
why = "Checks the shapes with assert, so the wrong exception comes."
base = "solution"

[marks]
matmul_naive_refuses_mismatch = 0
matmul_compiled_refuses = 0

[reasons]
matmul_naive_refuses_mismatch = "expected ValueError"
"""

# %% matmul_naive
def matmul_naive(A, B):
    assert A.shape[1] == B.shape[0], f"{A.shape} and {B.shape}"
    C = np.zeros((A.shape[0], B.shape[1]), np.result_type(A, B))
    for i in range(A.shape[0]):
        for j in range(B.shape[1]):
            for l in range(A.shape[1]):
                C[i, j] += A[i, l] * B[l, j]
    return C


educational_matmul = matmul_custom = matmul_naive

# %% matmul_compiled
@njit
def kernel_ijk(A, B, C):
    for i in range(A.shape[0]):
        for j in range(B.shape[1]):
            for l in range(A.shape[1]):
                C[i, j] += A[i, l] * B[l, j]


@njit
def kernel_ikj(A, B, C):
    for i in range(A.shape[0]):
        for l in range(A.shape[1]):
            for j in range(B.shape[1]):
                C[i, j] += A[i, l] * B[l, j]


def matmul_compiled(A, B, order="ikj"):
    assert A.shape[1] == B.shape[0]
    assert order in ("ijk", "ikj")
    A, B, C, dtype = for_compiler(A, B)
    (kernel_ijk if order == "ijk" else kernel_ikj)(A, B, C)
    return C.astype(dtype)
