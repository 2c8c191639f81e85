"""
why = "The kernel ijk sums from 0 and writes the sum over what C held."
base = "solution"

[marks]
matmul_compiled_values = 0
"""

# %% matmul_compiled
@njit
def kernel_ijk(A, B, C):
    """Add A @ B to C; the innermost loop runs over the shared extent."""
    for i in range(A.shape[0]):
        for j in range(B.shape[1]):
            total = 0.0
            for l in range(A.shape[1]):
                total += A[i, l] * B[l, j]
            C[i, j] = total


@njit
def kernel_ikj(A, B, C):
    """Add A @ B to C; the innermost loop runs along a row of B and a row of C."""
    for i in range(A.shape[0]):
        for l in range(A.shape[1]):
            factor = A[i, l]
            for j in range(B.shape[1]):
                C[i, j] += factor * B[l, j]


def matmul_compiled(A, B, order="ikj"):
    """Multiply (m, k) by (k, n) with compiled loops in the order "ijk" or "ikj"."""
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[0]:
        raise ValueError(f"matmul_compiled: cannot multiply {A.shape} by {B.shape}; the inner extents must agree")
    kernels = {"ijk": kernel_ijk, "ikj": kernel_ikj}
    if order not in kernels:
        raise ValueError(f"matmul_compiled: order must be 'ijk' or 'ikj', got {order!r}")
    A, B, C, dtype = for_compiler(A, B)
    kernels[order](A, B, C)
    return C.astype(dtype, copy=False)
